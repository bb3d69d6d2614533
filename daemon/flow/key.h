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

/*
 * Any order of the ends will do that is the same for both directions; which it is no processor can foresee,
 * so there is no branch for it.
 *
 * IPv4 (and ::/64, which nobody routes): ports and protocol stand where a mapped address is always the same.
 */
static inline struct flow_key flow_key_v4(const struct hash_key *key, const struct packet *p)
{
    unsigned free_bits = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 32;
    uint64_t a = p->src.w[1] ^ (uint64_t)p->src_port << free_bits;
    uint64_t b = p->dst.w[1] ^ (uint64_t)p->dst_port << free_bits;
    uint64_t low = a < b ? a : b, high = a < b ? b : a, proto = (uint64_t)p->ip_proto << (free_bits + 16);

    return (struct flow_key){.hash = hash_fold(low ^ key->k[0], high ^ proto ^ key->k[1]), .dir = a > b};
}

static inline struct flow_key flow_key_v6(const struct hash_key *key, const struct packet *p)
{
    uint64_t a = p->src.w[1], b = p->dst.w[1], a0 = p->src.w[0], b0 = p->dst.w[0];
    bool swap = a != b ? a > b : a0 != b0 ? a0 > b0 : p->src_port > p->dst_port;
    uint64_t mask = 0 - (uint64_t)swap, turn = (a ^ b) & mask, turn0 = (a0 ^ b0) & mask;
    uint32_t ports =
        swap ? (uint32_t)p->dst_port << 16 | p->src_port : (uint32_t)p->src_port << 16 | p->dst_port;
    uint64_t h = hash_fold(a ^ turn ^ key->k[0], b ^ turn ^ key->k[1]) ^
                 hash_fold(a0 ^ turn0 ^ key->k[1], b0 ^ turn0 ^ ~key->k[0]);

    return (struct flow_key){.hash = hash_word(key, h, (uint64_t)p->ip_proto << 32 | ports), .dir = swap};
}

/* Computed from the addresses, ports, protocol and tunnel of a decoded packet. */
static inline struct flow_key flow_key_of(const struct hash_key *key, const struct packet *p)
{
    bool v4 = (p->src.w[0] | p->dst.w[0]) == 0;
    struct flow_key k = v4 ? flow_key_v4(key, p) : flow_key_v6(key, p);

    if (p->tunnel_depth > 0)
        k.hash = hash_word(key, k.hash, p->tunnel_key);
    return k;
}

/* For events: positive, and exact in a JSON number (53 bits). */
static inline uint64_t flow_key_id(struct flow_key k)
{
    return (k.hash >> 11) | 1;
}

#endif
