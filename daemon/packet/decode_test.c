/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of decode: every link type and header, every length that a capture could have kept, hostile lengths.
 */
#include "packet/decode_check.h"
#include "packet/defrag.h"

/* Puts a link header around an IPv4 or IPv6 packet. */
struct link {
    uint32_t linktype;
    size_t bytes;
    uint8_t header[24];
    bool v6;
};

static const struct link links[] = {
    {1, 14, {[12] = 0x08, 0x00}, false},
    {1, 14, {[12] = 0x86, 0xdd}, true},
    {1, 22, {[13] = 60, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false},      /* SNAP */
    {1, 22, {[13] = 60, 0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0}, false},   /* bridge tunnel */
    {1, 17, {[13] = 60, 6, 6, 3}, false},                           /* IP in LLC */
    {1, 18, {[12] = 0x81, 0, 0, 5, 0x86, 0xdd}, true},              /* 802.1Q */
    {1, 22, {[12] = 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0}, false}, /* 802.1ad */
    {1, 22, {[12] = 0x91, 0, 0, 5, 0x92, 0, 0, 6, 8, 0}, false},
    {101, 0, {0}, false},
    {101, 0, {0}, true},
    {12, 0, {0}, false},
    {14, 0, {0}, true},
    {228, 0, {0}, false},
    {229, 0, {0}, true},
    {0, 4, {2, 0, 0, 0}, false},
    {0, 4, {0, 0, 0, 2}, false},
    {0, 4, {30, 0, 0, 0}, true},
    {0, 4, {0, 0, 0, 24}, true},
    {108, 4, {0, 0, 0, 28}, true},
    {0, 4, {10, 0, 0, 0}, true},
    {113, 16, {[14] = 8, 0}, false},
    {113, 16, {[14] = 0x86, 0xdd}, true},
    {113, 20, {[14] = 0x81, 0, 0, 5, 8, 0}, false},
    {113, 24, {[15] = 4, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false},
    {276, 20, {8, 0}, false},
    {276, 20, {0x86, 0xdd}, true},
};

static void every_link(void **state)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        for (int udp = 0; udp < 2; udp++) {
            struct build b;
            start(&b);
            if (udp)
                build_udp(&b);
            else
                build_tcp(&b, 3);
            if (links[i].v6)
                build_ipv6(&b, udp ? 17 : 6);
            else
                build_ipv4(&b, udp ? 17 : 6, 0, 0);
            build_before(&b, links[i].header, links[i].bytes);
            check_hello(&b, links[i].linktype, udp ? DECODE_UDP : DECODE_TCP);
        }
    }
}

static void fields(void **state)
{
    struct build b;
    struct packet p;
    char out[ADDR_TEXT_MAX];

    start(&b);
    build_tcp(&b, 10);
    build_ipv4(&b, 6, 10, 0);
    build_vlan(&b, 0xe00a, 0x0800);
    build_vlan(&b, 0x0fff, 0x8100);
    build_ethernet(&b, 0x88a8);
    assert_int_equal(decode(&b, 1, &p), DECODE_TCP);
    assert_string_equal(addr_text(&p.src, out), "192.0.2.1");
    assert_string_equal(addr_text(&p.dst, out), "198.51.100.2");
    assert_int_equal(p.dst_port, 443);
    assert_int_equal(p.ip_proto, 6);
    assert_int_equal(p.ttl, 63);
    assert_int_equal(p.ip_id, 0x1234);
    assert_int_equal(p.tcp_flags, TCP_PSH | TCP_ACK);
    assert_int_equal(p.seq, 0x01020304);
    assert_int_equal(p.ack, 0x05060708);
    assert_int_equal(p.vlans, 2);
    assert_int_equal(p.vlan[0], 0xfff);
    assert_int_equal(p.vlan[1], 10);
    assert_int_equal(p.tunnel_path, 0);
    check_every_length(&b, 1, DECODE_TCP);

    start(&b);
    build_udp(&b);
    build_ipv6(&b, 17);
    assert_int_equal(decode(&b, 101, &p), DECODE_UDP);
    assert_string_equal(addr_text(&p.src, out), "2001:db8::1");
    assert_string_equal(addr_text(&p.dst, out), "2001:db8::2");
    assert_int_equal(p.ttl, 62);
    assert_int_equal(p.dst_port, 53);
}

