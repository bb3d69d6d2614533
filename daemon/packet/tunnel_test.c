/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of tunnels: each leads to the packet inside, and says so; what is no tunnel, or a broken one, stays
 * the packet that it is. */
#include "packet/decode_check.h"
#include "packet/defrag.h"

enum inside { FRAME, FRAME6, IPV4, IPV6 };

struct tunnel {
    const char *name;
    unsigned port, proto; /* of UDP, or of IP */
    size_t bytes;
    uint8_t header[100];
    enum inside inside;
    enum tunnel_kind kind;
    uint32_t id;
};

#define ETHER  2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define SNAP4  0xaa, 0xaa, 3, 0, 0, 0, 8, 0
#define WLAN   2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0x10, 0
#define ORIGIN 0, 0, 0xde, 0xad, 0xc0, 0, 2, 9

static const struct tunnel tunnels[] = {
    {"ipip", 0, 4, 0, {0}, IPV4, TUNNEL_IPIP, 0},
    {"6in4", 0, 41, 0, {0}, IPV6, TUNNEL_6IN4, 0},
    {"etherip", 0, 97, 2, {0x30, 0}, FRAME, TUNNEL_ETHERIP, 0},
    {"frame in IP", 0, 143, 0, {0}, FRAME6, TUNNEL_SRV6, 0},
    {"mpls", 0, 137, 4, {0, 1, 1, 64}, IPV4, TUNNEL_MPLS, 0},
    {"mpls, two labels", 0, 137, 8, {0, 1, 0, 64, 0, 1, 1, 64}, IPV6, TUNNEL_MPLS, 0},
    {"pseudowire", 0, 137, 8, {0, 1, 1, 64, 0, 0, 0, 1}, FRAME, TUNNEL_MPLS, 0},
    {"gre", 0, 47, 4, {0, 0, 8, 0}, IPV4, TUNNEL_GRE, 0},
    {"gre, IPv6", 0, 47, 4, {0, 0, 0x86, 0xdd}, IPV6, TUNNEL_GRE, 0},
    {"gre, checksum", 0, 47, 8, {0x80, 0, 8, 0}, IPV4, TUNNEL_GRE, 0},
    {"gre, key", 0, 47, 8, {0x20, 0, 8, 0, 1, 2, 3, 4}, IPV4, TUNNEL_GRE, 0},
    {"gre, all", 0, 47, 16, {0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1}, IPV4, TUNNEL_GRE, 0},
    {"gre, routed",
     0,
     47,
     20,
     {0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0},
     IPV4,
     TUNNEL_GRE,
     0},
    {"gre, frame, small key", 0, 47, 8, {0x20, 0, 0x65, 0x58, 0, 0, 0, 42}, FRAME, TUNNEL_GRE, 0},
    {"gre, MPLS", 0, 47, 8, {0, 0, 0x88, 0x47, 0, 1, 1, 64}, IPV4, TUNNEL_GRE, 0},
    {"gre, NSH", 0, 47, 12, {0, 0, 0x89, 0x4f, 0, 2, 2, 3, 0, 0, 1, 255}, FRAME, TUNNEL_GRE, 0},
    {"gre, WCCP", 0, 47, 4, {0, 0, 0x88, 0x3e}, IPV4, TUNNEL_GRE, 0},
    {"gre, WCCP 2", 0, 47, 8, {0, 0, 0x88, 0x3e, 0, 1, 2, 3}, IPV4, TUNNEL_GRE, 0},
    {"gre in UDP", 4754, 17, 8, {0x20, 0, 8, 0, 0, 0, 0, 1}, IPV4, TUNNEL_GRE, 0},
    {"pptp", 0, 47, 14, {0x30, 1, 0x88, 0x0b, 0, 60, 0, 7, 0, 0, 0, 1, 0, 0x21}, IPV4, TUNNEL_PPTP, 0},
    {"pptp, acknowledges",
     0,
     47,
     20,
     {0x30, 0x81, 0x88, 0x0b, 0, 60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x57},
     IPV6,
     TUNNEL_PPTP,
     0},
    {"nvgre", 0, 47, 8, {0x20, 0, 0x65, 0x58, 0, 0x13, 0x88, 9}, FRAME, TUNNEL_NVGRE, 5000},
    {"erspan", 0, 47, 4, {0, 0, 0x88, 0xbe}, FRAME, TUNNEL_ERSPAN, 0},
    {"erspan II",
     0,
     47,
     16,
     {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0x18, 9, 0, 0, 0, 1},
     FRAME,
     TUNNEL_ERSPAN,
     0},
    {"erspan III",
     0,
     47,
     20,
     {0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 9, 1, 2, 3, 4, 0, 0, 0, 0},
     FRAME6,
     TUNNEL_ERSPAN,
     0},
    {"erspan III, subheader",
     0,
     47,
     28,
     {0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 9, 1, 2, 3, 4, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8},
     FRAME,
     TUNNEL_ERSPAN,
     0},
    {"erspan III, IP",
     0,
     47,
     20,
     {0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 9, 1, 2, 3, 4, 0, 0, 8, 0},
     IPV4,
     TUNNEL_ERSPAN,
     0},
    {"vxlan", 4789, 17, 8, {8, 0, 0, 0, 0, 0, 7, 0}, FRAME, TUNNEL_VXLAN, 7},
    {"vxlan, group policy",
     4789,
     17,
     8,
     {0x88, 0, 0, 9, 0xff, 0xff, 0xff, 0},
     FRAME6,
     TUNNEL_VXLAN,
     0xffffff},
    {"vxlan, Linux' port", 8472, 17, 8, {8, 0, 0, 0, 0, 0, 1, 0}, FRAME, TUNNEL_VXLAN, 1},
    {"vxlan-gpe", 4790, 17, 8, {0x0c, 0, 0, 3, 0, 0, 7, 0}, FRAME, TUNNEL_VXLAN_GPE, 7},
    {"vxlan-gpe, IPv4", 4790, 17, 8, {0x0c, 0, 0, 1, 0, 0, 7, 0}, IPV4, TUNNEL_VXLAN_GPE, 7},
    {"vxlan-gpe, IPv6", 4790, 17, 8, {0x0c, 0, 0, 2, 0, 0, 7, 0}, IPV6, TUNNEL_VXLAN_GPE, 7},
    {"vxlan-gpe, NSH",
     4790,
     17,
     16,
     {0x0c, 0, 0, 4, 0, 0, 7, 0, 0x0f, 0xc2, 2, 3, 0, 0, 1, 255},
     FRAME,
     TUNNEL_VXLAN_GPE,
     7},
    {"vxlan-gpe, MPLS", 4790, 17, 12, {0x0c, 0, 0, 5, 0, 0, 7, 0, 0, 1, 1, 64}, IPV4, TUNNEL_VXLAN_GPE, 7},
    {"geneve", 6081, 17, 8, {0, 0, 0x65, 0x58, 0, 0, 7, 0}, FRAME, TUNNEL_GENEVE, 7},
    {"geneve, options",
     6081,
     17,
     20,
     {3, 0x40, 0x86, 0xdd, 1, 0, 0, 0, 1, 2, 0x80, 2, 1, 2, 3, 4, 5, 6, 7, 8},
     IPV6,
     TUNNEL_GENEVE,
     0x10000},
    {"gtp", 2152, 17, 8, {0x30, 255, 0, 0, 1, 2, 3, 4}, IPV4, TUNNEL_GTP, 0},
    {"gtp, sequence", 2152, 17, 12, {0x32, 255, 0, 0, 1, 2, 3, 4, 0, 1, 0, 0}, IPV6, TUNNEL_GTP, 0},
    {"gtp, extensions",
     2152,
     17,
     24,
     {0x34, 255, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0x85, 1, 0x10, 9, 0xc0, 2, 1, 2, 3, 4, 5, 6, 0},
     IPV4,
     TUNNEL_GTP,
     0},
    {"gtp, frame", 2152, 17, 8, {0x30, 255, 0, 0, 1, 2, 3, 4}, FRAME, TUNNEL_GTP, 0},
    {"gtp, PPP", 2152, 17, 12, {0x30, 255, 0, 0, 1, 2, 3, 4, 0xff, 3, 0, 0x21}, IPV4, TUNNEL_GTP, 0},
    {"teredo", 3544, 17, 0, {0}, IPV6, TUNNEL_TEREDO, 0},
    {"teredo, origin", 3544, 17, 8, {ORIGIN}, IPV6, TUNNEL_TEREDO, 0},
    {"teredo, authentication", 3544, 17, 13, {0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0}, IPV6, TUNNEL_TEREDO, 0},
    {"teredo, both",
     3544,
     17,
     26,
     {0, 1, 2, 3, 'i', 'd', 'a', 'u', 't', 1, 2, 3, 4, 5, 6, 7, 8, 0, ORIGIN},
     IPV6,
     TUNNEL_TEREDO,
     0},
    {"ayiya", 5072, 17, 44, {0x41, 0x52, 0x11, 41, [43] = 9}, IPV6, TUNNEL_AYIYA, 0},
    {"l2tp", 1701, 17, 8, {0, 2, 0, 1, 0, 2, 0, 0x21}, IPV4, TUNNEL_L2TP, 0},
    {"l2tp, HDLC framing", 1701, 17, 10, {0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x57}, IPV6, TUNNEL_L2TP, 0},
    {"l2tp, all fields",
     1701,
     17,
     20,
     {0x4b, 2, 0, 99, 0, 1, 0, 2, 0, 1, 0, 2, 0, 2, 0xee, 0xee, 0xff, 3, 0, 0x21},
     IPV4,
     TUNNEL_L2TP,
     0},
    {"l2tp 3", 0, 115, 4, {0, 0, 0, 9}, FRAME, TUNNEL_L2TP, 0},
    {"l2tp 3, cookie", 0, 115, 8, {0, 0, 0, 9, 1, 2, 3, 4}, FRAME6, TUNNEL_L2TP, 0},
    {"l2tp 3, cookie, sublayer",
     0,
     115,
     16,
     {0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0, 0, 1},
     FRAME,
     TUNNEL_L2TP,
     0},
    {"l2tp 3 in UDP", 1701, 17, 12, {0, 3, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4}, FRAME, TUNNEL_L2TP, 0},
    {"capwap, 802.3", 5247, 17, 8, {0, 0x10, 2, 0, 0, 0, 0, 0}, FRAME, TUNNEL_CAPWAP, 0},
    {"capwap, 802.11",
     5247,
     17,
     48,
     {0, 0x20, 3, 0x10, 0, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0x08, 1, 0, 0, WLAN, SNAP4},
     IPV4,
     TUNNEL_CAPWAP,
     0},
    {"capwap, swapped",
     5247,
     17,
     42,
     {0, 0x10, 3, 0, 0, 0, 0, 0, 2, 0x88, 0, 0, WLAN, 0, 0, SNAP4},
     IPV4,
     TUNNEL_CAPWAP,
     0},
    {"tzsp", 37008, 17, 5, {1, 0, 0, 1, 1}, FRAME, TUNNEL_TZSP, 0},
    {"tzsp, tags", 37008, 17, 12, {1, 0, 0, 1, 10, 1, 200, 0, 41, 1, 9, 1}, FRAME6, TUNNEL_TZSP, 0},
    {"tzsp, 802.11", 37008, 17, 37, {1, 0, 0, 18, 1, 0x08, 1, 0, 0, WLAN, SNAP4}, IPV4, TUNNEL_TZSP, 0},
};

