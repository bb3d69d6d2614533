/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool of byte strings, each held once and numbered from 0 in order of arrival: how the builder keeps what
 * millions of indicators have in common small. */
#ifndef BRIDLE_INTEL_POOL_H
#define BRIDLE_INTEL_POOL_H

#include "base/hash.h"

struct pool {
    uint8_t *bytes;  /* owned: all strings, one behind the other */
    uint32_t *start; /* owned: where each begins, and one more */
    uint64_t *slots; /* owned: half of the hash, number + 1; open addressing, a power of two */
    size_t bytes_cap, start_cap, slots_cap;
    uint32_t count;
    struct hash_key key;
};

/* `key` is secret from whoever chooses the strings. */
void pool_init(struct pool *p, const struct hash_key *key);
void pool_done(struct pool *p);
/* True when it is there. */
bool pool_find(const struct pool *p, struct span s, uint32_t *ret_id);
/* Finds or adds a copy. 0, -ENOMEM, or -EFBIG when the pool would pass 4 GiB. */
int pool_add(struct pool *p, struct span s, uint32_t *ret_id);
/* Borrowed until the next pool_add. */
static inline struct span pool_get(const struct pool *p, uint32_t id)
{
    return span_of(p->bytes + p->start[id], p->start[id + 1] - p->start[id]);
}

/* Grows an array of `*cap` elements of `size` bytes at `*array` so that it holds `need`. 0 or -ENOMEM. */
int grow(void *array, size_t *cap, size_t need, size_t size);

#endif
