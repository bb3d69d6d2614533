/* SPDX-License-Identifier: BSD-2-Clause */
/* JA3 and JA4: the published examples, the rules one by one, lists that are hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "proto/fingerprint.h"

#define BYTES(s) span_of(s, sizeof s - 1)

struct list {
    uint8_t at[8192];
    size_t len;
};

static struct crypto *crypto;

static void u16(struct list *l, unsigned v)
{
    l->at[l->len++] = (uint8_t)(v >> 8);
    l->at[l->len++] = (uint8_t)v;
}

static void extension(struct list *l, unsigned type, struct span body)
{
    u16(l, type);
    u16(l, (unsigned)body.len);
    if (body.len > 0)
        memcpy(l->at + l->len, body.at, body.len);
    l->len += body.len;
}

static struct span bytes(const struct list *l)
{
    return span_of(l->at, l->len);
}

static void expect(const struct fingerprint_hello *h, const char *ja3, const char *ja4)
{
    char text[FINGERPRINT_TEXT_MAX];
    struct span got = fingerprint_ja3(h, crypto, text);

    if (ja3) {
        assert_int_equal(got.len, strlen(ja3));
        assert_memory_equal(got.at, ja3, got.len);
    }
    got = fingerprint_ja4(h, crypto, text);
    if (ja4) {
        assert_int_equal(got.len, strlen(ja4));
        assert_memory_equal(got.at, ja4, got.len);
    }
}

/* The examples with which JA3 was published. */
static void published_ja3(void **state)
{
    static const unsigned first[] = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4};
    static const unsigned second[] = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99};
    struct list ciphers = {.len = 0}, extensions = {.len = 0};

    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        u16(&ciphers, first[i]);
    extension(&extensions, 0, BYTES("\x00\x04\x00\x00\x01x"));
    extension(&extensions, 10, BYTES("\x00\x06\x00\x17\x00\x18\x00\x19"));
    extension(&extensions, 11, BYTES("\x01\x00"));
    expect(&(struct fingerprint_hello){'t', 769, bytes(&ciphers), bytes(&extensions)},
           "ada70206e40642a3e4461f35503241d5", NULL);
    ciphers.len = 0;
    for (size_t i = 0; i < sizeof second / sizeof *second; i++)
        u16(&ciphers, second[i]);
    expect(&(struct fingerprint_hello){'t', 769, bytes(&ciphers), span_of(NULL, 0)},
           "de350869b8c85de67a350c8d186f11e6", NULL);
}

