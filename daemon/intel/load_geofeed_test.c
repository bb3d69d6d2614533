/* SPDX-License-Identifier: BSD-2-Clause */
/* Geofeeds: what they are taken for, regions and countries, dirt. */
#include "intel/load_test.h"

static const char feed[] = "# This is a geofeed\n"
                           "192.0.2.0/24,NL,NL-NH,Amsterdam,1098 XH\r\n"
                           "\n"
                           " 198.51.100.0/25 , nl , nl-nh , \"Den Haag\" , # home\n"
                           "198.51.100.128/25,US,,,\n"
                           "203.0.113.7,,,,\n"
                           "2001:db8:1::/48,\"DE\",\"DE-BE\",\"Berlin, Mitte\"\n"
                           "2001:db8:1:2::/64,SG,Singapore,,\n"
                           "203.0.113.64/26,Netherlands,,,\n"
                           "not-a-prefix,NL,,,\n"
                           "0.0.0.0/0,NL,NL-NH,,\n"
                           "203.0.113.65/26,NL,,,\n";

static const struct {
    const char *addr, *tag;
} rows[] = {
    {"192.0.2.255", "digitalocean/NL-NH"},     {"198.51.100.127", "digitalocean/NL-NH"},
    {"198.51.100.128", "digitalocean/US"},     {"203.0.113.7", "digitalocean"},
    {"2001:db8:1:1::1", "digitalocean/DE-BE"}, {"2001:db8:1:2::1", "digitalocean/SG"},
    {"203.0.113.127", "digitalocean/NL"},      {"203.0.113.128", NULL},
};

static void check_hosting(const struct load_test *t, const char *text, const char *tag, bool shared)
{
    struct span got = {0};
    struct addr a;
    bool is_shared = false;

    assert_true(addr_parse(span_str(text), &a));
    bool found = image_hosting(t->im, &a, &got, &is_shared);
    if (found != (tag != NULL) || (tag && !span_eq(got, span_str(tag))) || is_shared != shared)
        fail_msg("%s: %.*s%s", text, SPAN_FMT(got), is_shared ? ", shared" : "");
}

static void regions_and_countries(void **state)
{
    struct load_test t;

    load_test_one(&t, "feeds/digitalocean.csv", feed);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        check_hosting(&t, rows[i].addr, rows[i].tag, false);
    assert_int_equal(load_test_count(&t, "feeds/digitalocean.csv", LOAD_RANGES), 7);
    assert_int_equal(load_test_count(&t, "feeds/digitalocean.csv", LOAD_DUPLICATE), 1);
    assert_int_equal(load_test_count(&t, "feeds/digitalocean.csv", LOAD_MALFORMED), 1);
    assert_int_equal(load_test_count(&t, "feeds/digitalocean.csv", LOAD_QUARANTINED), 1);
    assert_int_equal(image_iocs(t.im), 0);
    load_test_has(&t, "note\tfeeds/digitalocean.csv\t8\t22\twarning\t", "Singapore\tis no region");
    load_test_has(&t, "note\tfeeds/digitalocean.csv\t9\t", "Netherlands\tis no country");
    load_test_has(&t, "note\tfeeds/digitalocean.csv\t10\t1\tmalformed\t", "not-a-prefix");
    load_test_has(&t, "note\tfeeds/digitalocean.csv\t0\t0\tduplicate\t", "1 of the ranges");
    load_test_end(&t);
}

/* What is no geofeed: it must not switch off indicators. */
static void lists_of_indicators_are_none(void **state)
{
    static const char *const others[] = {
        "192.0.2.1,NL\n192.0.2.2,US\n",    "ip,country,region,city,zip\n",
        "192.0.2.1,US,Trojan,,\n",         "192.0.2.0/24,,,,\n",
        "a.example,NL,NL-NH,Amsterdam,\n", "192.0.2.1,NL,NL-NH,Amsterdam,,2020\n",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        struct load_test t;
        load_test_one(&t, "f.csv", others[i]);
        assert_int_equal(load_test_count(&t, "f.csv", LOAD_RANGES), 0);
        load_test_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_and_countries),
        cmocka_unit_test(lists_of_indicators_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
