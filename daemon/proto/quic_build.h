/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests and fuzz targets: writes QUIC packets (RFC 9000 §17.2) and protects them as RFC 9001 §5 says,
 * with OpenSSL's own HKDF, so that a mistake in ours shows.
 */
#ifndef BRIDLE_PROTO_QUIC_BUILD_H
#define BRIDLE_PROTO_QUIC_BUILD_H

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "base/span.h"

enum { BUILD_V1 = 1, BUILD_V2 = 0x6b3343cf, BUILD_DRAFT_29 = 0xff00001d, BUILD_DRAFT_27 = 0xff00001b };
enum { BUILD_INITIAL, BUILD_0RTT, BUILD_HANDSHAKE, BUILD_RETRY };

/* Frames, or a datagram of one or more packets. */
struct quic_bytes {
    uint8_t at[66 * 1024];
    size_t len;
};

struct quic_packet {
    uint32_t version;
    uint32_t salt_of; /* version whose keys it has; 0: its own */
    struct span dcid, scid, token;
    struct span cid;       /* from which the keys derive; none: dcid */
    uint32_t number;       /* of the packet */
    unsigned number_bytes; /* 1 to 4; 0: 1 */
    size_t length_bytes;   /* of the length field; 0: 2 */
    bool fixed_bit_off;    /* RFC 9287 */
    int64_t lie;           /* what the length says beyond the truth */
};

static inline void quic_put(struct quic_bytes *b, struct span s)
{
    if (b->len + s.len > sizeof b->at)
        abort();
    if (s.len > 0)
        memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}

static inline void quic_number(struct quic_bytes *b, unsigned bytes, uint64_t v)
{
    while (bytes-- > 0)
        quic_put(b, span_of(&(uint8_t){(uint8_t)(v >> 8 * bytes)}, 1));
}

/* A variable-length integer in 1, 2, 4 or 8 bytes; 0: as few as it needs. */
static inline void quic_varint_in(struct quic_bytes *b, size_t bytes, uint64_t v)
{
    if (bytes == 0)
        bytes = v < 64 ? 1 : v < 16384 ? 2 : v < 1u << 30 ? 4 : 8;
    uint64_t prefix = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;
    quic_number(b, (unsigned)bytes, v | prefix << (8 * bytes - 2));
}

static inline void quic_varint(struct quic_bytes *b, uint64_t v)
{
    quic_varint_in(b, 0, v);
}

static inline void quic_zeros(struct quic_bytes *b, size_t n)
{
    for (; n > 0; n--)
        quic_number(b, 1, 0);
}

/* Frames: RFC 9000 §19. */

static inline void quic_crypto(struct quic_bytes *b, uint64_t offset, struct span data)
{
    quic_varint(b, 6);
    quic_varint(b, offset);
    quic_varint(b, data.len);
    quic_put(b, data);
}

static inline void quic_ack(struct quic_bytes *b, unsigned ranges, bool ecn)
{
    quic_varint(b, ecn ? 3 : 2);
    quic_varint(b, 70000);
    quic_varint(b, 17);
    quic_varint(b, ranges);
    for (unsigned i = 0; i < 1 + 2 * ranges + (ecn ? 3 : 0); i++)
        quic_varint(b, 100 + i);
}

/* Keys: RFC 9001 §5.2. */

static inline void quic_hkdf(int mode, struct span key, struct span salt, struct span info, uint8_t *ret,
                             size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.at, key.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.at, salt.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.at, info.len),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_KDF_derive(ctx, ret, len, params) != 1)
        abort();
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static inline void quic_expand(const uint8_t *secret, const char *label, uint8_t *ret, uint8_t len)
{
    static const uint8_t nothing;
    struct quic_bytes *info = calloc(1, sizeof *info);

    quic_number(info, 2, len);
    quic_number(info, 1, 6 + strlen(label));
    quic_put(info, span_str("tls13 "));
    quic_put(info, span_str(label));
    quic_number(info, 1, 0);
    quic_hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, span_of(secret, 32), span_of(&nothing, 0),
              span_of(info->at, info->len), ret, len);
    free(info);
}

struct quic_build_keys {
    uint8_t key[16], iv[12], hp[16];
};

static inline struct quic_build_keys quic_keys_build(uint32_t version, struct span cid)
{
    static const struct {
        uint32_t version;
        const char *salt, *key, *iv, *hp;
    } rows[] = {
        {BUILD_V1, "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
         "quic key", "quic iv", "quic hp"},
        {BUILD_V2, "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
         "quicv2 key", "quicv2 iv", "quicv2 hp"},
        {BUILD_DRAFT_29, "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
         "quic key", "quic iv", "quic hp"},
        {BUILD_DRAFT_27, "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
         "quic key", "quic iv", "quic hp"},
    };
    static const uint8_t nothing;
    uint8_t initial[32], client[32];
    struct quic_build_keys k;
    unsigned row = 0;

    while (row < 3 && rows[row].version != version)
        row++;
    quic_hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, cid.len ? cid : span_of(&nothing, 0),
              span_of(rows[row].salt, 20), span_of(&nothing, 0), initial, 32);
    quic_expand(initial, "client in", client, 32);
    quic_expand(client, rows[row].key, k.key, 16);
    quic_expand(client, rows[row].iv, k.iv, 12);
    quic_expand(client, rows[row].hp, k.hp, 16);
    return k;
}

