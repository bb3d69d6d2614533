/* SPDX-License-Identifier: BSD-2-Clause */
/* The flow cache: four-way set associative, evicting by class and then by age. */
#include "flow/flow_cache.h"

#include <errno.h>
#include <stdlib.h>

#define WAYS   4u
#define IDLE_S 120u

_Static_assert(WAYS == 4, "each is named below");

int flow_cache_init(struct flow_cache *c, unsigned entries_log2, uint64_t *counters)
{
    size_t n = (size_t)1 << entries_log2;

    c->entry = aligned_alloc(64, n * sizeof *c->entry);
    if (c->entry == NULL)
        return -ENOMEM;
    memset(c->entry, 0, n * sizeof *c->entry);
    c->set_mask = (uint32_t)(n / WAYS - 1);
    c->counters = counters;
    return 0;
}

void flow_cache_done(struct flow_cache *c)
{
    free(c->entry);
    c->entry = NULL;
}

/* The two directions lie in neighbouring sets: adjacent cache lines. */
static struct flow_entry *set_of(const struct flow_cache *c, struct flow_key k)
{
    return &c->entry[(((uint32_t)(k.hash >> 32) ^ k.dir) & c->set_mask) * WAYS];
}

static uint32_t tag_of(struct flow_key k)
{
    return ((uint32_t)k.hash & ~1u) | 1u << 31 | k.dir; /* that of a free entry is 0 */
}

void flow_cache_prefetch(const struct flow_cache *c, struct flow_key k)
{
    __builtin_prefetch(set_of(c, k));
}

struct flow_entry *flow_cache_find(const struct flow_cache *c, struct flow_key k)
{
    struct flow_entry *set = set_of(c, k);
    uint32_t tag = tag_of(k);
    /* No processor can foresee which of them it is: so no branch for each. */
    unsigned found =
        (set[0].tag == tag) + 2u * (set[1].tag == tag) + 4u * (set[2].tag == tag) + 8u * (set[3].tag == tag);

    return found != 0 ? &set[__builtin_ctz(found)] : NULL;
}

/* How dear an entry is: class first, then how recently it was used, then any number, its place. What was idle
 * for long is worth no more than a SYN. */
static inline uint32_t worth(const struct flow_entry *set, unsigned place, uint16_t now_s)
{
    uint16_t idle_s = (uint16_t)(now_s - set[place].age_s);
    uint32_t most = idle_s > IDLE_S ? FLOW_SYN : FLOW_WATCH, class = set[place].class;

    class = class < most ? class : most;
    return (class << 16 | (idle_s ^ UINT16_MAX)) * WAYS + place;
}

static inline uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct flow_entry *flow_cache_add(struct flow_cache *c, struct flow_key k, enum flow_class class,
                                  uint16_t now_s, struct flow_entry *ret_evicted)
{
    struct flow_entry *set = set_of(c, k);
    uint32_t least = lesser(lesser(worth(set, 0, now_s), worth(set, 1, now_s)),
                            lesser(worth(set, 2, now_s), worth(set, 3, now_s)));
    uint32_t highest = class <= FLOW_DONE ? FLOW_DONE : FLOW_WATCH;
    struct flow_entry *victim = &set[least % WAYS];

    ret_evicted->class = FLOW_FREE;
    if (least / WAYS >> 16 > highest) {
        c->counters[COUNT_FLOW_REFUSED]++;
        return NULL;
    }
    c->counters[COUNT_FLOW_EVICTED] += victim->class > FLOW_DONE;
    c->counters[COUNT_FLOW_FORGOTTEN] += victim->class == FLOW_SYN;
    *ret_evicted = *victim;
    *victim =
        (struct flow_entry){.tag = tag_of(k), .value = FLOW_NONE, .age_s = now_s, .class = (uint8_t) class};
    return victim;
}

/* Of a flow over UDP this may forget a try. */
void flow_cache_unlook(struct flow_cache *c)
{
    for (size_t i = 0; i < ((size_t)c->set_mask + 1) * WAYS; i++)
        c->entry[i].flags &= (uint8_t)~FLOW_LOOKED;
}
