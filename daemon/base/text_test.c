/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from hostile bytes: nothing forged, nothing broken, nothing overflown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"

static void bounds_hold(void **state)
{
    for (size_t cap = 0; cap < 24; cap++) {
        char *exact = malloc(cap + 1);
        struct text t = text_on(exact, cap);
        exact[cap] = 'X';
        text_str(&t, "abc");
        text_fmt(&t, "%d-%s", 12345, "xyz");
        text_char(&t, '!');
        text_escaped(&t, span_str("\n\n"));
        assert_int_equal(exact[cap], 'X');
        assert_int_equal(t.full, cap <= 3 + 9 + 1 + 8);
        if (cap > 0) {
            assert_true(t.len < cap && exact[t.len] == 0 && strlen(exact) == t.len);
            assert_memory_equal(exact, "abc12345-xyz!\\010\\010", t.len < 13 ? t.len : 13);
        }
        free(exact);
    }
}

static void escapes_for_people(void **state)
{
    char buf[64];
    struct text t = text_on(buf, sizeof buf);

    text_escaped(&t, span_of("a\\\x1b[2J\n\0\x7f\xff\xc3\xbc\"", 13));
    assert_string_equal(buf, "a\\092\\027[2J\\010\\000\\127\\255\\195\\188\"");
    assert_false(t.full);
}

static void escapes_for_json(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain / text", "plain / text"},
        {"\"\\", "\\\"\\\\"},
        {"\n\x1f\x7f", "\\u000a\\u001f\\u007f"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "\\u0080\\u009f\xc2\xa0"},
        {"\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xb4", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xb4"},
        {"\xff", "\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
        {"\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* surrogate */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3\"", "\xef\xbf\xbd\\\""}, /* the quote is not eaten by a lead byte */
    };
    char buf[64];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text t = text_on(buf, sizeof buf);
        text_json(&t, span_str(rows[i].in));
        assert_string_equal(buf, rows[i].out);
    }
}

/* However little room there is: whole escapes, whole characters, and nothing behind what was left out. */
static void cut_only_between_characters(void **state)
{
    static const char in[] = "a\xc3\xbc\x01\xf0\x9f\x90\xb4\xff\"b";
    static const char out[] = "a\xc3\xbc\\u0001\xf0\x9f\x90\xb4\xef\xbf\xbd\\\"b";
    static const size_t stops[] = {0, 1, 3, 9, 13, 16, 18, 19};

    for (size_t cap = 1; cap <= sizeof out; cap++) {
        char buf[sizeof out];
        struct text t = text_on(buf, cap);
        text_json(&t, span_str(in));
        assert_memory_equal(buf, out, t.len);
        bool at_stop = false;
        for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
            at_stop = at_stop || stops[i] == t.len;
        assert_true(at_stop);
        assert_int_equal(t.full, cap < sizeof out);
    }
}

static void times_are_utc(void **state)
{
    char buf[64];
    struct text t = text_on(buf, sizeof buf);

    setenv("TZ", "Pacific/Kiritimati", 1);
    text_time_eve(&t, 1626602400123456789u);
    assert_string_equal(buf, "2021-07-18T10:00:00.123456+0000");
    t = text_on(buf, sizeof buf);
    text_time_human(&t, 1626602400999999999u);
    assert_string_equal(buf, "2021-07-18 10:00:00");
    t = text_on(buf, sizeof buf);
    text_time_eve(&t, UINT64_MAX);
    assert_int_equal(t.len, 31);
    t = text_on(buf, sizeof buf);
    text_time_eve(&t, 0);
    assert_string_equal(buf, "1970-01-01T00:00:00.000000+0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold),      cmocka_unit_test(escapes_for_people),
        cmocka_unit_test(escapes_for_json), cmocka_unit_test(cut_only_between_characters),
        cmocka_unit_test(times_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
