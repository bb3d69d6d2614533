/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates against timegm(3), and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "intel/load_text.h"

static void dates_agree_with_libc(void **state)
{
    for (int y = 1900; y <= 2400; y += 1)
        for (int m = 1; m <= 12; m++) {
            struct tm tm = {.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = 28};
            char text[32];
            int64_t s = 0;
            snprintf(text, sizeof(text), "%04d-%02d-28", y, m);
            assert_true(load_date(span_str(text), false, &s));
            assert_int_equal(s, timegm(&tm));
        }
}

static void dates_as_lists_write_them(void **state)
{
    static const struct {
        const char *text;
        int64_t s; /* -1: none */
    } rows[] = {
        {"20160824", 1471996800},
        {"2016_08_24", 1471996800},
        {"2016/08/24", 1471996800},
        {" August 24th, 2016 ", 1471996800},
        {"24 Aug 2016", 1471996800},
        {"24th August, 2016", 1471996800},
        {"2016-08-24 10:00:00", 1472032800},
        {"2016-08-24T10:00:00.5", 1472032800},
        {"1471996800", 1471996800},
        {"1471996800123", 1471996800},
        {"1471996800.5", 1471996800},
        {"20161324", -1},
        {"2016_08/24", -1},
        {"August 2016", -1},
        {"August 32, 2016", -1},
        {"0 August 2016", -1},
        {"24 24 2016", -1},
        {"Augurs 24 2016 more", -1},
        {"147199680", -1},
        {"99999999999999999999", -1},
        {"2016-08-24 10:00:0", -1},
        {"", -1},
        {"-", -1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t s = -1;
        size_t len = strlen(rows[i].text);
        char *exact = malloc(len + !len); /* a block of that size: what is read behind it shows */
        memcpy(exact, rows[i].text, len);
        bool is = load_date_any(span_of(exact, len), false, &s);
        if (is != (rows[i].s >= 0) || s != rows[i].s)
            fail_msg("%s: %lld", rows[i].text, (long long)s);
        free(exact);
    }
}

static void dates_and_times(void **state)
{
    static const struct {
        const char *text;
        int64_t s; /* -1: none */
    } rows[] = {
        {"1970-01-01", 0},
        {"2000-02-29", 951782400},
        {"1970-01-01T00:00:01Z", 1},
        {"1970-01-01 00:00:01.25z", 1},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T00:00:00-00:30", 1800},
        {"1970-01-01T00:00:60Z", 60},
        {"1900-02-29", -1},
        {"2021-02-29", -1},
        {"2021-13-01", -1},
        {"2021-00-01", -1},
        {"2021-04-31", -1},
        {"2021-04-00", -1},
        {"2021-4-1", -1},
        {"20210401", -1},
        {"2021-04-01x", -1},
        {"2021-04-01T", -1},
        {"2021-04-01T00:00:00", -1},
        {"2021-04-01T24:00:00Z", -1},
        {"2021-04-01T00:00:00.Zx", -1},
        {"2021-04-01T00:00:00+1:00", -1},
        {"2021-04-01T00:00:00+99:00", -1},
        {"", -1},
        {"-021-04-01", -1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t s = -1;
        size_t len = strlen(rows[i].text);
        char *exact = malloc(len ? len : 1);
        memcpy(exact, rows[i].text, len);
        bool is = load_date(span_of(exact, len), false, &s);
        free(exact);
        if (is != (rows[i].s >= 0) || s != rows[i].s)
            fail_msg("%s: %lld", rows[i].text, (long long)s);
    }
    int64_t last;
    assert_true(load_date(span_str("1970-01-01"), true, &last));
    assert_int_equal(last, 86399);
}

static void words_that_are_nearly_right(void **state)
{
    static const char *const words[] = {"campaign", "comment", "from", "until", "c2", NULL};

    assert_string_equal(load_closest(span_str("campain"), words), "campaign");
    assert_string_equal(load_closest(span_str("coment"), words), "comment");
    assert_string_equal(load_closest(span_str("form"), words), "from");
    assert_string_equal(load_closest(span_str("c3"), words), "c2");
    assert_null(load_closest(span_str("elephant-house"), words));
    assert_null(load_closest(span_str(""), words));
    assert_null(load_closest(span_str("campaigncampaigncampaigncampaigncampaign"), words));
}

static void words_end_at_blanks(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz\xc3\xa9.-_/";

    for (size_t len = 1; len < sizeof letters; len++)
        for (size_t at = 0; at < len; at++)
            for (unsigned octet = 0; octet < 256; octet++) {
                char text[sizeof letters];
                memcpy(text, letters, len);
                text[at] = (char)octet;
                bool blank = octet == ' ' || octet == '\t' || octet == '\r' || octet == '\f' || octet == '\v';
                struct span rest = span_of(text, len), word = load_word(&rest);
                size_t from = blank && at == 0 ? 1 : 0;
                assert_ptr_equal(word.at, text + from);
                assert_int_equal(word.len, (blank && at > 0 ? at : len) - from);
                assert_ptr_equal(rest.at, word.at + word.len);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_agree_with_libc),       cmocka_unit_test(dates_and_times),
        cmocka_unit_test(dates_as_lists_write_them),   cmocka_unit_test(words_end_at_blanks),
        cmocka_unit_test(words_that_are_nearly_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
