/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from hostile bytes: nothing forged, nothing broken, nothing overflown. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

/* A moment of nearly every day until 2554, against the C library. */
static void every_year_has_its_days(void **state)
{
    for (uint64_t s = 0; s < UINT64_MAX / 1000000000u - 86399; s += 86399) {
        char buf[64], expected[64];
        struct text t = text_on(buf, sizeof buf);
        time_t time = (time_t)s;
        struct tm tm;
        gmtime_r(&time, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%d %H:%M:%S", &tm);
        text_time_human(&t, s * 1000000000u);
        assert_string_equal(buf, expected);
    }
}

/* Runs are copied whole: each byte at each place of a run, with each room. */
static void every_byte_in_a_run(void **state)
{
    for (unsigned c = 0; c < 256; c++) {
        bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
        size_t same = plain ? 7 : 3;
        for (size_t cap = 1; cap < 16; cap++) {
            char in[] = "abc?def", buf[16];
            struct text t = text_on(buf, cap);
            in[3] = (char)c;
            text_json(&t, span_of(in, 7));
            assert_true(t.len < cap && strlen(buf) == t.len);
            assert_memory_equal(buf, in, t.len < same ? t.len : same);
            if (plain)
                assert_int_equal(t.len, cap <= 7 ? cap - 1 : 7);
            else if (!t.full)
                assert_true(t.len >= 8 && t.len <= 12 && strcmp(buf + t.len - 3, "def") == 0);
        }
    }
}

/* Once full, nothing more is added, even what would fit. */
static void nothing_after_a_cut(void **state)
{
    char buf[5];
    struct text t = text_on(buf, sizeof buf);

    text_json(&t, span_str("abc\nd"));
    text_json(&t, span_str("e"));
    assert_string_equal(buf, "abc");
    assert_true(t.full);
}

static void numbers(void **state)
{
    static const uint64_t rows[] = {0, 9, 10, 99, 100, 4294967296, 9999999999999999999u, UINT64_MAX};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[32], expected[32];
        struct text t = text_on(buf, sizeof buf);
        snprintf(expected, sizeof expected, "%" PRIu64, rows[i]);
        text_u64(&t, rows[i]);
        assert_string_equal(buf, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(escapes_for_people),
        cmocka_unit_test(escapes_for_json),
        cmocka_unit_test(cut_only_between_characters),
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(every_year_has_its_days),
        cmocka_unit_test(every_byte_in_a_run),
        cmocka_unit_test(nothing_after_a_cut),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
