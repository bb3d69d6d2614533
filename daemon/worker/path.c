/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet path, step by step: what one packet brings about. */
#include <netinet/in.h>

#include "worker/assemble.h"

void worker_judge_copies(struct worker *w, uint32_t source)
{
    if (!w->copies_told && w->copies_judged * 5 > w->packets_judged) {
        w->copies_told = true;
        worker_notice(w, NOTICE_MIRROR_COPIES, source, w->copies_judged * 100 / w->packets_judged);
    }
    w->packets_judged = w->copies_judged = 0;
}

/* A mirror's second copy of a packet is marked, and said once when there are many. */
static inline uint16_t mirror_copy(struct worker *w, const struct packet *p, struct flow_key key)
{
    bool copy = copies_seen(&w->copies, &w->config.key, key, p);

    w->copies_judged += copy;
    w->counters[COUNT_COMPARED]++;
    w->counters[COUNT_DUPLICATES] += copy;
    if (++w->packets_judged == COPIES_JUDGED_AT)
        worker_judge_copies(w, p->source);
    return copy ? RECORD_COPY : 0;
}

static void link_unknown(struct worker *w, const struct packet *p)
{
    if (!w->link_told)
        worker_notice(w, NOTICE_LINK_UNKNOWN, p->source, p->linktype);
    w->link_told = true;
}

static bool has_flow(enum decode_result decoded)
{
    return decoded == DECODE_TCP || decoded == DECODE_UDP || decoded == DECODE_OTHER;
}

/* Calls for what the second step looks at; of an open connection the ends were looked up before. */
static inline void call_for(const struct worker *w, struct flow_key key, const uint8_t *payload, bool open,
                            const struct addr *src, const struct addr *dst)
{
    flow_cache_prefetch(&w->cache, key);
    __builtin_prefetch(payload);
    if (w->image == NULL || open)
        return;
    match_addr_prefetch(w->image, src);
    match_addr_prefetch(w->image, dst);
}

static inline void look_plain(const struct worker *w, struct step *s)
{
    bool tcp = s->decoded == DECODE_TCP, open = tcp && (plain_tcp_flags(&s->plain) & TCP_SYN) == 0;
    struct flow_ends ends = flow_ends_of(&s->plain, tcp ? IPPROTO_TCP : IPPROTO_UDP);

    s->key = flow_key_between(&w->config.key, &ends);
    call_for(w, s->key, s->plain.payload, open, &ends.src, &ends.dst);
}

static void look_decoded(const struct worker *w, struct packet *p, struct step *s)
{
    if (!has_flow(s->decoded))
        return;
    if (s->decoded == DECODE_OTHER)
        p->src_port = p->dst_port = 0;
    bool open = s->decoded == DECODE_TCP && (p->tcp_flags & TCP_SYN) == 0;
    s->key = flow_key_of(&w->config.key, p);
    call_for(w, s->key, p->payload, open, &p->src, &p->dst);
}

static inline void look(struct worker *w, struct packet *p, struct step *ret)
{
    ret->decoded = packet_find(&w->decoder, p, &ret->plain);
    if (ret->plain.ip != NULL)
        look_plain(w, ret);
    else
        look_decoded(w, p, ret);
}

#if BRIDLE_SMALL
#define ONE_LOOP noinline
#else
#define ONE_LOOP noinline, flatten
#endif

/* Once in the program, so that all of it is one loop. */
__attribute__((ONE_LOOP)) unsigned worker_look(struct worker *w, struct packet *p, struct step *ret,
                                               unsigned n)
{
    uint64_t bytes = 0, cut = 0;
    bool reassembled = false;
    unsigned i = 0;

    for (; i < n && !reassembled; i++, p++, ret++) {
        worker_note(w, p);
        worker_call_ahead(w, i);
        bytes += p->wire_bytes;
        cut += p->captured_bytes < p->wire_bytes;
        look(w, p, ret);
        reassembled = ret->plain.ip == NULL && p->reassembled;
    }
    w->counters[COUNT_PACKETS] += i;
    w->counters[COUNT_BYTES] += bytes;
    w->counters[COUNT_CUT] += cut;
    return i;
}

/* Of a segment, what tells whether more is to be asked of it. */
struct segment_head {
    const uint8_t *header;
    uint32_t header_bytes, payload_bytes; /* the payload is right behind the header */
    uint32_t seq;
    uint8_t tcp_flags;
};

static inline struct segment_head head_of_plain(const struct plain *f)
{
    return (struct segment_head){.header = f->transport,
                                 .header_bytes = (uint32_t)(f->payload - f->transport),
                                 .payload_bytes = f->payload_bytes,
                                 .seq = plain_seq(f),
                                 .tcp_flags = plain_tcp_flags(f)};
}

