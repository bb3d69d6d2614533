/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link layers: Ethernet (IEEE 802.3), VLAN tags (IEEE 802.1Q), LLC with SNAP (IEEE 802.2, RFC 1042), BSD
 * loopback, and Linux "cooked" captures, v1 and v2.
 */
#include "packet/layers.h"

/* A type field of at most this is the length of an IEEE 802.3 frame that begins with LLC. */
#define ETHERNET_LENGTH_MAX 1500
#define COOKED_LLC          4 /* ETH_P_802_2, where an EtherType stands otherwise */

enum layer link_ethernet(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 14);
    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t type = be16(h.at + 12);
    return type <= ETHERNET_LENGTH_MAX ? LAYER_LLC : layer_of_ethertype(s, type);
}

enum layer link_vlan(struct decoding *s)
{
    uint16_t tag = cur_u16(&s->cur);
    uint16_t type = cur_u16(&s->cur);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if (s->p->vlans < PACKET_VLANS_MAX)
        s->p->vlan[s->p->vlans++] = tag & 0xfff;
    return type <= ETHERNET_LENGTH_MAX ? LAYER_LLC : layer_of_ethertype(s, type);
}

enum layer link_llc(struct decoding *s)
{
    uint32_t llc = cur_u24(&s->cur);

    if (cur_ok(&s->cur) && llc == 0x060603) /* IP by its own LLC number */
        return LAYER_IPV4;
    if (cur_ok(&s->cur) && llc != 0xaaaa03)
        return layer_done(s, DECODE_NOT_IP);
    uint32_t organisation = cur_u24(&s->cur);
    uint16_t type = cur_u16(&s->cur);
    if (!cur_ok(&s->cur))
        return layer_short(s);
    /* RFC 1042, and the bridge tunnel encapsulation of IEEE 802.1H */
    if (organisation != 0 && organisation != 0x0000f8)
        return layer_done(s, DECODE_NOT_IP);
    return layer_of_ethertype(s, type);
}

/* The address family is in the byte order of the machine that captured; IPv6 has another number on each. */
enum layer link_loopback(struct decoding *s)
{
    uint32_t family = cur_u32(&s->cur);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t type = (uint16_t)family;
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    if (family >
        0xffff) /* in either order: such files hold the header of Cisco's HDLC, an EtherType at its end */
        return layer_of_ethertype(s, type);
    switch (family) {
    case 2:
        return LAYER_IPV4;
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return LAYER_IPV6;
    default:
        return layer_done(s, DECODE_NOT_IP);
    }
}

enum layer link_sll(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 16);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t type = be16(h.at + 14);
    return type == COOKED_LLC ? LAYER_LLC : layer_of_ethertype(s, type);
}

enum layer link_sll2(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 20);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t type = be16(h.at);
    return type == COOKED_LLC ? LAYER_LLC : layer_of_ethertype(s, type);
}
