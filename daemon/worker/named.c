/* SPDX-License-Identifier: BSD-2-Clause */
/* What a flow shows of the two ends: the name that a client gives its server, a server's certificate, a
 * client's fingerprint, and where a server sends its client to. */
#include "worker/assemble.h"
#include "worker/observe.h"

static uint32_t name_hash(const struct worker *w, struct span name)
{
    uint64_t h = hash_run(&w->config.key, w->config.key.k[0], name);

    return ((uint32_t)(h >> 32) & NAME_HASH_MASK) | NAME_HASH_TOP;
}

static bool names_server(enum via via)
{
    return via >= VIA_TLS_SNI && via <= VIA_PROXY_TARGET && via != VIA_HTTP_LOCATION;
}

/* A hello is sent again whole or in part; requests that follow one another are each one's own. */
static bool told_once(enum via via)
{
    return via == VIA_TLS_SNI || via == VIA_QUIC_SNI || via == VIA_DTLS_SNI;
}

bool named_before(struct message *m, const struct observation *o)
{
    struct stream *s = m->stream;

    if (!names_server(o->via))
        return false;
    uint32_t h = name_hash(m->w, o->name);
    bool known = m->known == h;
    m->told = h;
    if (s == NULL)
        return known && (told_once(o->via) || (m->flags & RECORD_CONFLICT) != 0);
    if (s->first != FLOW_NONE)
        s = streams_at(&m->w->streams, s->first);
    for (unsigned i = 0; i < s->names; i++)
        known |= s->name[i] == h;
    if (!known && s->names < STREAM_NAMES_MAX)
        s->name[s->names++] = h;
    return known && told_once(o->via);
}

static enum seen seen_by(enum via via)
{
    switch (via) {
    case VIA_TLS_SNI:
        return SEEN_SNI;
    case VIA_QUIC_SNI:
        return SEEN_QUIC;
    case VIA_HTTP_HOST:
        return SEEN_HTTP;
    default:
        return SEEN_OTHER;
    }
}

/* Counts a flow once, by what named it first. */
static void meter(struct worker *w, struct flow_entry *e, const struct packet *p, struct visibility_flow *f)
{
    if ((e->flags & FLOW_METERED) != 0)
        return;
    e->flags |= FLOW_METERED;
    f->client = p->src;
    f->server = p->dst;
    f->server_port = p->dst_port;
    f->ip_proto = p->ip_proto;
    f->im = w->image;
    visibility_flow(&w->visibility, f, w->now_ns);
}

static void meter_named(struct message *m, const struct observation *o, bool outer)
{
    struct flow_entry *e = assemble_entry(m->w, m->key);
    struct visibility_flow f = {.seen = (uint8_t)(outer ? SEEN_OUTER : seen_by(o->via)),
                                .name = o->name,
                                .alpn = observation_attr(o, ATTR_ALPN)};

    /* What a proxy is asked for is not yet what will be said to it. */
    if (e == NULL || (m->flags & RECORD_COPY) != 0 || o->via == VIA_PROXY_TARGET)
        return;
    e->flags |= FLOW_OPENER; /* whoever sends the hello is the client */
    meter(m->w, e, m->p, &f);
}

void named_server(struct message *m, struct observation *o, struct match hit)
{
    m->named = true;
    if (m->again)
        return;
    meter_named(m, o, follow_named(m, o));
    if (hit.how != MATCH_NONE)
        follow_name(m, o, hit, 0);
}

void named_elsewhere(struct message *m, struct observation *o, struct match hit)
{
    if (hit.how != MATCH_NONE)
        observe_sighting(m, o, hit, STAGE_QUERIED, 0);
}

/* Whether the client asked for another name: a certificate that hosts share lists them all. */
static bool asked_for_another(const struct message *m, const struct observation *o)
{
    const struct flow_entry *e = assemble_entry(m->w, flow_key_back(m->key));

    uint32_t asked = e != NULL ? assemble_entry_name(e) : 0;

    return o->from_server && asked != 0 && asked != name_hash(m->w, o->name);
}

void named_certificate(struct message *m, struct observation *o, struct match hit)
{
    if (hit.how == MATCH_NONE)
        return;
    bool another = o->via == VIA_CERT_NAME && asked_for_another(m, o);
    follow_name(m, o, hit, another ? RECORD_OTHER_NAME : 0);
}

void named_client(struct message *m, struct observation *o, struct match hit)
{
    if (hit.how != MATCH_NONE)
        follow_name(m, o, hit, 0);
}

void named_nothing(struct worker *w, const struct packet *p, struct flow_key key)
{
    struct flow_entry *e = assemble_entry(w, key);
    struct visibility_flow f = {.seen = SEEN_NAMELESS};

    if (e != NULL && (e->flags & (FLOW_OPENER | FLOW_MIDSTREAM)) == FLOW_OPENER)
        meter(w, e, p, &f);
    follow_nameless(w, key);
}
