/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosters' lists in JSON: whose they are, which of several tags labels a range, what is shared. */
#include "base/text.h"
#include "intel/load_test.h"

struct row {
    const char *addr, *tag;
    bool shared;
};

static void check(const struct load_test *t, const struct row *row)
{
    struct span tag = {0};
    struct addr a;
    bool shared = false;

    assert_true(addr_parse(span_str(row->addr), &a));
    bool found = image_hosting(t->im, &a, &tag, &shared);
    if (found != (row->tag != NULL) || (row->tag && !span_eq(tag, span_str(row->tag))) ||
        shared != row->shared)
        fail_msg("%s: %.*s%s", row->addr, SPAN_FMT(tag), shared ? ", shared" : "");
}

static void load_and_check(const char *name, const char *json, const struct row *rows, size_t n)
{
    struct load_test t;

    load_test_one(&t, name, json);
    assert_non_null(strstr(load_test_find(&t, "file\t"), "\tip-ranges\t"));
    for (size_t i = 0; i < n; i++)
        check(&t, &rows[i]);
    assert_int_equal(image_iocs(t.im), 0);
    assert_null(load_test_find(&t, "note\tx.json\t0\t0\terror"));
    load_test_end(&t);
}

#define LOAD_AND_CHECK(name, json, rows) load_and_check(name, json, rows, sizeof(rows) / sizeof(*(rows)))

#define AWS(prefix, service, region)                                                                         \
    "{\"ip_prefix\": \"" prefix "\", \"region\": \"" region "\", \"service\": \"" service                    \
    "\", \"network_border_group\": \"x\"}"
#define AWS6(prefix, service, region)                                                                        \
    "{\"service\": \"" service "\", \"ipv6_prefix\": \"" prefix "\", \"region\": \"" region "\"}"

/* The order in the file does not matter; a machine inside the content delivery network is one of its. */
static void aws(void **state)
{
    static const char json[] = "{\"syncToken\": \"1\", \"prefixes\": [" AWS("192.0.2.0/24", "EC2", "eu-west-1") "," AWS("192.0.2.0/24", "S3", "eu-west-1") "," AWS("192.0.2.0/24", "AMAZON", "eu-west-1") "," AWS(
        "198."
        "51."
        "100.0/"
        "24",
        "AMAZON",
        "GLOBAL") "," AWS("198.51.100.0/24", "CLOUDFRONT",
                          "GLOBAL") "," AWS("198.51.100.0/24", "CLOUDFRONT_ORIGIN_FACING",
                                            "GLOBAL") "," AWS("198.51.100.64/26", "EC2",
                                                              "us-east-1") "," AWS("198."
                                                                                   "51."
                                                                                   "100."
                                                                                   "128/"
                                                                                   "26",
                                                                                   "GLOB"
                                                                                   "ALAC"
                                                                                   "CELE"
                                                                                   "RATO"
                                                                                   "R",
                                                                                   "us-"
                                                                                   "east"
                                                                                   "-1") "," AWS("203."
                                                                                                 "0."
                                                                                                 "113."
                                                                                                 "0/"
                                                                                                 "24",
                                                                                                 "AMAZ"
                                                                                                 "ON",
                                                                                                 "us-"
                                                                                                 "east"
                                                                                                 "-1") "," AWS("203.0.113.0/25",
                                                                                                               "NEW_SERVICE",
                                                                                                               "us-east-1") "," AWS("203.0.113.0/25",
                                                                                                                                    "EC2",
                                                                                                                                    "us-east-1") "], \"ipv6_prefixes\": [" AWS6("2001:db8::/32",
                                                                                                                                                                                "AMAZON",
                                                                                                                                                                                "GLOBAL") "," AWS6("2001:db8:1::/48",
                                                                                                                                                                                                   "CLOUDFRONT",
                                                                                                                                                                                                   "GLOBAL") "]}";
    static const struct row rows[] = {
        {"192.0.2.1", "aws/S3/eu-west-1", true},
        {"198.51.100.1", "aws/CLOUDFRONT/GLOBAL", true},
        {"198.51.100.65", "aws/EC2/us-east-1", true},
        {"198.51.100.129", "aws/GLOBALACCELERATOR/us-east-1", false},
        {"203.0.113.1", "aws/NEW_SERVICE/us-east-1", false},
        {"203.0.113.129", "aws/AMAZON/us-east-1", false},
        {"2001:db8:1::1", "aws/CLOUDFRONT/GLOBAL", true},
        {"2001:db8:2::1", "aws/AMAZON/GLOBAL", false},
    };

    LOAD_AND_CHECK("x.json", json, rows);
}

