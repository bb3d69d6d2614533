/* SPDX-License-Identifier: BSD-2-Clause */
/* MISP events in all wrappings; what becomes of each type; what is said of an event, wherever it stands. */
#include "base/text.h"
#include "intel/load_test.h"

#define A(type, value, more) "{\"type\": \"" type "\", \"value\": \"" value "\", \"to_ids\": true" more "}"
#define ATTRIBUTES           "\"Attribute\": [" A("domain", "a.example.net", "") "]"

static void wrappings(void **state)
{
    static const char *const texts[] = {
        "{\"info\": \"Title\", \"Orgc\": {\"name\": \"Lab\"}, " ATTRIBUTES "}",
        "{" ATTRIBUTES ", \"info\": \"Title\", \"Orgc\": {\"name\": \"Lab\"}}",
        "{\"Event\": {" ATTRIBUTES
        ", \"info\": \"Title\", \"Org\": {\"name\": \"No\"}, \"Orgc\": {\"name\": \"Lab\"}}}",
        "{\"response\": [{\"Event\": {" ATTRIBUTES ", \"Orgc\": {\"name\": \"Lab\"}, \"info\": \"Title\"}}]}",
        "{\"response\": {\"Event\": {" ATTRIBUTES ", \"Orgc\": {\"name\": \"Lab\"}, \"info\": \"Title\"}}}",
        "[{\"Event\": {\"info\": \"Other\"}}, {\"Event\": {" ATTRIBUTES
        ", \"Orgc\": {\"name\": \"Lab\"}, \"info\": \"Title\"}}]",
        "[{\"info\": \"Other\"}, {" ATTRIBUTES ", \"Orgc\": {\"name\": \"Lab\"}, \"info\": \"Title\"}]",
        "{\"Event\": {\"Object\": [{\"name\": \"x\", " ATTRIBUTES
        ", \"Orgc\": {\"name\": \"No\"}}], \"Orgc\": {\"name\": \"Lab\"}, \"info\": \"Title\"}}",
        "{\"response\": {\"Attribute\": [" A(
            "domain", "a.example.net",
            ", \"Event\": {\"info\": \"Title\", \"Orgc\": {\"name\": \"Lab\"}}") "]}}",
        "{\"Event\": {\"info\": \"Other\"}}\n{\"Event\": {" ATTRIBUTES
        ", \"Orgc\": {\"name\": \"Lab\"}, \"info\": \"Title\"}}\n",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct load_test t;
        load_test_one(&t, "f.json", texts[i]);
        struct ioc ioc = load_test_ioc(&t, "a.example.net");
        if (ioc.campaigns != 1 || !span_eq(ioc.campaign[0], span_str("Title")) ||
            !span_eq(ioc.source[0], span_str("Lab")))
            fail_msg("%zu: %.*s by %.*s", i, SPAN_FMT(ioc.campaign[0]), SPAN_FMT(ioc.source[0]));
        assert_int_equal(load_test_count(&t, "f.json", LOAD_LOADED), 1);
        assert_int_equal(load_test_notes(&t), 0);
        load_test_end(&t);
    }
}

static const char all_types[] =
    "{\"info\": \"x\", \"Attribute\": [\n" A("domain", "d.example.net", "") ",\n" A("hostname", "www.h.example.net", "") ",\n" A(
        "ip-dst", "198.51.100.1",
        "") ",\n" A("ip-src", "2001:db8:1::1",
                    "") ",\n" A("ip-dst|port", "198.51.100.2|443",
                                "") ",\n" A("ip-src|port", "2001:db8:1::2|8080",
                                            "") ",\n" A("hostname|port", "p.example.net|8443",
                                                        "") ",\n" A("domain|ip",
                                                                    "pair.example.net|198.51.100.3",
                                                                    "") ",\n" A("url",
                                                                                "https://u.example.net/",
                                                                                "") ",\n" A("url",
                                                                                            "https://"
                                                                                            "path.example."
                                                                                            "net/x?y",
                                                                                            "") ",\n" A("uri",
                                                                                                        "/gat"
                                                                                                        "e."
                                                                                                        "php",
                                                                                                        "") ",\n" A("uri",
                                                                                                                    "http://uri.example.net", "") ",\n" A("x509-fingerprint-sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "") ",\n" A("x509-fingerprint-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "") ",\n" A("ja3-fingerprint-md5", "e7d705a3286e19ea42f587b344ee6865", "") ",\n" A("sha256",
                                                                                                                                                                                                                                                                                                                                                                                                                             "e3b0", "") ",\n" A("email-src", "x@d.example.net", "") ",\n" A("filename|md5",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "a|b", "") ",\n" A("jarm-fingerprint", "x", "") ",\n" A("domain",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     "no dots in here", "") ",\n" A("ip-dst", "10.0.0.1", "") ",\n" A("domain",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "") ",\n"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          "{\"value\": \"without-type.example.net\"},\n"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          "{\"type\": \"domain\", \"value\": {\"a\": \"hidden.example.net\"}}]}";

