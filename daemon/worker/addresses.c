/* SPDX-License-Identifier: BSD-2-Clause */
/* Flows that are known by their addresses: listed ones, and those that DNS gave for a listed name. */
#include <netinet/in.h>

#include "worker/worker.h"

#define SECOND_NS  1000000000ull
#define WELL_KNOWN 1024

static bool opener_known(const struct watch *watch, unsigned dir, bool *ret_this_end)
{
    uint8_t flags = watch->inner[dir].flags, back = watch->inner[dir ^ 1].flags;

    *ret_this_end = (flags & FLOW_OPENER) != 0 || (back & FLOW_ANSWERER) != 0;
    return *ret_this_end || (flags & FLOW_ANSWERER) != 0 || (back & FLOW_OPENER) != 0;
}

/* A flow that cannot be watched is told at most once a minute. */
static bool told_lately(struct worker *w, struct flow_key key)
{
    uint32_t digest = (uint32_t)(key.hash >> 32), now_s = (uint32_t)(w->now_ns / SECOND_NS);
    unsigned i = (unsigned)key.hash % WORKER_TOLD;

    if (w->told[i].digest == digest && now_s - w->told[i].time_s < 60)
        return true;
    w->told[i].digest = digest;
    w->told[i].time_s = now_s;
    return false;
}

static bool is_home(const struct worker *w, const struct addr *a)
{
    for (uint32_t i = 0; i < w->config.homes; i++)
        if (prefix_has(&w->config.home[i], a))
            return true;
    return false;
}

/* Whether the listed end opened the flow. TCP tells by its SYN; else the port numbers and what is home must
 * do. */
static bool listed_opened(const struct worker *w, struct watch *watch, const struct packet *p,
                          bool listed_sends)
{
    const struct addr *ours = listed_sends ? &p->dst : &p->src;
    uint16_t listed_port = listed_sends ? p->src_port : p->dst_port,
             our_port = listed_sends ? p->dst_port : p->src_port;
    bool this_end;

    if (p->ip_proto == IPPROTO_TCP && (p->tcp_flags & TCP_SYN) != 0) {
        watch->opened = true;
        return listed_sends == ((p->tcp_flags & TCP_ACK) == 0);
    }
    if (p->ip_proto == IPPROTO_TCP && opener_known(watch, watch->client_dir, &this_end)) {
        watch->opened = true;
        return !this_end;
    }
    if (p->ip_proto != IPPROTO_TCP && !listed_sends)
        return false;
    return is_home(w, ours) && our_port != 0 && our_port < WELL_KNOWN && listed_port >= WELL_KNOWN;
}

/* Records a sighting of a flow that cannot be watched. */
static void tell_unwatched(struct worker *w, const struct packet *p, struct flow_key key, struct match match,
                           bool listed_sends, uint16_t flags)
{
    struct record r = {
        .kind = RECORD_SIGHTING, .via = VIA_FLOW, .match = match.how, .ioc = match.ioc, .is_addr = 1};

    if (told_lately(w, key))
        return;
    worker_record_ends(&r, p, key, listed_sends);
    r.value_addr = listed_sends ? p->src : p->dst;
    r.stage = STAGE_ATTEMPTED;
    r.flags = flags | RECORD_GUESSED;
    w->counters[COUNT_SIGHTINGS]++;
    worker_emit(w, &r);
}

static void listed_address(struct worker *w, const struct packet *p, struct flow_key key, struct match match,
                           bool listed_sends, uint16_t flags)
{
    unsigned client_dir = listed_sends ? key.dir ^ 1 : key.dir;
    struct watch *watch = follow_make(w, p, key, client_dir);

    if (watch == NULL) {
        tell_unwatched(w, p, key, match, listed_sends, flags);
        return;
    }
    struct watch_hit *hit = follow_hit(w, watch, match, VIA_FLOW, flags);
    if (hit == NULL)
        return;
    hit->is_addr = true;
    hit->addr = listed_sends ? p->src : p->dst;
    watch->listed_opened = listed_opened(w, watch, p, listed_sends);
    watch->progress = watch->listed_opened ? WATCH_KNOCKED : WATCH_ATTEMPTED;
    watch_packet(watch, key.dir, p, false);
    follow_tell(w, watch, hit, NULL);
}

static bool is_dns(const struct worker *w, const struct packet *p)
{
    for (unsigned i = 0; i < proto_count; i++)
        if (protos[i]->udp != NULL && starts_named(&w->config, i, starts_ports(p)))
            return true;
    return p->src_port == 853 || p->dst_port == 853; /* DNS over TLS (RFC 7858) */
}

/* A learned entry that speaks for this client: its own, else a resolver's that asked for others. */
static struct learned *entry_for(struct worker *w, const struct addr *server, const struct addr *client,
                                 bool *ret_own)
{
    struct learned *via_resolver = NULL;

    for (struct learned *e = learned_find(&w->learned, server, w->now_ns, NULL); e != NULL;
         e = learned_find(&w->learned, server, w->now_ns, e)) {
        *ret_own = addr_eq(&e->client, client);
        if (*ret_own)
            return e;
        /* Where the one who really asked was seen, the resolver's question was on its behalf. */
        if (!learned_is_resolver(&w->learned, &e->client))
            return NULL;
        via_resolver = e;
    }
    return via_resolver;
}

