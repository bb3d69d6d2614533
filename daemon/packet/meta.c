/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs and kernels write before the packets that they hand out: Linux NFLOG, OpenBSD pflog, PPI,
 * Apple's PKTAP, Juniper's header (https://www.tcpdump.org/linktypes.html). */
#include "packet/layers.h"

#define NFLOG_ATTRIBUTES_MAX 64
#define NFULA_PAYLOAD        9

/* Attributes are in the order of the machine that captured; no type has a number over 255. */
enum layer meta_nflog(struct decoding *s)
{
    struct cur *c = &s->cur;

    cur_skip(c, 4); /* family, version, resource */
    for (unsigned i = 0; i < NFLOG_ATTRIBUTES_MAX; i++) {
        struct span h = cur_take(c, 4);
        if (!cur_ok(c))
            return layer_short(s);
        bool little = h.at[3] == 0;
        uint32_t bytes = little ? le16(h.at) : be16(h.at);
        uint8_t type = little ? h.at[2] : h.at[3];
        if (bytes < 4)
            return layer_done(s, DECODE_BAD);
        if (type == NFULA_PAYLOAD) {
            if (bytes - 4 < cur_left(c))
                *c = cur_child(c, bytes - 4);
            return LAYER_RAW;
        }
        cur_skip(c, (bytes - 4 + 3) & ~3u);
    }
    return layer_done(s, DECODE_TOO_DEEP);
}

enum layer meta_pflog(struct decoding *s)
{
    struct cur peek = s->cur;
    uint8_t bytes = cur_u8(&peek);

    if (!cur_ok(&peek))
        return layer_short(s);
    return layer_skip(s, (bytes + 3u) & ~3u, LAYER_RAW);
}

enum layer meta_ppi(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t bytes = le16(h.at + 2);
    if (h.at[0] != 0 || bytes < 8)
        return layer_done(s, DECODE_BAD);
    cur_skip(&s->cur, bytes - 8u);
    return layer_of_link(s, le32(h.at + 4));
}

/* Also under a number for private use: the fields must be what they are here. */
enum layer meta_pktap(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 12);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint32_t bytes = le32(h.at);
    if (bytes < 108 || bytes > 512 || le32(h.at + 4) != 1) /* a packet follows */
        return layer_done(s, DECODE_UNKNOWN_LINK);
    cur_skip(&s->cur, bytes - 12);
    return layer_of_link(s, le32(h.at + 8));
}

static enum layer juniper(struct decoding *s, enum layer next)
{
    struct cur *c = &s->cur;
    uint32_t magic = cur_u24(c);
    uint8_t flags = cur_u8(c);

    if (cur_ok(c) && magic != 0x4d4743)
        return layer_done(s, DECODE_NOT_IP);
    if ((flags & 0x80) != 0) /* extensions */
        cur_vec16(c);
    if ((flags & 0x02) != 0) { /* no link header, but an address family */
        cur_skip(c, 4);
        next = LAYER_RAW;
    }
    return cur_ok(c) ? next : layer_short(s);
}

enum layer meta_juniper_ether(struct decoding *s)
{
    return juniper(s, LAYER_ETHERNET);
}

enum layer meta_juniper_ppp(struct decoding *s)
{
    return juniper(s, LAYER_PPP);
}

enum layer meta_juniper_frelay(struct decoding *s)
{
    return juniper(s, LAYER_FRAME_RELAY);
}

enum layer meta_juniper_chdlc(struct decoding *s)
{
    return juniper(s, LAYER_CISCO_HDLC);
}
