/* SPDX-License-Identifier: BSD-2-Clause */
/* What an image says of its indicators and ranges, and what a damaged or hostile one can do: nothing. */
#include <inttypes.h>
#include <stdio.h>

#include "intel/image_test.h"

static void assert_span(struct span s, const char *want)
{
    if (!span_eq(s, span_str(want)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), want);
}

static struct build *small_build(void)
{
    static const struct hash_key key = {{0x9e3779b97f4a7c15u, 0xd1342543de82ef95u}};
    struct build *b = build_new();
    struct indicator list[] = {
        test_name(IOC_DOMAIN, "evil.example"),
        test_name(IOC_EXCEPTION, "good.evil.example"),
        test_name(IOC_NAME, "one.evil.example"),
        test_prefix("192.0.2.1"),
        test_prefix("2001:db8::/32"),
        test_prefix("198.51.100.0/24"),
        test_name(IOC_CERT, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    };
    struct indicator range = test_prefix("192.0.0.0/16"), net = test_prefix("9.9.9.9");

    build_set_key(b, &key);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        list[i].campaign = span_str("Pegasus");
        list[i].source = span_str("https://example.org/report");
        list[i].tier = TIER_C2;
        list[i].line = (uint32_t)(7 * i);
        assert_int_equal(build_indicator(b, &list[i], NULL), BUILD_NEW);
    }
    assert_int_equal(build_range(b, &range.prefix, span_str("aws"), false), 0);
    assert_int_equal(build_resolver_name(b, span_str("dns.example")), 0);
    assert_int_equal(build_resolver_name(b, span_str("dns.example.net")), 0);
    assert_int_equal(build_resolver_net(b, &net.prefix), 0);
    return b;
}

static void an_indicator_comes_back_whole(void **state)
{
    struct build *b = build_new();
    struct indicator ind = test_name(IOC_DOMAIN, "evil.example");
    struct ioc ioc;

    ind.tier = TIER_DELIVERY;
    ind.campaign = span_str("Pegasus");
    ind.source = span_str("source");
    ind.reference = span_str("reference");
    ind.licence = span_str("CC0");
    ind.comment = span_str("comment");
    ind.feed = span_str("a/b.ioc");
    ind.line = UINT32_MAX;
    ind.from_s = -5;
    ind.until_s = 1700000000;
    build_indicator(b, &ind, NULL);
    ind = test_name(IOC_NAME, "two.example");
    ind.line = 3;
    build_indicator(b, &ind, NULL);
    struct image *im = test_image(b);
    assert_int_equal(image_iocs(im), 2);
    assert_true(image_ioc(im, 0, &ioc));
    assert_span(ioc.value, "evil.example");
    assert_span(ioc.source, "source");
    assert_span(ioc.reference, "reference");
    assert_span(ioc.licence, "CC0");
    assert_span(ioc.comment, "comment");
    assert_span(ioc.feed, "a/b.ioc");
    assert_int_equal(ioc.campaigns, 1);
    assert_span(ioc.campaign[0], "Pegasus");
    assert_int_equal(ioc.tier, TIER_DELIVERY);
    assert_true(ioc.line == UINT32_MAX && ioc.from_s == -5 && ioc.until_s == 1700000000);
    assert_true(image_ioc(im, 1, &ioc));
    assert_int_equal(ioc.type, IOC_NAME);
    assert_int_equal(ioc.line, 3);
    assert_int_equal(ioc.campaigns, 0);
    assert_false(image_ioc(im, 2, &ioc));
    assert_false(image_ioc(im, UINT32_MAX, &ioc));
    image_unmap(im);
    build_free(b);
}

/* The key must never change: incidents and thresholds of other programs hang on it. */
static void keys_are_stable(void **state)
{
    struct build *a = small_build(), *b = build_new();
    struct indicator other = test_name(IOC_DOMAIN, "first.example"),
                     again = test_name(IOC_DOMAIN, "evil.example");
    struct ioc x, y;

    again.campaign = span_str("another");
    build_indicator(b, &other, NULL);
    build_indicator(b, &again, NULL);
    struct image *im = test_image(a), *im2 = test_image(b);
    assert_true(image_ioc(im, 0, &x) && image_ioc(im2, 1, &y));
    assert_true(x.key == y.key);
    assert_true(x.key == UINT64_C(0x12890a1990375a20));
    assert_true(image_ioc(im, 3, &x));
    assert_span(x.value, "192.0.2.1");
    assert_true(x.key == UINT64_C(0x1052ac9e28cd1b0c));
    image_unmap(im);
    image_unmap(im2);
    build_free(a);
    build_free(b);
}

