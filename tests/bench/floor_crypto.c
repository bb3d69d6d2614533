/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor of whoever reads names out of QUIC: keys of Initial packets (RFC 9001 §5.2, HKDF by RFC 5869),
 * header protection (§5.4), AES-128-GCM (§5.3). By OpenSSL alone, in the cheapest way that was found: ciphers
 * are fetched once and their contexts used again; HMAC copies SHA-256's state as a structure, since contexts
 * of EVP allocate for each copy and take 1.7 times as long over all. Keys are derived once for each
 * connection ID.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "floor_quic.h"

#define HASH_BYTES 32u
#define KEY_BYTES  16u
#define IV_BYTES   12u

/* RFC 9001 §5.2 */
static const uint8_t salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                               0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};

struct keys {
    uint8_t key[KEY_BYTES], iv[IV_BYTES], hp[KEY_BYTES];
};

/* HMAC (RFC 2104) with a key: digests that have taken its pads. */
struct hmac {
    SHA256_CTX inner, outer;
};

struct floor_quic {
    struct hmac salt; /* of version 1 */
    EVP_CIPHER_CTX *ecb, *gcm;
    struct keys *keys; /* by floor_initial.key */
    uint8_t plain[FLOOR_QUIC_MAX];
};

static void must(int ok)
{
    if (ok != 1)
        floor_fail("OpenSSL", "has not what is needed");
}

static void take_pad(SHA256_CTX *ctx, const uint8_t *key, size_t bytes, uint8_t byte)
{
    uint8_t pad[SHA256_CBLOCK];

    memset(pad, byte, sizeof pad);
    for (size_t i = 0; i < bytes; i++)
        pad[i] ^= key[i];
    SHA256_Init(ctx);
    SHA256_Update(ctx, pad, sizeof pad);
}

static void hmac_key(struct hmac *h, const uint8_t *key, size_t bytes)
{
    take_pad(&h->inner, key, bytes, 0x36);
    take_pad(&h->outer, key, bytes, 0x5c);
}

static void hmac(const struct hmac *h, const uint8_t *at, size_t bytes, uint8_t *ret)
{
    SHA256_CTX work = h->inner;

    SHA256_Update(&work, at, bytes);
    SHA256_Final(ret, &work);
    work = h->outer;
    SHA256_Update(&work, ret, HASH_BYTES);
    SHA256_Final(ret, &work);
}

/* HKDF-Expand-Label of RFC 8446 §7.1 with an empty context. `info`: length, label, context, and the round of
 * HKDF-Expand. */
static void expand(const struct hmac *secret, const char *info, size_t info_bytes, uint8_t *ret, size_t bytes)
{
    uint8_t out[HASH_BYTES];

    hmac(secret, (const uint8_t *)info, info_bytes, out);
    memcpy(ret, out, bytes);
}

#define EXPAND(secret, info, ret, bytes) expand(secret, info, sizeof info - 1, ret, bytes)

static void derive(const struct floor_quic *q, const struct floor_initial *in, struct keys *ret)
{
    uint8_t secret[HASH_BYTES];
    struct hmac initial, client;

    hmac(&q->salt, in->at + in->dcid_at, in->dcid_bytes, secret);
    hmac_key(&initial, secret, sizeof secret);
    EXPAND(&initial, "\0\x20\x0ftls13 client in\0\x01", secret, sizeof secret);
    hmac_key(&client, secret, sizeof secret);
    EXPAND(&client, "\0\x10\x0etls13 quic key\0\x01", ret->key, sizeof ret->key);
    EXPAND(&client, "\0\x0c\x0dtls13 quic iv\0\x01", ret->iv, sizeof ret->iv);
    EXPAND(&client, "\0\x10\x0dtls13 quic hp\0\x01", ret->hp, sizeof ret->hp);
}

static EVP_CIPHER_CTX *cipher_new(const char *name, int encrypts)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    must(cipher != NULL && ctx != NULL);
    must(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypts, NULL));
    EVP_CIPHER_free(cipher);
    return ctx;
}

struct floor_quic *floor_quic_new(size_t keys)
{
    struct floor_quic *q = calloc(1, sizeof *q);

    must(q != NULL);
    q->keys = calloc(keys > 0 ? keys : 1, sizeof *q->keys);
    must(q->keys != NULL);
    q->ecb = cipher_new("AES-128-ECB", 1);
    q->gcm = cipher_new("AES-128-GCM", 0);
    hmac_key(&q->salt, salt, sizeof salt);
    return q;
}

void floor_quic_free(struct floor_quic *q)
{
    EVP_CIPHER_CTX_free(q->ecb);
    EVP_CIPHER_CTX_free(q->gcm);
    free(q->keys);
    free(q);
}

/* Header protection (RFC 9001 §5.4) off: the header as it was authenticated, into `ret`; its length. */
static size_t unprotect(struct floor_quic *q, const struct floor_initial *in, const struct keys *k,
                        uint8_t *ret, uint32_t *ret_number)
{
    uint8_t mask[KEY_BYTES];
    int len;

    must(EVP_EncryptInit_ex2(q->ecb, NULL, k->hp, NULL, NULL));
    must(EVP_EncryptUpdate(q->ecb, mask, &len, in->at + in->number_at + 4, KEY_BYTES));
    memcpy(ret, in->at, in->number_at + 4);
    ret[0] ^= mask[0] & 0x0f;
    uint32_t bytes = (ret[0] & 3u) + 1u, number = 0;
    for (uint32_t i = 0; i < bytes; i++)
        number = number << 8 | (ret[in->number_at + i] ^= mask[1 + i]);
    *ret_number = number;
    return in->number_at + bytes;
}

bool floor_quic_open(struct floor_quic *q, const struct floor_initial *in)
{
    struct keys *k = &q->keys[in->key];
    uint8_t header[FLOOR_HEADER_MAX], nonce[IV_BYTES], tag[KEY_BYTES];
    uint32_t number;
    int len;

    if (in->fresh)
        derive(q, in, k);
    size_t header_bytes = unprotect(q, in, k, header, &number);
    size_t sealed = in->bytes - header_bytes - sizeof tag;
    memcpy(nonce, k->iv, sizeof nonce);
    for (unsigned i = 0; i < 4; i++)
        nonce[IV_BYTES - 1 - i] ^= (uint8_t)(number >> (8 * i));
    memcpy(tag, in->at + in->bytes - sizeof tag, sizeof tag);
    must(EVP_DecryptInit_ex2(q->gcm, NULL, k->key, nonce, NULL));
    must(EVP_DecryptUpdate(q->gcm, NULL, &len, header, (int)header_bytes));
    must(EVP_DecryptUpdate(q->gcm, q->plain, &len, in->at + header_bytes, (int)sealed));
    must(EVP_CIPHER_CTX_ctrl(q->gcm, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag));
    return EVP_DecryptFinal_ex(q->gcm, q->plain + len, &len) == 1;
}

/* Random DCIDs and bytes: the tags are wrong, which costs the same. */
void floor_quic_fill(uint8_t *at, size_t bytes)
{
    must(RAND_bytes(at, (int)bytes));
}