/* More tags than are noted are followed, but not for ever. */
static void many_vlans(void **state)
{
    struct build b;
    struct packet p;

    for (unsigned n = 1; n < 70; n++) {
        start(&b);
        build_udp(&b);
        build_ipv4(&b, 17, 0, 0);
        for (unsigned i = n; i > 0; i--)
            build_vlan(&b, (uint16_t)i, i == n ? 0x0800 : 0x8100);
        build_ethernet(&b, 0x8100);
        enum decode_result r = decode(&b, 1, &p);
        if (n <= 16)
            assert_int_equal(r, DECODE_UDP);
        else
            assert_true(r == DECODE_UDP || r == DECODE_TOO_DEEP);
        assert_int_equal(p.vlans, n < PACKET_VLANS_MAX ? n : PACKET_VLANS_MAX);
        assert_int_equal(p.vlan[p.vlans - 1], p.vlans);
    }
    assert_int_equal(decode(&b, 1, &p), DECODE_TOO_DEEP);
}

static void v6_extensions(void **state)
{
    struct build b;
    struct packet p;

    start(&b);
    build_tcp(&b, 0);
    build_extension(&b, 6, 0);  /* fragment header of a whole packet */
    build_extension(&b, 44, 1); /* authentication: three words and two */
    build_at(&b)[1] = 2;
    build_extension(&b, 51, 2); /* destination options */
    build_extension(&b, 60, 0); /* routing */
    build_extension(&b, 43, 1); /* hop by hop */
    build_ipv6(&b, 0);
    check_hello(&b, 229, DECODE_TCP);

    for (unsigned n = 1; n < 30; n++) {
        start(&b);
        build_tcp(&b, 0);
        for (unsigned i = 0; i < n; i++)
            build_extension(&b, i == 0 ? 6 : 60, 0);
        build_ipv6(&b, 60);
        assert_int_equal(decode(&b, 229, &p), n < 16 ? DECODE_TCP : DECODE_TOO_DEEP);
    }
    start(&b);
    build_extension(&b, 6, 5); /* claims more than there is */
    build_at(&b)[1] = 255;
    build_ipv6(&b, 60);
    assert_int_equal(decode(&b, 229, &p), DECODE_OTHER);
    assert_int_equal(p.ip_proto, 60);
}

/* Padding is cut off; lengths that claim too much or nothing lead to what is there. */
static void ip_lengths(void **state)
{
    static const struct {
        int change; /* of the length that is right; INT16_MIN: zero */
        uint32_t bytes, wire;
    } cases[] = {
        {0, TEXT, TEXT},     {-4, TEXT - 4, TEXT - 4}, {-(int)TEXT, 0, 0},
        {9, TEXT, TEXT + 9}, {INT16_MIN, TEXT, TEXT},
    };

    for (unsigned v6 = 0; v6 < 2; v6++) {
        for (unsigned i = 0; i < 5; i++) {
            struct build b;
            struct packet p;
            start(&b);
            build_tcp(&b, 0);
            size_t right = b.len + (v6 ? 0 : 20);
            uint8_t *at = v6 ? build_ipv6(&b, 6) : build_ipv4(&b, 6, 0, 0);
            build_u16(at + (v6 ? 4 : 2), cases[i].change == INT16_MIN ? 0 : right + (size_t)cases[i].change);
            assert_int_equal(decode(&b, 101, &p), DECODE_TCP);
            assert_int_equal(p.payload_bytes, cases[i].bytes);
            assert_int_equal(p.payload_wire_bytes, cases[i].wire);
            check_every_length(&b, 101, DECODE_TCP);
        }
    }
}

