/* SPDX-License-Identifier: BSD-2-Clause */
/* Incidents: what is counted, when to tell, when to close. */
#include "report/incident.h"

#include <stdlib.h>

const char *const why_names[WHYS] = {
#define X(id, name) name,
    BRIDLE_WHYS(X)
#undef X
};

struct sighting sighting_of(const struct record *rec)
{
    struct sighting s = {
        .client = rec->client,
        .server = rec->server,
        .tunnel_src = rec->tunnel_src,
        .tunnel_dst = rec->tunnel_dst,
        .flow_id = rec->flow_id,
        .packet = rec->packet,
        .source = rec->source,
        .client_port = rec->client_port,
        .server_port = rec->server_port,
        .flags = rec->flags,
        .via = rec->via,
        .match = rec->match,
        .proto = rec->proto,
        .ip_proto = rec->ip_proto,
        .vlans = rec->vlans,
        .tunnel_path = rec->tunnel_path,
        .tunnel_id = rec->tunnel_id,
        .mapped = rec->mapped,
        .tunnel_depth = rec->tunnel_depth,
    };

    memcpy(s.vlan, rec->vlan, sizeof s.vlan);
    return s;
}

#define OF_LINK(l, member) ((struct incident *)(void *)((char *)(l)-offsetof(struct incident, member)))
#define OF_NODE(n)         ((struct incident *)(void *)((char *)(n)-offsetof(struct incident, node)))

struct incident *incident_by_activity(struct incident_link *l)
{
    return OF_LINK(l, by_activity);
}

static void link_self(struct incident_link *l)
{
    l->prev = l->next = l;
}

static bool linked(const struct incident_link *l)
{
    return l->next != l;
}

static void link_out(struct incident_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_self(l);
}