static void hosting_is_the_longest_range(void **state)
{
    static const struct {
        const char *range, *tag;
        bool shared;
    } ranges[] = {
        {"10.0.0.0/8", "ten", false},       {"10.1.0.0/16", "ten/one", false},
        {"10.1.0.0/24", "first", true},     {"10.1.255.0/24", "last", false},
        {"255.0.0.0/8", "end", false},      {"ffff::/16", "end6", false},
        {"10.1.255.255/32", "host", false}, {"10.9.0.0/16", "aws", false},
        {"10.9.0.0/16", "aws/EC2", false},  {"10.9.0.0/16", "google", false},
        {"10.10.0.0/16", "cdn", true},      {"10.10.0.0/16", "cdn/more", false},
        {"2001:db8::/32", "doc", false},    {"2001:db8:1::/48", "doc/1", false},
    };
    static const struct {
        const char *addr, *tag;
    } rows[] = {
        {"9.255.255.255", NULL},
        {"10.0.0.0", "ten"},
        {"10.1.0.0", "first"},
        {"10.1.0.255", "first"},
        {"10.1.1.0", "ten/one"},
        {"10.1.255.1", "last"},
        {"10.1.255.255", "host"},
        {"10.2.0.0", "ten"},
        {"10.255.255.255", "ten"},
        {"11.0.0.0", NULL},
        {"255.255.255.255", "end"},
        {"10.9.1.1", "aws/EC2"},
        {"10.10.1.1", "cdn"},
        {"2001:db8::", "doc"},
        {"2001:db8:1:2::3", "doc/1"},
        {"2001:db8:2::", "doc"},
        {"2001:db9::", NULL},
        {"::", NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "end6"},
    };
    struct build *b = build_new();

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct indicator r = test_prefix(ranges[i].range);
        assert_int_equal(build_range(b, &r.prefix, span_str(ranges[i].tag), ranges[i].shared), 0);
    }
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a;
        struct span tag = span_str("untouched");
        bool shared = true;
        assert_true(addr_parse(span_str(rows[i].addr), &a));
        assert_int_equal(image_hosting(im, &a, &tag, &shared), rows[i].tag != NULL);
        assert_span(tag, rows[i].tag ? rows[i].tag : "untouched");
        assert_int_equal(shared, rows[i].tag == NULL || strcmp(rows[i].tag, "first") == 0 ||
                                     strcmp(rows[i].tag, "cdn") == 0);
    }
    image_unmap(im);
    build_free(b);
}

static void hosting_matches_reference(void **state)
{
    struct prefix p[200];
    struct build *b = build_new();
    uint64_t seed = 77;
    char tag[16];

    for (unsigned i = 0; i < 200; i++) {
        uint8_t raw[4] = {10, (uint8_t)test_random(&seed, 2), (uint8_t)test_random(&seed, 4),
                          (uint8_t)test_random(&seed, 256)};
        struct addr a = addr_v4(raw);
        p[i].bits = (uint8_t)(128 - test_random(&seed, 25));
        p[i].addr = addr_mask(&a, p[i].bits);
        snprintf(tag, sizeof tag, "%u", p[i].bits); /* equal ranges have equal tags */
        build_range(b, &p[i], span_str(tag), false);
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t raw[4] = {10, (uint8_t)test_random(&seed, 2), (uint8_t)test_random(&seed, 5),
                          (uint8_t)test_random(&seed, 256)};
        struct addr a = addr_v4(raw);
        struct span got;
        int best = -1;
        for (unsigned k = 0; k < 200; k++)
            if (prefix_has(&p[k], &a) && p[k].bits > best)
                best = p[k].bits;
        assert_int_equal(image_hosting(im, &a, &got, NULL), best >= 0);
        snprintf(tag, sizeof tag, "%d", best);
        if (best >= 0)
            assert_span(got, tag);
    }
    image_unmap(im);
    build_free(b);
}

/* Others between a name and what is below it, in plain order; names below a listed one; twice. */
static const char *const resolver_names[] = {
    "a.example",       "b.a.example", "a-b.example", "dns.example.net",
    "dns.example.net", "aa.example",  "zz",          "c.b.a.example"};
static const char *const resolver_nets[] = {"9.9.9.9", "45.90.28.0/24", "2620:fe::/48", "45.90.28.7",
                                            "9.9.9.9"};
