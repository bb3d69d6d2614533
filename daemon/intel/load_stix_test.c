/* SPDX-License-Identifier: BSD-2-Clause */
/* STIX bundles: campaigns over relationships, what cannot be seen, and broken documents. */
#include "base/text.h"
#include "intel/load_test.h"

#define BUNDLE(objects) "{\"type\": \"bundle\", \"id\": \"bundle--1\", \"objects\": [" objects "]}"

struct indicator_text {
    const char *pattern, *more; /* more: further members of the object */
};

/* Loads a bundle of indicators "indicator--0", ... and, before them, `others`. */
static void load_bundle(struct load_test *t, const char *name, const char *others,
                        const struct indicator_text *indicators, size_t n)
{
    static char buf[16384];
    struct text text = text_on(buf, sizeof(buf));

    text_str(&text, "{\"type\": \"bundle\", \"objects\": [");
    text_str(&text, others);
    for (size_t i = 0; i < n; i++)
        text_fmt(&text, "%s{\"type\": \"indicator\", \"id\": \"indicator--%zu\", \"pattern\": \"%s\"%s}",
                 i > 0 || others[0] ? "," : "", i, indicators[i].pattern,
                 indicators[i].more ? indicators[i].more : "");
    text_str(&text, "]}");
    assert_false(text.full);
    load_test_one(t, name, buf);
}

#define LOAD_BUNDLE(t, name, others, list) load_bundle(t, name, others, list, sizeof(list) / sizeof(*(list)))

#define RELATION(kind, from, to)                                                                             \
    "{\"type\": \"relationship\", \"relationship_type\": \"" kind "\", \"source_ref\": \"" from              \
    "\", \"target_ref\": \"" to "\"}"
#define OBJECT(type, name) "{\"type\": \"" type "\", \"id\": \"" type "--1\", \"name\": \"" name "\"}"

static const char related[] =
    RELATION("indicates", "indicator--0", "malware--1") "," RELATION("indicates", "indicator--0", "campaign--1") "," OBJECT("malware", "Mal") "," OBJECT(
        "campaign",
        "Camp") "," OBJECT("identity",
                           "Lab") "," RELATION("indicates", "indicator--0",
                                               "malware--1") "," RELATION("related-to", "indicator--1",
                                                                          "malware--1") "," RELATION("indicat"
                                                                                                     "es",
                                                                                                     "indicat"
                                                                                                     "or--1",
                                                                                                     "malware"
                                                                                                     "--9") "," RELATION("indicates",
                                                                                                                         "indicator--1",
                                                                                                                         "identity--1");

static void campaigns_come_over_relationships(void **state)
{
    static const struct indicator_text list[] = {{"[domain-name:value='a.example']", NULL},
                                                 {"[domain-name:value='b.example']", NULL}};
    struct load_test t;

    LOAD_BUNDLE(&t, "x/feed.stix2", related, list);
    struct ioc a = load_test_ioc(&t, "a.example"), b = load_test_ioc(&t, "b.example");
    assert_int_equal(a.campaigns, 2);
    assert_true(span_eq(a.campaign[0], span_str("Mal")) && span_eq(a.campaign[1], span_str("Camp")));
    assert_true(span_eq(a.source[0], span_str("Lab")));
    assert_int_equal(b.campaigns, 1);
    assert_true(span_eq(b.campaign[0], span_str("feed")));
    assert_int_equal(load_test_count(&t, "x/feed.stix2", LOAD_LOADED), 2);
    assert_int_equal(load_test_count(&t, "x/feed.stix2", LOAD_DUPLICATE), 0);
    assert_int_equal(load_test_notes(&t), 0);
    load_test_end(&t);
}

static const struct indicator_text attributed[] = {
    {"[domain-name:value='a.example']",
     ", \"created\": \"2024-01-01T00:00:00Z\", \"valid_from\": \"2024-01-01T00:00:00Z\", \"labels\": [\"x\", "
     "\"c2\"], "
     "\"description\": \"why \\u00e9 \\u0000\", \"external_references\": [{\"url\": \"https://r.example\"}]"},
    {"[domain-name:value='b.example']", ", \"created\": \"2024-01-01T00:00:00Z\", \"valid_from\": "
                                        "\"2020-01-01T00:00:01.5Z\", \"name\": \"b.example\", "
                                        "\"valid_until\": \"2021-01-01T00:00:00+01:00\", "
                                        "\"kill_chain_phases\": [{\"phase_name\": \"delivery\"}]"},
    {"[domain-name:value='c.example']", ", \"valid_from\": \"soon\", \"valid_until\": 5, \"labels\": \"c2\""},
};

