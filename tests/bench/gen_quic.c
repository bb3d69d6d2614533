/* SPDX-License-Identifier: BSD-2-Clause */
/* Protects QUIC Initial packets: keys by RFC 9001 §5.2 and RFC 9369 §3.3, AEAD §5.3, header protection §5.4.
 */
#include "gen_quic.h"

#include <errno.h>
#include <stdlib.h>

#define TAG_BYTES 16u

struct keys {
    uint8_t key[16], iv[12], hp[16];
};

int quic_init(struct quic *q)
{
    *q = (struct quic){.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
                       .gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL),
                       .ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL),
                       .digest = EVP_MD_CTX_new(),
                       .seal = EVP_CIPHER_CTX_new(),
                       .mask = EVP_CIPHER_CTX_new()};
    return q->sha256 && q->gcm && q->ecb && q->digest && q->seal && q->mask ? 0 : -ENOMEM;
}

void quic_done(struct quic *q)
{
    EVP_MD_free(q->sha256);
    EVP_CIPHER_free(q->gcm);
    EVP_CIPHER_free(q->ecb);
    EVP_MD_CTX_free(q->digest);
    EVP_CIPHER_CTX_free(q->seal);
    EVP_CIPHER_CTX_free(q->mask);
}

static void must(int done)
{
    if (done != 1)
        abort(); /* no memory, or a libcrypto without these algorithms */
}

/* HMAC-SHA-256 (RFC 2104) with a key of at most 64 bytes. */
static void hmac(struct quic *q, struct span key, struct span data, uint8_t ret[32])
{
    uint8_t pad[64];

    for (unsigned round = 0; round < 2; round++) {
        memset(pad, 0, sizeof pad);
        memcpy(pad, key.at, key.len);
        for (unsigned i = 0; i < sizeof pad; i++)
            pad[i] ^= round ? 0x5c : 0x36;
        must(EVP_DigestInit_ex2(q->digest, q->sha256, NULL));
        must(EVP_DigestUpdate(q->digest, pad, sizeof pad));
        must(EVP_DigestUpdate(q->digest, data.at, data.len));
        must(EVP_DigestFinal_ex(q->digest, ret, NULL));
        data = span_of(ret, 32);
    }
}

/* HKDF-Expand-Label (RFC 8446 §7.1) for up to 32 bytes: one block. */
static void expand(struct quic *q, const uint8_t secret[32], const char *label, uint8_t *ret, size_t len)
{
    uint8_t info[64] = {0, (uint8_t)len, (uint8_t)(6 + strlen(label))}, block[32];
    struct text t = text_on((char *)info + 3, sizeof info - 3);

    text_str(&t, "tls13 ");
    text_str(&t, label);
    size_t used = 3 + t.len;
    info[used++] = 0; /* no context */
    info[used++] = 1; /* the first block */
    hmac(q, span_of(secret, 32), span_of(info, used), block);
    memcpy(ret, block, len);
}

static struct keys derive(struct quic *q, const struct quic_packet *p)
{
    static const uint8_t salts[2][20] = {
        {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
         0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
        {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
         0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
    };
    bool v2 = p->version == QUIC_V2;
    uint8_t initial[32], secret[32];
    struct keys k;

    hmac(q, span_of(salts[v2], 20), p->origin, initial);
    expand(q, initial, p->server ? "server in" : "client in", secret, 32);
    expand(q, secret, v2 ? "quicv2 key" : "quic key", k.key, 16);
    expand(q, secret, v2 ? "quicv2 iv" : "quic iv", k.iv, 12);
    expand(q, secret, v2 ? "quicv2 hp" : "quic hp", k.hp, 16);
    return k;
}

void quic_put_varint(struct bytes *to, uint64_t v)
{
    unsigned power = v < 64 ? 0 : v < 16384 ? 1 : v < 1u << 30 ? 2 : 3, size = 1u << power;

    put_number(to, size, v | (uint64_t)power << (8 * size - 2));
}

void quic_put_crypto(struct bytes *to, uint32_t offset, struct span data)
{
    put_u8(to, 6);
    quic_put_varint(to, offset);
    quic_put_varint(to, data.len);
    put(to, data.at, data.len);
}

void quic_put_long(struct bytes *to, const struct quic_packet *p, unsigned type)
{
    unsigned code = p->version == QUIC_V2 ? (type + 1) & 3 : type; /* RFC 9369 §3.2 */

    put_u8(to, 0xc0 | code << 4 | (p->number_bytes - 1));
    put_number(to, 4, p->version);
    put_u8(to, (unsigned)p->dcid.len);
    put(to, p->dcid.at, p->dcid.len);
    put_u8(to, (unsigned)p->scid.len);
    put(to, p->scid.at, p->scid.len);
}

/* Encrypts and authenticates in place what stands behind the header. */
static void seal(struct quic *q, const struct keys *k, uint32_t number, struct span header, uint8_t *body,
                 size_t len)
{
    uint8_t nonce[12];
    int done = 0;

    memcpy(nonce, k->iv, 12);
    for (unsigned i = 0; i < 4; i++)
        nonce[11 - i] = (uint8_t)(nonce[11 - i] ^ number >> 8 * i);
    must(EVP_EncryptInit_ex2(q->seal, q->gcm, k->key, nonce, NULL));
    must(EVP_EncryptUpdate(q->seal, NULL, &done, header.at, (int)header.len));
    must(EVP_EncryptUpdate(q->seal, body, &done, body, (int)len));
    must(EVP_EncryptFinal_ex(q->seal, body + len, &done));
    must(EVP_CIPHER_CTX_ctrl(q->seal, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + len));
}

void quic_put_initial(struct quic *q, struct bytes *to, const struct quic_packet *p, struct span frames)
{
    struct keys k = derive(q, p);
    size_t begin = to->len;
    uint8_t mask[16];
    int done = 0;

    quic_put_long(to, p, QUIC_INITIAL);
    quic_put_varint(to, 0); /* no token */
    put_u16(to, 0x4000u | (unsigned)(p->number_bytes + frames.len + TAG_BYTES));
    size_t at = to->len;
    put_number(to, p->number_bytes, p->number);
    size_t body = to->len;
    put(to, frames.at, frames.len);
    put_room(to, TAG_BYTES);
    seal(q, &k, p->number, span_of(to->at + begin, body - begin), to->at + body, frames.len);
    must(EVP_EncryptInit_ex2(q->mask, q->ecb, k.hp, NULL, NULL));
    must(EVP_EncryptUpdate(q->mask, mask, &done, to->at + at + 4, 16));
    to->at[begin] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < p->number_bytes; i++)
        to->at[at + i] ^= mask[1 + i];
}

void quic_put_handshake(struct bytes *to, const struct quic_packet *p, struct rng *r, size_t bytes)
{
    quic_put_long(to, p, QUIC_HANDSHAKE);
    put_u16(to, 0x4000u | (unsigned)bytes);
    put_random(to, r, bytes);
}
