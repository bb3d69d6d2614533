/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new image has that the one before had not, and the other way round. An indicator is its type and
 * value; it changed when its tier, campaigns, sources, dates or trust did. Entries mostly stand in the same
 * order as before: so each is first compared with the one behind the last that was found, and looked up only
 * if it is another.
 */
#ifndef BRIDLE_INTEL_LOAD_DIFF_H
#define BRIDLE_INTEL_LOAD_DIFF_H

#include "intel/build_private.h"
#include "intel/load_report.h"

#define LOAD_DIFF_PAIRS 1024u
#define LOAD_DIFF_MANY  32u

/* An entry of the builder, and what became of it. */
struct load_diff_entry {
    struct build_entry entry;
    uint32_t id;  /* in the image before, or UINT32_MAX */
    uint16_t day; /* on which it was first loaded, as the image before has it */
};

struct load_diff {
    const struct image *old;          /* borrowed */
    const struct build *build;        /* borrowed */
    const struct load_report *report; /* borrowed */
    struct region found;              /* bit id: that indicator of `old` is still there */
    struct image_walk walk;
    uint32_t next;     /* id in `old` behind the last that was found */
    uint32_t ahead_id; /* `ahead` is its record, if `has_ahead` */
    struct image_record ahead;
    bool has_ahead;
    uint64_t added, removed, changed;
    unsigned told;
    struct image_search search[LOAD_DIFF_MANY];
    uint8_t place[LOAD_DIFF_MANY]; /* the entry that a search is for */
    struct {
        uint64_t rows; /* of METAS, old and new, + 1; 0: none */
        bool same;
    } pair[LOAD_DIFF_PAIRS]; /* that were compared */
};

/* 0 or -ENOMEM. */
int load_diff_init(struct load_diff *d, const struct image *old, const struct build *b,
                   const struct load_report *r);
void load_diff_done(struct load_diff *d);
/* Looks at entries of the builder, at most LOAD_DIFF_MANY a call: each once, in order. */
void load_diff_entries(struct load_diff *d, struct load_diff_entry *list, unsigned count);
/* After the last one: what was removed; reports the line `diff`. */
void load_diff_finish(struct load_diff *d);

#endif
