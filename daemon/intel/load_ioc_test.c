/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own format: every example of bridle.ioc(5), read from the page itself, and what people get wrong. */
#include "base/text.h"
#include "intel/load_test.h"

#define SHA1_HEX "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define JA3_HEX  "e7d705a3286e19ea42f587b344ee6865"
#define JA4_TEXT "t13d1516h2_8daaf6152771_b0da82dd1658"

/* Takes the next literal block of a man page into `to`, with mdoc's escapes undone. Returns what follows. */
static const char *take_example(const char *page, char *to, size_t room)
{
    const char *at = strstr(page, "\n.Bd -literal");
    if (!at)
        return NULL;
    at = strchr(at + 1, '\n') + 1;
    const char *end = strstr(at, "\n.Ed");
    assert_non_null(end);
    struct text t = text_on(to, room);
    for (; at <= end; at++) {
        if (strncmp(at, "\\(dq", 4) == 0) {
            text_char(&t, '"');
            at += 3;
        } else if (strncmp(at, "\\e", 2) == 0) {
            text_char(&t, '\\');
            at += 1;
        } else {
            text_char(&t, *at);
        }
    }
    assert_false(t.full);
    return end;
}

static void read_page(char *page, size_t room)
{
    FILE *f = fopen(MAN_PAGE, "r");
    assert_non_null(f);
    page[fread(page, 1, room - 1, f)] = 0;
    fclose(f);
}