#define TUNNELS (sizeof tunnels / sizeof *tunnels)

/* The packet inside, from 192.0.2.4 or 2001:db8::4. */
static void build_inside(struct build *b, enum inside inside)
{
    bool v6 = inside == FRAME6 || inside == IPV6;

    start(b);
    build_udp(b);
    if (v6)
        build_ipv6(b, 17)[23] = 4;
    else
        build_ipv4(b, 17, 0, 3);
    if (inside == FRAME || inside == FRAME6)
        build_ethernet(b, v6 ? 0x86dd : 0x0800);
}

/* Puts a tunnel around what is there. */
static void wrap(struct build *b, const struct tunnel *t, bool v6)
{
    size_t inner = b->len;
    uint8_t *header = build_before(b, t->header, t->bytes);

    if (t->kind == TUNNEL_GTP) /* counts what is behind its first eight bytes */
        build_u16(header + 2, inner + t->bytes - 8);
    if (t->port != 0) {
        build_udp(b);
        build_u16(build_at(b) + 2, t->port);
    }
    if (v6)
        build_ipv6(b, (uint8_t)t->proto);
    else
        build_ipv4(b, (uint8_t)t->proto, 0, 0);
}

static const struct tunnel *named(const char *name)
{
    const struct tunnel *t = tunnels;

    while (strcmp(t->name, name) != 0)
        t++;
    return t;
}

