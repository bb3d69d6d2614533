/* SPDX-License-Identifier: BSD-2-Clause */
/* Hellos in SSL 2.0's form: what is one, and what only begins like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"

/* As OpenSSL 0.9.8 wrote them: 28 or so ciphers, here two; a challenge of 16 bytes. */
static const uint8_t hello[] = {0x80, 0x1f, 1, 3, 1, 0, 6, 0, 0, 0,  16, 0,  0,  0x39, 0,  0, 0x35,
                                1,    2,    3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,   15, 16};

static void counted_without_a_name(void **state)
{
    struct collect k = {.result = PARSE_NOT};

    for (size_t n = 0; n <= sizeof hello; n++) {
        assert_int_equal((int)collect_proto("sslv2")->tcp_starts(span_of(hello, n), false),
                         n < 11 ? STARTS_MAYBE : STARTS_YES);
        collect_clear(&k);
        collect_run(&k, collect_proto("sslv2")->tcp, hello, n);
        assert_int_equal(k.result, n < 11 ? PARSE_MORE : PARSE_DONE);
        assert_int_equal(k.p.need, n < 11 ? n + 1 : 0);
        assert_int_equal(k.observations, 0);
    }
    assert_int_equal(k.counters[COUNT_TLS], sizeof hello - 10);
    assert_int_equal(k.counters[COUNT_TLS_NO_SNI], sizeof hello - 10);
    collect_prefixes(collect_proto("sslv2")->tcp, hello, sizeof hello, 1);
    collect_done(&k);
}

static void cut_off(void **state)
{
    struct collect k = {.p.cut = true};

    collect_run(&k, collect_proto("sslv2")->tcp, hello, 10);
    assert_int_equal(k.result, PARSE_CUT);
    assert_int_equal(k.counters[COUNT_TLS], 0);
    collect_done(&k);
}

static void other_bytes(void **state)
{
    static const struct {
        unsigned at;
        uint8_t value;
        enum proto_starts want;
        unsigned told_at; /* with so many bytes */
    } rows[] = {
        {0, 0x00, STARTS_NO, 1},  {0, 0x16, STARTS_NO, 1},  {2, 4, STARTS_NO, 3},     {3, 2, STARTS_NO, 4},
        {4, 4, STARTS_NO, 5},     {4, 3, STARTS_YES, 11},   {4, 0, STARTS_YES, 11},   {3, 0, STARTS_NO, 5},
        {1, 0x20, STARTS_NO, 11}, {1, 0x1e, STARTS_NO, 11}, {0, 0x81, STARTS_NO, 11}, {6, 5, STARTS_NO, 11},
        {6, 0, STARTS_NO, 11},    {8, 1, STARTS_NO, 11},    {10, 15, STARTS_NO, 11},  {9, 1, STARTS_NO, 11},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bad[sizeof hello];
        memcpy(bad, hello, sizeof hello);
        bad[rows[i].at] = rows[i].value;
        for (unsigned n = 0; n <= sizeof bad; n++)
            assert_int_equal((int)collect_proto("sslv2")->tcp_starts(span_of(bad, n), false),
                             n < rows[i].told_at ? STARTS_MAYBE : rows[i].want);
        struct collect k = {.result = PARSE_MORE};
        collect_run(&k, collect_proto("sslv2")->tcp, bad, sizeof bad);
        assert_int_equal(k.result, rows[i].want == STARTS_YES ? PARSE_DONE : PARSE_NOT);
        collect_done(&k);
    }
}

/* SSL 2.0 itself, resuming a session. */
static void version_two(void **state)
{
    uint8_t old[64] = {0x80, 9 + 3 + 16 + 32, 1, 0, 2, 0, 3, 0, 16, 0, 32, 7, 0, 0xc0};

    assert_int_equal(collect_proto("sslv2")->tcp_starts(span_of(old, sizeof old), false), STARTS_YES);
    old[10] = 33;
    old[1]++;
    assert_int_equal(collect_proto("sslv2")->tcp_starts(span_of(old, sizeof old), false), STARTS_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_without_a_name),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(other_bytes),
        cmocka_unit_test(version_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
