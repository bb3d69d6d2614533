/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What nearly all packets are, read in one go: Ethernet, at most one VLAN tag, IPv4 without options or IPv6
 * without extension headers, TCP or UDP, all headers there. Whatever else a packet is, or seems to be, is for
 * the loop over layers, which says the same of these, three times as slowly: the fuzzer holds one against the
 * other.
 */
#include "packet/layers.h"

#define ETHERNET_BYTES 14u
#define VLAN_BYTES     4u
#define IPV4_BYTES     20u
#define IPV6_BYTES     40u
#define TCP_BYTES      20u
#define UDP_BYTES      8u

#define TYPE_IPV4 0x0800
#define TYPE_VLAN 0x8100
#define TYPE_IPV6 0x86dd

#define IPV4_FRAGMENT 0x3fff /* more of them, or an offset */

/* What is left of the packet: how much of it is there, and how much there was on the wire. */
struct rest {
    const uint8_t *at;
    uint32_t there, wire;
};

/* Goes on behind a header, which is there. */
static inline void pass(struct rest *r, uint32_t bytes)
{
    r->at += bytes;
    r->there -= bytes;
    r->wire -= bytes;
}

static inline void bound(struct rest *r, uint32_t bytes)
{
    r->wire = bytes;
    if (r->there > bytes)
        r->there = bytes;
}

static inline bool v4(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at;

    if (r->there < IPV4_BYTES || h[0] != 0x45 || (be16(h + 6) & IPV4_FRAGMENT) != 0)
        return false;
    bound(r, be16(h + 2));
    if (r->there < IPV4_BYTES)
        return false;
    p->src = addr_v4(h + 12);
    p->dst = addr_v4(h + 16);
    p->ip_proto = h[9];
    p->ttl = h[8];
    p->ip_id = be16(h + 4);
    pass(r, IPV4_BYTES);
    return true;
}

static inline bool v6(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at;

    if (r->there < IPV6_BYTES || h[0] >> 4 != 6 || be16(h + 4) == 0)
        return false;
    bound(r, IPV6_BYTES + be16(h + 4));
    p->src = addr_v6(h + 8);
    p->dst = addr_v6(h + 24);
    p->mapped = addr_is_v4(&p->src) || addr_is_v4(&p->dst);
    p->ip_proto = h[6];
    p->ttl = h[7];
    p->ip_id = 0;
    pass(r, IPV6_BYTES);
    return true;
}

static inline void ports(struct packet *p, const uint8_t *h)
{
    p->src_port = be16(h);
    p->dst_port = be16(h + 2);
}

static inline bool tcp(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at;

    if (r->there < TCP_BYTES)
        return false;
    uint32_t header_bytes = (h[12] >> 4) * 4u;
    if (header_bytes < TCP_BYTES || r->there < header_bytes)
        return false;
    ports(p, h);
    p->seq = be32(h + 4);
    p->ack = be32(h + 8);
    p->tcp_flags = h[13];
    p->tcp_header_bytes = (uint8_t)header_bytes;
    p->l4_checksum = be16(h + 16);
    pass(r, header_bytes);
    return true;
}

static inline bool udp(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at;

    if (r->there < UDP_BYTES)
        return false;
    uint32_t bytes = be16(h + 4);
    if (bytes < UDP_BYTES || layer_of_ports(be16(h), be16(h + 2)) != LAYER_DONE)
        return false;
    ports(p, h);
    p->seq = p->ack = 0;
    p->tcp_flags = p->tcp_header_bytes = 0;
    p->l4_checksum = be16(h + 6);
    if (bytes < r->wire)
        bound(r, bytes);
    pass(r, UDP_BYTES);
    return true;
}

enum decode_result decode_plain(struct packet *p)
{
    if (p->captured_bytes < ETHERNET_BYTES + VLAN_BYTES)
        return DECODE_SHORT;
    struct rest r = {.at = p->at + ETHERNET_BYTES, .there = p->captured_bytes - ETHERNET_BYTES};
    packet_clear_rare(p);
    uint16_t type = be16(r.at - 2);
    if (type == TYPE_VLAN) {
        p->vlans = 1;
        p->vlan[0] = be16(r.at) & 0xfff;
        type = be16(r.at + 2);
        pass(&r, VLAN_BYTES);
    }
    if (type == TYPE_IPV4 ? !v4(p, &r) : type != TYPE_IPV6 || !v6(p, &r))
        return DECODE_SHORT;
    bool is_tcp = p->ip_proto == 6;
    if (is_tcp ? !tcp(p, &r) : p->ip_proto != 17 || !udp(p, &r))
        return DECODE_SHORT;
    p->payload_bytes = r.there;
    p->payload = r.there > 0 ? r.at : NULL;
    p->payload_wire_bytes = r.wire;
    return is_tcp ? DECODE_TCP : DECODE_UDP;
}
