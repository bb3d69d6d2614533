/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop over layers, and the tables that say which number leads to which layer. */
#include "packet/layers.h"

#include "base/hash.h"

/* Headers of one packet: beyond that it is made to waste time. Tunnels have their own, lower limit. */
#define HEADERS_MAX 64

#define LINKTYPE_ETHERNET 1u

typedef enum layer layer_fn(struct decoding *s);

static layer_fn *const functions[LAYERS] = {
#define X(id, function) [LAYER_##id] = function,
    BRIDLE_LAYERS(X)
#undef X
};

/* `skip`: bytes before the layer that say nothing of use. */
struct row {
    uint32_t number;
    uint8_t layer, skip;
};

_Static_assert(LAYERS <= 256, "a layer fits in a byte");

/* LINKTYPE_ values (https://www.tcpdump.org/linktypes.html), those that are met often first. */
static const struct row links[] = {
    {1, LAYER_ETHERNET, 0},         /* EN10MB */
    {113, LAYER_SLL, 0},            /* LINUX_SLL */
    {276, LAYER_SLL2, 0},           /* LINUX_SLL2 */
    {101, LAYER_RAW, 0},            /* RAW */
    {228, LAYER_IPV4, 0},           /* IPV4 */
    {229, LAYER_IPV6, 0},           /* IPV6 */
    {0, LAYER_LOOPBACK, 0},         /* NULL */
    {108, LAYER_LOOPBACK, 0},       /* LOOP */
    {12, LAYER_RAW, 0},             /* DLT_RAW, as some programs write it */
    {14, LAYER_RAW, 0},             /* DLT_RAW of OpenBSD */
    {127, LAYER_RADIOTAP, 0},       /* IEEE802_11_RADIOTAP */
    {105, LAYER_WLAN, 0},           /* IEEE802_11 */
    {119, LAYER_PRISM, 0},          /* IEEE802_11_PRISM */
    {163, LAYER_AVS, 0},            /* IEEE802_11_AVS */
    {192, LAYER_PPI, 0},            /* PPI */
    {9, LAYER_PPP, 0},              /* PPP */
    {50, LAYER_PPP_HDLC, 0},        /* PPP_HDLC */
    {51, LAYER_PPPOE, 0},           /* PPP_ETHER */
    {166, LAYER_PPP, 2},            /* PPP_PPPD: the direction stands in place of the address */
    {204, LAYER_PPP, 1},            /* PPP_WITH_DIR */
    {104, LAYER_CISCO_HDLC, 0},     /* C_HDLC */
    {205, LAYER_CISCO_HDLC, 1},     /* C_HDLC_WITH_DIR */
    {107, LAYER_FRAME_RELAY, 0},    /* FRELAY */
    {206, LAYER_FRAME_RELAY, 1},    /* FRELAY_WITH_DIR */
    {100, LAYER_ATM, 0},            /* ATM_RFC1483 */
    {106, LAYER_ATM, 0},            /* ATM_CLIP */
    {123, LAYER_SUNATM, 0},         /* SUNATM */
    {219, LAYER_MPLS, 0},           /* MPLS */
    {8, LAYER_RAW, 16},             /* SLIP: direction and the header before it was compressed */
    {10, LAYER_LLC, 13},            /* FDDI */
    {6, LAYER_TOKEN_RING, 0},       /* IEEE802_5 */
    {129, LAYER_ARCNET, 4},         /* ARCNET_LINUX: ends, and two bytes of the driver */
    {7, LAYER_ARCNET, 2},           /* ARCNET_BSD: ends */
    {143, LAYER_DOCSIS, 0},         /* DOCSIS */
    {138, LAYER_TYPE, 16},          /* APPLE_IP_OVER_IEEE1394 */
    {239, LAYER_NFLOG, 0},          /* NFLOG */
    {109, LAYER_RAW, 12},           /* ENC */
    {117, LAYER_PFLOG, 0},          /* PFLOG */
    {226, LAYER_RAW, 24},           /* IPNET */
    {258, LAYER_PKTAP, 0},          /* PKTAP */
    {149, LAYER_PKTAP, 0},          /* USER2: the same, by Apple's libpcap */
    {274, LAYER_MPACKET, 0},        /* ETHERNET_MPACKET */
    {240, LAYER_ETHERNET, 4},       /* NETANALYZER */
    {241, LAYER_ETHERNET, 12},      /* NETANALYZER_TRANSPARENT: with the preamble */
    {281, LAYER_TYPE, 16},          /* DSA_TAG_BRCM: the tag of a switch, behind the addresses */
    {282, LAYER_ETHERNET, 4},       /* DSA_TAG_BRCM_PREPEND */
    {284, LAYER_TYPE, 16},          /* DSA_TAG_DSA */
    {285, LAYER_TYPE, 20},          /* DSA_TAG_EDSA */
    {178, LAYER_JUNIPER_ETHER, 0},  /* JUNIPER_ETHER */
    {179, LAYER_JUNIPER_PPP, 0},    /* JUNIPER_PPP */
    {180, LAYER_JUNIPER_FRELAY, 0}, /* JUNIPER_FRELAY */
    {181, LAYER_JUNIPER_CHDLC, 0},  /* JUNIPER_CHDLC */
};