static void others(void **state)
{
    static const char google[] = "{\"syncToken\": \"1\", \"prefixes\": [{\"ipv4Prefix\": \"192.0.2.0/24\", "
                                 "\"service\": \"Google Cloud\","
                                 "\"scope\": \"europe-west1\"}, {\"ipv6Prefix\": \"2001:db8::/40\"}]}";
    static const struct row google_rows[] = {{"192.0.2.1", "google-cloud/europe-west1", false},
                                             {"2001:db8::1", "google", false}};
    static const char oracle[] =
        "{\"regions\": [{\"region\": \"us-x-1\", \"cidrs\": [{\"cidr\": \"192.0.2.0/24\", \"tags\": "
        "[\"OBJECT_STORAGE\", \"OSN\"]}, {\"tags\": [\"OCI\"], \"cidr\": \"198.51.100.0/24\"}]},"
        "{\"cidrs\": [{\"cidr\": \"203.0.113.0/24\"}]}]}";
    static const struct row oracle_rows[] = {{"192.0.2.1", "oracle/OBJECT_STORAGE/us-x-1", true},
                                             {"198.51.100.1", "oracle/OCI/us-x-1", false},
                                             {"203.0.113.1", "oracle", false}};
    static const char azure[] =
        "{\"cloud\": \"Public\", \"values\": [{\"name\": \"AzureCloud.eastus\", \"properties\": {\"region\": "
        "\"eastus\", \"systemService\": \"\", \"addressPrefixes\": [\"192.0.2.0/24\", \"2001:db8::/40\"]}}, "
        "{\"name\": \"AzureFrontDoor.Frontend\", \"properties\": {\"region\": \"\", \"systemService\": "
        "\"AzureFrontDoor\", \"addressPrefixes\": [\"192.0.2.0/26\"]}}, {\"name\": \"AzureCloud\", "
        "\"properties\": {\"addressPrefixes\": [\"192.0.2.0/24\", \"192.0.2.0/26\"]}}]}";
    static const struct row azure_rows[] = {{"192.0.2.200", "azure/eastus", false},
                                            {"192.0.2.1", "azure/AzureFrontDoor", true},
                                            {"2001:db8::1", "azure/eastus", false}};

    LOAD_AND_CHECK("x.json", google, google_rows);
    LOAD_AND_CHECK("x.json", oracle, oracle_rows);
    LOAD_AND_CHECK("x.json", azure, azure_rows);
}

static void networks(void **state)
{
    static const char cloudflare[] =
        "{\"result\": {\"etag\": \"x\", \"ipv4_cidrs\": [\"192.0.2.0/24\"], \"ipv6_cidrs\": "
        "[\"2001:db8::/32\"]}, \"success\": true}";
    static const struct row cloudflare_rows[] = {{"192.0.2.1", "cloudflare", true},
                                                 {"2001:db8::1", "cloudflare", true}};
    static const char fastly[] =
        "{\"addresses\": [\"192.0.2.0/24\"], \"ipv6_addresses\": [\"2001:db8::/32\"]}";
    static const struct row fastly_rows[] = {{"192.0.2.1", "fastly", true}, {"2001:db8::1", "fastly", true}};
    static const char cloudfront[] = "{\"CLOUDFRONT_GLOBAL_IP_LIST\": [\"192.0.2.0/24\"], "
                                     "\"CLOUDFRONT_REGIONAL_EDGE_IP_LIST\": [\"198.51.100.0/24\"]}";
    static const struct row cloudfront_rows[] = {{"192.0.2.1", "aws/CLOUDFRONT/GLOBAL", true},
                                                 {"198.51.100.1", "aws/CLOUDFRONT", true}};
    static const char ripe[] =
        "{\"data\": {\"prefixes\": [{\"prefix\": \"192.0.2.0/24\", \"timelines\": []}]}}";
    static const struct row ripe_rows[] = {{"192.0.2.1", "ovh", false}};

    LOAD_AND_CHECK("x.json", cloudflare, cloudflare_rows);
    LOAD_AND_CHECK("x.json", fastly, fastly_rows);
    LOAD_AND_CHECK("x.json", cloudfront, cloudfront_rows);
    LOAD_AND_CHECK("feeds/ovh.json", ripe, ripe_rows);
}

/* A list of addresses that is not known is no list of ranges; indicators must not end as labels. */
static void not_ranges(void **state)
{
    static const char *const texts[] = {
        "{\"addresses\": [\"a.example\"]}",
        "{\"prefixes\": [\"192.0.2.0/24\"]}",
        "{\"prefixes\": [{\"ip_prefix\": 5}]}",
        "[{\"ip_prefix\": \"192.0.2.0/24\"}]",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct load_test t;
        load_test_one(&t, "x.json", texts[i]);
        assert_null(strstr(load_test_find(&t, "file\t"), "\tip-ranges\t"));
        load_test_end(&t);
    }
}

