/* SPDX-License-Identifier: BSD-2-Clause */
/* An intrusive, chained hash table that grows with what is in it; the caller hashes (keyed) and compares. */
#ifndef BRIDLE_REPORT_CHAINS_H
#define BRIDLE_REPORT_CHAINS_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in what the table holds. */
struct chains_node {
    struct chains_node *next; /* same bucket; borrowed */
    uint64_t hash;
};

struct chains {
    struct chains_node **bucket; /* owned; the nodes are the caller's */
    size_t buckets;              /* a power of two, or 0 */
    size_t count;
};

/* Room for one more node, made before anything that cannot be undone. 0 or -ENOMEM. */
int chains_reserve(struct chains *t);
/* Needs chains_reserve before. */
void chains_insert(struct chains *t, struct chains_node *n, uint64_t hash);
void chains_remove(struct chains *t, struct chains_node *n);
/* The first, then the next node with this hash; NULL when there is none. */
struct chains_node *chains_first(const struct chains *t, uint64_t hash);
struct chains_node *chains_next(const struct chains_node *n);
void chains_done(struct chains *t);

#endif
