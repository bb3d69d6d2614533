/* SPDX-License-Identifier: BSD-2-Clause */
/* One packet: what capture says of it, and what decode found in it. Everything in it is borrowed. */
#ifndef BRIDLE_PACKET_PACKET_H
#define BRIDLE_PACKET_PACKET_H

#include "base/addr.h"
#include "base/span.h"

#define PACKET_VLANS_MAX 4
#define PACKET_DEPTH_MAX 8 /* headers that carry another packet */

/* X(identifier, "kind as events print it") */
#define BRIDLE_TUNNELS(X) X(IPIP, "ipip")

enum tunnel_kind {
    TUNNEL_NONE = 0,
#define X(id, name) TUNNEL_##id,
    BRIDLE_TUNNELS(X)
#undef X
        TUNNEL_KINDS
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

struct packet {
    /* from capture */
    uint64_t ts_ns;    /* since the Unix epoch; at most INT64_MAX, so that adding a timeout is safe */
    uint64_t number;   /* frame in its file, from 1; live: packets of this worker so far */
    const uint8_t *at; /* borrowed: first byte at the link layer */
    uint32_t captured_bytes, wire_bytes;
    uint32_t source;   /* index of the file or interface */
    uint32_t linktype; /* LINKTYPE_ value of the capture, not DLT_ */

    /* from decode */
    struct addr src, dst; /* innermost IP header */
    uint16_t src_port, dst_port;
    uint8_t ip_proto;     /* IPPROTO_ of the innermost IP packet's payload */
    uint8_t ttl;          /* or hop limit */
    uint16_t ip_id;       /* IPv4 identification; 0 for IPv6 */
    bool reassembled;     /* put together from fragments; `at` is the last of them */
    uint8_t tcp_flags;    /* enum tcp_flag */
    uint16_t l4_checksum; /* as on the wire; tells a mirror's copy from a retransmission */
    uint32_t seq, ack;
    const uint8_t *payload;          /* borrowed: above TCP or UDP */
    uint32_t payload_bytes;          /* of it that are there */
    uint32_t payload_wire_bytes;     /* of it that there were, by the IP header */
    uint16_t vlan[PACKET_VLANS_MAX]; /* VLAN ids, outer first */
    uint8_t vlans;
    uint8_t tunnel;                     /* enum tunnel_kind of the innermost tunnel, TUNNEL_NONE */
    uint8_t tunnel_depth;               /* how many tunnels */
    struct addr tunnel_src, tunnel_dst; /* ends of the innermost tunnel */
};

#endif