static void types(void **state)
{
    static const char *const names[] = {"d.example.net",    "www.h.example.net", "p.example.net",
                                        "pair.example.net", "u.example.net",     "uri.example.net"};
    static const char *const addresses[] = {"198.51.100.1", "2001:db8:1::1", "198.51.100.2", "2001:db8:1::2",
                                            "198.51.100.3"};
    struct load_test t;

    load_test_one(&t, "f.json", all_types);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        load_test_ioc(&t, names[i]);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        load_test_ioc(&t, addresses[i]);
    load_test_digest(&t, IOC_CERT, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    load_test_digest(&t, IOC_CERT, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    load_test_digest(&t, IOC_JA3, "e7d705a3286e19ea42f587b344ee6865");
    assert_int_equal(load_test_count(&t, "f.json", LOAD_LOADED), 14);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_NOT_NETWORK), 5);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_QUARANTINED), 2);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_MALFORMED), 4);
    assert_true(load_test_match(&t, "path.example.net", MATCH_NONE));
    assert_true(load_test_match(&t, "hidden.example.net", MATCH_NONE));
    load_test_has(&t, "note\tf.json\t0\t0\tnot-network\t", "filename|md5\t1 of this kind");
    load_test_has(&t, "note\tf.json\t6\t34\tretyped\t", "198.51.100.2:443\t");
    load_test_has(&t, "note\tf.json\t11\t26\tquarantined\t", "path.example.net");
    load_test_end(&t);
}

static const char withdrawn[] =
    "{\"Event\": {\"Attribute\": ["
    "{\"type\": \"domain\", \"to_ids\": false, \"value\": \"off1.example.net\"},"
    "{\"type\": \"domain\", \"value\": \"off2.example.net\", \"to_ids\": \"0\"},"
    "{\"type\": \"domain\", \"value\": \"off3.example.net\", \"to_ids\": 0},"
    "{\"type\": \"domain\", \"value\": \"off4.example.net\", \"to_ids\": \"false\"},"
    "{\"type\": \"domain\", \"value\": \"gone1.example.net\", \"deleted\": true, \"to_ids\": true},"
    "{\"type\": \"domain\", \"value\": \"gone2.example.net\", \"deleted\": \"1\"},"
    "{\"type\": \"domain\", \"value\": \"on1.example.net\", \"deleted\": \"0\", \"to_ids\": 1},"
    "{\"type\": \"domain\", \"value\": \"on2.example.net\", \"ShadowAttribute\": [{\"type\": \"domain\", "
    "\"value\": \"proposed.example.net\", \"to_ids\": true, \"deleted\": true}], \"RelatedAttribute\": [{"
    "\"Attribute\": {\"type\": \"domain\", \"value\": \"related.example.net\", \"to_ids\": true}}]},"
    "{\"type\": \"link\", \"value\": \"https://report.example\", \"to_ids\": false}],"
    "\"ShadowAttribute\": [{\"type\": \"domain\", \"value\": \"proposed.example.net\", \"to_ids\": true}],"
    "\"Object\": [{\"deleted\": false, \"Attribute\": [" A(
        "domain", "on3.example.net",
        "") "]}, {\"deleted\": true, "
            "\"Attribute\": [" A("domain", "gone3.example.net", "") "]}, {\"Attribute\": [" A(
                "domain", "gone4.example.net",
                "") "], "
                    "\"deleted\": \"1\"}, {\"Attribute\": [" A(
                        "domain", "on4.example.net",
                        "") "]}],"
                            "\"RelatedEvent\": [{\"Event\": {\"info\": \"wrong\", \"Attribute\": [" A(
                                "domain", "related.example.net", "") "]}}]}}";

