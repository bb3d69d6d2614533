/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: from segments to messages (RFC 9293). A message that lies whole in one segment is parsed where it
 * lies; only what is split is copied into a stream. Whatever an entry of the flow cache says, first bytes
 * that look like a hello are always tried.
 */
#include <netinet/in.h>

#include "packet/plausible.h"
#include "worker/assemble.h"

/* What became of the messages in one segment. */
struct begun {
    enum parse_result result; /* of the last one; PARSE_MORE also where its protocol is not sure yet */
    uint32_t at;              /* where it begins, or what follows it */
    unsigned proto;           /* with PARSE_MORE: of which it is, */
    uint32_t need;            /* and how much of it is to be there; 0: its protocol is not sure */
    uint32_t told;            /* hash of the latest server name, or 0 */
    bool named;
    bool open; /* they are perhaps inside of a body */
};

static enum proto_starts starts_of(const struct worker *w, const struct packet *p, const struct segment *g,
                                   unsigned *ret)
{
    return g->may == 0 ? STARTS_NO : starts_which(g->may, g->bytes, &w->config, starts_ports(p), ret);
}

/* Parses the messages of a segment where they lie. `known`: hash of a name that the flow showed before, or 0.
 */
static struct begun begin(struct worker *w, const struct packet *p, struct flow_key key,
                          const struct segment *g, uint16_t flags, uint32_t known)
{
    struct begun b = {.result = PARSE_NEXT};
    struct message m;

    while (b.result == PARSE_NEXT && b.at < g->bytes.len) {
        struct span rest = span_of(g->bytes.at + b.at, g->bytes.len - b.at);
        unsigned proto = 0;
        enum proto_starts starts = starts_tcp(&w->starts, rest, &w->config, p, &proto);
        if (starts != STARTS_YES) {
            b.result = starts == STARTS_MAYBE ? PARSE_MORE : PARSE_NOT;
            break;
        }
        message_init(&m, w, p, key, proto, flags | RECORD_STREAM);
        m.known = known;
        b.result = message_parse_stream(&m, rest, g->cut, false);
        b.open |= m.parse.facts.open;
        flags |= m.parse.facts.open ? RECORD_MIDSTREAM : 0;
        b.named |= m.named;
        b.told = m.told != 0 ? m.told : b.told;
        b.at += b.result == PARSE_NEXT ? m.parse.consumed : 0;
        b.proto = proto;
        b.need = b.result == PARSE_MORE ? m.parse.need : 0;
    }
    return b;
}

/* What the entry is to expect after the messages of a segment; the rest of the last one is held. */
static void expect(struct worker *w, struct flow_entry *e, const struct packet *p, struct flow_key key,
                   const struct segment *g, const struct begun *b)
{
    if (b->result == PARSE_NEXT || b->at > 0) {
        e->class = FLOW_REPEAT;
        e->seq = g->seq + b->at;
        e->value = b->told != 0 ? b->told : FLOW_NONE;
        e->flags |= b->open ? FLOW_MIDSTREAM : 0;
    }
    if (b->result != PARSE_MORE)
        return;
    struct segment rest = {.bytes = span_of(g->bytes.at + b->at, g->bytes.len - b->at),
                           .seq = g->seq + b->at,
                           .cut = g->cut,
                           .proto = b->proto,
                           .need = b->need};
    assemble_hold(w, p, key, rest.seq, &rest);
}

/* Bytes that begin where a message is expected: parsed where they lie, if the message is whole. */
static void start(struct worker *w, struct flow_entry *e, const struct packet *p, struct flow_key key,
                  const struct segment *g, uint16_t flags)
{
    flags |= (e->flags & FLOW_MIDSTREAM) != 0 ? RECORD_MIDSTREAM : 0;
    struct begun b = begin(w, p, key, g, flags, 0);

    e = assemble_entry(w, key); /* a match may have put a watch in between */
    if (e == NULL)
        return;
    if (b.result == PARSE_NEXT || b.result == PARSE_MORE) {
        expect(w, e, p, key, g, &b);
        return;
    }
    assemble_entry_done(e, g->seq, (uint32_t)g->bytes.len, b.told);
    if (!b.named)
        named_nothing(w, p, key);
}

