/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of names with marks, made for the question that is nearly always answered "no": one bit of a small
 * bitmap says so. */
#ifndef BRIDLE_INTEL_NAME_SET_H
#define BRIDLE_INTEL_NAME_SET_H

#include "intel/pool.h"

#define NAME_SET_BITS 18 /* log2 of the bitmap's bits: 32 KiB; right for tens of thousands of names */

struct name_set {
    struct pool names;
    uint8_t *marks; /* owned, by number in `names` */
    size_t marks_cap;
    struct hash_key key;
    uint64_t seen[(1u << NAME_SET_BITS) / 64];
};

/* 0 or negative errno. */
int name_set_init(struct name_set *s);
void name_set_done(struct name_set *s);
/* Adds marks, at least one, to a name. 0 or negative errno. */
int name_set_add(struct name_set *s, struct span name, uint8_t marks);
/* All marks of a name; 0: it is not there. */
uint8_t name_set_marks(const struct name_set *s, struct span name);

#endif
