/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows that matched: followed until they end, told when they get further. */
#include <netinet/in.h>

#include "worker/observe.h"

#define SECOND_NS   1000000000ull
#define PENDING_NS  (5 * SECOND_NS)  /* a flow that has shown no name by then shows none */
#define PROGRESS_NS (60 * SECOND_NS) /* bytes of long flows are told so often */
#define IDLE_NS     (300 * SECOND_NS)

static const uint8_t stage_of[] = {
    [WATCH_KNOCKED] = STAGE_SCANNED,
    [WATCH_ATTEMPTED] = STAGE_ATTEMPTED,
    [WATCH_CONNECTED] = STAGE_CONNECTED,
    [WATCH_EXCHANGED] = STAGE_EXCHANGED,
};

struct watch *follow_of(struct worker *w, const struct flow_entry *e)
{
    return e != NULL && e->class == FLOW_WATCH ? watches_at(&w->watches, e->value) : NULL;
}

struct watch *follow_find(struct worker *w, struct flow_key key)
{
    return follow_of(w, flow_cache_find(&w->cache, key));
}

static uint64_t bytes_of(const struct watch *watch)
{
    return watch->side[0].bytes + watch->side[1].bytes;
}

void follow_tell(struct worker *w, struct watch *watch, struct watch_hit *hit, const struct observation *o)
{
    const struct packet *p = &watch->origin;
    bool from_server = flow_key_of(&w->config.key, p).dir != watch->client_dir;
    struct record r = {.kind = RECORD_SIGHTING, .via = hit->via, .match = hit->match, .ioc = hit->ioc};

    worker_record_ends(&r, p, watch->key, from_server);
    r.stage = stage_of[watch->progress];
    r.proto = hit->proto;
    r.bytes_out = watch->side[watch->client_dir].bytes;
    r.bytes_in = watch->side[watch->client_dir ^ 1].bytes;
    r.flags = hit->flags | (watch->opened ? 0 : RECORD_GUESSED) |
              (watch->listed_opened ? RECORD_INBOUND : 0) |
              (hit->told > 0 || hit->raise_only ? RECORD_UPDATE : 0);
    r.is_addr = hit->is_addr;
    if (hit->is_addr)
        r.value_addr = hit->addr;
    else
        r.value = span_of(hit->name, hit->name_len);
    if (o != NULL) {
        r.attrs = o->attrs;
        memcpy(r.attr, o->attr, o->attrs * sizeof *o->attr);
    }
    if (hit->told == 0)
        w->counters[COUNT_SIGHTINGS]++;
    hit->told = (uint8_t)(watch->progress + 1);
    worker_emit(w, &r);
    hit->flags &= (uint16_t)~RECORD_COPY;
}

static void tell_all(struct worker *w, struct watch *watch)
{
    for (unsigned i = 0; i < watch->hits; i++)
        if (!watch->hit[i].pending)
            follow_tell(w, watch, &watch->hit[i], NULL);
    watch->told_bytes = bytes_of(watch);
    watch->told_ns = w->now_ns;
}

/*
 * Takes over what the flow cache knows of one direction, and points its entry here. This may happen while a
 * message is parsed, so a stream that loses its entry is not parsed now: it stays in the slab, where the next
 * tick tells what it holds.
 */
static void adopt(struct worker *w, struct watch *watch, struct flow_key key)
{
    struct flow_entry evicted = {.class = FLOW_FREE};
    struct flow_entry *e = flow_cache_find(&w->cache, key);

    if (e != NULL && e->class == FLOW_WATCH)
        return;
    if (e == NULL)
        e = flow_cache_add(&w->cache, key, FLOW_WATCH, worker_now_s(w), &evicted);
    else
        watch->inner[key.dir] = *e;
    if (e == NULL)
        return;
    e->flags &= (uint8_t)~FLOW_LOOKED;
    watch->inner[key.dir].flags &= (uint8_t)~FLOW_LOOKED;
    const struct flow_entry *inner = &watch->inner[key.dir];
    if (inner->class != FLOW_FREE && (inner->flags & FLOW_MIDSTREAM) == 0)
        watch_base(watch, key.dir, inner->seq);
    e->class = FLOW_WATCH;
    e->value = watches_slot(&w->watches, watch);
    struct watch *other = evicted.class == FLOW_WATCH ? watches_at(&w->watches, evicted.value) : NULL;
    if (other != NULL)
        follow_release(w, other);
}

