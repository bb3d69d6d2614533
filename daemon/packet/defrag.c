/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reassembly of IP fragments (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722 on overlaps). All memory is taken at the
 * start: a slot for each datagram that may be held, and one for the datagram that was handed out last. A
 * sender of fragments that never complete can only push out the oldest.
 */
#include "packet/defrag.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"

/* Runs of bytes between holes. Whoever sends every other fragment first is no ordinary sender. */
#define PIECES_MAX    64
#define TOTAL_UNKNOWN UINT32_MAX
#define BYTES_MAX     65535u

struct piece {
    uint32_t from, to;
};

struct datagram {
    struct addr src, dst;
    uint64_t path;
    uint32_t id;
    uint8_t proto; /* part of the key with IPv4 only */

    uint8_t first_proto; /* of the fragment at offset 0 */
    uint8_t pieces;      /* sorted, with a hole between any two */
    bool conflict;
    uint32_t total;
    uint64_t first_ns;
    struct piece piece[PIECES_MAX];
    uint8_t *bytes; /* borrowed from defrag.slab */

    struct datagram *chained;       /* next of the same bucket */
    struct datagram *older, *newer; /* by first fragment; `newer` also links what is free */
};

struct defrag {
    struct hash_key key;
    uint64_t *counters; /* borrowed */
    uint64_t timeout_ns;
    uint32_t bytes_max;
    unsigned held, held_max, bucket_mask;
    struct datagram *oldest, *newest, *free;
    struct datagram *lent; /* what the last call returned; the caller still reads it */
    struct datagram **buckets;
    struct datagram *slots;
    uint8_t *slab;
};

struct defrag *defrag_new(unsigned datagrams, uint32_t bytes_max, uint64_t timeout_ns, uint64_t *counters)
{
    struct defrag *d = calloc(1, sizeof *d);
    unsigned buckets = 1;

    if (d == NULL)
        return NULL;
    if (datagrams == 0)
        datagrams = 1;
    while (buckets < datagrams && buckets < 1u << 20)
        buckets *= 2;
    d->counters = counters;
    d->timeout_ns = timeout_ns;
    d->bytes_max = bytes_max < BYTES_MAX ? bytes_max : BYTES_MAX;
    d->held_max = datagrams;
    d->bucket_mask = buckets - 1;
    d->buckets = calloc(buckets, sizeof(*d->buckets));
    d->slots = calloc((size_t)datagrams + 1, sizeof *d->slots);
    d->slab = calloc((size_t)datagrams + 1, d->bytes_max);
    if (d->buckets == NULL || d->slots == NULL || d->slab == NULL) {
        defrag_free(d);
        return NULL;
    }
    for (unsigned i = 0; i <= datagrams; i++) {
        d->slots[i].bytes = d->slab + (size_t)i * d->bytes_max;
        d->slots[i].newer = d->free;
        d->free = &d->slots[i];
    }
    /* Results do not depend on the key, only how long a chain an attacker can make. */
    if (getrandom(&d->key, sizeof d->key, GRND_NONBLOCK) != (ssize_t)sizeof d->key)
        d->key = (struct hash_key){{(uintptr_t)d, (uintptr_t)d->slab}};
    return d;
}

void defrag_free(struct defrag *d)
{
    if (d == NULL)
        return;
    free(d->buckets);
    free(d->slots);
    free(d->slab);
    free(d);
}

static struct datagram **bucket_of(struct defrag *d, const struct addr *src, const struct addr *dst,
                                   uint64_t path, uint32_t id)
{
    uint64_t h = d->key.k[0];

    h = hash_word(&d->key, h, src->w[0]);
    h = hash_word(&d->key, h, src->w[1]);
    h = hash_word(&d->key, h, dst->w[0]);
    h = hash_word(&d->key, h, dst->w[1]);
    h = hash_word(&d->key, h, path ^ (uint64_t)id << 32);
    return &d->buckets[h & d->bucket_mask];
}

static void release(struct defrag *d, struct datagram *g)
{
    g->newer = d->free;
    d->free = g;
}

static void unlink_datagram(struct defrag *d, struct datagram *g)
{
    struct datagram **at = bucket_of(d, &g->src, &g->dst, g->path, g->id);

    while (*at != g)
        at = &(*at)->chained;
    *at = g->chained;
    *(g->older != NULL ? &g->older->newer : &d->oldest) = g->newer;
    *(g->newer != NULL ? &g->newer->older : &d->newest) = g->older;
    d->held--;
}

static void give_up(struct defrag *d, struct datagram *g)
{
    unlink_datagram(d, g);
    release(d, g);
    d->counters[COUNT_FRAGMENTS_LOST]++;
}

static void expire(struct defrag *d, uint64_t now_ns)
{
    while (d->oldest != NULL && now_ns > d->oldest->first_ns && now_ns - d->oldest->first_ns > d->timeout_ns)
        give_up(d, d->oldest);
}

static struct datagram *find(struct defrag *d, const struct fragment *f, struct datagram **bucket)
{
    for (struct datagram *g = *bucket; g != NULL; g = g->chained)
        if (g->id == f->id && g->path == f->path && addr_eq(&g->src, &f->src) && addr_eq(&g->dst, &f->dst) &&
            (g->proto == f->proto || !addr_is_v4(&f->src)))
            return g;
    return NULL;
}

