/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HMAC-SHA256 (RFC 2104) from SHA-256's state itself, which is copied like any structure. OpenSSL 3 would
 * rather have EVP used, whose contexts allocate for every digest and every copy; a packet may not.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "proto/crypto_private.h"

static void take_pad(SHA256_CTX *ctx, struct span key, uint8_t byte)
{
    uint8_t pad[SHA256_CBLOCK];

    memset(pad, byte, sizeof pad);
    for (size_t i = 0; i < key.len && i < sizeof pad; i++)
        pad[i] ^= key.at[i];
    SHA256_Init(ctx);
    SHA256_Update(ctx, pad, sizeof pad);
}

void crypto_hmac_key(struct crypto_hmac *h, struct span key)
{
    take_pad(&h->inner, key, 0x36);
    take_pad(&h->outer, key, 0x5c);
}

void crypto_hmac(const struct crypto_hmac *h, struct span message, uint8_t *ret)
{
    SHA256_CTX ctx = h->inner;

    SHA256_Update(&ctx, message.at, message.len);
    SHA256_Final(ret, &ctx);
    ctx = h->outer;
    SHA256_Update(&ctx, ret, SHA256_DIGEST_LENGTH);
    SHA256_Final(ret, &ctx);
}
