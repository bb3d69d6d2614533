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

/* A note of that kind about that value, at whatever place, whose text has `part`. */
static void has_note(const struct load_test *t, const char *kind, const char *value, const char *part)
{
    for (unsigned i = 0; i < t->lines; i++) {
        struct load_line line;
        if (load_line_parse(t->line[i], &line) && line.kind == LOAD_LINE_NOTE &&
            span_eq(line.note, span_str(kind)) && span_eq(line.value, span_str(value)) &&
            memmem(line.text.at, line.text.len, part, strlen(part)))
            return;
    }
    for (unsigned i = 0; i < t->lines; i++)
        print_error("%s\n", t->line[i]);
    fail_msg("no %s about %s has \"%s\"", kind, value, part);
}

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
    assert_int_equal(a.from_s, 1704067200);
    assert_int_equal(a.tier, TIER_C2);
    assert_true(span_eq(a.comment, span_of("why \xc3\xa9 \0", 8)));
    assert_true(span_eq(a.reference, span_str("https://r.example")));
    assert_true(span_eq(a.source[0], span_str("f")));
    assert_int_equal(b.from_s, 1577836801);
    assert_int_equal(b.until_s, 1609459200 - 3600);
    assert_int_equal(b.tier, TIER_DELIVERY);
    assert_int_equal(b.comment.len, 0); /* a name that repeats the value */
    assert_int_equal(c.tier, TIER_UNKNOWN);
    has_note(&t, "warning", "soon", "no date");
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
    has_note(&t, "not-network", "file:name", "4 of this kind");
    has_note(&t, "not-network", "snort", "1 of this kind");
    has_note(&t, "quarantined", "a.example", "file:name");
    has_note(&t, "quarantined", "example", "single label");
    has_note(&t, "malformed", "[domain-name:value='c.example'", "character 31");
    has_note(&t, "withdrawn", "d.example", "revoked");
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
    assert_int_equal(load_test_count(&t, "f", LOAD_QUARANTINED), 2);
    assert_int_equal(load_test_count(&t, "f", LOAD_LOADED), 7);
    load_test_ioc(&t, "198.51.100.2");
    has_note(&t, "warning", "198.51.100.2", "port");
    has_note(&t, "quarantined", "label", "single label");
    has_note(&t, "quarantined", "label", "(indicator--2)");
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
    has_note(&t, "malformed", "f" SHA1_HEX, "SHA-256 has 64");
    has_note(&t, "malformed", "da%", "LIKE");
    has_note(&t, "not-network", "x509-certificate:serial_number", "1 of this kind");
    has_note(&t, "quarantined", "aa39a3ee5e6b4b0d3255bfef95601890afd80709", "x509-certificate:issuer");
    has_note(&t, "not-network", "file:hashes.MD5", "1 of this kind");
    has_note(&t, "not-network", "digest without cert: or ja3:", "1 of this kind");
    has_note(&t, "retyped", "cert:ba39a3ee5e6b4b0d3255bfef95601890afd80709", "a digest listed as a name");
    load_test_end(&t);
}