static void attributes_of_an_indicator(void **state)
{
    struct load_test t;

    LOAD_BUNDLE(&t, "f", "", attributed);
    struct ioc a = load_test_ioc(&t, "a.example"), b = load_test_ioc(&t, "b.example"),
               c = load_test_ioc(&t, "c.example");
    assert_int_equal(a.from_s, 0); /* the date of the build says nothing */
    assert_int_equal(a.tier, TIER_C2);
    assert_true(span_eq(a.comment, span_of("why \xc3\xa9 \0", 8)));
    assert_true(span_eq(a.reference, span_str("https://r.example")));
    assert_true(span_eq(a.source[0], span_str("f")));
    assert_int_equal(b.from_s, 1577836801);
    assert_int_equal(b.until_s, 1609459200 - 3600);
    assert_int_equal(b.tier, TIER_DELIVERY);
    assert_int_equal(b.comment.len, 0); /* a name that repeats the value */
    assert_int_equal(c.tier, TIER_UNKNOWN);
    load_test_has(&t, "note\tf\t0\t0\twarning\tsoon\t", "no date");
    load_test_end(&t);
}

static void what_a_network_sensor_cannot_see(void **state)
{
    static const struct indicator_text list[] = {
        {"[file:name='x']", NULL},
        {"[file:name='y']", NULL},
        {"[email-addr:value='x@y.example']", NULL},
        {"alert tcp any any", ", \"pattern_type\": \"snort\""},
        {"[domain-name:value='a.example' AND file:name='x']", NULL},
        {"[domain-name:value='b.example' OR file:name='x']", NULL},
        {"[domain-name:value LIKE '%.example']", NULL},
        {"[domain-name:value='c.example'", NULL},
        {"[domain-name:value='d.example']", ", \"revoked\": true"},
    };
    struct load_test t;

    LOAD_BUNDLE(&t, "f", "", list);
    assert_int_equal(image_iocs(t.im), 1);
    assert_true(load_test_match(&t, "b.example", MATCH_EXACT));
    assert_int_equal(load_test_count(&t, "f", LOAD_NOT_NETWORK), 6);
    load_test_has(&t, "note\tf\t0\t0\tnot-network\tfile:name\t", "4 of this kind");
    load_test_has(&t, "note\tf\t0\t0\tnot-network\tsnort\t", "1 of this kind");
    load_test_has(&t, "note\tf\t0\t0\tquarantined\ta.example\t", "file:name");
    load_test_has(&t, "note\tf\t0\t0\tmalformed\tdomain-name:value\t", "understood");
    load_test_has(&t, "note\tf\t0\t0\tmalformed\t[domain-name:value='c.example'\t", "character 31");
    load_test_has(&t, "note\tf\t0\t0\twarning\t[domain-name:value='d.example']\t", "revoked");
    load_test_end(&t);
}

