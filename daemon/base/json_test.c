/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing JSON: commas, nesting, hostile strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"

static void commas_and_nesting(void **state)
{
    char buf[256];
    struct text t = text_on(buf, sizeof buf);
    struct json j = json_on(&t);

    json_open(&j, NULL);
    json_str(&j, "a", "x");
    json_open(&j, "empty");
    json_close(&j);
    json_open_array(&j, "list");
    json_u64(&j, NULL, UINT64_MAX);
    json_i64(&j, NULL, INT64_MIN);
    json_open_array(&j, NULL);
    json_close_array(&j);
    json_open(&j, NULL);
    json_bool(&j, "t", true);
    json_bool(&j, "f", false);
    json_close(&j);
    json_close_array(&j);
    json_span(&j, "z", span_of(NULL, 0));
    json_close(&j);
    assert_string_equal(buf,
                        "{\"a\":\"x\",\"empty\":{},\"list\":[18446744073709551615,-9223372036854775808,[],"
                        "{\"t\":true,\"f\":false}],\"z\":\"\"}");
    assert_false(t.full);
}

static void strings_cannot_break_out(void **state)
{
    char buf[256];
    struct text t = text_on(buf, sizeof buf);
    struct json j = json_on(&t);

    json_open(&j, NULL);
    json_span(&j, "name", span_of("\",\"severity\":0,\"\0\xff\n\\", 20));
    json_close(&j);
    assert_string_equal(buf, "{\"name\":\"\\\",\\\"severity\\\":0,\\\"\\u0000\xef\xbf\xbd\\u000a\\\\\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_nesting),
        cmocka_unit_test(strings_cannot_break_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
