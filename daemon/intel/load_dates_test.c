/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates as feeds have them: of a build, of a report, of each entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "intel/load_dates.h"

#define DAY ((int64_t)86400)

static void one_build(void **state)
{
    struct load_dates d = {0};

    for (int i = 0; i < 1000; i++)
        load_dates_add(&d, 20000 * DAY - 10 + i / 50, true); /* over midnight */
    assert_int_equal(load_dates_true(&d, 20000 * DAY), 0);
    assert_int_equal(load_dates_true(&d, 20000 * DAY - 1), 0);
    assert_int_equal(load_dates_true(&d, 19990 * DAY), 19990 * DAY);
}

/* The order must not matter: the odd ones first, last, in between. */
static void nearly_all_of_one_day(void **state)
{
    for (int where = 0; where < 3; where++) {
        struct load_dates d = {0};
        for (int i = 0; i < 1000; i++) {
            bool odd = where == 0 ? i < 90 : where == 1 ? i >= 910 : i % 11 == 0;
            load_dates_add(&d, odd ? i * 5 * DAY : 20000 * DAY, false);
        }
        assert_int_equal(load_dates_true(&d, 20000 * DAY), 0);
        assert_int_equal(load_dates_true(&d, 500 * DAY), 500 * DAY);
    }
}

static void dates_of_their_own(void **state)
{
    struct load_dates d = {0}, half = {0};

    for (int i = 0; i < 1000; i++) {
        load_dates_add(&d, (15000 + i * 3) * DAY, true);
        load_dates_add(&half, i % 4 == 0 ? i * 5 * DAY : 20000 * DAY, true);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(load_dates_true(&d, (15000 + i * 3) * DAY), (15000 + i * 3) * DAY);
    assert_int_equal(load_dates_true(&half, 20000 * DAY), 20000 * DAY);
}

static void few(void **state)
{
    struct load_dates none = {0}, said = {0}, generated = {0}, old = {0};

    assert_int_equal(load_dates_true(&none, 5 * DAY), 5 * DAY);
    for (int i = 0; i < 3; i++) {
        load_dates_add(&said, 20000 * DAY, false);
        load_dates_add(&generated, 20000 * DAY, true);
    }
    assert_int_equal(load_dates_true(&said, 20000 * DAY), 20000 * DAY);
    assert_int_equal(load_dates_true(&generated, 20000 * DAY), 0);
    load_dates_add(&old, -5, true); /* before 1970 */
    assert_int_equal(load_dates_true(&old, -5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_build),
        cmocka_unit_test(nearly_all_of_one_day),
        cmocka_unit_test(dates_of_their_own),
        cmocka_unit_test(few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
