/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What nearly all packets are: Ethernet, at most one VLAN tag, IPv4 without options or IPv6 without extension
 * headers, TCP or UDP, all headers there. They are read in one go, in two steps: where the headers are, for
 * of most packets no more is asked than to which flow they belong; and what is in them. Whatever else a
 * packet is, or seems to be, is for the loop over layers, which says the same of these, three times as
 * slowly: the fuzzer holds one against the other.
 */
#ifndef BRIDLE_PACKET_PLAIN_H
#define BRIDLE_PACKET_PLAIN_H

#include "packet/decode.h"

/* Where the headers of a plain packet are. All of it is borrowed from the packet, and there. */
struct plain {
    const uint8_t *ip;                          /* NULL: the packet is not a plain one */
    const uint8_t *transport;                   /* header of TCP or UDP */
    const uint8_t *payload;                     /* behind that */
    uint32_t payload_bytes, payload_wire_bytes; /* as in struct packet */
    bool v6;
};

/* Finds them in a packet whose link is Ethernet: DECODE_TCP or DECODE_UDP. Anything else: it is not plain,
 * and nothing is said. */
enum decode_result plain_find(const struct packet *p, struct plain *ret);
/* Sets all in `p` that decoding sets. */
void plain_decode(const struct plain *f, struct packet *p);

static inline uint16_t plain_src_port(const struct plain *f)
{
    return be16(f->transport);
}

static inline uint16_t plain_dst_port(const struct plain *f)
{
    return be16(f->transport + 2);
}

static inline void plain_ends(const struct plain *f, struct addr *ret_src, struct addr *ret_dst)
{
    *ret_src = f->v6 ? addr_v6(f->ip + 8) : addr_v4(f->ip + 12);
    *ret_dst = f->v6 ? addr_v6(f->ip + 24) : addr_v4(f->ip + 16);
}

/* Of TCP alone: RFC 9293 §3.1. */
static inline uint8_t plain_tcp_flags(const struct plain *f)
{
    return f->transport[13];
}

static inline uint32_t plain_seq(const struct plain *f)
{
    return be32(f->transport + 4);
}

#endif