/* https://www.iana.org/assignments/ieee-802-numbers, and what vendors took. Also the protocol types of GRE
 * and Geneve. */
static const struct row ethertypes[] = {
    {0x0800, LAYER_IPV4, 0},     {0x86dd, LAYER_IPV6, 0}, {0x8100, LAYER_VLAN, 0}, /* IEEE 802.1Q */
    {0x88a8, LAYER_VLAN, 0},                                                       /* IEEE 802.1ad */
    {0x9100, LAYER_VLAN, 0},     /* before there was 802.1ad */
    {0x9200, LAYER_VLAN, 0},     /* the same */
    {0x9300, LAYER_VLAN, 0},     /* the same */
    {0x8847, LAYER_MPLS, 0},     /* RFC 3032 */
    {0x8848, LAYER_MPLS, 0},     /* the same, with labels of upstream */
    {0x8864, LAYER_PPPOE, 0},    /* RFC 2516 */
    {0x880b, LAYER_PPP, 0},      /* also in GRE: RFC 2637 */
    {0x6558, LAYER_ETHERNET, 0}, /* transparent Ethernet bridging: RFC 1701 */
    {0x894f, LAYER_NSH, 0},      /* RFC 8300 */
    {0x8870, LAYER_LLC, 0},      /* frames with more than 1500 bytes of LLC */
    {0x88e7, LAYER_ETHERNET, 4}, /* IEEE 802.1ah: the I-TAG */
    {0x88e5, LAYER_MACSEC, 0},   /* IEEE 802.1AE */
    {0x22f3, LAYER_TRILL, 0},    /* RFC 6325 */
    {0x8903, LAYER_ETHERNET, 2}, /* Cisco FabricPath */
    {0x8909, LAYER_TYPE, 6},     /* Cisco MetaData: security group tag */
    {0x8926, LAYER_TYPE, 4},     /* Cisco VN-Tag */
    {0x893f, LAYER_TYPE, 6},     /* IEEE 802.1BR: E-TAG */
    {0xf1c1, LAYER_TYPE, 4},     /* IEEE 802.1CB: R-TAG */
};

/* https://www.iana.org/assignments/protocol-numbers */
static const uint8_t protocols[256] = {
    [6] = LAYER_TCP,          [17] = LAYER_UDP,
    [4] = LAYER_IP_IN_IP,     [41] = LAYER_IP_IN_IP,
    [47] = LAYER_GRE,         [51] = LAYER_AUTHENTICATION,
    [97] = LAYER_ETHERIP,     [115] = LAYER_L2TP_IP,
    [137] = LAYER_MPLS_IN_IP, [143] = LAYER_ETHERNET_IN_IP,
};

/* https://www.iana.org/assignments/ppp-numbers */
static const struct row ppp_protocols[] = {
    {0x0021, LAYER_IPV4, 0}, {0x0057, LAYER_IPV6, 0},       {0x0281, LAYER_MPLS, 0},
    {0x0283, LAYER_MPLS, 0}, {0x0031, LAYER_PPP_BRIDGE, 0}, {0x003d, LAYER_PPP_MULTILINK, 0},
};

static const struct row next_protocols[] = {
    {1, LAYER_IPV4, 0}, {2, LAYER_IPV6, 0}, {3, LAYER_ETHERNET, 0}, {4, LAYER_NSH, 0}, {5, LAYER_MPLS, 0},
};

/*
 * X(port, layer, whether its source port announces it, too). Any client may use one of them by chance: only a
 * valid IP packet inside makes the datagram a tunnel.
 */
