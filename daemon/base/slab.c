/* SPDX-License-Identifier: BSD-2-Clause */
/* The bookkeeping of a slab: a list of free slots, and one of those in use from the oldest to the newest. */
#include "base/slab.h"

#include <errno.h>
#include <stdlib.h>

int slab_init(struct slab *s, uint32_t count)
{
    *s = (struct slab){.count = count, .oldest = SLAB_NONE, .newest = SLAB_NONE, .free = SLAB_NONE};
    s->link = calloc(count, sizeof *s->link);
    if (s->link == NULL)
        return -ENOMEM;
    for (uint32_t i = count; i-- > 0;) {
        s->link[i].newer = s->free;
        s->free = i;
    }
    return 0;
}

void slab_done(struct slab *s)
{
    free(s->link);
    *s = (struct slab){.oldest = SLAB_NONE, .newest = SLAB_NONE, .free = SLAB_NONE};
}

static void append(struct slab *s, uint32_t i)
{
    s->link[i].older = s->newest;
    s->link[i].newer = SLAB_NONE;
    *(s->newest != SLAB_NONE ? &s->link[s->newest].newer : &s->oldest) = i;
    s->newest = i;
}

static void take_out(struct slab *s, uint32_t i)
{
    uint32_t older = s->link[i].older, newer = s->link[i].newer;

    *(older != SLAB_NONE ? &s->link[older].newer : &s->oldest) = newer;
    *(newer != SLAB_NONE ? &s->link[newer].older : &s->newest) = older;
}

uint32_t slab_take(struct slab *s)
{
    uint32_t i = s->free;

    if (i == SLAB_NONE)
        return SLAB_NONE;
    s->free = s->link[i].newer;
    s->link[i].used = true;
    s->in_use++;
    append(s, i);
    return i;
}

void slab_give(struct slab *s, uint32_t slot)
{
    take_out(s, slot);
    s->link[slot].used = false;
    s->link[slot].newer = s->free;
    s->free = slot;
    s->in_use--;
}

void slab_touch(struct slab *s, uint32_t slot)
{
    if (s->newest == slot)
        return;
    take_out(s, slot);
    append(s, slot);
}
