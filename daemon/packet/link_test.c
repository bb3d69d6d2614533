/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of links and of what stands between them and IP: each leads to the packet, at every length that a
 * capture could keep; what is damaged or carries something else does not. */
#include "packet/decode_check.h"

/* What stands before an IP packet. */
struct before {
    const char *name;
    uint32_t linktype;
    size_t bytes;
    uint8_t header[160];
    bool v6;
};

#define ETHER      2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define SNAP(type) 0xaa, 0xaa, 3, 0, 0, 0, (type) >> 8, (type)&0xff

static const struct before befores[] = {
    {"QinQinQ 9100 88a8 9300", 1, 26, {ETHER, 0x91, 0, 0, 5, 0x88, 0xa8, 0, 6, 0x93, 0, 0, 7, 8, 0}, false},
    {"LLC in VLAN", 1, 26, {ETHER, 0x81, 0, 0, 5, 0, 60, SNAP(0x86dd)}, true},
    {"jumbo LLC", 1, 22, {ETHER, 0x88, 0x70, SNAP(0x0800)}, false},
    {"ISL",
     1,
     40,
     {1, 0, 0x0c, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 60, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0, 1, 0, 0, 0, 0, ETHER, 8, 0},
     false},
    {"MPLS", 1, 18, {ETHER, 0x88, 0x47, 0, 1, 1, 64}, false},
    {"MPLS, three labels", 1, 26, {ETHER, 0x88, 0x48, 0, 1, 0, 64, 0, 0, 0x10, 64, 0, 2, 0xf1, 64}, true},
    {"pseudowire", 1, 32, {ETHER, 0x88, 0x47, 0, 1, 1, 64, ETHER, 8, 0}, false},
    {"pseudowire to an address like an IP header",
     1,
     36,
     {ETHER, 0x88, 0x47, 0, 1, 1, 64, 0x45, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 1, 8, 0},
     false},
    {"pseudowire with a control word",
     1,
     36,
     {ETHER, 0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 9, ETHER, 0x86, 0xdd},
     true},
    {"pseudowire to an address like a control word",
     1,
     32,
     {ETHER, 0x88, 0x47, 0, 1, 1, 64, 0, 1, 2, 3, 4, 5, 2, 0, 0, 0, 0, 2, 8, 0},
     false},
    {"MPLS in MPLS", 1, 36, {ETHER, 0x88, 0x47, 0, 1, 1, 64, ETHER, 0x88, 0x47, 0, 2, 1, 1}, false},
    {"LINKTYPE_MPLS", 219, 4, {0, 1, 1, 64}, false},
    {"PPPoE", 1, 22, {ETHER, 0x88, 0x64, 0x11, 0, 0, 7, 0xff, 0xff, 0, 0x21}, false},
    {"PPPoE in two VLANs",
     1,
     30,
     {ETHER, 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x88, 0x64, 0x11, 0, 0, 7, 0xff, 0xff, 0, 0x57},
     true},
    {"PPPoE, protocol compressed", 1, 21, {ETHER, 0x88, 0x64, 0x11, 0, 0, 7, 0xff, 0xff, 0x21}, false},
    {"LINKTYPE_PPP_ETHER", 51, 8, {0x11, 0, 0, 7, 0xff, 0xff, 0, 0x21}, false},
    {"802.1ah", 1, 32, {ETHER, 0x88, 0xe7, 0, 0, 0, 1, ETHER, 8, 0}, false},
    {"TRILL with options", 1, 38, {ETHER, 0x22, 0xf3, 0, 0x40, 0, 1, 0, 2, 0, 0, 0, 0, ETHER, 8, 0}, false},
    {"FabricPath", 1, 30, {ETHER, 0x89, 3, 0, 1, ETHER, 8, 0}, false},
    {"MetaData", 1, 22, {ETHER, 0x89, 9, 1, 1, 0, 1, 0, 5, 8, 0}, false},
    {"VN-Tag", 1, 20, {ETHER, 0x89, 0x26, 0, 0, 0, 1, 8, 0}, false},
    {"E-TAG in VLAN", 1, 26, {ETHER, 0x81, 0, 0, 1, 0x89, 0x3f, 0, 0, 0, 1, 0, 0, 8, 0}, false},
    {"R-TAG", 1, 20, {ETHER, 0xf1, 0xc1, 0, 0, 0, 1, 0x86, 0xdd}, true},
    {"MACsec, not encrypted", 1, 22, {ETHER, 0x88, 0xe5, 0, 0, 0, 0, 0, 1, 8, 0}, false},
    {"MACsec, not encrypted, with SCI",
     1,
     30,
     {ETHER, 0x88, 0xe5, 0x20, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0},
     false},
    {"NSH", 1, 22, {ETHER, 0x89, 0x4f, 0, 2, 2, 1, 0, 0, 1, 255}, false},
    {"NSH with context, a frame",
     1,
     52,
     {ETHER, 0x89, 0x4f, 0x0f, 0xc6, 1, 3, 0, 0, 1, 255, 0, 0,     0,    0,
      0,     0,    0,    0,    0,    0, 0, 0, 0, 0, 0,   0, ETHER, 0x86, 0xdd},
     true},
    {"mPacket", 274, 22, {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5, ETHER, 8, 0}, false},
    {"netANALYZER", 240, 18, {0, 0, 0, 0, ETHER, 8, 0}, false},
    {"netANALYZER with preamble",
     241,
     26,
     {0, 0, 0, 0, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5, ETHER, 8, 0},
     false},
    {"DSA", 284, 18, {ETHER, 0, 0, 0, 0, 8, 0}, false},
    {"EDSA", 285, 22, {ETHER, 0xda, 0xda, 0, 0, 0, 0, 0, 0, 0x86, 0xdd}, true},
    {"Broadcom's tag", 281, 18, {ETHER, 0, 0, 0, 0, 8, 0}, false},
    {"Broadcom's tag in front", 282, 18, {0, 0, 0, 0, ETHER, 8, 0}, false},
    {"SLL of GRE that bridges", 113, 30, {0, 0, 0x03, 0x0a, [14] = 0x65, 0x58, ETHER, 8, 0}, false},
    {"SLL of Frame Relay", 113, 20, {0, 0, 0x03, 0x02, [16] = 0x18, 0x41, 3, 0xcc}, false},
    {"SLL without a type", 113, 16, {0, 0, 0xff, 0xfe}, true},
    {"SLL2 without a type", 276, 20, {[8] = 0xff, 0xfe}, false},
    {"SLL2, raw IP", 276, 20, {0, 0, [8] = 0x02, 0x07}, true},
    {"PPP", 9, 4, {0xff, 3, 0, 0x21}, false},
    {"PPP, all compressed", 9, 1, {0x57}, true},
    {"PPP, address compressed", 9, 2, {0, 0x57}, true},
    {"PPP, MPLS", 9, 8, {0xff, 3, 2, 0x81, 0, 1, 1, 64}, false},
    {"PPP, bridged", 9, 20, {0xff, 3, 0, 0x31, 0, 1, ETHER, 8, 0}, false},
    {"PPP, a bundle", 9, 9, {0xff, 3, 0, 0x3d, 0xc0, 0, 0, 1, 0x21}, false},
    {"PPP_HDLC", 50, 4, {0xff, 3, 0, 0x21}, false},
    {"PPP_HDLC, Cisco", 50, 4, {0x0f, 0, 8, 0}, false},
    {"PPP_HDLC, Cisco, to many", 50, 4, {0x8f, 0, 0x86, 0xdd}, true},
    {"PPP_WITH_DIR", 204, 5, {1, 0xff, 3, 0, 0x21}, false},
    {"PPP_PPPD", 166, 4, {1, 3, 0, 0x21}, false},
    {"C_HDLC", 104, 4, {0x0f, 0, 8, 0}, false},
    {"C_HDLC_WITH_DIR", 205, 5, {1, 0x0f, 0, 8, 0}, false},
    {"Frame Relay", 107, 4, {0x18, 0x41, 3, 0xcc}, false},
    {"Frame Relay, long address", 107, 6, {0x18, 0x40, 0x40, 0x41, 3, 0x8e}, true},
    {"Frame Relay, SNAP", 107, 10, {0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}, false},
    {"Frame Relay, bridged", 107, 24, {0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7, ETHER, 8, 0}, false},
    {"Frame Relay, PPP", 107, 6, {0x18, 0x41, 3, 0xcf, 0, 0x21}, false},
    {"Frame Relay, Cisco", 107, 4, {0x18, 0x41, 8, 0}, false},
    {"FRELAY_WITH_DIR", 206, 5, {0, 0x18, 0x41, 3, 0xcc}, false},
    {"ATM, LLC", 100, 8, {SNAP(0x0800)}, false},
    {"ATM, bridged", 100, 24, {0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0, ETHER, 8, 0}, false},
    {"ATM, NLPID", 100, 4, {0xfe, 0xfe, 3, 0xcc}, false},
    {"SUNATM", 123, 12, {2, 0, 0, 5, SNAP(0x0800)}, false},
    {"SUNATM, LAN emulation", 123, 20, {0x81, 0, 0, 5, 0, 1, ETHER, 8, 0}, false},
    {"SLIP", 8, 16, {1, 0x45}, false},
    {"FDDI", 10, 21, {0x50, ETHER, SNAP(0x0800)}, false},
    {"Token Ring", 6, 22, {0x10, 0x40, ETHER, SNAP(0x0800)}, false},
    {"Token Ring, routed",
     6,
     26,
     {0x10, 0x40, 1, 2, 3, 4, 5, 6, 0x82, 0, 0, 0, 0, 1, 4, 0x30, 0, 0, SNAP(0x86dd)},
     true},
    {"ARCNET", 129, 8, {1, 2, 0, 0, 212, 0, 0, 1}, false},
    {"ARCNET, exception", 129, 12, {1, 2, 0, 0, 212, 0xff, 0xff, 0xff, 212, 0, 0, 1}, false},
    {"ARCNET, RFC 1051", 7, 3, {1, 2, 240}, false},
    {"DOCSIS", 143, 20, {0, 0, 0, 60, 0, 0, ETHER, 8, 0}, false},
    {"DOCSIS, extended header", 143, 23, {1, 3, 0, 63, 0x11, 0x22, 0x33, 0, 0, ETHER, 8, 0}, false},
    {"FireWire", 138, 18, {[16] = 8, 0}, false},
    {"NFLOG, little-endian", 239, 16, {2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 0, 1, 0xff, 0, 9, 0}, false},
    {"NFLOG, big-endian", 239, 16, {10, 0, 0, 5, 0, 5, 0, 10, 'x', 0, 0, 0, 0xff, 0xff, 0, 9}, true},
    {"PFLOG", 117, 64, {61, 2}, false},
    {"ENC", 109, 12, {2}, false},
    {"IPNET", 226, 24, {1, 26}, true},
    {"PKTAP", 258, 122, {108, 0, 0, 0, 1, 0, 0, 0, 1, [108] = ETHER, 8, 0}, false},
    {"PKTAP under a private number", 149, 112, {108, 0, 0, 0, 1, 0, 0, 0, 0, [108] = 30}, true},
    {"PPI, Ethernet", 192, 26, {0, 0, 12, 0, 1, 0, 0, 0, 1, 2, 3, 4, ETHER, 8, 0}, false},
    {"Juniper Ethernet with extensions",
     178,
     24,
     {0x4d, 0x47, 0x43, 0x80, 0, 4, 1, 2, 3, 4, ETHER, 8, 0},
     false},
    {"Juniper Ethernet without a link header", 178, 8, {0x4d, 0x47, 0x43, 2, 0, 0, 0, 2}, false},
    {"Juniper PPP", 179, 8, {0x4d, 0x47, 0x43, 1, 0xff, 3, 0, 0x21}, false},
    {"Juniper Frame Relay", 180, 8, {0x4d, 0x47, 0x43, 1, 0x18, 0x41, 3, 0xcc}, false},
    {"Juniper C-HDLC", 181, 8, {0x4d, 0x47, 0x43, 1, 0x0f, 0, 8, 0}, false},
    {"AH in IPv4", 228, 0, {0}, false}, /* put in by `hello` */
};