static void udp_lengths(void **state)
{
    static const struct {
        unsigned len;
        uint32_t bytes;
        enum decode_result result;
    } cases[] = {
        {8 + TEXT, TEXT, DECODE_UDP}, {8, 0, DECODE_UDP}, {10, 2, DECODE_UDP}, {0, TEXT, DECODE_UDP},
        {0xffff, TEXT, DECODE_UDP},   {7, 0, DECODE_BAD}, {1, 0, DECODE_BAD},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct build b;
        struct packet p;
        start(&b);
        build_udp(&b);
        build_u16(build_at(&b) + 4, cases[i].len);
        build_ipv4(&b, 17, 0, 0);
        assert_int_equal(decode(&b, 228, &p), cases[i].result);
        assert_int_equal(p.payload_bytes, cases[i].bytes);
        assert_int_equal(p.payload_wire_bytes, cases[i].bytes);
    }
}

/* One byte of a plain TCP packet is replaced. */
static void contradictions(void **state)
{
    static const struct {
        unsigned at;
        uint8_t value;
        enum decode_result result;
    } cases[] = {
        {12, 0x12, DECODE_NOT_IP}, /* EtherType */
        {14, 0x65, DECODE_BAD},    /* version */
        {14, 0x44, DECODE_BAD},    /* header length */
        {14, 0x4f, DECODE_BAD},    /* header longer than the packet */
        {17, 19, DECODE_BAD},      /* packet shorter than its header */
        {17, 39, DECODE_OTHER},    /* packet shorter than TCP's header */
        {23, 1, DECODE_OTHER},     /* ICMP */
        {23, 50, DECODE_OTHER},    /* ESP */
        {46, 0x40, DECODE_BAD},    /* data offset */
        {46, 0xf0, DECODE_BAD},    /* options longer than the packet */
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct build b;
        struct packet p;
        memset(counters, 0, sizeof counters);
        start(&b);
        build_tcp(&b, 0);
        build_ipv4(&b, 6, 0, 0);
        build_ethernet(&b, 0x0800);
        build_at(&b)[cases[i].at] = cases[i].value;
        assert_int_equal(decode(&b, 1, &p), cases[i].result);
        assert_null(p.payload);
        assert_int_equal(p.payload_bytes + p.src_port + p.dst_port, 0);
        uint64_t sum = 0;
        for (unsigned k = 0; k < COUNTERS; k++)
            sum += counters[k];
        assert_int_equal(sum, 1);
        assert_int_equal(counters[COUNT_DECODE_BAD], cases[i].result == DECODE_BAD);
        check_every_length(&b, 1, cases[i].result);
    }
}

static void not_ip(void **state)
{
    struct build b = {0};
    struct packet p;
    static const uint8_t llc[17] = {[13] = 60, 0x42, 0x42, 3};

    build_before(&b, llc, 17);
    assert_int_equal(decode(&b, 1, &p), DECODE_NOT_IP);
    assert_int_equal(decode(&b, 0, &p), DECODE_NOT_IP);
    assert_int_equal(decode(&b, 101, &p), DECODE_NOT_IP);
    assert_int_equal(decode(&b, 147, &p), DECODE_UNKNOWN_LINK);
    assert_int_equal(decode(&b, UINT32_MAX, &p), DECODE_UNKNOWN_LINK);
    b.len = 0;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        assert_int_equal(decode(&b, links[i].linktype, &p), DECODE_SHORT);
}

