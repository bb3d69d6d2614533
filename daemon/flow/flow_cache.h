/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one small, lossy table of flows. Nearly all packets belong to flows whose names were seen long ago, so
 * the table stays in a processor's L2 cache and forgets; what it forgets costs marks and counts, never a
 * parse, because every TCP payload without an entry is tried by its first bytes. One entry holds one
 * direction of a flow; four share a cache line, in which their tags stand side by side.
 */
#ifndef BRIDLE_FLOW_FLOW_CACHE_H
#define BRIDLE_FLOW_FLOW_CACHE_H

#include "base/counters.h"
#include "flow/key.h"

/* In the order in which they are evicted. */
enum flow_class {
    FLOW_FREE,
    FLOW_SYN,    /* `seq`: where the stream begins */
    FLOW_DONE,   /* start seen; `seq`: its place; `value`: hash of the name that was reported, 0 if there was
                    none */
    FLOW_REPEAT, /* messages follow one another; `seq`: where the next begins; `value`: stream holding a part
                    of it, or none */
    FLOW_STREAM, /* `value`: stream that holds the first bytes; `seq`: where it begins */
    FLOW_WATCH,  /* `value`: the watch; the entry that the flow would have otherwise is inside it */
};

enum flow_flag {
    FLOW_OPENER = 1,    /* the sender of this direction opened the connection */
    FLOW_ANSWERER = 2,  /* the other side did */
    FLOW_MIDSTREAM = 4, /* the opening was not seen: `seq` is where we came in */
    FLOW_METERED = 8,   /* what named the flow was counted */
    FLOW_LOOKED = 0x10, /* neither end is listed */
    FLOW_PORT = 0x20,   /* TCP, with FLOW_LOOKED: one of the ports is a protocol's own */
};

#define FLOW_TRIES_MAX 15u /* as many as there is room for */

#define FLOW_NONE UINT32_MAX

struct flow_entry {
    uint32_t seq;
    uint32_t value;
    uint16_t age_s;    /* when last used; wraps */
    uint8_t class : 4; /* enum flow_class */
    uint8_t tries : 4; /* UDP: how often it was looked into */
    uint8_t flags;     /* enum flow_flag */
};

#define FLOW_WAYS 4u

typedef uint32_t flow_tags __attribute__((vector_size(16)));

struct flow_set {
    flow_tags tag; /* of each entry; 0: it is free */
    struct flow_entry entry[FLOW_WAYS];
};

_Static_assert(sizeof(struct flow_set) == 64, "four entries share a cache line");

struct flow_cache {
    struct flow_set *set; /* owned, 64-byte aligned */
    uint32_t set_mask;    /* number of sets - 1 */
    uint64_t *counters;   /* borrowed */
};

/* 2^entries_log2 entries. 0 or -ENOMEM. */
int flow_cache_init(struct flow_cache *c, unsigned entries_log2, uint64_t *counters);
void flow_cache_done(struct flow_cache *c);

/* The two directions lie in neighbouring sets: adjacent cache lines. */
static inline struct flow_set *flow_cache_set(const struct flow_cache *c, struct flow_key k)
{
    return &c->set[((uint32_t)(k.hash >> 32) ^ k.dir) & c->set_mask];
}

/* Fetches what the other functions look at first. */
static inline void flow_cache_prefetch(const struct flow_cache *c, struct flow_key k)
{
    __builtin_prefetch(flow_cache_set(c, k));
}

/* That of a free entry is 0. */
static inline uint32_t flow_cache_tag(struct flow_key k)
{
    return ((uint32_t)k.hash & ~1u) | 1u << 31 | k.dir;
}

/* The entry of this direction, or NULL. In line, for each packet needs it; and no processor can foresee which
 * of the four it is, so there is no branch for that. */
static inline struct flow_entry *flow_cache_find(const struct flow_cache *c, struct flow_key k)
{
    typedef uint64_t halves __attribute__((vector_size(16)));
    struct flow_set *set = flow_cache_set(c, k);
    uint32_t tag = flow_cache_tag(k);
    flow_tags want = {tag, tag, tag, tag}, bit = {1, 2, 4, 8};
    halves found = (halves)((flow_tags)(set->tag == want) & bit);
    uint64_t both = found[0] | found[1];
    unsigned ways = (unsigned)(both | both >> 32);

    return ways != 0 ? &set->entry[__builtin_ctz(ways)] : NULL;
}

/*
 * Makes an entry of `class`; there must be none yet. Evicts the oldest of the lowest class in its set; a SYN
 * or DONE never evicts anything higher that was used within two minutes. A hello that comes in parts may cost
 * the byte counts of a flow that was told, never the other way round. `ret_evicted` is what was there (class
 * FLOW_FREE: nothing), so that the caller can let go of what it refers to. NULL: refused, and counted.
 */
struct flow_entry *flow_cache_add(struct flow_cache *c, struct flow_key k, enum flow_class class,
                                  uint16_t now_s, struct flow_entry *ret_evicted);

/* Frees the entry of this direction. */
void flow_cache_free(struct flow_cache *c, struct flow_key k);
/* Neither end of any flow was looked up. */
void flow_cache_unlook(struct flow_cache *c);

#endif
