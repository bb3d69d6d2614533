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

/* What is left of the packet: it lies from `at` on, there up to `end`, and was on the wire up to `limit`. */
struct rest {
    const uint8_t *at;
    uint32_t pos, end, limit;
};

static inline void bound(struct rest *r, uint32_t bytes)
{
    r->limit = r->pos + bytes;
    if (r->end > r->limit)
        r->end = r->limit;
}

static inline bool v4(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at + r->pos;

    if (r->end < r->pos + IPV4_BYTES)
        return false;
    uint32_t total = be16(h + 2);
    if (h[0] != 0x45 || total < IPV4_BYTES || (be16(h + 6) & IPV4_FRAGMENT) != 0)
        return false;
    p->src = addr_v4(h + 12);
    p->dst = addr_v4(h + 16);
    p->mapped = false;
    p->ip_proto = h[9];
    p->ttl = h[8];
    p->ip_id = be16(h + 4);
    bound(r, total);
    r->pos += IPV4_BYTES;
    return true;
}

static inline bool v6(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at + r->pos;

    if (r->end < r->pos + IPV6_BYTES)
        return false;
    uint32_t bytes = be16(h + 4);
    if (h[0] >> 4 != 6 || bytes == 0)
        return false;
    p->src = addr_v6(h + 8);
    p->dst = addr_v6(h + 24);
    p->mapped = addr_is_v4(&p->src) || addr_is_v4(&p->dst);
    p->ip_proto = h[6];
    p->ttl = h[7];
    p->ip_id = 0;
    bound(r, IPV6_BYTES + bytes);
    r->pos += IPV6_BYTES;
    return true;
}

static inline bool tcp(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at + r->pos;

    if (r->end < r->pos + TCP_BYTES)
        return false;
    uint32_t header_bytes = (h[12] >> 4) * 4u;
    if (header_bytes < TCP_BYTES || r->end < r->pos + header_bytes)
        return false;
    p->seq = be32(h + 4);
    p->ack = be32(h + 8);
    p->tcp_flags = h[13];
    p->tcp_header_bytes = (uint8_t)header_bytes;
    p->l4_checksum = be16(h + 16);
    r->pos += header_bytes;
    return true;
}

static inline bool udp(struct packet *p, struct rest *r)
{
    const uint8_t *h = r->at + r->pos;

    if (r->end < r->pos + UDP_BYTES)
        return false;
    uint32_t bytes = be16(h + 4);
    if (bytes < UDP_BYTES || layer_of_ports(be16(h), be16(h + 2)) != LAYER_DONE)
        return false;
    p->seq = p->ack = 0;
    p->tcp_flags = p->tcp_header_bytes = 0;
    p->l4_checksum = be16(h + 6);
    if (bytes < r->limit - r->pos)
        bound(r, bytes);
    r->pos += UDP_BYTES;
    return true;
}

bool decode_plain(struct packet *p, enum decode_result *ret)
{
    struct rest r = {.at = p->at, .pos = ETHERNET_BYTES, .end = p->captured_bytes};

    if (r.end < ETHERNET_BYTES + VLAN_BYTES)
        return false;
    uint16_t type = be16(r.at + 12);
    p->vlans = type == TYPE_VLAN;
    p->vlan[0] = 0;
    if (type == TYPE_VLAN) {
        p->vlan[0] = be16(r.at + 14) & 0xfff;
        type = be16(r.at + 16);
        r.pos += VLAN_BYTES;
    }
    if (type == TYPE_IPV4 ? !v4(p, &r) : type != TYPE_IPV6 || !v6(p, &r))
        return false;
    const uint8_t *ports = r.at + r.pos;
    if (p->ip_proto == 6 ? !tcp(p, &r) : p->ip_proto != 17 || !udp(p, &r))
        return false;
    *ret = p->ip_proto == 6 ? DECODE_TCP : DECODE_UDP;
    p->src_port = be16(ports);
    p->dst_port = be16(ports + 2);
    p->payload_bytes = r.end - r.pos;
    p->payload = p->payload_bytes > 0 ? r.at + r.pos : NULL;
    p->payload_wire_bytes = r.limit - r.pos;
    p->reassembled = false;
    p->vlan[1] = p->vlan[2] = p->vlan[3] = 0;
    p->tunnel_depth = p->outsides = 0;
    p->tunnel_id = 0;
    p->tunnel_path = p->tunnel_key = 0;
    return true;
}
