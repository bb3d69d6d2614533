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
    t->by_ioc = map(t->count * sizeof *t->by_ioc);
    t->free = NONE;
    if (t->slot == NULL || t->bucket == NULL || t->by_ioc == NULL) {
        learned_done(t);
        return -ENOMEM;
    }
    memset(t->bucket, 0xff, t->count * sizeof *t->bucket);
    memset(t->by_ioc, 0xff, t->count * sizeof *t->by_ioc);
    return 0;
}

void learned_done(struct learned_table *t)
{
    if (t->slot != NULL)
        munmap(t->slot, t->count * sizeof *t->slot);
    if (t->bucket != NULL)
        munmap(t->bucket, t->count * sizeof *t->bucket);
    if (t->by_ioc != NULL)
        munmap(t->by_ioc, t->count * sizeof *t->by_ioc);
    t->slot = NULL;
    t->bucket = t->by_ioc = NULL;
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

static uint32_t *head_of_ioc(struct learned_table *t, uint32_t ioc)
{
    return &t->by_ioc[ioc & (t->count - 1)];
}

static void link_ioc(struct learned_table *t, struct learned *e)
{
    uint32_t *head = head_of_ioc(t, e->ioc);

    e->next_of_ioc = *head;
    *head = (uint32_t)(e - t->slot);
}

static void unlink_ioc(struct learned_table *t, const struct learned *e)
{
    uint32_t *link = head_of_ioc(t, e->ioc);

    while (*link != (uint32_t)(e - t->slot))
        link = &t->slot[*link].next_of_ioc;
    *link = e->next_of_ioc;
}

void learned_remove(struct learned_table *t, struct learned *e)
{
    uint32_t self = (uint32_t)(e - t->slot);
    uint32_t *link = &t->bucket[hash_of(t, &e->addr) & (t->count - 1)];

    while (*link != self)
        link = &t->slot[*link].next;
    *link = e->next;
    unlink_ioc(t, e);
    e->used = false;
    e->next = t->free;
    t->free = self;
    t->in_use--;
}

void learned_renumber(struct learned_table *t, struct learned *e, uint32_t ioc)
{
    unlink_ioc(t, e);
    e->ioc = ioc;
    link_ioc(t, e);
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

static bool ioc_is_full(const struct learned_table *t, uint32_t ioc)
{
    unsigned n = 0;

    for (uint32_t i = t->by_ioc[ioc & (t->count - 1)]; i != NONE; i = t->slot[i].next_of_ioc)
        n += t->slot[i].ioc == ioc;
    return n >= LEARNED_PER_IOC_MAX;
}

static bool has_room(const struct learned_table *t, uint32_t ioc)
{
    return (t->free != NONE || t->fresh < t->count) && !ioc_is_full(t, ioc);
}

/* A free slot, or NULL. Whoever keeps the table full must not have it swept at every packet. */
static struct learned *slot_take(struct learned_table *t, uint32_t ioc, uint64_t now_ns)
{
    if (!has_room(t, ioc) && now_ns - t->swept_ns >= SECOND_NS) {
        t->swept_ns = now_ns;
        learned_expire(t, now_ns);
    }
    if (!has_room(t, ioc))
        return NULL;
    uint32_t i = t->free != NONE ? t->free : t->fresh++;
    if (i == t->free)
        t->free = t->slot[i].next;
    return &t->slot[i];
}

/* The entry of the same address, client and indicator, or NULL; `*ret_others`: how many of the address there
 * are that are not out of date. */
static struct learned *find_same(struct learned_table *t, const struct learned *what, uint64_t now_ns,
                                 unsigned *ret_others)
{
    struct learned *e = learned_find(t, &what->addr, 0, NULL);

    for (*ret_others = 0; e != NULL; e = learned_find(t, &what->addr, 0, e)) {
        if (e->ioc == what->ioc && addr_eq(&e->client, &what->client))
            return e;
        *ret_others += e->until_ns > now_ns;
    }
    return NULL;
}

struct learned *learned_add(struct learned_table *t, const struct learned *what, uint32_t ttl_s,
                            uint64_t now_ns)
{
    uint64_t h = hash_of(t, &what->addr), ttl = ttl_s;
    unsigned others;

    ttl = ttl < LEARNED_TTL_LEAST_S  ? LEARNED_TTL_LEAST_S
          : ttl > LEARNED_TTL_MOST_S ? LEARNED_TTL_MOST_S
                                     : ttl;
    uint64_t until_ns = now_ns + ttl * SECOND_NS;
    struct learned *e = find_same(t, what, now_ns, &others);
    if (e != NULL) {
        e->until_ns = until_ns > e->until_ns ? until_ns : e->until_ns;
        return e;
    }
    e = others < LEARNED_PER_ADDR_MAX ? slot_take(t, what->ioc, now_ns) : NULL;
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
    link_ioc(t, e);
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

/* The place of an address, or NULL: a resolver, who both asks and answers, keeps its place for an hour. */
static struct learned_asker *asker_of(struct learned_table *t, const struct addr *a, uint64_t now_ns)
{
    struct learned_asker *k = &t->asker[hash_of(t, a) % LEARNED_ASKERS];
    bool same = addr_eq(&k->addr, a), old = k->since_ns + HOUR_NS < now_ns;

    if (!same && !old && k->answers && k->asked > 0)
        return NULL;
    if (!same || old)
        *k = (struct learned_asker){.addr = *a, .since_ns = now_ns, .answers = same && k->answers};
    return k;
}

void learned_note_query(struct learned_table *t, const struct addr *asker, uint64_t now_ns)
{
    struct learned_asker *k = asker_of(t, asker, now_ns);

    if (k != NULL)
        k->asked++;
}

void learned_note_answer(struct learned_table *t, const struct addr *server, uint64_t now_ns)
{
    struct learned_asker *k = asker_of(t, server, now_ns);

    if (k != NULL)
        k->answers = true;
}

bool learned_is_resolver(const struct learned_table *t, const struct addr *asker)
{
    const struct learned_asker *k = &t->asker[hash_of(t, asker) % LEARNED_ASKERS];

    return addr_eq(&k->addr, asker) && (k->answers || k->asked >= LEARNED_RESOLVER_ASKS);
}
