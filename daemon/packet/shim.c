/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands between a link header and IP, and has a header of its own: MPLS (RFC 3032) with what its labels
 * lead to (RFC 4928, pseudowires: RFC 4385, RFC 4448), NSH (RFC 8300), TRILL (RFC 6325), MACsec without
 * encryption (IEEE 802.1AE).
 */
#include "packet/layers.h"

#define LABELS_MAX 16

/* Nothing says what a label leads to. IP must have its version in the first nibble, and has a header that
 * adds up; then a frame, then the same behind a control word. */
static enum layer behind_labels(struct decoding *s)
{
    struct cur c = s->cur;
    uint8_t nibble = cur_u8(&c) >> 4;

    if (!cur_ok(&c))
        return layer_short(s);
    if (ip_plausible(s->cur))
        return LAYER_RAW;
    if (link_plausible(s->cur))
        return LAYER_ETHERNET;
    if (nibble == 0) {
        cur_skip(&s->cur, 4);
        if (link_plausible(s->cur))
            return LAYER_ETHERNET;
        return ip_plausible(s->cur) ? LAYER_RAW : layer_unknown(s);
    }
    if (s->cur.end < s->cur.limit)
        return layer_short(s);
    return LAYER_RAW; /* an IP header that claims more than there is */
}

enum layer shim_mpls(struct decoding *s)
{
    for (unsigned i = 0; i < LABELS_MAX; i++) {
        uint32_t entry = cur_u32(&s->cur);
        if (!cur_ok(&s->cur))
            return layer_short(s);
        if ((entry & 0x100) != 0) /* bottom of the stack */
            return behind_labels(s);
    }
    return layer_done(s, DECODE_TOO_DEEP);
}

enum layer shim_nsh(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    uint32_t bytes = (h.at[1] & 0x3fu) * 4; /* of the whole header: §2.2 */
    if (h.at[0] >> 6 != 0 || bytes < 8)
        return layer_done(s, DECODE_BAD);
    cur_skip(&s->cur, bytes - 8);
    return cur_ok(&s->cur) ? layer_of_next_protocol(s, h.at[3]) : layer_short(s);
}

enum layer shim_trill(struct decoding *s)
{
    uint16_t first = cur_u16(&s->cur);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if (first >> 14 != 0) /* version */
        return layer_done(s, DECODE_NOT_IP);
    return layer_skip(s, 4 + (first >> 6 & 0x1fu) * 4, LAYER_ETHERNET);
}

enum layer shim_macsec(struct decoding *s)
{
    uint8_t control = cur_u8(&s->cur);

    if (!cur_ok(&s->cur))
        return layer_short(s);
    if ((control & 0x8c) != 0) /* version, encrypted, changed */
        return layer_done(s, DECODE_NOT_IP);
    return layer_skip(s, 5 + ((control & 0x20) != 0 ? 8u : 0u), LAYER_TYPE);
}
