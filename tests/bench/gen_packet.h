/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of the traffic generator: Ethernet, IEEE 802.1Q, IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293),
 * UDP. */
#ifndef BRIDLE_BENCH_GEN_PACKET_H
#define BRIDLE_BENCH_GEN_PACKET_H

#include "base/addr.h"
#include "gen_sink.h"

/* The ends of a flow: 0 is the client, 1 the server. */
struct path {
    struct addr addr[2];
    uint16_t port[2];
    uint8_t ttl[2];
    uint16_t vlan; /* 0: untagged */
};

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct segment {
    unsigned from; /* which end sends it */
    unsigned flags;
    uint32_t seq, ack;
    uint32_t time_ms, echo_ms; /* RFC 7323 */
    uint16_t window, mss;      /* mss: of a SYN */
    struct span payload;
};

/* Most bytes in one segment. */
static inline uint32_t path_mss(const struct path *p)
{
    return addr_is_v4(&p->addr[0]) ? 1448 : 1428;
}

void packet_tcp(struct frame *f, const struct path *p, const struct segment *s, uint16_t ip_id);
void packet_udp(struct frame *f, const struct path *p, unsigned from, struct span payload, uint16_t ip_id);
/* The shortest SYN that there is: 60 bytes of Ethernet, padding included; only a maximum segment size. */
void packet_bare_syn(struct frame *f, const struct path *p, uint32_t seq, uint16_t ip_id);
/* A fragment of a UDP datagram: `offset` bytes into it (a multiple of 8). */
void packet_fragment(struct frame *f, const struct path *p, struct span payload, uint32_t offset, bool more,
                     uint32_t ip_id);

#endif
