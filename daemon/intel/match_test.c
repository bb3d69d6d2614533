/* SPDX-License-Identifier: BSD-2-Clause */
/* The matcher against a slow and obvious one. */
#include <stdio.h>

#include "intel/image_test.h"

#define NAMES     300
#define LOOKUPS   30000
#define PREFIXES  400
#define LABEL_MAX 7

struct listed {
    uint8_t type;
    char name[40];
};

/* A name over three letters, with here and there a label longer than the hash's word. */
static void random_name(uint64_t *rnd, char *to, size_t size)
{
    unsigned labels = 1 + test_random(rnd, LABEL_MAX);
    size_t len = 0;

    for (unsigned i = 0; i < labels && len + 14 < size; i++) {
        if (i > 0)
            to[len++] = '.';
        unsigned n = test_random(rnd, 12) == 0 ? 7 + test_random(rnd, 4) : 1;
        char c = (char)('a' + test_random(rnd, 3));
        for (; n > 0; n--)
            to[len++] = c;
    }
    to[len] = 0;
}

static bool listed_as(const struct listed *l, size_t n, uint8_t type, const char *name, uint32_t *ret_id)
{
    for (size_t i = 0; i < n; i++)
        if (l[i].type == type && strcmp(l[i].name, name) == 0) {
            *ret_id = (uint32_t)i;
            return true;
        }
    return false;
}

static struct match slow_match(const struct listed *l, size_t n, const char *name)
{
    struct match m = {0};
    for (const char *s = name;;) {
        if (listed_as(l, n, IOC_EXCEPTION, s, &m.ioc)) {
            m.how = MATCH_EXCEPTION;
            return m;
        }
        if (s == name && listed_as(l, n, IOC_NAME, s, &m.ioc)) {
            m.how = MATCH_EXACT;
            return m;
        }
        if (listed_as(l, n, IOC_DOMAIN, s, &m.ioc)) {
            m.how = s == name ? MATCH_EXACT : MATCH_BELOW;
            return m;
        }
        s = strchr(s, '.');
        if (s == NULL)
            return m;
        s++;
    }
}

static void names_round(uint64_t seed, unsigned names)
{
    struct listed l[NAMES];
    struct build *b = build_new();
    size_t n = 0;
    char name[40];
    unsigned seen[MATCH_EXCEPTION + 1] = {0};

    for (unsigned i = 0; i < names; i++) {
        random_name(&seed, l[n].name, sizeof l[n].name);
        l[n].type = (uint8_t[]){IOC_DOMAIN, IOC_NAME, IOC_EXCEPTION}[test_random(&seed, 3)];
        struct indicator ind = test_name(l[n].type, l[n].name);
        if (build_indicator(b, &ind, NULL) == BUILD_NEW)
            n++;
    }
    assert_int_equal(build_count(b), n);
    struct image *im = test_image(b);
    for (unsigned i = 0; i < LOOKUPS; i++) {
        random_name(&seed, name, sizeof name);
        struct match want = slow_match(l, n, name), got = match_name(im, span_str(name));
        if (want.how != got.how || (want.how != MATCH_NONE && want.ioc != got.ioc))
            fail_msg("%s: want %s %u, got %s %u", name, match_names[want.how], want.ioc, match_names[got.how],
                     got.ioc);
        seen[got.how]++;
    }
    assert_true(seen[MATCH_NONE] > 0 && seen[MATCH_EXACT] > 0 && seen[MATCH_EXCEPTION] > 0);
    image_unmap(im);
    build_free(b);
}

static void names_match_reference(void **state)
{
    names_round(0x5eed, 20);
    names_round(0x5eed1, 100);
    names_round(0x5eed2, NAMES);
}

