/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that belong to no flow, from everywhere: floods. A flow of these kinds never ends. */
#include "gen_dns.h"
#include "gen_flow.h"
#include "gen_hello.h"
#include "gen_quic.h"

/* Any source, one of four victims. */
static struct path flood_path(struct gen *g, const struct flow *f, uint16_t port)
{
    struct rng *r = &g->rng;

    return (struct path){.addr = {random_address(r, f->v6), name_address(f->number % 4, f->v6, 0)},
                         .port = {(uint16_t)rng_from(r, 32768, 65535), port},
                         .ttl = {(uint8_t)rng_from(r, 40, 120), 60}};
}

static bool flood_on(struct gen *g, struct flow *f)
{
    flow_send(g, f);
    flow_after(g, f, f->gap_ns);
    f->v6 = rng_percent(&g->rng, g->mix->v6_percent);
    f->number = rng_below(&g->rng, 1000);
    return true;
}

bool flow_step_syn(struct gen *g, struct flow *f)
{
    struct path p = flood_path(g, f, 443);

    packet_bare_syn(&g->frame, &p, (uint32_t)rng_u64(&g->rng), (uint16_t)rng_u64(&g->rng));
    return flood_on(g, f);
}

/* A question for a random name under one zone, from many clients; every other one is answered: there is none.
 */
bool flow_step_names(struct gen *g, struct flow *f)
{
    struct rng *r = &g->rng;
    bool answers = f->stage == 1;
    struct rng own = rng_for(f->seed, 0);
    struct dns_talk t = {.seed = f->seed, .id = (uint16_t)f->seed, .type = DNS_A, .no_domain = true};
    struct text text = text_on(t.name.text, sizeof t.name.text);

    for (unsigned n = 6 + rng_below(&own, 12); n > 0; n--)
        text_char(&text, "abcdefghijklmnopqrstuvwxyz0123456789"[rng_below(&own, 36)]);
    text_str(&text, ".flooded-zone.com");
    t.name.len = text.len;
    struct path p = flow_path(g, f);
    p.addr[1] = name_address(UINT32_MAX, f->v6, 0);
    p.port[0] = (uint16_t)(32768 + (f->seed >> 16) % 28000);
    p.port[1] = 53;
    g->said.len = 0;
    if (answers)
        dns_answer(&g->said, &t);
    else
        dns_query(&g->said, &t);
    packet_udp(&g->frame, &p, answers, span_of(g->said.at, g->said.len), (uint16_t)rng_u64(r));
    if (!answers && f->seed & 1) {
        f->stage = 1;
        flow_send(g, f);
        flow_after(g, f, f->rtt_us * 100ull);
        return true;
    }
    f->stage = 0;
    f->seed = rng_u64(r);
    f->client = rng_below(r, 60000);
    return flood_on(g, f);
}

/* A QUIC Initial with a connection ID that nobody has seen: every fifth is a real one, others cannot be
 * opened. */
bool flow_step_dcid(struct gen *g, struct flow *f)
{
    static struct bytes frames;
    struct rng *r = &g->rng;
    struct path p = flood_path(g, f, 443);
    uint8_t cid[20];
    size_t len = rng_from(r, 8, 20);
    struct quic_packet q = {.version = QUIC_V1,
                            .dcid = span_of(cid, len),
                            .origin = span_of(cid, len),
                            .number_bytes = rng_from(r, 1, 4)};
    struct bytes *b = &g->said;

    rng_fill(r, cid, len);
    b->len = frames.len = 0;
    size_t head = 1 + 4 + 1 + len + 1 + 1 + 2, rest = 1200 + rng_below(r, 100) - head;
    if (rng_percent(r, 20)) {
        struct hello h = {.seed = rng_u64(r), .name = name_text(name_benign(r)), .quic = true};
        static struct bytes hello;
        hello.len = 0;
        hello_put(&hello, &h);
        quic_put_crypto(&frames, 0, span_of(hello.at, hello.len));
        put_zeros(&frames, rest - q.number_bytes - 16 - frames.len);
        quic_put_initial(g->quic, b, &q, span_of(frames.at, frames.len));
    } else {
        quic_put_long(b, &q, QUIC_INITIAL);
        quic_put_varint(b, 0);
        put_u16(b, 0x4000u | (unsigned)rest);
        put(b, g->pool + rng_below(r, POOL_BYTES - 2048), rest);
    }
    packet_udp(&g->frame, &p, 0, span_of(b->at, b->len), (uint16_t)rng_u64(r));
    return flood_on(g, f);
}

/* One fragment, the first or one in the middle, of a datagram whose others never come. */
bool flow_step_fragments(struct gen *g, struct flow *f)
{
    struct rng *r = &g->rng;
    struct path p = flood_path(g, f, 53);
    bool first = rng_percent(r, 50);
    uint32_t n = (uint32_t)rng_heavy(r, 8, 1400, 1) & ~7u, offset = first ? 0 : rng_from(r, 1, 5000) * 8;
    uint8_t *at = g->said.at;

    memcpy(at, g->pool + rng_below(r, POOL_BYTES - 2048), n);
    if (first) { /* the header of UDP: RFC 768 */
        at[0] = (uint8_t)(p.port[0] >> 8);
        at[1] = (uint8_t)p.port[0];
        at[2] = 0;
        at[3] = 53;
        at[4] = 0x10; /* 4 kB are promised */
        at[5] = 0;
    }
    packet_fragment(&g->frame, &p, span_of(at, n), offset, true, (uint32_t)rng_u64(r));
    return flood_on(g, f);
}
