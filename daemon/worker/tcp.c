/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP: from segments to messages (RFC 9293). A message that lies whole in one segment is parsed where it
 * lies; only what is split is copied into a stream. Whatever an entry of the flow cache says, first bytes
 * that look like a hello are always tried.
 */
#include <netinet/in.h>

#include "worker/worker.h"

/* After so many parses of one message, wait until it has grown by a quarter: one-byte segments buy no
 * quadratic work. */
#define PARSES_EAGER 16
/* After so long, what is there of a message is told, and the rest still waited for. */
#define TELL_NS 3000000000ull

/* A segment's payload and its place. */
struct segment {
    struct span bytes;
    uint32_t seq;
    bool cut; /* the capture did not keep all of it */
};

static struct flow_entry *entry_find(struct worker *w, struct flow_key key)
{
    struct flow_entry *e = flow_cache_find(&w->cache, key);

    if (e == NULL)
        return NULL;
    e->age_s = worker_now_s(w);
    if (e->class == FLOW_WATCH) {
        struct watch *watch = watches_at(&w->watches, e->value);
        return watch != NULL ? &watch->inner[key.dir] : NULL;
    }
    return e;
}

static void give_up(struct worker *w, struct stream *s);

/* The stream that holds bytes of this direction, or NULL. */
static struct stream *stream_of(struct worker *w, const struct flow_entry *e)
{
    bool may = e != NULL && (e->class == FLOW_STREAM || e->class == FLOW_REPEAT);

    return may ? streams_at(&w->streams, e->value) : NULL;
}

/* Lets go of what an entry referred to. */
static void entry_release(struct worker *w, const struct flow_entry *e)
{
    struct stream *s = stream_of(w, e);

    if (s != NULL) {
        give_up(w, s);
    } else if (e->class == FLOW_WATCH) {
        struct watch *watch = watches_at(&w->watches, e->value);
        if (watch != NULL)
            follow_release(w, watch);
    }
}

/* The entry of this direction, made if there is none. NULL: the cache has no room for it. What gave way is
 * told first, which may make a watch, which may take the new entry's place: it is found anew. */
static struct flow_entry *entry_make(struct worker *w, struct flow_key key, enum flow_class class)
{
    struct flow_entry evicted;
    struct flow_entry *e = entry_find(w, key);

    if (e != NULL)
        return e;
    if (flow_cache_add(&w->cache, key, class, worker_now_s(w), &evicted) == NULL)
        return NULL;
    entry_release(w, &evicted);
    return entry_find(w, key);
}

static void entry_done(struct flow_entry *e, uint32_t seq, uint32_t name)
{
    e->class = FLOW_DONE;
    e->seq = seq;
    e->value = name;
}

static struct stream *stream_new(struct worker *w, struct flow_key key, uint32_t base, const struct packet *p)
{
    struct stream *s = streams_new(&w->streams, key, base);

    if (s == NULL) {
        w->counters[COUNT_STREAM_LIMIT]++;
        give_up(w, streams_oldest(&w->streams));
        s = streams_new(&w->streams, key, base);
    }
    s->origin = *p;
    return s;
}

/* Which protocol a stream's first bytes may be; the surest wins. */
static enum proto_starts find_proto(const struct worker *w, struct span first, const struct packet *p,
                                    unsigned *ret)
{
    enum proto_starts best = STARTS_NO;

    for (unsigned i = 0; i < proto_count && best != STARTS_YES; i++) {
        enum proto_starts s =
            protos[i]->tcp == NULL ? STARTS_NO : protos[i]->tcp_starts(first, worker_port_named(w, i, p));
        if (s > best) {
            best = s;
            *ret = i;
        }
    }
    return best;
}

static uint16_t stream_flags(const struct stream *s)
{
    return (uint16_t)(RECORD_STREAM | (s->midstream ? RECORD_MIDSTREAM : 0) |
                      (s->conflict ? RECORD_CONFLICT : 0));
}

static void drop_stream(struct worker *w, struct stream *s)
{
    struct stream *other = streams_other(&w->streams, s);

    if (other != NULL)
        streams_free(&w->streams, other);
    streams_free(&w->streams, s);
}