static void exceptions_nest(void **state)
{
    struct build *b = build_new();
    const struct indicator list[] = {
        test_name(IOC_DOMAIN, "evil.example"),
        test_name(IOC_EXCEPTION, "good.evil.example"),
        test_name(IOC_DOMAIN, "bad.good.evil.example"),
        test_name(IOC_NAME, "only.test"),
        test_name(IOC_DOMAIN, "both.test"),
        test_name(IOC_NAME, "both.test"),
        test_name(IOC_NAME, "x.good.evil.example"),
    };
    const struct {
        const char *name;
        uint8_t how;
        uint32_t ioc;
    } rows[] = {
        {"evil.example", MATCH_EXACT, 0},
        {"a.b.evil.example", MATCH_BELOW, 0},
        {"notevil.example", MATCH_NONE, 0},
        {"example", MATCH_NONE, 0},
        {"evil.example.com", MATCH_NONE, 0},
        {"good.evil.example", MATCH_EXCEPTION, 1},
        {"www.good.evil.example", MATCH_EXCEPTION, 1},
        {"bad.good.evil.example", MATCH_EXACT, 2},
        {"c2.bad.good.evil.example", MATCH_BELOW, 2},
        {"only.test", MATCH_EXACT, 3},
        {"www.only.test", MATCH_NONE, 0},
        {"both.test", MATCH_EXACT, 5},
        {"www.both.test", MATCH_BELOW, 4},
        {"x.good.evil.example", MATCH_EXACT, 6},
        {"y.x.good.evil.example", MATCH_EXCEPTION, 1},
        {"", MATCH_NONE, 0},
        {".", MATCH_NONE, 0},
        {".evil.example", MATCH_BELOW, 0},
        {"evil..example", MATCH_NONE, 0},
        {"evil.example.", MATCH_NONE, 0},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        assert_int_equal(build_indicator(b, &list[i], NULL), BUILD_NEW);
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct match m = match_name(im, span_str(rows[i].name));
        if (m.how != rows[i].how || m.ioc != rows[i].ioc)
            fail_msg("%s: %s %u", rows[i].name, match_names[m.how], m.ioc);
    }
    image_unmap(im);
    build_free(b);
}

/* Names as long and as deep as text can be, at the very start and end of their memory (for ASan). */
static void long_and_deep_names(void **state)
{
    struct build *b = build_new();
    char deep[254];
    struct indicator ind;

    for (size_t i = 0; i < 253; i++)
        deep[i] = i % 2 ? '.' : 'a';
    deep[253] = 0;
    ind = test_name(IOC_DOMAIN, deep);
    build_indicator(b, &ind, NULL);
    ind = test_name(IOC_DOMAIN, "\\000\\001.odd.example");
    build_indicator(b, &ind, NULL);
    ind = test_name(IOC_DOMAIN, "x");
    build_indicator(b, &ind, NULL);
    struct image *im = test_image(b);
    assert_int_equal(match_name(im, span_str(deep)).how, MATCH_EXACT);
    assert_int_equal(match_name(im, span_str(deep + 2)).how, MATCH_NONE);
    assert_int_equal(match_name(im, span_str("a.\\000\\001.odd.example")).ioc, 1);
    for (size_t len = 1; len <= NAME_TEXT_MAX; len++) {
        char *exact = malloc(len);
        memset(exact, '.', len);
        assert_int_equal(match_name(im, span_of(exact, len)).how, MATCH_NONE);
        memset(exact, 'x', len);
        assert_int_equal(match_name(im, span_of(exact, len)).how, len == 1 ? MATCH_EXACT : MATCH_NONE);
        for (size_t i = 1; i < len; i += 2)
            exact[i] = '.';
        match_name(im, span_of(exact, len));
        free(exact);
    }
    image_unmap(im);
    build_free(b);
}

#define SHA1_HEX "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define JA3_HEX  "e7d705a3286e19ea42f587b344ee6865"
#define JA4_TEXT "t13d1516h2_8daaf6152771_b0da82dd1658"

