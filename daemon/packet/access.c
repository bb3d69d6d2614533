/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels from where clients are to where their network is: GTP-U (3GPP TS 29.281), Teredo (RFC 4380), AYIYA
 * (draft-massar-v6ops-ayiya), CAPWAP's data channel (RFC 5415); and TZSP, in which access points and routers
 * hand out what they see. */
#include "packet/defrag.h"
#include "packet/layers.h"

#define GTP_VERSION        0xf0 /* version 1, and that it is no GTP' */
#define GTP_OPTIONS        0x07 /* extension header, sequence number, N-PDU number: one set, all are there */
#define GTP_EXTENSION      0x04
#define GTP_DATA           255
#define GTP_EXTENSIONS_MAX 16

/* Extension headers (§5.2): length in words, content, type of the next one. */
static bool gtp_extensions(struct cur *c, uint8_t next)
{
    for (unsigned i = 0; next != 0; i++) {
        uint32_t words = cur_u8(c);
        if (words == 0 || i == GTP_EXTENSIONS_MAX)
            return false;
        cur_skip(c, words * 4 - 2);
        next = cur_u8(c);
        if (!cur_ok(c))
            return false;
    }
    return true;
}

enum layer access_gtp(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct span h = cur_take(c, 8);

    if (!cur_ok(c) || (h.at[0] & GTP_VERSION) != 0x30 || h.at[1] != GTP_DATA)
        return LAYER_DONE;
    *c = cur_child(c, be16(h.at + 2));
    if ((h.at[0] & GTP_OPTIONS) != 0) {
        struct span options = cur_take(c, 4);
        if (!cur_ok(c) || ((h.at[0] & GTP_EXTENSION) != 0 && !gtp_extensions(c, options.at[3])))
            return LAYER_DONE;
    }
    struct cur peek = *c;
    uint8_t first = cur_u8(&peek);
    /* Nothing here says what is carried. The tunnel's number is each direction's own. */
    return tunnel_to(s, TUNNEL_GTP, 0,
                     ip_plausible(*c)     ? LAYER_RAW
                     : link_plausible(*c) ? LAYER_ETHERNET
                     : first == 0xff      ? LAYER_PPP
                                          : LAYER_RAW);
}

/* Authentication and origin may come before the packet: §5.1.1. */
enum layer access_teredo(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct cur peek = *c;
    uint16_t indicator = cur_u16(&peek);

    if (indicator == 1) {
        uint8_t client = cur_u8(&peek);
        uint8_t value = cur_u8(&peek);
        cur_skip(&peek, client + value + 9u); /* nonce, confirmation */
        *c = peek;
        indicator = cur_u16(&peek);
    }
    if (indicator == 0)
        cur_skip(c, 8);
    return cur_ok(c) ? tunnel_to(s, TUNNEL_TEREDO, 0, LAYER_IPV6) : LAYER_DONE;
}

enum layer access_ayiya(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct span h = cur_take(c, 8);

    if (!cur_ok(c) || (h.at[2] & 0x0f) != 1) /* forward */
        return LAYER_DONE;
    cur_skip(c, (1u << (h.at[0] >> 4)) + (h.at[1] >> 4) * 4u); /* identity, signature */
    if (!cur_ok(c) || (h.at[3] != 4 && h.at[3] != 41))
        return LAYER_DONE;
    return tunnel_to(s, TUNNEL_AYIYA, 0, h.at[3] == 4 ? LAYER_IPV4 : LAYER_IPV6);
}

/* A frame in pieces (§3.4). Their offsets count from behind the header that each has. */
static bool capwap_whole(struct decoding *s, const uint8_t *header)
{
    uint8_t none;
    struct fragment f = {.id = be16(header + 4),
                         .proto = 17,
                         .offset = be16(header + 6) & ~7u,
                         .more = (header[3] & 0x40) == 0};

    return !s->p->reassembled && layer_reassemble(s, &f, &none);
}

/* Header: §4.3. */
enum layer access_capwap(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct span h = cur_take(c, 8);

    if (!cur_ok(c) || h.at[0] != 0) /* version 0, not encrypted */
        return LAYER_DONE;
    uint32_t bytes = (h.at[1] >> 3) * 4u;
    bool native = (h.at[2] & 1) != 0, piece = (h.at[3] & 0x80) != 0, keep_alive = (h.at[3] & 0x08) != 0;
    if (bytes < 8 || keep_alive)
        return LAYER_DONE;
    cur_skip(c, bytes - 8);
    if (!cur_ok(c) || !tunnel_enter(s, TUNNEL_CAPWAP, 0))
        return LAYER_DONE;
    if (piece && !capwap_whole(s, h.at))
        return layer_done(s, DECODE_NOT_IP); /* until the frame is whole this stays a datagram */
    struct cur peek = *c;
    if (!native)
        return LAYER_ETHERNET;
    return (cur_u8(&peek) & 0x0f) == 8 ? LAYER_WLAN : LAYER_WLAN_SWAPPED;
}

static enum layer tzsp_carries(uint16_t protocol)
{
    switch (protocol) {
    case 1:
        return LAYER_ETHERNET;
    case 18:
        return LAYER_WLAN;
    case 119:
        return LAYER_PRISM;
    case 127:
        return LAYER_AVS;
    default:
        return LAYER_DONE;
    }
}

enum layer access_tzsp(struct decoding *s)
{
    struct cur *c = &s->cur;
    struct span h = cur_take(c, 4);

    if (!cur_ok(c) || h.at[0] != 1 || h.at[1] > 1) /* version; received, or to be sent */
        return LAYER_DONE;
    enum layer next = tzsp_carries(be16(h.at + 2));
    for (uint8_t tag = cur_u8(c); tag != 1; tag = cur_u8(c)) { /* 1: the end */
        if (tag != 0)                                          /* 0: padding, without a length */
            cur_skip(c, cur_u8(c));
        if (!cur_ok(c))
            return LAYER_DONE;
    }
    return next != LAYER_DONE ? tunnel_to(s, TUNNEL_TZSP, 0, next) : LAYER_DONE;
}
