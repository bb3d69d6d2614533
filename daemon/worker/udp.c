/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP: a datagram is a message (DNS), or carries pieces of a handshake that are put together by offset (QUIC:
 * RFC 9001 §4; DTLS: RFC 6347 §4.2.3). What first bytes look like decides, on any port.
 */
#include "worker/assemble.h"

/* Datagrams of one direction of a flow are looked into only so often although they brought nothing new: a
 * flood on one five-tuple costs no more. Forgotten after a minute of silence. */
#define TRIES_IDLE_S 60u

/* Whether nothing is known of the direction yet: it has just been made, or its flow is followed by address.
 */
static bool is_fresh(const struct flow_entry *e)
{
    return e->class == FLOW_FREE || (e->class == FLOW_DONE && e->value == FLOW_NONE);
}

static uint32_t cid_digest(const struct worker *w, const struct parse_cid *cid)
{
    return (uint32_t)hash_bytes(&w->config.key, cid->id, cid->len) | 1;
}

/* One piece; the message's stream is opened with the first. */
static void on_piece(void *ctx, uint32_t offset, struct span bytes)
{
    struct message *m = ctx;

    if (m->stream == NULL) {
        m->stream = assemble_open(m->w, m->p, m->key, 0);
        if (m->stream == NULL)
            return;
        m->stream->proto = (uint8_t)m->proto;
        m->stream->handshake = true;
    }
    assemble_insert(m->w, m->stream, m->p, &(struct segment){.bytes = bytes, .seq = offset});
}

/* The server's connection ID is what its client sends to from now on: such packets continue a handshake.
 * After a Retry they begin it anew. */
static void server_datagram(struct message *m)
{
    struct worker *w = m->w;

    m->parse.sender = SIDE_SERVER;
    message_parse_udp(m);
    struct flow_entry *e = assemble_entry_make(w, m->key, FLOW_DONE);
    if (e == NULL || m->parse.facts.cid.len == 0)
        return;
    if (is_fresh(e))
        assemble_entry_done(e, 0, 0, 0);
    e->flags |= FLOW_ANSWERER;
    if (e->class == FLOW_DONE)
        e->value = m->parse.facts.retry ? 0 : cid_digest(w, &m->parse.facts.cid);
}

/* Whether the client only goes on with a handshake whose hello is known. */
static bool continues(const struct message *m, const struct flow_entry *e, const struct flow_entry *back)
{
    struct parse_cid to = {0};

    if (e == NULL || e->class != FLOW_DONE || back == NULL || back->class != FLOW_DONE || back->value == 0 ||
        protos[m->proto]->addressed == NULL)
        return false;
    protos[m->proto]->addressed(span_of(m->p->payload, m->p->payload_bytes), &to);
    return to.len > 0 && cid_digest(m->w, &to) == back->value;
}

/* True when the flow, of which this is the flow cache's own entry, was looked into often enough. */
static bool tried_out(const struct worker *w, const struct flow_entry *e)
{
    if (e == NULL || e->class != FLOW_DONE || e->tries < FLOW_TRIES_MAX)
        return false;
    return (uint16_t)(worker_now_s(w) - e->age_s) < TRIES_IDLE_S;
}

static void count_try(struct worker *w, struct flow_key key, bool opened)
{
    struct flow_entry *e = assemble_entry_make(w, key, FLOW_DONE);

    if (e == NULL)
        return;
    if (is_fresh(e))
        assemble_entry_done(e, 0, 0, 0);
    e->tries = e->tries < FLOW_TRIES_MAX ? (e->tries + 1) & FLOW_TRIES_MAX : 1;
    e->flags |= opened ? FLOW_OPENER : 0;
}

/* False: it is of another protocol after all. */
static __attribute__((noinline)) bool handshake(struct message *m)
{
    struct worker *w = m->w;
    struct flow_key key = m->key;

    /* First, for it may change the flow cache; no piece has to make room, then, while others are read. */
    assemble_reserve(w);
    const struct flow_entry *back = assemble_entry(w, flow_key_back(key));
    if (back != NULL && (back->flags & FLOW_OPENER) != 0) {
        server_datagram(m);
        return true;
    }
    struct flow_entry *e = flow_cache_find(&w->cache, key);
    if (tried_out(w, e)) {
        w->counters[COUNT_QUIC_LIMIT]++;
        return true;
    }
    if (w->config.live && w->crypto != NULL) {
        crypto_budget(w->crypto, w->now_ns);
        crypto_client(w->crypto, &m->p->src);
    }
    e = assemble_entry_of(w, e, key);
    if (continues(m, e, back))
        return true;
    struct stream *s = assemble_stream(w, e);
    struct parse_cid first = {0};
    if (s != NULL && s->cid_len > 0) {
        first.len = s->cid_len;
        memcpy(first.id, s->cid, sizeof first.id);
        m->parse.cid = &first;
    }
    m->stream = s;
    m->parse.piece = on_piece;
    enum parse_result result = message_parse_udp(m);
    if (result == PARSE_NOT)
        return false;
    count_try(w, key, result != PARSE_BAD);
    s = m->stream;
    if (s == NULL)
        return true;
    if (s->cid_len == 0) {
        s->cid_len = m->parse.facts.cid.len;
        memcpy(s->cid, m->parse.facts.cid.id, sizeof s->cid);
    }
    assemble_advance(w, s);
    return true;
}

/* Whether it may be the answer to a query of DNS that was sent elsewhere. */
static bool answers_query(const struct worker *w, const struct packet *p)
{
    const uint8_t *at = p->payload;

    if (!worker_udp_like_answer(at, p->payload_bytes))
        return false;
    struct transaction query = {.client = p->dst, .port = p->dst_port, .id = (uint16_t)(at[0] << 8 | at[1])};
    return transactions_open(&w->transactions, &w->config.key, &query, w->now_ns);
}

/* Beside the bits of protocols: it may answer a query. */
#define ANSWERS (1u << WORKER_PROTOS_MAX)

unsigned worker_udp_may(const struct worker *w, const struct packet *p)
{
    unsigned may = starts_udp_may(&w->starts, p, false);

    return may == 0 && answers_query(w, p) ? ANSWERS : may;
}

/* Tries the protocols that it may be of, as bits, until it is one. False: it may be of none. */
static bool is_message(struct worker *w, const struct packet *p, struct flow_key key, unsigned protocols,
                       uint16_t flags, bool any)
{
    bool may = false;

    for (unsigned left = protocols; left != 0; left &= left - 1) {
        unsigned proto = (unsigned)__builtin_ctz(left);
        if (!starts_udp(&w->config, proto, p, any))
            continue;
        struct message m;
        message_init(&m, w, p, key, proto, flags);
        if (protos[proto]->handshake != NULL ? handshake(&m) : message_parse_udp(&m) != PARSE_NOT)
            return true;
        may = true;
    }
    return may;
}

void worker_udp(struct worker *w, const struct packet *p, struct flow_key key, unsigned may, uint16_t flags)
{
    if (!is_message(w, p, key, may & (ANSWERS - 1), flags, false) && answers_query(w, p))
        is_message(w, p, key, starts_udp_may(&w->starts, p, true), flags, true);
}
