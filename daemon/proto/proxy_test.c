/* SPDX-License-Identifier: BSD-2-Clause */
/* The PROXY protocol: both versions lead to what is behind, and the second names whom the client asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"

#define BYTES(s)                                                                                             \
    {                                                                                                        \
        (const uint8_t *)(s), sizeof(s) - 1                                                                  \
    }
#define HELLO     "\x16\x03\x01\x02\x00\x01"
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4      "\xc0\x00\x02\x01\xc6\x33\x64\x01\x80\x00\x01\xbb"
#define AUTHORITY "\x02\x00\x0fWww.Example.com"
#define NAME      "proxy-target www.example.com|client\n"

static const struct proto *proxy(void)
{
    return collect_proto("proxy-protocol");
}

static enum proto_starts starts(const void *at, size_t len)
{
    return proxy()->tcp_starts(span_of(at, len), false);
}

static void expect(struct span bytes, size_t behind, const char *want)
{
    struct collect k = {.p.last = false};
    size_t whole = bytes.len - behind;

    collect_prefixes(proxy()->tcp, bytes.at, bytes.len, bytes.len > 1024 ? 97 : 1);
    for (size_t n = 0; n <= bytes.len; n++) {
        assert_int_not_equal(starts(bytes.at, n), STARTS_NO);
        collect_clear(&k);
        collect_run(&k, proxy()->tcp, bytes.at, n);
        if (n < whole) {
            assert_int_equal(k.result, PARSE_MORE);
            assert_true(k.p.need > n && k.p.need <= whole);
            assert_int_equal(k.observations, 0);
        } else {
            assert_int_equal(k.result, PARSE_NEXT);
            assert_int_equal(k.p.consumed, whole);
            assert_string_equal(k.lines, want);
        }
        assert_int_equal(k.counters[COUNT_PREAMBLE], n < whole ? 0 : n - whole + 1);
    }
    collect_done(&k);
}

static void headers(void **state)
{
    static const struct {
        struct span bytes;
        const char *want;
    } rows[] = {
        {BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 32768 443\r\n" HELLO), ""},
        {BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
               "65535 65535\r\n" HELLO),
         ""},
        {BYTES("PROXY UNKNOWN\r\n" HELLO), ""},
        {BYTES(SIGNATURE "\x20\x00\x00\x00" HELLO), ""},
        {BYTES(SIGNATURE "\x21\x11\x00\x0c" IPV4 HELLO), ""},
        {BYTES(SIGNATURE "\x21\x11\x00\x1e" IPV4 AUTHORITY HELLO), NAME},
        {BYTES(SIGNATURE "\x21\x11\x00\x29" IPV4 "\x01\x00\x02h2\x20\x00\x00" AUTHORITY "\x04\x00\x00" HELLO),
         NAME},
        {BYTES(SIGNATURE "\x21\x21\x00\x36" IPV4 IPV4 IPV4 AUTHORITY HELLO), NAME},
        /* The proxy's own connection, and one of no known family: nothing that follows is to be believed. */
        {BYTES(SIGNATURE "\x20\x11\x00\x1e" IPV4 AUTHORITY HELLO), ""},
        {BYTES(SIGNATURE "\x21\x00\x00\x12" AUTHORITY HELLO), ""},
        /* Values longer than the header. */
        {BYTES(SIGNATURE "\x21\x11\x00\x1d" IPV4 AUTHORITY HELLO), ""},
        {BYTES(SIGNATURE "\x21\x11\x00\x0b" IPV4 HELLO), ""},
        {BYTES(SIGNATURE "\x21\x11\x00\x12" IPV4 "\x02\x00\x03\n\xff." HELLO),
         "proxy-target \\010\\255|client\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* Two of them end an octet before or behind their contents. */
        size_t behind = sizeof HELLO - 1 + (i == 10 || i == 11);
        expect(rows[i].bytes, behind, rows[i].want);
    }
}

/* More than is worth waiting for is passed over unseen. */
static void long_headers(void **state)
{
    static uint8_t bytes[16 + 65535 + 1] = SIGNATURE "\x21\x11\xff\xff" IPV4 "\x04\xff";

    for (unsigned named = 0; named < 2; named++) {
        struct collect k = {.p.last = false};
        if (named)
            memcpy(bytes + 28, AUTHORITY, sizeof AUTHORITY - 1);
        collect_clear(&k);
        collect_run(&k, proxy()->tcp, bytes, 100);
        assert_int_equal(k.result, PARSE_MORE);
        assert_int_equal(k.p.need, 4096);
        collect_run(&k, proxy()->tcp, bytes, 4096);
        assert_int_equal(k.result, PARSE_NEXT);
        assert_int_equal(k.p.consumed, 16 + 65535);
        assert_string_equal(k.lines, named ? NAME : "");
        collect_done(&k);
    }
}

static void others_are_not_taken(void **state)
{
    static const struct span rows[] = {
        BYTES("PROXY /x HTTP/1.1\r\n"),
        BYTES("POST / HTTP/1.1\r\n"),
        BYTES("\r\n\r\nGET / HTTP/1.1\r\n"),
        BYTES(SIGNATURE "\x11"),
        BYTES(SIGNATURE "\x22"),
        BYTES(SIGNATURE "\x21\x41"),
        BYTES(SIGNATURE "\x21\x13"),
        BYTES("\x16\x03\x01"),
        BYTES("proxy TCP4 "),
        BYTES("PROXY TCP4 1.2.3.4\t\n"),
        BYTES("PROXY TCP4 \0\n"),
        BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
              "65535 655350\r\n"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collect k = {.p.last = false};
        if (i < 9)
            assert_int_equal(starts(rows[i].at, rows[i].len), STARTS_NO);
        collect_run(&k, proxy()->tcp, rows[i].at, rows[i].len);
        if (k.result != PARSE_NOT)
            fail_msg("row %zu: %d", i, k.result);
        assert_int_equal(k.counters[COUNT_PREAMBLE], 0);
        collect_done(&k);
    }
}

/* The length of a header that the capture cut is known all the same. */
static void last_words(void **state)
{
    static const struct span bytes = BYTES(SIGNATURE "\x21\x11\x00\x21" IPV4 AUTHORITY "\x04\x00\x00");
    for (size_t n = 0; n < bytes.len; n++) {
        struct collect k = {.p.cut = true};
        collect_clear(&k);
        collect_run(&k, proxy()->tcp, bytes.at, n);
        assert_int_equal(k.result, n < 16 ? PARSE_CUT : PARSE_NEXT);
        assert_string_equal(k.lines, n + 3 >= bytes.len ? NAME : "");
        collect_done(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(long_headers),
        cmocka_unit_test(others_are_not_taken),
        cmocka_unit_test(last_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