static const char *source_of(const struct packet *p)
{
    static char out[ADDR_TEXT_MAX];
    return addr_text(&p->src, out);
}

static void check_inside(const struct tunnel *t, const struct packet *p, bool v6)
{
    bool inner_v6 = t->inside == FRAME6 || t->inside == IPV6;
    enum tunnel_kind kind = v6 && t->kind == TUNNEL_IPIP   ? TUNNEL_4IN6
                            : v6 && t->kind == TUNNEL_6IN4 ? TUNNEL_6IN6
                                                           : t->kind;
    char out[ADDR_TEXT_MAX];

    assert_string_equal(source_of(p), inner_v6 ? "2001:db8::4" : "192.0.2.4");
    assert_string_equal(addr_text(&p->tunnel_src, out), v6 ? "2001:db8::1" : "192.0.2.1");
    assert_string_equal(addr_text(&p->tunnel_dst, out), v6 ? "2001:db8::2" : "198.51.100.2");
    assert_int_equal(p->tunnel_depth, 1);
    assert_int_equal(p->tunnel_path, kind);
    assert_int_equal(p->tunnel_id, t->id);
    assert_int_equal(p->dst_port, 53);
}

static void every_tunnel(void **state)
{
    for (unsigned i = 0; i < TUNNELS * 2; i++) {
        const struct tunnel *t = &tunnels[i / 2];
        struct build b;
        struct packet p;
        build_inside(&b, t->inside);
        wrap(&b, t, i % 2);
        if (decode(&b, 101, &p) != DECODE_UDP || p.tunnel_depth != 1)
            fail_msg("%s", t->name);
        check_inside(t, &p, i % 2);
        assert_int_equal(p.payload_bytes, TEXT);
        assert_memory_equal(p.payload, text, TEXT);
    }
}