/* Parses what a stream holds. Messages that follow one another are consumed. */
static enum parse_result parse_stream(struct worker *w, struct stream *s, bool last)
{
    struct message m;
    enum parse_result result;

    if (s->proto == STREAM_PROTO_UNKNOWN) {
        unsigned proto = 0;
        enum proto_starts starts = find_proto(w, span_of(s->bytes, stream_have(s)), &s->origin, &proto);
        if (starts != STARTS_YES)
            return starts == STARTS_NO ? PARSE_NOT : PARSE_MORE;
        s->proto = (uint8_t)proto;
    }
    message_init(&m, w, &s->origin, s->key, s->proto, stream_flags(s));
    m.stream = s;
    do {
        result = message_parse_tcp(&m, span_of(s->bytes, stream_have(s)), s->cut, last);
        if (result == PARSE_NEXT)
            stream_consume(s, m.parse.consumed);
    } while (result == PARSE_NEXT && stream_have(s) > 0);
    if (result == PARSE_MORE) {
        s->need = m.parse.need;
        if (++s->parses > PARSES_EAGER && s->need < stream_have(s) + stream_have(s) / 4)
            s->need = stream_have(s) + stream_have(s) / 4;
    }
    return result;
}

/* What is left of a stream is an entry that remembers it. */
static void close_stream(struct worker *w, struct stream *s)
{
    struct flow_entry *e = entry_find(w, s->key); /* found anew: a match may have put a watch in between */
    struct flow_key key = s->key;
    bool named = s->names > 0;

    if (stream_of(w, e) == s)
        entry_done(e, s->base_seq, s->names > 0 ? s->name[s->names - 1] : 0);
    drop_stream(w, s);
    if (!named)
        follow_nameless(w, key);
}

/* No more bytes will come, or there is no room to wait for them: what is there is told. */
static void give_up(struct worker *w, struct stream *s)
{
    if (s->first != FLOW_NONE)
        s = streams_at(&w->streams, s->first);
    struct stream *readings[2] = {s, streams_other(&w->streams, s)};

    for (unsigned i = 0; i < 2; i++)
        if (readings[i] != NULL && !readings[i]->finished && stream_have(readings[i]) > 0)
            parse_stream(w, readings[i], true);
    if (s->ranges > 1)
        w->counters[COUNT_STREAM_GAP]++;
    close_stream(w, s);
}

/* Parses a reading if it has grown enough. True when nothing more is to come of it. */
static bool advance(struct worker *w, struct stream *s, enum parse_result *ret)
{
    *ret = PARSE_MORE;
    if (s->finished || stream_have(s) == 0 || stream_have(s) < s->need)
        return s->finished;
    *ret = parse_stream(w, s, false);
    s->finished = *ret != PARSE_MORE && *ret != PARSE_NEXT;
    return s->finished;
}

/* Between two messages nothing need be held. */
static void between_messages(struct worker *w, struct stream *s)
{
    struct flow_entry *e = entry_find(w, s->key);
    bool empty = s->ranges == 1 && stream_have(s) == 0;

    if (stream_of(w, e) != s)
        return;
    e->class = FLOW_REPEAT;
    e->seq = s->base_seq;
    if (empty) {
        e->value = FLOW_NONE;
        drop_stream(w, s);
    }
}

static void insert(struct worker *w, struct stream *s, const struct segment *g)
{
    uint32_t offset = g->seq - s->base_seq;
    struct span bytes = g->bytes;

    if (s->first != FLOW_NONE && (int32_t)offset >= (int32_t)w->streams.slot_bytes)
        return; /* a piece of the first reading; this one lies elsewhere */
    if ((int32_t)offset < 0) {
        uint32_t old = 0u - offset;
        if (old >= bytes.len)
            return;
        bytes = span_of(bytes.at + old, bytes.len - old);
        offset = 0;
    }
    if (!s->conflict && s->first == FLOW_NONE && stream_disagrees(s, offset, bytes)) {
        w->counters[COUNT_STREAM_CONFLICT]++;
        s->conflict = true;
        if (s->other == FLOW_NONE) {
            struct stream *fork = streams_fork(&w->streams, s);
            if (fork != NULL)
                stream_insert(&w->streams, fork, offset, bytes);
        }
    }
    if (!stream_insert(&w->streams, s, offset, bytes))
        w->counters[COUNT_STREAM_LIMIT]++;
    if (g->cut && offset + bytes.len == stream_have(s))
        s->cut = true;
}

