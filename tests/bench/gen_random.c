/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers with a heavy tail, from integer arithmetic alone. */
#include "gen_random.h"

uint64_t rng_power(uint32_t x)
{
    /* 2^(2^-i) as 1.31 fixed point, i = 1 to 16. */
    static const uint32_t root[16] = {
        0xb504f334, 0x9837f052, 0x8b95c1e4, 0x85aac368, 0x82cd8699, 0x8164d1f4, 0x80b1ed50, 0x8058d7d3,
        0x802c6436, 0x80163000, 0x800b1804, 0x80058b94, 0x8002c5c8, 0x800162e4, 0x8000b172, 0x800058b9,
    };
    uint64_t v = 1u << 31;

    for (unsigned i = 0; i < 16; i++)
        if (x & 0x8000u >> i)
            v = v * root[i] >> 31;
    unsigned whole = x >> 16;
    return whole >= 31 ? v << (whole - 31) : v >> (31 - whole);
}

/* log2 in 16.16 fixed point, by squaring. */
static uint32_t log2_of(uint64_t v)
{
    unsigned whole = 63 - (unsigned)__builtin_clzll(v);
    uint64_t m = whole >= 31 ? v >> (whole - 31) : v << (31 - whole); /* 1.31 */
    uint32_t fraction = 0;

    for (unsigned i = 0; i < 16; i++) {
        m = m * m >> 31;
        fraction <<= 1;
        if (m >> 32) {
            fraction |= 1;
            m >>= 1;
        }
    }
    return whole << 16 | fraction;
}

uint64_t rng_heavy(struct rng *r, uint64_t least, uint64_t most, unsigned steps)
{
    uint32_t from = log2_of(least), range = log2_of(most) - from, x = range;

    for (unsigned i = 0; i < steps; i++) {
        uint32_t drawn = rng_below(r, range + 1);
        x = drawn < x ? drawn : x;
    }
    uint64_t v = rng_power(from + x);
    return v < least ? least : v > most ? most : v;
}

void rng_fill(struct rng *r, uint8_t *at, size_t len)
{
    while (len > 0) {
        uint64_t v = rng_u64(r);
        for (unsigned i = 0; i < 8 && len > 0; i++, len--, v >>= 8)
            *at++ = (uint8_t)v; /* byte by byte: the same on machines of either order */
    }
}