/* A second reading that begins at another place, beside the stream that is expected at `base`. */
static void read_elsewhere(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base,
                           const struct segment *g, const struct message *m)
{
    if (assemble_stream(w, assemble_entry_make(w, key, FLOW_STREAM)) == NULL)
        assemble_hold(w, p, key, base, &(struct segment){.seq = base});
    struct stream *s = assemble_stream(w, assemble_entry(w, key));
    if (s == NULL || (s->other != FLOW_NONE && !s->midstream))
        return;
    if (s->other != FLOW_NONE) {
        streams_free(&w->streams, streams_other(&w->streams, s));
        s->other = FLOW_NONE;
    }
    streams_touch(&w->streams, s);
    struct stream *other = streams_fork(&w->streams, s);
    if (other == NULL)
        return;
    other->base_seq = g->seq;
    stream_empty(other);
    stream_note_trust(other, p->ttl, packet_plausible(p));
    other->midstream = true;
    other->proto = (uint8_t)m->proto;
    stream_insert(&w->streams, other, 0, g->bytes);
    other->cut = g->cut;
    other->need = m->parse.need;
    if (s->base_seq - g->seq < w->streams.slot_bytes) /* what came before its turn */
        stream_insert(&w->streams, other, s->base_seq - g->seq, span_of(s->bytes, stream_have(s)));
}

/* First bytes like a message's inside a stream that is read already, or before what is expected: another
 * reading of the stream. */
static void start_beside(struct worker *w, const struct flow_entry *entry, const struct packet *p,
                         struct flow_key key, const struct segment *g, uint16_t flags)
{
    struct flow_entry e = *entry; /* as it was: parsing may change the table */
    struct message m;
    unsigned proto = 0;

    if (starts_of(w, p, g, &proto) != STARTS_YES)
        return;
    /* Inside a message's body anybody can plant what looks like another's begin. */
    flags |= e.class == FLOW_REPEAT ? RECORD_MIDSTREAM : 0;
    message_init(&m, w, p, key, proto, flags | RECORD_STREAM | RECORD_CONFLICT);
    m.known = assemble_entry_name(&e);
    m.stream = assemble_stream(w, &e);
    if (message_parse_stream(&m, g->bytes, g->cut, false) == PARSE_MORE)
        read_elsewhere(w, p, key, e.seq, g, &m);
}

/* Whether a few bytes that may be the begin of a message are worth holding where none is expected: at the
 * place of the one that was read, right before the segment with which we came in, or if they are no letters:
 * those are typed one by one, records are not. */
static bool worth_holding(const struct flow_entry *e, const struct segment *g)
{
    bool before_entry =
        (e->flags & FLOW_MIDSTREAM) != 0 && assemble_entry_name(e) == 0 && g->seq + g->bytes.len == e->seq;

    return before_entry || e->seq == g->seq || g->bytes.at[0] < ' ';
}

/* First bytes like a message's where none is expected any more: a second hello, or another version of the
 * first. */
static void start_again(struct worker *w, struct flow_entry *e, const struct packet *p, struct flow_key key,
                        const struct segment *g, uint16_t flags)
{
    bool same_place = e->class == FLOW_DONE && e->seq == g->seq;
    unsigned proto = 0;
    enum proto_starts starts = starts_of(w, p, g, &proto);

    /* Perhaps the second half of another version, before its first. */
    if (starts == STARTS_NO && !same_place && assemble_entry_repeats(e, g->seq))
        orphans_keep(&w->orphans, key, p, true, w->now_ns, w->counters);
    if (starts == STARTS_NO || (starts == STARTS_MAYBE && !worth_holding(e, g)))
        return;
    flags |= same_place ? RECORD_CONFLICT : RECORD_MIDSTREAM;
    struct begun b = begin(w, p, key, g, flags, assemble_entry_name(e));
    e = assemble_entry(w, key);
    if (e == NULL)
        return;
    if (b.result == PARSE_NEXT || b.result == PARSE_MORE) {
        e->flags |= same_place ? 0 : FLOW_MIDSTREAM;
        expect(w, e, p, key, g, &b);
    } else if (b.told != 0) {
        assemble_entry_done(e, g->seq, (uint32_t)g->bytes.len, b.told);
    }
}