static void what_its_publisher_says_is_none(void **state)
{
    static const char *const none[] = {"off1.example.net",   "off2.example.net",  "off3.example.net",
                                       "off4.example.net",   "gone3.example.net", "gone4.example.net",
                                       "gone1.example.net",  "gone2.example.net", "proposed.example.net",
                                       "related.example.net"};
    struct load_test t;

    load_test_one(&t, "f.json", withdrawn);
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
        assert_true(load_test_match(&t, none[i], MATCH_NONE));
    assert_true(span_eq(load_test_ioc(&t, "on1.example.net").reference, span_str("https://report.example")));
    load_test_ioc(&t, "on2.example.net");
    load_test_ioc(&t, "on3.example.net");
    load_test_ioc(&t, "on4.example.net");
    assert_int_equal(load_test_count(&t, "f.json", LOAD_LOADED), 4);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_WITHDRAWN), 8);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_NOT_NETWORK), 1);
    load_test_has(&t, "note\tf.json\t1\t", "to_ids is false");
    load_test_has(&t, "note\tf.json\t1\t", "deleted by its publisher");
    load_test_end(&t);
}

/* The configuration may want some of them all the same. */
static void forced(void **state)
{
    static const char *const force[] = {"off1.example.net", "=gone1.example.net"};
    char path[] = "/tmp/misp-XXXXXX.json";
    struct load_test t;

    load_test_options(&t, path, 5, withdrawn,
                      &(struct load_options){.force = force, .forces = 2, .tier = TIER_C2, .has_tier = true});
    assert_int_equal(load_test_count(&t, path, LOAD_LOADED), 6);
    assert_int_equal(load_test_count(&t, path, LOAD_WITHDRAWN), 6);
    assert_int_equal(load_test_count(&t, path, LOAD_FORCED), 2);
    assert_int_equal(load_test_ioc(&t, "off1.example.net").tier, TIER_C2);
    load_test_ioc(&t, "gone1.example.net");
    load_test_end(&t);
}

static const char galaxies[] =
    "{\"response\": [{\"Event\": {\"Attribute\": [" A("domain", "event.example.net", "") "," A(
        "domain", "own.example.net",
        ", \"Tag\": [{\"name\": \"misp-galaxy:tool=\\\"Pegasus\\\"\"}, {\"name\": \"tlp:white\"}], "
        "\"Galaxy\": [{\"type\": \"tool\", \"GalaxyCluster\": [{\"value\": \"Pegasus\", \"type\": \"tool\"}, "
        "{\"type\": \"country\", \"value\": \"Mexico\"}]}]") "], \"Galaxy\": [{\"GalaxyCluster\": "
                                                             "[{\"type\": "
                                                             "\"threat-actor\", \"value\": \"NSO Group\"}, "
                                                             "{\"value\": \"Phishing\", \"type\": "
                                                             "\"mitre-attack-pattern\"}]}], \"Tag\": "
                                                             "[{\"name\": \"misp-galaxy:threat-actor=\\\"NSO "
                                                             "Group\\\"\"}, "
                                                             "{\"name\": "
                                                             "\"misp-galaxy:surveillance-vendor=\\\"NSO "
                                                             "\\u00e9\\\"\"}, {\"name\": "
                                                             "\"misp-galaxy:threat-actor=\\\"59513ebe-4144-"
                                                             "4e2d-8670-06b38e96ca05\\\"\"}, {\"name\": "
                                                             "\"kill-chain:Command "
                                                             "and Control\"}], \"info\": \"Title\"}}, "
                                                             "{\"Event\": {\"info\": \"Second\", "
                                                             "\"Attribute\": [" A(
                                                                 "domain", "second.example.net",
                                                                 ", \"Tag\": [{\"name\": "
                                                                 "\"kill-chain:Delivery\"}]") "]}}]}";

