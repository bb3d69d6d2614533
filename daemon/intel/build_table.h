/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling the image's tables of slots. With millions of entries each slot is a cache miss: a table therefore
 * takes some entries ahead, calls for their memory, and places them later, in order.
 */
#ifndef BRIDLE_INTEL_BUILD_TABLE_H
#define BRIDLE_INTEL_BUILD_TABLE_H

#include "intel/build_region.h"
#include "intel/image_format.h"

#define BUILD_TABLE_AHEAD 32u

struct build_table {
    struct region memory;
    uint8_t *slots; /* in it */
    uint32_t buckets, mask;
    unsigned probes; /* buckets that a look-up visits at most */
    uint8_t *filter; /* borrowed: every hash is put into it, too; or NULL */
    uint32_t filter_words;
    unsigned ahead; /* entries taken and not placed yet; the oldest is at `next` */
    unsigned next;
    bool full;
    struct {
        uint64_t hash;
        uint32_t index;
    } entry[BUILD_TABLE_AHEAD];
};

/* An empty table whose numbers are below `most`; a look-up visits at most `probes` buckets. 0 or -ENOMEM. */
int build_table_init(struct build_table *t, uint32_t buckets, uint32_t most, unsigned probes);
void build_table_done(struct build_table *t);
/* Places an entry at once; false when there is no place in reach. */
bool build_table_place(struct build_table *t, uint64_t hash, uint32_t index);
/* Takes one more entry of many. */
void build_table_add(struct build_table *t, uint64_t hash, uint32_t index);
/* Places what was taken. False when some entry found no place: the table is too small for this key. */
bool build_table_finish(struct build_table *t);
/* Where a look-up begins. */
struct table_walk build_table_find(const struct build_table *t, uint64_t hash);
void build_table_prefetch(const struct build_table *t, uint64_t hash);
void build_filter_set(uint8_t *filter, uint32_t words, uint64_t hash);

#endif
