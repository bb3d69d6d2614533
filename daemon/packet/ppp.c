/* SPDX-License-Identifier: BSD-2-Clause */
/* PPP (RFC 1661) in HDLC-like framing (RFC 1662), over Ethernet (RFC 2516), bridged (RFC 3518), in bundles
 * (RFC 1990); and Cisco's HDLC. */
#include "packet/layers.h"

/* Address and control may be left out, and so may the first byte of a protocol number (RFC 1661 §6.5, 6.6).
 */
enum layer ppp_frame(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct cur peek = *c;

    if (cur_u16(&peek) == 0xff03)
        *c = peek;
    if (!cur_ok(&peek))
        return layer_short(s);
    uint16_t protocol = cur_u8(c);
    if ((protocol & 1) == 0)
        protocol = (uint16_t)(protocol << 8 | cur_u8(c));
    return cur_ok(c) ? layer_of_ppp(s, protocol) : layer_short(s);
}

enum layer ppp_cisco(struct decoding *s)
{
    return layer_skip(s, 2, LAYER_TYPE);
}

/* Such captures hold the one or the other (LINKTYPE_PPP_HDLC). */
enum layer ppp_hdlc(struct decoding *s)
{
    struct cur peek = s->cur;
    uint8_t address = cur_u8(&peek);

    return address == 0x0f || address == 0x8f ? LAYER_CISCO_HDLC : LAYER_PPP;
}

enum layer ppp_oe(struct decoding *s)
{
    struct cur *c = &s->cur;
    uint16_t version = cur_u16(c); /* version, type, code: §4 */

    cur_skip(c, 2);
    uint16_t bytes = cur_u16(c);
    if (!cur_ok(c))
        return layer_short(s);
    if (version != 0x1100)
        return layer_done(s, DECODE_NOT_IP);
    if (bytes < cur_left(c)) /* padding of a short frame */
        *c = cur_child(c, bytes);
    return LAYER_PPP;
}

enum layer ppp_bridge(struct decoding *s)
{
    uint16_t head = cur_u16(&s->cur); /* flags, MAC type: §4.2 */

    if (!cur_ok(&s->cur))
        return layer_short(s);
    return (head & 0xff) == 1 ? LAYER_ETHERNET : layer_done(s, DECODE_NOT_IP);
}

/* A fragment that is the first and the last. Which of the two headers a bundle uses was said when it was set
 * up; the long one is usual. */
enum layer ppp_multilink(struct decoding *s)
{
    uint32_t head = cur_u32(&s->cur);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    return head >> 24 == 0xc0 ? LAYER_PPP : layer_done(s, DECODE_NOT_IP);
}