#define TUNNEL_PORTS(X)                                                                                      \
    X(4789, VXLAN, false)     /* RFC 7348 */                                                                 \
    X(8472, VXLAN, false)     /* the same, before it had a port: Linux, and Cisco OTV */                     \
    X(4790, VXLAN_GPE, false) /* draft-ietf-nvo3-vxlan-gpe */                                                \
    X(6081, GENEVE, false)    /* RFC 8926 */                                                                 \
    X(2152, GTP, false)       /* 3GPP TS 29.281 */                                                           \
    X(3544, TEREDO, true)     /* RFC 4380 */                                                                 \
    X(1701, L2TP, true)       /* RFC 2661, RFC 3931 */                                                       \
    X(5247, CAPWAP, true)     /* RFC 5415 */                                                                 \
    X(37008, TZSP, false)     /* TaZmen Sniffer Protocol */                                                  \
    X(4754, GRE, false)       /* RFC 8086 */                                                                 \
    X(5072, AYIYA, true)      /* draft-massar-v6ops-ayiya */

static const struct row *find_row(const struct row *rows, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

static enum layer follow(struct decoding *s, const struct row *row, enum decode_result unknown)
{
    s->result = unknown;
    if (row == NULL)
        return LAYER_DONE;
    if (row->skip != 0)
        cur_skip(&s->cur, row->skip);
    return (enum layer)row->layer;
}

#define FOLLOW(s, rows, number, unknown)                                                                     \
    follow(s, find_row(rows, sizeof(rows) / sizeof *(rows), number), unknown)

enum layer layer_of_link(struct decoding *s, uint32_t linktype)
{
    return FOLLOW(s, links, linktype, DECODE_UNKNOWN_LINK);
}

enum layer layer_of_ethertype(struct decoding *s, uint16_t type)
{
    if (s->strict == STRICT_EXACT)
        s->strict = STRICT_FITS;
    return FOLLOW(s, ethertypes, type, DECODE_NOT_IP);
}

enum layer layer_of_ppp(struct decoding *s, uint16_t protocol)
{
    return FOLLOW(s, ppp_protocols, protocol, DECODE_NOT_IP);
}

enum layer layer_of_next_protocol(struct decoding *s, uint8_t protocol)
{
    return FOLLOW(s, next_protocols, protocol, DECODE_NOT_IP);
}

enum layer layer_of_ip(struct decoding *s, uint8_t protocol)
{
    s->result = DECODE_OTHER;
    return (enum layer)protocols[protocol];
}

/* The port is perhaps one of them. */
__attribute__((noinline)) static enum layer find_ports(uint16_t src_port, uint16_t dst_port)
{
    static const struct {
        uint16_t port;
        uint8_t layer;
        bool source;
    } rows[] = {
#define X(number, id, either) {number, LAYER_##id, either},
        TUNNEL_PORTS(X)
#undef X
    };
    /* To a server of anything else, DNS say, from a port that was chosen so: no answer of a tunnel's end. */
    bool answers = dst_port >= 1024;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].port == dst_port || (rows[i].source && answers && rows[i].port == src_port))
            return (enum layer)rows[i].layer;
    return LAYER_DONE;
}

enum layer layer_of_ports(uint16_t src_port, uint16_t dst_port)
{
    /* A bit for each of 64 classes of ports: nearly all datagrams, DNS and QUIC among them, are done with
     * here.
     */
#define CLASS(port)           (((port) ^ (port) >> 3) & 63)
#define X(number, id, either) | 1ull << CLASS(number)
    const uint64_t known = 0 TUNNEL_PORTS(X);
#undef X
#define X(number, id, either) | (uint64_t)(either) << CLASS(number)
    const uint64_t either = 0 TUNNEL_PORTS(X);
#undef X

    if (((known >> CLASS(dst_port) | either >> CLASS(src_port)) & 1) == 0)
        return LAYER_DONE;
    return find_ports(src_port, dst_port);
}

static uint64_t tunnel_key(const struct packet *p, bool mirror)
{
    static const struct hash_key key = {{0, 0x9e3779b97f4a7c15u}};

    if (mirror)
        return hash_word(&key, 0, (uint8_t)p->tunnel_path);
    uint64_t h = hash_word(&key, p->tunnel_key, p->tunnel_path);
    h = hash_word(&key, h, p->tunnel_id);
    /* The sum of the ends is the same in both directions. */
    h = hash_word(&key, h, p->tunnel_src.w[0] + p->tunnel_dst.w[0]);
    return hash_word(&key, h, p->tunnel_src.w[1] + p->tunnel_dst.w[1]);
}

/* What carries the packet is of interest by itself: somebody sends it to its other end. Labels and the like
 * have no ends. */
static void keep_outside(struct packet *p, uint32_t carried_bytes)
{
    static const struct addr none;

    if (addr_eq(&p->src, &none) && addr_eq(&p->dst, &none))
        return;
    if (p->outsides < PACKET_OUTSIDES)
        p->outsides++;
    p->outside[p->outsides - 1] = (struct packet_outside){.src = p->src,
                                                          .dst = p->dst,
                                                          .tunnel_key = p->tunnel_key,
                                                          .carried_bytes = carried_bytes,
                                                          .src_port = p->src_port,
                                                          .dst_port = p->dst_port,
                                                          .ip_proto = p->ip_proto,
                                                          .ttl = p->ttl,
                                                          .mapped = p->mapped};
}

