/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HMAC-SHA256 (RFC 2104) of messages that fit in one block of SHA-256 (FIPS 180-4), from its compression
 * function alone. OpenSSL 3 would rather have EVP used, whose contexts allocate for every digest and every
 * copy, which a packet may not; and SHA256_Update and SHA256_Final cost as much as two blocks.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <endian.h>

#include "proto/crypto_private.h"
#include "proto/crypto_x86.h"

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

/* A block into each of the states: FIPS 180-4 §6.2.2. */
static void compress(const struct crypto *c, unsigned n, uint32_t (*state)[8], const uint8_t *const *block)
{
    SHA256_CTX ctx;

#if CRYPTO_X86
    if (c->x86_sha) {
        crypto_x86_sha256(n, state, block);
        return;
    }
#endif
    for (unsigned i = 0; i < n; i++) {
        memcpy(ctx.h, state[i], sizeof ctx.h);
        SHA256_Transform(&ctx, block[i]);
        memcpy(state[i], ctx.h, sizeof ctx.h);
    }
}

static void put_state(const uint32_t *state, uint8_t *ret)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word = htobe32(state[i]);
        memcpy(ret + 4 * i, &word, sizeof word);
    }
}

/* RFC 2104 §2. */
void crypto_hmac_key(const struct crypto *c, struct crypto_hmac *h, struct span key)
{
    uint64_t words[SHA256_CBLOCK / 8] = {0}, inner[SHA256_CBLOCK / 8], outer[SHA256_CBLOCK / 8];

    memcpy(words, key.at, key.len);
    for (unsigned i = 0; i < SHA256_CBLOCK / 8; i++) {
        inner[i] = words[i] ^ 0x3636363636363636u;
        outer[i] = words[i] ^ 0x5c5c5c5c5c5c5c5cu;
    }
    memcpy(h->state[0], first_state, sizeof first_state);
    memcpy(h->state[1], first_state, sizeof first_state);
    compress(c, 2, h->state, (const uint8_t *[]){(const uint8_t *)inner, (const uint8_t *)outer});
}

void crypto_message(struct crypto_message *m, struct span text)
{
    memcpy(m->block, text.at, text.len);
    pad(m->block, text.len);
}

void crypto_hmac(const struct crypto *c, const struct crypto_hmac *h, const struct crypto_message *m,
                 unsigned n, uint8_t (*ret)[SHA256_DIGEST_LENGTH])
{
    uint32_t state[CRYPTO_LANES][8];
    struct crypto_message inner[CRYPTO_LANES];
    const uint8_t *block[CRYPTO_LANES] = {NULL};

    for (unsigned i = 0; i < n; i++) {
        memcpy(state[i], h->state[0], sizeof state[i]);
        block[i] = m[i].block;
    }
    compress(c, n, state, block);
    for (unsigned i = 0; i < n; i++) {
        put_state(state[i], inner[i].block);
        pad(inner[i].block, SHA256_DIGEST_LENGTH);
        memcpy(state[i], h->state[1], sizeof state[i]);
        block[i] = inner[i].block;
    }
    compress(c, n, state, block);
    for (unsigned i = 0; i < n; i++)
        put_state(state[i], ret[i]);
}