/* The example of JA4's specification, with GREASE wherever a client may send it. */
static void specified_ja4(void **state)
{
    static const unsigned suites[] = {0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                                      0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
    static const unsigned types[] = {0xfafa, 0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005,
                                     0x0023, 0x0012, 0xff01, 0x000a, 0x000b, 0x0015, 0x1a1a};
    struct list ciphers = {.len = 0}, extensions = {.len = 0};

    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        u16(&ciphers, suites[i]);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        extension(&extensions, types[i], span_of(NULL, 0));
    extension(&extensions, 16, BYTES("\x00\x0c\x02h2\x08http/1.1"));
    extension(&extensions, 0, BYTES("\x00\x04\x00\x00\x01x"));
    extension(&extensions, 43, BYTES("\x08\xfa\xfa\x03\x04\x03\x03\x2a\x2a"));
    extension(
        &extensions, 13,
        BYTES("\x00\x14\x4a\x4a\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01\x3a\x3a"));
    struct fingerprint_hello h = {'t', 0x0303, bytes(&ciphers), bytes(&extensions)};
    expect(&h, "", "t13d1516h2_8daaf6152771_e5627efa2ab1"); /* supported_groups without a list: no JA3 */
    h.transport = 'q';
    expect(&h, "", "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

/* With one extension, and what the first part of JA4 then is. */
static void one_extension(unsigned version, unsigned type, struct span body, const char *want)
{
    struct list extensions = {.len = 0};
    char text[FINGERPRINT_TEXT_MAX];

    extension(&extensions, type, body);
    struct fingerprint_hello h = {'d', (uint16_t)version, BYTES("\x13\x01"), bytes(&extensions)};
    struct span got = fingerprint_ja4(&h, crypto, text);
    assert_int_equal(got.len > 10 ? 10 : got.len, strlen(want));
    assert_memory_equal(got.at, want, strlen(want));
}

static void alpn_characters(void **state)
{
    one_extension(0x303, 16, BYTES("\x00\x02\x01h"), "d12i0101hh");
    one_extension(0x303, 16, BYTES("\x00\x09\x08HTTP/1.0"), "d12i0101H0");
    one_extension(0x303, 16, BYTES("\x00\x02\x01\xab"), "d12i0101ab");
    one_extension(0x303, 16, BYTES("\x00\x03\x02\xab\xcd"), "d12i0101ad");
    one_extension(0x303, 16, BYTES("\x00\x03\x02\x30\xab"), "d12i01013b");
    one_extension(0x303, 16, BYTES("\x00\x05\x04\x30\x31\xab\xcd"), "d12i01013d");
    one_extension(0x303, 16, BYTES("\x00\x05\x04\x30\xab\xcd\x31"), "d12i010101");
    one_extension(0x303, 16, BYTES("\x00\x05\x04/h2/"), "d12i01012f");
    one_extension(0x303, 16, BYTES("\x00\x00"), "d12i010100");
    one_extension(0x303, 16, BYTES("\x00\x04\x00\x02h2"), "d12i010100");
    one_extension(0x303, 17, BYTES("\x00\x00"), "d12i010100");
}

static void versions(void **state)
{
    static const struct {
        unsigned version;
        const char *want;
    } rows[] = {
        {0x0304, "d13i010100"}, {0x0303, "d12i010100"}, {0x0302, "d11i010100"}, {0x0301, "d10i010100"},
        {0x0300, "ds3i010100"}, {0x0002, "ds2i010100"}, {0xfeff, "dd1i010100"}, {0xfefd, "dd2i010100"},
        {0xfefc, "dd3i010100"}, {0x7f1c, "d00i010100"}, {0x0200, "d00i010100"}, {0x0a0a, "d00i010100"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        one_extension(rows[i].version, 1, span_of(NULL, 0), rows[i].want);
    one_extension(0x301, 43, BYTES("\x06\x03\x02\x03\x03\x03\x01"), "d12i010100");
    one_extension(0x301, 43, BYTES("\x04\x7f\x1c\x03\x03"), "d00i010100"); /* a draft */
    one_extension(0x303, 43, BYTES("\x02\xba\xba"), "d00i010100");
    one_extension(0xfefd, 43, BYTES("\x04\xfe\xfc\xfe\xfd"), "dd2i010100");
    one_extension(0xfefd, 43, BYTES("\x02\xfe\xfc"), "dd3i010100");
    one_extension(0x303, 43, BYTES("\x03\x03\x03\x03"), "");
    one_extension(0x303, 43, BYTES("\x04\x03\x03"), "");
    one_extension(0x303, 43, span_of(NULL, 0), "");
}

static void nothing_to_list(void **state)
{
    struct list extensions = {.len = 0};

    expect(&(struct fingerprint_hello){'t', 0x301, span_of(NULL, 0), span_of(NULL, 0)}, NULL,
           "t10i000000_000000000000_000000000000");
    expect(&(struct fingerprint_hello){'t', 0x301, BYTES("\x5a\x5a"), span_of(NULL, 0)}, NULL,
           "t10i000000_000000000000_000000000000");
    extension(&extensions, 0, BYTES("\x00\x00"));
    extension(&extensions, 16, BYTES("\x00\x03\x02h3"));
    expect(&(struct fingerprint_hello){'t', 0x301, span_of(NULL, 0), bytes(&extensions)}, NULL,
           "t10d0002h3_000000000000_000000000000");
}

/* The order of ciphers and extensions does not matter to JA4, how many there are does. */
static void long_lists(void **state)
{
    static struct list up, down;
    char a[FINGERPRINT_TEXT_MAX], b[FINGERPRINT_TEXT_MAX], text[32];

    for (unsigned n = 1; n <= FINGERPRINT_VALUES_MAX + 1; n++) {
        up.len = down.len = 0;
        for (unsigned i = 0; i < n; i++) {
            u16(&up, i * 7);
            u16(&down, (n - 1 - i) * 7);
        }
        struct fingerprint_hello first = {'t', 0x303, bytes(&up), span_of(NULL, 0)};
        struct fingerprint_hello second = {'t', 0x303, bytes(&down), span_of(NULL, 0)};
        struct span x = fingerprint_ja4(&first, crypto, a), y = fingerprint_ja4(&second, crypto, b);
        assert_true(span_eq(x, y));
        assert_int_equal(x.len, n <= FINGERPRINT_VALUES_MAX ? 36 : 0);
        assert_int_equal(fingerprint_ja3(&first, crypto, a).len, n <= FINGERPRINT_VALUES_MAX ? 32 : 0);
        snprintf(text, sizeof text, "t12i%02u0000_", n < 99 ? n : 99);
        assert_true(n > FINGERPRINT_VALUES_MAX || memcmp(b, text, strlen(text)) == 0);
    }
}

/* GREASE counts where it is about the length of the list only. */
static void many_extensions(void **state)
{
    static struct list l;
    char text[FINGERPRINT_TEXT_MAX];

    for (unsigned n = FINGERPRINT_VALUES_MAX; n <= FINGERPRINT_VALUES_MAX + 1; n++) {
        l.len = 0;
        for (unsigned i = 0; i < n; i++)
            extension(&l, i % 4 ? 0x0a0a : 0x4000 + i, span_of(NULL, 0));
        struct fingerprint_hello h = {'t', 0x303, BYTES("\x13\x01"), bytes(&l)};
        assert_int_equal(fingerprint_ja3(&h, crypto, text).len, n == FINGERPRINT_VALUES_MAX ? 32 : 0);
        assert_int_equal(fingerprint_ja4(&h, crypto, text).len, n == FINGERPRINT_VALUES_MAX ? 36 : 0);
        assert_true(n > FINGERPRINT_VALUES_MAX || memcmp(text, "t12i019900_", 11) == 0);
    }
}

static void lists_that_contradict_themselves(void **state)
{
    struct list l = {.len = 0};
    struct fingerprint_hello h = {'t', 0x303, BYTES("\x13\x01\x13"), span_of(NULL, 0)};

    expect(&h, "", "");
    h.cipher_suites = BYTES("\x13\x01");
    extension(&l, 11, BYTES("\x02\x00"));
    h.extensions = bytes(&l);
    expect(&h, "", "t12i010100_0f2cb44170f4_bcb145a8c2a7"); /* JA4 does not look at point formats */
    l.len = 0;
    extension(&l, 13, BYTES("\x00\x03\x04\x03\x08"));
    h.extensions = bytes(&l);
    expect(&h, NULL, "");
    h.extensions = BYTES("\x00\x17\x00\x01");
    expect(&h, "", "");
}

static void without_crypto(void **state)
{
    struct fingerprint_hello h = {'t', 0x303, BYTES("\x13\x01"), span_of(NULL, 0)};
    char text[FINGERPRINT_TEXT_MAX];

    assert_int_equal(fingerprint_ja3(&h, NULL, text).len, 0);
    assert_int_equal(fingerprint_ja4(&h, NULL, text).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_ja3),   cmocka_unit_test(specified_ja4),
        cmocka_unit_test(alpn_characters), cmocka_unit_test(versions),
        cmocka_unit_test(nothing_to_list), cmocka_unit_test(long_lists),
        cmocka_unit_test(many_extensions), cmocka_unit_test(lists_that_contradict_themselves),
        cmocka_unit_test(without_crypto),
    };
    crypto = crypto_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    return failed;
}