/* The same text as certificate, as fingerprint, and as a top-level name: each is found as itself alone. */
static void digests_and_names_do_not_mix(void **state)
{
    struct build *b = build_new();
    const struct indicator list[] = {
        test_name(IOC_CERT, SHA1_HEX), test_name(IOC_JA3, JA3_HEX),    test_name(IOC_JA4, JA4_TEXT),
        test_name(IOC_CERT, JA3_HEX),  test_name(IOC_DOMAIN, JA3_HEX), test_name(IOC_CERT, ""),
        test_name(IOC_NAME, "a"),      test_name(IOC_JA3, "a"),
    };
    static const struct {
        uint8_t type;
        const char *text;
        uint8_t how;
        uint32_t ioc;
    } rows[] = {
        {IOC_CERT, SHA1_HEX, MATCH_EXACT, 0},
        {IOC_JA3, JA3_HEX, MATCH_EXACT, 1},
        {IOC_JA4, JA4_TEXT, MATCH_EXACT, 2},
        {IOC_CERT, JA3_HEX, MATCH_EXACT, 3},
        {IOC_CERT, "", MATCH_EXACT, 5},
        {IOC_JA3, "a", MATCH_EXACT, 7},
        {IOC_JA3, SHA1_HEX, MATCH_NONE, 0},
        {IOC_JA4, JA3_HEX, MATCH_NONE, 0},
        {IOC_CERT, JA4_TEXT, MATCH_NONE, 0},
        {IOC_CERT, "a", MATCH_NONE, 0},
        {IOC_JA3, "", MATCH_NONE, 0},
        {IOC_CERT, "x." SHA1_HEX, MATCH_NONE, 0},
        {IOC_CERT, SHA1_HEX "0", MATCH_NONE, 0},
        {IOC_DOMAIN, JA3_HEX, MATCH_NONE, 0},
        {IOC_NAME, "a", MATCH_NONE, 0},
        {IOC_TYPES, "a", MATCH_NONE, 0},
        {IOC_JA4, "T13d1516H2_8DAAf6152771_b0da82dd1658", MATCH_EXACT, 2},
        {IOC_CERT, SHA1_HEX SHA1_HEX, MATCH_NONE, 0},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        assert_int_equal(build_indicator(b, &list[i], NULL), BUILD_NEW);
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct match m = match_value(im, rows[i].type, span_str(rows[i].text));
        if (m.how != rows[i].how || m.ioc != rows[i].ioc)
            fail_msg("%u %s: %s %u", rows[i].type, rows[i].text, match_names[m.how], m.ioc);
    }
    assert_int_equal(match_name(im, span_str(JA3_HEX)).ioc, 4);
    assert_int_equal(match_name(im, span_str("x." JA3_HEX)).how, MATCH_BELOW);
    assert_int_equal(match_name(im, span_str(SHA1_HEX)).how, MATCH_NONE);
    assert_int_equal(match_name(im, span_str("x." SHA1_HEX)).how, MATCH_NONE);
    assert_int_equal(match_name(im, span_str(JA4_TEXT)).how, MATCH_NONE);
    image_unmap(im);
    build_free(b);
}

static void types_are_told(void **state)
{
    struct build *b = build_new();
    struct indicator ja4 = test_name(IOC_JA4, JA4_TEXT), prefix = test_prefix("192.0.2.0/24");

    build_indicator(b, &ja4, NULL);
    build_indicator(b, &prefix, NULL);
    struct image *im = test_image(b);
    for (unsigned type = 0; type < IOC_TYPES + 70; type++)
        assert_int_equal(image_has_type(im, type), type == IOC_JA4 || type == IOC_PREFIX);
    image_unmap(im);
    build_free(b);
}

/* Digests differ in few bits and come by the thousand: all are found, and nothing else. */
static void many_digests(void **state)
{
    enum { N = 5000 };
    struct build *b = build_new();
    char text[65];

    for (unsigned i = 0; i < 2 * N; i++) {
        snprintf(text, sizeof text, "%064x", 2 * i);
        struct indicator ind = test_name(i < N ? IOC_CERT : IOC_JA3, text);
        assert_int_equal(build_indicator(b, &ind, NULL), BUILD_NEW);
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < 4 * N; i++) {
        snprintf(text, sizeof text, "%064x", i);
        struct match cert = match_value(im, IOC_CERT, span_str(text)),
                     ja3 = match_value(im, IOC_JA3, span_str(text));
        assert_int_equal(cert.how, i % 2 == 0 && i < 2 * N ? MATCH_EXACT : MATCH_NONE);
        assert_int_equal(ja3.how, i % 2 == 0 && i >= 2 * N ? MATCH_EXACT : MATCH_NONE);
        assert_true(!match_found(cert) || cert.ioc == i / 2);
    }
    image_unmap(im);
    build_free(b);
}