static void values_are_what_their_type_says_or_told(void **state)
{
    static const struct indicator_text list[] = {
        {"[domain-name:value='192.0.2.1']", NULL},
        {"[domain-name:value='A.example/path']", NULL},
        {"[domain-name:value='label']", NULL},
        {"[url:value='https://b.example/']", NULL},
        {"[url:value='https://c.example/x']", NULL},
        {"[ipv6-addr:value='2001:DB8::1' OR ipv4-addr:value ISSUBSET '192.0.2.128/25']", NULL},
        {"[network-traffic:dst_ref.type='ipv4-addr' AND network-traffic:dst_ref.value='198.51.100.1']", NULL},
        {"[ipv4-addr:value='198.51.100.2' AND network-traffic:dst_port = 443]", NULL},
    };
    struct load_test t;

    LOAD_BUNDLE(&t, "f", "", list);
    assert_int_equal(load_test_ioc(&t, "192.0.2.1").type, IOC_ADDRESS);
    assert_int_equal(load_test_ioc(&t, "192.0.2.129").type, IOC_PREFIX);
    assert_true(load_test_match(&t, "x.a.example", MATCH_BELOW));
    assert_true(load_test_match(&t, "b.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "c.example", MATCH_NONE));
    load_test_ioc(&t, "2001:db8::1");
    load_test_ioc(&t, "198.51.100.1");
    assert_int_equal(load_test_count(&t, "f", LOAD_RETYPED), 3);
    assert_int_equal(load_test_count(&t, "f", LOAD_QUARANTINED), 3);
    assert_int_equal(load_test_count(&t, "f", LOAD_LOADED), 6);
    load_test_has(&t, "note\tf\t0\t0\tquarantined\tlabel\t", "single label");
    load_test_end(&t);
}

#define SHA1_HEX   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define MD5_HEX    "d41d8cd98f00b204e9800998ecf8427e"

static void certificates_by_their_digests(void **state)
{
    static const struct indicator_text list[] = {
        {"[x509-certificate:hashes.'SHA-1' = 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709']", NULL},
        {"[x509-certificate:hashes.'SHA-256'='" SHA256_HEX "' OR file:hashes.'SHA-256'='" SHA256_HEX "']",
         NULL},
        {"[x509-certificate:hashes.MD5 IN ('" MD5_HEX "', 'd41d8cd98f00b204e9800998ecf8427f')]", NULL},
        {"[x509-certificate:hashes.SHA256='f" SHA1_HEX "']", NULL},
        {"[x509-certificate:hashes.'SHA-1' LIKE 'da%']", NULL},
        {"[x509-certificate:serial_number='36:f7:d4']", NULL},
        {"[x509-certificate:hashes.'SHA-1'='0" SHA1_HEX "']", NULL},
        {"[x509-certificate:hashes.'SHA-1'='aa39a3ee5e6b4b0d3255bfef95601890afd80709' AND "
         "x509-certificate:issuer='CN=x']",
         NULL},
        {"[file:hashes.MD5='" MD5_HEX "']", NULL},
        {"[domain-name:value='" SHA1_HEX "']", NULL},
        {"[domain-name:value='cert:ba39a3ee5e6b4b0d3255bfef95601890afd80709']", NULL},
    };
    struct load_test t;

    LOAD_BUNDLE(&t, "f", "", list);
    load_test_digest(&t, IOC_CERT, SHA1_HEX);
    load_test_digest(&t, IOC_CERT, SHA256_HEX);
    load_test_digest(&t, IOC_CERT, MD5_HEX);
    load_test_digest(&t, IOC_CERT, "ba39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_int_equal(image_iocs(t.im), 5);
    load_test_has(&t, "note\tf\t0\t0\tmalformed\tf" SHA1_HEX "\t", "SHA-256 has 64");
    load_test_has(&t, "note\tf\t0\t0\tmalformed\tx509-certificate:hashes.'SHA-1'\t", "understood");
    load_test_has(&t, "note\tf\t0\t0\tnot-network\tx509-certificate:serial_number\t", "1 of this kind");
    load_test_has(&t, "note\tf\t0\t0\tquarantined\taa39a3ee", "x509-certificate:issuer");
    load_test_has(&t, "note\tf\t0\t0\tnot-network\tfile:hashes.MD5\t", "1 of this kind");
    load_test_has(&t, "note\tf\t0\t0\tnot-network\tdigest without", "1 of this kind");
    load_test_has(&t, "note\tf\t0\t0\tretyped\tcert:", "a digest listed as a name");
    load_test_end(&t);
}

static void broken_documents_are_told(void **state)
{
    static const struct {
        const char *text, *note, *part;
    } bad[] = {
        {"{\"type\": \"bundle\",\n \"objects\": [}", "\t2\t14\terror\t", "broken JSON"},
        {"{", "\t1\t1\terror\t", "broken JSON"},
        {"{\"type\": \"bundle\"}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"type\": \"bundle\", \"objects\": {}}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"type\": 1, \"objects\": []}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"a\": \"\xff\"}", "\t1\t", "broken JSON"},
        {BUNDLE(""), "\t0\t0\twarning\t", "no indicators"},
        {BUNDLE("1, null, [], {}, {\"type\": \"indicator\"}"), "\t0\t0\tmalformed\t\t", "ends too early"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct load_test t;
        char note[64];
        snprintf(note, sizeof(note), "note\tf%s", bad[i].note);
        load_test_one(&t, "f", bad[i].text);
        load_test_has(&t, note, bad[i].part);
        assert_int_equal(image_iocs(t.im), 0);
        load_test_end(&t);
    }
}

/* Only so deep may a document be nested; nothing recurses further. */
static void deep_documents_are_refused(void **state)
{
    static char deep[200001];
    struct load_test t;

    for (size_t i = 0; i + 5 < sizeof(deep); i += 5)
        memcpy(deep + i, "{\"a\":", 5);
    load_test_one(&t, "f", deep);
    load_test_has(&t, "note\tf\t", "broken JSON");
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(campaigns_come_over_relationships),
        cmocka_unit_test(attributes_of_an_indicator),
        cmocka_unit_test(what_a_network_sensor_cannot_see),
        cmocka_unit_test(values_are_what_their_type_says_or_told),
        cmocka_unit_test(certificates_by_their_digests),
        cmocka_unit_test(broken_documents_are_told),
        cmocka_unit_test(deep_documents_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
