/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one small, lossy table of flows. Nearly all packets belong to flows whose names were seen long ago, so
 * the table stays in a processor's L2 cache and forgets; what it forgets costs marks and counts, never a
 * parse, because every TCP payload without an entry is tried by its first bytes. One entry holds one
 * direction of a flow; four share a cache line.
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
    FLOW_LOOKED = 0x10, /* TCP: neither end is listed */
    FLOW_PORT = 0x20,   /* TCP, with FLOW_LOOKED: one of the ports is a protocol's own */
    FLOW_TRIES = 0xf0,  /* UDP: how often it was looked into */
};

#define FLOW_NONE UINT32_MAX

struct flow_entry {
    uint32_t tag;
    uint32_t seq;
    uint32_t value;
    uint16_t age_s; /* when last used; wraps */
    uint8_t class;  /* enum flow_class */
    uint8_t flags;  /* enum flow_flag */
};

_Static_assert(sizeof(struct flow_entry) == 16, "four entries share a cache line");

struct flow_cache {
    struct flow_entry *entry; /* owned, 64-byte aligned */
    uint32_t set_mask;        /* number of sets - 1 */
    uint64_t *counters;       /* borrowed */
};

/* 2^entries_log2 entries. 0 or -ENOMEM. */
int flow_cache_init(struct flow_cache *c, unsigned entries_log2, uint64_t *counters);
void flow_cache_done(struct flow_cache *c);
/* Fetches what the other functions look at first. */
void flow_cache_prefetch(const struct flow_cache *c, struct flow_key k);
/* The entry of this direction, or NULL. */
struct flow_entry *flow_cache_find(const struct flow_cache *c, struct flow_key k);
/*
 * Makes an entry of `class`; there must be none yet. Evicts the oldest of the lowest class in its set; a SYN
 * or DONE never evicts anything higher that was used within two minutes. A hello that comes in parts may cost
 * the byte counts of a flow that was told, never the other way round. `ret_evicted` is what was there (class
 * FLOW_FREE: nothing), so that the caller can let go of what it refers to. NULL: refused, and counted.
 */
struct flow_entry *flow_cache_add(struct flow_cache *c, struct flow_key k, enum flow_class class,
                                  uint16_t now_s, struct flow_entry *ret_evicted);

/* Neither end of any flow was looked up. */
void flow_cache_unlook(struct flow_cache *c);

#endif