static void check_first_example(const struct load_test *t)
{
    assert_true(load_test_match(t, "evil.example.com", MATCH_EXACT));
    assert_true(load_test_match(t, "a.b.evil.example.com", MATCH_BELOW));
    assert_true(load_test_match(t, "example.com", MATCH_NONE));
    assert_true(load_test_match(t, "cdn7.example.net", MATCH_EXACT));
    assert_true(load_test_match(t, "x.cdn7.example.net", MATCH_NONE));
    assert_true(load_test_match(t, "www.help.evil.example.com", MATCH_EXCEPTION));
    assert_true(load_test_match(t, "check.example.org", MATCH_EXACT));
    struct ioc ioc = load_test_ioc(t, "cdn7.example.net");
    assert_true(span_eq(ioc.comment, span_str("only this name, not \"example.net\"")));
    assert_true(span_eq(ioc.campaign[0], span_str("Pegasus (NSO Group)")));
    assert_true(span_eq(ioc.source[0], span_str("Amnesty International Security Lab")));
    assert_true(span_eq(ioc.reference, span_str("https://example.org/report")));
    assert_true(span_eq(ioc.licence, span_str("CC-BY-2.0")));
    assert_int_equal(ioc.from_s, 1626566400);
    assert_int_equal(ioc.tier, TIER_UNKNOWN);
    assert_int_equal(ioc.line, 8);
    ioc = load_test_ioc(t, "check.example.org");
    assert_int_equal(ioc.tier, TIER_VALIDATION);
    assert_int_equal(ioc.until_s, 1798761599);
    assert_int_equal(load_test_ioc(t, "192.0.2.7").tier, TIER_C2);
    assert_int_equal(load_test_ioc(t, "198.51.100.9").type, IOC_PREFIX);
    assert_true(span_eq(load_test_ioc(t, "2001:db8::5").campaign[0], span_str("Predator")));
    ioc = load_test_digest(t, IOC_CERT, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_true(span_eq(ioc.comment, span_str("of their panels")));
    load_test_digest(t, IOC_JA3, "e7d705a3286e19ea42f587b344ee6865");
    load_test_digest(t, IOC_JA4, "t13d1516h2_8daaf6152771_b0da82dd1658");
}

static void examples_of_the_manual(void **state)
{
    static char page[65536], example[4096];
    struct load_test t;
    struct addr a;
    struct span tag;
    bool shared = false;

    read_page(page, sizeof(page));
    const char *rest = take_example(page, example, sizeof(example));
    assert_non_null(rest);
    load_test_one(&t, "first", example);
    assert_int_equal(load_test_notes(&t), 0);
    check_first_example(&t);
    load_test_end(&t);

    rest = take_example(rest, example, sizeof(example));
    assert_non_null(rest);
    load_test_one(&t, "hosting", example);
    assert_int_equal(load_test_notes(&t), 0);
    assert_int_equal(load_test_count(&t, "hosting", LOAD_RANGES), 2);
    assert_true(addr_parse(span_str("203.0.113.200"), &a));
    assert_true(image_hosting(t.im, &a, &tag, &shared));
    assert_true(span_eq(tag, span_str("aws/CLOUDFRONT")) && shared);
    load_test_end(&t);

    rest = take_example(rest, example, sizeof(example));
    assert_non_null(rest);
    load_test_begin(&t);
    load_test_text(&t, "list", "dyn.example\nsub.dyn.example\n"); /* before the guard is known */
    load_test_text(&t, "guards", example);
    load_test_finish(&t);
    load_test_has(&t, "note\tlist\t1\t1\tquarantined\tdyn.example\t", "shared host (dyndns)");
    assert_true(load_test_match(&t, "sub.dyn.example", MATCH_EXACT));
    assert_int_equal(load_test_count(&t, "guards", LOAD_GUARDS), 2);
    load_test_end(&t);

    rest = take_example(rest, example, sizeof(example));
    assert_non_null(rest);
    load_test_one(&t, "resolvers", example);
    assert_int_equal(load_test_notes(&t), 0);
    assert_int_equal(load_test_count(&t, "resolvers", LOAD_RESOLVERS), 3);
    assert_true(addr_parse(span_str("192.0.2.53"), &a) && image_resolver_addr(t.im, &a));
    assert_true(image_resolver_name(t.im, span_str("a1b2.dns.example")));
    load_test_end(&t);

    rest = take_example(rest, example, sizeof(example));
    assert_non_null(rest);
    load_test_one(&t, "sinkholes", example);
    assert_int_equal(load_test_notes(&t), 0);
    assert_int_equal(load_test_count(&t, "sinkholes", LOAD_SINKHOLES), 2);
    assert_true(addr_parse(span_str("192.0.2.80"), &a));
    assert_int_equal(image_answer(t.im, &a, &tag), ANSWER_SINKHOLE);
    assert_true(span_eq(tag, span_str("Example's blocker")));
    assert_true(addr_parse(span_str("198.51.100.7"), &a));
    assert_int_equal(image_answer(t.im, &a, NULL), ANSWER_PARKED);
    load_test_end(&t);
    assert_null(take_example(rest, example, sizeof(example))); /* a new one needs its test here */
}

/* X: a line that people get wrong; the note that tells them, with its column; whether the value is loaded. */
static const struct {
    const char *line, *note, *part;
    int loaded;
} mistakes[] = {
    {"a.example fron=2020-01-01", "\t2\t11\twarning\tfron\t", "is it \"from\"?", 1},
    {"a.example from=2020-02-30", "\t2\t16\twarning\t2020-02-30\t", "YYYY-MM-DD", 1},
    {"a.example until=\"soon\"", "\t2\t17\twarning\tsoon\t", "YYYY-MM-DD", 1},
    {"a.example from=2021-01-01 until=2020-01-01", "\t2\t1\twarning\t", "before it begins", 1},
    {"a.example tier=infektion", "\t2\t16\twarning\tinfektion\t", "is it \"infection\"?", 1},
    {"a.example comment=\"no end", "\t2\t19\twarning\t", "quote", 1},
    {"a.example b.example", "\t2\t11\twarning\tb.example\t", "one value a line", 1},
    {"a.example =", "\t2\t11\twarning\t", "one value a line", 1},
    {"a.example shared=yes", "\t2\t11\twarning\tshared\t", "unknown attribute", 1},
    {"a.example xyzzyxyzzy=1", "\t2\t11\twarning\txyzzyxyzzy\tunknown attribute", "", 1},
    {"@sorce X\na.example", "\t2\t2\twarning\tsorce\t", "is it \"source\"?", 1},
    {"@gaurd X\na.example", "\t3\t1\tmalformed\ta.example\t", "header in line 2", 0},
    {"@hosting\na.example", "\t3\t1\tmalformed\ta.example\t", "header in line 2", 0},
    {"@\na.example", "\t2\t2\twarning\t\tunknown header", "", 1},
    {"@tier c3\na.example", "\t2\t7\twarning\tc3\t", "is it \"c2\"?", 1},
    {"@hosting X\na.example", "\t3\t1\tmalformed\ta.example\t", "hosting range", 0},
    {"@guard X\na..b", "\t3\t1\tmalformed\ta..b\t", "a guard is a name", 0},
    {"  a_b..example", "\t2\t3\tmalformed\ta_b..example\t", "", 0},
    {"!192.0.2.1", "\t2\t1\tmalformed\t192.0.2.1\t", "allow", 0},
    {"=*.a.example", "\t2\t1\tmalformed\t*.a.example\t", "choose one", 0},
    {"https://a.example/path", "\t2\t1\tquarantined\thttps://a.example/path\t", "path", 0},
    {"https://a.example/", "\t2\t1\tretyped\thttps://a.example/\t", "host", 1},
    {"192.0.2.1/24", "\t2\t1\twarning\t192.0.2.1/24\t", "cleared", 1},
    {"0.0.0.0/0", "\t2\t1\tquarantined\t0.0.0.0/0\t", "wider than /8", 0},
    {"10.0.0.1", "\t2\t1\tquarantined\t10.0.0.1\t", "private", 0},
    {"!a.example", "\t2\t1\tadvice\ta.example\t", "say it in a comment", 1},
    {"!a.example until=2018-12-31 comment=x", "\t2\t1\tended\ta.example\t", "has ended", 0},
    {"a.example until=2018-12-31", "\t2\t1\texpired\ta.example\t", "lowest severity", 1},
    {"@sinkhole x\na.example", "\t3\t1\tmalformed\ta.example\t", "a sinkhole is", 0},
    {"@parking x\n0.0.0.0/0", "\t3\t1\tquarantined\t0.0.0.0/0\t", "wide-prefix", 0},
    {"@snkhole x\n192.0.2.1", "\t3\t1\tmalformed\t192.0.2.1\t", "header in line 2", 0},
    {"a=b", "\t2\t1\tmalformed\ta=b\t", "", 0},
    {"!", "\t2\t1\tmalformed\t\t", "", 0},
    {"localhost", "\t2\t1\tquarantined\tlocalhost\t", "single label", 0},
    {"=localhost", "\t2\t1\tquarantined\tlocalhost\t", "single label", 0},
    {"!cert:" SHA1_HEX, "\t2\t1\tmalformed\tcert:" SHA1_HEX "\t", "exception", 0},
    {"cert:" JA3_HEX "00", "\t2\t1\tmalformed\t", "SHA-1 40", 0},
    {"  ja3:" SHA1_HEX, "\t2\t3\tmalformed\t", "32 hex digits", 0},
    {"ja4:" SHA1_HEX, "\t2\t1\tmalformed\t", "t13d1516h2_", 0},
    {SHA1_HEX, "\t0\t0\tnot-network\tdigest without cert: or ja3:\t", "1 of this kind", 0},
    {"@guard x\ncert:" SHA1_HEX, "\t3\t1\tmalformed\tcert:" SHA1_HEX "\t", "a guard is a name", 0},
    {"@hosting x\ncert:" SHA1_HEX, "\t3\t1\tmalformed\tcert:" SHA1_HEX "\t", "hosting range", 0},
    {"@resolver x\ncert:" SHA1_HEX, "\t3\t1\tmalformed\tcert:" SHA1_HEX "\t", "a resolver is", 0},
    {"@resolver x\nlocalhost", "\t3\t1\tmalformed\tlocalhost\t", "a resolver is", 0},
    {"@resolver x\n0.0.0.0/0", "\t3\t1\tquarantined\t0.0.0.0/0\t", "wider than /8", 0},
    {"@resolver x\n192.0.2.1/24", "\t3\t1\twarning\t192.0.2.1/24\t", "cleared", 0},
    {"@resolver x\na.example tier=c2", "\t3\t11\twarning\ttier\t", "unknown attribute", 0},
    {"@resolvr x\na.example", "\t3\t1\tmalformed\ta.example\t", "header in line 2", 0},
};

static void mistakes_are_told_with_their_place(void **state)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
        struct load_test t;
        char text[256], note[256];

        snprintf(text, sizeof(text), "# bridle-ioc 1\n%s\n", mistakes[i].line);
        snprintf(note, sizeof(note), "note\tf%s", mistakes[i].note);
        load_test_one(&t, "f", text);
        load_test_has(&t, note, mistakes[i].part);
        bool header = strstr(mistakes[i].line, "@gaurd") || strstr(mistakes[i].line, "@resolvr") ||
                      strstr(mistakes[i].line, "@snkhole") ||
                      strcmp(mistakes[i].line, "@hosting\na.example") == 0;
        assert_int_equal(load_test_notes(&t), 1 + header);
        assert_int_equal(image_iocs(t.im), mistakes[i].loaded);
        load_test_end(&t);
    }
}

