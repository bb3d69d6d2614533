/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity of a flow. */
#include "flow/key.h"

struct flow_key flow_key_of(const struct hash_key *key, const struct packet *p)
{
    const struct addr *lo = &p->src, *hi = &p->dst;
    uint16_t lo_port = p->src_port, hi_port = p->dst_port;
    struct flow_key k = {.hash = key->k[0]};
    int order = memcmp(lo->b, hi->b, sizeof lo->b);

    if (order > 0 || (order == 0 && lo_port > hi_port)) {
        lo = &p->dst;
        hi = &p->src;
        lo_port = p->dst_port;
        hi_port = p->src_port;
        k.dir = 1;
    }
    if (p->tunnel_depth > 0)
        k.hash = hash_word(key, key->k[0], p->tunnel_key);
    if ((lo->w[0] | hi->w[0]) != 0) {
        k.hash = hash_word(key, k.hash, lo->w[0]);
        k.hash = hash_word(key, k.hash, hi->w[0]);
    }
    k.hash = hash_word(key, k.hash, lo->w[1]);
    k.hash = hash_word(key, k.hash, hi->w[1]);
    k.hash = hash_word(key, k.hash, (uint64_t)p->ip_proto << 32 | (uint64_t)lo_port << 16 | hi_port);
    return k;
}
