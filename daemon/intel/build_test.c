/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging, determinism and size of what the builder makes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "intel/image_test.h"

static void equal_values_merge(void **state)
{
    struct build *b = build_new();
    struct indicator ind = test_name(IOC_DOMAIN, "evil.example"), first = {0};
    struct ioc ioc;
    char name[16];

    ind.campaign = span_str("one");
    ind.source = span_str("first source");
    ind.feed = span_str("first.ioc");
    ind.line = 10;
    assert_int_equal(build_indicator(b, &ind, &first), BUILD_NEW);
    assert_int_equal(first.line, 0);
    ind.tier = TIER_DELIVERY;
    ind.source = span_str("second source");
    ind.feed = span_str("second.ioc");
    ind.line = 20;
    assert_int_equal(build_indicator(b, &ind, &first), BUILD_MERGED); /* same campaign, tier now known */
    assert_int_equal(first.line, 10);
    assert_true(span_eq(first.feed, span_str("first.ioc")));
    ind.tier = TIER_WATERING_HOLE;
    ind.campaign = span_of(NULL, 0);
    assert_int_equal(build_indicator(b, &ind, NULL), BUILD_MERGED);
    for (unsigned i = 0; i < 2 * IMAGE_CAMPAIGNS_MAX; i++) {
        snprintf(name, sizeof name, "campaign %u", i);
        ind.campaign = span_str(name);
        assert_int_equal(build_indicator(b, &ind, NULL), BUILD_MERGED);
    }
    ind.type = IOC_NAME; /* another type is another indicator */
    assert_int_equal(build_indicator(b, &ind, NULL), BUILD_NEW);
    assert_int_equal(build_count(b), 2);
    struct image *im = test_image(b);
    assert_true(image_ioc(im, 0, &ioc));
    assert_int_equal(ioc.campaigns, IMAGE_CAMPAIGNS_MAX);
    assert_true(span_eq(ioc.campaign[0], span_str("one")));
    assert_true(span_eq(ioc.campaign[1], span_str("campaign 0")));
    assert_int_equal(ioc.sources, 2);
    assert_true(span_eq(ioc.source[0], span_str("first source")));
    assert_true(span_eq(ioc.source[1], span_str("second source")));
    assert_int_equal(ioc.tier, TIER_DELIVERY);
    assert_int_equal(ioc.line, 10);
    assert_true(image_ioc(im, 1, &ioc));
    assert_int_equal(ioc.campaigns, 1);
    image_unmap(im);
    build_free(b);
}

static void the_worst_known_tier_stays(void **state)
{
    for (uint8_t x = 0; x < TIERS; x++)
        for (uint8_t y = 0; y < TIERS; y++) {
            struct build *b = build_new();
            struct indicator ind = test_prefix("192.0.2.1");
            struct ioc ioc;
            ind.tier = x;
            build_indicator(b, &ind, NULL);
            ind.tier = y;
            ind.type = IOC_PREFIX; /* of full length: the same as the address */
            assert_int_equal(build_indicator(b, &ind, NULL), BUILD_MERGED);
            struct image *im = test_image(b);
            assert_true(image_ioc(im, 0, &ioc));
            assert_int_equal(ioc.type, IOC_ADDRESS);
            if (x == TIER_UNKNOWN || y == TIER_UNKNOWN)
                assert_int_equal(ioc.tier, x == TIER_UNKNOWN ? y : x);
            else
                assert_int_equal(tier_severity[ioc.tier],
                                 tier_severity[x] < tier_severity[y] ? tier_severity[x] : tier_severity[y]);
            image_unmap(im);
            build_free(b);
        }
}

/* Dates: the latest beginning, and no end where one source gives none. Trust: one source of full trust is
 * enough, and a tier that only a source of low trust gives does not count against others. */
