/* SPDX-License-Identifier: BSD-2-Clause */
/* Data frames of IEEE 802.11 that are not encrypted, and what captures put before them: radiotap, Prism,
 * AVS. */
#include "packet/layers.h"

#define TYPE_MASK      0x0f /* of the first byte: version and type */
#define TYPE_DATA      0x08
#define SUBTYPE_NULL   0x40
#define SUBTYPE_QOS    0x80
#define TO_FROM_DS     0x03 /* of the second byte: both set means four addresses */
#define PROTECTED      0x40
#define ORDER          0x80 /* with QoS: an HT control field follows */
#define QOS_AMSDU      0x80
#define AVS_MAGIC      0x80211000u
#define AVS_MAGIC_MASK 0xfffff000u

static bool snap_at(struct cur c, uint32_t bytes)
{
    cur_skip(&c, bytes);
    uint32_t llc = cur_u24(&c);
    uint32_t organisation = cur_u24(&c);
    return cur_ok(&c) && llc == 0xaaaa03 && (organisation == 0 || organisation == 0x0000f8);
}

/*
 * LLC follows the header, or comes after up to two bytes of padding, or after what is left of an encryption
 * header where hardware decrypted the frame (WEP 4, CCMP and TKIP 8 bytes).
 */
static enum layer body(struct decoding *s)
{
    static const uint8_t gaps[] = {0, 2, 4, 8, 10};

    for (size_t i = 0; i < sizeof gaps; i++)
        if (snap_at(s->cur, gaps[i]))
            return layer_skip(s, gaps[i], LAYER_LLC);
    return layer_unknown(s);
}

/* Of an aggregate (A-MSDU) the first frame is decoded: one packet in, one packet out. */
static enum layer frame(struct decoding *s, bool swapped)
{
    struct cur *c = &s->cur;
    struct span h = cur_take(c, 24);

    if (!cur_ok(c))
        return layer_short(s);
    uint8_t type = h.at[swapped], flags = h.at[!swapped];
    if ((type & TYPE_MASK) != TYPE_DATA || (type & SUBTYPE_NULL) != 0)
        return layer_done(s, DECODE_NOT_IP);
    if ((flags & TO_FROM_DS) == TO_FROM_DS)
        cur_skip(c, 6);
    if ((type & SUBTYPE_QOS) != 0) {
        uint16_t qos = cur_u16(c);
        if ((flags & ORDER) != 0)
            cur_skip(c, 4);
        if ((qos >> 8 & QOS_AMSDU) != 0 && !snap_at(*c, 0))
            cur_skip(c, snap_at(*c, 16) ? 16 : 14); /* ends and length; padding may come before */
    }
    return body(s);
}

enum layer wlan_frame(struct decoding *s)
{
    return frame(s, false);
}

/* Cisco's access points swap the two bytes of frame control. */
enum layer wlan_swapped(struct decoding *s)
{
    return frame(s, true);
}

enum layer wlan_radiotap(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint16_t bytes = le16(h.at + 2);
    if (h.at[0] != 0 || bytes < 8)
        return layer_done(s, DECODE_BAD);
    return layer_skip(s, bytes - 8u, LAYER_WLAN);
}

enum layer wlan_avs(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint32_t bytes = be32(h.at + 4);
    if ((be32(h.at) & AVS_MAGIC_MASK) != AVS_MAGIC || bytes < 8)
        return layer_done(s, DECODE_BAD);
    return layer_skip(s, bytes - 8, LAYER_WLAN);
}

/* Its numbers are in the order of the machine that captured. Drivers write AVS under this name, too. */
enum layer wlan_prism(struct decoding *s)
{
    struct cur peek = s->cur;
    struct span h = cur_take(&peek, 8);

    if (!cur_ok(&peek))
        return layer_short(s);
    if ((be32(h.at) & AVS_MAGIC_MASK) == AVS_MAGIC)
        return LAYER_AVS;
    uint32_t bytes = le32(h.at + 4) < be32(h.at + 4) ? le32(h.at + 4) : be32(h.at + 4);
    return bytes < 8 ? layer_done(s, DECODE_BAD) : layer_skip(s, bytes, LAYER_WLAN);
}
