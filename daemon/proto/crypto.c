/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL's digests and ciphers, fetched once. */
#include "proto/crypto.h"

#include <stdlib.h>
#include <sys/random.h>

#include "proto/crypto_private.h"
#include "proto/crypto_x86.h"

static const char *const hash_names[CRYPTO_HASHES] = {
    [CRYPTO_MD5] = "MD5",
    [CRYPTO_SHA1] = "SHA1",
    [CRYPTO_SHA256] = "SHA256",
};

/* A context that keeps the cipher, with the key of zeros that crypto->block_key and gcm_key begin with. NULL:
 * there is none. */
static EVP_CIPHER_CTX *cipher_new(const char *name, int encrypts)
{
    static const uint8_t zeros[CRYPTO_AES_BYTES];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (cipher == NULL || ctx == NULL || EVP_CipherInit_ex2(ctx, cipher, zeros, NULL, encrypts, NULL) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_CIPHER_free(cipher); /* the context has a reference of its own */
    return ctx;
}

struct crypto *crypto_new(void)
{
    struct crypto *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->digest = EVP_MD_CTX_new();
    for (unsigned i = 0; i < CRYPTO_HASHES; i++)
        c->hash[i] = EVP_MD_fetch(NULL, hash_names[i], NULL);
    c->block = cipher_new("AES-128-ECB", 1);
    c->gcm = cipher_new("AES-128-GCM", 0);
#if CRYPTO_X86
    c->x86 = crypto_x86_can();
    c->x86_sha = crypto_x86_can_sha();
#endif
    /* Results do not depend on the key, only whether an attacker can choose who shares a bucket with whom. */
    if (getrandom(&c->key, sizeof c->key, GRND_NONBLOCK) != (ssize_t)sizeof c->key)
        c->key = (struct hash_key){{(uintptr_t)c, (uintptr_t)c->gcm}};
    quic_keys_init(c);
    if (c->digest == NULL || c->hash[CRYPTO_SHA256] == NULL || c->block == NULL || c->gcm == NULL) {
        crypto_free(c);
        return NULL;
    }
    return c;
}

void crypto_free(struct crypto *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < CRYPTO_HASHES; i++)
        EVP_MD_free(c->hash[i]);
    EVP_MD_CTX_free(c->digest);
    EVP_CIPHER_CTX_free(c->block);
    EVP_CIPHER_CTX_free(c->gcm);
    free(c);
}

size_t crypto_digest(struct crypto *c, enum crypto_hash hash, struct span bytes, uint8_t *ret)
{
    unsigned len = 0;

    if (c == NULL || c->hash[hash] == NULL || EVP_DigestInit_ex2(c->digest, c->hash[hash], NULL) != 1 ||
        EVP_DigestUpdate(c->digest, bytes.at, bytes.len) != 1 ||
        EVP_DigestFinal_ex(c->digest, ret, &len) != 1)
        return 0;
    return len;
}

/* NULL when the context has the key already: the packets of a hello follow one another. */
static const uint8_t *new_key(uint8_t *has, const uint8_t *key)
{
    if (memcmp(has, key, CRYPTO_AES_BYTES) == 0)
        return NULL;
    memcpy(has, key, CRYPTO_AES_BYTES);
    return key;
}

bool crypto_block(struct crypto *c, const uint8_t *key, const uint8_t *in, uint8_t *ret)
{
    int len = 0;

#if CRYPTO_X86
    if (c->x86) {
        crypto_x86_block(key, in, ret);
        return true;
    }
#endif
    key = new_key(c->block_key, key);
    if (key != NULL && EVP_EncryptInit_ex2(c->block, NULL, key, NULL, NULL) != 1)
        return false;
    return EVP_EncryptUpdate(c->block, ret, &len, in, CRYPTO_AES_BYTES) == 1 && len == CRYPTO_AES_BYTES;
}

bool crypto_open(struct crypto *c, const uint8_t *key, const uint8_t *nonce, struct span aad,
                 struct span sealed, const uint8_t *tag)
{
    uint8_t expect[CRYPTO_TAG_BYTES], *end = c->plain + sealed.len;
    int len = 0;

    if (sealed.len > sizeof c->plain)
        return false;
#if CRYPTO_X86
    if (c->x86)
        return crypto_x86_open(c->plain, key, nonce, aad, sealed, tag);
#endif
    if (EVP_DecryptInit_ex2(c->gcm, NULL, new_key(c->gcm_key, key), nonce, NULL) != 1 ||
        EVP_DecryptUpdate(c->gcm, NULL, &len, aad.at, (int)aad.len) != 1 ||
        EVP_DecryptUpdate(c->gcm, c->plain, &len, sealed.at, (int)sealed.len) != 1)
        return false;
    if (tag == NULL)
        return true;
    memcpy(expect, tag, sizeof expect);
    return EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_AEAD_SET_TAG, sizeof expect, expect) == 1 &&
           EVP_DecryptFinal_ex(c->gcm, end, &len) == 1;
}
