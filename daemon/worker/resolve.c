/* SPDX-License-Identifier: BSD-2-Clause */
/* What DNS showed: who asked for listed names, and which addresses the answers gave. */
#include "worker/observe.h"

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
static void resolved(struct message *m, struct observation *o)
{
    if (m->dns_hits == 0 || !o->from_server || !o->section_answer || m->parse.facts.rcode != 0 ||
        !reachable(&o->addr))
        return;
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

static void note_question(struct message *m, const struct observation *o)
{
    struct worker *w = m->w;

    visibility_dns(&w->visibility, &m->p->src, &m->p->dst, w->now_ns);
    struct transaction query = {.client = m->p->src, .port = m->p->src_port, .id = m->parse.facts.id};
    transactions_asked(&w->transactions, &w->config.key, m->key, &query, w->now_ns);
    transactions_name(&w->transactions, &w->config.key, &m->p->src, o->name, w->now_ns);
}

void resolve_name(struct message *m, struct observation *o, struct match hit)
{
    if (o->via == VIA_DNS_QUERY && !o->from_server)
        note_question(m, o);
    if (hit.how == MATCH_NONE)
        return;
    if (o->from_server && (o->via == VIA_DNS_QUERY || (o->section_answer && is_alias(o))))
        note_dns_hit(m, hit, o->name);
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
    visibility_resolved(&m->w->visibility, &o->addr, m->w->now_ns);
    resolved(m, o);
}