/* The packet that carries: what it says of itself, and everything behind its UDP header. */
static void check_outside(const struct tunnel *t, const struct packet *p, enum decode_result r,
                          const uint8_t *at, size_t bytes)
{
    assert_int_equal(p->tunnel_depth, 0);
    assert_int_equal(p->tunnel_path | p->tunnel_id | p->tunnel_key, 0);
    assert_int_equal(p->tunnel_src.w[0] | p->tunnel_src.w[1] | p->vlans | p->reassembled, 0);
    assert_string_equal(source_of(p), "192.0.2.1");
    assert_int_equal(p->ip_proto, t->proto);
    assert_int_equal(r, t->port != 0 ? DECODE_UDP : DECODE_OTHER);
    assert_int_equal(p->dst_port, t->port);
    assert_int_equal(p->payload_bytes, t->port != 0 ? bytes - 28 : 0);
    if (t->port != 0 && bytes > 28)
        assert_ptr_equal(p->payload, at + 28);
}

/* A packet that the capture cut is that of the tunnel, or the one inside. */
static void cut(void **state)
{
    for (unsigned i = 0; i < TUNNELS; i++) {
        const struct tunnel *t = &tunnels[i];
        struct build b;
        build_inside(&b, t->inside);
        wrap(&b, t, false);
        bool was_inside = false;
        for (size_t n = t->port != 0 ? 28 : 20; n <= b.len; n++) {
            struct decoder d = {.counters = counters};
            uint8_t *copy = malloc(n);
            assert_non_null(copy);
            memcpy(copy, build_at(&b), n);
            struct packet p = of(copy, n, b.len, 101);
            enum decode_result r = packet_decode(&d, &p);
            if (p.tunnel_depth == 0) {
                assert_false(was_inside);
                check_outside(t, &p, r, copy, n);
            } else {
                was_inside = true;
                assert_string_equal(source_of(&p),
                                    t->inside == FRAME6 || t->inside == IPV6 ? "2001:db8::4" : "192.0.2.4");
                assert_true(p.payload_bytes == 0 || p.payload + p.payload_bytes == copy + n);
            }
            free(copy);
        }
        assert_true(was_inside);
    }
}

