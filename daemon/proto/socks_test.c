/* SPDX-License-Identifier: BSD-2-Clause */
/* SOCKS: whom clients ask for, in every version and by every way in; both sides up to what they carry. */
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
#define HELLO   "\x16\x03\x01\x02\x00\x01"
#define REQUEST "\x05\x01\x00\x03\x0fWww.Example.com\x01\xbb"
#define NAME    "proxy-target www.example.com|client\n"

static const struct proto *socks(void)
{
    return collect_proto("socks");
}

static enum proto_starts starts(const void *at, size_t len)
{
    return socks()->tcp_starts(span_of(at, len), true);
}

/* The message has all bytes but `behind`; it says `want`, when it is whole and not before. */
static void expect(struct span bytes, size_t behind, const char *want)
{
    struct collect k = {.p.last = false};
    size_t whole = bytes.len - behind;

    collect_prefixes(socks()->tcp, bytes.at, bytes.len, 1);
    for (size_t n = 0; n <= bytes.len; n++) {
        if (n > 0) {
            assert_int_not_equal(starts(bytes.at, n), STARTS_NO);
            assert_int_not_equal(socks()->tcp_starts(span_of(bytes.at, n), false), STARTS_NO);
        }
        collect_clear(&k);
        collect_run(&k, socks()->tcp, bytes.at, n);
        if (n < whole || k.result == PARSE_MORE) {
            assert_int_equal(k.result, PARSE_MORE);
            assert_true(k.p.need > n);
            assert_int_equal(k.observations, 0);
            assert_true(n < whole + 2); /* SOCKS 4's reply alone is told by what is behind */
        } else {
            assert_int_equal(k.result, PARSE_NEXT);
            assert_int_equal(k.p.consumed, whole);
            assert_string_equal(k.lines, want);
            assert_int_equal(starts(bytes.at, n), STARTS_YES);
        }
    }
    collect_done(&k);
}

static void requests(void **state)
{
    static const struct {
        struct span bytes;
        const char *want;
    } rows[] = {
        {BYTES("\x05\x01\x00" REQUEST HELLO), NAME},
        {BYTES("\x05\x02\x00\x01" REQUEST HELLO), NAME},
        {BYTES("\x05\x02\x00\x02" REQUEST HELLO), NAME},
        {BYTES("\x05\x02\x01\x00" REQUEST HELLO), NAME},
        {BYTES("\x05\x03\x00\x01\x02" REQUEST HELLO), NAME},
        {BYTES("\x05\x04\x00\x01\x02\x80" REQUEST HELLO), NAME},
        {BYTES(REQUEST HELLO), NAME}, /* a capture that begins here */
        {BYTES("\x05\x01\x02\x01\x04user\x04pass" REQUEST HELLO), NAME},
        {BYTES("\x05\x02\x00\x02\x01\x00\x00" REQUEST HELLO), NAME},
        {BYTES("\x05\x02\x01\x00\x01\x01\x05\x01\x05" REQUEST HELLO), NAME},
        {BYTES("\x05\x01\x00\x05\x01\x00\x01\xcb\x00\x71\x05\x01\xbb" HELLO),
         "proxy-target 203.0.113.5|client\n"},
        {BYTES("\x05\x01\x00\x01\xcb\x00\x71\x05\x01\xbb" HELLO), "proxy-target 203.0.113.5|client\n"},
        {BYTES("\x05\x01\x00\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x80\x01\xbb" HELLO),
         "proxy-target 2001:db8::80|client\n"},
        {BYTES("\x05\x01\x00\x05\x01\x00\x03\x07"
               "1.2.3.4\x01\xbb" HELLO),
         "proxy-target 1.2.3.4|client\n"},
        {BYTES("\x05\x01\x00\x05\x01\x00\x03\x04"
               "a\\~.\x01\xbb" HELLO),
         "proxy-target a\\092~|client\n"},
        {BYTES("\x05\x01\x00\x05\x01\x00\x03\x00\x01\xbb" HELLO), ""},
        {BYTES("\x04\x01\x01\xbb\xcb\x00\x71\x05\x00" HELLO), "proxy-target 203.0.113.5|client\n"},
        {BYTES("\x04\x02\x00\x50\xcb\x00\x71\x05user\x00" HELLO), "proxy-target 203.0.113.5|client\n"},
        {BYTES("\x04\x01\x01\xbb\x00\x00\x00\x01\x00Www.Example.com\x00" HELLO), NAME},
        {BYTES("\x04\x01\x01\xbb\x00\x00\x00\xffuser\x00www.example.com\x00" HELLO), NAME},
        {BYTES("\x04\x01\x01\xbb\x00\x00\x00\x01\x00\x00" HELLO), ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i].bytes, sizeof HELLO - 1, rows[i].want);
}

