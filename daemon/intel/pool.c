/* SPDX-License-Identifier: BSD-2-Clause */
/* Interned byte strings. */
#include "intel/pool.h"

#include <errno.h>
#include <stdlib.h>

int grow(void *array, size_t *cap, size_t need, size_t size)
{
    void *at;
    size_t n = *cap ? *cap : 64;

    if (need <= *cap)
        return 0;
    while (n < need)
        n += n / 2;
    memcpy(&at, array, sizeof at);
    at = reallocarray(at, n, size);
    if (at == NULL)
        return -ENOMEM;
    memcpy(array, &at, sizeof at);
    *cap = n;
    return 0;
}

void pool_init(struct pool *p, const struct hash_key *key)
{
    *p = (struct pool){.key = *key};
}

void pool_done(struct pool *p)
{
    free(p->bytes);
    free(p->start);
    free(p->slots);
}

/* The slot where `s` is, or the empty one where it belongs. There is always an empty one. */
static uint64_t *slot_of(const struct pool *p, struct span s, uint64_t hash)
{
    size_t mask = p->slots_cap - 1;

    for (size_t i = (size_t)(hash >> 32) & mask;; i = (i + 1) & mask) {
        uint64_t v = p->slots[i];
        if (v == 0 || (v >> 32 == hash >> 32 && span_eq(pool_get(p, (uint32_t)v - 1), s)))
            return &p->slots[i];
    }
}

bool pool_find(const struct pool *p, struct span s, uint32_t *ret_id)
{
    if (p->count == 0)
        return false;
    uint64_t v = *slot_of(p, s, hash_bytes(&p->key, s.at, s.len));
    if (v == 0)
        return false;
    *ret_id = (uint32_t)v - 1;
    return true;
}

/* Keeps the slots at most two thirds full. */
static int make_slots(struct pool *p)
{
    if ((uint64_t)p->slots_cap * 2 > (uint64_t)(p->count + 1) * 3)
        return 0;
    size_t cap = p->slots_cap ? p->slots_cap * 2 : 64, mask = cap - 1;
    uint64_t *slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < p->slots_cap; i++) {
        size_t to = (size_t)(p->slots[i] >> 32) & mask;
        if (p->slots[i] == 0)
            continue;
        while (slots[to] != 0)
            to = (to + 1) & mask;
        slots[to] = p->slots[i];
    }
    free(p->slots);
    p->slots = slots;
    p->slots_cap = cap;
    return 0;
}

int pool_add(struct pool *p, struct span s, uint32_t *ret_id)
{
    size_t end = p->count ? p->start[p->count] : 0;

    if (p->count == UINT32_MAX - 1 || s.len > UINT32_MAX - end)
        return -EFBIG;
    if (make_slots(p) < 0)
        return -ENOMEM;
    uint64_t hash = hash_bytes(&p->key, s.at, s.len);
    uint64_t *slot = slot_of(p, s, hash);
    if (*slot != 0) {
        *ret_id = (uint32_t)*slot - 1;
        return 0;
    }
    if (grow(&p->bytes, &p->bytes_cap, end + s.len + 1, 1) < 0 ||
        grow(&p->start, &p->start_cap, (size_t)p->count + 2, sizeof *p->start) < 0)
        return -ENOMEM;
    if (s.len > 0)
        memcpy(p->bytes + end, s.at, s.len);
    p->start[p->count] = (uint32_t)end;
    p->start[p->count + 1] = (uint32_t)(end + s.len);
    *ret_id = p->count++;
    *slot = (hash >> 32 << 32) | p->count;
    return 0;
}