static void dates_and_trust_merge(void **state)
{
    static const struct {
        int64_t from, until;
        bool rebuilt, low;
        uint8_t tier;
    } listed[][3] = {
        {{100, 200, 0, 0, 0}, {150, 180, 0, 0, 0}, {50, 190, 0, 0, 0}},
        {{100, 200, 0, 0, 0}, {0, 0, 0, 0, 0}, {90, 300, 0, 0, 0}},
        {{900, 0, 1, 0, 0}, {70, 0, 0, 0, 0}, {70, 0, 0, 0, 0}},
        {{1, 0, 0, 1, TIER_INFECTION}, {1, 0, 0, 1, TIER_WATERING_HOLE}, {1, 0, 0, 1, 0}},
        {{1, 0, 0, 1, TIER_INFECTION}, {1, 0, 0, 0, TIER_WATERING_HOLE}, {1, 0, 0, 1, TIER_C2}},
        {{1, 0, 0, 0, TIER_DELIVERY}, {1, 0, 0, 1, TIER_INFECTION}, {1, 0, 0, 0, TIER_WATERING_HOLE}},
        {{1, 0, 0, 0, TIER_UNKNOWN}, {1, 0, 0, 1, TIER_WATERING_HOLE}, {1, 0, 0, 0, 0}},
    };
    static const struct {
        int64_t from, until;
        bool rebuilt, low;
        uint8_t tier;
    } want[] = {
        {150, 200, 0, 0, 0},
        {100, 0, 0, 0, 0},
        {70, 0, 1, 0, 0},
        {1, 0, 0, 1, TIER_INFECTION},
        {1, 0, 0, 0, TIER_WATERING_HOLE},
        {1, 0, 0, 0, TIER_DELIVERY},
        {1, 0, 0, 0, TIER_WATERING_HOLE},
    };
    struct build *b = build_new();
    struct ioc ioc;
    char name[32];

    for (unsigned i = 0; i < sizeof want / sizeof *want; i++)
        for (unsigned k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "n%u.example", i);
            struct indicator ind = test_name(IOC_DOMAIN, name);
            ind.from_s = listed[i][k].from;
            ind.until_s = listed[i][k].until;
            ind.rebuilt = listed[i][k].rebuilt;
            ind.low_trust = listed[i][k].low;
            ind.tier = listed[i][k].tier;
            assert_int_equal(build_indicator(b, &ind, NULL), k == 0 ? BUILD_NEW : BUILD_MERGED);
        }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
        assert_true(image_ioc(im, i, &ioc));
        if (ioc.from_s != want[i].from || ioc.until_s != want[i].until || ioc.rebuilt != want[i].rebuilt ||
            ioc.low_trust != want[i].low || ioc.tier != want[i].tier)
            fail_msg("row %u: %d %d %d %d %u", i, (int)ioc.from_s, (int)ioc.until_s, ioc.rebuilt,
                     ioc.low_trust, ioc.tier);
    }
    image_unmap(im);
    build_free(b);
}

static int write_some(uint64_t key, uint64_t hope)
{
    const struct hash_key k = {{key * 0x9e3779b97f4a7c15u, key * 0xd1342543de82ef95u}};
    struct build *b = build_new();
    uint64_t seed = 5;
    char name[40];
    int fd = memfd_create("some", MFD_CLOEXEC);

    build_set_key(b, &k);
    for (unsigned i = 0; i < 5000; i++) {
        if (i % 100 == 0)
            build_hope(b, hope);
        snprintf(name, sizeof name, "n%u.example%u.com", test_random(&seed, 4000), test_random(&seed, 3));
        struct indicator ind = test_name(IOC_DOMAIN, name);
        ind.campaign = i % 3 ? span_str("x") : span_str("y");
        build_indicator(b, &ind, NULL);
        ind = test_prefix(i % 2 ? "192.0.2.0/24" : "2001:db8::1");
        build_indicator(b, &ind, NULL);
        build_range(b, &ind.prefix, span_str("tag"), false);
        build_resolver_name(b, span_str(name));
        build_resolver_net(b, &ind.prefix);
    }
    assert_int_equal(build_write(b, fd), 0);
    build_free(b);
    return fd;
}

static void equal_input_is_equal_output(void **state)
{
    int a = write_some(1, 0), b = write_some(1, 0), c = write_some(2, 0);
    off_t len = lseek(a, 0, SEEK_END);

    assert_int_equal(len, lseek(b, 0, SEEK_END));
    char *x = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, a, 0);
    char *y = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, b, 0);
    assert_memory_equal(x, y, (size_t)len);
    munmap(y, (size_t)len);
    y = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, c, 0);
    assert_int_equal(len, lseek(c, 0, SEEK_END));
    assert_memory_not_equal(x, y, (size_t)len);
    munmap(x, (size_t)len);
    munmap(y, (size_t)len);
    close(a);
    close(b);
    close(c);
}

/* Feeds that list the same names again, in another order, with other campaigns: rows of METAS by the hundred,
 * so that records change in length when they are written. */