static inline struct segment_head head_of_decoded(const struct packet *p)
{
    bool data = p->payload_bytes > 0;

    return (struct segment_head){.header = data ? p->payload - p->tcp_header_bytes : p->at,
                                 .header_bytes = data ? p->tcp_header_bytes : 0,
                                 .payload_bytes = p->payload_bytes,
                                 .seq = p->seq,
                                 .tcp_flags = p->tcp_flags};
}

/* What is encrypted begins like a protocol by chance, in two octets of one in twelve. */
__attribute__((noinline)) static bool begins_nothing(const struct worker *w, const uint8_t *header,
                                                     uint32_t header_bytes, uint32_t payload_bytes,
                                                     unsigned may)
{
    struct starts_ports ports = {be16(header), be16(header + 2)};
    unsigned proto;

    return starts_which(may, span_of(header + header_bytes, payload_bytes), &w->config, ports, &proto) ==
           STARTS_NO;
}

/*
 * Nearly every segment: of an open connection whose ends were looked up and whose direction has shown what it
 * had to show, or has nothing to show here. Data and acknowledgements come in no order that can be foreseen:
 * so there is one branch for all of it, and where there are no two octets of payload those at `header`, which
 * are there, are looked at in vain.
 */
static inline bool segment_tells_nothing(const struct worker *w, struct flow_entry *e,
                                         const struct segment_head *h)
{
    if (e == NULL)
        return false;
    bool data = h->payload_bytes > 1;
    unsigned looked = (e->flags & FLOW_LOOKED) != 0;
    unsigned open = (h->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) == 0;
    unsigned past =
        (unsigned)(e->class == FLOW_DONE) & (unsigned)data & (unsigned)!assemble_entry_repeats(e, h->seq);
    unsigned may =
        starts_two(&w->starts, h->header + (h->header_bytes & (0u - data)), (e->flags & FLOW_PORT) != 0);
    may &= 0u - data;
    if ((looked & open & (past | (unsigned)(h->payload_bytes == 0))) == 0 ||
        (may != 0 && !begins_nothing(w, h->header, h->header_bytes, h->payload_bytes, may)))
        return false;
    e->age_s = worker_now_s(w);
    return true;
}

/* Whether the ends of the flow of this segment were looked up before. */
static bool were_looked_up(const struct packet *p, const struct flow_entry *e)
{
    return e != NULL && (e->flags & FLOW_LOOKED) != 0 && (p->tcp_flags & TCP_SYN) == 0;
}

static void note_looked_up(const struct worker *w, const struct packet *p, struct flow_entry *e)
{
    if (e != NULL && p->ip_proto == IPPROTO_TCP)
        e->flags |= FLOW_LOOKED | (starts_has_port(&w->starts, starts_ports(p)) ? FLOW_PORT : 0);
}

/* Of a flow that is followed, or of which an end is perhaps listed. The entry of the flow cache afterwards.
 */
__attribute__((noinline)) static struct flow_entry *look_closer(struct worker *w, const struct packet *p,
                                                                struct flow_key key, struct flow_entry *e,
                                                                uint16_t flags)
{
    struct watch *watch = follow_of(w, e);

    if (watch != NULL)
        follow_packet(w, watch, p, key, flags);
    else if (addresses_look(w, p, key, flags))
        return flow_cache_find(&w->cache, key);
    else
        note_looked_up(w, p, e);
    return e;
}

static inline struct flow_entry *look_up(struct worker *w, const struct packet *p, struct flow_key key,
                                         struct flow_entry *e, uint16_t flags)
{
    if ((e != NULL && e->class == FLOW_WATCH) || addresses_maybe(w, p))
        return look_closer(w, p, key, e, flags);
    note_looked_up(w, p, e);
    return e;
}

/* Apart from what nearly every packet goes through, which needs few registers. */
__attribute__((noinline)) static void act_tcp(struct worker *w, const struct packet *p, struct flow_key key,
                                              struct flow_entry *e)
{
    struct span first = span_of(p->payload, p->payload_bytes);
    unsigned may = first.len > 0 ? starts_may(&w->starts, first, p) : 0;
    /* Of data that begins no message nothing is told that could be told twice. */
    bool tells = may != 0 || (p->tcp_flags & TCP_SYN) != 0;
    uint16_t flags = tells ? mirror_copy(w, p, key) : 0;

    if (!were_looked_up(p, e))
        e = look_up(w, p, key, e, flags);
    worker_tcp(w, p, key, assemble_entry_of(w, e, key), may, flags);
}

/* `closer`: the flow is followed, or an end is perhaps listed. */
static void act_udp(struct worker *w, const struct packet *p, struct flow_key key, struct flow_entry *e,
                    unsigned may, bool closer)
{
    if (may == 0 && !closer)
        return;
    uint16_t flags = mirror_copy(w, p, key);
    if (closer)
        look_closer(w, p, key, e, flags);
    if (may != 0)
        worker_udp(w, p, key, may, flags);
}

