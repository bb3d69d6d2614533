/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that are neither DNS nor QUIC (games, calls), and packets that belong to no flow: floods. */
#include "gen_flow.h"

enum { TAG_KIND = 40, TAG_POOL_AT };

/* RTP (RFC 3550 §5.1): both ways, for as many packets as were drawn. */
bool flow_step_udp(struct gen *g, struct flow *f)
{
    struct path p = flow_path(g, f);
    unsigned from = f->seq[0] & 1;
    uint32_t n = 60 + (uint32_t)flow_of(f, TAG_KIND) % 200 + rng_below(&g->rng, 40);
    uint8_t *at = g->said.at;

    if (f->left == 0)
        f->left = (uint32_t)rng_heavy(&g->rng, 2, 2000, 1);
    memcpy(at, g->pool + rng_below(&g->rng, POOL_BYTES - 2048), n);
    at[0] = 0x80;
    at[1] = 111;
    at[2] = (uint8_t)(f->seq[0] >> 9);
    at[3] = (uint8_t)(f->seq[0] >> 1);
    packet_udp(&g->frame, &p, from, span_of(at, n), (uint16_t)rng_u64(&g->rng));
    flow_send(g, f);
    f->seq[0]++;
    flow_after(g, f, 10000000);
    return --f->left > 0;
}

/* One SYN of a flood; the flow goes on with the next one, from elsewhere. */
bool flow_step_syn(struct gen *g, struct flow *f)
{
    struct rng *r = &g->rng;
    struct path p = {.addr = {random_address(r, f->v6), name_address(f->number % 4, f->v6, 0)},
                     .port = {(uint16_t)rng_from(r, 1024, 65535), 443},
                     .ttl = {(uint8_t)rng_from(r, 40, 120), 60}};

    packet_bare_syn(&g->frame, &p, (uint32_t)rng_u64(r), (uint16_t)rng_u64(r));
    flow_send(g, f);
    flow_after(g, f, f->gap_ns);
    return true;
}
