/* SPDX-License-Identifier: BSD-2-Clause */
/* The identity of flows in tunnels: the same in both directions, another one in every other tunnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "flow/key.h"
#include "packet/decode.h"
#include "packet/packet_build.h"

/* A tunnel header, and the IP header before it: from 192.0.2.(1 + from) to 192.0.2.(1 + to). */
struct around {
    uint8_t proto, from, to, bytes;
    uint16_t port;
    uint8_t header[32];
};

static const struct around gre = {47, 10, 20, 4, 0, {0, 0, 8, 0}};
static const struct around ipip = {4, 10, 20, 0, 0, {0}};
static const struct around vxlan = {17, 10, 20, 22, 4789, {8, 0, 0, 0, 0, 0, 7, 0, [20] = 8, 0}};
static const struct around erspan = {47, 10, 20, 18, 0, {0, 0, 0x88, 0xbe, [16] = 8, 0}};
static const struct around tzsp = {17, 10, 20, 19, 37008, {1, 0, 0, 1, 1, [17] = 8, 0}};

static void build_around(struct build *b, const struct around *a)
{
    build_before(b, a->header, a->bytes);
    if (a->port != 0) {
        build_udp(b);
        build_u16(build_at(b) + 2, a->port);
    }
    uint8_t *ip = build_ipv4(b, a->proto, 0, 0);
    ip[15] = (uint8_t)(1 + a->from);
    memcpy(ip + 16, ip + 12, 3);
    ip[19] = (uint8_t)(1 + a->to);
}

/* The key of a datagram of one flow, `back` or forth, in up to two tunnels. */
static struct flow_key key_in(bool back, const struct around *inner, const struct around *outer)
{
    static const struct hash_key secret = {{3, 5}};
    uint64_t counters[COUNTERS] = {0};
    struct decoder d = {.counters = counters};
    struct build b = {.len = 0};

    build_before(&b, "hello", 5);
    build_udp(&b);
    uint8_t *ip = build_ipv4(&b, 17, 0, 0);
    if (back) {
        uint8_t source[4];
        memcpy(source, ip + 12, 4);
        memcpy(ip + 12, ip + 16, 4);
        memcpy(ip + 16, source, 4);
        build_u16(ip + 20, 53);
        build_u16(ip + 22, 12345);
    }
    if (inner != NULL)
        build_around(&b, inner);
    if (outer != NULL)
        build_around(&b, outer);
    struct packet p = {.at = build_at(&b),
                       .captured_bytes = (uint32_t)b.len,
                       .wire_bytes = (uint32_t)b.len,
                       .linktype = 101};
    assert_int_equal(packet_decode(&d, &p), DECODE_UDP);
    assert_int_equal(p.tunnel_depth, (inner != NULL) + (outer != NULL));
    return flow_key_of(&secret, &p);
}

static struct around turned(const struct around *a)
{
    struct around t = *a;
    t.from = a->to;
    t.to = a->from;
    return t;
}

static void outside(void **state)
{
    struct flow_key forth = key_in(false, NULL, NULL), back = key_in(true, NULL, NULL);

    assert_true(forth.hash == back.hash && forth.dir != back.dir);
}

/* Where the tunnel's ends turn with the direction. */
static void both_directions(void **state)
{
    const struct around *const all[] = {&gre, &ipip, &vxlan, &erspan, &tzsp};

    for (unsigned i = 0; i < 25; i++) {
        const struct around *inner = all[i / 5], *outer = all[i % 5];
        struct around inner_back = turned(inner), outer_back = turned(outer);
        struct flow_key forth = key_in(false, inner, outer), back = key_in(true, &inner_back, &outer_back);
        assert_true(forth.hash == back.hash && forth.dir != back.dir);
        back = key_in(true, inner, outer); /* both directions one way, as from a mirror */
        assert_true(forth.hash == back.hash && forth.dir != back.dir);
    }
}

/* Nothing inside is the flow outside, nor that of another tunnel, network or way. */
static void apart(void **state)
{
    struct around network = vxlan, end = gre;
    uint64_t seen[16];
    unsigned n = 0;

    network.header[6] = 8;
    end.to = 21;
    seen[n++] = key_in(false, NULL, NULL).hash;
    seen[n++] = key_in(false, &gre, NULL).hash;
    seen[n++] = key_in(false, &end, NULL).hash;
    seen[n++] = key_in(false, &ipip, NULL).hash;
    seen[n++] = key_in(false, &vxlan, NULL).hash;
    seen[n++] = key_in(false, &network, NULL).hash;
    seen[n++] = key_in(false, &erspan, NULL).hash;
    seen[n++] = key_in(false, &tzsp, NULL).hash;
    seen[n++] = key_in(false, &vxlan, &gre).hash;
    seen[n++] = key_in(false, &vxlan, &end).hash;
    seen[n++] = key_in(false, &gre, &vxlan).hash;
    seen[n++] = key_in(false, &gre, &network).hash;
    seen[n++] = key_in(false, &gre, &gre).hash;
    seen[n++] = key_in(false, &vxlan, &erspan).hash;
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < i; k++)
            assert_true(seen[i] != seen[k]);
}

/* Two mirrors may show a direction each, in two sessions, over two networks. */
static void mirrors(void **state)
{
    struct around other = erspan, network = vxlan;

    other.from = 99;
    network.header[6] = 8;
    assert_true(key_in(false, &erspan, NULL).hash == key_in(true, &other, NULL).hash);
    assert_true(key_in(false, &erspan, &vxlan).hash == key_in(true, &other, &network).hash);
    other = tzsp;
    other.from = 99;
    assert_true(key_in(false, &tzsp, NULL).hash == key_in(true, &other, NULL).hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside),
        cmocka_unit_test(both_directions),
        cmocka_unit_test(apart),
        cmocka_unit_test(mirrors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
