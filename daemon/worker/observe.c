/* SPDX-License-Identifier: BSD-2-Clause */
/* From a parsed message to records: each observation is matched; what matched, or is to be recorded, goes
 * into a ring. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "worker/assemble.h"
#include "worker/observe.h"

/* A message that says it is longer is not waited for: sequence numbers have 32 bits. */
#define MESSAGE_BYTES_MAX (1u << 30)

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
    w->unsaid |= !observation && w->patient;
    if ((observation || !w->patient) && ring_wants_wake(ring))
        wake_main(w);
}

void worker_wake(struct worker *w)
{
    if (w->unsaid && ring_wants_wake(&w->sightings))
        wake_main(w);
    w->unsaid = false;
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
    r->mapped = p->mapped;
    r->tunnel_id = p->tunnel_id;
    if (p->tunnel_depth > 0) {
        r->tunnel_src = p->tunnel_src;
        r->tunnel_dst = p->tunnel_dst;
    }
}

void observe_record(struct record *r, const struct message *m, struct observation *o)
{
    observation_complete(o);
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

void observe_sighting(const struct message *m, struct observation *o, struct match hit, enum stage stage,
                      uint16_t flags)
{
    struct record r;

    observe_record(&r, m, o);
    r.kind = RECORD_SIGHTING;
    r.ioc = hit.ioc;
    r.match = hit.how;
    r.stage = (uint8_t)stage;
    r.flags |= flags;
    m->w->counters[COUNT_SIGHTINGS]++;
    worker_emit(m->w, &r);
}

/* An address literal ends with a digit, or has colons (RFC 6943 §3.1.1, RFC 4291 §2.2). */
static inline bool like_literal(struct span text)
{
    return text.len > 0 && ((text.at[text.len - 1] >= '0' && text.at[text.len - 1] <= '9') ||
                            memchr(text.at, ':', text.len) != NULL);
}

/* A name that is an address literal is looked up as one, too. */
static __attribute__((noinline)) struct match match_literal(const struct image *image, struct span text)
{
    struct addr literal;

    return addr_parse(text, &literal) ? match_addr(image, &literal) : (struct match){0};
}

static inline struct match match_text(const struct image *image, enum via via, struct span text)
{
    if (via_types[via] != IOC_DOMAIN)
        return match_value(image, via_types[via], text);
    struct match hit = match_name(image, text);
    if (hit.how != MATCH_NONE || via <= VIA_DNS_ADDRESS || !like_literal(text))
        return hit;
    return match_literal(image, text);
}

struct match observe_match(const struct worker *w, enum via via, struct span text, const struct addr *addr)
{
    struct match none = {.how = MATCH_NONE};

    if (w->image == NULL)
        return none;
    struct match hit = addr != NULL ? match_addr(w->image, addr) : match_text(w->image, via, text);
    return hit.how == MATCH_EXCEPTION ? none : hit;
}

/* Published digests of certificates are SHA-1 as often as SHA-256. */
static struct match match_of(const struct worker *w, struct observation *o)
{
    struct match hit = observe_match(w, o->via, o->name, o->is_addr ? &o->addr : NULL);

    if (o->via != VIA_CERT || match_found(hit))
        return hit;
    observation_complete(o);
    return observe_match(w, o->via, observation_attr(o, ATTR_CERT_SHA1), NULL);
}

/* What is done with an observation, by its kind. */
static void (*const react[VIAS])(struct message *m, struct observation *o, struct match hit) = {
    [VIA_DNS_QUERY] = resolve_name,
    [VIA_DNS_ANSWER] = resolve_name,
    [VIA_DNS_ADDRESS] = resolve_address,
    [VIA_TLS_SNI] = named_server,
    [VIA_QUIC_SNI] = named_server,
    [VIA_DTLS_SNI] = named_server,
    [VIA_HTTP_HOST] = named_server,
    [VIA_PROXY_TARGET] = named_server,
    [VIA_HTTP_LOCATION] = named_elsewhere,
    [VIA_CERT_NAME] = named_certificate,
    [VIA_CERT] = named_certificate,
    [VIA_JA3] = named_client,
    [VIA_JA4] = named_client,
};

/* Apart from what follows: its record would make every call need a large frame. */
static __attribute__((noinline)) void record_observation(struct message *m, struct observation *o,
                                                         struct match hit)
{
    struct record r;

    observe_record(&r, m, o);
    r.kind = RECORD_OBSERVATION;
    if (hit.how != MATCH_NONE) {
        r.ioc = hit.ioc;
        r.match = hit.how;
    }
    worker_emit(m->w, &r);
}

static void count_observation(const struct message *m)
{
    m->w->counters[COUNT_OBSERVATIONS]++;
    if ((m->flags & RECORD_MIDSTREAM) != 0)
        m->w->counters[COUNT_STREAM_MIDSTREAM]++;
}

static __attribute__((noinline)) void look_up(struct message *m, struct observation *o)
{
    struct worker *w = m->w;

    observation_name(o);
    m->again = named_before(m, o);
    struct match hit = match_of(w, o);
    if (!m->again) {
        count_observation(m);
        if (w->config.observe)
            record_observation(m, o, hit);
    }
    if (o->via <= VIA_DNS_ADDRESS && !o->is_addr && o->wire_hash != 0 && hit.how == MATCH_NONE)
        unlisted_add(&w->unlisted, o->wire_hash);
    react[o->via](m, o, hit);
}

/* Nearly all names in DNS were looked up before and are not listed. That leaves little to do, and the text of
 * the name need not be made. */
static void on_dns_name(struct message *m, struct observation *o)
{
    if (o->wire_hash == 0 || !unlisted_has(&m->w->unlisted, o->wire_hash)) {
        look_up(m, o);
        return;
    }
    count_observation(m);
    resolve_name_unlisted(m, o);
}

/* Addresses matter that are listed, or of a name that is. */
static void on_dns_address(struct message *m, struct observation *o)
{
    if (m->dns_hits > 0 || match_addr_maybe(m->w->image, &o->addr)) {
        look_up(m, o);
        return;
    }
    count_observation(m);
    resolve_address_unlisted(m, o);
}

static void on_observation(void *ctx, struct observation *o)
{
    struct message *m = ctx;

    if (o->via > VIA_DNS_ADDRESS || m->w->image == NULL || m->w->config.observe)
        look_up(m, o);
    else if (o->is_addr)
        on_dns_address(m, o);
    else
        on_dns_name(m, o);
}

/* What the message in hand has shown. */
static inline void clear(struct message *m)
{
    m->dns_hits = m->dns_addresses = m->dns_saw = m->dns_blocked = 0;
    m->dns_sightings = 0;
    m->parse.facts = (struct parse_facts){0};
}

/* All that is read is set, one by one: to clear the whole of it takes longer than to parse a message. */
void message_init(struct message *m, struct worker *w, const struct packet *p, struct flow_key key,
                  unsigned proto, uint16_t flags)
{
    m->w = w;
    m->p = p;
    m->key = key;
    m->stream = NULL;
    m->proto = proto;
    m->flags = flags;
    m->known = m->told = 0;
    m->again = m->named = false;
    m->parse.last = false;
    m->parse.whole = 0;
    m->parse.sender = SIDE_UNKNOWN;
    m->parse.cid = NULL;
    m->parse.scratch = &w->scratch;
    m->parse.crypto = w->crypto;
    m->parse.counters = w->counters;
    m->parse.fingerprints = w->wants_fingerprints;
    m->parse.digests = w->wants_digests;
    m->parse.emit = on_observation;
    m->parse.piece = NULL;
    m->parse.ctx = m;
    m->parse.need = m->parse.consumed = 0;
    clear(m);
}

enum parse_result message_parse_udp(struct message *m)
{
    m->parse.bytes = span_of(m->p->payload, m->p->payload_bytes);
    m->parse.whole = m->p->payload_wire_bytes;
    m->parse.cut = m->p->payload_bytes < m->p->payload_wire_bytes;
    enum parse_result result = protos[m->proto]->udp(&m->parse);
    if (m->dns_hits > 0)
        resolve_end(m, result);
    return result;
}

/* Who opened the connection, as far as it was seen. */
static enum parse_side sender_of(const struct message *m)
{
    const struct flow_entry *e = assemble_entry(m->w, m->key);
    uint8_t flags = e != NULL ? e->flags : 0;

    if ((flags & (FLOW_OPENER | FLOW_ANSWERER)) == 0) {
        e = assemble_entry(m->w, flow_key_back(m->key));
        uint8_t back = e != NULL ? e->flags : 0;
        return (back & FLOW_OPENER) != 0     ? SIDE_SERVER
               : (back & FLOW_ANSWERER) != 0 ? SIDE_CLIENT
                                             : SIDE_UNKNOWN;
    }
    return (flags & FLOW_OPENER) != 0 ? SIDE_CLIENT : SIDE_SERVER;
}

enum parse_result message_parse_stream(struct message *m, struct span bytes, bool cut, bool last)
{
    const struct proto *proto = protos[m->proto];

    m->parse.bytes = bytes;
    m->parse.cut = cut;
    m->parse.last = last;
    m->parse.sender = sender_of(m);
    clear(m);
    enum parse_result result =
        m->stream != NULL && m->stream->handshake ? proto->handshake(&m->parse) : proto->tcp(&m->parse);
    if (m->dns_hits > 0)
        resolve_end(m, result);
    if (result == PARSE_NEXT && m->parse.consumed > MESSAGE_BYTES_MAX)
        return PARSE_DONE;
    return result;
}
