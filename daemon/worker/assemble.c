/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts together what is split: streams in the slab, their entries in the flow cache, and both readings where
 * copies disagree. */
#include "worker/assemble.h"

#include "packet/plausible.h"

/* After so many parses of one message, wait until it has grown by a quarter: one-byte segments buy no
 * quadratic work. */
#define PARSES_EAGER 16
/* After so long, what is there of a message is told, and the rest still waited for. */
#define TELL_NS 3000000000ull
/* After so long nothing more is waited for. */
#define KEEP_NS 60000000000ull

struct flow_entry *assemble_entry_of(struct worker *w, struct flow_entry *e, struct flow_key key)
{
    if (e == NULL)
        return NULL;
    e->age_s = worker_now_s(w);
    if (e->class != FLOW_WATCH)
        return e;
    struct watch *watch = follow_of(w, e);
    return watch != NULL ? &watch->inner[key.dir] : NULL;
}

struct flow_entry *assemble_entry(struct worker *w, struct flow_key key)
{
    return assemble_entry_of(w, flow_cache_find(&w->cache, key), key);
}

struct stream *assemble_stream(struct worker *w, const struct flow_entry *e)
{
    bool may = e != NULL && (e->class == FLOW_STREAM || e->class == FLOW_REPEAT);

    return may ? streams_at(&w->streams, e->value) : NULL;
}

/* Lets go of what an entry referred to. */
static void entry_release(struct worker *w, const struct flow_entry *e)
{
    struct stream *s = assemble_stream(w, e);

    if (s != NULL) {
        assemble_give_up(w, s);
    } else if (e->class == FLOW_WATCH) {
        struct watch *watch = watches_at(&w->watches, e->value);
        if (watch != NULL)
            follow_release(w, watch);
    }
}

struct flow_entry *assemble_entry_add(struct worker *w, struct flow_key key, enum flow_class class)
{
    struct flow_entry evicted;
    struct flow_entry *e = flow_cache_add(&w->cache, key, class, worker_now_s(w), &evicted);

    if (e == NULL || evicted.class <= FLOW_DONE)
        return e;
    /* What gave way may make a watch when it is told, which may take the new entry's place. */
    entry_release(w, &evicted);
    return assemble_entry(w, key);
}

struct flow_entry *assemble_entry_make(struct worker *w, struct flow_key key, enum flow_class class)
{
    struct flow_entry *e = assemble_entry(w, key);

    return e != NULL ? e : assemble_entry_add(w, key, class);
}

void assemble_entry_done(struct flow_entry *e, uint32_t seq, uint32_t bytes, uint32_t name)
{
    uint32_t length = bytes;

    if (bytes > NAME_LENGTH_MASK) {
        uint32_t units =
            (bytes >> NAME_LENGTH_UNIT_LOG) + ((bytes & ((1u << NAME_LENGTH_UNIT_LOG) - 1)) != 0);
        length = NAME_LENGTH_LONG | (units < NAME_LENGTH_MASK ? units : NAME_LENGTH_MASK);
    }
    e->class = FLOW_DONE;
    e->seq = seq;
    e->value = (name & NAME_HASH_MASK) | length;
}

uint32_t assemble_entry_name(const struct flow_entry *e)
{
    bool may = e->class == FLOW_DONE || (e->class == FLOW_REPEAT && e->value != FLOW_NONE);

    return may && (e->value & NAME_HASH_TOP) != 0 ? e->value & NAME_HASH_MASK : 0;
}

void assemble_reserve(struct worker *w)
{
    if (!slab_full(&w->streams.slab))
        return;
    w->counters[COUNT_STREAM_LIMIT]++;
    assemble_give_up(w, streams_oldest(&w->streams));
}

static uint16_t stream_flags(const struct stream *s)
{
    return (uint16_t)((s->handshake ? 0 : RECORD_STREAM) | (s->midstream ? RECORD_MIDSTREAM : 0) |
                      (s->conflict ? RECORD_CONFLICT : 0));
}