bool tunnel_enter(struct decoding *s, enum tunnel_kind kind, uint32_t id)
{
    static const bool mirrors[TUNNEL_KINDS] = {
#define X(id, name, mirror) [TUNNEL_##id] = mirror,
        BRIDLE_TUNNELS(X)
#undef X
    };
    struct packet *p = s->p;

    if (p->tunnel_depth == PACKET_DEPTH_MAX) {
        layer_done(s, DECODE_TOO_DEEP);
        return false;
    }
    *s->carrier = *p;
    s->carrier_result = s->result;
    s->carried = true;
    s->strict = s->result == DECODE_UDP ? STRICT_EXACT : STRICT_NOT;
    s->addressed = false;
    keep_outside(p, cur_left(&s->cur));
    p->tunnel_depth++;
    p->tunnel_path = p->tunnel_path << 8 | kind;
    p->tunnel_id = id;
    p->tunnel_src = p->src;
    p->tunnel_dst = p->dst;
    p->tunnel_key = tunnel_key(p, mirrors[kind]);
    p->src_port = p->dst_port = p->l4_checksum = 0;
    p->payload = NULL;
    p->payload_bytes = p->payload_wire_bytes = 0;
    return true;
}

/* Fragments are counted where they are found: one that completes its datagram counts as its result too. */
static void count(uint64_t *counters, enum decode_result r)
{
    static const uint8_t of[] = {
        [DECODE_TCP] = COUNT_DECODE_TCP,     [DECODE_UDP] = COUNT_DECODE_UDP,
        [DECODE_OTHER] = COUNT_DECODE_OTHER, [DECODE_NOT_IP] = COUNT_DECODE_NOT_IP,
        [DECODE_SHORT] = COUNT_DECODE_SHORT, [DECODE_UNKNOWN_LINK] = COUNT_DECODE_UNKNOWN_LINK,
        [DECODE_BAD] = COUNT_DECODE_BAD,     [DECODE_TOO_DEEP] = COUNT_DECODE_DEPTH,
    };
    if (r != DECODE_FRAGMENT)
        counters[of[r]]++;
}

/* What an earlier packet left. Field by field: clearing it as a block took as long as decoding a header. */
static inline void forget(struct packet *p)
{
    static const struct addr none;

    p->src = p->dst = p->tunnel_src = p->tunnel_dst = none;
    p->src_port = p->dst_port = p->ip_id = p->l4_checksum = 0;
    p->ip_proto = p->ttl = p->tcp_flags = p->tcp_header_bytes = 0;
    p->seq = p->ack = 0;
    p->payload = NULL;
    p->payload_bytes = p->payload_wire_bytes = 0;
    packet_clear_rare(p);
}

/* Apart from what nearly every packet goes through, which needs few registers. */
__attribute__((noinline)) enum decode_result decode_layers(struct decoder *d, struct packet *p)
{
    struct packet carrier; /* set by tunnel_enter only */
    struct decoding s = {.cur = cur_datagram(p->at, p->captured_bytes, p->wire_bytes),
                         .p = p,
                         .defrag = d->defrag,
                         .counters = d->counters,
                         .carrier = &carrier};

    forget(p);
    enum layer next = layer_of_link(&s, p->linktype);
    for (unsigned headers = 0; next != LAYER_DONE; headers++)
        next = headers < HEADERS_MAX ? functions[next](&s) : layer_done(&s, DECODE_TOO_DEEP);
    if (s.carried && (s.result == DECODE_NOT_IP || s.result == DECODE_SHORT || s.result == DECODE_BAD)) {
        *p = carrier;
        s.result = s.carrier_result;
    }
    return s.result;
}

enum decode_result packet_find(struct decoder *d, struct packet *p, struct plain *ret)
{
    enum decode_result result = p->linktype == LINKTYPE_ETHERNET ? plain_find(p, ret) : DECODE_UNKNOWN_LINK;

    if (result != DECODE_TCP && result != DECODE_UDP) {
        ret->ip = NULL;
        result = decode_layers(d, p);
    }
    count(d->counters, result);
    return result;
}

enum decode_result packet_decode(struct decoder *d, struct packet *p)
{
    struct plain plain;
    enum decode_result result = packet_find(d, p, &plain);

    if (plain.ip != NULL)
        plain_decode(&plain, p);
    return result;
}
