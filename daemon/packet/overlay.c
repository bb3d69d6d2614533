/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks over networks, in UDP: VXLAN (RFC 7348) and its generic form (draft-ietf-nvo3-vxlan-gpe), Geneve
 * (RFC 8926). */
#include "packet/layers.h"

#define VXLAN_ID     0x08 /* flags: there is a network identifier */
#define VXLAN_POLICY 0x80 /* and, before it, a group policy */
#define GPE_NEXT     0x04 /* the last byte before it says what follows */
#define GPE_OTHERS   0xf0 /* reserved, version */
/* Of the first 16 bits: version, reserved. None of these begins as a packet of QUIC does. */
#define GENEVE_OTHERS 0xc03f

/* A mirror of Amazon's is the same. */
enum layer overlay_vxlan(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur) || (h.at[0] & ~VXLAN_POLICY) != VXLAN_ID)
        return LAYER_DONE;
    return tunnel_to(s, TUNNEL_VXLAN, be32(h.at + 4) >> 8, LAYER_ETHERNET);
}

enum layer overlay_vxlan_gpe(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    if (!cur_ok(&s->cur) || (h.at[0] & (VXLAN_ID | GPE_OTHERS)) != VXLAN_ID ||
        !tunnel_enter(s, TUNNEL_VXLAN_GPE, be32(h.at + 4) >> 8))
        return LAYER_DONE;
    return (h.at[0] & GPE_NEXT) != 0 ? layer_of_next_protocol(s, h.at[3]) : LAYER_ETHERNET;
}

enum layer overlay_geneve(struct decoding *s)
{
    struct span h = cur_take(&s->cur, 8);

    cur_skip(&s->cur, cur_ok(&s->cur) ? (h.at[0] & 0x3fu) * 4 : 0); /* options */
    if (!cur_ok(&s->cur) || (be16(h.at) & GENEVE_OTHERS) != 0 ||
        !tunnel_enter(s, TUNNEL_GENEVE, be32(h.at + 4) >> 8))
        return LAYER_DONE;
    return layer_of_ethertype(s, be16(h.at + 2));
}