/* Decodes with one byte changed; `ret_at` is where the packet lies. */
static enum decode_result changed(const struct build *b, size_t at, uint8_t value, struct packet *p)
{
    static struct build copy;

    copy = *b;
    build_at(&copy)[at] = value;
    return decode(&copy, 101, p);
}

/* The IP packet inside is none, or not as long as it says: nothing is inside. */
static void broken_inside(void **state)
{
    for (unsigned i = 0; i < TUNNELS; i++) {
        const struct tunnel *t = &tunnels[i];
        struct build b;
        struct packet p;
        build_inside(&b, t->inside);
        bool v6 = t->inside == FRAME6 || t->inside == IPV6;
        size_t ip = b.len - (t->inside == FRAME || t->inside == FRAME6 ? 14 : 0);
        wrap(&b, t, false);
        ip = b.len - ip;
        enum decode_result r = changed(&b, ip, 0x55, &p); /* the version */
        check_outside(t, &p, r, p.at, b.len);
        if (t->port == 0)
            continue;
        r = changed(&b, ip + (v6 ? 4 : 2), 0x7f, &p); /* the length */
        check_outside(t, &p, r, p.at, b.len);
        if (!v6) {
            r = changed(&b, ip, 0x44, &p); /* the header's length */
            check_outside(t, &p, r, p.at, b.len);
        }
        /* a header of UDP that contradicts itself */
        r = changed(&b, ip + (v6 ? 40 : 20) + 5, 3, &p);
        check_outside(t, &p, r, p.at, b.len);
    }
}

/* One byte of the tunnel's own header makes it another thing. */
static void broken_tunnel(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"etherip", 0, 0x40},
        {"gre", 1, 2},
        {"gre", 2, 9},
        {"pptp", 0, 0x10},
        {"pptp", 3, 0},
        {"erspan II", 8, 0x30},
        {"erspan III", 8, 0x10},
        {"vxlan", 0, 0xc8},
        {"vxlan-gpe", 0, 0xcc},
        {"vxlan-gpe", 3, 9},
        {"geneve", 0, 0x40},
        {"geneve", 0, 0x3f},
        {"geneve", 2, 0},
        {"gtp", 0, 0x20},
        {"gtp", 0, 0x50},
        {"gtp", 1, 1},
        {"gtp", 2, 0x70},
        {"gtp, extensions", 12, 0},
        {"gtp, extensions", 12, 255},
        {"ayiya", 2, 0x12},
        {"ayiya", 3, 59},
        {"l2tp", 0, 0x80},
        {"l2tp", 1, 1},
        {"l2tp 3", 3, 0},
        {"capwap, 802.3", 0, 1},
        {"capwap, 802.3", 1, 8},
        {"capwap, 802.3", 3, 8},
        {"tzsp", 0, 2},
        {"tzsp", 1, 4},
        {"tzsp", 3, 2},
        {"tzsp, tags", 5, 250},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tunnel *t = named(cases[i].name);
        struct build b;
        struct packet p;
        build_inside(&b, t->inside);
        wrap(&b, t, false);
        enum decode_result r = changed(&b, (t->port != 0 ? 28 : 20) + cases[i].at, cases[i].value, &p);
        if (p.tunnel_depth != 0)
            fail_msg("%s, byte %zu", t->name, cases[i].at);
        check_outside(t, &p, r, p.at, b.len);
    }
}