static void replies(void **state)
{
    static const struct span rows[] = {
        BYTES("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" HELLO),
        BYTES("\x05\x00\x05\x00\x00\x03\x04host\x04\x38" HELLO),
        BYTES("\x05\x02\x01\x00\x05\x00\x00\x01\xcb\x00\x71\x05\x04\x38" HELLO),
        BYTES("\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x00\x00" HELLO),
        BYTES("\x00\x5a\x01\xbb\xcb\x00\x71\x05" HELLO),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i], sizeof HELLO - 1, "");
}

static void others_are_not_taken(void **state)
{
    static const struct span rows[] = {
        BYTES("\x05\x11"),                     /* too many methods */
        BYTES("\x05\x02\x00\x0a"),             /* a method that nobody assigned */
        BYTES("\x05\x01\xff\x05"),             /* what servers answer */
        BYTES("\x05\x01\x00\x02"),             /* neither a request nor a password */
        BYTES("\x05\x01\x00\x05\x03\x00\x01"), /* UDP associate */
        BYTES("\x05\x01\x00\x05\x01\x01"),     /* reserved */
        BYTES("\x05\x01\x00\x05\x01\x00\x02"), /* type of address */
        BYTES("\x05\x00\x05\x01\x00\x01"),     /* refused */
        BYTES("\x05\x00\x01\x00"),
        BYTES("\x05\xff"),
        BYTES("\x04\x03"),
        BYTES("\x04\x01\x00\x00\xcb\x00\x71\x05\x00"), /* port 0 */
        BYTES("\x04\x01\x01\xbb\x00\x00\x00\x00\x00"), /* no address */
        BYTES("\x04\x01\x01\xbb\x00\x01\x00\x01\x00"),
        BYTES("\x04\x01\x01\xbb\xe0\x00\x00\x01\x00"), /* multicast */
        BYTES("\x04\x01\x01\xbb\xcb\x00\x71\x05\x01"), /* a user of control characters */
        BYTES("\x04\x01\x01\xbb\x00\x00\x00\x01\x00www\x16\x03"),
        BYTES("\x04\x01\xc0\x00\x07\x80\xfb\x00\x00"),  /* a host whose last octet is 0 */
        BYTES("\x05\x01\x00\x03\x03\x01\x00t\x00\x00"), /* no name */
        BYTES("\x00\x5b"),
        BYTES("\x00\x5a\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00"), /* DNS of 90 bytes */
        BYTES("\x06"),
        BYTES("GET"),
        BYTES("\x16\x03\x01"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collect k = {.p.last = false};
        if (starts(rows[i].at, rows[i].len) != STARTS_NO)
            fail_msg("row %zu", i);
        collect_clear(&k);
        collect_run(&k, socks()->tcp, rows[i].at, rows[i].len);
        if (k.result != PARSE_NOT)
            fail_msg("row %zu: %d", i, k.result);
        assert_int_equal(k.observations, 0);
        collect_done(&k);
    }
}

/* Few octets tell SOCKS 4 from others: how the client goes on does, but on the ports of proxies. */
static void weak_starts(void **state)
{
    static const struct {
        struct span bytes;
        enum proto_starts starts;
    } rows[] = {
        {BYTES("\x04\x01\x01\xbb\xcb\x00\x71\x05\x00"), STARTS_MAYBE},
        {BYTES("\x04\x01\x01\xbb\xcb\x00\x71\x05\x00\x16"), STARTS_YES},
        {BYTES("\x04\x01\x01\xbb\xcb\x00\x71\x05\x00GET"), STARTS_YES},
        {BYTES("\x04\x01\x01\xbb\xcb\x00\x71\x05\x00\x00"), STARTS_NO},
        {BYTES("\x04\x01\x01\xbb\x00\x00\x00\x05\x00"
               "a\0\0"),
         STARTS_YES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(socks()->tcp_starts(rows[i].bytes, false), rows[i].starts);
        assert_int_equal(socks()->tcp_starts(rows[i].bytes, true), STARTS_YES);
    }
}

/* Who opened the connection asks, the other answers. */
static void sides(void **state)
{
    static const struct span said[] = {BYTES(REQUEST), BYTES("\x05\x00\x00\x01\0\0\0\0\0\0")};
    static const enum parse_side wrong[] = {SIDE_SERVER, SIDE_CLIENT};
    for (unsigned i = 0; i < 2; i++) {
        struct collect k = {.p.sender = wrong[i]};
        collect_run(&k, socks()->tcp, said[i].at, said[i].len);
        assert_int_equal(k.result, PARSE_NOT);
        assert_int_equal(k.observations, 0);
        k.p.sender = wrong[1 - i];
        collect_run(&k, socks()->tcp, said[i].at, said[i].len);
        assert_int_equal(k.result, PARSE_NEXT);
        collect_done(&k);
    }
}

/* The longest user, password and name; one octet more there is no room for but in SOCKS 4. */
static void limits(void **state)
{
    static uint8_t bytes[2048];
    size_t len = 0;
    char want[300];

    memcpy(bytes, "\x05\x10", 2);
    for (len = 2; len < 18; len++)
        bytes[len] = 2;
    bytes[len++] = 1;
    for (unsigned i = 0; i < 2; i++) {
        bytes[len++] = 255;
        memset(bytes + len, 5, 255);
        len += 255;
    }
    memcpy(bytes + len, "\x05\x01\x00\x03\xff", 5);
    memset(bytes + len + 5, 'a', 255);
    memcpy(bytes + len + 260, "\x01\xbb", 2);
    len += 262;
    snprintf(want, sizeof want, "proxy-target %.*s|client\n", 255, (const char *)bytes + len - 257);
    expect(span_of(bytes, len), 0, want);

    for (size_t text = 255; text <= 256; text++) {
        struct collect k = {.p.last = false};
        memcpy(bytes, "\x04\x01\x01\xbb\x00\x00\x00\x01", 8);
        memset(bytes + 8, 'u', text);
        bytes[8 + text] = 0;
        memset(bytes + 9 + text, 'a', text);
        bytes[9 + 2 * text] = 0;
        collect_run(&k, socks()->tcp, bytes, 10 + 2 * text);
        assert_int_equal(k.result, text == 255 ? PARSE_NEXT : PARSE_NOT);
        assert_int_equal(k.observations, text == 255);
        collect_done(&k);
    }
}

/* What the capture cut off does not hide a name that is there; no part of one is told. */
static void last_words(void **state)
{
    static const struct span bytes = BYTES("\x05\x01\x00" REQUEST);
    for (size_t n = 0; n < bytes.len; n++) {
        for (unsigned cut = 0; cut < 2; cut++) {
            struct collect k = {.p.last = !cut, .p.cut = cut};
            collect_clear(&k);
            collect_run(&k, socks()->tcp, bytes.at, n);
            assert_int_equal(k.result, PARSE_CUT);
            assert_string_equal(k.lines, n + 2 >= bytes.len ? NAME : "");
            assert_int_equal(k.counters[COUNT_PREAMBLE], 0);
            collect_done(&k);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests), cmocka_unit_test(replies),    cmocka_unit_test(others_are_not_taken),
        cmocka_unit_test(limits),   cmocka_unit_test(last_words), cmocka_unit_test(weak_starts),
        cmocka_unit_test(sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
