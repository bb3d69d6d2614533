/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link layers: Ethernet (IEEE 802.3), also with a preamble (IEEE 802.3br) and in Cisco's ISL, VLAN tags (IEEE
 * 802.1Q), LLC with SNAP (IEEE 802.2, RFC 1042), BSD loopback, and Linux "cooked" captures, v1 and v2.
 */
#include "packet/layers.h"

/* A type field of at most this is the length of an IEEE 802.3 frame that begins with LLC. */
#define ETHERNET_LENGTH_MAX 1500
#define COOKED_LLC          4 /* ETH_P_802_2, where an EtherType stands otherwise */

/* SNAP's organisations and their numbers */
#define SNAP_RFC1042 0x000000
#define SNAP_8021H   0x0000f8 /* the bridge tunnel encapsulation of IEEE 802.1H */
#define SNAP_8021    0x0080c2 /* bridged frames: RFC 2427, RFC 2684 */

/* ARPHRD_ of the interface that a cooked capture is of */
#define ARPHRD_RAWIP    519
#define ARPHRD_FRAD     770
#define ARPHRD_80211    801
#define ARPHRD_PRISM    802
#define ARPHRD_RADIOTAP 803
#define ARPHRD_NETLINK  824
#define ARPHRD_NONE     0xfffe

static enum layer typed(struct decoding *s, uint16_t type)
{
    return type <= ETHERNET_LENGTH_MAX ? LAYER_LLC : layer_of_ethertype(s, type);
}

enum layer link_ethernet(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 14);
    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t type = be16(h.at + 12);
    if (type > ETHERNET_LENGTH_MAX)
        return layer_of_ethertype(s, type);
    /* ISL: a frame in a frame to one of two groups */
    if (memcmp(h.at, "\1\0\x0c\0\0", 5) == 0 || memcmp(h.at, "\x0c\0\x0c\0\0", 5) == 0)
        return layer_skip(s, 12, LAYER_ETHERNET);
    return LAYER_LLC;
}

/* An EtherType, behind something that a table passed over. */
enum layer link_type(struct decoding *s)
{
    uint16_t type = cur_u16(&s->cur);

    return cur_ok(&s->cur) ? typed(s, type) : layer_short(s);
}

bool link_plausible(struct cur c)
{
    cur_skip(&c, 12);
    uint16_t type = cur_u16(&c);
    for (unsigned tags = 0; tags < PACKET_VLANS_MAX && (type == 0x8100 || type == 0x88a8); tags++) {
        cur_skip(&c, 2);
        type = cur_u16(&c);
    }
    if (!cur_ok(&c))
        return false;
    if (type == 0x0800 || type == 0x86dd)
        return ip_plausible(c);
    if (type <= ETHERNET_LENGTH_MAX)
        return type <= cur_left(&c) && cur_u24(&c) == 0xaaaa03;
    struct decoding peek = {.cur = c};
    return layer_of_ethertype(&peek, type) != LAYER_DONE;
}

enum layer link_vlan(struct decoding *s)
{
    uint16_t tag = cur_u16(&s->cur);
    uint16_t type = cur_u16(&s->cur);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if (s->p->vlans < PACKET_VLANS_MAX)
        s->p->vlan[s->p->vlans++] = tag & 0xfff;
    return typed(s, type);
}

enum layer link_llc(struct decoding *s)
{
    uint32_t llc = cur_u24(&s->cur);

    if (cur_ok(&s->cur) && llc == 0x060603) /* IP by its own LLC number */
        return LAYER_IPV4;
    if (cur_ok(&s->cur) && llc == 0xfefe03) /* OSI network layer: RFC 2427, RFC 2684 */
        return LAYER_NLPID;
    if (cur_ok(&s->cur) && llc != 0xaaaa03)
        return layer_done(s, DECODE_NOT_IP);
    uint32_t organisation = cur_u24(&s->cur);
    uint16_t type = cur_u16(&s->cur);
    if (!cur_ok(&s->cur))
        return layer_short(s);
    switch (organisation) {
    case SNAP_RFC1042:
    case SNAP_8021H:
        return layer_of_ethertype(s, type);
    case SNAP_8021: /* with the frame's checksum at its end, and without */
        return type == 1 || type == 7 ? LAYER_ETHERNET : layer_done(s, DECODE_NOT_IP);
    default:
        return layer_done(s, DECODE_NOT_IP);
    }
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

/* What an interface of this hardware type gives a cooked capture. */
static enum layer cooked(struct decoding *s, uint16_t hardware, uint16_t type)
{
    switch (hardware) {
    case ARPHRD_FRAD:
        return LAYER_FRAME_RELAY;
    case ARPHRD_80211:
        return LAYER_WLAN;
    case ARPHRD_PRISM:
        return LAYER_PRISM;
    case ARPHRD_RADIOTAP:
        return LAYER_RADIOTAP;
    case ARPHRD_NETLINK: /* `type` is a netlink family */
        return layer_done(s, DECODE_NOT_IP);
    case ARPHRD_RAWIP:
    case ARPHRD_NONE:
        if (type == 0)
            return LAYER_RAW;
        break;
    default: /* of GRE (778), `type` is GRE's protocol type */
        break;
    }
    return type == COOKED_LLC ? LAYER_LLC : layer_of_ethertype(s, type);
}

enum layer link_sll(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 16);

    return cur_ok(&s->cur) ? cooked(s, be16(h.at + 2), be16(h.at + 14)) : layer_short(s);
}

enum layer link_sll2(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 20);

    return cur_ok(&s->cur) ? cooked(s, be16(h.at + 8), be16(h.at)) : layer_short(s);
}

/* The last byte of the preamble tells a frame, or the first piece of one, from later pieces (IEEE 802.3br
 * §99.3). */
enum layer link_mpacket(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    bool begins = h.at[7] != 0 && memchr("\xd5\xe6\x4c\x7f\xb3", h.at[7], 5) != NULL;
    return begins ? LAYER_ETHERNET : layer_done(s, DECODE_NOT_IP);
}