static void campaigns_are_those_of_galaxies(void **state)
{
    struct load_test t;

    load_test_one(&t, "f.json", galaxies);
    struct ioc event = load_test_ioc(&t, "event.example.net"), own = load_test_ioc(&t, "own.example.net"),
               second = load_test_ioc(&t, "second.example.net");
    assert_int_equal(event.campaigns, 2);
    assert_true(span_eq(event.campaign[0], span_str("NSO Group")));
    assert_true(span_eq(event.campaign[1], span_str("NSO \xc3\xa9")));
    assert_int_equal(event.tier, TIER_C2);
    assert_int_equal(own.campaigns, 1);
    assert_true(span_eq(own.campaign[0], span_str("Pegasus")));
    assert_int_equal(second.campaigns, 1);
    assert_true(span_eq(second.campaign[0], span_str("Second")));
    assert_int_equal(second.tier, TIER_DELIVERY);
    load_test_end(&t);
}

static void dates_and_comments(void **state)
{
    static const char json[] = "{\"date\": \"2017-06-01\", \"info\": \"x\", \"Attribute\": [" A(
        "domain", "first.example.net",
        ", \"first_seen\": \"2016-01-02T03:04:05.678900+00:00\", \"timestamp\": \"1600000000\", "
        "\"last_seen\": \"2016-02-03T00:00:00+00:00\", \"category\": \"Network activity\", \"comment\": "
        "\"panel\"") "," A("domain", "stamp.example.net",
                           ", \"timestamp\": \"1500000000\", \"category\": \"x\"") "," A("domain",
                                                                                         "number."
                                                                                         "exampl"
                                                                                         "e.net",
                                                                                         ", "
                                                                                         "\"timest"
                                                                                         "amp\": "
                                                                                         "15000000"
                                                                                         "01") "," A("domain",
                                                                                                     "broken."
                                                                                                     "example"
                                                                                                     ".net",
                                                                                                     ", "
                                                                                                     "\"times"
                                                                                                     "tamp\":"
                                                                                                     " \"soon"
                                                                                                     "\", "
                                                                                                     "\"comme"
                                                                                                     "nt\": "
                                                                                                     "\"c\"") "]}";
    struct load_test t;

    load_test_one(&t, "f.json", json);
    struct ioc first = load_test_ioc(&t, "first.example.net");
    assert_int_equal(first.from_s, 1451703845);
    assert_int_equal(first.until_s, 0);
    assert_true(
        span_eq(first.comment, span_str("Network activity: panel; last seen 2016-02-03T00:00:00+00:00")));
    assert_int_equal(load_test_ioc(&t, "stamp.example.net").from_s, 1500000000);
    assert_true(span_eq(load_test_ioc(&t, "stamp.example.net").comment, span_str("x")));
    assert_int_equal(load_test_ioc(&t, "number.example.net").from_s, 1500000001);
    assert_int_equal(load_test_ioc(&t, "broken.example.net").from_s, 0);
    load_test_end(&t);
}

/* All dates of one day: they are those of the build, and the event's own is older or none. */
static void dates_of_a_build(void **state)
{
    for (unsigned older = 0; older < 2; older++) {
        char buf[4096];
        struct text text = text_on(buf, sizeof(buf));
        struct load_test t;
        text_fmt(&text, "{\"date\": \"%s\", \"info\": \"x\", \"Attribute\": [",
                 older ? "2019-01-01" : "2020-09-13");
        for (unsigned i = 0; i < 20; i++)
            text_fmt(&text, "%s" A("domain", "n%u.example.net", ", \"timestamp\": \"%u\""), i > 0 ? "," : "",
                     i, 1600000000 + i);
        text_str(&text, "]}");
        assert_false(text.full);
        load_test_one(&t, "f.json", buf);
        assert_int_equal(load_test_ioc(&t, "n7.example.net").from_s, older ? 1546300800 : 0);
        load_test_end(&t);
    }
}

static void hostile(void **state)
{
    static const char *const texts[] = {
        "{\"Event\": {\"Attribute\": [" A("domain", "a.example.net",
                                          "") ", {\"type\": \"domain\", \"value\": \"b.exa",
        "{\"Event\": {\"Attribute\": [" A("domain", "a.example.net", "") "]}} trailing",
        "{\"Event\": {\"Attribute\": [" A("domain", "a.example.net",
                                          "") ", 5, null, [[[]]], {\"type\": {}, \"value\": [1]}]}}",
        "{\"Event\": {\"info\": {\"info\": []}, \"Tag\": 7, \"Galaxy\": [[]], \"Orgc\": \"x\", "
        "\"Attribute\": [" A("domain", "a.example.net",
                             ", \"Tag\": \"x\", \"timestamp\": {}, \"comment\": null, \"deleted\": []") "]}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct load_test t;
        bool broken = i < 2;
        load_test_one(&t, "f.json", texts[i]);
        assert_int_equal(load_test_count(&t, "f.json", LOAD_LOADED), !broken);
        assert_int_equal(load_test_find(&t, "note\tf.json\t1\t") != NULL, i < 3);
        if (broken)
            load_test_has(&t, "note\tf.json\t1\t", "is broken JSON, nothing of it was loaded");
        load_test_end(&t);
    }
}

