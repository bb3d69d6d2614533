/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of an image while it is built: records as they will stand in it, so that building ten million
 * names takes little more memory than their image. An entry's number is its indicator's id.
 */
#ifndef BRIDLE_INTEL_BUILD_ENTRIES_H
#define BRIDLE_INTEL_BUILD_ENTRIES_H

#include "intel/build_region.h"

struct build_entries {
    struct region records, groups; /* as IMAGE_RECORDS and IMAGE_GROUPS, but for what `changed` says */
    struct region changed;         /* by id: the row of METAS + 1 where it is another than in the record */
    size_t len;                    /* of the records */
    uint32_t count, last_line;
};

/* One entry; spans are borrowed until the next is added. */
struct build_entry {
    uint32_t id, meta, line;
    struct span text;
    struct span front, back; /* the record's bytes before its row of METAS, and behind it */
};

void build_entries_done(struct build_entries *e);
/* Appends a record; its id is the count before. 0, -ENOMEM, or -EFBIG when records would pass 4 GiB. */
int build_entries_add(struct build_entries *e, struct span text, uint32_t meta, uint32_t line);
/* Gives an entry another row of METAS. 0 or -ENOMEM. */
int build_entries_change(struct build_entries *e, uint32_t id, uint32_t meta);
struct build_entry build_entries_get(const struct build_entries *e, uint32_t id);
/* A walk over all entries: from BUILD_ENTRIES_START to the first one and on. False: that was the last. */
#define BUILD_ENTRIES_START ((struct build_entry){.id = UINT32_MAX})
bool build_entries_next(const struct build_entries *e, struct build_entry *at);
/* QUIC's variable-length integer (RFC 9000 §16), as cur_varint reads it. Returns how many bytes it took. */
size_t build_varint(uint8_t to[8], uint64_t v);

#endif
