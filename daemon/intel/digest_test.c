/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests and fingerprints in every form that people write, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "intel/digest.h"
#include "intel/normalise.h"

#define MD5_HEX    "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1_HEX   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define JA4_TEXT   "t13d1516h2_8daaf6152771_b0da82dd1658"
#define MD5_COLONS "D4:1D:8C:D9:8F:00:B2:04:E9:80:09:98:EC:F8:42:7E"

/* X: written, what it is; `value` NULL: nothing. */
static const struct row {
    const char *text;
    uint8_t type;
    const char *value;
} rows[] = {
    {"cert:" SHA1_HEX, IOC_CERT, SHA1_HEX},
    {"cert:" SHA256_HEX, IOC_CERT, SHA256_HEX},
    {"CERT:" MD5_COLONS, IOC_CERT, MD5_HEX},
    {"Cert:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", IOC_CERT, SHA1_HEX},
    {"  \"cert:" SHA1_HEX "\",", IOC_CERT, SHA1_HEX},
    {"cert[:]" MD5_COLONS, IOC_CERT, MD5_HEX},
    {"ja3:" MD5_HEX, IOC_JA3, MD5_HEX},
    {"JA3:" MD5_COLONS, IOC_JA3, MD5_HEX},
    {"ja4:" JA4_TEXT, IOC_JA4, JA4_TEXT},
    {"JA4:T13D1516H2_8DAAF6152771_B0DA82DD1658", IOC_JA4, JA4_TEXT},
    {JA4_TEXT, IOC_JA4, JA4_TEXT},
    {"ja4:ds2i990000_000000000000_000000000000", IOC_JA4, "ds2i990000_000000000000_000000000000"},
    /* Wrong length or digits. */
    {"cert:", 0, NULL},
    {"cert::", 0, NULL},
    {"cert:443", 0, NULL},
    {"cert:evil.example", 0, NULL},
    {"cert:" SHA1_HEX "0", 0, NULL},
    {"cert:" SHA1_HEX "00", 0, NULL},
    {"cert:" SHA256_HEX SHA256_HEX, 0, NULL},
    {"cert:" SHA256_HEX SHA256_HEX SHA256_HEX, 0, NULL},
    {"cert:ga39a3ee5e6b4b0d3255bfef95601890afd80709", 0, NULL},
    {"cert:cert:" SHA1_HEX, 0, NULL},
    {"cert:ja3:" MD5_HEX, 0, NULL},
    {"cert:" JA4_TEXT, 0, NULL},
    {"ja3:" SHA1_HEX, 0, NULL},
    {"ja3:" JA4_TEXT, 0, NULL},
    {"ja3:771,4865-4866,0-23,29,0", 0, NULL},
    /* Colons between all bytes or nowhere. */
    {"cert:" MD5_COLONS ":", 0, NULL},
    {"cert::" MD5_COLONS, 0, NULL},
    {"cert:D41D:8C:D9:8F:00:B2:04:E9:80:09:98:EC:F8:42:7E", 0, NULL},
    {"cert:D4:1D8C:D9:8F:00:B2:04:E9:80:09:98:EC:F8:42:7E", 0, NULL},
    {"cert:D4::1D:8C:D9:8F:00:B2:04:E9:80:09:98:EC:F8:42:7", 0, NULL},
    {"cert:D4:1D:8C:D9:8F:00:B2:04:E9:80:09:98:EC:F8:42:7", 0, NULL},
    {"cert:D:41:D8:CD:98:F0:0B:20:4E:98:00:99:8E:CF:84:27:E", 0, NULL},
    /* Not the form of JA4. */
    {"ja4:" JA4_TEXT "0", 0, NULL},
    {"ja4:113d1516h2_8daaf6152771_b0da82dd1658", 0, NULL},
    {"ja4:t13x1516h2_8daaf6152771_b0da82dd1658", 0, NULL},
    {"ja4:t13d15a6h2_8daaf6152771_b0da82dd1658", 0, NULL},
    {"ja4:t13d1516h-_8daaf6152771_b0da82dd1658", 0, NULL},
    {"ja4:t13d1516h2-8daaf6152771_b0da82dd1658", 0, NULL},
    {"ja4:t13d1516h2_8daaf615277g_b0da82dd1658", 0, NULL},
    {"ja4:t13d1516h2_8daaf6152771", 0, NULL},
    {"ja4:", 0, NULL},
};

