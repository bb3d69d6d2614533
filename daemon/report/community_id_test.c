/* SPDX-License-Identifier: BSD-2-Clause */
/* Community IDs against the vectors that the specification publishes (baseline-seed0). */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/community_id.h"

static const struct {
    uint8_t ip_proto;
    const char *a;
    uint16_t a_port;
    const char *b;
    uint16_t b_port;
    const char *id;
} vectors[] = {
    {IPPROTO_TCP, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {IPPROTO_UDP, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {IPPROTO_SCTP, "192.168.170.8", 7, "192.168.170.56", 80, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
};

static void published_vectors(void **state)
{
    char id[COMMUNITY_ID_MAX];
    struct addr a, b;

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        assert_true(addr_parse(span_str(vectors[i].a), &a));
        assert_true(addr_parse(span_str(vectors[i].b), &b));
        assert_true(community_id(vectors[i].ip_proto, &a, vectors[i].a_port, &b, vectors[i].b_port, id));
        assert_string_equal(id, vectors[i].id);
        assert_true(community_id(vectors[i].ip_proto, &b, vectors[i].b_port, &a, vectors[i].a_port, id));
        assert_string_equal(id, vectors[i].id);
    }
}

static void ports_order_equal_addresses(void **state)
{
    char one[COMMUNITY_ID_MAX], other[COMMUNITY_ID_MAX];
    struct addr a;

    assert_true(addr_parse(span_str("2001:db8::1"), &a));
    assert_true(community_id(IPPROTO_TCP, &a, 1, &a, 65535, one));
    assert_true(community_id(IPPROTO_TCP, &a, 65535, &a, 1, other));
    assert_string_equal(one, other);
}

static void protocols_without_ports(void **state)
{
    char one[COMMUNITY_ID_MAX], other[COMMUNITY_ID_MAX];
    struct addr a, b;

    assert_true(addr_parse(span_str("10.0.0.1"), &a));
    assert_true(addr_parse(span_str("10.0.0.2"), &b));
    assert_true(community_id(IPPROTO_GRE, &a, 1, &b, 2, one));
    assert_true(community_id(IPPROTO_GRE, &b, 0, &a, 0, other));
    assert_string_equal(one, other);
    assert_false(community_id(IPPROTO_ICMP, &a, 0, &b, 0, one));
    assert_false(community_id(IPPROTO_ICMPV6, &a, 0, &b, 0, one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(ports_order_equal_addresses),
        cmocka_unit_test(protocols_without_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