static void hostile(void **state)
{
    static const char json[] = "{\"prefixes\": [" AWS(
        "192.0.2.0/24", "S3",
        "eu-west-1") ","
                     "{\"service\": \"a/../b\\n\\u202e\", \"region\": \"\", \"ip_prefix\": "
                     "\"198.51.100.0/24\"},"
                     "{\"ip_prefix\": 7}, {\"ip_prefix\": \"0.0.0.0/0\"}, {\"ip_prefix\": "
                     "\"203.0.113.1/24\"},"
                     "{\"ip_prefix\": "
                     "\"1111111111111111111111111111111111111111111111111111111111111111111111/8\"},"
                     "{\"service\": \"CLOUDFRONT\", \"more\": {\"service\": \"x\"}, \"ip_prefix\": "
                     "\"2001:db8::/32\"}]}";
    struct load_test t;

    load_test_one(&t, "x.json", json);
    check(&t, &(struct row){"192.0.2.1", "aws/S3/eu-west-1", true});
    check(&t, &(struct row){"198.51.100.1", "aws/a_.._b____", false});
    check(&t, &(struct row){"203.0.113.255", "aws", false});
    check(&t, &(struct row){"2001:db8::1", "aws/CLOUDFRONT", true});
    assert_int_equal(load_test_count(&t, "x.json", LOAD_RANGES), 4);
    assert_int_equal(load_test_count(&t, "x.json", LOAD_MALFORMED), 2);
    assert_int_equal(load_test_count(&t, "x.json", LOAD_QUARANTINED), 1);
    load_test_has(&t, "note\tx.json\t1\t", "bits behind the prefix");
    load_test_end(&t);
    load_test_one(&t, "x.json", "{\"prefixes\": [" AWS("192.0.2.0/24", "S3", "eu-west-1") ",");
    load_test_has(&t, "note\tx.json\t1\t", "broken JSON, nothing of it");
    check(&t, &(struct row){"192.0.2.1", NULL, false});
    load_test_end(&t);
}

/* A plain list is one of ranges if the configuration names a hoster, or says so. */
static void plain_lists(void **state)
{
    static const char text[] =
        "# ranges\n192.0.2.0/24\n; more\n 2001:db8::/32 x\n192.0.2.0/24\na.example.net\n";
    static const struct load_options options[] = {{.hosting = "ovh"},
                                                  {.format = "prefixes"},
                                                  {.format = "plain"}};
    static const struct row rows[] = {{"192.0.2.1", "ovh", false}, {"2001:db8::1", "ovh", false}};

    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        char path[] = "/tmp/ranges-XXXXXX.txt";
        struct load_test t;
        load_test_options(&t, path, 4, text, &options[i]);
        assert_int_equal(load_test_count(&t, path, LOAD_RANGES), i < 2 ? 2 : 0);
        assert_int_equal(load_test_count(&t, path, LOAD_DUPLICATE), 1);
        assert_int_equal(load_test_count(&t, path, LOAD_MALFORMED), i < 2 ? 1 : 0);
        for (size_t r = 0; i == 0 && r < 2; r++)
            check(&t, &rows[r]);
        if (i == 1) {
            char tag[32];
            snprintf(tag, sizeof(tag), "%.13s", path + 5);
            check(&t, &(struct row){"2001:db8::1", tag, false});
        }
        load_test_end(&t);
    }
}

/* The configuration names the kind of list, not how it is written. */
static void lists_by_kind(void **state)
{
    static const struct load_options options = {.format = "prefixes", .hosting = "ovh"};
    static const char json[] = "{\"data\": {\"prefixes\": [{\"prefix\": \"192.0.2.0/24\"}]}}";
    static const char geofeed[] = "192.0.2.0/24,FR,FR-HDF,Roubaix,\n";
    char first[] = "/tmp/ranges-XXXXXX", second[] = "/tmp/ranges-XXXXXX";
    struct load_test t;

    load_test_options(&t, first, 0, json, &options);
    check(&t, &(struct row){"192.0.2.1", "ovh", false});
    load_test_end(&t);
    load_test_options(&t, second, 0, geofeed, &options);
    check(&t, &(struct row){"192.0.2.1", "ovh/FR-HDF", false});
    load_test_end(&t);
}

/* Far more ranges than are kept: each labels all the same. */
static void many(void **state)
{
    enum { MANY = 300000, ROOM = 64 };
    char *buf = malloc((size_t)MANY * ROOM);
    struct load_test t;

    assert_non_null(buf);
    struct text text = text_on(buf, (size_t)MANY * ROOM);
    text_str(&text, "{\"prefixes\": [");
    for (unsigned i = 0; i < MANY; i++)
        text_fmt(&text, "%s{\"ip_prefix\": \"%u.%u.%u.0/24\", \"region\": \"r%u\"}", i > 0 ? "," : "",
                 11 + (i >> 16), i >> 8 & 255, i & 255, i);
    text_str(&text, "]}");
    assert_false(text.full);
    load_test_one(&t, "x.json", buf);
    assert_int_equal(load_test_count(&t, "x.json", LOAD_RANGES), MANY);
    check(&t, &(struct row){"11.0.0.1", "aws/r0", false});
    check(&t, &(struct row){"15.147.223.1", "aws/r299999", false});
    load_test_end(&t);
    free(buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws),           cmocka_unit_test(others),  cmocka_unit_test(networks),
        cmocka_unit_test(not_ranges),    cmocka_unit_test(hostile), cmocka_unit_test(plain_lists),
        cmocka_unit_test(lists_by_kind), cmocka_unit_test(many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
