/* SPDX-License-Identifier: BSD-2-Clause */
/* The flow cache: four-way set associative, evicting by class and then by age. */
#include "flow/flow_cache.h"

#include <errno.h>
#include <stdlib.h>

#define IDLE_S 120u

_Static_assert(FLOW_WAYS == 4, "each is named below");

int flow_cache_init(struct flow_cache *c, unsigned entries_log2, uint64_t *counters)
{
    size_t sets = ((size_t)1 << entries_log2) / FLOW_WAYS;

    c->set = aligned_alloc(sizeof *c->set, sets * sizeof *c->set);
    if (c->set == NULL)
        return -ENOMEM;
    memset(c->set, 0, sets * sizeof *c->set);
    c->set_mask = (uint32_t)(sets - 1);
    c->counters = counters;
    return 0;
}

void flow_cache_done(struct flow_cache *c)
{
    free(c->set);
    c->set = NULL;
}

/* How dear an entry is: class first, then how recently it was used, then any number, its place. What was idle
 * for long is worth no more than a SYN. */
static inline uint32_t worth(const struct flow_set *set, unsigned place, uint16_t now_s)
{
    const struct flow_entry *e = &set->entry[place];
    uint16_t idle_s = (uint16_t)(now_s - e->age_s);
    uint32_t most = idle_s > IDLE_S ? FLOW_SYN : FLOW_WATCH, class = e->class;

    class = class < most ? class : most;
    return (class << 16 | (idle_s ^ UINT16_MAX)) * FLOW_WAYS + place;
}

static inline uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct flow_entry *flow_cache_add(struct flow_cache *c, struct flow_key k, enum flow_class class,
                                  uint16_t now_s, struct flow_entry *ret_evicted)
{
    struct flow_set *set = flow_cache_set(c, k);
    uint32_t least = lesser(lesser(worth(set, 0, now_s), worth(set, 1, now_s)),
                            lesser(worth(set, 2, now_s), worth(set, 3, now_s)));
    uint32_t highest = class <= FLOW_DONE ? FLOW_DONE : FLOW_WATCH;
    unsigned place = least % FLOW_WAYS;
    struct flow_entry *victim = &set->entry[place];

    ret_evicted->class = FLOW_FREE;
    if (least / FLOW_WAYS >> 16 > highest) {
        c->counters[COUNT_FLOW_REFUSED]++;
        return NULL;
    }
    c->counters[COUNT_FLOW_EVICTED] += victim->class > FLOW_DONE;
    c->counters[COUNT_FLOW_FORGOTTEN] += victim->class == FLOW_SYN;
    *ret_evicted = *victim;
    *victim = (struct flow_entry){.value = FLOW_NONE, .age_s = now_s, .class = class & 0xf};
    set->tag[place] = flow_cache_tag(k);
    return victim;
}

void flow_cache_free(struct flow_cache *c, struct flow_key k)
{
    struct flow_entry *e = flow_cache_find(c, k);
    struct flow_set *set = flow_cache_set(c, k);

    if (e == NULL)
        return;
    e->class = FLOW_FREE;
    set->tag[e - set->entry] = 0;
}

void flow_cache_unlook(struct flow_cache *c)
{
    for (size_t i = 0; i <= c->set_mask; i++)
        for (unsigned place = 0; place < FLOW_WAYS; place++)
            c->set[i].entry[place].flags &= (uint8_t)~FLOW_LOOKED;
}