static void what_is_written_is_understood(void **state)
{
    static const enum normal_want wants[] = {NORMAL_WANT_ANY, NORMAL_WANT_HOST};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned w = 0; w < 2; w++) {
            struct normal n, again;
            char prefixed[NAME_TEXT_MAX + 8];
            normalise(span_str(rows[i].text), wants[w], &n);
            if ((n.kind == NORMAL_DIGEST) != (rows[i].value != NULL) ||
                (n.kind == NORMAL_BAD) != (n.why != NULL))
                fail_msg("%s: kind %u", rows[i].text, n.kind);
            if (rows[i].value == NULL)
                continue;
            assert_int_equal(n.type, rows[i].type);
            assert_string_equal(n.name, rows[i].value);
            assert_int_equal(n.retyped, w == 1);
            snprintf(prefixed, sizeof prefixed, "%s:%s",
                     (const char *[]){"cert", "ja3", "ja4"}[n.type - IOC_CERT], n.name);
            normalise(span_str(prefixed), NORMAL_WANT_ANY, &again);
            assert_true(again.kind == NORMAL_DIGEST && again.type == n.type);
            assert_string_equal(again.name, n.name);
        }
}

/* A list of file hashes must not become one of certificates. */
static void bare_digests_are_none(void **state)
{
    static const struct {
        const char *text, *digits;
    } bare[] = {
        {MD5_HEX, MD5_HEX},
        {MD5_COLONS, MD5_HEX},
        {SHA1_HEX, SHA1_HEX},
        {SHA256_HEX, SHA256_HEX},
        {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", SHA256_HEX},
        {SHA256_HEX SHA256_HEX, ""}, /* SHA-512 */
        {"12345678"
         "12345678" MD5_HEX MD5_HEX MD5_HEX,
         NULL}, /* 112 digits */
        {MD5_HEX ".example", NULL},
        {"abcdef", NULL},
    };

    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        struct normal n;
        normalise(span_str(bare[i].text), NORMAL_WANT_ANY, &n);
        if (n.bare_digest != (bare[i].digits != NULL))
            fail_msg("%s", bare[i].text);
        if (!n.bare_digest)
            continue;
        assert_int_equal(n.kind, NORMAL_BAD);
        assert_string_equal(n.name, bare[i].digits);
    }
}

static void a_feed_may_say_that_it_is_of_a_certificate(void **state)
{
    struct normal n;

    normalise(span_str(MD5_COLONS), NORMAL_WANT_CERT, &n);
    assert_true(n.kind == NORMAL_DIGEST && n.type == IOC_CERT && !n.retyped);
    assert_string_equal(n.name, MD5_HEX);
    normalise(span_str(JA4_TEXT), NORMAL_WANT_CERT, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
    normalise(span_str("evil.example"), NORMAL_WANT_CERT, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
    normalise(span_str("ja3:" MD5_HEX), NORMAL_WANT_CERT, &n);
    assert_int_equal(n.kind, NORMAL_BAD);
}

/* Text of any length, at the very end of its memory (for ASan), leaves the result alone unless it is good. */
static void any_length_is_safe(void **state)
{
    char ret[DIGEST_TEXT_MAX + 1];

    for (size_t len = 0; len <= 300; len++)
        for (unsigned type = IOC_CERT; type < IOC_TYPES; type++) {
            char *text = malloc(len + 1);
            memset(text, 'a', len);
            struct span s = span_of(text + (len == 0), len);
            strcpy(ret, "old");
            const char *why = digest_read((enum ioc_type)type, s, ret);
            assert_int_equal(why == NULL, strcmp(ret, "old") != 0);
            assert_true(why != NULL || strlen(ret) == len);
            digest_bare(s, ret);
            assert_true(strlen(ret) <= DIGEST_TEXT_MAX);
            assert_int_equal(digest_type(&s), IOC_TYPES);
            free(text);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_understood),
        cmocka_unit_test(bare_digests_are_none),
        cmocka_unit_test(a_feed_may_say_that_it_is_of_a_certificate),
        cmocka_unit_test(any_length_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
