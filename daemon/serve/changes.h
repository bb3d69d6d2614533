/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What loads changed, for `bridlectl changes`: JSON lines in the state folder, the last few hundred kilobytes
 * of them. One line for each indicator that came, went or changed (as many as the loader tells), then one
 * with the numbers of the whole load.
 */
#ifndef BRIDLE_SERVE_CHANGES_H
#define BRIDLE_SERVE_CHANGES_H

#include "base/text.h"
#include "intel/load_wire.h"

/* A file of changes grows to this; then it becomes the older one of two. */
#define CHANGES_BYTES (192u * 1024)

struct changes {
    char *at; /* owned: the lines of a load that runs; NULL: there is none yet */
    size_t len;
    uint64_t added, removed, changed;
    bool told; /* the loader told the numbers: it knew the load before */
};

/* Takes a line of the loader, `change` or `diff`. */
void changes_take(struct changes *c, const struct load_line *l, uint64_t now_ns);
/* The load is in use: writes its lines into `folder`, unless there is none (NULL, or empty) or nothing
 * changed. 0 or negative errno. Forgets them. */
int changes_keep(struct changes *c, const char *folder, uint32_t generation, uint64_t now_ns);
/* Forgets them. */
void changes_drop(struct changes *c);
/* All that is kept, oldest first: as it is, or for people. */
void changes_print(const char *folder, bool json, struct text *t);

#endif
