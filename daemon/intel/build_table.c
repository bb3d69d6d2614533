/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of slots, as image_format.h looks into them. */
#include "intel/build_table.h"

#include <errno.h>

int build_table_init(struct build_table *t, uint32_t buckets, uint32_t most, unsigned probes)
{
    *t = (struct build_table){.buckets = buckets, .mask = table_index_mask(most), .probes = probes};
    if (region_grow(&t->memory, (size_t)64 * buckets) < 0)
        return -ENOMEM;
    t->slots = t->memory.at;
    return 0;
}

void build_table_done(struct build_table *t)
{
    region_done(&t->memory);
    *t = (struct build_table){0};
}

void build_filter_set(uint8_t *filter, uint32_t words, uint64_t hash)
{
    uint8_t *word = filter + (size_t)8 * hash_place(hash, words);
    put_le64(word, le64(word) | filter_mask(hash));
}

bool build_table_place(struct build_table *t, uint64_t hash, uint32_t index)
{
    uint32_t bucket = hash_place(hash, t->buckets);

    for (unsigned i = 0; i < t->probes; i++) {
        uint8_t *at = t->slots + (size_t)64 * bucket;
        uint32_t unused = bucket_slots(at, 0, UINT32_MAX);
        if (unused != 0) {
            put_le32(at + 4 * (unsigned)__builtin_ctz(unused), table_tag(hash, t->mask) | (index + 1));
            return true;
        }
        if (++bucket == t->buckets)
            bucket = 0;
    }
    return false;
}

static void place_oldest(struct build_table *t)
{
    uint64_t hash = t->entry[t->next].hash;

    if (!build_table_place(t, hash, t->entry[t->next].index))
        t->full = true;
    if (t->filter != NULL)
        build_filter_set(t->filter, t->filter_words, hash);
    t->next = (t->next + 1) % BUILD_TABLE_AHEAD;
    t->ahead--;
}

void build_table_prefetch(const struct build_table *t, uint64_t hash)
{
    if (t->buckets > 0)
        __builtin_prefetch(t->slots + (size_t)64 * hash_place(hash, t->buckets), 1);
}

void build_table_add(struct build_table *t, uint64_t hash, uint32_t index)
{
    if (t->ahead == BUILD_TABLE_AHEAD)
        place_oldest(t);
    unsigned at = (t->next + t->ahead++) % BUILD_TABLE_AHEAD;
    t->entry[at].hash = hash;
    t->entry[at].index = index;
    build_table_prefetch(t, hash);
    if (t->filter != NULL)
        __builtin_prefetch(t->filter + (size_t)8 * hash_place(hash, t->filter_words), 1);
}

bool build_table_finish(struct build_table *t)
{
    while (t->ahead > 0)
        place_oldest(t);
    return !t->full;
}

struct table_walk build_table_find(const struct build_table *t, uint64_t hash)
{
    const struct image_table slots = {t->slots, t->buckets, t->mask};
    struct table_walk walk = table_walk(&slots, hash);
    walk.left = t->buckets > 0 ? t->probes : 0;
    return walk;
}
