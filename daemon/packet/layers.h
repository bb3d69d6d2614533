/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside decode: the layers, their numbers in the header above them, and the state that they share. */
#ifndef BRIDLE_PACKET_LAYERS_H
#define BRIDLE_PACKET_LAYERS_H

#include "base/cursor.h"
#include "packet/decode.h"

/* X(identifier, function): the order is of no importance. */
#define BRIDLE_LAYERS(X)                                                                                     \
    X(ETHERNET, link_ethernet)                                                                               \
    X(VLAN, link_vlan)                                                                                       \
    X(LLC, link_llc)                                                                                         \
    X(LOOPBACK, link_loopback)                                                                               \
    X(SLL, link_sll)                                                                                         \
    X(SLL2, link_sll2)                                                                                       \
    X(RAW, ip_any)                                                                                           \
    X(IPV4, ip_v4)                                                                                           \
    X(IPV6, ip_v6)                                                                                           \
    X(IP_IN_IP, ip_tunnel)                                                                                   \
    X(TCP, transport_tcp)                                                                                    \
    X(UDP, transport_udp)

enum layer {
    LAYER_DONE = 0, /* the result is in decoding.result */
#define X(id, function) LAYER_##id,
    BRIDLE_LAYERS(X)
#undef X
        LAYERS
};

struct decoding {
    struct cur cur; /* at the header of the next layer; its limit is the end of what the layers above carry */
    struct packet *p;
    struct defrag *defrag; /* borrowed; may be NULL */
    uint64_t *counters;    /* borrowed */
    enum decode_result result;
    bool addressed; /* an IP header was read whole */
};

#define X(id, function) enum layer function(struct decoding *s);
BRIDLE_LAYERS(X)
#undef X

/* What carries what. LAYER_DONE with a result when it is not known. */
enum layer layer_of_link(struct decoding *s, uint32_t linktype);
enum layer layer_of_ethertype(struct decoding *s, uint16_t type);
enum layer layer_of_ip(struct decoding *s, uint8_t protocol);

static inline enum layer layer_done(struct decoding *s, enum decode_result result)
{
    s->result = result;
    return LAYER_DONE;
}

/* A header was not there whole: what is known already decides how that is called. */
static inline enum layer layer_short(struct decoding *s)
{
    return layer_done(s, s->addressed ? DECODE_OTHER : DECODE_SHORT);
}

static inline uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#endif
