/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL's digests, fetched once. */
#include "proto/crypto.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "proto/crypto_private.h"

static const char *const hash_names[CRYPTO_HASHES] = {
    [CRYPTO_MD5] = "MD5",
    [CRYPTO_SHA1] = "SHA1",
    [CRYPTO_SHA256] = "SHA256",
};

struct crypto *crypto_new(void)
{
    struct crypto *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->digest = EVP_MD_CTX_new();
    for (unsigned i = 0; i < CRYPTO_HASHES; i++)
        c->hash[i] = EVP_MD_fetch(NULL, hash_names[i], NULL);
    if (c->digest == NULL || c->hash[CRYPTO_SHA256] == NULL) {
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

struct span crypto_digest_text(struct crypto *c, enum crypto_hash hash, struct span bytes, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[CRYPTO_HASH_BYTES_MAX];
    size_t len = crypto_digest(c, hash, bytes, raw);

    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[raw[i] >> 4];
        ret[2 * i + 1] = digits[raw[i] & 15];
    }
    ret[2 * len] = 0;
    return span_of(ret, 2 * len);
}
