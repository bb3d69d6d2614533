/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of known values: on which day each value was first loaded, over restarts, and over feeds that are
 * made anew and then know nothing older than themselves. The loader reads it and writes the next one; whoever
 * stores it in between need not understand it.
 *
 * Little-endian: magic (8 bytes), version, number of rows (4 each), limit (8), checksum over the blocks of
 * rows (8, image_checksum); then rows in order of their keys: key (8, image_value_key), first day, last day
 * on which it was listed (2 each, as IMAGE_FIRST_DAYS has them; 0: not known). What is longer than
 * LOAD_KNOWN_DAYS not listed is dropped. With more values than there are rows only those whose key is below
 * the limit are in it.
 */
#ifndef BRIDLE_INTEL_LOAD_KNOWN_H
#define BRIDLE_INTEL_LOAD_KNOWN_H

#include "base/span.h"

#define LOAD_KNOWN_MAGIC      "BRIDLEKN"
#define LOAD_KNOWN_VERSION    1u
#define LOAD_KNOWN_MAX        (4u << 20)
#define LOAD_KNOWN_DAYS       400
#define LOAD_KNOWN_HEAD_BYTES 32u
#define LOAD_KNOWN_ROW_BYTES  12u
#define LOAD_KNOWN_SUM_BYTES  65532u /* rows are summed by blocks of this size */

enum {
    LOAD_KNOWN_AT_VERSION = 8,
    LOAD_KNOWN_AT_COUNT = 12,
    LOAD_KNOWN_AT_LIMIT = 16,
    LOAD_KNOWN_AT_SUM = 24,
};

struct load_known;

/* What a file says of a value. */
enum load_known_says {
    LOAD_KNOWN_ROW,     /* it has a row, maybe without a day */
    LOAD_KNOWN_NEW,     /* it would have one if the value had been listed lately */
    LOAD_KNOWN_NOTHING, /* its key is not below the limit */
};

/* Takes the file (borrowed). An empty one has no rows; neither has one that is damaged or of another version:
 * `*ret_why`, else NULL, is then static text. NULL without memory. */
struct load_known *load_known_new(int fd, const char **ret_why);
void load_known_free(struct load_known *k);
uint32_t load_known_rows(const struct load_known *k);
/* The last day on which anything was listed; 0: not known. */
uint16_t load_known_last_day(const struct load_known *k);

/* `count` values will be added. 0 or -ENOMEM. */
int load_known_expect(struct load_known *k, uint32_t count);
/* Adds a value that is listed today; `id` is the caller's. False when there is no room for its key: nothing
 * is known then, and nothing will be. */
bool load_known_add(struct load_known *k, uint64_t key, uint32_t id);

/* Called for each value added, in order of keys: gives its first day, 0 if that is not known. `day` is what
 * the file had. */
typedef uint16_t load_known_judge(void *ctx, uint32_t id, enum load_known_says says, uint16_t day);

/* Has all judged, and writes the next file to `fd` (borrowed, empty). `*ret_same`: it is what it was before,
 * and `*ret_rows` how many rows it has. Once. 0 or negative errno. */
int load_known_write(struct load_known *k, uint16_t today, load_known_judge *judge, void *ctx, int fd,
                     bool *ret_same, uint32_t *ret_rows);

#endif
