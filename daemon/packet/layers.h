/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside decode: the layers, their numbers in the header above them, and the state that they share. */
#ifndef BRIDLE_PACKET_LAYERS_H
#define BRIDLE_PACKET_LAYERS_H

#include "base/cursor.h"
#include "packet/plain.h"

/* X(identifier, function): the order is of no importance. */
#define BRIDLE_LAYERS(X)                                                                                     \
    X(ETHERNET, link_ethernet)                                                                               \
    X(TYPE, link_type)                                                                                       \
    X(VLAN, link_vlan)                                                                                       \
    X(LLC, link_llc)                                                                                         \
    X(LOOPBACK, link_loopback)                                                                               \
    X(SLL, link_sll)                                                                                         \
    X(SLL2, link_sll2)                                                                                       \
    X(MPACKET, link_mpacket)                                                                                 \
    X(TRILL, shim_trill)                                                                                     \
    X(MACSEC, shim_macsec)                                                                                   \
    X(MPLS, shim_mpls)                                                                                       \
    X(NSH, shim_nsh)                                                                                         \
    X(TOKEN_RING, lan_token_ring)                                                                            \
    X(ARCNET, lan_arcnet)                                                                                    \
    X(DOCSIS, lan_docsis)                                                                                    \
    X(FRAME_RELAY, wan_frame_relay)                                                                          \
    X(NLPID, wan_nlpid)                                                                                      \
    X(ATM, wan_atm)                                                                                          \
    X(SUNATM, wan_sunatm)                                                                                    \
    X(PPP, ppp_frame)                                                                                        \
    X(PPP_HDLC, ppp_hdlc)                                                                                    \
    X(CISCO_HDLC, ppp_cisco)                                                                                 \
    X(PPPOE, ppp_oe)                                                                                         \
    X(PPP_BRIDGE, ppp_bridge)                                                                                \
    X(PPP_MULTILINK, ppp_multilink)                                                                          \
    X(WLAN, wlan_frame)                                                                                      \
    X(WLAN_SWAPPED, wlan_swapped)                                                                            \
    X(RADIOTAP, wlan_radiotap)                                                                               \
    X(PRISM, wlan_prism)                                                                                     \
    X(AVS, wlan_avs)                                                                                         \
    X(NFLOG, meta_nflog)                                                                                     \
    X(PFLOG, meta_pflog)                                                                                     \
    X(PPI, meta_ppi)                                                                                         \
    X(PKTAP, meta_pktap)                                                                                     \
    X(JUNIPER_ETHER, meta_juniper_ether)                                                                     \
    X(JUNIPER_PPP, meta_juniper_ppp)                                                                         \
    X(JUNIPER_FRELAY, meta_juniper_frelay)                                                                   \
    X(JUNIPER_CHDLC, meta_juniper_chdlc)                                                                     \
    X(RAW, ip_any)                                                                                           \
    X(IPV4, ip_v4)                                                                                           \
    X(IPV6, ip_v6)                                                                                           \
    X(AUTHENTICATION, ip_authentication)                                                                     \
    X(IP_IN_IP, ip_tunnel)                                                                                   \
    X(ETHERNET_IN_IP, ip_ethernet)                                                                           \
    X(ETHERIP, ip_etherip)                                                                                   \
    X(MPLS_IN_IP, ip_mpls)                                                                                   \
    X(TCP, transport_tcp)                                                                                    \
    X(UDP, transport_udp)                                                                                    \
    X(GRE, gre_header)                                                                                       \
    X(ERSPAN2, gre_erspan2)                                                                                  \
    X(ERSPAN3, gre_erspan3)                                                                                  \
    X(WCCP, gre_wccp)                                                                                        \
    X(L2TP, l2tp_udp)                                                                                        \
    X(L2TP_IP, l2tp_ip)                                                                                      \
    X(VXLAN, overlay_vxlan)                                                                                  \
    X(VXLAN_GPE, overlay_vxlan_gpe)                                                                          \
    X(GENEVE, overlay_geneve)                                                                                \
    X(GTP, access_gtp)                                                                                       \
    X(TEREDO, access_teredo)                                                                                 \
    X(AYIYA, access_ayiya)                                                                                   \
    X(CAPWAP, access_capwap)                                                                                 \
    X(TZSP, access_tzsp)