static const struct {
    const char *value;
    bool is;
} resolver_rows[] = {
    {"a.example", true},
    {"x.a.example", true},
    {"b.a.example", true},
    {"x.y.b.a.example", true},
    {"a-b.example", true},
    {"x.a-b.example", true},
    {"aa.example", true},
    {"ba.example", false},
    {"example", false},
    {"b.example", false},
    {"-b.example", false},
    {"x.dns.example.net", true},
    {"xdns.example.net", false},
    {"ns.example.net", false},
    {"zz", true},
    {"zzz", false},
    {"z", false},
    {"", false},
    {".", false},
    {".zz", true},
    {"zz.", false},
    {"\\000.a.example", true},
    {"a.example.a.example", true},
    {"a.example.b", false},
    {"9.9.9.9", true},
    {"9.9.9.10", false},
    {"9.9.9.8", false},
    {"45.90.28.0", true},
    {"45.90.28.7", true},
    {"45.90.28.255", true},
    {"45.90.29.0", false},
    {"45.90.27.255", false},
    {"2620:fe::9", true},
    {"2620:fe:1::", false},
    {"::ffff:9.9.9.9", true},
    {"::909:909", false},
};

static void resolvers_are_told(void **state)
{
    struct build *b = build_new();

    for (size_t i = 0; i < sizeof resolver_names / sizeof *resolver_names; i++)
        assert_int_equal(build_resolver_name(b, span_str(resolver_names[i])), 0);
    for (size_t i = 0; i < sizeof resolver_nets / sizeof *resolver_nets; i++) {
        struct indicator net = test_prefix(resolver_nets[i]);
        assert_int_equal(build_resolver_net(b, &net.prefix), 0);
    }
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof resolver_rows / sizeof *resolver_rows; i++) {
        struct addr a;
        bool addr = addr_parse(span_str(resolver_rows[i].value), &a);
        bool is =
            addr ? image_resolver_addr(im, &a) : image_resolver_name(im, span_str(resolver_rows[i].value));
        if (is != resolver_rows[i].is)
            fail_msg("%s", resolver_rows[i].value);
        /* They are no indicators and host nobody. */
        assert_int_equal(addr ? match_addr(im, &a).how : match_name(im, span_str(resolver_rows[i].value)).how,
                         MATCH_NONE);
        assert_false(addr && image_hosting(im, &a, NULL, NULL));
    }
    assert_int_equal(image_iocs(im), 0);
    image_unmap(im);
    build_free(b);
}

/* Any names over few letters, with dots in all places: as a walk over all of them would say. */
static void resolvers_match_reference(void **state)
{
    uint64_t seed = 12;

    for (unsigned round = 0; round < 50; round++) {
        struct build *b = build_new();
        char name[60][8], asked[8];
        for (unsigned i = 0; i < 60; i++) {
            unsigned len = 1 + test_random(&seed, 7);
            for (unsigned k = 0; k < len; k++)
                name[i][k] = ".-a0"[test_random(&seed, 4)];
            name[i][len] = 0;
            build_resolver_name(b, span_str(name[i]));
        }
        struct image *im = test_image(b);
        for (unsigned i = 0; i < 2000; i++) {
            unsigned len = test_random(&seed, 8);
            bool want = false;
            for (unsigned k = 0; k < len; k++)
                asked[k] = ".-a0"[test_random(&seed, 4)];
            asked[len] = 0;
            for (unsigned k = 0; k < 60; k++) {
                size_t n = strlen(name[k]);
                want |= n <= len && strcmp(asked + len - n, name[k]) == 0 &&
                        (n == len || asked[len - n - 1] == '.');
            }
            if (image_resolver_name(im, span_str(asked)) != want)
                fail_msg("%s", asked);
        }
        image_unmap(im);
        build_free(b);
    }
}

static size_t small_image(uint8_t **ret)
{
    struct build *b = small_build();
    int fd = memfd_create("small", MFD_CLOEXEC);

    assert_int_equal(build_write(b, fd), 0);
    off_t len = lseek(fd, 0, SEEK_END);
    *ret = malloc((size_t)len);
    assert_int_equal(pread(fd, *ret, (size_t)len, 0), len);
    close(fd);
    build_free(b);
    return (size_t)len;
}

/* What an image of another version of bridle would be read as. When this fails, layout or hash has changed:
 * raise IMAGE_VERSION, then write the new number here. */