static void headers_hold_until_they_stand_again(void **state)
{
    struct load_test t;

    load_test_one(&t, "dir/lapsed.names.ioc",
                  "before.example\n@campaign One\n@source S # comment\n@from 2020-01-01\n@until 2020-01-01\n"
                  "one.example\n@campaign \"Two # 2\"\n@from\ntwo.example\n@guard x\nshared.example\n"
                  "@campaign\nthree.example\n");
    assert_int_equal(load_test_notes(&t), 0);
    assert_true(span_eq(load_test_ioc(&t, "before.example").campaign[0], span_str("lapsed.names")));
    struct ioc one = load_test_ioc(&t, "one.example"), two = load_test_ioc(&t, "two.example");
    assert_true(span_eq(one.campaign[0], span_str("One")) && span_eq(one.source[0], span_str("S")));
    assert_int_equal(one.from_s, 1577836800);
    assert_int_equal(one.until_s, 1577836800 + 86399);
    assert_int_equal(one.campaigns, 1);
    assert_int_equal(two.from_s, 0);
    assert_int_not_equal(two.until_s, 0);
    assert_true(span_eq(load_test_ioc(&t, "three.example").campaign[0], span_str("lapsed.names")));
    load_test_end(&t);
}

static void exact_and_meant_pass_the_guards(void **state)
{
    struct load_test t;

    load_test_one(&t, "f",
                  "@guard x\nshared.example\n@campaign C\n=shared.example\n!a.shared.example\n=10.1.2.3\n"
                  "shared.example\nfe80::/64\n=fe80::1\n");
    assert_true(load_test_match(&t, "shared.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "b.shared.example", MATCH_NONE));
    assert_int_equal(load_test_count(&t, "f", LOAD_LOADED), 4);
    assert_int_equal(load_test_count(&t, "f", LOAD_QUARANTINED), 2);
    assert_int_equal(load_test_ioc(&t, "10.1.2.3").type, IOC_ADDRESS);
    load_test_end(&t);
}

static const char digests[] =
    "# bridle-ioc 1\n@campaign One\n@guard x\nshared.example\n@campaign One\n"
    "cert:DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09 tier=c2 until=2020-01-01\n"
    "Cert:" SHA1_HEX " campaign=Two\n" /* the same */
    "ja3:" JA3_HEX "\n=cert:" JA3_HEX "\n" JA4_TEXT "\n"
    "@resolver R\ndns.example\n192.0.2.53 comment=\"two\"\nDNS.Example.\n*.r.dns.example\n";

static void digests_load_match_and_merge(void **state)
{
    struct load_test t;
    struct addr a;

    load_test_one(&t, "f", digests);
    assert_int_equal(load_test_count(&t, "f", LOAD_LOADED), 4);
    assert_int_equal(load_test_count(&t, "f", LOAD_DUPLICATE), 1);
    assert_int_equal(load_test_count(&t, "f", LOAD_RESOLVERS), 4);
    assert_int_equal(load_test_notes(&t), 1);
    load_test_has(&t, "note\tf\t7\t1\tduplicate\t" SHA1_HEX "\t", "listed before in f:6");
    struct ioc cert = load_test_digest(&t, IOC_CERT, SHA1_HEX);
    assert_int_equal(cert.campaigns, 2);
    assert_int_equal(cert.tier, TIER_C2);
    assert_int_equal(cert.until_s, 0); /* the second one gives no end */
    assert_int_equal(cert.line, 6);
    /* One text, two things: of a certificate and of a client. */
    assert_true(load_test_digest(&t, IOC_CERT, JA3_HEX).key != load_test_digest(&t, IOC_JA3, JA3_HEX).key);
    load_test_digest(&t, IOC_JA4, JA4_TEXT);
    assert_true(load_test_match(&t, SHA1_HEX, MATCH_NONE));
    assert_true(load_test_match(&t, "x." SHA1_HEX, MATCH_NONE));
    assert_true(image_resolver_name(t.im, span_str("dns.example")));
    assert_true(load_test_match(&t, "dns.example", MATCH_NONE));
    assert_true(addr_parse(span_str("192.0.2.53"), &a) && image_resolver_addr(t.im, &a));
    assert_int_equal(match_addr(t.im, &a).how, MATCH_NONE);
    load_test_end(&t);
}

static void a_plain_list_may_have_digests(void **state)
{
    struct load_test t;

    load_test_one(&t, "list.txt", "cert:" SHA1_HEX "\n" JA4_TEXT "\nevil.example\n" SHA1_HEX "\n");
    assert_int_equal(load_test_count(&t, "list.txt", LOAD_LOADED), 3);
    assert_int_equal(load_test_count(&t, "list.txt", LOAD_NOT_NETWORK), 1);
    load_test_digest(&t, IOC_CERT, SHA1_HEX);
    load_test_has(&t, "file\tlist.txt\tplain\t", "");
    load_test_end(&t);
    load_test_one(&t, "hashes.txt", SHA1_HEX "\n" JA3_HEX "\n");
    assert_int_equal(image_iocs(t.im), 0);
    load_test_has(&t, "note\thashes.txt\t0\t0\tnot-network\t", "2 of this kind");
    load_test_end(&t);
}

static void a_later_version_is_not_guessed_at(void **state)
{
    struct load_test t;

    load_test_one(&t, "f", "# bridle-ioc 2\na.example\n");
    load_test_has(&t, "note\tf\t1\t1\terror\t", "version");
    assert_int_equal(image_iocs(t.im), 0);
    load_test_end(&t);
    load_test_one(&t, "g", "# bridle-ioc 1 is what this is not\n# bridle-ioc 2\na.example\n");
    assert_int_equal(image_iocs(t.im), 1);
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_manual),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(headers_hold_until_they_stand_again),
        cmocka_unit_test(exact_and_meant_pass_the_guards),
        cmocka_unit_test(digests_load_match_and_merge),
        cmocka_unit_test(a_plain_list_may_have_digests),
        cmocka_unit_test(a_later_version_is_not_guessed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
