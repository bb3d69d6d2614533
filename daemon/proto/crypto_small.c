/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same as crypto.c for machines with little memory: libcrypto's algorithms themselves. Its providers,
 * from which others fetch them, take 0.3 MB for tables of everything that there is, and the code that makes
 * these. There is no hardware AES this way: a packet costs a few microseconds more.
 */
/* Deprecated in favour of what would load the providers. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "proto/crypto.h"

#include <openssl/md5.h>
#include <stdlib.h>
#include <sys/random.h>

#include "proto/crypto_private.h"

struct crypto *crypto_new(void)
{
    static const uint8_t none[CRYPTO_AES_BYTES];
    struct crypto *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    AES_set_encrypt_key(none, 8 * CRYPTO_AES_BYTES, &c->gcm);
    c->opener = CRYPTO_gcm128_new(&c->gcm, (block128_f)AES_encrypt);
    /* Results do not depend on the key, only whether an attacker can choose who shares a bucket with whom. */
    if (getrandom(&c->key, sizeof c->key, GRND_NONBLOCK) != (ssize_t)sizeof c->key)
        c->key = (struct hash_key){{(uintptr_t)c, (uintptr_t)c->opener}};
    quic_keys_init(c);
    if (c->opener != NULL)
        return c;
    crypto_free(c);
    return NULL;
}

void crypto_free(struct crypto *c)
{
    if (c == NULL)
        return;
    CRYPTO_gcm128_release(c->opener);
    free(c);
}

size_t crypto_digest(struct crypto *c, enum crypto_hash hash, struct span bytes, uint8_t *ret)
{
    union {
        MD5_CTX md5;
        SHA_CTX sha1;
        SHA256_CTX sha256;
    } ctx;

    if (c == NULL)
        return 0;
    switch (hash) {
    case CRYPTO_MD5:
        MD5_Init(&ctx.md5);
        MD5_Update(&ctx.md5, bytes.at, bytes.len);
        MD5_Final(ret, &ctx.md5);
        return MD5_DIGEST_LENGTH;
    case CRYPTO_SHA1:
        SHA1_Init(&ctx.sha1);
        SHA1_Update(&ctx.sha1, bytes.at, bytes.len);
        SHA1_Final(ret, &ctx.sha1);
        return SHA_DIGEST_LENGTH;
    default:
        SHA256_Init(&ctx.sha256);
        SHA256_Update(&ctx.sha256, bytes.at, bytes.len);
        SHA256_Final(ret, &ctx.sha256);
        return SHA256_DIGEST_LENGTH;
    }
}

bool crypto_block(struct crypto *c, const uint8_t *key, const uint8_t *in, uint8_t *ret)
{
    AES_KEY aes;

    AES_set_encrypt_key(key, 8 * CRYPTO_AES_BYTES, &aes);
    AES_encrypt(in, ret, &aes);
    return true;
}

bool crypto_open(struct crypto *c, const uint8_t *key, const uint8_t *nonce, struct span aad,
                 struct span sealed, const uint8_t *tag)
{
    if (sealed.len > sizeof c->plain)
        return false;
    AES_set_encrypt_key(key, 8 * CRYPTO_AES_BYTES, &c->gcm);
    CRYPTO_gcm128_init(c->opener, &c->gcm, (block128_f)AES_encrypt);
    CRYPTO_gcm128_setiv(c->opener, nonce, CRYPTO_NONCE_BYTES);
    if (CRYPTO_gcm128_aad(c->opener, aad.at, aad.len) != 0 ||
        CRYPTO_gcm128_decrypt(c->opener, sealed.at, c->plain, sealed.len) != 0)
        return false;
    return tag == NULL || CRYPTO_gcm128_finish(c->opener, tag, CRYPTO_TAG_BYTES) == 0;
}