static void link_last(struct incident_link *head, struct incident_link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

void incidents_init(struct incidents *s, const struct hash_key *key, uint64_t max, uint64_t repeat_ns,
                    uint64_t close_ns)
{
    *s = (struct incidents){.key = *key, .max = max, .repeat_ns = repeat_ns, .close_ns = close_ns};
    s->copies.key = *key;
    link_self(&s->by_activity);
    link_self(&s->by_told);
}

void incidents_done(struct incidents *s)
{
    while (linked(&s->by_activity))
        incidents_remove(s, incident_by_activity(s->by_activity.next));
    chains_done(&s->table);
    ioc_copies_done(&s->copies);
}

static uint64_t hash_of(const struct incidents *s, const struct ioc_copy *ioc, const struct addr *client)
{
    uint64_t h = hash_word(&s->key, s->key.k[0], ioc->key);

    h = hash_word(&s->key, h, client->w[0]);
    return hash_word(&s->key, h, client->w[1]);
}

struct incident *incidents_find(const struct incidents *s, const struct ioc_copy *ioc,
                                const struct addr *client)
{
    for (struct chains_node *n = chains_first(&s->table, hash_of(s, ioc, client)); n != NULL;
         n = chains_next(n)) {
        struct incident *in = OF_NODE(n);
        if (in->ioc == ioc && addr_eq(&in->face.client, client))
            return in;
    }
    return NULL;
}

struct incident *incidents_open(struct incidents *s, struct ioc_copy *ioc, const struct addr *client,
                                uint64_t at)
{
    struct incident *in = chains_reserve(&s->table) == 0 ? calloc(1, sizeof *in) : NULL;

    if (in == NULL) {
        ioc_copy_release(&s->copies, ioc);
        return NULL;
    }
    in->ioc = ioc;
    in->serial = s->serial++;
    in->active_at = in->told_at = at;
    in->severity = UINT8_MAX;
    in->face.client = *client;
    in->face.source = SIGHTING_NO_SOURCE;
    link_last(&s->by_activity, &in->by_activity);
    link_self(&in->by_told);
    chains_insert(&s->table, &in->node, hash_of(s, ioc, client));
    return in;
}

void incidents_remove(struct incidents *s, struct incident *in)
{
    chains_remove(&s->table, &in->node);
    link_out(&in->by_activity);
    link_out(&in->by_told);
    ioc_copy_release(&s->copies, in->ioc);
    incident_text(&in->observed, span_of(NULL, 0));
    incident_text(&in->hosting, span_of(NULL, 0));
    incident_text(&in->blocked_by, span_of(NULL, 0));
    free(in->flow);
    free(in);
}

void incident_text(struct span *owned, struct span with)
{
    uint8_t *copy = NULL;

    if (span_eq(*owned, with))
        return;
    if (with.len > 0 && (copy = malloc(with.len)) == NULL)
        return;
    if (with.len > 0)
        memcpy(copy, with.at, with.len);
    free((void *)(uintptr_t)owned->at);
    *owned = span_of(copy, with.len);
}

/* Sums stay within what JSON readers take for a signed number; `a` does so already. */
static uint64_t add_capped(uint64_t a, uint64_t b)
{
    return b < INT64_MAX - a ? a + b : INT64_MAX;
}

/* What a flow's count adds to the sum. A count that fell is a new flow between the same ends. */
static uint64_t growth(uint64_t before, uint64_t now)
{
    return now >= before ? now - before : now;
}

/*
 * Records give the bytes of their flow so far, and several records may speak of one flow. The latest
 * INCIDENT_FLOWS_MAX flows are told apart and add what they grew by. Once a flow has been forgotten, one that
 * is not known may be that one: it then only counts from here on, so that nothing is counted twice and the
 * sum is a lower bound.
 */
static void add_bytes(struct incident *in, uint64_t flow_id, uint64_t out, uint64_t in_bytes)
{
    struct flow_bytes now = {flow_id, out, in_bytes};
    unsigned i = 0;

    if (in->flow == NULL) {
        if (out == 0 && in_bytes == 0)
            return;
        in->flow = calloc(INCIDENT_FLOWS_MAX, sizeof *in->flow);
        if (in->flow == NULL)
            return;
    }
    while (i < in->flows && in->flow[i].flow_id != flow_id)
        i++;
    if (i < in->flows || !in->flows_lost) {
        struct flow_bytes before = i < in->flows ? in->flow[i] : (struct flow_bytes){0};
        in->bytes_out = add_capped(in->bytes_out, growth(before.out, out));
        in->bytes_in = add_capped(in->bytes_in, growth(before.in, in_bytes));
    }
    if (i == INCIDENT_FLOWS_MAX) {
        in->flows_lost = true;
        i--;
    } else if (i == in->flows) {
        in->flows++;
    }
    memmove(&in->flow[1], &in->flow[0], i * sizeof *in->flow);
    in->flow[0] = now;
}

static void take_face(struct incident *in, const struct incident_step *step)
{
    in->face = step->where;
    if (step->observed.len > 0)
        incident_text(&in->observed, step->observed);
    incident_text(&in->hosting, step->hosting);
}

static uint64_t bytes_of(const struct incident *in)
{
    return add_capped(in->bytes_out, in->bytes_in);
}

/* Whether there is more to say than when it was last told: a long flow goes on without another sighting. */
static bool has_news(const struct incident *in)
{
    return in->count > in->told_count || bytes_of(in) > in->told_bytes;
}

static void set_blocked(struct incident *in, uint8_t blocked, struct span by)
{
    in->blocked = blocked;
    incident_text(&in->blocked_by, by);
}

/* What was reached once is blocked no more; what is blocked in one answer may be found by the next. */
static enum why judge_blocked(struct incident *in, const struct incident_step *step)
{
    bool before = in->blocked != BLOCKED_NOT, found = !before && in->stage >= STAGE_RESOLVED;

    if (step->blocked == BLOCKED_NOT && step->stage < STAGE_RESOLVED)
        return WHY_NOTHING; /* asked for: no answer yet */
    if (found || (step->blocked == BLOCKED_NOT && !before))
        return WHY_NOTHING;
    set_blocked(in, step->blocked, step->blocked == BLOCKED_NOT ? span_of(NULL, 0) : step->blocked_by);
    return step->blocked == BLOCKED_NOT ? WHY_RAISED : before ? WHY_NOTHING : WHY_REPEAT;
}

enum why incident_step(struct incidents *s, struct incident *in, const struct incident_step *step)
{
    bool first = in->count == 0;
    enum why blocked = judge_blocked(in, step);
    bool raised =
        !first && (step->stage > in->stage || step->severity < in->severity || blocked == WHY_RAISED);

    if (first || (step->where.flags & (RECORD_UPDATE | RECORD_COPY)) == 0)
        in->count++;
    if (first)
        in->first_ns = in->last_ns = step->ts_ns;
    if (step->ts_ns > in->last_ns)
        in->last_ns = step->ts_ns;
    if (step->stage >= in->stage) {
        take_face(in, step);
        in->stage = step->stage;
    }
    if (step->severity < in->severity)
        in->severity = step->severity;
    add_bytes(in, step->where.flow_id, step->bytes_out, step->bytes_in);
    in->active_at = step->at;
    link_out(&in->by_activity);
    link_last(&s->by_activity, &in->by_activity);
    if (first)
        return WHY_NEW;
    if (raised)
        return WHY_RAISED;
    return blocked == WHY_REPEAT || (has_news(in) && !linked(&in->by_told)) ? WHY_REPEAT : WHY_NOTHING;
}

void incident_told(struct incidents *s, struct incident *in, uint64_t at)
{
    in->told_at = at;
    in->told_count = in->count;
    in->told_bytes = bytes_of(in);
    link_out(&in->by_told);
    link_last(&s->by_told, &in->by_told);
}

struct incident *incidents_oldest(const struct incidents *s)
{
    return linked(&s->by_activity) ? incident_by_activity(s->by_activity.next) : NULL;
}

struct incident_due incidents_due(struct incidents *s, uint64_t at)
{
    struct incident *idle = incidents_oldest(s);
    uint64_t close_at = idle != NULL ? idle->active_at + s->close_ns : UINT64_MAX;

    while (linked(&s->by_told)) {
        struct incident *in = OF_LINK(s->by_told.next, by_told);
        uint64_t repeat_at = in->told_at + s->repeat_ns;
        if (repeat_at > at || repeat_at > close_at)
            break;
        if (has_news(in))
            return (struct incident_due){in, WHY_REPEAT, repeat_at};
        link_out(&in->by_told); /* quiet: the next sighting is told at once */
    }
    if (close_at <= at)
        return (struct incident_due){idle, WHY_CLOSED, close_at};
    return (struct incident_due){0};
}

static int by_serial(const void *a, const void *b)
{
    const struct incident *x = *(struct incident *const *)a, *y = *(struct incident *const *)b;
    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static int by_told_at(const void *a, const void *b)
{
    const struct incident *x = *(struct incident *const *)a, *y = *(struct incident *const *)b;
    return x->told_at < y->told_at ? -1 : x->told_at > y->told_at;
}

static struct incident **sorted(const struct incidents *s, size_t *ret_n,
                                int (*order)(const void *, const void *))
{
    struct incident **all = s->table.count > 0 ? calloc(s->table.count, sizeof(struct incident *)) : NULL;
    size_t n = 0;

    *ret_n = 0;
    if (all == NULL)
        return NULL;
    for (struct incident_link *l = s->by_activity.next; l != &s->by_activity; l = l->next)
        all[n++] = incident_by_activity(l);
    qsort(all, n, sizeof(struct incident *), order);
    *ret_n = n;
    return all;
}

struct incident **incidents_sorted(const struct incidents *s, size_t *ret_n)
{
    return sorted(s, ret_n, by_serial);
}

void incidents_settle(struct incidents *s, uint64_t at)
{
    size_t n;

    for (struct incident_link *l = s->by_activity.next; l != &s->by_activity; l = l->next) {
        struct incident *in = incident_by_activity(l);
        if (in->active_at > at)
            in->active_at = at;
        if (in->told_at > at)
            in->told_at = at;
        if (at - in->told_at > s->repeat_ns)
            in->told_at = at - s->repeat_ns; /* due now, not in the past: keeps the queue in order */
    }
    struct incident **all = sorted(s, &n, by_told_at);
    for (size_t i = 0; i < n; i++) {
        link_out(&all[i]->by_told);
        link_last(&s->by_told, &all[i]->by_told);
    }
    free(all);
}