static void drop_stream(struct worker *w, struct stream *s)
{
    struct stream *other = streams_other(&w->streams, s);

    if (other != NULL)
        streams_free(&w->streams, other);
    streams_free(&w->streams, s);
}

/* Finds out from its first bytes of which protocol the message at this offset is. */
static enum proto_starts identify(struct worker *w, struct stream *s, uint32_t at)
{
    unsigned proto = 0;

    if (s->proto != STREAM_PROTO_UNKNOWN)
        return STARTS_YES;
    struct span first = span_of(s->bytes + at, stream_have(s) - at);
    enum proto_starts starts = starts_tcp(&w->starts, first, &w->config, &s->origin, &proto);
    if (starts == STARTS_YES)
        s->proto = (uint8_t)proto;
    return starts;
}

/* Parses the messages that follow one another from offset 0, then lets go of them all at once: each for
 * itself would move what is behind it thousands of times. */
static enum parse_result parse_messages(struct worker *w, struct stream *s, bool last, uint32_t *ret_need)
{
    enum parse_result result = PARSE_NEXT;
    uint32_t at = 0;
    struct message m;

    while (result == PARSE_NEXT && at < stream_have(s)) {
        enum proto_starts starts = identify(w, s, at);
        if (starts != STARTS_YES) {
            result = starts == STARTS_NO ? PARSE_NOT : PARSE_MORE;
            break;
        }
        message_init(&m, w, &s->origin, s->key, s->proto, stream_flags(s));
        m.stream = s;
        struct span rest = span_of(s->bytes + at, stream_have(s) - at);
        result = message_parse_stream(&m, rest, s->cut, last);
        *ret_need = m.parse.need;
        if (result != PARSE_NEXT)
            break;
        at += m.parse.consumed;
        s->midstream |= m.parse.facts.open;
        s->proto = STREAM_PROTO_UNKNOWN;
    }
    if (at > 0)
        stream_consume(s, at);
    return result;
}

/* Parses what a stream holds. */
static enum parse_result parse_stream(struct worker *w, struct stream *s, bool last)
{
    enum parse_result result;
    uint32_t need = 0;

    do
        result = parse_messages(w, s, last, &need);
    while (result == PARSE_NEXT && stream_have(s) > 0);
    if (result == PARSE_MORE && s->proto != STREAM_PROTO_UNKNOWN) {
        s->need = need;
        if (++s->parses > PARSES_EAGER && s->need < stream_have(s) + stream_have(s) / 4)
            s->need = stream_have(s) + stream_have(s) / 4;
    }
    return result;
}

/* What is left of a stream is an entry that remembers it. */
static void close_stream(struct worker *w, struct stream *s)
{
    /* Found anew: a match may have put a watch in between. */
    struct flow_entry *e = assemble_entry(w, s->key);
    struct packet origin = s->origin;
    struct flow_key key = s->key;
    bool named = s->names > 0;

    if (assemble_stream(w, e) == s)
        assemble_entry_done(e, s->base_seq, stream_have(s), named ? s->name[s->names - 1] : 0);
    drop_stream(w, s);
    if (!named)
        named_nothing(w, &origin, key);
}

/* What lies behind a gap may begin with a message of its own: the bytes before it were lost, or a false SYN
 * said that there are some. */
static void parse_islands(struct worker *w, struct stream *s)
{
    for (unsigned i = 1; i < s->ranges && !s->handshake; i++) {
        struct span island = span_of(s->bytes + s->range[i].from, s->range[i].to - s->range[i].from);
        struct message m;
        unsigned proto = 0;
        if (starts_tcp(&w->starts, island, &w->config, &s->origin, &proto) != STARTS_YES)
            continue;
        message_init(&m, w, &s->origin, s->key, proto, stream_flags(s) | RECORD_MIDSTREAM);
        m.stream = s;
        message_parse_stream(&m, island, false, true);
    }
}