struct watch *follow_make(struct worker *w, const struct packet *p, struct flow_key key, unsigned client_dir)
{
    struct watch *watch = follow_find(w, key);
    if (watch != NULL)
        return watch;
    watch = watches_new(&w->watches, key);
    if (watch == NULL) {
        struct watch *oldest = watches_oldest(&w->watches);
        if (oldest->last_ns + IDLE_NS > w->now_ns) {
            w->counters[COUNT_WATCH_LIMIT]++;
            return NULL;
        }
        follow_release(w, oldest);
        watch = watches_new(&w->watches, key);
    }
    watch->client_dir = client_dir;
    watch->told_ns = watch->last_ns = w->now_ns;
    watch->origin = *p;
    adopt(w, watch, key);
    adopt(w, watch, flow_key_back(key));
    return watch;
}

struct watch_hit *follow_hit(struct worker *w, struct watch *watch, struct match match, enum via via,
                             uint16_t flags)
{
    for (unsigned i = 0; i < watch->hits; i++)
        if (watch->hit[i].ioc == match.ioc && !watch->hit[i].pending)
            return NULL;
    if (watch->hits == WATCH_HITS_MAX)
        return NULL;
    struct watch_hit *hit = &watch->hit[watch->hits++];
    memset(hit, 0, offsetof(struct watch_hit, name));
    hit->ioc = match.ioc;
    hit->match = match.how;
    hit->via = (uint8_t)via;
    hit->flags = flags;
    return hit;
}

static void hit_remove(struct watch *watch, unsigned i)
{
    watch->hits--;
    if (i != watch->hits)
        watch->hit[i] = watch->hit[watch->hits];
}

void follow_hit_name(struct watch_hit *hit, struct span name)
{
    hit->name_len = (uint16_t)(name.len < sizeof hit->name ? name.len : sizeof hit->name);
    memcpy(hit->name, name.at, hit->name_len);
}

void follow_name(struct message *m, struct observation *o, struct match match, uint16_t flags)
{
    struct worker *w = m->w;
    unsigned client_dir = m->key.dir ^ (o->from_server ? 1u : 0u);
    struct watch *watch = follow_make(w, m->p, m->key, client_dir);

    if (watch == NULL) {
        observe_sighting(m, o, match, STAGE_CONNECTED, flags);
        return;
    }
    bool fresh = watch->hits == 0;
    struct watch_hit *hit = follow_hit(w, watch, match, o->via, m->flags | flags);
    if (hit == NULL)
        return;
    follow_hit_name(hit, o->name);
    hit->proto = (uint8_t)(m->proto + 1);
    if (fresh) {
        watch->client_dir = client_dir; /* whoever sends the hello is the client */
        watch->opened = true;
        watch_packet(watch, m->key.dir, m->p, (m->flags & RECORD_COPY) != 0);
    }
    if (watch->progress < WATCH_CONNECTED)
        watch->progress = WATCH_CONNECTED;
    watch->origin = *m->p;
    observation_complete(o);
    follow_tell(w, watch, hit, o);
}

/*
 * With Encrypted Client Hello (RFC 9849) the name shown is only an outer one: its client never asked DNS for
 * it. A client that only pretends (GREASE) shows the name that it asked for.
 */
static bool is_outer_name(const struct message *m, const struct observation *o)
{
    const struct worker *w = m->w;
    bool ech = false;

    for (unsigned i = 0; i < o->attrs; i++)
        ech |= o->attr[i].key == ATTR_ECH;
    return ech && !transactions_name_asked(&w->transactions, &w->config.key, &m->p->src,
                                           name_text_hash(&w->config.key, o->name), w->now_ns);
}

