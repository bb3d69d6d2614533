/* SPDX-License-Identifier: BSD-2-Clause */
/* From a parsed message to records: each observation is matched; what matched, or is to be recorded, goes
 * into a ring. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "worker/worker.h"

static void wake_main(struct worker *w)
{
    uint64_t one = 1;

    if (w->wake_fd >= 0 && write(w->wake_fd, &one, sizeof one) < 0)
        return; /* full: main has been woken already */
}

/* Replay waits until main has read; the wait ends when main is gone. */
static bool put_waiting(struct worker *w, struct ring *ring, uint32_t len)
{
    while (!ring_put(ring, w->record, len)) {
        if (!w->config.wait)
            return false;
        wake_main(w);
        struct pollfd gone = {.fd = w->control, .events = 0};
        if (poll(&gone, 1, 1) > 0 && (gone.revents & (POLLHUP | POLLERR)) != 0)
            return false;
    }
    return true;
}

void worker_emit(struct worker *w, struct record *r)
{
    bool observation = r->kind == RECORD_OBSERVATION;
    struct ring *ring = observation ? &w->observations : &w->sightings;

    r->seq = w->seq++;
    r->generation = w->generation;
    uint32_t len = record_pack(r, w->record);
    if (!put_waiting(w, ring, len))
        w->counters[observation ? COUNT_RING_OBSERVATIONS_LOST : COUNT_RING_SIGHTINGS_LOST]++;
    if (ring_wants_wake(ring))
        wake_main(w);
}

void worker_notice(struct worker *w, enum notice notice, uint64_t a, uint64_t b)
{
    struct record r = {.kind = RECORD_NOTICE,
                       .ioc = RECORD_NO_IOC,
                       .notice = (uint8_t)notice,
                       .number = {a, b}};

    r.ts_ns = w->packet_ns;
    worker_emit(w, &r);
}

void worker_record_ends(struct record *r, const struct packet *p, struct flow_key key, bool from_server)
{
    r->ts_ns = p->ts_ns;
    r->packet = p->number;
    r->source = p->source;
    r->flow_id = flow_key_id(key);
    r->client = from_server ? p->dst : p->src;
    r->server = from_server ? p->src : p->dst;
    r->client_port = from_server ? p->dst_port : p->src_port;
    r->server_port = from_server ? p->src_port : p->dst_port;
    r->ip_proto = p->ip_proto;
    r->vlans = p->vlans;
    memcpy(r->vlan, p->vlan, sizeof r->vlan);
    r->tunnel_depth = p->tunnel_depth;
    r->tunnel_path = p->tunnel_path;
    r->tunnel_id = p->tunnel_id;
    if (p->tunnel_depth > 0) {
        r->tunnel_src = p->tunnel_src;
        r->tunnel_dst = p->tunnel_dst;
    }
}

static void record_of(struct record *r, const struct message *m, const struct observation *o)
{
    *r = (struct record){.via = o->via,
                         .ioc = RECORD_NO_IOC,
                         .flags = m->flags,
                         .proto = (uint8_t)(m->proto + 1)};
    worker_record_ends(r, m->p, m->key, o->from_server);
    r->is_addr = o->is_addr;
    if (o->is_addr)
        r->value_addr = o->addr;
    else
        r->value = o->name;
    r->attrs = o->attrs;
    memcpy(r->attr, o->attr, o->attrs * sizeof *o->attr);
}

static struct span attr_of(const struct observation *o, enum attr_key key)
{
    for (unsigned i = 0; i < o->attrs; i++)
        if (o->attr[i].key == key)
            return o->attr[i].value;
    return span_of(NULL, 0);
}

