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

/* Computed from the addresses, ports, protocol and tunnel of a decoded packet. */
struct flow_key flow_key_of(const struct hash_key *key, const struct packet *p);

/* For events: positive, and exact in a JSON number (53 bits). */
static inline uint64_t flow_key_id(struct flow_key k)
{
    return (k.hash >> 11) | 1;
}

#endif
