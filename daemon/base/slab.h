/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which slots of a fixed array are in use, and in what order they were used: the bookkeeping of a slab. The
 * array itself is the caller's; slots are known by their index. Nothing is allocated after slab_init.
 */
#ifndef BRIDLE_BASE_SLAB_H
#define BRIDLE_BASE_SLAB_H

#include "base/span.h"

#define SLAB_NONE UINT32_MAX

struct slab_link {
    uint32_t older, newer; /* `newer` of a free slot: the next free one */
    bool used;
};

struct slab {
    struct slab_link *link; /* owned: `count` of them */
    uint32_t count, in_use;
    uint32_t oldest, newest; /* by use; SLAB_NONE: none is in use */
    uint32_t free;
};

/* 0 or -ENOMEM. */
int slab_init(struct slab *s, uint32_t count);
void slab_done(struct slab *s);
/* A free slot, from now on the newest; SLAB_NONE: all are in use. */
uint32_t slab_take(struct slab *s);
void slab_give(struct slab *s, uint32_t slot);
/* Makes a slot in use the newest. */
void slab_touch(struct slab *s, uint32_t slot);

static inline bool slab_used(const struct slab *s, uint32_t slot)
{
    return slot < s->count && s->link[slot].used;
}

static inline bool slab_full(const struct slab *s)
{
    return s->free == SLAB_NONE;
}

/* The slot that was used next after this one, or SLAB_NONE. */
static inline uint32_t slab_newer(const struct slab *s, uint32_t slot)
{
    return s->link[slot].newer;
}

#endif