/* Tells what there is if so much of it is new; without anything new it would be told twice. */
static void tell(struct worker *w, struct stream *s, unsigned new_segments)
{
    struct stream *readings[2] = {s, streams_other(&w->streams, s)};
    unsigned segments = s->segments + (readings[1] != NULL ? readings[1]->segments : 0u);

    if (s->told && segments >= s->told_segments && segments - s->told_segments < new_segments)
        return;
    s->told = true;
    s->told_segments = (uint16_t)segments;
    for (unsigned i = 0; i < 2; i++)
        if (readings[i] != NULL && !readings[i]->finished && stream_have(readings[i]) > 0)
            parse_stream(w, readings[i], true);
    parse_islands(w, s);
}

/* Whoever asks for it with every octet that he adds buys no more work than with PARSES_EAGER. */
void assemble_tell(struct worker *w, struct stream *s)
{
    tell(w, s, 1 + s->told_segments / 4u);
}

void assemble_give_up(struct worker *w, struct stream *s)
{
    if (s->first != FLOW_NONE)
        s = streams_at(&w->streams, s->first);
    tell(w, s, 1);
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
    struct flow_entry *e = assemble_entry(w, s->key);
    struct stream *other = streams_other(&w->streams, s);
    bool waited_for = other != NULL && !other->finished && stream_have(other) > 0;
    bool empty = s->ranges == 1 && stream_have(s) == 0 && !waited_for;

    if (assemble_stream(w, e) != s)
        return;
    e->class = FLOW_REPEAT;
    e->flags |= s->midstream ? FLOW_MIDSTREAM : 0;
    e->seq = s->base_seq;
    if (empty) {
        e->value = s->names > 0 ? s->name[s->names - 1] : FLOW_NONE;
        drop_stream(w, s);
    }
}

/* A piece, what lies before the stream's first byte cut off, and how likely it is to have arrived. */
struct piece {
    struct span bytes;
    uint32_t offset;
    uint8_t ttl;
    bool plausible, cut;
};

/* False: nothing of the segment is in the stream, or it belongs to the other reading, which lies elsewhere.
 */
static bool place(const struct worker *w, const struct stream *s, const struct segment *g, struct piece *ret)
{
    uint32_t offset = g->seq - s->base_seq;
    struct span bytes = g->bytes;

    if (s->first != FLOW_NONE && (int32_t)offset >= (int32_t)w->streams.slot_bytes)
        return false;
    if ((int32_t)offset < 0) {
        uint32_t old = 0u - offset;
        if (old >= bytes.len)
            return false;
        bytes = span_of(bytes.at + old, bytes.len - old);
        offset = 0;
    }
    ret->bytes = bytes;
    ret->offset = offset;
    ret->cut = g->cut;
    return true;
}

static void put(struct worker *w, struct stream *s, const struct piece *piece)
{
    stream_note_trust(s, piece->ttl, piece->plausible);
    if (!stream_insert(&w->streams, s, piece->offset, piece->bytes))
        w->counters[COUNT_STREAM_LIMIT]++;
    if (piece->cut && piece->offset + piece->bytes.len == stream_have(s))
        s->cut = true;
}

/* Into the second reading, of what is most likely to have arrived. */
static void put_second(struct worker *w, struct stream *s, const struct piece *piece)
{
    enum stream_trust trust = stream_trust(s, piece->ttl, piece->plausible);

    if (s->finished || trust == STREAM_LESS)
        return;
    if (trust == STREAM_MORE)
        stream_empty(s);
    put(w, s, piece);
}

/* Into the first reading, of all that came; begins the second one where a piece is at odds with the others.
 */
static void put_first(struct worker *w, struct stream *s, const struct piece *piece)
{
    bool disagrees = !s->conflict && stream_disagrees(s, piece->offset, piece->bytes);

    if (disagrees) {
        w->counters[COUNT_STREAM_CONFLICT]++;
        s->conflict = true;
    }
    if (s->other == FLOW_NONE &&
        (disagrees || stream_trust(s, piece->ttl, piece->plausible) != STREAM_EQUAL)) {
        struct stream *fork = streams_fork(&w->streams, s);
        if (fork != NULL)
            put_second(w, fork, piece);
    }
    put(w, s, piece);
}