/* A segment for a stream that is held. */
static void stream_segment(struct worker *w, struct stream *s, const struct packet *p,
                           const struct segment *g)
{
    enum parse_result result = PARSE_MORE, second;

    s->origin = *p;
    s->used_ns = w->now_ns;
    streams_touch(&w->streams, s);
    struct stream *other = streams_other(&w->streams, s);
    if (other != NULL) {
        other->origin = *p;
        insert(w, other, g);
    }
    insert(w, s, g);
    other = streams_other(&w->streams, s);
    bool finished = advance(w, s, &result);
    if (other != NULL)
        finished &= advance(w, other, &second);
    if (result == PARSE_NEXT)
        between_messages(w, s);
    else if (finished)
        close_stream(w, s);
}

/* Holds a segment that is only part of a message, or early. The entry is found anew: making room may have
 * moved it. */
static void hold(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base,
                 const struct segment *g)
{
    struct stream *s = stream_new(w, key, base, p);
    struct flow_entry *e = entry_make(w, key, FLOW_STREAM);
    struct orphan *orphan;

    if (e == NULL) {
        streams_free(&w->streams, s);
        return;
    }
    s->midstream = (e->flags & FLOW_MIDSTREAM) != 0;
    if (e->class == FLOW_DONE && e->value != 0) {
        s->name[s->names++] = e->value;
        s->conflict = e->seq == base;
    }
    e->class = e->class == FLOW_REPEAT ? FLOW_REPEAT : FLOW_STREAM;
    e->seq = base;
    e->value = streams_slot(&w->streams, s);
    stream_segment(w, s, p, g);
    uint32_t slot = streams_slot(&w->streams, s);
    while (streams_at(&w->streams, slot) == s && s->key.hash == key.hash &&
           (orphan = orphans_take(&w->orphans, key, w->now_ns)) != NULL) {
        struct segment early = {.bytes = span_of(orphan->bytes, orphan->len), .seq = orphan->seq};
        stream_segment(w, s, p, &early);
    }
}

/*
 * Bytes that begin where a message is expected: parsed where they lie, if the message is whole.
 */
static void start(struct worker *w, struct flow_entry *e, const struct packet *p, struct flow_key key,
                  const struct segment *g, uint16_t flags)
{
    struct message m;
    unsigned proto = 0;
    uint32_t at = 0;
    enum parse_result result;
    enum proto_starts starts = find_proto(w, g->bytes, p, &proto);

    if (starts == STARTS_NO) {
        entry_done(e, g->seq, 0);
        follow_nameless(w, key);
        return;
    }
    if (starts == STARTS_MAYBE) {
        hold(w, p, key, g->seq, g);
        return;
    }
    flags |= RECORD_STREAM;
    flags |= (e->flags & FLOW_MIDSTREAM) != 0 ? RECORD_MIDSTREAM : 0;
    message_init(&m, w, p, key, proto, flags);
    do {
        struct span rest = span_of(g->bytes.at + at, g->bytes.len - at);
        result = message_parse_tcp(&m, rest, g->cut, false);
        at += result == PARSE_NEXT ? m.parse.consumed : 0;
    } while (result == PARSE_NEXT && at < g->bytes.len);
    e = entry_find(w, key); /* a match may have put a watch in between */
    if (e == NULL)
        return;
    if (result == PARSE_NEXT || (at > 0 && result == PARSE_MORE)) {
        e->class = FLOW_REPEAT;
        e->seq = g->seq + at;
        e->value = FLOW_NONE;
    }
    if (result == PARSE_MORE) {
        struct segment rest = {.bytes = span_of(g->bytes.at + at, g->bytes.len - at),
                               .seq = g->seq + at,
                               .cut = g->cut};
        hold(w, p, key, rest.seq, &rest);
    } else if (result != PARSE_NEXT) {
        entry_done(e, g->seq, m.told);
        if (!m.named)
            follow_nameless(w, key);
    }
}

