/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers of the traffic generator: SplitMix64, so that a seed gives the same bytes on every machine.
 * What is drawn for a flow comes from the flow's own seed, so that a message can be made again instead of
 * being kept.
 */
#ifndef BRIDLE_BENCH_GEN_RANDOM_H
#define BRIDLE_BENCH_GEN_RANDOM_H

#include "base/span.h"

struct rng {
    uint64_t state;
};

/* The finaliser of SplitMix64: a bijection, so distinct numbers stay distinct. */
static inline uint64_t rng_mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline uint64_t rng_u64(struct rng *r)
{
    r->state += 0x9e3779b97f4a7c15u;
    return rng_mix(r->state);
}

/* A generator of its own for each purpose `tag` of a seed. */
static inline struct rng rng_for(uint64_t seed, uint64_t tag)
{
    return (struct rng){rng_mix(seed ^ rng_mix(tag * 0x9e3779b97f4a7c15u + 1))};
}

/* One number for each purpose of a seed. */
static inline uint64_t rng_of(uint64_t seed, uint64_t tag)
{
    struct rng r = rng_for(seed, tag);
    return rng_u64(&r);
}

/* From 0 to n - 1; n is small against 2^32. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t)((rng_u64(r) >> 32) * n >> 32);
}

static inline uint32_t rng_from(struct rng *r, uint32_t least, uint32_t most)
{
    return least + rng_below(r, most - least + 1);
}

/* True in `percent` of all cases. */
static inline bool rng_percent(struct rng *r, unsigned percent)
{
    return rng_below(r, 100) < percent;
}

/* Fixed point logarithm and power, so that no machine's libm has a say: 2^(x / 2^16), x below 32 << 16. */
uint64_t rng_power(uint32_t x);
/* Heavy tailed, with density 1/x from `least` to `most` (log-uniform); with `steps` over 1 the least of that
 * many draws, so the tail is thinner. */
uint64_t rng_heavy(struct rng *r, uint64_t least, uint64_t most, unsigned steps);
void rng_fill(struct rng *r, uint8_t *at, size_t len);

#endif
