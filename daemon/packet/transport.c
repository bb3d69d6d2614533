/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP (RFC 9293) and UDP (RFC 768) headers. */
#include "packet/layers.h"

static inline enum layer payload(struct decoding *s, enum decode_result result)
{
    struct span rest = cur_rest(&s->cur);

    s->p->payload = rest.at;
    s->p->payload_bytes = (uint32_t)rest.len;
    s->p->payload_wire_bytes = cur_left(&s->cur);
    return layer_done(s, result);
}

enum layer transport_tcp(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct packet *p = s->p;
    struct span h = cur_take(c, 20);

    if (!cur_ok(c))
        return layer_done(s, DECODE_OTHER);
    uint32_t header_bytes = (h.at[12] >> 4) * 4u;
    if (header_bytes < 20)
        return layer_done(s, DECODE_BAD);
    cur_skip(c, header_bytes - 20);
    if (!cur_ok(c))
        return layer_done(s, DECODE_BAD);
    p->src_port = be16(h.at);
    p->dst_port = be16(h.at + 2);
    p->seq = be32(h.at + 4);
    p->ack = be32(h.at + 8);
    p->tcp_flags = h.at[13];
    p->tcp_header_bytes = (uint8_t)header_bytes;
    p->l4_checksum = be16(h.at + 16);
    return payload(s, DECODE_TCP);
}

enum layer transport_udp(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct packet *p = s->p;
    struct span h = cur_take(c, 8);

    if (!cur_ok(c))
        return layer_done(s, DECODE_OTHER);
    uint32_t len = be16(h.at + 4);
    if (len != 0 && len < 8)
        return layer_done(s, DECODE_BAD);
    /* Zero: RFC 2675 §4. More than the IP packet has: what there is. */
    if (len != 0 && len - 8 < cur_left(c))
        *c = cur_child(c, len - 8);
    p->src_port = be16(h.at);
    p->dst_port = be16(h.at + 2);
    p->l4_checksum = be16(h.at + 6);
    payload(s, DECODE_UDP);
    return layer_of_ports(p->src_port, p->dst_port);
}
