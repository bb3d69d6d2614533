/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity of a flow. */
#include "flow/key.h"

/* Any order will do that is the same for both directions. */
static inline bool comes_after(const struct addr *a, uint16_t a_port, const struct addr *b, uint16_t b_port)
{
    if (a->w[1] != b->w[1])
        return a->w[1] > b->w[1];
    return a->w[0] != b->w[0] ? a->w[0] > b->w[0] : a_port > b_port;
}

struct flow_key flow_key_of(const struct hash_key *key, const struct packet *p)
{
    const struct addr *lo = &p->src, *hi = &p->dst;
    uint16_t lo_port = p->src_port, hi_port = p->dst_port;
    struct flow_key k = {.dir = 0};

    if (comes_after(lo, lo_port, hi, hi_port)) {
        lo = &p->dst;
        hi = &p->src;
        lo_port = p->dst_port;
        hi_port = p->src_port;
        k.dir = 1;
    }
    k.hash = hash_fold(lo->w[1] ^ key->k[0], hi->w[1] ^ key->k[1]);
    if ((lo->w[0] | hi->w[0]) != 0) /* not both IPv4 */
        k.hash ^= hash_fold(lo->w[0] ^ key->k[1], hi->w[0] ^ ~key->k[0]);
    if (p->tunnel_depth > 0)
        k.hash = hash_word(key, k.hash, p->tunnel_key);
    k.hash = hash_word(key, k.hash, (uint64_t)p->ip_proto << 32 | (uint64_t)lo_port << 16 | hi_port);
    return k;
}
