/* SPDX-License-Identifier: BSD-2-Clause */
/* HPACK: the examples of RFC 7541 Appendix C, and each mistake that a block can make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/hpack.h"

#define BLOCK(s) span_of(s, sizeof s - 1)

/* The block says `want` (`name=value|` of each field) and ends in `state`; `more`: it was cut off. */
static void expect_end(struct span block, const char *want, enum cur_state state, bool more)
{
    char text[1024] = "";
    uint8_t name[128], value[128];
    struct hpack_field f;
    struct hpack h;

    hpack_begin(&h, cur_datagram(block.at, block.len, block.len + more));
    while (hpack_next(&h, &f)) {
        struct span n = hpack_text(f.name, name, sizeof name), v = hpack_text(f.value, value, sizeof value);
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%.*s=%.*s|", SPAN_FMT(n), SPAN_FMT(v));
    }
    assert_string_equal(text, want);
    assert_int_equal(h.c.state, state);
}

static void expect(struct span block, const char *want)
{
    expect_end(block, want, CUR_OK, false);
}

static void expect_bad(struct span block, const char *want)
{
    expect_end(block, want, CUR_BAD, false);
}

static void examples(void **state)
{
    expect(BLOCK("\x40\x0a"
                 "custom-key\x0d"
                 "custom-header"),
           "custom-key=custom-header|");                                                  /* C.2.1 */
    expect(BLOCK("\x04\x0c/sample/path"), ":path=/sample/path|");                         /* C.2.2 */
    expect(BLOCK("\x10\x08password\x06secret"), "password=secret|");                      /* C.2.3 */
    expect(BLOCK("\x82"), ":method=GET|");                                                /* C.2.4 */
    expect(BLOCK("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), /* C.4.1 */
           ":method=GET|:scheme=http|:path=/|:authority=www.example.com|");
    expect(
        BLOCK("\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"), /* C.4.3 */
        "custom-key=custom-value|");
}

static void dynamic_table(void **state)
{
    /* The newest entry is 62; a name alone is taken over from one. */
    expect(BLOCK("\x40\x01"
                 "a\x01"
                 "1\x40\x01"
                 "b\x01"
                 "2\xbe\xbf\x7f\x00\x01"
                 "3\xbe"),
           "a=1|b=2|b=2|a=1|a=3|a=3|");
    expect_bad(BLOCK("\x00\x01"
                     "a\x01"
                     "1\xbe"),
               "a=1|"); /* not indexed */
    expect_bad(BLOCK("\x20\x40\x01"
                     "a\x01"
                     "1\xbe"),
               "a=1|"); /* a table of no size holds none */
    /* Entries of 34 and 36 bytes: a table of 70 holds both, one of 69 the newer. */
    expect(BLOCK("\x3f\x27\x40\x01"
                 "a\x01"
                 "1\x40\x03"
                 "bcd\x01"
                 "2\xbf"),
           "a=1|bcd=2|a=1|");
    expect_bad(BLOCK("\x3f\x26\x40\x01"
                     "a\x01"
                     "1\x40\x03"
                     "bcd\x01"
                     "2\xbf"),
               "a=1|bcd=2|");
    expect(BLOCK("\x3f\x26\x40\x01"
                 "a\x01"
                 "1\x40\x03"
                 "bcd\x01"
                 "2\xbe"),
           "a=1|bcd=2|bcd=2|");
    expect(BLOCK("\x3f\x05\x40\x03"
                 "bcd\x01"
                 "2\xbe"),
           "bcd=2|bcd=2|");
    expect_bad(BLOCK("\x3f\x04\x40\x01"
                     "a\x01"
                     "1\x40\x03"
                     "bcd\x01"
                     "2\xbe"),
               "a=1|bcd=2|");                              /* emptied */
    expect(BLOCK("\x3f\xe1\xff\x03\x82"), ":method=GET|"); /* the server may have announced more */
}

static void mistakes(void **state)
{
    expect_bad(BLOCK("\x80"), "");
    expect_bad(BLOCK("\x82\xbe"), ":method=GET|");
    expect_bad(BLOCK("\x82\x3f\x00"), ":method=GET|");     /* a size update behind a field */
    expect_bad(BLOCK("\xff\x80\x80\x80\x80\x80\x00"), ""); /* an integer of too many bytes */
    expect_bad(BLOCK("\xff\xff\xff\xff\xff\x1f"), "");     /* larger than 32 bits */
    expect_bad(BLOCK("\x01\x02x"), "");                    /* a string that passes the end */
    expect_bad(BLOCK("\x01\x84\xff\xff\xff\xff"), "");     /* EOS */
    expect_bad(BLOCK("\x01\x81\x18"), "");                 /* padding of zeroes */
    expect_bad(BLOCK("\x01\x82\x1f\xff"), "");             /* 'a' and a byte of padding */
    expect(BLOCK("\x01\x81\x1f"), ":authority=a|");
    expect(BLOCK("\x01\x80"), ":authority=|");
    expect_end(BLOCK("\x82\x01\x02x"), ":method=GET|", CUR_CUT, true);
    expect_end(BLOCK("\x82\x01"), ":method=GET|", CUR_CUT, true);
    expect_end(BLOCK("\x82\xff"), ":method=GET|", CUR_CUT, true);
}

/* The shortest entries fill the ring, and go round it. */
static void many_entries(void **state)
{
    uint8_t block[4 * (HPACK_ENTRIES_MAX + 2) + 4], *at = block;
    struct hpack_field f;
    struct hpack h;

    for (unsigned i = 0; i < HPACK_ENTRIES_MAX + 2; i++) {
        memcpy(at, "\x40\x00\x00", 3);
        at += 3;
    }
    memcpy(at, "\xff\x3e\xff\x3f", 4); /* 62 + 127 is the oldest */
    hpack_begin(&h, cur_datagram(block, (size_t)(at - block) + 4, (size_t)(at - block) + 4));
    for (unsigned i = 0; i < HPACK_ENTRIES_MAX + 3; i++)
        assert_true(hpack_next(&h, &f));
    assert_int_equal(h.entries, HPACK_ENTRIES_MAX);
    assert_false(hpack_next(&h, &f));
    assert_int_equal(h.c.state, CUR_BAD);
}

static void short_buffers(void **state)
{
    uint8_t buf[4];
    struct hpack_string s = {.raw = BLOCK("\x1c\x64"), .huffman = true}; /* "a" coded thrice is 15 bits */

    s.raw = BLOCK("\x18\xc6\x3f"); /* aaaa */
    assert_int_equal(hpack_text(s, buf, 4).len, 4);
    assert_int_equal(hpack_text(s, buf, 3).len, 0);
    s.huffman = false;
    assert_ptr_equal(hpack_text(s, buf, 0).at, s.raw.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),     cmocka_unit_test(dynamic_table), cmocka_unit_test(mistakes),
        cmocka_unit_test(many_entries), cmocka_unit_test(short_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
