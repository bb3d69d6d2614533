/* SPDX-License-Identifier: BSD-2-Clause */
/* An intrusive hash table that grows with what is in it; the caller hashes (keyed) and compares. */
#ifndef BRIDLE_REPORT_TABLE_H
#define BRIDLE_REPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in what the table holds. */
struct table_node {
    struct table_node *next; /* same bucket; borrowed */
    uint64_t hash;
};

struct table {
    struct table_node **bucket; /* owned; the nodes are the caller's */
    size_t buckets;             /* a power of two, or 0 */
    size_t count;
};

/* Room for one more node, made before anything that cannot be undone. 0 or -ENOMEM. */
int table_reserve(struct table *t);
/* Needs table_reserve before. */
void table_insert(struct table *t, struct table_node *n, uint64_t hash);
void table_remove(struct table *t, struct table_node *n);
/* The first, then the next node with this hash; NULL when there is none. */
struct table_node *table_first(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *n);
void table_done(struct table *t);

#endif
