/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosting ranges of one file, kept until all are known: publishers list the same prefix under a service and
 * under what it is built on, in any order, and what says most about it is to label it. How much is kept has a
 * limit; beyond it, what the builder does with equal ranges decides.
 */
#ifndef BRIDLE_INTEL_LOAD_RANGES_H
#define BRIDLE_INTEL_LOAD_RANGES_H

#include "intel/load_entry.h"

/* Longest tag, `hoster/service/region`, and each part of it. */
#define LOAD_RANGE_TAG_MAX  160u
#define LOAD_RANGE_PART_MAX 48u

struct load_ranges;

struct load_range {
    struct span value; /* as written, borrowed */
    struct load_place place;
    struct span tag; /* borrowed */
    uint8_t rank;    /* of two for the same prefix the one with the higher rank labels it */
    bool shared;     /* unrelated parties share each address */
    bool generic;    /* what others are built on: inside a shared range it is shared, too */
};

/* NULL without memory, which was reported. */
struct load_ranges *load_ranges_new(struct load_file *f);
/* A value that is no range, or too wide, is reported at once. */
void load_ranges_add(struct load_ranges *r, const struct load_range *range);
/* Hands the ranges on, tells how many were listed more than once, frees. NULL is fine. */
void load_ranges_end(struct load_ranges *r);

/* Who hosts: `own` if the format says it, else what the source says, else the file's name. */
struct span load_ranges_hoster(const struct load_file *f, const char *own);
/* Adds "/" and `part` if it is not empty; what would look odd in a tag becomes `_`. */
struct text;
void load_ranges_part(struct text *tag, struct span part);

#endif
