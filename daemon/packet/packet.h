/* SPDX-License-Identifier: BSD-2-Clause */
/* One packet: what capture says of it, and what decode found in it. Everything in it is borrowed. */
#ifndef BRIDLE_PACKET_PACKET_H
#define BRIDLE_PACKET_PACKET_H

#include "base/addr.h"
#include "base/span.h"

#define PACKET_VLANS_MAX 4
#define PACKET_DEPTH_MAX 8 /* headers that carry another packet */

/*
 * X(identifier, "kind as events print it", whether its ends are those of a mirror). Both directions of what a
 * mirror shows come from the mirror, and they may come from two: its ends and ids say nothing of the flow.
 */
#define BRIDLE_TUNNELS(X)                                                                                    \
    X(IPIP, "ipip", false)                                                                                   \
    X(6IN4, "6in4", false)                                                                                   \
    X(4IN6, "4in6", false)                                                                                   \
    X(6IN6, "6in6", false)                                                                                   \
    X(ETHERIP, "etherip", false)                                                                             \
    X(SRV6, "srv6", false)                                                                                   \
    X(MPLS, "mpls", false)                                                                                   \
    X(GRE, "gre", false)                                                                                     \
    X(PPTP, "pptp", false)                                                                                   \
    X(NVGRE, "nvgre", false)                                                                                 \
    X(ERSPAN, "erspan", true)                                                                                \
    X(L2TP, "l2tp", false)                                                                                   \
    X(VXLAN, "vxlan", false)                                                                                 \
    X(VXLAN_GPE, "vxlan-gpe", false)                                                                         \
    X(GENEVE, "geneve", false)                                                                               \
    X(GTP, "gtp", false)                                                                                     \
    X(TEREDO, "teredo", false)                                                                               \
    X(AYIYA, "ayiya", false)                                                                                 \
    X(CAPWAP, "capwap", true)                                                                                \
    X(TZSP, "tzsp", true)

enum tunnel_kind {
    TUNNEL_NONE = 0,
#define X(id, name, mirror) TUNNEL_##id,
    BRIDLE_TUNNELS(X)
#undef X
        TUNNEL_KINDS
};

/* Of the tunnels that a packet came in, those whose ends are kept: the first, and the innermost. */
#define PACKET_OUTSIDES 2

/* A packet that carried this one. */
struct packet_outside {
    struct addr src, dst;
    uint64_t tunnel_key;         /* of what carried it in turn */
    uint32_t carried_bytes;      /* as on the wire */
    uint16_t src_port, dst_port; /* 0 unless it is UDP */
    uint8_t ip_proto, ttl;
    bool mapped;
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
    uint32_t seq, ack;
    uint8_t ip_proto;            /* IPPROTO_ of the innermost IP packet's payload */
    uint8_t ttl;                 /* or hop limit */
    uint8_t tcp_flags;           /* enum tcp_flag */
    uint8_t tcp_header_bytes;    /* right before `payload` */
    uint16_t ip_id;              /* IPv4 identification; 0 for IPv6 */
    uint16_t l4_checksum;        /* as on the wire; tells a mirror's copy from a retransmission */
    const uint8_t *payload;      /* borrowed: above TCP or UDP */
    uint32_t payload_bytes;      /* of it that are there */
    uint32_t payload_wire_bytes; /* of it that there were, by the IP header */

    /* All zero for most packets; side by side, so that they are cleared together. */
    uint16_t vlan[PACKET_VLANS_MAX]; /* VLAN ids, outer first */
    uint8_t vlans;
    uint8_t tunnel_depth; /* how many tunnels */
    bool mapped;          /* which is of IPv6 although an address is v4-mapped */
    bool reassembled;     /* put together from fragments; `at` is the last of them */
    /* Of the innermost tunnel. The id tells tenants apart and is the same in both directions (VNI, VSID); 0
     * where there is none such. */
    uint32_t tunnel_id;
    uint64_t tunnel_path; /* enum tunnel_kind of each, a byte each, the innermost in the lowest */
    uint64_t tunnel_key;  /* hash of kinds, ids and ends of all tunnels, the same in both directions */
    uint8_t outsides;     /* how many there are of `outside` */
    struct addr tunnel_src, tunnel_dst;
    struct packet_outside outside[PACKET_OUTSIDES];
};

_Static_assert(PACKET_DEPTH_MAX == sizeof(uint64_t) && TUNNEL_KINDS <= 256, "tunnel_path has a byte each");

/* A number in network order. */
static inline uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* From the VLAN ids up to the ends of a tunnel, which say nothing where there is none. */
static inline void packet_clear_rare(struct packet *p)
{
    memset(p->vlan, 0, offsetof(struct packet, tunnel_src) - offsetof(struct packet, vlan));
}

#endif
