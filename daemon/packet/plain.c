/* SPDX-License-Identifier: BSD-2-Clause */
/* What nearly all packets are, read in one go. */
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

static inline bool v4(struct rest *r, uint8_t *ret_proto)
{
    const uint8_t *h = r->at;

    if (r->there < IPV4_BYTES || h[0] != 0x45 || (be16(h + 6) & IPV4_FRAGMENT) != 0)
        return false;
    bound(r, be16(h + 2));
    if (r->there < IPV4_BYTES)
        return false;
    *ret_proto = h[9];
    pass(r, IPV4_BYTES);
    return true;
}

static inline bool v6(struct rest *r, uint8_t *ret_proto)
{
    const uint8_t *h = r->at;

    if (r->there < IPV6_BYTES || h[0] >> 4 != 6 || be16(h + 4) == 0)
        return false;
    bound(r, IPV6_BYTES + be16(h + 4));
    *ret_proto = h[6];
    pass(r, IPV6_BYTES);
    return true;
}

static inline bool tcp(struct rest *r)
{
    if (r->there < TCP_BYTES)
        return false;
    uint32_t header_bytes = (r->at[12] >> 4) * 4u;
    if (header_bytes < TCP_BYTES || r->there < header_bytes)
        return false;
    pass(r, header_bytes);
    return true;
}

static inline bool udp(struct rest *r)
{
    const uint8_t *h = r->at;

    if (r->there < UDP_BYTES)
        return false;
    uint32_t bytes = be16(h + 4);
    if (bytes < UDP_BYTES || layer_of_ports(be16(h), be16(h + 2)) != LAYER_DONE)
        return false;
    if (bytes < r->wire)
        bound(r, bytes);
    pass(r, UDP_BYTES);
    return true;
}

enum decode_result plain_find(const struct packet *p, struct plain *ret)
{
    if (p->captured_bytes < ETHERNET_BYTES + VLAN_BYTES)
        return DECODE_SHORT;
    struct rest r = {.at = p->at + ETHERNET_BYTES, .there = p->captured_bytes - ETHERNET_BYTES};
    uint16_t type = be16(r.at - 2);
    if (type == TYPE_VLAN) {
        type = be16(r.at + 2);
        pass(&r, VLAN_BYTES);
    }
    uint8_t proto;
    ret->ip = r.at;
    ret->v6 = type == TYPE_IPV6;
    if (type == TYPE_IPV4 ? !v4(&r, &proto) : type != TYPE_IPV6 || !v6(&r, &proto))
        return DECODE_SHORT;
    bool is_tcp = proto == 6;
    ret->transport = r.at;
    if (is_tcp ? !tcp(&r) : proto != 17 || !udp(&r))
        return DECODE_SHORT;
    ret->payload = r.at;
    ret->payload_bytes = r.there;
    ret->payload_wire_bytes = r.wire;
    return is_tcp ? DECODE_TCP : DECODE_UDP;
}

static inline void read_v4(struct packet *p, const uint8_t *h)
{
    p->ttl = h[8];
    p->ip_proto = h[9];
    p->ip_id = be16(h + 4);
}

static inline void read_v6(struct packet *p, const uint8_t *h)
{
    p->mapped = addr_is_v4(&p->src) || addr_is_v4(&p->dst);
    p->ttl = h[7];
    p->ip_proto = h[6];
    p->ip_id = 0;
}

static inline void read_tcp(struct packet *p, const struct plain *f)
{
    const uint8_t *h = f->transport;

    p->seq = plain_seq(f);
    p->ack = be32(h + 8);
    p->tcp_flags = plain_tcp_flags(f);
    p->tcp_header_bytes = (uint8_t)(f->payload - h);
    p->l4_checksum = be16(h + 16);
}

static inline void read_udp(struct packet *p, const uint8_t *h)
{
    p->seq = p->ack = 0;
    p->tcp_flags = p->tcp_header_bytes = 0;
    p->l4_checksum = be16(h + 6);
}

void plain_decode(const struct plain *f, struct packet *p)
{
    packet_clear_rare(p);
    if (f->ip != p->at + ETHERNET_BYTES) {
        p->vlans = 1;
        p->vlan[0] = be16(p->at + ETHERNET_BYTES) & 0xfff;
    }
    plain_ends(f, &p->src, &p->dst);
    if (f->v6)
        read_v6(p, f->ip);
    else
        read_v4(p, f->ip);
    p->src_port = plain_src_port(f);
    p->dst_port = plain_dst_port(f);
    if (p->ip_proto == 6)
        read_tcp(p, f);
    else
        read_udp(p, f->transport);
    p->payload_bytes = f->payload_bytes;
    p->payload = f->payload_bytes > 0 ? f->payload : NULL;
    p->payload_wire_bytes = f->payload_wire_bytes;
}