enum layer {
    LAYER_DONE = 0, /* the result is in decoding.result */
#define X(id, function) LAYER_##id,
    BRIDLE_LAYERS(X)
#undef X
        LAYERS
};

/* How much an IP header must show before it is believed. What is in a UDP datagram may be anything. */
enum strict {
    STRICT_NOT,   /* it is believed, even if it claims more than the frame has */
    STRICT_FITS,  /* an EtherType announced it: it must fit into what carries it */
    STRICT_EXACT, /* nothing announced it: it must fill what carries it, or its checksum must be right */
};

struct decoding {
    struct cur cur; /* at the header of the next layer; its limit is the end of what the layers above carry */
    struct packet *p;
    struct defrag *defrag; /* borrowed; may be NULL */
    uint64_t *counters;    /* borrowed */
    enum decode_result result;
    bool addressed; /* an IP header was read whole */
    uint8_t strict; /* enum strict */
    bool carried;   /* the packet is inside of `carrier`, and shows nothing of its own yet */
    enum decode_result carrier_result;
    struct packet *carrier; /* borrowed: what the packet is if the tunnel carries no IP packet */
};

#define X(id, function) enum layer function(struct decoding *s);
BRIDLE_LAYERS(X)
#undef X

/* Decodes by the layers alone. */
enum decode_result decode_layers(struct decoder *d, struct packet *p);

/* What carries what. LAYER_DONE with a result when it is not known. */
enum layer layer_of_link(struct decoding *s, uint32_t linktype);
enum layer layer_of_ethertype(struct decoding *s, uint16_t type);
enum layer layer_of_ip(struct decoding *s, uint8_t protocol);
enum layer layer_of_ppp(struct decoding *s, uint16_t protocol);
/* NSH's numbers (RFC 8300 §2.2), and those of VXLAN-GPE. */
enum layer layer_of_next_protocol(struct decoding *s, uint8_t protocol);
/* What a UDP datagram between these ports may carry; LAYER_DONE: nothing known. */
enum layer layer_of_ports(uint16_t src_port, uint16_t dst_port);

/*
 * The packet in hand carries another one. From here on that one is decoded; if it turns out to be no IP
 * packet, the one in hand is the result. False, with a result, when there are too many already.
 */
bool tunnel_enter(struct decoding *s, enum tunnel_kind kind, uint32_t id);
/* The same, to name the next layer. */
static inline enum layer tunnel_to(struct decoding *s, enum tunnel_kind kind, uint32_t id, enum layer next)
{
    return tunnel_enter(s, kind, id) ? next : LAYER_DONE;
}

struct fragment; /* packet/defrag.h */
/*
 * The rest of the packet is a fragment, of which id, offset and whether there are more are set. True when it
 * completes its datagram: the cursor is then over that. False: it is held, or was cut by the capture.
 */
bool layer_reassemble(struct decoding *s, struct fragment *f, uint8_t *ret_proto);

/* Whether an IP packet, as long as it says, may begin here; whether an Ethernet frame with something that is
 * decoded. For places that nothing else describes. */
bool ip_plausible(struct cur c);
bool link_plausible(struct cur c);

static inline enum layer layer_done(struct decoding *s, enum decode_result result)
{
    s->result = result;
    return LAYER_DONE;
}

/* A header was not there whole: what is known already decides how that is called. */
static inline enum layer layer_short(struct decoding *s)
{
    return layer_done(s, s->addressed ? DECODE_OTHER : DECODE_SHORT);
}

/* Nothing that is known, as far as can be seen. */
static inline enum layer layer_unknown(struct decoding *s)
{
    return s->cur.end < s->cur.limit ? layer_short(s) : layer_done(s, DECODE_NOT_IP);
}

/* A header of `bytes` that says nothing of use. */
static inline enum layer layer_skip(struct decoding *s, uint32_t bytes, enum layer next)
{
    cur_skip(&s->cur, bytes);
    return cur_ok(&s->cur) ? next : layer_short(s);
}

static inline uint16_t le16(const uint8_t *at)
{
    return (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t le32(const uint8_t *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

#endif