/* A second reading that begins at another place, beside the stream that is expected at `base`. */
static void read_elsewhere(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base,
                           const struct segment *g, const struct message *m)
{
    if (stream_of(w, entry_make(w, key, FLOW_STREAM)) == NULL)
        hold(w, p, key, base, &(struct segment){.seq = base});
    struct stream *s = stream_of(w, entry_find(w, key));
    if (s == NULL || s->other != FLOW_NONE)
        return;
    streams_touch(&w->streams, s);
    struct stream *other = streams_fork(&w->streams, s);
    if (other == NULL)
        return;
    other->base_seq = g->seq;
    other->ranges = 1;
    other->range[0] = (struct stream_range){0, 0};
    other->midstream = true;
    other->proto = (uint8_t)m->proto;
    insert(w, other, g);
    other->need = m->parse.need;
}

/* First bytes like a hello's, at a place where none was expected: another reading of the stream, or its
 * second hello. */
static void start_elsewhere(struct worker *w, const struct flow_entry *entry, const struct packet *p,
                            struct flow_key key, const struct segment *g, uint16_t flags)
{
    struct flow_entry e = *entry; /* as it was: parsing may change the table */
    bool same_place = e.class == FLOW_DONE && e.seq == g->seq;
    struct message m;
    unsigned proto = 0;

    enum proto_starts starts = find_proto(w, g->bytes, p, &proto);
    bool before_entry = (e.flags & FLOW_MIDSTREAM) != 0 && e.value == 0 && g->seq + g->bytes.len == e.seq;
    if (starts == STARTS_MAYBE && e.class == FLOW_DONE && before_entry)
        hold(w, p, key, g->seq, g); /* the few bytes before the segment with which we came in */
    if (starts != STARTS_YES)
        return;
    flags |= RECORD_STREAM;
    flags |= e.class == FLOW_DONE && !same_place ? RECORD_MIDSTREAM : RECORD_CONFLICT;
    message_init(&m, w, p, key, proto, flags);
    m.known = e.class == FLOW_DONE ? e.value : 0;
    m.stream = stream_of(w, &e);
    enum parse_result result = message_parse_tcp(&m, g->bytes, g->cut, false);
    struct flow_entry *now = entry_find(w, key);
    if (result == PARSE_MORE && e.class == FLOW_DONE) {
        if (now != NULL)
            now->flags |= same_place ? 0 : FLOW_MIDSTREAM;
        hold(w, p, key, g->seq, g);
    } else if (result == PARSE_MORE) {
        read_elsewhere(w, p, key, e.seq, g, &m);
    } else if (now != NULL && now->class == FLOW_DONE && m.told != 0) {
        entry_done(now, g->seq, m.told);
    }
}

static void payload(struct worker *w, struct flow_entry *e, const struct packet *p, struct flow_key key,
                    const struct segment *g, uint16_t flags)
{
    struct stream *s = stream_of(w, e);
    int32_t ahead = (int32_t)(g->seq - (s != NULL ? s->base_seq : e->seq));
    int32_t window = (int32_t)w->streams.slot_bytes;
    bool near = ahead > -window && ahead < window;

    if (s != NULL) {
        struct stream *other = streams_other(&w->streams, s);
        bool inside = near || (other != NULL && g->seq - other->base_seq < w->streams.slot_bytes);
        /* Where a midstream stream begins is a guess: a hello before it is another reading. */
        bool before = s->midstream && e->class == FLOW_STREAM && other == NULL && ahead < 0;
        if (!inside || before) {
            start_elsewhere(w, e, p, key, g, flags);
            e = entry_find(w, key);
            s = e != NULL ? stream_of(w, e) : NULL;
        }
        if (inside && s != NULL)
            stream_segment(w, s, p, g);
        return;
    }
    if ((e->class == FLOW_SYN || e->class == FLOW_REPEAT) && near) {
        if (ahead == 0)
            start(w, e, p, key, g, flags);
        else if (ahead > 0 || ahead + (int32_t)g->bytes.len > 0)
            hold(w, p, key, e->seq, g);
        return;
    }
    start_elsewhere(w, e, p, key, g, flags);
}

