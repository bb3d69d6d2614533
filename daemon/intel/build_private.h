/* SPDX-License-Identifier: BSD-2-Clause */
/* What the builder holds between collecting (build.c) and writing (build_write.c). */
#ifndef BRIDLE_INTEL_BUILD_PRIVATE_H
#define BRIDLE_INTEL_BUILD_PRIVATE_H

#include "intel/build.h"
#include "intel/image_format.h"
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
    struct pool entries; /* one byte type, then the value as text; the number is the indicator's id */
    struct pool metas, sets, strings; /* elements as they stand in the image */
    uint32_t *meta, *line;            /* owned, by id */
    size_t meta_cap, line_cap;
    struct build_ranges hosting, resolver_nets;
    uint32_t *resolver; /* owned: string numbers of names */
    size_t resolvers, resolver_cap;
};

/* A section ready to be written. */
struct build_section {
    uint8_t *own; /* owned, or NULL when the bytes lie in a pool */
    const uint8_t *at;
    size_t len;
};

/* Flattens ranges into the rows of IMAGE_HOSTING or IMAGE_RESOLVER_NETS. 0 or -ENOMEM. */
int build_ranges(const struct build *b, struct build_ranges *ranges, struct build_section *ret);
/* The rows of IMAGE_RESOLVERS. 0 or -ENOMEM. */
int build_resolvers(const struct build *b, struct build_section *ret);

#endif