/* Nothing of an earlier packet stays. */
static void forgets(void **state)
{
    static const struct addr none;
    static const uint16_t no_vlan[PACKET_VLANS_MAX];
    struct build b = {0};
    struct packet p;

    build_ethernet(&b, 0x0806);
    assert_int_equal(decode_cut(&b, b.len, 1, &p), DECODE_NOT_IP);
    assert_true(addr_eq(&p.src, &none) && addr_eq(&p.dst, &none));
    assert_true(addr_eq(&p.tunnel_src, &none) && addr_eq(&p.tunnel_dst, &none));
    assert_int_equal(p.src_port | p.dst_port | p.ip_id | p.l4_checksum, 0);
    assert_int_equal(p.ip_proto | p.ttl | p.tcp_flags | p.vlans | p.tunnel_depth | p.tunnel_path |
                         p.tunnel_id | p.tunnel_key,
                     0);
    assert_int_equal(p.seq | p.ack | p.payload_bytes | p.payload_wire_bytes | p.reassembled, 0);
    assert_null(p.payload);
    assert_memory_equal(p.vlan, no_vlan, sizeof no_vlan);
}

/* Every mixture of IPv4 and IPv6 in one another, to the limit and beyond. */
static void tunnels(void **state)
{
    char out[ADDR_TEXT_MAX];

    for (unsigned mixture = 0; mixture < 1u << (PACKET_DEPTH_MAX + 2); mixture++) {
        struct build b;
        struct packet p;
        start(&b);
        build_udp(&b);
        uint8_t protocol = 17;
        unsigned depth = mixture % (PACKET_DEPTH_MAX + 2);
        for (unsigned i = 0; i <= depth; i++) {
            bool v6 = (mixture >> i & 1) != 0;
            if (v6)
                build_ipv6(&b, protocol);
            else
                build_ipv4(&b, protocol, 0, (uint8_t)i);
            protocol = v6 ? 41 : 4;
        }
        enum decode_result r = decode(&b, 101, &p);
        if (depth > PACKET_DEPTH_MAX) {
            assert_int_equal(r, DECODE_TOO_DEEP);
            continue;
        }
        assert_int_equal(r, DECODE_UDP);
        assert_int_equal(p.tunnel_depth, depth);
        assert_string_equal(addr_text(&p.src, out), mixture & 1 ? "2001:db8::1" : "192.0.2.1");
        if (depth > 0)
            assert_string_equal(addr_text(&p.tunnel_dst, out), mixture & 2 ? "2001:db8::2" : "198.51.100.3");
        if (mixture < 64)
            check_every_length(&b, 101, DECODE_UDP);
    }
}

/* Cuts an IP packet that carries `whole` at `at` and decodes both parts; true when the second completes it.
 */
static bool two_fragments(struct decoder *d, const struct build *whole, bool v6, size_t at, uint16_t vlan,
                          struct packet *p)
{
    enum decode_result r = DECODE_BAD;

    for (unsigned part = 0; part < 2; part++) {
        static struct build b; /* must outlive the payload of `p` */
        size_t from = part == 0 ? 0 : at, to = part == 0 ? at : whole->len;
        b.len = 0;
        build_before(&b, whole->room + sizeof whole->room - whole->len + from, to - from);
        if (v6) {
            uint8_t *e = build_extension(&b, 17, 0);
            build_u16(e + 2, from | (part == 0));
            e[7] = 9;
            build_ipv6(&b, 44);
        } else {
            build_u16(build_ipv4(&b, 17, 1, 0) + 6, from / 8 | (part == 0 ? 0x2000u : 0));
        }
        build_vlan(&b, (uint16_t)(vlan * part), v6 ? 0x86dd : 0x0800);
        build_ethernet(&b, 0x8100);
        *p = of(build_at(&b), b.len, b.len, 1);
        r = packet_decode(d, p);
        if (part == 0)
            assert_int_equal(r, DECODE_FRAGMENT);
        assert_int_equal(p->ttl, v6 ? 62 : 63);
    }
    return r == DECODE_UDP;
}