/* No entry and no room for one: what lies whole in this segment is still found. */
static void stateless(struct worker *w, const struct packet *p, struct flow_key key, const struct segment *g,
                      uint16_t flags)
{
    struct message m;
    unsigned proto = 0;

    if (find_proto(w, g->bytes, p, &proto) != STARTS_YES)
        return;
    message_init(&m, w, p, key, proto, flags | RECORD_STREAM | RECORD_MIDSTREAM);
    message_parse_tcp(&m, g->bytes, g->cut, true);
}

/* The first packet of a flow whose opening was not seen, or was forgotten. */
static void midstream(struct worker *w, const struct packet *p, struct flow_key key, const struct segment *g,
                      uint16_t flags)
{
    unsigned proto = 0;
    enum proto_starts starts = find_proto(w, g->bytes, p, &proto);
    struct flow_entry *e = entry_make(w, key, starts == STARTS_NO ? FLOW_DONE : FLOW_STREAM);

    if (e == NULL) {
        stateless(w, p, key, g, flags);
        return;
    }
    e->class = FLOW_SYN;
    e->flags |= FLOW_MIDSTREAM;
    e->seq = g->seq;
    e->value = FLOW_NONE;
    if (starts == STARTS_NO)
        orphans_keep(&w->orphans, key, p, w->now_ns, w->counters);
    start(w, e, p, key, g, flags);
}

static void opening(struct worker *w, const struct packet *p, struct flow_key key)
{
    bool answer = (p->tcp_flags & TCP_ACK) != 0;
    struct flow_entry *e = entry_make(w, key, FLOW_SYN);
    uint32_t begin = p->seq + 1;

    if (e != NULL && e->class != FLOW_STREAM && e->class != FLOW_REPEAT &&
        (e->class != FLOW_DONE || e->seq != begin)) {
        e->class = FLOW_SYN;
        e->seq = begin;
        e->value = FLOW_NONE;
        e->flags = answer ? FLOW_ANSWERER : FLOW_OPENER;
    }
    if (!answer)
        return;
    /* A SYN-ACK tells where the other direction begins (RFC 9293 §3.5), should its SYN have been missed. */
    struct flow_key back = flow_key_back(key);
    e = entry_make(w, back, FLOW_SYN);
    if (e != NULL && (e->class == FLOW_FREE || (e->class == FLOW_SYN && e->flags == 0))) {
        e->class = FLOW_SYN;
        e->seq = p->ack;
        e->value = FLOW_NONE;
        e->flags = FLOW_OPENER;
    }
}

/* The sender will send no more: what its stream holds is told. */
static void closing(struct worker *w, const struct packet *p, struct flow_key key)
{
    struct stream *s = stream_of(w, entry_find(w, key));

    if (s == NULL)
        return;
    uint32_t end = p->seq + p->payload_wire_bytes - s->base_seq;
    if ((p->tcp_flags & TCP_RST) != 0 || end <= stream_have(s))
        give_up(w, s);
}

void worker_tcp(struct worker *w, const struct packet *p, struct flow_key key, uint16_t flags)
{
    if ((p->tcp_flags & TCP_SYN) != 0)
        opening(w, p, key);
    if (p->payload_bytes > 0) {
        struct segment g = {.bytes = span_of(p->payload, p->payload_bytes),
                            .seq = p->seq + ((p->tcp_flags & TCP_SYN) != 0),
                            .cut = p->payload_bytes < p->payload_wire_bytes};
        struct flow_entry *e = entry_find(w, key);
        if (e == NULL || e->class == FLOW_FREE)
            midstream(w, p, key, &g, flags);
        else
            payload(w, e, p, key, &g, flags);
    }
    if ((p->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
        closing(w, p, key);
}

void worker_tcp_tick(struct worker *w)
{
    for (uint32_t i = w->streams.slab.oldest; i != SLAB_NONE; i = slab_newer(&w->streams.slab, i)) {
        struct stream *s = &w->streams.slot[i];
        if (s->told || s->finished || s->used_ns + TELL_NS > w->now_ns)
            continue;
        s->told = true;
        if (stream_have(s) > 0 && (s->proto == STREAM_PROTO_UNKNOWN || !protos[s->proto]->repeats))
            parse_stream(w, s, true);
    }
}

void worker_tcp_finish(struct worker *w)
{
    for (struct stream *s; (s = streams_oldest(&w->streams)) != NULL;)
        give_up(w, s);
}