static struct datagram *hold(struct defrag *d, const struct fragment *f)
{
    if (d->held == d->held_max)
        give_up(d, d->oldest);
    struct datagram **bucket = bucket_of(d, &f->src, &f->dst, f->path, f->id);
    struct datagram *g = d->free;
    d->free = g->newer;
    g->src = f->src;
    g->dst = f->dst;
    g->path = f->path;
    g->id = f->id;
    g->proto = f->proto;
    g->pieces = 0;
    g->conflict = false;
    g->total = TOTAL_UNKNOWN;
    g->first_ns = f->ts_ns;
    g->chained = *bucket;
    *bucket = g;
    g->newer = NULL;
    g->older = d->newest;
    *(d->newest != NULL ? &d->newest->newer : &d->oldest) = g;
    d->newest = g;
    d->held++;
    return g;
}

static void contradict(struct defrag *d, struct datagram *g)
{
    if (!g->conflict)
        d->counters[COUNT_FRAGMENTS_CONFLICT]++;
    g->conflict = true;
}

/* Copies what falls into holes and compares the rest with what is there. */
static void fill_holes(struct defrag *d, struct datagram *g, struct piece new, const uint8_t *bytes)
{
    uint32_t at = new.from;

    for (unsigned i = 0; i < g->pieces && at < new.to; i++) {
        struct piece old = g->piece[i];
        if (old.to <= at)
            continue;
        if (old.from >= new.to)
            break;
        if (old.from > at) {
            memcpy(g->bytes + at, bytes + (at - new.from), old.from - at);
            at = old.from;
        }
        uint32_t end = old.to < new.to ? old.to : new.to;
        if (memcmp(g->bytes + at, bytes + (at - new.from), end - at) != 0)
            contradict(d, g);
        at = end;
    }
    if (at < new.to)
        memcpy(g->bytes + at, bytes + (at - new.from), new.to - at);
}

/* Notes that `new` is there. False when that would need more pieces than are allowed. */
static bool note_piece(struct datagram *g, struct piece new)
{
    unsigned first = 0, after;

    while (first < g->pieces && g->piece[first].to < new.from)
        first++;
    for (after = first; after < g->pieces && g->piece[after].from <= new.to; after++) {
        if (g->piece[after].from < new.from)
            new.from = g->piece[after].from;
        if (g->piece[after].to > new.to)
            new.to = g->piece[after].to;
    }
    if (after == first && g->pieces == PIECES_MAX)
        return false;
    memmove(&g->piece[first + 1], &g->piece[after], (g->pieces - after) * sizeof *g->piece);
    g->piece[first] = new;
    g->pieces = (uint8_t)(g->pieces + 1 + first - after);
    return true;
}

/* Where the datagram ends is what its first "last" fragment says (a later one may lie). */
static void note_end(struct defrag *d, struct datagram *g, uint32_t to, bool more)
{
    if (!more && g->total == TOTAL_UNKNOWN) {
        g->total = to;
        if (g->pieces > 0 && g->piece[g->pieces - 1].to > to)
            contradict(d, g);
    } else if (more ? to > g->total : to != g->total) {
        contradict(d, g);
    }
}

/* The datagram, if it is whole now: it is then no longer held, but not free either. */
static struct datagram *add(struct defrag *d, const struct fragment *f)
{
    /* Only the last may have a length that is no multiple of eight. */
    uint32_t len = (uint32_t)(f->more ? f->bytes.len & ~(size_t)7 : f->bytes.len);
    struct datagram *g = find(d, f, bucket_of(d, &f->src, &f->dst, f->path, f->id));

    if (len == 0)
        return NULL;
    if (f->bytes.len > d->bytes_max || f->offset > d->bytes_max - len) {
        if (g != NULL)
            give_up(d, g);
        else
            d->counters[COUNT_FRAGMENTS_LOST]++;
        return NULL;
    }
    if (g == NULL)
        g = hold(d, f);
    struct piece new = {f->offset, f->offset + len};
    note_end(d, g, new.to, f->more);
    if (f->offset == 0 && (g->pieces == 0 || g->piece[0].from != 0))
        g->first_proto = f->proto;
    fill_holes(d, g, new, f->bytes.at);
    if (!note_piece(g, new)) {
        give_up(d, g);
        return NULL;
    }
    if (g->piece[0].from != 0 || g->piece[0].to < g->total)
        return NULL;
    unlink_datagram(d, g);
    return g;
}

bool defrag_add(struct defrag *d, const struct fragment *f, struct span *ret, uint8_t *ret_proto)
{
    expire(d, f->ts_ns);
    struct datagram *whole = add(d, f);
    /* Only now: a fragment may lie inside the datagram that was handed out (a tunnel whose packets were
     * fragmented outside and inside). */
    if (d->lent != NULL)
        release(d, d->lent);
    d->lent = whole;
    if (whole == NULL)
        return false;
    d->counters[COUNT_FRAGMENTS_DONE]++;
    *ret = span_of(whole->bytes, whole->total);
    *ret_proto = whole->first_proto;
    return true;
}
