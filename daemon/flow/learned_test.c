/* SPDX-License-Identifier: BSD-2-Clause */
/* Learned addresses: limits, expiry and reuse, against a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "flow/learned.h"

#define SECOND_NS 1000000000ull

static uint64_t counters[COUNTERS];
static const struct hash_key key = {{3, 5}};
static struct learned_table table;

static struct addr address(unsigned n)
{
    return addr_v4((const uint8_t[]){192, 0, (uint8_t)(n >> 8), (uint8_t)n});
}

static struct learned *add(unsigned addr, unsigned client, uint32_t ioc, uint32_t ttl_s, uint64_t now_ns)
{
    struct learned what = {.addr = address(addr), .client = address(client), .ioc = ioc};
    return learned_add(&table, &what, ttl_s, now_ns);
}

static void per_indicator(void **state)
{
    assert_int_equal(learned_init(&table, 256, &key, counters), 0);
    for (unsigned i = 0; i < LEARNED_PER_IOC_MAX; i++)
        assert_non_null(add(i, 1000, 7, 60, 0));
    assert_null(add(500, 1000, 7, 60, 0));
    assert_non_null(add(3, 1000, 7, 60, 0));         /* known already */
    assert_non_null(add(500, 1000, 7 + 256, 60, 0)); /* another one at the same place */
    struct learned *e = add(501, 1000, 8, 60, 0);
    learned_renumber(&table, e, 7);
    assert_null(add(502, 1000, 7, 60, 0));
    learned_remove(&table, e);
    assert_null(add(502, 1000, 7, 60, 0));
    assert_int_equal(table.in_use, LEARNED_PER_IOC_MAX + 1);
    assert_non_null(add(502, 1000, 7, 60, 61 * SECOND_NS)); /* the others are out of date */
    assert_int_equal(table.in_use, 1);
    learned_done(&table);
}

static void per_address(void **state)
{
    assert_int_equal(learned_init(&table, 256, &key, counters), 0);
    for (unsigned i = 0; i < LEARNED_PER_ADDR_MAX; i++)
        assert_non_null(add(9, i, i, 60, 0));
    assert_null(add(9, 1000, 1000, 60, 0));
    assert_non_null(add(10, 1000, 1000, 60, 0));
    assert_non_null(add(9, 1000, 1000, 60, 61 * SECOND_NS));
    learned_done(&table);
}

static void full(void **state)
{
    assert_int_equal(learned_init(&table, 256, &key, counters), 0);
    for (unsigned i = 0; i < 256; i++)
        assert_non_null(add(i, 1000, i, 60, 0));
    assert_null(add(300, 1000, 300, 60, 0));
    assert_non_null(add(300, 1000, 300, 60, 100 * SECOND_NS));
    learned_done(&table);
}

/* Random additions, removals and expiry: what the table finds is what was added and is not out of date. */
static void like_the_model(void **state)
{
    enum { ADDRS = 40, IOCS = 6, ROUNDS = 20000 };
    static uint64_t until[ADDRS][IOCS];

    assert_int_equal(learned_init(&table, 512, &key, counters), 0);
    srand(1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t now_ns = round * SECOND_NS;
        unsigned a = (unsigned)rand() % ADDRS, i = (unsigned)rand() % IOCS;
        struct addr addr = address(a);
        struct learned *e;
        if (rand() % 3 == 0) {
            e = add(a, 1000, i, 100, now_ns);
            assert_non_null(e);
            until[a][i] = now_ns + 100 * SECOND_NS;
            if (rand() % 4 == 0) {
                learned_remove(&table, e);
                until[a][i] = 0;
            }
        }
        if (rand() % 50 == 0)
            learned_expire(&table, now_ns);
        unsigned want = 0, found = 0;
        for (i = 0; i < IOCS; i++)
            want += until[a][i] > now_ns;
        for (e = learned_find(&table, &addr, now_ns, NULL); e != NULL;
             e = learned_find(&table, &addr, now_ns, e), found++)
            assert_int_equal(e->until_ns, until[a][e->ioc]);
        assert_int_equal(found, want);
        assert_true(found == 0 || learned_maybe(&table, &addr));
    }
    learned_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(per_indicator), cmocka_unit_test(per_address),
                                       cmocka_unit_test(full), cmocka_unit_test(like_the_model)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
