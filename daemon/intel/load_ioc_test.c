/* SPDX-License-Identifier: BSD-2-Clause */
/* Our own format: every example of bridle.ioc(5), read from the page itself, and what people get wrong. */
#include "base/text.h"
#include "intel/load_test.h"

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
    assert_true(span_eq(ioc.source, span_str("Amnesty International Security Lab")));
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
    {"@guard X\n192.0.2.0/24", "\t3\t1\tmalformed\t192.0.2.0/24\t", "a guard is a name", 0},
    {"  a_b..example", "\t2\t3\tmalformed\ta_b..example\t", "", 0},
    {"!192.0.2.1", "\t2\t1\tmalformed\t192.0.2.1\t", "exception", 0},
    {"=*.a.example", "\t2\t1\tmalformed\t*.a.example\t", "choose one", 0},
    {"https://a.example/path", "\t2\t1\tquarantined\thttps://a.example/path\t", "path", 0},
    {"https://a.example/", "\t2\t1\tretyped\thttps://a.example/\t", "host", 1},
    {"192.0.2.1/24", "\t2\t1\twarning\t192.0.2.1/24\t", "cleared", 1},
    {"0.0.0.0/0", "\t2\t1\tquarantined\t0.0.0.0/0\t", "wider than /8", 0},
    {"10.0.0.1", "\t2\t1\tquarantined\t10.0.0.1\t", "private", 0},
    {"a=b", "\t2\t1\tmalformed\ta=b\t", "", 0},
    {"!", "\t2\t1\tmalformed\t\t", "", 0},
    {"localhost", "\t2\t1\tquarantined\tlocalhost\t", "single label", 0},
    {"=localhost", "\t2\t1\tquarantined\tlocalhost\t", "single label", 0},
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
        assert_int_equal(load_test_notes(&t), 1 + (strstr(mistakes[i].line, "@gaurd") ||
                                                   strcmp(mistakes[i].line, "@hosting\na.example") == 0));
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
    assert_true(span_eq(one.campaign[0], span_str("One")) && span_eq(one.source, span_str("S")));
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
        cmocka_unit_test(a_later_version_is_not_guessed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
