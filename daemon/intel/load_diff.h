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
    struct {
        uint64_t rows; /* of METAS, old and new, + 1; 0: none */
        bool same;
    } pair[LOAD_DIFF_PAIRS]; /* that were compared */
};

/* 0 or -ENOMEM. */
int load_diff_init(struct load_diff *d, const struct image *old, const struct build *b,
                   const struct load_report *r);
void load_diff_done(struct load_diff *d);
/* Looks at an entry of the builder: each once, in order. Its id in the image before, or UINT32_MAX. */
uint32_t load_diff_entry(struct load_diff *d, const struct build_entry *e);
/* After the last one: what was removed; reports the line `diff`. */
void load_diff_finish(struct load_diff *d);

#endif
