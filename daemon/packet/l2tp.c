/* SPDX-License-Identifier: BSD-2-Clause */
/* L2TP, version 2 (RFC 2661) and version 3 over UDP and over IP (RFC 3931). */
#include "packet/layers.h"

#define CONTROL  0x8000
#define LENGTH   0x4000
#define SEQUENCE 0x0800
#define OFFSET   0x0200
#define VERSION  0x000f
#define RESERVED 0x34f0

/* How long the cookie is, and whether a sublayer follows, was agreed on when the session was set up. */
static enum layer session(struct decoding *s)
{
    static const uint8_t gaps[] = {0, 4, 8, 12};

    for (size_t i = 0; i < sizeof gaps; i++) {
        struct cur c = s->cur;
        cur_skip(&c, gaps[i]);
        if (!link_plausible(c))
            continue;
        s->cur = c;
        return tunnel_to(s, TUNNEL_L2TP, 0, LAYER_ETHERNET);
    }
    return LAYER_DONE;
}

enum layer l2tp_udp(struct decoding *s)
{
    struct cur *c = &s->cur;
    uint16_t flags = cur_u16(c);

    if ((flags & (CONTROL | RESERVED)) != 0)
        return LAYER_DONE;
    if ((flags & VERSION) == 3) {
        cur_skip(c, 6); /* reserved, session */
        return session(s);
    }
    if ((flags & VERSION) != 2)
        return LAYER_DONE;
    if ((flags & LENGTH) != 0)
        cur_skip(c, 2);
    cur_skip(c, 4); /* tunnel, session: each direction's own */
    if ((flags & SEQUENCE) != 0)
        cur_skip(c, 4);
    if ((flags & OFFSET) != 0)
        cur_vec16(c);
    return cur_ok(c) ? tunnel_to(s, TUNNEL_L2TP, 0, LAYER_PPP) : LAYER_DONE;
}

/* Session 0 is control (§4.1.1). */
enum layer l2tp_ip(struct decoding *s)
{
    uint32_t id = cur_u32(&s->cur);

    return id != 0 ? session(s) : LAYER_DONE;
}
