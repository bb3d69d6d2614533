/* SPDX-License-Identifier: BSD-2-Clause */
/* The flow cache: what it finds, and what it gives up for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "flow/flow_cache.h"

static uint64_t counters[COUNTERS];

/* Keys of one set: only the low half of the hash differs. */
static struct flow_key same_set(uint32_t n)
{
    return (struct flow_key){.hash = 0x100000000u | n << 1};
}

static void directions(void **state)
{
    const struct hash_key secret = {{3, 5}};
    struct packet p = {.ip_proto = 6, .src_port = 1000, .dst_port = 443}, q;

    addr_parse(span_str("10.0.0.1"), &p.src);
    addr_parse(span_str("192.0.2.1"), &p.dst);
    q = p;
    q.src = p.dst;
    q.dst = p.src;
    q.src_port = p.dst_port;
    q.dst_port = p.src_port;
    struct flow_key a = flow_key_of(&secret, &p), b = flow_key_of(&secret, &q);
    assert_true(a.hash == b.hash && a.dir != b.dir);
    assert_int_equal(flow_key_id(a), flow_key_id(b));
    q.dst_port++;
    assert_true(flow_key_of(&secret, &q).hash != a.hash);
    /* The same five-tuple inside a tunnel is another flow; both directions of it are one. */
    q = p;
    q.tunnel_depth = 1;
    q.tunnel_key = 99;
    struct flow_key inner = flow_key_of(&secret, &q);
    assert_true(inner.hash != a.hash);
    q.tunnel_key = 0;
    assert_true(flow_key_of(&secret, &q).hash != a.hash);
    q.tunnel_key = 99;
    struct packet back = q;
    back.src = q.dst;
    back.dst = q.src;
    back.src_port = q.dst_port;
    back.dst_port = q.src_port;
    assert_true(flow_key_of(&secret, &back).hash == inner.hash);
}

static void eviction(void **state)
{
    struct flow_cache c;
    struct flow_entry evicted;

    assert_int_equal(flow_cache_init(&c, 8, counters), 0);
    assert_non_null(flow_cache_add(&c, same_set(1), FLOW_STREAM, 10, &evicted));
    assert_non_null(flow_cache_add(&c, same_set(2), FLOW_SYN, 10, &evicted));
    assert_non_null(flow_cache_add(&c, same_set(3), FLOW_DONE, 10, &evicted));
    assert_non_null(flow_cache_add(&c, same_set(4), FLOW_WATCH, 10, &evicted));
    assert_int_equal(evicted.class, FLOW_FREE);
    /* A SYN takes the place of a SYN first, then of what is done, never of more. */
    assert_non_null(flow_cache_add(&c, same_set(5), FLOW_SYN, 11, &evicted));
    assert_int_equal(evicted.class, FLOW_SYN);
    assert_null(flow_cache_find(&c, same_set(2)));
    flow_cache_find(&c, same_set(5))->class = FLOW_STREAM;
    assert_non_null(flow_cache_add(&c, same_set(6), FLOW_SYN, 11, &evicted));
    assert_int_equal(evicted.class, FLOW_DONE);
    flow_cache_find(&c, same_set(6))->class = FLOW_STREAM;
    assert_null(flow_cache_add(&c, same_set(7), FLOW_SYN, 12, &evicted));
    assert_int_equal(counters[COUNT_FLOW_REFUSED], 1);
    /* A stream takes the place of the oldest stream. */
    assert_non_null(flow_cache_add(&c, same_set(8), FLOW_STREAM, 12, &evicted));
    assert_null(flow_cache_find(&c, same_set(1)));
    assert_int_equal(counters[COUNT_FLOW_EVICTED], 1);
    /* What was idle for minutes is worth no more than a SYN, also when the clock wrapped. */
    assert_non_null(flow_cache_add(&c, same_set(9), FLOW_SYN, 200, &evicted));
    assert_int_not_equal(evicted.class, FLOW_FREE);
    flow_cache_done(&c);
}

/* A hello that comes in parts finds room also among flows that were told. */
static void parse_before_counts(void **state)
{
    struct flow_cache c;
    struct flow_entry evicted;

    assert_int_equal(flow_cache_init(&c, 8, counters), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_non_null(flow_cache_add(&c, same_set(i), FLOW_WATCH, (uint16_t)(10 + i), &evicted));
    assert_null(flow_cache_add(&c, same_set(4), FLOW_DONE, 14, &evicted));
    assert_non_null(flow_cache_add(&c, same_set(4), FLOW_STREAM, 14, &evicted));
    assert_int_equal(evicted.class, FLOW_WATCH);
    assert_null(flow_cache_find(&c, same_set(0)));
    assert_non_null(flow_cache_find(&c, same_set(1)));
    flow_cache_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(directions), cmocka_unit_test(eviction),
                                       cmocka_unit_test(parse_before_counts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
