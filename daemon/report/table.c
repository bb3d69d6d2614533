/* SPDX-License-Identifier: BSD-2-Clause */
/* An intrusive, chained hash table. */
#include "report/table.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 64u

static struct table_node **slot(const struct table *t, uint64_t hash)
{
    return &t->bucket[hash & (t->buckets - 1)];
}

int table_reserve(struct table *t)
{
    if (t->count < t->buckets)
        return 0;
    struct table grown = {.buckets = t->buckets ? t->buckets * 2 : BUCKETS_MIN};
    grown.bucket = calloc(grown.buckets, sizeof(struct table_node *));
    if (grown.bucket == NULL)
        return t->buckets > 0 ? 0 : -ENOMEM; /* longer chains are better than a lost alert */
    for (size_t i = 0; i < t->buckets; i++)
        for (struct table_node *n = t->bucket[i], *next; n != NULL; n = next) {
            next = n->next;
            table_insert(&grown, n, n->hash);
        }
    free(t->bucket);
    *t = grown;
    return 0;
}

void table_insert(struct table *t, struct table_node *n, uint64_t hash)
{
    struct table_node **at = slot(t, hash);

    n->hash = hash;
    n->next = *at;
    *at = n;
    t->count++;
}

void table_remove(struct table *t, struct table_node *n)
{
    struct table_node **at = slot(t, n->hash);

    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    t->count--;
}

static struct table_node *same_hash(struct table_node *n, uint64_t hash)
{
    while (n != NULL && n->hash != hash)
        n = n->next;
    return n;
}

struct table_node *table_first(const struct table *t, uint64_t hash)
{
    return t->buckets > 0 ? same_hash(*slot(t, hash), hash) : NULL;
}

struct table_node *table_next(const struct table_node *n)
{
    return same_hash(n->next, n->hash);
}

void table_done(struct table *t)
{
    free(t->bucket);
    *t = (struct table){0};
}