static void what_merges_later_is_written(void **state)
{
    enum { N = 3000, FEEDS = 5 };
    struct build *b = build_new();
    char name[32], campaign[32];
    struct ioc ioc;

    for (unsigned feed = 0; feed < FEEDS; feed++)
        for (unsigned i = 0; i < N; i++) {
            unsigned k = feed % 2 ? N - 1 - i : i;
            if (feed > 0 && k % (feed + 1) == 0)
                continue;
            snprintf(name, sizeof name, "n%u.example", k);
            snprintf(campaign, sizeof campaign, "%u of %u", feed ? k % 40 : 0, feed);
            struct indicator ind = test_name(IOC_DOMAIN, name), first = {0};
            ind.campaign = span_str(campaign);
            ind.line = k * 77;
            assert_int_equal(build_indicator(b, &ind, &first), feed == 0 ? BUILD_NEW : BUILD_MERGED);
            assert_int_equal(first.line, feed == 0 ? 0 : k * 77);
        }
    struct image *im = test_image(b);
    assert_int_equal(image_iocs(im), N);
    for (unsigned k = 0; k < N; k++) {
        unsigned n = 0;
        snprintf(name, sizeof name, "n%u.example", k);
        struct match m = match_name(im, span_str(name));
        assert_true(m.how == MATCH_EXACT && m.ioc == k && image_ioc(im, k, &ioc));
        assert_int_equal(ioc.line, k * 77);
        for (unsigned feed = 0; feed < FEEDS; feed++) {
            if (feed > 0 && k % (feed + 1) == 0)
                continue;
            snprintf(campaign, sizeof campaign, "%u of %u", feed ? k % 40 : 0, feed);
            assert_true(n < ioc.campaigns && span_eq(ioc.campaign[n], span_str(campaign)));
            n++;
        }
        assert_int_equal(ioc.campaigns, n);
    }
    image_unmap(im);
    build_free(b);
}

/* What is hoped for, little, far too much or right, changes nothing about what is made. */
static void hopes_do_not_show(void **state)
{
    static const uint64_t hopes[] = {0, 1, 3000, 5000, 400000, UINT64_MAX};
    int fd[sizeof hopes / sizeof *hopes];

    for (size_t i = 0; i < sizeof hopes / sizeof *hopes; i++) {
        fd[i] = write_some(1, hopes[i]);
        off_t len = lseek(fd[i], 0, SEEK_END);
        assert_int_equal(len, lseek(fd[0], 0, SEEK_END));
        char *x = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd[0], 0);
        char *y = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd[i], 0);
        assert_memory_equal(x, y, (size_t)len);
        munmap(x, (size_t)len);
        munmap(y, (size_t)len);
    }
    for (size_t i = 0; i < sizeof hopes / sizeof *hopes; i++)
        close(fd[i]);
}

/* A million names: all are found, few others pass the filter, and the index stays small. */
static void a_million_names(void **state)
{
    enum { N = 1000000 };
    struct build *b = build_new();
    char name[40];
    size_t text = 0;
    unsigned passed = 0;

    for (unsigned i = 0; i < N; i++) {
        snprintf(name, sizeof name, "host-%u.domain%u.net", i, i % 1000);
        struct indicator ind = test_name(IOC_DOMAIN, name);
        ind.line = i + 1;
        text += ind.name.len;
        assert_int_equal(build_indicator(b, &ind, NULL), BUILD_NEW);
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < N; i += 7) {
        snprintf(name, sizeof name, "www.host-%u.domain%u.net", i, i % 1000);
        struct match m = match_name(im, span_str(name));
        assert_int_equal(m.how, MATCH_BELOW);
        assert_int_equal(m.ioc, i);
        snprintf(name, sizeof name, "host-%u.domain%u.net", i, (i + 1) % 1000);
        assert_int_equal(match_name(im, span_str(name)).how, MATCH_NONE);
        passed += filter_has(&im->name_filter, hash_word(&im->key, i, 1));
    }
    double per_name = (double)(image_bytes(im) - text) / N;
    if (per_name > 12.0)
        fail_msg("%.1f bytes of index a name", per_name);
    if (passed > N / 7 / 50)
        fail_msg("%u of %u pass the filter", passed, N / 7);
    image_unmap(im);
    build_free(b);
}

static void a_full_disk_is_told(void **state)
{
    struct build *b = build_new();
    struct indicator ind = test_name(IOC_DOMAIN, "evil.example");
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    build_indicator(b, &ind, NULL);
    if (fd >= 0)
        assert_int_equal(build_write(b, fd), -ENOSPC);
    close(fd);
    assert_int_equal(build_write(b, fd), -EINVAL); /* what was collected is gone */
    build_free(b);
    b = build_new();
    assert_int_equal(build_write(b, -1), -EBADF);
    build_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_merge),           cmocka_unit_test(the_worst_known_tier_stays),
        cmocka_unit_test(equal_input_is_equal_output),  cmocka_unit_test(a_million_names),
        cmocka_unit_test(dates_and_trust_merge),        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(what_merges_later_is_written), cmocka_unit_test(hopes_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