static bool begins(const struct worker *w, const struct packet *p, const struct segment *g)
{
    unsigned proto = 0;

    return starts_of(w, p, g, &proto) != STARTS_NO;
}

static void payload(struct worker *w, struct flow_entry *e, const struct packet *p, struct flow_key key,
                    const struct segment *g, uint16_t flags)
{
    struct stream *s = assemble_stream(w, e);
    int32_t ahead = (int32_t)(g->seq - (s != NULL ? s->base_seq : e->seq));
    int32_t window = (int32_t)w->streams.slot_bytes;
    bool near = ahead > -window && ahead < window;

    if (s != NULL) {
        struct stream *other = streams_other(&w->streams, s);
        bool inside = near || (other != NULL && g->seq - other->base_seq < w->streams.slot_bytes);
        /* Where a midstream stream begins is a guess: a hello before it is another reading. */
        bool before = s->midstream && e->class == FLOW_STREAM && ahead < 0 &&
                      (other == NULL || other->base_seq != g->seq);
        if (!inside || before) {
            start_beside(w, e, p, key, g, flags);
            e = assemble_entry(w, key);
            s = e != NULL ? assemble_stream(w, e) : NULL;
        }
        if (inside && s != NULL) {
            bool unknown = s->proto == STREAM_PROTO_UNKNOWN;
            assemble_insert(w, s, p, g);
            assemble_advance(w, s);
            e = assemble_entry(w, key);
            /* What was held was no message, but the end of a body, say: one may begin behind it. */
            if (unknown && e != NULL && e->class == FLOW_DONE && e->seq != g->seq && begins(w, p, g))
                start_again(w, e, p, key, g, flags);
        }
        return;
    }
    if ((e->class == FLOW_SYN || e->class == FLOW_REPEAT) && near) {
        bool early = ahead < 0 && begins(w, p, g);
        if (early && e->class == FLOW_REPEAT) {
            start_beside(w, e, p, key, g, flags); /* what was read there was perhaps false */
            e = assemble_entry(w, key);
            if (e == NULL || assemble_stream(w, e) != NULL)
                return;
        }
        e->flags |= early && e->class == FLOW_SYN ? FLOW_MIDSTREAM : 0; /* the SYN was perhaps a false one */
        if (ahead == 0 || (early && e->class == FLOW_SYN))
            start(w, e, p, key, g, flags);
        else if (ahead > 0 || ahead + (int32_t)g->bytes.len > 0)
            assemble_hold(w, p, key, e->seq, g);
        return;
    }
    if (e->class == FLOW_DONE || ahead > 0)
        start_again(w, e, p, key, g, flags);
    else
        start_beside(w, e, p, key, g, flags);
}

/* No entry and no room for one: what lies whole in this segment is still found. */
static void stateless(struct worker *w, const struct packet *p, struct flow_key key, const struct segment *g,
                      uint16_t flags)
{
    struct message m;
    unsigned proto = 0;

    if (starts_of(w, p, g, &proto) != STARTS_YES)
        return;
    message_init(&m, w, p, key, proto, flags | RECORD_STREAM | RECORD_MIDSTREAM);
    message_parse_stream(&m, g->bytes, g->cut, true);
}

/* The first packet of a flow whose opening was not seen, or was forgotten. */
static void midstream(struct worker *w, const struct packet *p, struct flow_key key, const struct segment *g,
                      uint16_t flags)
{
    unsigned proto = 0;
    enum proto_starts starts = starts_of(w, p, g, &proto);
    struct flow_entry *e = assemble_entry_make(w, key, starts == STARTS_NO ? FLOW_DONE : FLOW_STREAM);

    if (e == NULL) {
        stateless(w, p, key, g, flags);
        return;
    }
    e->class = FLOW_SYN;
    e->flags |= FLOW_MIDSTREAM;
    e->seq = g->seq;
    e->value = FLOW_NONE;
    if (starts == STARTS_NO)
        orphans_keep(&w->orphans, key, p, false, w->now_ns, w->counters);
    start(w, e, p, key, g, flags);
}

