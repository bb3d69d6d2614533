/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking names, addresses and digests up in an image. No allocation, no copy, no false positive by hash. */
#ifndef BRIDLE_INTEL_MATCH_H
#define BRIDLE_INTEL_MATCH_H

#include "intel/image_format.h"

enum match_how {
    MATCH_NONE,
    MATCH_EXACT,     /* the value itself */
    MATCH_BELOW,     /* a name below a listed domain */
    MATCH_PREFIX,    /* an address inside a listed prefix */
    MATCH_EXCEPTION, /* the most specific entry says: never */
};

struct match {
    uint32_t ioc; /* id, for all but MATCH_NONE */
    uint8_t how;  /* enum match_how */
};

/* Whether an indicator was found: an exception is an entry that says no. */
static inline bool match_found(struct match m)
{
    return m.how != MATCH_NONE && m.how != MATCH_EXCEPTION;
}

extern const char *const match_names[MATCH_EXCEPTION + 1];

/*
 * The most specific entry for `name` (lower case, no trailing dot, labels separated by '.'; odd octets as
 * \DDD, so that no '.' is part of a label) decides: DOMAIN for the name and what is below, NAME for the name
 * alone, EXCEPTION for neither. Never climbs above what was listed; compares the full name.
 */
struct match match_name(const struct image *im, struct span name);
/* Exact address first, then the longest prefix. */
struct match match_addr(const struct image *im, const struct addr *a);

/* Calls for what match_addr_maybe will read, so that it is there when a batch of packets is looked at. */
static inline void match_addr_prefetch(const struct image *im, const struct addr *a)
{
    const struct image_levels *l = &im->levels[addr_is_v4(a)];

    for (unsigned i = 0; i < l->count; i++)
        filter_prefetch(&im->addr_filter, addr_hash(&im->key, a, l->level[i].bits));
}

/* False: match_addr would find nothing. Costs a hash and a word of memory for each level that is listed. */
static inline bool match_addr_maybe(const struct image *im, const struct addr *a)
{
    const struct image_levels *l = &im->levels[addr_is_v4(a)];

    for (unsigned i = 0; i < l->count; i++)
        if (filter_has(&im->addr_filter, addr_hash(&im->key, a, l->level[i].bits)))
            return true;
    return false;
}

/* The indicator of this type (CERT, JA3, JA4) whose value is `text`, in any case (a protocol in JA4 may have
 * capitals), hex without colons. */
struct match match_value(const struct image *im, enum ioc_type type, struct span text);
/* Whether the image has any indicator of this type, so that what is costly to compute is not computed in
 * vain. */
bool image_has_type(const struct image *im, enum ioc_type type);

#endif
