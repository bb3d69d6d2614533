/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity of a flow (RFC 7011): the five-tuple and the tunnels that carry it, in one order for both
 * directions: what is inside of a tunnel never is the same flow as what is outside or in another one. VLAN
 * ids are left out: mirror ports often show the two directions, or two copies of a packet, on different
 * VLANs.
 */
#ifndef BRIDLE_FLOW_KEY_H
#define BRIDLE_FLOW_KEY_H

#include "base/hash.h"
#include "packet/packet.h"

/* One direction of a flow. `hash` is the flow's, the same in both directions. */
struct flow_key {
    uint64_t hash;
    unsigned dir; /* 0: from the lower end to the higher one; 1: back */
};

/* The other direction. */
static inline struct flow_key flow_key_back(struct flow_key k)
{
    k.dir ^= 1;
    return k;
}

/* What both addresses are mixed into, in either order of the ends; any order will do that is the same for
 * both directions. */
static inline uint64_t flow_key_mix_v4(const struct hash_key *key, uint64_t a, uint64_t b)
{
    return a < b ? hash_fold(a ^ key->k[0], b ^ key->k[1]) : hash_fold(b ^ key->k[0], a ^ key->k[1]);
}

static inline uint64_t flow_key_mix_v6(const struct hash_key *key, const struct addr *lo,
                                       const struct addr *hi)
{
    return hash_fold(lo->w[1] ^ key->k[0], hi->w[1] ^ key->k[1]) ^
           hash_fold(lo->w[0] ^ key->k[1], hi->w[0] ^ ~key->k[0]);
}

/* Computed from the addresses, ports, protocol and tunnel of a decoded packet. */
static inline struct flow_key flow_key_of(const struct hash_key *key, const struct packet *p)
{
    const struct addr *src = &p->src, *dst = &p->dst;
    bool v4 = (src->w[0] | dst->w[0]) == 0, swap;
    struct flow_key k;

    if (src->w[1] != dst->w[1])
        swap = src->w[1] > dst->w[1];
    else
        swap = src->w[0] != dst->w[0] ? src->w[0] > dst->w[0] : p->src_port > p->dst_port;
    if (v4)
        k.hash = flow_key_mix_v4(key, src->w[1], dst->w[1]);
    else
        k.hash = swap ? flow_key_mix_v6(key, dst, src) : flow_key_mix_v6(key, src, dst);
    if (p->tunnel_depth > 0)
        k.hash = hash_word(key, k.hash, p->tunnel_key);
    uint32_t ports =
        swap ? (uint32_t)p->dst_port << 16 | p->src_port : (uint32_t)p->src_port << 16 | p->dst_port;
    k.hash = hash_word(key, k.hash, (uint64_t)p->ip_proto << 32 | ports);
    k.dir = swap;
    return k;
}

/* For events: positive, and exact in a JSON number (53 bits). */
static inline uint64_t flow_key_id(struct flow_key k)
{
    return (k.hash >> 11) | 1;
}

#endif