bool follow_named(struct message *m, const struct observation *o)
{
    struct watch *watch = follow_find(m->w, m->key);
    bool outer = is_outer_name(m, o);

    if (watch == NULL)
        return outer;
    struct match shown = match_name(m->w->image, o->name);
    for (unsigned i = 0; i < watch->hits;) {
        struct watch_hit *hit = &watch->hit[i];
        bool same = shown.how != MATCH_NONE && shown.ioc == hit->ioc;
        bool asked_itself = (hit->flags & RECORD_VIA_RESOLVER) == 0;
        if (!hit->pending || (outer && asked_itself && !same)) {
            i++;
            continue;
        }
        m->w->counters[COUNT_LEARNED_OVERRULED] += !same;
        hit_remove(watch, i);
    }
    if (outer)
        follow_nameless(m->w, m->key);
    return outer;
}

static void settle_pending(struct worker *w, struct watch *watch)
{
    for (unsigned i = 0; i < watch->hits; i++) {
        if (!watch->hit[i].pending)
            continue;
        watch->hit[i].pending = false;
        follow_tell(w, watch, &watch->hit[i], NULL);
    }
}

void follow_nameless(struct worker *w, struct flow_key key)
{
    struct watch *watch = follow_find(w, key);

    if (watch != NULL && watch->client_dir == key.dir)
        settle_pending(w, watch);
}

void follow_packet(struct worker *w, struct watch *watch, const struct packet *p, struct flow_key key,
                   uint16_t flags)
{
    bool rose = watch_packet(watch, key.dir, p, (flags & RECORD_COPY) != 0);
    bool ends = (p->tcp_flags & (TCP_FIN | TCP_RST)) != 0 && p->ip_proto == IPPROTO_TCP;
    bool due = watch->told_bytes != bytes_of(watch) && (ends || w->now_ns > watch->told_ns + PROGRESS_NS);

    watch->origin = *p;
    watches_touch(&w->watches, watch);
    if (ends && (p->tcp_flags & TCP_RST) != 0)
        settle_pending(w, watch);
    watch->last_ns = w->now_ns;
    if (rose || due)
        tell_all(w, watch);
}

void follow_release(struct worker *w, struct watch *watch)
{
    struct flow_key key = watch->key;

    settle_pending(w, watch);
    if (watch->told_bytes != bytes_of(watch))
        tell_all(w, watch);
    for (unsigned i = 0; i < 2; i++, key = flow_key_back(key)) {
        struct flow_entry *e = flow_cache_find(&w->cache, key);
        if (e == NULL || e->class != FLOW_WATCH || e->value != watches_slot(&w->watches, watch))
            continue;
        *e = watch->inner[key.dir];
        if (e->class == FLOW_FREE)
            flow_cache_free(&w->cache, key);
    }
    watches_free(&w->watches, watch);
}

void follow_tick(struct worker *w)
{
    for (uint32_t i = w->watches.slab.oldest; i != SLAB_NONE; i = slab_newer(&w->watches.slab, i)) {
        struct watch *watch = &w->watches.slot[i];
        if (watch->last_ns + PENDING_NS <= w->now_ns)
            settle_pending(w, watch);
        /* Not left to its release, long after: records bear the time of their packets, and main's clock in
         * replay follows them. */
        if (watch->last_ns + PROGRESS_NS <= w->now_ns && watch->told_bytes != bytes_of(watch))
            tell_all(w, watch);
    }
}

void follow_finish(struct worker *w)
{
    for (struct watch *watch; (watch = watches_oldest(&w->watches)) != NULL;)
        follow_release(w, watch);
}

void follow_rematch(struct worker *w)
{
    for (uint32_t i = w->watches.slab.oldest; i != SLAB_NONE; i = slab_newer(&w->watches.slab, i)) {
        struct watch *watch = &w->watches.slot[i];
        for (unsigned h = 0; h < watch->hits;) {
            struct watch_hit *hit = &watch->hit[h];
            struct match now = observe_match(w, hit->via, span_of(hit->name, hit->name_len),
                                             hit->is_addr ? &hit->addr : NULL);
            if (!match_found(now)) {
                hit_remove(watch, h);
                continue;
            }
            hit->ioc = now.ioc;
            hit->match = now.how;
            h++;
        }
    }
}