/* Datagrams of anything else between such ports stay datagrams. */
static void by_chance(void **state)
{
    uint64_t random = 88172645463325252u;

    for (unsigned n = 0; n < 60000; n++) {
        const struct tunnel *t = &tunnels[n % TUNNELS];
        struct build b = {.len = 0};
        struct packet p;
        uint8_t noise[64];
        if (t->port == 0)
            continue;
        for (size_t i = 0; i < sizeof noise; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            noise[i] = (uint8_t)random;
        }
        build_before(&b, noise, sizeof noise);
        if (n % 3 > 0) /* with the begin of a tunnel's header */
            build_before(&b, t->header, t->bytes < 8 ? t->bytes : 8);
        build_udp(&b);
        build_u16(build_at(&b) + 2, t->port);
        if (n % 2 != 0)
            memcpy(build_at(&b), build_at(&b) + 2, 2); /* the source, too */
        build_ipv4(&b, 17, 0, 0);
        enum decode_result r = decode(&b, 228, &p);
        check_outside(t, &p, r, p.at, b.len);
    }
}

/* Source ports of clients announce nothing, but for the protocols in which servers answer from theirs. */
static void source_ports(void **state)
{
    for (unsigned i = 0; i < TUNNELS; i++) {
        const struct tunnel *t = &tunnels[i];
        bool either = t->kind == TUNNEL_TEREDO || t->kind == TUNNEL_L2TP || t->kind == TUNNEL_CAPWAP ||
                      t->kind == TUNNEL_AYIYA;
        struct build b;
        struct packet p;
        if (t->port == 0)
            continue;
        build_inside(&b, t->inside);
        wrap(&b, t, false);
        build_u16(build_at(&b) + 20, t->port);
        build_u16(build_at(&b) + 22, 443); /* a server of something else */
        assert_int_equal(decode(&b, 101, &p), DECODE_UDP);
        assert_int_equal(p.tunnel_depth, 0);
        build_u16(build_at(&b) + 22, 40000);
        assert_int_equal(decode(&b, 101, &p), DECODE_UDP);
        assert_int_equal(p.tunnel_depth, either);
        assert_int_equal(p.dst_port, either ? 53 : 40000);
    }
}

/* Every tunnel in every other one. */
static void nested(void **state)
{
    for (unsigned i = 0; i < TUNNELS * TUNNELS; i++) {
        const struct tunnel *inner = &tunnels[i / TUNNELS], *outer = &tunnels[i % TUNNELS];
        struct build b;
        struct packet p;
        bool v6 = outer->inside == FRAME6 || outer->inside == IPV6;
        build_inside(&b, inner->inside);
        wrap(&b, inner, v6);
        if (outer->inside == FRAME || outer->inside == FRAME6)
            build_ethernet(&b, v6 ? 0x86dd : 0x0800);
        wrap(&b, outer, false);
        if (decode(&b, 228, &p) != DECODE_UDP || p.tunnel_depth != 2)
            fail_msg("%s in %s", inner->name, outer->name);
        assert_int_equal(p.tunnel_path >> 8, outer->kind);
        assert_int_equal(p.tunnel_id, inner->id);
        assert_int_equal(p.payload_bytes, TEXT);
        assert_memory_equal(p.payload, text, TEXT);
    }
}

static void too_deep(void **state)
{
    for (unsigned depth = 1; depth <= PACKET_DEPTH_MAX + 1; depth++) {
        struct build b;
        struct packet p;
        build_inside(&b, FRAME);
        for (unsigned i = 0; i < depth; i++) {
            wrap(&b, named(i % 2 ? "vxlan" : "gre, NSH"), false);
            if (i + 1 < depth) {
                build_vlan(&b, 5, 0x0800);
                build_ethernet(&b, 0x8100);
            }
        }
        enum decode_result r = decode(&b, 228, &p);
        assert_int_equal(r, depth <= PACKET_DEPTH_MAX ? DECODE_UDP : DECODE_TOO_DEEP);
        assert_int_equal(p.tunnel_depth, depth <= PACKET_DEPTH_MAX ? depth : PACKET_DEPTH_MAX);
    }
}

