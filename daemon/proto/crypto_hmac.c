/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HMAC-SHA256 (RFC 2104) of messages that fit in one block of SHA-256 (FIPS 180-4), from its compression
 * function alone. OpenSSL 3 would rather have EVP used, whose contexts allocate for every digest and every
 * copy, which a packet may not; and SHA256_Update and SHA256_Final cost as much as two blocks.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <endian.h>

#include "proto/crypto_private.h"

/* FIPS 180-4 §5.1.1: a bit behind the message, and how many bits there are, with the pad of HMAC. */
static void pad(uint8_t *block, size_t bytes)
{
    size_t bits = 8 * (SHA256_CBLOCK + bytes);

    memset(block + bytes, 0, SHA256_CBLOCK - bytes);
    block[bytes] = 0x80;
    block[SHA256_CBLOCK - 2] = (uint8_t)(bits >> 8);
    block[SHA256_CBLOCK - 1] = (uint8_t)bits;
}

/* FIPS 180-4 §5.3.3. */
static const uint32_t first_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static void put_state(const SHA256_CTX *ctx, uint8_t *ret)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word = htobe32(ctx->h[i]);
        memcpy(ret + 4 * i, &word, sizeof word);
    }
}

/* `key`: as words, zeros behind it; RFC 2104 §2. */
static void take_pad(uint32_t *ret, const uint64_t *key, uint64_t byte)
{
    uint64_t block[SHA256_CBLOCK / 8];
    SHA256_CTX ctx;

    for (unsigned i = 0; i < SHA256_CBLOCK / 8; i++)
        block[i] = key[i] ^ byte;
    memcpy(ctx.h, first_state, sizeof ctx.h);
    SHA256_Transform(&ctx, (const uint8_t *)block);
    memcpy(ret, ctx.h, sizeof ctx.h);
}

void crypto_hmac_key(struct crypto_hmac *h, struct span key)
{
    uint64_t words[SHA256_CBLOCK / 8] = {0};

    memcpy(words, key.at, key.len);
    take_pad(h->inner, words, 0x3636363636363636u);
    take_pad(h->outer, words, 0x5c5c5c5c5c5c5c5cu);
}

void crypto_message(struct crypto_message *m, struct span text)
{
    memcpy(m->block, text.at, text.len);
    pad(m->block, text.len);
}

void crypto_hmac(const struct crypto_hmac *h, const struct crypto_message *m, uint8_t *ret)
{
    uint8_t block[SHA256_CBLOCK];
    SHA256_CTX ctx;

    memcpy(ctx.h, h->inner, sizeof ctx.h);
    SHA256_Transform(&ctx, m->block);
    put_state(&ctx, block);
    pad(block, SHA256_DIGEST_LENGTH);
    memcpy(ctx.h, h->outer, sizeof ctx.h);
    SHA256_Transform(&ctx, block);
    put_state(&ctx, ret);
}