static void the_format_is_pinned(void **state)
{
    uint8_t *bytes;

    small_image(&bytes);
    assert_int_equal(IMAGE_VERSION, 5);
    if (le64(bytes + IMAGE_AT_HEAD_SUM) != UINT64_C(0x6369fa910bcb9b31))
        fail_msg("%016" PRIx64, le64(bytes + IMAGE_AT_HEAD_SUM));
    free(bytes);
}

/* Maps the bytes and asks everything. Returns whether it could be mapped. */
static bool use(int fd, const uint8_t *bytes, size_t len, bool verify)
{
    const char *why = NULL;
    struct ioc ioc;
    struct span tag;
    struct addr a4 = {.b = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
                a6 = {.b = {0x20, 1, 0xd, 0xb8}};

    assert_int_equal(pwrite(fd, bytes, len, 0), len);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    struct image *im = image_map(fd, verify, &why);
    assert_int_equal(im == NULL, why != NULL);
    if (im == NULL)
        return false;
    match_name(im, span_str("evil.example"));
    match_name(im, span_str("www.good.evil.example"));
    match_name(im, span_str("one.evil.example"));
    match_addr(im, &a4);
    match_addr(im, &a6);
    match_value(im, IOC_CERT, span_str("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    image_resolver_name(im, span_str("x.dns.example"));
    image_resolver_addr(im, &a4);
    for (uint32_t id = 0; id < 8; id++)
        if (image_ioc(im, id, &ioc))
            assert_true(ioc.type < IOC_TYPES && ioc.tier < TIERS);
    image_hosting(im, &a4, &tag, NULL);
    image_unmap(im);
    return true;
}

static void damage_is_found(void **state)
{
    uint8_t *bytes;
    size_t len = small_image(&bytes);
    int fd = memfd_create("damaged", MFD_CLOEXEC);

    assert_true(use(fd, bytes, len, true));
    for (size_t cut = 0; cut < len; cut += 13)
        assert_false(use(fd, bytes, cut, false));
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 0x10;
        assert_false(use(fd, bytes, len, true));
        /* The header is always looked at as a whole, what follows only when asked for. */
        assert_int_equal(use(fd, bytes, len, false), i >= IMAGE_HEADER_BYTES);
        bytes[i] ^= 0x10;
    }
    close(fd);
    free(bytes);
}

/* Every octet counts wherever it stands, in blocks of every length. */
static void the_checksum_sees_all(void **state)
{
    uint8_t block[100] = {0};

    for (size_t len = 0; len <= sizeof block; len++) {
        uint64_t sum = image_checksum(7, span_of(block, len));
        assert_true(sum != image_checksum(8, span_of(block, len)));
        assert_true(len == 0 || sum != image_checksum(7, span_of(block, len - 1)));
        for (size_t i = 0; i < len; i++)
            for (unsigned bit = 0; bit < 8; bit++) {
                block[i] ^= (uint8_t)(1u << bit);
                assert_true(sum != image_checksum(7, span_of(block, len)));
                block[i] ^= (uint8_t)(1u << bit);
            }
    }
}

/* An image of several blocks of the checksum, with a text of that length in it. */
static int large_image(size_t text_len)
{
    static uint8_t text[2 * IMAGE_SUM_BYTES];
    struct build *b = build_new();
    struct indicator ind = test_name(IOC_DOMAIN, "evil.example");
    int fd = memfd_create("large", MFD_CLOEXEC);

    ind.comment = span_of(text, text_len);
    assert_int_equal(build_indicator(b, &ind, NULL), BUILD_NEW);
    for (unsigned i = 0; i < 9000; i++) {
        char name[32];
        snprintf(name, sizeof name, "name-%u.example", i);
        ind = test_name(IOC_DOMAIN, name);
        assert_int_equal(build_indicator(b, &ind, NULL), BUILD_NEW);
    }
    assert_int_equal(build_write(b, fd), 0);
    build_free(b);
    return fd;
}

static void damage_of_large_images_is_found(void **state)
{
    int fd = large_image(1);
    size_t used = (size_t)(lseek(fd, 0, SEEK_END) - IMAGE_HEADER_BYTES) % IMAGE_SUM_BYTES;

    for (unsigned round = 0; round < 2; round++) {
        off_t len = lseek(fd, 0, SEEK_END);
        for (off_t part = 0; part <= 6; part++) {
            const char *why;
            off_t at = part == 0 ? len - 1 : len * part / 7;
            struct image *im = image_map(fd, true, &why);
            assert_non_null(im);
            uint8_t old = im->base[at], new = old ^ 1;
            image_unmap(im);
            assert_int_equal(pwrite(fd, &new, 1, at), 1);
            assert_null(image_map(fd, true, &why));
            assert_int_equal(pwrite(fd, &old, 1, at), 1);
        }
        close(fd);
        fd = large_image(1 + IMAGE_SUM_BYTES - used); /* ends where a block ends */
        assert_int_equal((lseek(fd, 0, SEEK_END) - IMAGE_HEADER_BYTES) % IMAGE_SUM_BYTES, 0);
    }
    close(fd);
}

static void no_byte_can_crash_a_reader(void **state)
{
    static const uint8_t values[] = {0x00, 0x01, 0x3f, 0x7f, 0x80, 0xff};
    uint8_t *bytes;
    size_t len = small_image(&bytes);
    int fd = memfd_create("hostile", MFD_CLOEXEC);
    uint64_t seed = 99;

    for (size_t i = 8; i < len; i++) {
        uint8_t old = bytes[i];
        for (size_t v = 0; v < sizeof values; v++) {
            bytes[i] = values[v];
            test_sum_head(bytes);
            use(fd, bytes, len, false);
        }
        bytes[i] = old;
    }
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t *copy = malloc(len);
        memcpy(copy, bytes, len);
        for (unsigned k = 0; k < 8; k++)
            copy[8 + test_random(&seed, (uint32_t)len - 8)] = (uint8_t)test_random(&seed, 256);
        test_sum_head(copy);
        use(fd, copy, len, false);
        free(copy);
    }
    close(fd);
    free(bytes);
}

/* All slots full, all tags fitting: a lookup still ends after its few buckets. */
static void full_tables_end(void **state)
{
    uint8_t *bytes;
    size_t len = small_image(&bytes);
    int fd = memfd_create("full", MFD_CLOEXEC);
    static const uint8_t full[] = {IMAGE_NAME_FILTER, IMAGE_NAME_SLOTS, IMAGE_ADDR_FILTER, IMAGE_ADDR_SLOTS};

    for (unsigned s = 0; s < sizeof full; s++) {
        const uint8_t *row = bytes + IMAGE_AT_SECTIONS + 8 * full[s];
        memset(bytes + le32(row), 0xff, le32(row + 4));
    }
    assert_true(use(fd, bytes, len, false));
    close(fd);
    free(bytes);
}

static void other_files_are_refused(void **state)
{
    const char *why = NULL;
    int fd = memfd_create("text", MFD_CLOEXEC), pipes[2];

    assert_null(image_map(fd, true, &why));
    assert_non_null(why);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(write(fd, "# a list of names\n", 18), 18);
    assert_null(image_map(fd, true, &why));
    assert_non_null(strstr(why, "not a compiled image"));
    close(fd);
    assert_int_equal(pipe(pipes), 0);
    assert_null(image_map(pipes[0], true, &why));
    close(pipes[0]);
    close(pipes[1]);
    assert_null(image_map(-1, true, &why));
}

static void old_images_are_refused(void **state)
{
    const char *why = NULL;
    uint8_t *bytes;
    size_t len = small_image(&bytes);
    int fd = memfd_create("old", MFD_CLOEXEC);

    for (uint32_t version = 0; version < IMAGE_VERSION + 3; version++) {
        put_le32(bytes + IMAGE_AT_VERSION, version);
        test_sum_head(bytes);
        assert_int_equal(pwrite(fd, bytes, len, 0), len);
        struct image *im = image_map(fd, false, &why);
        assert_int_equal(im != NULL, version == IMAGE_VERSION);
        if (im == NULL)
            assert_non_null(strstr(why, "another version of bridle"));
        image_unmap(im);
    }
    close(fd);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_indicator_comes_back_whole),
        cmocka_unit_test(keys_are_stable),
        cmocka_unit_test(hosting_is_the_longest_range),
        cmocka_unit_test(hosting_matches_reference),
        cmocka_unit_test(the_format_is_pinned),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(damage_of_large_images_is_found),
        cmocka_unit_test(the_checksum_sees_all),
        cmocka_unit_test(no_byte_can_crash_a_reader),
        cmocka_unit_test(full_tables_end),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(resolvers_are_told),
        cmocka_unit_test(resolvers_match_reference),
        cmocka_unit_test(old_images_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