#define WLAN       2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x10, 0
#define LLC4       SNAP(0x0800)
#define RADIOTAP12 0, 0, 12, 0, 2, 0, 0, 0, 0x10, 0, 0, 0

static const struct before wlans[] = {
    {"802.11", 105, 32, {0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"802.11, QoS", 105, 34, {0x88, 2, 0, 0, WLAN, 0, 0, LLC4}, false},
    {"802.11, QoS, padded", 105, 36, {0x88, 2, 0, 0, WLAN, 0, 0, 0, 0, LLC4}, false},
    {"802.11, QoS, HT control", 105, 38, {0x88, 0x82, 0, 0, WLAN, 0, 0, 0, 0, 0, 0, LLC4}, false},
    {"802.11, four addresses", 105, 38, {0x08, 3, 0, 0, WLAN, 2, 0, 0, 0, 0, 4, LLC4}, false},
    {"802.11, four addresses, QoS",
     105,
     40,
     {0x88, 3, 0, 0, WLAN, 2, 0, 0, 0, 0, 4, 0, 0, SNAP(0x86dd)},
     true},
    {"802.11, aggregate", 105, 48, {0x88, 2, 0, 0, WLAN, 0x80, 0, ETHER, 0, 60, LLC4}, false},
    {"802.11, aggregate, padded", 105, 50, {0x88, 2, 0, 0, WLAN, 0x80, 0, 0, 0, ETHER, 0, 60, LLC4}, false},
    {"802.11, decrypted by the card",
     105,
     42,
     {0x88, 0x42, 0, 0, WLAN, 0, 0, 1, 2, 0, 0x20, 0, 0, 0, 0, LLC4},
     false},
    {"802.11, 802.1H", 105, 32, {0x08, 1, 0, 0, WLAN, 0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0}, false},
    {"radiotap", 127, 44, {RADIOTAP12, 0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"radiotap, QoS", 127, 46, {RADIOTAP12, 0x88, 1, 0, 0, WLAN, 0, 0, SNAP(0x86dd)}, true},
    {"AVS", 163, 96, {0x80, 0x21, 0x10, 1, 0, 0, 0, 64, [64] = 0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"AVS under Prism's number",
     119,
     96,
     {0x80, 0x21, 0x10, 2, 0, 0, 0, 64, [64] = 0x08, 1, 0, 0, WLAN, LLC4},
     false},
    {"Prism, little-endian", 119, 80, {0x44, 0, 0, 0, 48, 0, 0, 0, [48] = 0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"Prism, big-endian", 119, 80, {0, 0, 0, 0x44, 0, 0, 0, 48, [48] = 0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"PPI", 192, 40, {0, 0, 8, 0, 105, 0, 0, 0, 0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"SLL of a monitor", 113, 48, {0, 0, 0x03, 0x21, [16] = 0x08, 1, 0, 0, WLAN, LLC4}, false},
    {"SLL of a monitor with radiotap",
     113,
     60,
     {0, 0, 0x03, 0x23, [16] = RADIOTAP12, 0x08, 1, 0, 0, WLAN, LLC4},
     false},
};

static void hello(struct build *b, const struct before *before)
{
    start(b);
    build_tcp(b, 3);
    if (strcmp(before->name, "AH in IPv4") == 0) {
        build_extension(b, 6, 2);
        build_at(b)[1] = 4; /* words of four bytes, less two */
        build_ipv4(b, 51, 0, 0);
    } else if (before->v6) {
        build_ipv6(b, 6);
    } else {
        build_ipv4(b, 6, 0, 0);
    }
    build_before(b, before->header, before->bytes);
}

static void all(const struct before *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct build b;
        struct packet p;
        hello(&b, &rows[i]);
        if (decode(&b, rows[i].linktype, &p) != DECODE_TCP)
            fail_msg("%s", rows[i].name);
        assert_int_equal(p.tunnel_depth, 0);
        check_hello(&b, rows[i].linktype, DECODE_TCP);
    }
}

static void every_link(void **state)
{
    all(befores, sizeof befores / sizeof *befores);
}

static void every_wlan(void **state)
{
    all(wlans, sizeof wlans / sizeof *wlans);
}

/* Whatever one damaged byte of a header leads to: no crash, and nothing read that is not there. */
static void damaged(const struct before *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct build b;
        struct packet p;
        hello(&b, &rows[i]);
        for (size_t at = 0; at < rows[i].bytes + 20; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                struct decoder d = {.counters = counters};
                uint8_t *copy = malloc(b.len);
                assert_non_null(copy);
                memcpy(copy, build_at(&b), b.len);
                copy[at] ^= (uint8_t)(1u << bit);
                p = of(copy, b.len, b.len, rows[i].linktype);
                packet_decode(&d, &p);
                assert_true(p.payload_bytes <= b.len);
                assert_true(p.payload_bytes == 0 ||
                            (p.payload >= copy && p.payload + p.payload_bytes <= copy + b.len));
                free(copy);
            }
        }
    }
}

static void damaged_links(void **state)
{
    damaged(befores, sizeof befores / sizeof *befores);
    damaged(wlans, sizeof wlans / sizeof *wlans);
}

/* Byte `at` of a header is replaced: the packet is not what it was. */
static void not_carried(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        enum decode_result result;
    } cases[] = {
        {"PPPoE", 14, 0x21, DECODE_NOT_IP},        /* version */
        {"PPPoE", 15, 0x09, DECODE_NOT_IP},        /* code: discovery */
        {"PPPoE", 21, 0x23, DECODE_NOT_IP},        /* protocol: OSI */
        {"PPP, a bundle", 4, 0x80, DECODE_NOT_IP}, /* the first of several fragments */
        {"MACsec, not encrypted", 14, 8, DECODE_NOT_IP},
        {"NSH", 14, 0x40, DECODE_BAD},                  /* version */
        {"NSH", 15, 1, DECODE_BAD},                     /* shorter than its header */
        {"NSH", 17, 9, DECODE_NOT_IP},                  /* next protocol */
        {"mPacket", 7, 0x61, DECODE_NOT_IP},            /* a later piece of a frame */
        {"ARCNET", 5, 2, DECODE_NOT_IP},                /* a fragment */
        {"DOCSIS", 0, 0xc0, DECODE_NOT_IP},             /* no packet */
        {"NFLOG, little-endian", 4, 3, DECODE_BAD},     /* shorter than its header */
        {"NFLOG, little-endian", 14, 10, DECODE_SHORT}, /* no payload */
        {"PKTAP", 0, 107, DECODE_UNKNOWN_LINK},
        {"PKTAP under a private number", 4, 2, DECODE_UNKNOWN_LINK},
        {"PPI", 4, 147, DECODE_UNKNOWN_LINK},
        {"Juniper PPP", 0, 0, DECODE_NOT_IP},
        {"SLL without a type", 3, 0xfd, DECODE_NOT_IP},
        {"radiotap", 0, 1, DECODE_BAD},
        {"radiotap", 2, 7, DECODE_BAD},
        {"802.11", 0, 0x48, DECODE_NOT_IP},  /* null function */
        {"802.11", 0, 0x80, DECODE_NOT_IP},  /* beacon */
        {"802.11", 24, 0x17, DECODE_NOT_IP}, /* encrypted */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct before *in = befores;
        struct build b;
        struct packet p;
        while (in < befores + sizeof befores / sizeof *befores && strcmp(in->name, cases[i].name) != 0)
            in++;
        if (in == befores + sizeof befores / sizeof *befores)
            for (in = wlans; strcmp(in->name, cases[i].name) != 0;)
                in++;
        hello(&b, in);
        build_at(&b)[cases[i].at] = cases[i].value;
        if (decode(&b, in->linktype, &p) != cases[i].result)
            fail_msg("%s, byte %zu", in->name, cases[i].at);
        assert_int_equal(p.payload_bytes, 0);
    }
}

/* Labels without a bottom, headers that announce themselves. */
static void endless(void **state)
{
    static const uint8_t label[4] = {0, 1, 0, 64}, ppi[8] = {0, 0, 8, 0, 192};
    struct build b;
    struct packet p;

    b.len = 0;
    for (unsigned i = 0; i < 1000; i++)
        build_before(&b, label, 4);
    build_ethernet(&b, 0x8847);
    assert_int_equal(decode(&b, 1, &p), DECODE_TOO_DEEP);
    b.len = 0;
    for (unsigned i = 0; i < 1000; i++)
        build_before(&b, ppi, 8);
    assert_int_equal(decode(&b, 192, &p), DECODE_TOO_DEEP);
}

/* A frame's padding and checksum are no part of the packet. */
static void trailers(void **state)
{
    for (size_t i = 0; i < sizeof wlans / sizeof *wlans; i++) {
        struct build b = {.len = 0};
        struct packet p;
        build_before(&b, "\xde\xad\xbe\xef trailer", 12);
        b.len = 12;
        build_before(&b, text, TEXT);
        build_udp(&b);
        build_u16(build_at(&b) + 4, 8 + TEXT);
        uint8_t *ip = wlans[i].v6 ? build_ipv6(&b, 17) : build_ipv4(&b, 17, 0, 0);
        build_u16(ip + (wlans[i].v6 ? 4 : 2), (wlans[i].v6 ? 8 : 28) + TEXT);
        build_before(&b, wlans[i].header, wlans[i].bytes);
        assert_int_equal(decode(&b, wlans[i].linktype, &p), DECODE_UDP);
        assert_int_equal(p.payload_wire_bytes, TEXT);
        assert_memory_equal(p.payload, text, TEXT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link),  cmocka_unit_test(every_wlan), cmocka_unit_test(damaged_links),
        cmocka_unit_test(not_carried), cmocka_unit_test(endless),    cmocka_unit_test(trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
