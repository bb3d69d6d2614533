/* SPDX-License-Identifier: BSD-2-Clause */
/* What DNS showed: who asked for listed names, and which addresses the answers gave, or that they gave none
 * that lead anywhere: RFC 1035, RFC 2308 (negative answers). */
#include "worker/observe.h"

/* What an answer held, or that there was a client's question; bits of `dns_saw`. */
enum { SAW_RECORDS = 1, SAW_REAL = 2, SAW_ADDRESS_ASKED = 4, SAW_QUESTION = 8 };

enum { RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 };

/* Records whose target serves the name that was asked for, so that its addresses are the name's, too. */
static bool is_alias(struct observation *o)
{
    observation_complete(o);
    static const char *const aliases[] = {"CNAME", "DNAME", "SVCB", "HTTPS"};
    struct span type = observation_attr(o, ATTR_RRTYPE);

    for (unsigned i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (span_eq(type, span_str(aliases[i])))
            return true;
    return false;
}

/* Addresses of no host: blockers answer so, and an image need not say it. */
static bool reachable(const struct addr *a)
{
    return !addr_is_group(a) && !(addr_is_v4(a) && a->b[12] == 127) && !(a->w[0] == 0 && !addr_is_v4(a));
}

static enum blocked where_to(const struct worker *w, const struct addr *a)
{
    static const uint8_t of_kind[ANSWER_KINDS] = {
        [ANSWER_REAL] = BLOCKED_NOT,
        [ANSWER_BLOCKED] = BLOCKED_NOBODY,
        [ANSWER_SINKHOLE] = BLOCKED_SINKHOLE,
        [ANSWER_PARKED] = BLOCKED_PARKED,
    };

    return !reachable(a) ? BLOCKED_NOBODY : of_kind[image_answer(w->image, a, NULL)];
}

static void note_dns_hit(struct message *m, struct match hit, struct observation *o)
{
    for (unsigned i = 0; i < m->dns_hits; i++)
        if (m->dns_hit[i].ioc == hit.ioc)
            return;
    if (m->dns_hits == WATCH_HITS_MAX || o->name.len > NAME_TEXT_MAX)
        return;
    observation_complete(o);
    if (o->via == VIA_DNS_QUERY && span_eq(observation_attr(o, ATTR_RRTYPE), span_str("A")))
        m->dns_saw |= SAW_ADDRESS_ASKED;
    memcpy(m->dns_name[m->dns_hits], o->name.at, o->name.len);
    m->dns_name_len[m->dns_hits] = (uint16_t)o->name.len;
    m->dns_via[m->dns_hits] = o->via;
    m->dns_hit[m->dns_hits++] = hit;
}

static bool awaited(const struct message *m)
{
    return transactions_awaited(&m->w->transactions, &m->w->config.key, m->key, m->parse.facts.id,
                                m->w->now_ns);
}

/* An address in the answer for listed names: they are resolved, and the address is learned. Only so many of a
 * message: a packet of hundreds would fill the ring for all others. */
static void resolved(struct message *m, struct observation *o)
{
    if (m->dns_hits == 0 || !o->from_server || !o->section_answer || m->parse.facts.rcode != 0)
        return;
    enum blocked nowhere = where_to(m->w, &o->addr);
    if (nowhere != BLOCKED_NOT) {
        if (nowhere > m->dns_blocked) {
            m->dns_blocked = (uint8_t)nowhere;
            m->dns_nowhere = o->addr;
        }
        return;
    }
    m->dns_saw |= SAW_REAL;
    if (m->dns_addresses == WORKER_ADDRESSES) {
        m->w->counters[COUNT_LEARNED_LIMIT]++;
        return;
    }
    m->dns_addresses++;
    bool asked = awaited(m);
    for (unsigned i = 0; i < m->dns_hits; i++) {
        observe_sighting(m, o, m->dns_hit[i], STAGE_RESOLVED, RECORD_UPDATE);
        if (asked)
            addresses_learn(m, o, m->dns_hit[i], span_of(m->dns_name[i], m->dns_name_len[i]));
    }
}

/* With mDNS and LLMNR everybody answers for itself: RFC 6762 §3, RFC 4795 §2. */
static bool is_local(const struct message *m, uint16_t server_port)
{
    enum { MDNS = 5353, LLMNR = 5355 };

    return addr_is_group(&m->p->dst) || server_port == MDNS || server_port == LLMNR;
}

/* A client's question. Who asks more than one in a message, as nobody does, counts once. */
static void ask(struct message *m, const struct observation *o)
{
    struct worker *w = m->w;
    uint64_t name = o->wire_hash != 0 ? o->wire_hash : name_text_hash(&w->config.key, o->name);

    struct transaction query = {.client = m->p->src, .port = m->p->src_port, .id = m->parse.facts.id};
    transactions_asked(&w->transactions, &w->config.key, m->key, &query, name, w->now_ns);
    if ((m->dns_saw & SAW_QUESTION) != 0)
        return;
    m->dns_saw |= SAW_QUESTION;
    visibility_dns(&w->visibility, &m->p->src, &m->p->dst, w->now_ns);
    if (!is_local(m, m->p->dst_port))
        learned_note_query(&w->learned, &m->p->src, w->now_ns);
}

/* The question in a server's answer. */
static void answered(struct message *m)
{
    if (!is_local(m, m->p->src_port))
        learned_note_answer(&m->w->learned, &m->p->src, m->w->now_ns);
}

void resolve_name_unlisted(struct message *m, const struct observation *o)
{
    if (o->via == VIA_DNS_ANSWER)
        m->dns_saw |= SAW_RECORDS;
    else if (o->from_server)
        answered(m);
    else
        ask(m, o);
}

void resolve_address_unlisted(struct message *m, const struct observation *o)
{
    m->dns_saw |= SAW_RECORDS;
    visibility_resolved(&m->w->visibility, &o->addr, m->w->now_ns);
}

void resolve_name(struct message *m, struct observation *o, struct match hit)
{
    resolve_name_unlisted(m, o);
    if (hit.how == MATCH_NONE)
        return;
    if (o->from_server && (o->via == VIA_DNS_QUERY || (o->section_answer && is_alias(o))))
        note_dns_hit(m, hit, o);
    if (m->dns_sightings++ >= WORKER_SIGHTINGS)
        return;
    /* A question is counted once: in its answer only if the query itself was not seen. */
    bool again = o->via == VIA_DNS_QUERY && o->from_server && awaited(m);
    observe_sighting(m, o, hit, STAGE_QUERIED, again ? RECORD_UPDATE : 0);
}

void resolve_address(struct message *m, struct observation *o, struct match hit)
{
    if (hit.how != MATCH_NONE && m->dns_sightings++ < WORKER_SIGHTINGS)
        observe_sighting(m, o, hit, STAGE_RESOLVED, 0);
    resolve_address_unlisted(m, o);
    resolved(m, o);
}

/*
 * How the answer led nowhere, if it did. One real address among others is enough to get there. No address is
 * told only of a question for IPv4: half the world has no other, and a resolver's referral to other servers,
 * or an answer that was cut, is none.
 */
static enum blocked led_nowhere(const struct message *m, enum parse_result result)
{
    bool whole = (result == PARSE_DONE || result == PARSE_NEXT) && !m->parse.facts.truncated;

    if (m->parse.facts.rcode == RCODE_NXDOMAIN)
        return BLOCKED_NXDOMAIN;
    if (m->parse.facts.rcode == RCODE_REFUSED)
        return BLOCKED_REFUSED;
    if (m->parse.facts.rcode != 0 || (m->dns_saw & SAW_REAL) != 0)
        return BLOCKED_NOT;
    if (m->dns_blocked == BLOCKED_NOT && whole && m->dns_saw == SAW_ADDRESS_ASKED)
        return BLOCKED_NODATA;
    return m->dns_blocked;
}

/* Out of line: nearly no message comes here. */
__attribute__((noinline)) void resolve_end(struct message *m, enum parse_result result)
{
    enum blocked blocked = led_nowhere(m, result);

    for (unsigned i = 0; i < m->dns_hits && blocked != BLOCKED_NOT; i++) {
        struct observation o = {.via = m->dns_via[i],
                                .name = span_of(m->dns_name[i], m->dns_name_len[i]),
                                .from_server = true};
        struct record r;
        observe_record(&r, m, &o);
        r.kind = RECORD_SIGHTING;
        r.ioc = m->dns_hit[i].ioc;
        r.match = m->dns_hit[i].how;
        r.stage = STAGE_QUERIED;
        r.flags |= RECORD_UPDATE;
        r.blocked = (uint8_t)blocked;
        r.value_addr = m->dns_blocked != BLOCKED_NOT ? m->dns_nowhere : (struct addr){.w = {0}};
        m->w->counters[COUNT_SIGHTINGS]++;
        worker_emit(m->w, &r);
    }
}