static void an_empty_image_matches_nothing(void **state)
{
    struct build *b = build_new();
    struct image *im = test_image(b);
    struct addr a = {{{0}}};
    struct ioc ioc;

    assert_int_equal(match_name(im, span_str("a.b")).how, MATCH_NONE);
    assert_int_equal(match_addr(im, &a).how, MATCH_NONE);
    assert_false(image_ioc(im, 0, &ioc));
    assert_false(image_hosting(im, &a, NULL, NULL));
    assert_int_equal(match_value(im, IOC_CERT, span_str(SHA1_HEX)).how, MATCH_NONE);
    assert_false(image_resolver_name(im, span_str("a.b")) || image_resolver_name(im, span_of(NULL, 0)));
    assert_false(image_resolver_addr(im, &a));
    image_unmap(im);
    build_free(b);
}

/* Few different bits, so that prefixes nest and addresses fall into them. */
static struct addr random_addr(uint64_t *rnd)
{
    uint8_t raw[16] = {0x20, 0x01};

    if (test_random(rnd, 2)) {
        raw[0] = (uint8_t)(10 + test_random(rnd, 2));
        raw[1] = (uint8_t)test_random(rnd, 3);
        raw[2] = (uint8_t)(test_random(rnd, 3) * 127);
        raw[3] = (uint8_t)test_random(rnd, 256);
        return addr_v4(raw);
    }
    for (unsigned i = 2; i < 16; i++)
        raw[i] = (uint8_t)(test_random(rnd, 4) ? 0 : test_random(rnd, 3));
    return addr_v6(raw);
}

static struct match slow_addr(const struct prefix *p, size_t n, const struct addr *a)
{
    struct match m = {0};
    int best = -1;

    for (size_t i = 0; i < n; i++) {
        bool v4 = addr_is_v4(&p[i].addr) && p[i].bits >= 96;
        if (v4 == addr_is_v4(a) && prefix_has(&p[i], a) && p[i].bits > best) {
            best = p[i].bits;
            m = (struct match){(uint32_t)i, best == 128 ? MATCH_EXACT : MATCH_PREFIX};
        }
    }
    return m;
}

static void addrs_round(uint64_t seed, unsigned longest_v4, unsigned longest_v6)
{
    struct prefix p[PREFIXES];
    struct build *b = build_new();
    size_t n = 0;
    unsigned hits = 0;

    for (unsigned i = 0; i < PREFIXES; i++) {
        struct addr a = random_addr(&seed);
        unsigned least = addr_is_v4(&a) ? 128 - longest_v4 : 128 - longest_v6;
        p[n].bits = (uint8_t)(128 - test_random(&seed, 2) * test_random(&seed, 129 - least));
        p[n].addr = addr_mask(&a, p[n].bits);
        struct indicator ind = {.type = p[n].bits == 128 ? IOC_ADDRESS : IOC_PREFIX, .prefix = p[n]};
        if (build_indicator(b, &ind, NULL) == BUILD_NEW)
            n++;
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < LOOKUPS; i++) {
        struct addr a = random_addr(&seed);
        struct match want = slow_addr(p, n, &a), got = match_addr(im, &a);
        char text[ADDR_TEXT_MAX];
        if (want.how != got.how || want.ioc != got.ioc)
            fail_msg("%s: want %s %u, got %s %u", addr_text(&a, text), match_names[want.how], want.ioc,
                     match_names[got.how], got.ioc);
        hits += got.how != MATCH_NONE;
        match_addr_prefetch(im, &a);
        assert_true(match_addr_maybe(im, &a) || want.how == MATCH_NONE);
    }
    assert_true(hits > 100);
    image_unmap(im);
    build_free(b);
}

static void addresses_match_reference(void **state)
{
    addrs_round(1, 9, 9); /* host bits: at most so many */
    addrs_round(2, 16, 88);
    addrs_round(3, 32, 128); /* all levels */
    addrs_round(4, 0, 0);    /* one level */
}

/* Each length alone, so that its level is found without the others': the first and last address inside, those
 * around. */