/* Encrypts `plain` behind the header, with its tag, in place at `to`. */
static inline void quic_seal(const struct quic_build_keys *k, uint32_t number, struct span header,
                             struct span plain, uint8_t *to)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t nonce[12];
    int len = 0, last = 0;

    memcpy(nonce, k->iv, 12);
    for (unsigned i = 0; i < 4; i++)
        nonce[11 - i] ^= (uint8_t)(number >> 8 * i);
    if (EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k->key, nonce) != 1 ||
        EVP_EncryptUpdate(ctx, NULL, &len, header.at, (int)header.len) != 1 ||
        EVP_EncryptUpdate(ctx, to, &len, plain.at, (int)plain.len) != 1 ||
        EVP_EncryptFinal_ex(ctx, to + len, &last) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, to + plain.len) != 1)
        abort();
    EVP_CIPHER_CTX_free(ctx);
}

/* The mask over the first byte and the packet number: RFC 9001 §5.4. */
static inline void quic_mask(const struct quic_build_keys *k, const uint8_t *sample, uint8_t *ret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;

    if (EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, k->hp, NULL) != 1 ||
        EVP_EncryptUpdate(ctx, ret, &len, sample, 16) != 1)
        abort();
    EVP_CIPHER_CTX_free(ctx);
}

/* Packets: RFC 9000 §17.2. Each adds itself to the datagram. */

static inline void quic_header(struct quic_bytes *d, const struct quic_packet *q, unsigned type, unsigned low)
{
    unsigned code = q->version == BUILD_V2 ? (type + 1) & 3 : type; /* RFC 9369 §3.2 */

    quic_number(d, 1, (q->fixed_bit_off ? 0x80 : 0xc0) | code << 4 | low);
    quic_number(d, 4, q->version);
    quic_number(d, 1, q->dcid.len);
    quic_put(d, q->dcid);
    quic_number(d, 1, q->scid.len);
    quic_put(d, q->scid);
}

/* A client's Initial with these frames. */
static inline void quic_initial(struct quic_bytes *d, const struct quic_packet *q, struct span frames)
{
    struct quic_build_keys k =
        quic_keys_build(q->salt_of ? q->salt_of : q->version, q->cid.len > 0 ? q->cid : q->dcid);
    unsigned number_bytes = q->number_bytes ? q->number_bytes : 1;
    size_t begin = d->len;
    uint8_t mask[16];

    quic_header(d, q, BUILD_INITIAL, number_bytes - 1);
    quic_varint(d, q->token.len);
    quic_put(d, q->token);
    quic_varint_in(d, q->length_bytes ? q->length_bytes : 2,
                   (uint64_t)((int64_t)(number_bytes + frames.len + 16) + q->lie));
    size_t at = d->len;
    quic_number(d, number_bytes, q->number);
    size_t body = d->len;
    quic_zeros(d, frames.len + 16);
    uint32_t number = number_bytes == 4 ? q->number : q->number & ((1u << 8 * number_bytes) - 1);
    quic_seal(&k, number, span_of(d->at + begin, body - begin), frames, d->at + body);
    if (at + 20 > d->len)
        return; /* too short to be sampled: nobody can open it */
    quic_mask(&k, d->at + at + 4, mask);
    d->at[begin] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < number_bytes; i++)
        d->at[at + i] ^= mask[1 + i];
}

/* A 0-RTT or Handshake packet, whose content only its ends can read. */
static inline void quic_other(struct quic_bytes *d, const struct quic_packet *q, unsigned type, size_t bytes)
{
    quic_header(d, q, type, 3);
    quic_varint_in(d, 2, (uint64_t)((int64_t)bytes + q->lie));
    for (size_t i = 0; i < bytes; i++)
        quic_number(d, 1, i * 167 + 13);
}

static inline void quic_retry(struct quic_bytes *d, const struct quic_packet *q)
{
    quic_header(d, q, BUILD_RETRY, 15);
    quic_put(d, q->token);
    quic_zeros(d, 16); /* Retry Integrity Tag */
}

static inline void quic_negotiation(struct quic_bytes *d, const struct quic_packet *q)
{
    struct quic_packet zero = *q;

    zero.version = 0;
    quic_header(d, &zero, BUILD_INITIAL, 5);
    quic_number(d, 4, BUILD_V1);
    quic_number(d, 4, 0x1a2a3a4a);
}

#endif
