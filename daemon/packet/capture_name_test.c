/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of TZSP receivers: what they say, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "packet/capture.h"

static void names(void **state)
{
    struct capture_tzsp_name n;
    char out[ADDR_TEXT_MAX];

    assert_true(capture_tzsp_read("tzsp:37008", &n));
    assert_true(n.any && n.port == 37008);
    assert_true(capture_tzsp_read("tzsp:192.0.2.1:1", &n));
    assert_true(!n.any && n.port == 1);
    assert_string_equal(addr_text(&n.addr, out), "192.0.2.1");
    assert_true(capture_tzsp_read("tzsp:[2001:db8::1]:65535", &n));
    assert_string_equal(addr_text(&n.addr, out), "2001:db8::1");
    assert_int_equal(n.port, 65535);
}

static void none(void **state)
{
    static const char *const wrong[] = {
        "tzsp",
        "tzsp:",
        "tzsp:0",
        "tzsp:65536",
        "tzsp:+1",
        "tzsp: 1",
        "tzsp:37008 ",
        "tzsp:1x",
        "tzsp:host:37008",
        "tzsp::37008",
        "tzsp:192.0.2.1:",
        "tzsp:192.0.2.1",
        "tzsp:[192.0.2.1]:37008",
        "tzsp:2001:db8::1:37008",
        "tzsp:[2001:db8::1:37008",
        "tzsp:[]:37008",
        "tzsp:[2001:db8::1]37008",
        "tzsp:[2001:db8::1%eth0]:37008",
        "TZSP:37008",
        "tzsp:0000000000000000000000000000000000000000000000000000000000000001",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct capture_tzsp_name n = {.port = 7};
        if (capture_tzsp_read(wrong[i], &n))
            fail_msg("%s", wrong[i]);
        assert_int_equal(n.port, 7);
    }
    assert_true(capture_is_tzsp("tzsp:") && !capture_is_tzsp("tzsp0") && !capture_is_tzsp("eth0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
