/* SPDX-License-Identifier: BSD-2-Clause */
/* GRE (RFC 2784, 2890, with the source routes of RFC 1701), PPTP's version of it (RFC 2637), and what has no
 * other home: NVGRE (RFC 7637), ERSPAN (draft-foschiano-erspan), WCCP. */
#include "packet/layers.h"

#define CHECKSUM   0x8000
#define ROUTING    0x4000
#define KEY        0x2000
#define SEQUENCE   0x1000
#define PPTP_ACK   0x0080
#define VERSION    0x0007
#define ROUTES_MAX 16

#define TYPE_ETHERNET 0x6558
#define TYPE_PPP      0x880b
#define TYPE_ERSPAN   0x88be /* I and II */
#define TYPE_ERSPAN3  0x22eb
#define TYPE_WCCP     0x883e

#define NVGRE_LEAST 0x1000 /* lower VSIDs are not given out: RFC 7637 §3.2 */

/* Passes over the source routes (RFC 1701); the last one is empty. */
static bool routes(struct cur *c)
{
    for (unsigned i = 0; i < ROUTES_MAX; i++) {
        uint16_t family = cur_u16(c);
        cur_skip(c, 1);
        uint8_t bytes = cur_u8(c);
        if (!cur_ok(c) || (family == 0 && bytes == 0))
            return cur_ok(c);
        cur_skip(c, bytes);
    }
    return false;
}

static enum layer inside(struct decoding *s, uint16_t flags, uint16_t type, uint32_t key)
{
    switch (type) {
    case TYPE_ERSPAN: /* the second version has a sequence number, the first one no header at all */
        return tunnel_to(s, TUNNEL_ERSPAN, 0, (flags & SEQUENCE) != 0 ? LAYER_ERSPAN2 : LAYER_ETHERNET);
    case TYPE_ERSPAN3:
        return tunnel_to(s, TUNNEL_ERSPAN, 0, LAYER_ERSPAN3);
    case TYPE_WCCP:
        return tunnel_to(s, TUNNEL_GRE, 0, LAYER_WCCP);
    case TYPE_ETHERNET:
        if ((flags & (CHECKSUM | KEY | SEQUENCE)) == KEY && key >> 8 >= NVGRE_LEAST)
            return tunnel_to(s, TUNNEL_NVGRE, key >> 8, LAYER_ETHERNET);
        break;
    default:
        break;
    }
    /* A key may differ between the directions: it is no id. */
    return tunnel_enter(s, TUNNEL_GRE, 0) ? layer_of_ethertype(s, type) : LAYER_DONE;
}

enum layer gre_header(struct decoding *s)
{
    struct cur *c = &s->cur;
    uint32_t key = 0;
    uint16_t flags = cur_u16(c);
    uint16_t type = cur_u16(c);
    bool pptp = (flags & VERSION) == 1;

    if ((flags & VERSION) > 1 || (pptp && (type != TYPE_PPP || (flags & KEY) == 0)))
        return LAYER_DONE;
    if ((flags & (CHECKSUM | ROUTING)) != 0)
        cur_skip(c, 4);
    if ((flags & KEY) != 0)
        key = cur_u32(c);
    if ((flags & SEQUENCE) != 0)
        cur_skip(c, 4);
    if (pptp && (flags & PPTP_ACK) != 0)
        cur_skip(c, 4);
    if (!cur_ok(c) || ((flags & ROUTING) != 0 && !routes(c)))
        return LAYER_DONE;
    return pptp ? tunnel_to(s, TUNNEL_PPTP, 0, LAYER_PPP) : inside(s, flags, type, key);
}

static enum layer erspan(struct decoding *s, unsigned version, uint32_t bytes)
{
    struct packet *p = s->p;
    struct span h = cur_take(&s->cur, bytes);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if (h.at[0] >> 4 != version)
        return layer_done(s, DECODE_BAD);
    /* The VLAN of a frame whose tag the mirror took off */
    if ((h.at[2] >> 3 & 3) == 2 && p->vlans < PACKET_VLANS_MAX)
        p->vlan[p->vlans++] = be16(h.at) & 0xfff;
    if (version == 1)
        return LAYER_ETHERNET;
    bool subheader = (h.at[11] & 1) != 0, ip = (h.at[10] >> 2 & 0x1f) == 2; /* O, FT: §4.3 */
    return layer_skip(s, subheader ? 8 : 0, ip ? LAYER_RAW : LAYER_ETHERNET);
}

enum layer gre_erspan2(struct decoding *s)
{
    return erspan(s, 1, 8);
}

enum layer gre_erspan3(struct decoding *s)
{
    return erspan(s, 2, 12);
}

/* The second version puts four bytes before the packet. */
enum layer gre_wccp(struct decoding *s)
{
    if (!ip_plausible(s->cur))
        cur_skip(&s->cur, 4);
    return LAYER_RAW;
}