/* Whether a SYN whose stream begins at `begin` is not one that was seen already: a copy of it must not take
 * back what was read since. */
static bool opens_anew(struct worker *w, const struct flow_entry *e, uint32_t begin)
{
    uint32_t read = e->seq - begin;

    if (e->class == FLOW_REPEAT)
        return assemble_stream(w, e) == NULL && read >= w->streams.slot_bytes;
    return e->class != FLOW_STREAM && (e->class != FLOW_DONE || read != 0);
}

/* `e`: the entry of this direction, or NULL. */
static void opening(struct worker *w, const struct packet *p, struct flow_key key, struct flow_entry *e,
                    uint16_t flags)
{
    bool answer = (p->tcp_flags & TCP_ACK) != 0;
    uint32_t begin = p->seq + 1;

    if (e == NULL)
        e = assemble_entry_add(w, key, FLOW_SYN);
    if (e != NULL && opens_anew(w, e, begin)) {
        e->class = FLOW_SYN;
        e->seq = begin;
        e->value = FLOW_NONE;
        e->flags = answer ? FLOW_ANSWERER : FLOW_OPENER;
        if ((flags & RECORD_COPY) == 0)
            visibility_syn(&w->visibility, p);
    }
    if (!answer)
        return;
    /* A SYN-ACK tells where the other direction begins (RFC 9293 §3.5), should its SYN have been missed. */
    struct flow_key back = flow_key_back(key);
    e = assemble_entry_make(w, back, FLOW_SYN);
    if (e != NULL && (e->class == FLOW_FREE || (e->class == FLOW_SYN && e->flags == 0))) {
        e->class = FLOW_SYN;
        e->seq = p->ack;
        e->value = FLOW_NONE;
        e->flags = FLOW_OPENER;
    }
}

/* The sender says that it will send no more: what its stream holds is told. It is kept all the same, for a
 * reset with a low TTL is a known way to make a sensor look away. */
__attribute__((noinline)) static void closing(struct worker *w, const struct packet *p, struct flow_key key)
{
    struct flow_entry *e = assemble_entry(w, key);
    struct stream *s = assemble_stream(w, e);

    if (s == NULL) {
        if (e != NULL && e->class == FLOW_REPEAT)
            assemble_entry_done(e, e->seq, 0, 0);
        return;
    }
    uint32_t end = p->seq + p->payload_wire_bytes - s->base_seq;
    if ((p->tcp_flags & TCP_RST) != 0 || end <= stream_have(s))
        assemble_tell(w, s);
}

/* Apart from what nearly every opening goes through: a flood of those must cost little. */
__attribute__((noinline)) static void data(struct worker *w, const struct packet *p, struct flow_key key,
                                           struct flow_entry *e, unsigned may, uint16_t flags)
{
    bool syn = (p->tcp_flags & TCP_SYN) != 0;
    struct segment g = {.bytes = span_of(p->payload, p->payload_bytes),
                        .seq = p->seq + syn,
                        .may = may,
                        .cut = p->payload_bytes < p->payload_wire_bytes};

    if (syn)
        e = assemble_entry(w, key);
    if (e == NULL || e->class == FLOW_FREE)
        midstream(w, p, key, &g, flags);
    else
        payload(w, e, p, key, &g, flags);
}

void worker_tcp(struct worker *w, const struct packet *p, struct flow_key key, struct flow_entry *e,
                unsigned may, uint16_t flags)
{
    if ((p->tcp_flags & TCP_SYN) != 0)
        opening(w, p, key, e, flags);
    if (p->payload_bytes > 0)
        data(w, p, key, e, may, flags);
    if ((p->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
        closing(w, p, key);
}