static void fragments(void **state)
{
    for (unsigned v6 = 0; v6 < 2; v6++) {
        struct decoder d = {.defrag = defrag_new(4, 65535, 1000, counters), .counters = counters};
        struct build b;
        struct packet p;
        start(&b);
        build_udp(&b);
        memset(counters, 0, sizeof counters);
        assert_true(two_fragments(&d, &b, v6, 16, 0, &p));
        assert_true(p.reassembled);
        assert_int_equal(p.payload_bytes, TEXT);
        assert_memory_equal(p.payload, text, TEXT);
        assert_int_equal(p.dst_port, 53);
        assert_int_equal(counters[COUNT_FRAGMENTS], 2);
        assert_int_equal(counters[COUNT_FRAGMENTS_DONE], 1);
        assert_int_equal(counters[COUNT_DECODE_UDP], 1);
        assert_int_equal(counters[COUNT_DECODE_OTHER] + counters[COUNT_DECODE_BAD], 0);
        /* parts in different VLANs are of different datagrams */
        assert_false(two_fragments(&d, &b, v6, 16, 5, &p));
        struct decoder without = {.counters = counters};
        assert_false(two_fragments(&without, &b, v6, 16, 0, &p));
        defrag_free(d.defrag);
    }
}

/* A fragment that the capture cut is not held; of a first one, what is there is told. */
static void cut_fragments(void **state)
{
    struct decoder d = {.defrag = defrag_new(4, 65535, 1000, counters), .counters = counters};

    for (unsigned first = 0; first < 2; first++) {
        struct build b;
        struct packet p;
        start(&b);
        build_udp(&b);
        build_u16(build_ipv4(&b, 17, 0, 0) + 6, first ? 0x2000 : 0x2002);
        p = of(build_at(&b), b.len - 2, b.len, 228);
        assert_int_equal(packet_decode(&d, &p), first ? DECODE_UDP : DECODE_FRAGMENT);
        assert_int_equal(p.payload_bytes, first ? TEXT - 2 : 0);
        assert_int_equal(p.payload_wire_bytes, first ? TEXT : 0);
    }
    defrag_free(d.defrag);
}

/* Fragments of a tunnel that carry fragments: the inner ones lie in the datagram that is being handed out. */
static void nested_fragments(void **state)
{
    struct decoder d = {.defrag = defrag_new(2, 65535, 1000, counters), .counters = counters};
    struct packet p;

    for (unsigned inner = 0; inner < 2; inner++) {
        static struct build b, part;
        b.len = 0;
        if (inner == 0) { /* the first 16 bytes of UDP */
            build_before(&b, text, 8);
            build_udp(&b);
            build_u16(build_at(&b) + 4, 8 + TEXT);
            build_u16(build_ipv4(&b, 17, 0, 1) + 6, 0x2000);
        } else {
            build_before(&b, text + 8, TEXT - 8);
            build_u16(build_ipv4(&b, 17, 0, 1) + 6, 2);
        }
        for (unsigned outer = 0; outer < 2; outer++) {
            size_t from = outer * 16, to = outer == 0 ? 16 : b.len;
            part.len = 0;
            build_before(&part, build_at(&b) + from, to - from);
            uint8_t *ip = build_ipv4(&part, 4, 0, 0);
            build_u16(ip + 6, from / 8 | (outer == 0 ? 0x2000u : 0));
            ip[5] = (uint8_t)inner;
            p = of(build_at(&part), part.len, part.len, 228);
            assert_int_equal(packet_decode(&d, &p), inner + outer == 2 ? DECODE_UDP : DECODE_FRAGMENT);
        }
    }
    assert_int_equal(p.payload_bytes, TEXT);
    assert_memory_equal(p.payload, text, TEXT);
    assert_int_equal(p.tunnel_depth, 1);
    defrag_free(d.defrag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link),       cmocka_unit_test(fields),     cmocka_unit_test(many_vlans),
        cmocka_unit_test(v6_extensions),    cmocka_unit_test(ip_lengths), cmocka_unit_test(udp_lengths),
        cmocka_unit_test(contradictions),   cmocka_unit_test(not_ip),     cmocka_unit_test(forgets),
        cmocka_unit_test(tunnels),          cmocka_unit_test(fragments),  cmocka_unit_test(cut_fragments),
        cmocka_unit_test(nested_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
