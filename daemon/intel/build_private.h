/* SPDX-License-Identifier: BSD-2-Clause */
/* What the builder holds between collecting (build.c) and writing (build_write.c). */
#ifndef BRIDLE_INTEL_BUILD_PRIVATE_H
#define BRIDLE_INTEL_BUILD_PRIVATE_H

#include "intel/build.h"
#include "intel/build_entries.h"
#include "intel/build_sink.h"
#include "intel/build_table.h"
#include "intel/pool.h"

struct build_range {
    struct prefix prefix;
    uint32_t tag; /* string number; top bit: shared */
};

struct build_ranges {
    struct build_range *list; /* owned */
    size_t count, cap;
};

struct build {
    struct hash_key key;
    struct build_entries entries;
    struct build_table known;         /* finds equal values */
    uint32_t room;                    /* entries that it has room for */
    uint32_t hoped;                   /* buckets, for as many as there will be; 0: not known */
    struct pool metas, sets, strings; /* elements as they stand in the image */
    uint32_t
        last_meta[IOC_TYPES];    /* + 1: of the latest indicator of each type; the next is mostly the same */
    uint32_t of_type[IOC_TYPES]; /* how many there are */
    struct build_ranges hosting, resolver_nets, answers;
    struct region days; /* rows of IMAGE_FIRST_DAYS, once build_day was told one */
    uint32_t *resolver; /* owned: string numbers of names */
    size_t resolvers, resolver_cap;
    bool ended, written;
};

/* A section ready to be written. */
struct build_section {
    struct region memory; /* not used when the bytes lie elsewhere */
    const uint8_t *at;    /* given back while it is written */
    size_t len;
};

static inline uint8_t build_meta_type(const struct build *b, uint32_t meta)
{
    return pool_get(&b->metas, meta).at[META_AT_TYPE];
}

/* By what an entry is found: names alike whatever their type. */
uint64_t build_hash(const struct build *b, uint8_t type, struct span text);
/* Flattens ranges into the rows of IMAGE_HOSTING and the like; `flags`: the bits of a tag that are no string
 * number. 0 or -ENOMEM. */
int build_ranges(const struct build *b, struct build_ranges *ranges, uint32_t flags,
                 struct build_section *ret);
/* The rows of IMAGE_RESOLVERS. 0 or -ENOMEM. */
int build_resolvers(const struct build *b, struct build_section *ret);

#endif
