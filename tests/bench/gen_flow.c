/* SPDX-License-Identifier: BSD-2-Clause */
/* How flows of the traffic generator begin, and the DNS that comes before them. */
#include "gen_flow.h"

#include "base/text.h"
#include "gen_dns.h"

enum { TAG_PORT = 1, TAG_CLIENT_PORT, TAG_TTL, TAG_VLAN, TAG_DNS, TAG_TYPE, TAG_FATE, TAG_LABEL };

const uint16_t flow_ports[FLOW_KIND_COUNT] = {
#define X(id, step, port) port,
    FLOW_KINDS(X)
#undef X
};

static uint16_t client_port(uint64_t seed, unsigned tag)
{
    return (uint16_t)(32768 + rng_of(seed, tag) % 28000);
}

struct path flow_path(const struct gen *g, const struct flow *f)
{
    uint64_t client = rng_of(f->client, TAG_VLAN), ttl = rng_of(f->number, TAG_TTL);
    uint16_t port = flow_ports[f->kind];

    return (struct path){
        .addr = {client_address(f->client, f->v6), name_address(f->number, f->v6, 0)},
        .port = {client_port(f->seed, TAG_CLIENT_PORT),
                 port ? port : (uint16_t)(1024 + flow_of(f, TAG_PORT) % 30000)},
        .ttl = {(uint8_t)((client & 0x300 ? 64 : 128) - 1),
                (uint8_t)((ttl & 7 ? 64 : 128) - 6 - (ttl >> 3) % 16)},
        .vlan = client % 100 < g->mix->vlan_percent ? (uint16_t)(100 + (client >> 32) % 8) : 0,
    };
}

struct name flow_name(const struct flow *f)
{
    struct name name = name_text(f->number), longer;
    uint64_t label = flow_of(f, TAG_LABEL);

    if (f->via == VIA_NONE || label % 3 > 0)
        return name;
    struct text t = text_on(longer.text, sizeof longer.text);
    text_fmt(&t, "x%04x.%s", (unsigned)(label >> 32 & 0xffff), name.text);
    longer.len = t.len;
    return longer;
}

void flow_after(struct gen *g, struct flow *f, uint64_t ns)
{
    f->due_ns = g->now_ns + ns / 2 + ((rng_u64(&g->rng) >> 32) * ns >> 32);
}

void flow_send(struct gen *g, struct flow *f)
{
    g->flows += !f->seen;
    f->seen = true;
    g->frame.precious = f->via != VIA_NONE;
    sink_put(&g->sink, g->now_ns, &g->frame);
}

/* The i-th question of a flow. */
static struct dns_talk question(const struct flow *f, unsigned i)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA, DNS_HTTPS},
                          alone[] = {DNS_A, DNS_A, DNS_AAAA, DNS_HTTPS};
    uint64_t seed = flow_of(f, TAG_DNS + (uint64_t)i * 256), fate = flow_of(f, TAG_FATE);
    struct dns_talk t = {.seed = seed, .number = f->number, .id = (uint16_t)seed, .type = types[i]};

    if (f->dns_asks == 1)
        t.type = f->v6 ? DNS_AAAA : f->via == VIA_NONE ? alone[flow_of(f, TAG_TYPE) % 4] : DNS_A;
    t.name = t.target = flow_name(f);
    t.chained = fate % 100 < 25;
    if (t.chained || f->via == VIA_DNS_ANSWER) {
        struct rng r = rng_for(f->seed, TAG_FATE);
        struct name benign = name_text(name_benign(&r));
        t.chained = true;
        if (f->via == VIA_DNS_ANSWER)
            t.name = benign;
        else
            t.target = benign;
    }
    t.no_domain = f->kind == FLOW_DNS && f->via == VIA_NONE && fate >> 32 & 1 && (fate >> 33) % 100 < 16;
    return t;
}

static struct addr resolver(const struct flow *f)
{
    return name_address(UINT32_MAX - f->client % 3, f->v6, 0);
}