static void long_values(void **state)
{
    static char json[200000], filler[70000];
    struct load_test t;

    memset(filler, 'x', sizeof(filler) - 1);
    snprintf(json, sizeof(json),
             "{\"info\": \"%s\", \"Attribute\": [" A("domain", "%s.example.net", "") "," A(
                 "attachment", "x", ", \"data\": \"%s\"") "," A("domain", "a.example.net",
                                                                ", \"comment\": \"%.9000s\"") "]}",
             filler + 60000, filler + 60000, filler, filler);
    load_test_one(&t, "f.json", json);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_LOADED), 1);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_MALFORMED), 1);
    assert_int_equal(load_test_count(&t, "f.json", LOAD_NOT_NETWORK), 1);
    assert_in_range(load_test_ioc(&t, "a.example.net").campaign[0].len, 100, 1024);
    load_test_end(&t);
}

static void index_of_a_feed(void **state)
{
    static const char json[] = "{\"59513ebe-4144-4e2d-8670-06b38e96ca05\": {\"Orgc\": {\"name\": \"Lab\"}, "
                               "\"info\": \"a.example.net\", "
                               "\"Tag\": [{\"name\": \"x\"}], \"timestamp\": \"1\"}, "
                               "\"59513ebe-4144-4e2d-8670-06b38e96ca06\": {\"info\": "
                               "\"b\"}}";
    struct load_test t;

    load_test_one(&t, "manifest.json", json);
    assert_int_equal(image_iocs(t.im), 0);
    load_test_has(&t, "note\tmanifest.json\t1\t1\twarning\t", "2 events are in files beside it");
    load_test_has(&t, "note\tmanifest.json\t1\t1\twarning\t", "59513ebe-4144-4e2d-8670-06b38e96ca05.json");
    load_test_has(&t, "file\tmanifest.json\tmisp-index\t", "");
    load_test_end(&t);
}

static void tinycheck(void **state)
{
    static const char json[] =
        "{\"iocs\": [{\"type\": \"domain\", \"tag\": \"stalkerware\", \"tlp\": \"white\", \"value\": "
        "\"a.example.net\"}, {\"value\": \"198.51.100.1\", \"type\": \"ip4addr\"}, {\"type\": \"cidr\", "
        "\"value\": "
        "\"198.51.100.64/26\"}, {\"type\": \"sha1cert\", \"value\": "
        "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"},\n{\"type\": \"ns\", \"value\": \"ns.example.net\"}, "
        "{\"type\": \"freedns\", \"value\": \"free.example.net\"}, {\"type\": \"domain\"}, {\"value\": 5}]}";
    struct load_test t;

    load_test_one(&t, "t.json", json);
    assert_true(span_eq(load_test_ioc(&t, "a.example.net").campaign[0], span_str("stalkerware")));
    load_test_ioc(&t, "198.51.100.1");
    load_test_ioc(&t, "198.51.100.70");
    load_test_digest(&t, IOC_CERT, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_int_equal(load_test_count(&t, "t.json", LOAD_LOADED), 4);
    assert_int_equal(load_test_count(&t, "t.json", LOAD_NOT_NETWORK), 2);
    assert_int_equal(load_test_count(&t, "t.json", LOAD_MALFORMED), 2);
    load_test_has(&t, "note\tt.json\t2\t", "without type or value");
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrappings),
        cmocka_unit_test(types),
        cmocka_unit_test(what_its_publisher_says_is_none),
        cmocka_unit_test(forced),
        cmocka_unit_test(campaigns_are_those_of_galaxies),
        cmocka_unit_test(dates_and_comments),
        cmocka_unit_test(dates_of_a_build),
        cmocka_unit_test(hostile),
        cmocka_unit_test(long_values),
        cmocka_unit_test(index_of_a_feed),
        cmocka_unit_test(tinycheck),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
