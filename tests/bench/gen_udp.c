/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that are neither DNS nor QUIC (games, calls). */
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
    flow_after(g, f, f->pace_us * 250ull);
    return --f->left > 0;
}