static void insert(struct worker *w, struct stream *s, const struct segment *g, uint8_t ttl, bool plausible)
{
    struct stream *other = streams_other(&w->streams, s);
    struct piece piece = {.ttl = ttl, .plausible = plausible};

    if (other != NULL && place(w, other, g, &piece))
        put_second(w, other, &piece);
    if (place(w, s, g, &piece))
        put_first(w, s, &piece);
}

void assemble_insert(struct worker *w, struct stream *s, const struct packet *p, const struct segment *g)
{
    struct stream *other = streams_other(&w->streams, s);

    s->origin = *p;
    s->used_ns = w->now_ns;
    streams_touch(&w->streams, s);
    if (other != NULL) {
        other->origin = *p;
        other->used_ns = w->now_ns;
        streams_touch(&w->streams, other);
    }
    insert(w, s, g, p->ttl, packet_plausible(p));
}

void assemble_advance(struct worker *w, struct stream *s)
{
    enum parse_result result = PARSE_MORE, second;
    struct stream *other = streams_other(&w->streams, s);
    bool finished = advance(w, s, &result);

    if (other != NULL)
        finished &= advance(w, other, &second);
    if (result == PARSE_NEXT)
        between_messages(w, s);
    else if (finished)
        close_stream(w, s);
}

/* The entry is found anew: making room may have moved it. */
struct stream *assemble_open(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base)
{
    assemble_reserve(w);
    struct stream *s = streams_new(&w->streams, key, base);
    s->origin = *p;
    s->used_ns = w->now_ns;
    struct flow_entry *e = assemble_entry_make(w, key, FLOW_STREAM);

    if (e == NULL) {
        streams_free(&w->streams, s);
        return NULL;
    }
    s->midstream = (e->flags & FLOW_MIDSTREAM) != 0;
    uint32_t name = assemble_entry_name(e);
    if (name != 0) {
        s->name[s->names++] = name;
        s->conflict = e->class == FLOW_DONE && e->seq == base;
    }
    e->class = e->class == FLOW_REPEAT ? FLOW_REPEAT : FLOW_STREAM;
    e->seq = base;
    e->value = streams_slot(&w->streams, s);
    return s;
}

void assemble_hold(struct worker *w, const struct packet *p, struct flow_key key, uint32_t base,
                   const struct segment *g)
{
    struct stream *s = assemble_open(w, p, key, base);
    struct orphan *orphan;

    if (s == NULL)
        return;
    uint32_t slot = streams_slot(&w->streams, s);
    if (g->need > 0) {
        s->proto = (uint8_t)g->proto;
        s->need = g->need;
        s->parses = 1;
    }
    assemble_insert(w, s, p, g);
    assemble_advance(w, s);
    while (streams_at(&w->streams, slot) == s && s->key.hash == key.hash &&
           (orphan = orphans_take(&w->orphans, key, w->now_ns)) != NULL) {
        struct segment early = {.bytes = span_of(orphan->bytes, orphan->len), .seq = orphan->seq};
        insert(w, s, &early, orphan->ttl, orphan->judged ? orphan->plausible : s->plausible);
        assemble_advance(w, s);
    }
}

/* A message whose parts each say something is told in parts only when no more of it comes. */
static bool waits(const struct stream *s)
{
    return s->proto != STREAM_PROTO_UNKNOWN && protos[s->proto]->repeats;
}

void worker_streams_tick(struct worker *w)
{
    for (struct stream *s; (s = streams_oldest(&w->streams)) != NULL && s->used_ns + KEEP_NS <= w->now_ns;)
        assemble_give_up(w, s);
    for (uint32_t i = w->streams.slab.oldest; i != SLAB_NONE; i = slab_newer(&w->streams.slab, i)) {
        struct stream *s = &w->streams.slot[i];
        if (s->first == FLOW_NONE && !s->told && !waits(s) && s->used_ns + TELL_NS <= w->now_ns)
            assemble_tell(w, s);
    }
}

void worker_streams_finish(struct worker *w)
{
    for (struct stream *s; (s = streams_oldest(&w->streams)) != NULL;)
        assemble_give_up(w, s);
}
