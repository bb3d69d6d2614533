/* SPDX-License-Identifier: BSD-2-Clause */
/* An intrusive, chained hash table. */
#include "report/chains.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_MIN 64u

static struct chains_node **slot(const struct chains *t, uint64_t hash)
{
    return &t->bucket[hash & (t->buckets - 1)];
}

int chains_reserve(struct chains *t)
{
    if (t->count < t->buckets)
        return 0;
    struct chains grown = {.buckets = t->buckets ? t->buckets * 2 : BUCKETS_MIN};
    grown.bucket = calloc(grown.buckets, sizeof(struct chains_node *));
    if (grown.bucket == NULL)
        return t->buckets > 0 ? 0 : -ENOMEM; /* longer chains are better than a lost alert */
    for (size_t i = 0; i < t->buckets; i++)
        for (struct chains_node *n = t->bucket[i], *next; n != NULL; n = next) {
            next = n->next;
            chains_insert(&grown, n, n->hash);
        }
    free(t->bucket);
    *t = grown;
    return 0;
}

void chains_insert(struct chains *t, struct chains_node *n, uint64_t hash)
{
    struct chains_node **at = slot(t, hash);

    n->hash = hash;
    n->next = *at;
    *at = n;
    t->count++;
}

void chains_remove(struct chains *t, struct chains_node *n)
{
    struct chains_node **at = slot(t, n->hash);

    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    t->count--;
}

static struct chains_node *same_hash(struct chains_node *n, uint64_t hash)
{
    while (n != NULL && n->hash != hash)
        n = n->next;
    return n;
}

struct chains_node *chains_first(const struct chains *t, uint64_t hash)
{
    return t->buckets > 0 ? same_hash(*slot(t, hash), hash) : NULL;
}

struct chains_node *chains_next(const struct chains_node *n)
{
    return same_hash(n->next, n->hash);
}

void chains_done(struct chains *t)
{
    free(t->bucket);
    *t = (struct chains){0};
}
