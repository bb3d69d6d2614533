/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of names with marks: a bitmap before a pool. */
#include "intel/name_set.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

int name_set_init(struct name_set *s)
{
    memset(s, 0, sizeof(*s));
    if (getrandom(&s->key, sizeof(s->key), 0) != sizeof(s->key))
        return -EIO;
    pool_init(&s->names, &s->key);
    return 0;
}

void name_set_done(struct name_set *s)
{
    pool_done(&s->names);
    free(s->marks);
}

/* Its bit in the bitmap. Eight bytes at a time; the last eight may overlap. */
static uint32_t bit_of(const struct name_set *s, struct span name)
{
    uint64_t h = s->key.k[0] ^ name.len, word = 0;
    size_t i = 0;

    for (; i + 8 < name.len; i += 8) {
        memcpy(&word, name.at + i, 8);
        h = hash_word(&s->key, h, word);
    }
    if (name.len >= 8)
        memcpy(&word, name.at + name.len - 8, 8);
    else
        for (; i < name.len; i++)
            word = word << 8 | name.at[i];
    return (uint32_t)(hash_word(&s->key, h, word) >> (64 - NAME_SET_BITS));
}

int name_set_add(struct name_set *s, struct span name, uint8_t marks)
{
    uint32_t id, count = s->names.count, bit = bit_of(s, name);
    int err = pool_add(&s->names, name, &id);

    if (err == 0)
        err = grow(&s->marks, &s->marks_cap, (size_t)id + 1, sizeof(*s->marks));
    if (err < 0)
        return err;
    s->marks[id] = (uint8_t)((id < count ? s->marks[id] : 0) | marks);
    s->seen[bit / 64] |= 1ull << bit % 64;
    return 0;
}

uint8_t name_set_marks(const struct name_set *s, struct span name)
{
    uint32_t id, bit = bit_of(s, name);

    if ((s->seen[bit / 64] >> bit % 64 & 1) == 0)
        return 0;
    return pool_find(&s->names, name, &id) ? s->marks[id] : 0;
}
