/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in DNS messages that were looked up lately and are not listed. Most questions are for the names that
 * everybody asks for, and each is repeated in its answer: they are found here by their bytes on the wire,
 * before anything is made of them. The bytes are compared, so no hash decides.
 */
#ifndef BRIDLE_FLOW_UNLISTED_H
#define BRIDLE_FLOW_UNLISTED_H

#include "base/hash.h"

#define UNLISTED_ROWS      1024u /* 64 KiB */
#define UNLISTED_BYTES_MAX 55u   /* of a name that is kept */

struct unlisted {
    struct unlisted_name {
        uint64_t text_hash;
        uint8_t len; /* 0: free */
        uint8_t wire[UNLISTED_BYTES_MAX];
    } row[UNLISTED_ROWS];
};

_Static_assert(sizeof(struct unlisted_name) == 64, "a line of the cache");

/* The row that is for this name (not empty); NULL: it is too long to be kept. */
struct unlisted_name *unlisted_row(struct unlisted *u, const struct hash_key *key, struct span wire);
/* Whether that name is in the row: then `text_hash` is what was kept of it. */
bool unlisted_is(const struct unlisted_name *row, struct span wire);
/* Keeps it in its row, and what the hash of its text is. */
void unlisted_keep(struct unlisted_name *row, struct span wire, uint64_t text_hash);
/* Forgets all, when others are listed now. */
void unlisted_forget(struct unlisted *u);

#endif
