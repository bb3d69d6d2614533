/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashes. Everything that hashes what an attacker can choose takes a secret key. `hash_word` is a short
 * keyed mixer over 64-bit words (multiply-fold with key-dependent multipliers) for tables that verify, or
 * only mark, what they find; `hash_bytes` is SipHash-1-3 for everything else.
 */
#ifndef BRIDLE_BASE_HASH_H
#define BRIDLE_BASE_HASH_H

#include "base/span.h"

struct hash_key {
    uint64_t k[2];
};

/* What hash_fold does, from 32-bit products. */
static inline uint64_t hash_fold_halves(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32), mid2 = a0 * b1 + (uint32_t)mid;
    return (mid2 << 32 | (uint32_t)low) ^ (a1 * b1 + (mid >> 32) + (mid2 >> 32));
}

/* Both halves of the 128-bit product, one xor the other: the same on machines without a 128-bit type. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
#else
    return hash_fold_halves(a, b);
#endif
}

/* Mixes one more word into `h`. Start with h = key->k[0]. */
static inline uint64_t hash_word(const struct hash_key *key, uint64_t h, uint64_t word)
{
    return hash_fold(h ^ word, (key->k[1] ^ 0x9e3779b97f4a7c15u) | 1);
}

static inline uint64_t hash_load(const uint8_t *at)
{
    uint64_t w;
    memcpy(&w, at, sizeof w);
    return w;
}

/* Mixes a run of bytes and its length into `h`, word by word; the last two words may overlap. */
static inline uint64_t hash_run(const struct hash_key *key, uint64_t h, struct span run)
{
    uint64_t last = 0;

    for (size_t i = 0; i + 8 < run.len; i += 8)
        h = hash_word(key, h, hash_load(run.at + i));
    if (run.len >= 8)
        last = hash_load(run.at + run.len - 8);
    else
        for (size_t i = 0; i < run.len; i++)
            last = last << 8 | run.at[i];
    return hash_word(key, hash_word(key, h, last), run.len);
}

/* SipHash-1-3 of the bytes. */
uint64_t hash_bytes(const struct hash_key *key, const void *at, size_t len);

#endif
