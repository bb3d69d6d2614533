/* SPDX-License-Identifier: BSD-2-Clause */
/* Links of other times and other places: Token Ring (IEEE 802.5), ARCNET (RFC 1201, RFC 1051), DOCSIS, Frame
 * Relay (RFC 2427), ATM (RFC 2684). */
#include "packet/layers.h"

enum layer lan_token_ring(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 14);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if ((h.at[8] & 0x80) == 0) /* source address: no routing information */
        return LAYER_LLC;
    struct cur peek = s->cur;
    return layer_skip(s, cur_u8(&peek) & 0x1fu, LAYER_LLC);
}

/* Fragments of datagrams (RFC 1201 §1) are not put together. */
enum layer lan_arcnet(struct decoding *s)
{
    uint8_t type = cur_u8(&s->cur);

    if (type == 240) /* IP by RFC 1051 */
        return LAYER_IPV4;
    uint8_t split = cur_u8(&s->cur);
    if (split == 0xff) { /* one more header: the frame had a length that ARCNET has not */
        cur_skip(&s->cur, 3);
        split = cur_u8(&s->cur);
    }
    cur_skip(&s->cur, 2); /* sequence */
    if (!cur_ok(&s->cur))
        return layer_short(s);
    if (split != 0)
        return layer_done(s, DECODE_NOT_IP);
    return type == 212 ? LAYER_IPV4 : type == 196 ? LAYER_IPV6 : layer_done(s, DECODE_NOT_IP);
}

enum layer lan_docsis(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 4);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if (h.at[0] >> 6 != 0) /* no packet */
        return layer_done(s, DECODE_NOT_IP);
    /* extended header, of which the second byte is the length; header check sequence */
    return layer_skip(s, ((h.at[0] & 1) != 0 ? h.at[1] : 0u) + 2, LAYER_ETHERNET);
}

enum layer wan_nlpid(struct decoding *s)
{
    uint8_t id = cur_u8(&s->cur);

    if (cur_ok(&s->cur) && id == 0)
        id = cur_u8(&s->cur); /* padding */
    if (!cur_ok(&s->cur))
        return layer_short(s);
    switch (id) {
    case 0xcc:
        return LAYER_IPV4;
    case 0x8e:
        return LAYER_IPV6;
    case 0xcf:
        return LAYER_PPP;
    case 0x80: { /* SNAP */
        uint32_t organisation = cur_u24(&s->cur);
        uint16_t type = cur_u16(&s->cur);
        if (!cur_ok(&s->cur))
            return layer_short(s);
        if (organisation == 0x0080c2 && (type == 1 || type == 7))
            return LAYER_ETHERNET;
        return organisation == 0 ? layer_of_ethertype(s, type) : layer_done(s, DECODE_NOT_IP);
    }
    default:
        return layer_done(s, DECODE_NOT_IP);
    }
}

/* The address (Q.922) ends with the byte whose lowest bit is set. */
enum layer wan_frame_relay(struct decoding *s)
{
    struct cur *c = &s->cur;
    uint8_t byte = 0;

    for (unsigned i = 0; i < 4 && (byte & 1) == 0; i++)
        byte = cur_u8(c);
    struct cur peek = *c;
    uint8_t control = cur_u8(&peek);
    if (!cur_ok(&peek))
        return layer_short(s);
    if (control != 3) /* Cisco's way: an EtherType follows */
        return LAYER_TYPE;
    *c = peek;
    return LAYER_NLPID;
}

/* With LLC, or an IP packet alone where the circuit carries nothing else. */
enum layer wan_atm(struct decoding *s)
{
    struct cur peek = s->cur;
    uint32_t llc = cur_u24(&peek);
    uint32_t organisation = cur_u24(&peek);
    uint16_t type = cur_u16(&peek);

    if (!cur_ok(&peek))
        return layer_short(s);
    if (llc == 0xaaaa03 && organisation == 0x0080c2 && (type == 1 || type == 7))
        return layer_skip(s, 10, LAYER_ETHERNET); /* two bytes of padding: RFC 2684 §5.2 */
    return ip_plausible(s->cur) ? LAYER_RAW : LAYER_LLC;
}

enum layer wan_sunatm(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 4);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    switch (h.at[0] & 0x0f) {
    case 1: /* LAN emulation: the client's number */
        return layer_skip(s, 2, LAYER_ETHERNET);
    case 2:
        return LAYER_ATM;
    default:
        return layer_done(s, DECODE_NOT_IP);
    }
}
