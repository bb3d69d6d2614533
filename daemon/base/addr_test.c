/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and prefixes: text forms, special ranges, masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/addr.h"

static void addresses_as_text(void **state)
{
    /* RFC 5952 §4 and §5; an input without output is no address. */
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:C000:0201", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"::1.2.3.4", "::102:304"},
        {"2001:0DB8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"0:0:1:1:1:1:0:0", "::1:1:1:1:0:0"},
        {"1:1:1:1:1:1:0:0", "1:1:1:1:1:1::"},
        {"0:1:1:1:1:1:1:1", "0:1:1:1:1:1:1:1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {""},
        {"1.2.3"},
        {"1.2.3.256"},
        {"01.2.3.4"},
        {"1.2.3.4.5"},
        {" 1.2.3.4"},
        {"1.2.3.4 "},
        {"0x7f.0.0.1"},
        {":::"},
        {"1::2::3"},
        {"fe80::1%lo"},
        {"[::1]"},
        {"12345::"},
        {"1:2:3:4:5:6:7:8:9"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a, again;
        char text[ADDR_TEXT_MAX];
        assert_int_equal(addr_parse(span_str(rows[i].in), &a), rows[i].out != NULL);
        if (rows[i].out == NULL)
            continue;
        assert_string_equal(addr_text(&a, text), rows[i].out);
        assert_true(addr_parse(span_str(text), &again) && addr_eq(&a, &again));
    }
    struct addr a;
    assert_false(addr_parse(span_of("1.2.3.4\0", 8), &a));
}

/* All patterns of zero groups, and back. */
static void every_run_of_zeros(void **state)
{
    for (unsigned bits = 0; bits < 256; bits++) {
        struct addr a = {.b = {0}}, again;
        char text[ADDR_TEXT_MAX];
        for (unsigned i = 0; i < 8; i++)
            if (bits >> i & 1)
                a.b[2 * i + 1] = (uint8_t)(i + 1);
        assert_true(addr_parse(span_str(addr_text(&a, text)), &again));
        assert_true(addr_eq(&a, &again));
        const char *first = strstr(text, "::");
        assert_true(first == NULL || strstr(first + 1, "::") == NULL);
    }
}

static void prefixes_as_text(void **state)
{
    static const struct {
        const char *in, *out;
        bool host_bits;
    } rows[] = {
        {"10.0.0.0/8", "10.0.0.0/8", false},
        {"10.1.2.3/8", "10.0.0.0/8", true},
        {"10.1.2.3", "10.1.2.3", false},
        {"10.1.2.3/32", "10.1.2.3", false},
        {"10.1.2.3/0", "0.0.0.0/0", true},
        {"::ffff:10.0.0.0/104", "10.0.0.0/8", false},
        {"2001:db8::/32", "2001:db8::/32", false},
        {"2001:db8::1/127", "2001:db8::/127", true},
        {"::/0", "::/0", false},
        {"10.0.0.0/33", NULL, false},
        {"::/129", NULL, false},
        {"10.0.0.0/", NULL, false},
        {"10.0.0.0/-1", NULL, false},
        {"10.0.0.0/+8", NULL, false},
        {"10.0.0.0/8/8", NULL, false},
        {"10.0.0.0/0008", NULL, false},
        {"10.0.0/8", NULL, false},
        {"/8", NULL, false},
        {"", NULL, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prefix p;
        bool host_bits = false;
        char text[PREFIX_TEXT_MAX];
        assert_int_equal(prefix_parse(span_str(rows[i].in), &p, &host_bits), rows[i].out != NULL);
        if (rows[i].out == NULL)
            continue;
        assert_string_equal(prefix_text(&p, text), rows[i].out);
        assert_int_equal(host_bits, rows[i].host_bits);
    }
}

static void masks_bit_by_bit(void **state)
{
    struct addr ones, m;
    memset(ones.b, 0xff, 16);
    for (unsigned bits = 0; bits <= 128; bits++) {
        m = addr_mask(&ones, bits);
        for (unsigned i = 0; i < 128; i++)
            assert_int_equal(m.b[i / 8] >> (7 - i % 8) & 1, i < bits);
        struct prefix p = {m, (uint8_t)bits};
        assert_true(prefix_has(&p, &ones));
        if (bits > 0) {
            struct addr other = ones;
            other.b[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
            assert_false(prefix_has(&p, &other));
        }
    }
}

static void special_ranges(void **state)
{
    static const struct {
        const char *addr;
        bool is_private, is_group;
    } rows[] = {
        {"10.255.255.255", true, false},
        {"11.0.0.0", false, false},
        {"172.16.0.0", true, false},
        {"172.31.255.255", true, false},
        {"172.32.0.0", false, false},
        {"192.168.1.1", true, false},
        {"192.169.0.0", false, false},
        {"100.64.0.1", true, false},
        {"100.128.0.0", false, false},
        {"169.254.1.1", true, false},
        {"127.0.0.1", true, false},
        {"::1", true, false},
        {"::2", false, false},
        {"fd00::1", true, false},
        {"fe80::1", true, false},
        {"fec0::1", false, false},
        {"2001:db8::1", false, false},
        {"224.0.0.1", false, true},
        {"239.255.255.255", false, true},
        {"240.0.0.1", false, false},
        {"255.255.255.255", false, true},
        {"0.0.0.0", false, true},
        {"::", false, true},
        {"ff02::1", false, true},
        {"8.8.8.8", false, false},
        {"::ffff:10.0.0.1", true, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a;
        assert_true(addr_parse(span_str(rows[i].addr), &a));
        assert_int_equal(addr_is_private(&a), rows[i].is_private);
        assert_int_equal(addr_is_group(&a), rows[i].is_group);
    }
}

static void text_of_ipv6_packets(void **state)
{
    struct addr mapped, plain;
    char text[ADDR_TEXT_MAX];

    addr_parse(span_str("192.0.2.1"), &mapped);
    addr_parse(span_str("2001:db8::1"), &plain);
    assert_string_equal(addr_text(&mapped, text), "192.0.2.1");
    assert_string_equal(addr_text_v6(&mapped, text), "::ffff:c000:201");
    assert_string_equal(addr_text_v6(&plain, text), "2001:db8::1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_ipv6_packets), cmocka_unit_test(addresses_as_text),
        cmocka_unit_test(every_run_of_zeros),   cmocka_unit_test(prefixes_as_text),
        cmocka_unit_test(masks_bit_by_bit),     cmocka_unit_test(special_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
