/* SPDX-License-Identifier: BSD-2-Clause */
/* What an image says of its indicators, and what a damaged or hostile one can do: nothing. */
#include <inttypes.h>
#include <stdio.h>

#include "intel/image_test.h"

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
    assert_int_equal(build_answer(b, &net.prefix, ANSWER_SINKHOLE, span_str("who")), 0);
    assert_int_equal(build_days(b), 0);
    build_day(b, 5, 4000);
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
    assert_int_equal(ioc.sources, 1);
    assert_span(ioc.source[0], "source");
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

static void first_days_come_back(void **state)
{
    struct build *b = build_new();
    struct ioc ioc;

    for (unsigned i = 0; i < 3; i++) {
        struct indicator ind = test_name(IOC_DOMAIN, i == 0   ? "a.example"
                                                     : i == 1 ? "b.example"
                                                              : "c.example");
        build_indicator(b, &ind, NULL);
    }
    assert_int_equal(build_days(b), 0);
    build_day(b, 0, 1);
    build_day(b, 2, UINT16_MAX);
    assert_int_equal(build_day_of(b, 2), UINT16_MAX);
    struct image *im = test_image(b);
    assert_true(image_ioc(im, 0, &ioc) && ioc.first_s == 1451606400); /* 2016-01-01 */
    assert_true(image_ioc(im, 1, &ioc) && ioc.first_s == 0);
    assert_true(image_ioc(im, 2, &ioc) && ioc.first_s == (INT64_C(16800) + UINT16_MAX) * 86400);
    image_unmap(im);
    build_free(b);
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
    assert_int_equal(IMAGE_VERSION, 6);
    if (le64(bytes + IMAGE_AT_HEAD_SUM) != UINT64_C(0xf1f73dde6f2b0be9))
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
    assert_true(image_answer(im, &a4, &tag) < ANSWER_KINDS);
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

/* What somebody who copied it wrongly is told. */
static void a_wrong_size_is_told(void **state)
{
    const char *why = NULL;
    uint8_t *bytes;
    size_t len = small_image(&bytes);
    int fd = memfd_create("size", MFD_CLOEXEC);

    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(ftruncate(fd, (off_t)len - 1), 0);
    assert_null(image_map(fd, false, &why));
    assert_non_null(strstr(why, "cut off"));
    assert_int_equal(ftruncate(fd, (off_t)len + 1), 0);
    assert_null(image_map(fd, false, &why));
    assert_non_null(strstr(why, "longer"));
    bytes[IMAGE_AT_IOCS] ^= 1;
    assert_int_equal(pwrite(fd, bytes, len, 0), len);
    assert_null(image_map(fd, false, &why));
    assert_non_null(strstr(why, "damaged (its header)"));
    close(fd);
    free(bytes);
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
            assert_non_null(strstr(why, version < IMAGE_VERSION ? "an older one" : "a newer one"));
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
        cmocka_unit_test(the_format_is_pinned),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(damage_of_large_images_is_found),
        cmocka_unit_test(the_checksum_sees_all),
        cmocka_unit_test(no_byte_can_crash_a_reader),
        cmocka_unit_test(full_tables_end),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(first_days_come_back),
        cmocka_unit_test(a_wrong_size_is_told),
        cmocka_unit_test(old_images_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