static void broken_documents_are_told(void **state)
{
    static const struct {
        const char *text, *note, *part;
    } bad[] = {
        {"{\"type\": \"bundle\",\n \"objects\": [}", "\t2\t14\terror\t", "broken JSON"},
        {"{", "\t1\t2\terror\t", "broken JSON"},
        {"{\"type\": \"bundle\"}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"type\": \"bundle\", \"objects\": {}}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"type\": 1, \"objects\": []}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"a\": \"\xff\"}", "\t0\t0\terror\t", "no STIX bundle"},
        {"{\"type\": \"indicator\", \"id\": \"x--1\", \"pattern\": \"[domain-name:value='a.example']\"}",
         "\t0\t0\terror\t", "no STIX bundle"},
        {BUNDLE("") "\nx", "\t2\t1\terror\t", "behind the end"},
        {BUNDLE(""), "\t0\t0\twarning\t", "no indicators"},
        {BUNDLE("1, null, [], {}, {\"type\": \"indicator\"}"), "\t1\t68\tmalformed\t\t", "no pattern"},
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

/* The same objects in every order, in every form of a document. */
static void names_may_stand_anywhere(void **state)
{
    static const char *const objects[] = {
        "{\"id\":\"indicator--1\",\"created_by_ref\":\"identity--1\",\"pattern\":\"[domain-name:value='a."
        "example']\","
        "\"type\":\"indicator\"}",
        "{\"target_ref\":\"malware--1\",\"relationship_type\":\"indicates\",\"source_ref\":\"indicator--1\","
        "\"type\":"
        "\"relationship\"}",
        "{\"name\":\"Mal\",\"type\":\"malware\",\"id\":\"malware--1\"}",
        "{\"object_refs\":[\"indicator--2\",\"indicator--1\",5,[],\"malware--1\"],\"name\":\"Report\",\"id\":"
        "\"report--1\","
        "\"type\":\"report\"}",
        "{\"id\":\"indicator--2\",\"pattern\":\"[domain-name:value='b.example']\",\"type\":\"indicator\"}",
        "{\"id\":\"identity--1\",\"name\":\"Lab\",\"type\":\"identity\"}",
    };
    static const char *const forms[][2] = {
        {"{\"type\":\"bundle\",\"objects\":[", "]}"},
        {"{\"id\":\"x\",\"objects\":[", "],\"spec_version\":\"2.0\",\"type\":\"bundle\"}"},
        {"{\"more\":false,\"objects\":[", "]}"},
        {"\n [\n", "]"},
    };
    enum { N = sizeof(objects) / sizeof(*objects) };

    for (unsigned first = 0; first < N; first++)
        for (unsigned form = 0; form < 4; form++) {
            char buf[2048];
            struct text text = text_on(buf, sizeof(buf));
            struct load_test t;
            text_str(&text, forms[form][0]);
            for (unsigned i = 0; i < N; i++)
                text_fmt(&text, "%s%s\n", i > 0 ? "," : "", objects[(first + (form % 2 ? N - i : i)) % N]);
            text_str(&text, forms[form][1]);
            load_test_one(&t, "f.json", buf);
            struct ioc a = load_test_ioc(&t, "a.example"), b = load_test_ioc(&t, "b.example");
            assert_true(a.campaigns == 1 && span_eq(a.campaign[0], span_str("Mal")));
            assert_true(b.campaigns == 1 && span_eq(b.campaign[0], span_str("Report")));
            assert_true(span_eq(a.source[0], span_str("Lab")) && span_eq(b.source[0], span_str("Lab")));
            assert_true(a.line >= 1);
            assert_int_equal(load_test_notes(&t), 0);
            load_test_end(&t);
        }
}

/* What is said by other objects than those that may say it counts for nothing. */
#define INDICATOR(n, more)                                                                                   \
    "{\"type\": \"indicator\", \"id\": \"indicator--" n "\", " more                                          \
    "\"pattern\": \"[domain-name:value /* x' */ = '" n ".example']\"}"

/* Objects by themselves, one a line, in bundles behind each other; what is no character in a text for people.
 */
static void documents_in_a_row(void **state)
{
    static const char *const texts[] = {
        INDICATOR("a", "") "\n" INDICATOR("b", "") "\n",
        BUNDLE(INDICATOR("a", "")) BUNDLE(INDICATOR("b", "")),
        "[" INDICATOR("a", "") "]\n{\"more\": false, \"objects\": [" INDICATOR("b", "") "]}",
        INDICATOR("a", "\"name\": \"\\ud83d\", ") "{\"no\": 1}" INDICATOR("b", "\"name\": \"\xff\", "),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct load_test t;
        load_test_one(&t, "f", texts[i]);
        load_test_ioc(&t, "a.example");
        load_test_ioc(&t, "b.example");
        assert_int_equal(load_test_count(&t, "f", LOAD_LOADED), 2);
        if (i == 3) {
            load_test_has(&t, "note\tf\t", "2 bytes or escapes are no characters");
            load_test_has(&t, "note\tf\t", "1 values stand where objects should be");
        }
        load_test_end(&t);
    }
}

static void who_may_not_say_what(void **state)
{
    static const struct indicator_text list[] = {
        {"[domain-name:value='a.example']", NULL},
        {"[domain-name:value='b.example']", ", \"revoked\": true"},
        {"[domain-name:value='c.example']", ", \"indicator_types\": [\"benign\"]"},
        {"[domain-name:value='d.example']", ", \"created_by_ref\": \"identity--2\""},
        {"[domain-name:value='e.example']", ", \"created_by_ref\": \"identity--9\""},
    };
    static const char others[] =
        "{\"type\": \"note\", \"id\": \"note--1\", \"name\": \"N\", \"object_refs\": [\"indicator--0\"]},"
        "{\"type\": \"identity\", \"id\": \"identity--1\", \"name\": \"Victim\"},"
        "{\"type\": \"identity\", \"id\": \"identity--2\", \"name\": \"Lab\"},"
        "{\"type\": \"sighting\", \"sighting_of_ref\": \"indicator--1\"},"
        "{\"type\": \"observed-data\", \"objects\": {\"0\": {\"type\": \"domain-name\", \"value\": "
        "\"x.example\"}}},"
        "{\"type\": \"domain-name\", \"value\": \"y.example\"},"
        "{\"type\": \"indicator\", \"id\": \"indicator--1\", \"pattern\": "
        "\"[domain-name:value='old.example']\"},"
        "{\"objects\": [{\"type\": \"indicator\", \"pattern\": \"[domain-name:value='deep.example']\"}]}";
    struct load_test t;

    LOAD_BUNDLE(&t, "f", others, list);
    assert_int_equal(image_iocs(t.im), 3);
    assert_true(span_eq(load_test_ioc(&t, "a.example").campaign[0], span_str("f")));
    assert_true(span_eq(load_test_ioc(&t, "a.example").source[0], span_str("f")));
    assert_true(span_eq(load_test_ioc(&t, "d.example").source[0], span_str("Lab")));
    assert_true(span_eq(load_test_ioc(&t, "e.example").source[0], span_str("f")));
    load_test_end(&t);
}

static void many_names_and_none_twice(void **state)
{
    static char others[8192];
    static const struct indicator_text list[] = {{"[domain-name:value='a.example']", NULL}};
    struct text text = text_on(others, sizeof(others));
    struct load_test t;

    for (unsigned i = 0; i < IMAGE_CAMPAIGNS_MAX + 4; i++)
        text_fmt(&text,
                 "%s{\"type\": \"malware\", \"id\": \"malware--%u\", \"name\": \"M%u\"},{\"type\": "
                 "\"relationship\", "
                 "\"relationship_type\": \"indicates\", \"source_ref\": \"indicator--0\", \"target_ref\": "
                 "\"malware--%u\"}",
                 i ? "," : "", i, i / 2, i);
    LOAD_BUNDLE(&t, "f", others, list);
    struct ioc a = load_test_ioc(&t, "a.example");
    assert_int_equal(a.campaigns, (IMAGE_CAMPAIGNS_MAX + 4) / 2);
    for (unsigned i = 0; i < a.campaigns; i++) {
        char name[16];
        snprintf(name, sizeof(name), "M%u", i);
        assert_true(span_eq(a.campaign[i], span_str(name)));
    }
    load_test_end(&t);
}

static void patterns_that_are_more_than_a_value(void **state)
{
    static const struct indicator_text list[] = {
        {"[domain-name:value LIKE '%.like.example']", NULL},
        {"[domain-name:value LIKE '%ends.example']", NULL},
        {"[domain-name:value LIKE 'same.example']", NULL},
        {"[domain-name:value LIKE 'evil%']", NULL},
        {"[domain-name:value LIKE 'e_il.example']", NULL},
        {"[url:value LIKE 'http%://url.example/%']", NULL},
        {"[url:value LIKE 'http://path.example/a%']", NULL},
        {"[url:value LIKE '%url%']", NULL},
        {"[ipv4-addr:value LIKE '192.0.2.%']", NULL},
        {"[domain-name:value MATCHES '^evil[0-9]']", NULL},
        {"[domain-name:value NOT = 'good.example']", NULL},
        {"[domain-name:value IN ('in1.example', 'in2.example') OR domain-name:value = 'or.example']", NULL},
        {"[domain-name:value='f1.example'] FOLLOWEDBY [domain-name:value='f2.example'] WITHIN 5 SECONDS",
         NULL},
        {"[domain-name:value='not.example' AND domain-name:value != 'x.not.example']", NULL},
        {"[domain-name:value='r.example' AND domain-name:resolves_to_refs[*].value='198.51.100.9']", NULL},
        {"[domain-name:resolves_to_refs[*].value='198.51.100.10']", NULL},
        {"[network-traffic:dst_ref.type='ipv4-addr' AND network-traffic:dst_ref.value='198.51.100.11' AND "
         "network-traffic:dst_port=8443 AND network-traffic:protocols[*]='tcp']",
         NULL},
        {"[network-traffic:dst_port=4444]", NULL},
        {"[network-traffic:extensions.'http-request-ext'.request_header.Host='h.example']", NULL},
        {"[url:value='https://q.example/?a=b&c=\\\\'d\\\\'']", NULL},
        {"[url:value='https://q.example=']", NULL},
    };
    static const char *const loaded[] = {"x.like.example", "ends.example", "same.example",  "url.example",
                                         "in1.example",    "in2.example",  "or.example",    "f1.example",
                                         "f2.example",     "r.example",    "198.51.100.10", "198.51.100.11",
                                         "h.example"};
    struct load_test t;

    LOAD_BUNDLE(&t, "f", "", list);
    for (size_t i = 0; i < sizeof(loaded) / sizeof(*loaded); i++)
        load_test_ioc(&t, loaded[i]);
    assert_int_equal(image_iocs(t.im), sizeof(loaded) / sizeof(*loaded));
    has_note(&t, "warning", "%ends.example", "merely end so");
    has_note(&t, "malformed", "evil%", "'%.name'");
    has_note(&t, "malformed", "e_il.example", "'%.name'");
    has_note(&t, "malformed", "http://path.example/a%", "host/%");
    has_note(&t, "malformed", "192.0.2.%", "ISSUBSET");
    has_note(&t, "malformed", "^evil[0-9]", "regular expression");
    has_note(&t, "malformed", "good.example", "only =");
    has_note(&t, "quarantined", "not.example", "domain-name:value");
    has_note(&t, "warning", "f1.example", "by itself");
    has_note(&t, "warning", "198.51.100.11", "port");
    has_note(&t, "not-network", "network-traffic:dst_port", "1 of this kind");
    has_note(&t, "quarantined", "https://q.example/?a=b&c='d'", "path");
    load_test_end(&t);
}

/* One beyond what is kept of a text: an IN with more names than fit. */
static void too_long_a_pattern(void **state)
{
    static char buf[100000];
    struct text text = text_on(buf, sizeof(buf));
    struct load_test t;

    text_str(
        &text,
        "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\""
        "[domain-name:value IN ('n.example'");
    for (unsigned i = 0; i < 5000; i++)
        text_fmt(&text, ",'n%u.example'", i);
    text_str(&text, ")]\"},{\"type\":\"indicator\",\"pattern\":\"[domain-name:value='z.example']\"}]}");
    assert_false(text.full);
    load_test_one(&t, "f", buf);
    assert_int_equal(image_iocs(t.im), 1);
    load_test_has(&t, "note\tf\t1\t79\tmalformed\t[domain-name:value IN", "split it (indicator--1)");
    load_test_end(&t);
}

/* A bundle whose dates are those of its build, with one that is not. */
static void dates_of_the_build(void **state)
{
    static char buf[16384];
    struct text text = text_on(buf, sizeof(buf));
    struct load_test t;

    text_str(&text, "{\"type\": \"bundle\", \"objects\": [");
    for (unsigned i = 0; i < 40; i++)
        text_fmt(&text,
                 "%s{\"type\": \"indicator\", \"id\": \"indicator--%u\", \"pattern\": "
                 "\"[domain-name:value='n%u.example']\", "
                 "\"created\": \"2024-01-26T21:28:21.%03uZ\", \"valid_from\": \"%s-26T21:28:21.%03uZ\"}",
                 i ? "," : "", i, i, i, i == 7 ? "2021-07" : "2024-01", i);
    text_str(&text, "]}");
    load_test_one(&t, "f", buf);
    assert_int_equal(load_test_ioc(&t, "n3.example").from_s, 0);
    assert_int_equal(load_test_ioc(&t, "n7.example").from_s, 1627334901);
    load_test_end(&t);
}

/* Half a bundle is none: it is told, and nothing of it is loaded, wherever it was cut. */
static void cut_at_every_byte(void **state)
{
    static const char text[] = BUNDLE(
        "{\"type\": \"malware\", \"id\": \"malware--1\", \"name\": \"M\\u00e9\\ud83d\\ude00\"}, {\"type\": "
        "\"report\", \"id\": \"report--1\", \"object_refs\": [\"indicator--1\"], \"x\": [1.5e3, true, null, "
        "{}]},"
        "{\"type\": \"indicator\", \"id\": \"indicator--1\", \"pattern\": \"[domain-name:value = "
        "'a.example']\", "
        "\"labels\": [\"c2\"], \"kill_chain_phases\": [{\"phase_name\": \"c2\"}], \"external_references\": "
        "[{\"url\": "
        "\"u\"}], \"revoked\": false, \"valid_until\": \"2030-01-01\"}") "\n";

    for (size_t n = 1; n < sizeof(text); n++) {
        char *exact = malloc(n);
        struct load_test t;
        memcpy(exact, text, n);
        load_test_begin(&t);
        load_test_bytes(&t, "f", exact, n);
        load_test_finish(&t);
        bool whole = n >= sizeof(text) - 2;
        assert_int_equal(image_iocs(t.im), whole);
        if (whole)
            assert_int_equal(load_test_notes(&t), 0);
        else
            load_test_has(&t, "note\tf\t1\t", "\terror\t");
        load_test_end(&t);
        free(exact);
    }
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
        cmocka_unit_test(names_may_stand_anywhere),
        cmocka_unit_test(documents_in_a_row),
        cmocka_unit_test(who_may_not_say_what),
        cmocka_unit_test(many_names_and_none_twice),
        cmocka_unit_test(patterns_that_are_more_than_a_value),
        cmocka_unit_test(too_long_a_pattern),
        cmocka_unit_test(dates_of_the_build),
        cmocka_unit_test(cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