bool flow_step_dns(struct gen *g, struct flow *f)
{
    unsigned i = f->dns_step % f->dns_asks;
    bool answers = f->dns_step >= f->dns_asks;
    struct dns_talk t = question(f, i);
    struct path p = flow_path(g, f);

    p.addr[1] = resolver(f);
    p.port[0] = client_port(t.seed, TAG_CLIENT_PORT);
    p.port[1] = 53;
    g->said.len = 0;
    if (answers)
        dns_answer(&g->said, &t);
    else
        dns_query(&g->said, &t);
    packet_udp(&g->frame, &p, answers, span_of(g->said.at, g->said.len), (uint16_t)rng_u64(&g->rng));
    flow_send(g, f);
    f->dns_step++;
    flow_after(g, f, f->dns_step == f->dns_asks ? 5000000 : 200000);
    return f->dns_step < 2 * f->dns_asks || f->kind != FLOW_DNS;
}

bool flow_step_end(struct gen *g, struct flow *f)
{
    return false;
}

static enum flow_kind draw_kind(struct gen *g)
{
    unsigned n = rng_below(&g->rng, 100), kind = 0;

    while (n >= g->mix->share[kind])
        n -= g->mix->share[kind++];
    return (enum flow_kind)kind;
}

/* Via, client and indicator. */
static void tell(const struct gen *g, const struct flow *f)
{
    static const char *const names[] = {
#define X(id, name, kind) name,
        LISTED_VIAS(X)
#undef X
    };
    struct addr client = client_address(f->client, f->v6);
    char text[ADDR_TEXT_MAX];

    if (g->truth)
        fprintf(g->truth, "%s %s %s\n", names[f->via], addr_text(&client, text), name_text(f->number).text);
}

/* Number and client, so that no client meets an indicator twice. */
static void draw_listed(struct gen *g, struct flow *f, enum listed_via via)
{
    static const uint8_t kinds[] = {
#define X(id, name, kind) kind,
        LISTED_VIAS(X)
#undef X
    };
    uint64_t n = g->incidents++;

    g->listed[via]++;
    f->kind = kinds[via];
    f->number = NAMES_LISTED + (uint32_t)(n * 1613 % NAMES_LISTED_USED);
    f->client = (uint32_t)(rng_of(f->number, TAG_FATE) + n / NAMES_LISTED_USED) & 0x7fffff;
    tell(g, f);
}

void flow_begin(struct gen *g, struct flow *f, enum listed_via via)
{
    const struct mix *m = g->mix;
    struct rng *r = &g->rng;

    *f = (struct flow){.seed = rng_u64(r), .via = (uint8_t)via, .client = rng_below(r, 60000)};
    f->v6 = rng_percent(r, m->v6_percent);
    f->resets = rng_percent(r, 10);
    f->seq[0] = (uint32_t)rng_u64(r);
    f->seq[1] = (uint32_t)rng_u64(r);
    f->rounds = (uint8_t)rng_heavy(r, 1, m->rounds, 1);
    f->ack_every = (uint8_t)rng_from(r, m->ack_every[0], m->ack_every[1]);
    f->pace_us = (uint32_t)rng_heavy(r, m->pace_us[0], m->pace_us[1], 1);
    f->gap_ns = (uint32_t)rng_heavy(r, m->gap_us[0], m->gap_us[1], 1) * 1000;
    f->rtt_us = (uint32_t)rng_heavy(r, 4000, 150000, 1);
    if (via == VIA_NONE) {
        f->kind = (uint8_t)draw_kind(g);
        f->number = name_benign(r);
        f->quantum = rng_percent(r, f->kind == FLOW_QUIC ? 50 : 60);
        if (f->kind == FLOW_DNS || (f->kind <= FLOW_QUIC && rng_percent(r, m->asks_percent)))
            f->dns_asks = (uint8_t)rng_heavy(r, 1, 3, 1);
    } else {
        draw_listed(g, f, via);
        f->dns_asks = f->kind == FLOW_DNS;
        f->rounds = 1;
        f->pace_us = 20000;
        f->quantum = via == VIA_TLS_SPLIT || via == VIA_QUIC_TWO;
    }
    f->tls12 = !f->quantum && rng_percent(r, 50);
}

bool flow_step(struct gen *g, struct flow *f)
{
    static bool (*const steps[])(struct gen *, struct flow *) = {
#define X(id, step, port) step,
        FLOW_KINDS(X)
#undef X
    };
    if (f->dns_step < 2 * f->dns_asks)
        return flow_step_dns(g, f);
    return steps[f->kind](g, f);
}

void flow_midlife(struct gen *g, struct flow *f)
{
    if (f->kind == FLOW_TLS || f->kind == FLOW_HTTP)
        flow_midlife_tcp(g, f);
    else if (f->kind == FLOW_QUIC)
        flow_midlife_quic(g, f);
}
