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
#include "packet/plain.h"

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

struct flow_ends {
    struct addr src, dst;
    uint16_t src_port, dst_port;
    uint8_t ip_proto;
};

/*
 * Any order of the ends will do that is the same for both directions; which it is no processor can foresee,
 * so there is no branch for it.
 *
 * IPv4 (and ::/64, which nobody routes): ports and protocol stand where a mapped address is always the same.
 */
static inline struct flow_key flow_key_v4(const struct hash_key *key, const struct flow_ends *e)
{
    unsigned free_bits = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 32;
    uint64_t a = e->src.w[1] ^ (uint64_t)e->src_port << free_bits;
    uint64_t b = e->dst.w[1] ^ (uint64_t)e->dst_port << free_bits;
    uint64_t low = a < b ? a : b, high = a < b ? b : a, proto = (uint64_t)e->ip_proto << (free_bits + 16);

    return (struct flow_key){.hash = hash_fold(low ^ key->k[0], high ^ proto ^ key->k[1]), .dir = a > b};
}

static inline struct flow_key flow_key_v6(const struct hash_key *key, const struct flow_ends *e)
{
    uint64_t a = e->src.w[1], b = e->dst.w[1], a0 = e->src.w[0], b0 = e->dst.w[0];
    bool swap = a != b ? a > b : a0 != b0 ? a0 > b0 : e->src_port > e->dst_port;
    uint64_t mask = 0 - (uint64_t)swap, turn = (a ^ b) & mask, turn0 = (a0 ^ b0) & mask;
    uint64_t ports = (uint64_t)e->src_port << 32 | (uint64_t)e->dst_port << 16 | e->src_port;
    uint64_t h = hash_fold(a ^ turn ^ key->k[0], b ^ turn ^ key->k[1]) ^
                 hash_fold(a0 ^ turn0 ^ key->k[1], b0 ^ turn0 ^ ~key->k[0]);

    return (struct flow_key){
        .hash = hash_word(key, h, (uint64_t)e->ip_proto << 32 | (uint32_t)(ports >> (swap ? 0 : 16))),
        .dir = swap};
}

static inline struct flow_key flow_key_between(const struct hash_key *key, const struct flow_ends *e)
{
    return (e->src.w[0] | e->dst.w[0]) == 0 ? flow_key_v4(key, e) : flow_key_v6(key, e);
}

/* The five-tuple of a plain packet. */
static inline struct flow_ends flow_ends_of(const struct plain *f, uint8_t ip_proto)
{
    struct flow_ends e = {.src_port = plain_src_port(f), .dst_port = plain_dst_port(f), .ip_proto = ip_proto};

    plain_ends(f, &e.src, &e.dst);
    return e;
}

/* Computed from the addresses, ports, protocol and tunnel of a decoded packet. */
static inline struct flow_key flow_key_of(const struct hash_key *key, const struct packet *p)
{
    struct flow_ends e = {p->src, p->dst, p->src_port, p->dst_port, p->ip_proto};
    struct flow_key k = flow_key_between(key, &e);

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
