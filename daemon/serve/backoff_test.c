/* SPDX-License-Identifier: BSD-2-Clause */
/* The schedule of restarts. */
#include "serve/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define S 1000000000ull

static void at_once_then_slower(void **state)
{
    static const uint64_t expect[] = {0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30};
    struct backoff b = {0};
    uint64_t now = 1000 * S;

    for (size_t i = 0; i < sizeof expect / sizeof *expect; i++) {
        uint64_t delay = backoff_delay(&b, now, now + S / 100);
        assert_int_equal(delay, expect[i] * S);
        now += S / 100 + delay;
    }
}

static void never_more_than_five_a_minute_at_once(void **state)
{
    struct backoff b = {0};
    uint64_t now = 1000 * S, first = now;
    unsigned at_once = 0;

    /* dies ten seconds after each start: the sixth within a minute waits */
    for (unsigned i = 0; i < 6; i++) {
        now += 10 * S;
        at_once += backoff_delay(&b, now - 10 * S, now) == 0;
    }
    assert_int_equal(at_once, 5);
    assert_true(now - first <= 60 * S);
}

static void one_that_always_dies_stays_slow(void **state)
{
    struct backoff b = {0};
    uint64_t now = 1000 * S;
    unsigned starts = 0;

    while (now < 1600 * S) {
        now += 1000000; /* a packet that kills it is there at once */
        now += backoff_delay(&b, now - 1000000, now);
        starts++;
    }
    assert_in_range(starts, 20, 35);
}

static void a_minute_of_life_forgives(void **state)
{
    struct backoff b = {0};
    uint64_t now = 1000 * S;

    for (unsigned i = 0; i < 9; i++)
        backoff_delay(&b, now, now + 1);
    assert_int_not_equal(backoff_delay(&b, now, now + 59 * S), 0);
    assert_int_equal(backoff_delay(&b, now + 60 * S, now + 121 * S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_then_slower),
        cmocka_unit_test(never_more_than_five_a_minute_at_once),
        cmocka_unit_test(one_that_always_dies_stays_slow),
        cmocka_unit_test(a_minute_of_life_forgives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
