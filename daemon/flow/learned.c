/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses learned from DNS answers. */
#include "flow/learned.h"

#include <errno.h>
#include <sys/mman.h>

#define NONE      UINT32_MAX
#define HOUR_NS   3600000000000ull
#define SECOND_NS 1000000000ull

static void *map(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

int learned_init(struct learned_table *t, uint32_t count, const struct hash_key *key, uint64_t *counters)
{
    memset(t, 0, sizeof *t);
    for (t->count = 16; t->count < count;)
        t->count *= 2;
    t->key = *key;
    t->counters = counters;
    t->slot = map(t->count * sizeof *t->slot);
    t->bucket = map(t->count * sizeof *t->bucket);
    if (t->slot == NULL || t->bucket == NULL) {
        learned_done(t);
        return -ENOMEM;
    }
    memset(t->bucket, 0xff, t->count * sizeof *t->bucket);
    return 0;
}

void learned_done(struct learned_table *t)
{
    if (t->slot != NULL)
        munmap(t->slot, t->count * sizeof *t->slot);
    if (t->bucket != NULL)
        munmap(t->bucket, t->count * sizeof *t->bucket);
    t->slot = NULL;
    t->bucket = NULL;
}

static uint64_t hash_of(const struct learned_table *t, const struct addr *a)
{
    return hash_word(&t->key, hash_word(&t->key, t->key.k[0], a->w[0]), a->w[1]);
}

static void mark(struct learned_table *t, uint64_t h)
{
    unsigned bit = (unsigned)(h >> 32) % (sizeof t->maybe * 8);
    t->maybe[bit / 64] |= 1ull << bit % 64;
}

bool learned_maybe(const struct learned_table *t, const struct addr *a)
{
    if (t->in_use == 0)
        return false;
    unsigned bit = (unsigned)(hash_of(t, a) >> 32) % (sizeof t->maybe * 8);
    return (t->maybe[bit / 64] >> bit % 64 & 1) != 0;
}

static struct learned *in_bucket(struct learned_table *t, uint32_t i, const struct addr *a)
{
    for (; i != NONE; i = t->slot[i].next)
        if (addr_eq(&t->slot[i].addr, a))
            return &t->slot[i];
    return NULL;
}

struct learned *learned_find(struct learned_table *t, const struct addr *a, uint64_t now_ns,
                             const struct learned *after)
{
    uint32_t i = after != NULL ? after->next : t->bucket[hash_of(t, a) & (t->count - 1)];
    struct learned *e = in_bucket(t, i, a);

    while (e != NULL && e->until_ns <= now_ns)
        e = in_bucket(t, e->next, a);
    return e;
}

void learned_remove(struct learned_table *t, struct learned *e)
{
    uint32_t self = (uint32_t)(e - t->slot);
    uint32_t *link = &t->bucket[hash_of(t, &e->addr) & (t->count - 1)];

    while (*link != NONE && *link != self)
        link = &t->slot[*link].next;
    if (*link == self)
        *link = e->next;
    e->used = false;
    t->in_use--;
}

void learned_expire(struct learned_table *t, uint64_t now_ns)
{
    memset(t->maybe, 0, sizeof t->maybe);
    for (uint32_t i = 0, left = t->in_use; i < t->count && left > 0; i++) {
        struct learned *e = &t->slot[i];
        if (!e->used)
            continue;
        left--;
        if (e->until_ns <= now_ns)
            learned_remove(t, e);
        else
            mark(t, hash_of(t, &e->addr));
    }
}

/* A free slot, unless the table or the indicator's share is full. */
static struct learned *free_slot(struct learned_table *t, uint32_t ioc)
{
    struct learned *free = NULL;
    unsigned of_ioc = 0;

    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->slot[i].used && free == NULL)
            free = &t->slot[i];
        else if (t->slot[i].used && t->slot[i].ioc == ioc)
            of_ioc++;
    }
    return of_ioc < LEARNED_PER_IOC_MAX ? free : NULL;
}

struct learned *learned_add(struct learned_table *t, const struct learned *what, uint32_t ttl_s,
                            uint64_t now_ns)
{
    uint64_t h = hash_of(t, &what->addr), ttl = ttl_s;
    struct learned *e = NULL;

    ttl = ttl < LEARNED_TTL_LEAST_S  ? LEARNED_TTL_LEAST_S
          : ttl > LEARNED_TTL_MOST_S ? LEARNED_TTL_MOST_S
                                     : ttl;
    uint64_t until_ns = now_ns + ttl * SECOND_NS;
    for (e = learned_find(t, &what->addr, 0, NULL); e != NULL; e = learned_find(t, &what->addr, 0, e))
        if (e->ioc == what->ioc && e->generation == what->generation && addr_eq(&e->client, &what->client))
            break;
    if (e != NULL) {
        e->until_ns = until_ns > e->until_ns ? until_ns : e->until_ns;
        return e;
    }
    e = free_slot(t, what->ioc);
    if (e == NULL) {
        learned_expire(t, now_ns);
        e = free_slot(t, what->ioc);
    }
    if (e == NULL) {
        t->counters[COUNT_LEARNED_LIMIT]++;
        return NULL;
    }
    *e = *what;
    e->until_ns = until_ns;
    e->used = true;
    e->suspended = false;
    e->strangers = 0;
    e->next = t->bucket[h & (t->count - 1)];
    t->bucket[h & (t->count - 1)] = (uint32_t)(e - t->slot);
    t->in_use++;
    mark(t, h);
    t->counters[COUNT_LEARNED]++;
    return e;
}

bool learned_stranger(struct learned_table *t, struct learned *e, const struct addr *client, bool *ret_new)
{
    uint32_t h = (uint32_t)hash_of(t, client);

    *ret_new = false;
    if (e->suspended)
        return false;
    for (unsigned i = 0; i < e->strangers; i++)
        if (e->stranger[i] == h)
            return true;
    if (e->strangers < LEARNED_STRANGERS_MAX) {
        e->stranger[e->strangers++] = h;
        return true;
    }
    e->suspended = *ret_new = true;
    t->counters[COUNT_LEARNED_SUSPENDED]++;
    return false;
}

static struct learned_asker *asker_of(struct learned_table *t, const struct addr *a, uint64_t now_ns)
{
    struct learned_asker *k = &t->asker[hash_of(t, a) % LEARNED_ASKERS];

    if (!addr_eq(&k->addr, a) || k->since_ns + HOUR_NS < now_ns) {
        bool answers = addr_eq(&k->addr, a) && k->answers;
        *k = (struct learned_asker){.addr = *a, .since_ns = now_ns, .answers = answers};
    }
    return k;
}

void learned_note_query(struct learned_table *t, const struct addr *asker, uint64_t now_ns)
{
    asker_of(t, asker, now_ns)->asked++;
}

void learned_note_answer(struct learned_table *t, const struct addr *server, uint64_t now_ns)
{
    asker_of(t, server, now_ns)->answers = true;
}

bool learned_is_resolver(const struct learned_table *t, const struct addr *asker)
{
    const struct learned_asker *k = &t->asker[hash_of(t, asker) % LEARNED_ASKERS];

    return addr_eq(&k->addr, asker) && (k->answers || k->asked >= LEARNED_RESOLVER_ASKS);
}