/* QUIC shows a name; where it could not be read (its first packet was missed), the flow is not nameless. */
static bool may_be_quic(const struct packet *p)
{
    return p->ip_proto == IPPROTO_UDP && p->dst_port == 443;
}

/* A connection that our end opens to an address that DNS gave for a listed name: pending until it shows a
 * name, or none. */
static void learned_address(struct worker *w, const struct packet *p, struct flow_key key, uint16_t flags)
{
    bool own = false, suspended_now = false;

    if (p->src_port == 0 || is_dns(w, p))
        return;
    struct learned *e = entry_for(w, &p->dst, &p->src, &own);
    if (e == NULL || (!own && may_be_quic(p)))
        return;
    if (!own && !learned_stranger(&w->learned, e, &p->src, &suspended_now)) {
        if (suspended_now)
            worker_notice(w, NOTICE_LEARNED_SUSPENDED, e->strangers, e->ioc);
        return;
    }
    struct watch *watch = follow_make(w, p, key, key.dir);
    if (watch == NULL)
        return;
    struct match match = match_name(w->image, span_of(e->name, e->name_len));
    struct watch_hit *hit = !match_found(match) ? NULL
                                                : follow_hit(w, watch, match, VIA_LEARNED,
                                                             flags | (own ? 0 : RECORD_VIA_RESOLVER));
    if (hit == NULL)
        return;
    hit->pending = true;
    hit->raise_only = e->shared;
    follow_hit_name(hit, span_of(e->name, e->name_len));
    watch->opened = p->ip_proto == IPPROTO_TCP;
    watch->listed_opened = false;
    watch->progress = WATCH_ATTEMPTED;
    watch_packet(watch, key.dir, p, false);
}

bool addresses_look(struct worker *w, const struct packet *p, struct flow_key key, uint16_t flags)
{
    const struct image *im = w->image;
    static const struct match none;

    if (!addresses_maybe(w, p))
        return false;
    struct match to = match_addr_maybe(im, &p->dst) ? match_addr(im, &p->dst) : none;
    struct match from = match_addr_maybe(im, &p->src) ? match_addr(im, &p->src) : none;
    if (match_found(to))
        listed_address(w, p, key, to, false, flags);
    else if (match_found(from))
        listed_address(w, p, key, from, true, flags);
    else if (addresses_learned(w, p))
        learned_address(w, p, key, flags);
    else
        return false;
    return true;
}

static bool is_shared(const struct image *im, const struct addr *a)
{
    bool shared = false;

    return image_hosting(im, a, NULL, &shared) && shared;
}

void addresses_rematch(struct worker *w)
{
    for (uint32_t i = 0; i < w->learned.count && w->learned.in_use > 0; i++) {
        struct learned *e = &w->learned.slot[i];
        if (!e->used)
            continue;
        struct match now = match_name(w->image, span_of(e->name, e->name_len));
        if (!match_found(now) || image_answer(w->image, &e->addr, NULL) != ANSWER_REAL) {
            learned_remove(&w->learned, e);
            continue;
        }
        learned_renumber(&w->learned, e, now.ioc);
        e->shared = is_shared(w->image, &e->addr);
    }
}

static struct learned *learn(struct worker *w, const struct addr *addr, const struct addr *client,
                             struct match match, struct span name, uint32_t ttl_s)
{
    struct learned what = {.addr = *addr, .client = *client, .ioc = match.ioc};

    if (name.len == 0 || name.len > sizeof what.name)
        return NULL;
    what.shared = is_shared(w->image, addr);
    what.name_len = (uint16_t)name.len;
    memcpy(what.name, name.at, name.len);
    return learned_add(&w->learned, &what, ttl_s, w->now_ns);
}

void addresses_learn(struct message *m, const struct observation *o, struct match hit, struct span name)
{
    struct worker *w = m->w;
    struct record r = {
        .kind = RECORD_LEARNED, .via = VIA_DNS_ADDRESS, .match = hit.how, .ioc = hit.ioc, .is_addr = 1};

    if (addr_is_group(&m->p->dst) || addr_is_group(&m->p->src))
        return;
    if (learn(w, &o->addr, &m->p->dst, hit, name, o->ttl_s) == NULL)
        return;
    worker_record_ends(&r, m->p, m->key, true);
    r.value_addr = o->addr;
    r.value = name;
    r.ttl_s = o->ttl_s;
    worker_emit(w, &r);
}

void addresses_learn_remote(struct worker *w, const struct worker_message *msg)
{
    struct span name = span_str(msg->learned.name);
    struct match match = w->image != NULL ? match_name(w->image, name) : (struct match){.how = MATCH_NONE};

    if (match_found(match))
        learn(w, &msg->learned.addr, &msg->learned.client, match, name, msg->number);
}