/* Records whose target serves the name that was asked for, so that its addresses are the name's, too. */
static bool is_alias(const struct observation *o)
{
    static const char *const aliases[] = {"CNAME", "DNAME", "SVCB", "HTTPS"};
    struct span type = attr_of(o, ATTR_RRTYPE);

    for (unsigned i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (span_eq(type, span_str(aliases[i])))
            return true;
    return false;
}

static void emit_sighting(const struct message *m, const struct observation *o, struct match hit,
                          enum stage stage, uint16_t flags)
{
    struct record r;

    record_of(&r, m, o);
    r.kind = RECORD_SIGHTING;
    r.ioc = hit.ioc;
    r.match = hit.how;
    r.stage = (uint8_t)stage;
    r.flags |= flags;
    m->w->counters[COUNT_SIGHTINGS]++;
    worker_emit(m->w, &r);
}

static struct match match_of(const struct worker *w, const struct observation *o)
{
    struct match none = {.how = MATCH_NONE};

    if (w->image == NULL)
        return none;
    struct match hit = o->is_addr ? match_addr(w->image, &o->addr) : match_name(w->image, o->name);
    return hit.how == MATCH_EXCEPTION ? none : hit;
}

/* An answer that names no reachable host resolves nothing: blockers answer so. */
static bool reachable(const struct addr *a)
{
    return !addr_is_group(a) && !(addr_is_v4(a) && a->b[12] == 127) && !(a->w[0] == 0 && !addr_is_v4(a));
}

static void note_dns_hit(struct message *m, struct match hit, struct span name)
{
    for (unsigned i = 0; i < m->dns_hits; i++)
        if (m->dns_hit[i].ioc == hit.ioc)
            return;
    if (m->dns_hits == WATCH_HITS_MAX || name.len > NAME_TEXT_MAX)
        return;
    memcpy(m->dns_name[m->dns_hits], name.at, name.len);
    m->dns_name_len[m->dns_hits] = (uint16_t)name.len;
    m->dns_hit[m->dns_hits++] = hit;
}

static bool awaited(const struct message *m)
{
    return transactions_awaited(&m->w->transactions, &m->w->config.key, m->key, m->parse.facts.id,
                                m->w->now_ns);
}

/* An address in the answer for listed names: they are resolved, and the address is learned. Only so many of a
 * message: a packet of hundreds would fill the ring for all others. */
static void resolved(struct message *m, const struct observation *o)
{
    if (!o->from_server || !o->section_answer || m->parse.facts.rcode != 0 || !reachable(&o->addr))
        return;
    if (m->dns_hits == 0)
        return;
    if (m->dns_addresses == WORKER_ADDRESSES) {
        m->w->counters[COUNT_LEARNED_LIMIT]++;
        return;
    }
    m->dns_addresses++;
    bool asked = awaited(m);
    for (unsigned i = 0; i < m->dns_hits; i++) {
        emit_sighting(m, o, m->dns_hit[i], STAGE_RESOLVED, RECORD_UPDATE);
        if (asked)
            addresses_learn(m, o, m->dns_hit[i], span_of(m->dns_name[i], m->dns_name_len[i]));
    }
}

static void on_dns(struct message *m, const struct observation *o, struct match hit)
{
    struct worker *w = m->w;
    bool counted = true;

    if (o->via == VIA_DNS_QUERY) {
        if (o->from_server) {
            counted = !awaited(m); /* the query was seen and counted */
        } else {
            transactions_asked(&w->transactions, &w->config.key, m->key, m->parse.facts.id, w->now_ns);
            transactions_name(&w->transactions, &w->config.key, &m->p->src, o->name, w->now_ns);
        }
    }
    if (hit.how != MATCH_NONE) {
        if (o->from_server && (o->via == VIA_DNS_QUERY || (o->section_answer && is_alias(o))))
            note_dns_hit(m, hit, o->name);
        if (m->dns_sightings++ < WORKER_SIGHTINGS)
            emit_sighting(m, o, hit, o->via == VIA_DNS_ADDRESS ? STAGE_RESOLVED : STAGE_QUERIED,
                          counted ? 0 : RECORD_UPDATE);
    }
    if (o->via == VIA_DNS_ADDRESS)
        resolved(m, o);
}

/* The name that a client gives its server: TLS now, HTTP and QUIC like it. */
static void on_server_name(struct message *m, const struct observation *o, struct match hit, bool again)
{
    m->named = true;
    if (again)
        return;
    follow_named(m, o);
    if (hit.how != MATCH_NONE)
        follow_name(m, o, hit);
}

/*
 * Whether this name was reported for the flow before: by a copy of the same hello, whole or in part, or by
 * the other reading of a stream. Remembers it.
 */
static bool known_name(struct message *m, struct span name)
{
    struct stream *s = m->stream;
    uint32_t h = (uint32_t)hash_bytes(&m->w->config.key, name.at, name.len) | 1;
    bool known = m->known == h;

    m->told = h;
    if (s == NULL)
        return known;
    if (s->first != FLOW_NONE)
        s = streams_at(&m->w->streams, s->first);
    for (unsigned i = 0; i < s->names; i++)
        known |= s->name[i] == h;
    if (!known && s->names < STREAM_NAMES_MAX)
        s->name[s->names++] = h;
    return known;
}

static void on_observation(void *ctx, struct observation *o)
{
    struct message *m = ctx;
    struct worker *w = m->w;
    bool again = o->via == VIA_TLS_SNI && known_name(m, o->name);

    m->seen = true;
    struct match hit = match_of(w, o);
    if (!again) {
        w->counters[COUNT_OBSERVATIONS]++;
        if ((m->flags & RECORD_MIDSTREAM) != 0)
            w->counters[COUNT_STREAM_MIDSTREAM]++;
    }
    if (!again && w->config.observe) {
        struct record r;
        record_of(&r, m, o);
        r.kind = RECORD_OBSERVATION;
        if (hit.how != MATCH_NONE) {
            r.ioc = hit.ioc;
            r.match = hit.how;
        }
        worker_emit(w, &r);
    }
    if (o->via <= VIA_DNS_ADDRESS)
        on_dns(m, o, hit);
    else
        on_server_name(m, o, hit, again);
}

void message_init(struct message *m, struct worker *w, const struct packet *p, struct flow_key key,
                  unsigned proto, uint16_t flags)
{
    memset(m, 0, offsetof(struct message, parse));
    m->w = w;
    m->p = p;
    m->key = key;
    m->proto = proto;
    m->flags = flags;
    m->parse =
        (struct parse){.scratch = &w->scratch, .counters = w->counters, .emit = on_observation, .ctx = m};
}

/* Who asks and who answers, so that resolvers are told from clients. With mDNS and LLMNR everybody answers
 * for itself. */
static void note_roles(struct message *m)
{
    enum { MDNS = 5353, LLMNR = 5355 }; /* RFC 6762 §3, RFC 4795 §2 */
    uint16_t port = m->parse.facts.response ? m->p->src_port : m->p->dst_port;

    if (!m->seen || protos[m->proto]->udp == NULL || addr_is_group(&m->p->dst) || port == MDNS ||
        port == LLMNR)
        return;
    if (m->parse.facts.response)
        learned_note_answer(&m->w->learned, &m->p->src, m->w->now_ns);
    else
        learned_note_query(&m->w->learned, &m->p->src, m->w->now_ns);
}

enum parse_result message_parse_udp(struct message *m)
{
    m->parse.bytes = span_of(m->p->payload, m->p->payload_bytes);
    m->parse.whole = m->p->payload_wire_bytes;
    m->parse.cut = m->p->payload_bytes < m->p->payload_wire_bytes;
    enum parse_result result = protos[m->proto]->udp(&m->parse);
    note_roles(m);
    return result;
}

enum parse_result message_parse_tcp(struct message *m, struct span bytes, bool cut, bool last)
{
    m->parse.bytes = bytes;
    m->parse.cut = cut;
    m->parse.last = last;
    m->seen = false;
    m->dns_hits = m->dns_addresses = 0;
    m->dns_sightings = 0;
    m->parse.facts = (struct parse_facts){0};
    return protos[m->proto]->tcp(&m->parse);
}