static void each_length_matches_alone(void **state)
{
    static const char *const base[] = {"2001:db8:1234:5678:9abc:def1:2345:6789", "198.51.100.77"};

    for (unsigned v4 = 0; v4 < 2; v4++) {
        for (unsigned bits = v4 ? 97 : 1; bits <= 128; bits++) {
            struct build *b = build_new();
            struct prefix p = {.bits = (uint8_t)bits};
            struct addr in, out;
            assert_true(addr_parse(span_str(base[v4]), &in));
            p.addr = addr_mask(&in, bits);
            struct indicator ind = {.type = bits == 128 ? IOC_ADDRESS : IOC_PREFIX, .prefix = p};
            assert_int_equal(build_indicator(b, &ind, NULL), BUILD_NEW);
            struct image *im = test_image(b);
            out = in;
            out.b[(bits - 1) / 8] ^= (uint8_t)(0x80u >> (bits - 1) % 8);
            assert_int_equal(match_addr(im, &in).how, bits == 128 ? MATCH_EXACT : MATCH_PREFIX);
            assert_true(match_found(match_addr(im, &p.addr)) && match_addr_maybe(im, &p.addr));
            assert_int_equal(match_addr(im, &out).how, MATCH_NONE);
            assert_int_equal(im->levels[v4].count, 1);
            assert_int_equal(im->levels[!v4].count, 0);
            image_unmap(im);
            build_free(b);
        }
    }
}

/* What is not listed passes the filter seldom, whatever lengths are listed beside it. */
static void few_addresses_pass_the_filter(void **state)
{
    enum { N = 200000 };
    struct build *b = build_new();
    uint64_t seed = 3;
    unsigned passed = 0;

    for (unsigned i = 0; i < N; i++) {
        uint8_t raw[16] = {(uint8_t)(16 + test_random(&seed, 16)), (uint8_t)test_random(&seed, 256),
                           (uint8_t)test_random(&seed, 256), (uint8_t)test_random(&seed, 256)};
        struct prefix p = {.addr = addr_v4(raw), .bits = (uint8_t)(128 - test_random(&seed, 9))};
        if (i % 8 == 0)
            p = (struct prefix){.addr = addr_v6(raw), .bits = (uint8_t)(64 - test_random(&seed, 17))};
        p.addr = addr_mask(&p.addr, p.bits);
        struct indicator ind = {.type = p.bits == 128 ? IOC_ADDRESS : IOC_PREFIX, .prefix = p};
        build_indicator(b, &ind, NULL);
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < N; i++) {
        uint8_t raw[16] = {(uint8_t)(64 + test_random(&seed, 128)), (uint8_t)test_random(&seed, 256),
                           (uint8_t)test_random(&seed, 256), (uint8_t)test_random(&seed, 256)};
        struct addr a4 = addr_v4(raw), a6 = addr_v6(raw);
        passed += match_addr_maybe(im, &a4) + match_addr_maybe(im, &a6);
        assert_false(match_found(match_addr(im, &a4)) || match_found(match_addr(im, &a6)));
    }
    if (passed > 2 * N / 50)
        fail_msg("%u of %u pass", passed, 2 * N);
    image_unmap(im);
    build_free(b);
}

static void families_do_not_mix(void **state)
{
    struct build *b = build_new();
    struct indicator any6 = test_prefix("::/0"), any4 = test_prefix("0.0.0.0/0");
    struct addr a4, a6, mapped;

    assert_true(addr_parse(span_str("192.0.2.1"), &a4) && addr_parse(span_str("2001:db8::1"), &a6) &&
                addr_parse(span_str("::ffff:192.0.2.1"), &mapped));
    build_indicator(b, &any6, NULL);
    struct image *im = test_image(b);
    assert_int_equal(match_addr(im, &a4).how, MATCH_NONE);
    assert_int_equal(match_addr(im, &a6).how, MATCH_PREFIX);
    image_unmap(im);
    build_free(b);
    b = build_new();
    build_indicator(b, &any6, NULL);
    build_indicator(b, &any4, NULL);
    im = test_image(b);
    assert_int_equal(match_addr(im, &a4).ioc, 1);
    assert_int_equal(match_addr(im, &mapped).ioc, 1);
    assert_int_equal(match_addr(im, &a6).ioc, 0);
    image_unmap(im);
    build_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_match_reference),
        cmocka_unit_test(exceptions_nest),
        cmocka_unit_test(long_and_deep_names),
        cmocka_unit_test(an_empty_image_matches_nothing),
        cmocka_unit_test(addresses_match_reference),
        cmocka_unit_test(each_length_matches_alone),
        cmocka_unit_test(few_addresses_pass_the_filter),
        cmocka_unit_test(families_do_not_mix),
        cmocka_unit_test(digests_and_names_do_not_mix),
        cmocka_unit_test(types_are_told),
        cmocka_unit_test(many_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