static void act_other(struct worker *w, const struct packet *p, struct flow_key key, bool udp)
{
    struct flow_entry *e = flow_cache_find(&w->cache, key);
    unsigned may = udp && p->payload_bytes > 0 ? worker_udp_may(w, p) : 0;

    act_udp(w, p, key, e, may, follow_of(w, e) != NULL || addresses_maybe(w, p));
}

__attribute__((noinline)) static void act_on_datagram(struct worker *w, struct packet *p,
                                                      const struct step *step, struct flow_entry *e,
                                                      unsigned may, bool closer)
{
    plain_decode(&step->plain, p);
    act_udp(w, p, step->key, e, may != 0 || p->payload_bytes == 0 ? may : worker_udp_may(w, p), closer);
}

/* Nearly all datagrams belong to flows that are not followed, and begin nothing. */
__attribute__((noinline)) static void act_datagram(struct worker *w, struct packet *p,
                                                   const struct step *step, struct flow_entry *e)
{
    static const struct flow_entry none;
    const struct flow_entry *known = e != NULL ? e : &none;
    const struct plain *f = &step->plain;
    bool named = starts_has_port(&w->starts, (struct starts_ports){plain_src_port(f), plain_dst_port(f)});
    unsigned may = f->payload_bytes > 0 ? starts_udp_one(&w->starts, f->payload[0], named) : 0;
    bool answer = may == 0 && worker_udp_like_answer(f->payload, f->payload_bytes);
    bool unlooked = addresses_any(w) && (known->flags & FLOW_LOOKED) == 0;
    struct addr src, dst;

    plain_ends(f, &src, &dst);
    bool listed = unlooked && addresses_listed(w, &src, &dst);
    bool closer = listed || known->class == FLOW_WATCH || learned_maybe(&w->learned, &dst);
    if (unlooked && !listed && e != NULL)
        e->flags |= FLOW_LOOKED;
    if (may != 0 || answer || closer)
        act_on_datagram(w, p, step, e, may, closer);
}

/* What carried the packet is a flow of its own, whatever is inside: it may lead to a listed address. */
__attribute__((noinline)) static void act_outside(struct worker *w, const struct packet *p, unsigned i)
{
    const struct packet_outside *o = &p->outside[i];
    struct packet outer = *p;

    outer.src = o->src;
    outer.dst = o->dst;
    outer.mapped = o->mapped;
    outer.src_port = o->src_port;
    outer.dst_port = o->dst_port;
    outer.ip_proto = o->ip_proto;
    outer.ttl = o->ttl;
    outer.tcp_flags = 0;
    outer.payload = NULL;
    outer.payload_bytes = 0;
    outer.payload_wire_bytes = o->carried_bytes;
    outer.tunnel_key = o->tunnel_key;
    outer.tunnel_id = 0;
    outer.tunnel_depth = i > 0 ? p->tunnel_depth - 1 : 0;
    outer.tunnel_path = i > 0 ? p->tunnel_path >> 8 : 0;
    outer.tunnel_src = p->outside[0].src;
    outer.tunnel_dst = p->outside[0].dst;
    act_other(w, &outer, flow_key_of(&w->config.key, &outer), false);
}

__attribute__((noinline)) static void act_decoded(struct worker *w, const struct packet *p,
                                                  const struct step *step)
{
    for (unsigned i = 0; i < p->outsides; i++)
        act_outside(w, p, i);
    if (step->decoded == DECODE_TCP) {
        struct flow_entry *e = flow_cache_find(&w->cache, step->key);
        struct segment_head head = head_of_decoded(p);
        if (!segment_tells_nothing(w, e, &head))
            act_tcp(w, p, step->key, e);
    } else if (step->decoded == DECODE_UDP || step->decoded == DECODE_OTHER) {
        act_other(w, p, step->key, step->decoded == DECODE_UDP);
    } else if (step->decoded == DECODE_UNKNOWN_LINK) {
        link_unknown(w, p);
    }
}

__attribute__((noinline)) static void act_segment(struct worker *w, struct packet *p, const struct step *step,
                                                  struct flow_entry *e)
{
    plain_decode(&step->plain, p);
    act_tcp(w, p, step->key, e);
}

/* Nearly all segments end here, with no call of a function. */
void worker_act(struct worker *w, struct packet *p, const struct step *step)
{
    const struct plain *f = &step->plain;

    if (f->ip == NULL) {
        act_decoded(w, p, step);
        return;
    }
    struct flow_entry *e = flow_cache_find(&w->cache, step->key);
    if (step->decoded == DECODE_UDP) {
        act_datagram(w, p, step, e);
        return;
    }
    struct segment_head head = head_of_plain(f);
    if (!segment_tells_nothing(w, e, &head))
        act_segment(w, p, step, e);
}

void worker_packet(struct worker *w, struct packet *p)
{
    struct step step;

    worker_look(w, p, &step, 1);
    worker_act(w, p, &step);
}