/* The tag that a mirror took off is told, between those outside and those inside. */
static void mirrored_tag(void **state)
{
    struct build b;
    struct packet p;

    start(&b);
    build_udp(&b);
    build_ipv4(&b, 17, 0, 3);
    build_vlan(&b, 7, 0x0800);
    build_ethernet(&b, 0x8100);
    wrap(&b, named("erspan II"), false);
    build_vlan(&b, 3, 0x0800);
    build_ethernet(&b, 0x8100);
    build_at(&b)[14 + 4 + 20 + 8 + 2] = 0x10; /* En: 802.1Q */
    assert_int_equal(decode(&b, 1, &p), DECODE_UDP);
    assert_int_equal(p.vlans, 3);
    assert_int_equal(p.vlan[0] * 10000 + p.vlan[1] * 100 + p.vlan[2], 30507);
}

/* Fragments inside of two tunnels are not of one datagram, whatever else is the same. */
static void fragments_inside(void **state)
{
    static struct build b; /* must outlive the payload of `p` */
    struct decoder d = {.defrag = defrag_new(4, 65535, 1000, counters), .counters = counters};
    struct packet p;
    enum decode_result r = DECODE_BAD;

    for (unsigned round = 0; round < 2; round++) {
        for (unsigned part = 0; part < 2; part++) {
            start(&b);
            build_udp(&b);
            size_t bytes = part == 0 ? 16 : b.len - 16;
            if (part == 0)
                memmove(b.room + sizeof b.room - 16, build_at(&b), 16);
            b.len = bytes;
            build_u16(build_ipv4(&b, 17, 0, 3) + 6, part == 0 ? 0x2000 : 2);
            build_ethernet(&b, 0x0800);
            wrap(&b, named("vxlan"), false);
            if (round == 0 && part == 1)
                build_at(&b)[28 + 6] = 8; /* another network */
            p = of(build_at(&b), b.len, b.len, 228);
            r = packet_decode(&d, &p);
            assert_int_equal(r, round + part == 2 ? DECODE_UDP : DECODE_FRAGMENT);
        }
    }
    assert_int_equal(p.tunnel_path, TUNNEL_VXLAN);
    assert_int_equal(p.payload_bytes, TEXT);
    assert_memory_equal(p.payload, text, TEXT);
    defrag_free(d.defrag);
}

/* A frame in two datagrams of CAPWAP: each stays a datagram until the frame is whole. */
static void capwap_pieces(void **state)
{
    static struct build whole, b;
    struct decoder d = {.defrag = defrag_new(4, 65535, 1000, counters), .counters = counters};
    struct packet p = {0};

    build_inside(&whole, FRAME);
    for (unsigned part = 0; part < 2; part++) {
        size_t from = part * 32, to = part == 0 ? 32 : whole.len;
        uint8_t header[8] = {0, 0x10, 2, part == 0 ? 0x80 : 0xc0, 0, 77, 0, (uint8_t)from};
        b.len = 0;
        build_before(&b, build_at(&whole) + from, to - from);
        build_before(&b, header, 8);
        build_udp(&b);
        build_u16(build_at(&b) + 2, 5247);
        build_ipv4(&b, 17, 0, 0);
        p = of(build_at(&b), b.len, b.len, 228);
        assert_int_equal(packet_decode(&d, &p), DECODE_UDP);
        if (part == 0)
            check_outside(named("capwap, 802.3"), &p, DECODE_UDP, p.at, b.len);
    }
    check_inside(named("capwap, 802.3"), &p, false);
    assert_true(p.reassembled);
    assert_memory_equal(p.payload, text, TEXT);
    defrag_free(d.defrag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tunnel),     cmocka_unit_test(cut),           cmocka_unit_test(broken_inside),
        cmocka_unit_test(broken_tunnel),    cmocka_unit_test(by_chance),     cmocka_unit_test(source_ports),
        cmocka_unit_test(nested),           cmocka_unit_test(too_deep),      cmocka_unit_test(mirrored_tag),
        cmocka_unit_test(fragments_inside), cmocka_unit_test(capwap_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
