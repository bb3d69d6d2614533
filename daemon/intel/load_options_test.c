/* SPDX-License-Identifier: BSD-2-Clause */
/* What the configuration of a source changes, and what a load tells about whole lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "intel/load_test.h"

#define DAY 86400

/* A file that is loaded under options. */
static void source(struct load_test *t, const char *name, const char *text, const struct load_options *o)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s", name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
    assert_int_equal(loader_source(t->l, path, o), 0);
}

static int into_folder(void **state)
{
    char path[] = "/tmp/bridle-options-XXXXXX";

    *state = mkdtemp(path) ? strdup(path) : NULL;
    return *state ? chdir(*state) : -1;
}

static int out_of_folder(void **state)
{
    static const char *const names[] = {"a", "b", "c"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unlink(names[i]);
    int err = chdir("/");
    err |= rmdir(*state);
    free(*state);
    return err;
}

static uint64_t count(const struct load_test *t, const char *path, enum load_count what)
{
    return load_test_count(t, path, what);
}

static void what_is_allowed_is_left_out(void **state)
{
    static const char *const allow[] = {"A.Example.",
                                        "=b.example",
                                        "hxxp://c[.]example",
                                        "192.0.2.0/25",
                                        "2001:db8::1",
                                        "not a value",
                                        "ja3:e7d705a3286e19ea42f587b344ee6865"};
    struct load_options o = {.allow = allow, .allows = 7};
    struct load_test t;

    load_test_begin(&t);
    source(&t, "a",
           "# bridle-ioc "
           "1\na.example\nx.a.example\n=y.a.example\nxa.example\nb.example\nx.b.example\n=c.example\n"
           "192.0.2.7\n192.0.2.0/25\n192.0.2.0/24\n192.0.2.128\n2001:db8::1\n2001:db8::2\n"
           "ja3:e7d705a3286e19ea42f587b344ee6865\nja3:e7d705a3286e19ea42f587b344ee6866\n!z.a.example "
           "comment=x\n",
           &o);
    source(&t, "b", "a.example\n", &(struct load_options){0});
    load_test_finish(&t);
    assert_int_equal(count(&t, "a", LOAD_ALLOWED), 9);
    assert_int_equal(count(&t, "a", LOAD_LOADED), 7);
    assert_int_equal(count(&t, "b", LOAD_LOADED), 1); /* another source's own affair */
    load_test_has(&t, "note\ta\t0\t0\twarning\tnot a value\t", "");
    load_test_has(&t, "note\ta\t2\t1\tallowed\ta.example\t", "allow");
    assert_true(load_test_match(&t, "xa.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "x.b.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "b.example", MATCH_NONE));
    assert_true(load_test_match(&t, "z.a.example", MATCH_EXCEPTION));
    load_test_end(&t);
}

static void what_is_forced_is_loaded(void **state)
{
    static const char *const force[] = {"shared.example", "=links.example", "co.uk",
                                        "10.0.0.0/8",     "::/0",           "old.example"};
    struct load_options o = {.force = force, .forces = 6};
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "g",
                   "@guard shared\nshared.example\nx.other.example\n@guard shortener\nlinks.example\n"
                   "more.example\n");
    source(&t, "a",
           "# bridle-ioc 1\nshared.example\nother.example\nlinks.example\n=more.example\nco.uk\n10.0.0.0/8\n"
           "10.0.0.1\n0.0.0.0/0\nlocalhost\n",
           &o);
    load_test_finish(&t);
    assert_int_equal(count(&t, "a", LOAD_FORCED), 4);
    assert_int_equal(count(&t, "a", LOAD_LOADED), 4);
    assert_int_equal(count(&t, "a", LOAD_QUARANTINED), 5);
    assert_int_equal(count(&t, "a", LOAD_SHARED_HOST), 1);
    assert_int_equal(count(&t, "a", LOAD_SHORTENER), 1);
    assert_int_equal(count(&t, "a", LOAD_RESERVED_ADDRESS), 1);
    assert_int_equal(count(&t, "a", LOAD_WIDE_PREFIX), 1);
    assert_int_equal(count(&t, "a", LOAD_SINGLE_LABEL), 1);
    load_test_has(&t, "note\ta\t4\t1\tforced\tlinks.example\t", "as this name alone");
    assert_true(load_test_match(&t, "x.shared.example", MATCH_BELOW));
    assert_true(load_test_match(&t, "links.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "x.links.example", MATCH_NONE));
    load_test_end(&t);
}

static void links_are_not_their_hosts(void **state)
{
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "g", "@guard shortener\nlinks.example\n@guard shared\nshared.example\n");
    load_test_text(&t, "f",
                   "hxxps://links[.]example/Abc\nhttps://www.links.example?x\nhttps://x.links.example/a\n"
                   "http://shared.example:8080/~evil\nhttp://localhost/x\nhttp://a_b..example/x\n");
    load_test_finish(&t);
    assert_int_equal(count(&t, "f", LOAD_QUARANTINED), 6);
    assert_int_equal(count(&t, "f", LOAD_SHORTENER), 2);
    assert_int_equal(count(&t, "f", LOAD_URL_PATH), 4);
    load_test_has(&t, "note\tf\t1\t1\tquarantined\thxxps://links[.]example/Abc\t", "its host is a shortener");
    load_test_end(&t);
}

static void below_a_shared_host_matches_there_alone(void **state)
{
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "g", "@guard shared\nshared.example\n");
    load_test_text(&t, "f", "evil.shared.example\nshared.example\n");
    load_test_finish(&t);
    assert_true(load_test_match(&t, "evil.shared.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "www.evil.shared.example", MATCH_BELOW));
    assert_true(load_test_match(&t, "shared.example", MATCH_NONE));
    assert_true(load_test_match(&t, "good.shared.example", MATCH_NONE));
    assert_true(load_test_match(&t, "notevil.shared.example", MATCH_NONE));
    load_test_end(&t);
}

static const char everything[] =
    "# bridle-ioc 1\na.example\n!b.example comment=x\n@guard x\nc.example\n@resolver x\n192.0.2.53\n"
    "@sinkhole x\n192.0.2.80\n@hosting x\n198.51.100.0/24\n";

static void a_list_from_elsewhere_switches_nothing_off(void **state)
{
    for (unsigned trust = 0; trust < LOAD_TRUSTS; trust++) {
        struct load_options o = {.trust = (uint8_t)trust};
        bool full = trust == LOAD_TRUST_FULL;
        struct load_test t;
        struct addr a;

        load_test_begin(&t);
        load_test_text(&t, "mine", "b.example\nc.example\n");
        source(&t, "a", everything, &o);
        load_test_finish(&t);
        assert_int_equal(count(&t, "a", LOAD_UNTRUSTED), full ? 0 : 4);
        assert_int_equal(count(&t, "a", LOAD_GUARDS), full);
        assert_int_equal(count(&t, "a", LOAD_RANGES), 1);
        assert_true(load_test_match(&t, "b.example", full ? MATCH_EXCEPTION : MATCH_EXACT));
        assert_true(load_test_match(&t, "c.example", full ? MATCH_NONE : MATCH_EXACT));
        assert_true(addr_parse(span_str("192.0.2.53"), &a));
        assert_int_equal(image_resolver_addr(t.im, &a), full);
        assert_true(addr_parse(span_str("192.0.2.80"), &a));
        assert_int_equal(image_answer(t.im, &a, NULL), full ? ANSWER_SINKHOLE : ANSWER_REAL);
        assert_int_equal(load_test_ioc(&t, "a.example").low_trust, trust == LOAD_TRUST_LOW);
        load_test_end(&t);
    }
}

static void what_entries_do_not_say_is_said_by_the_source(void **state)
{
    struct load_options o = {
        .source = "conf", .campaign = "Kampagne", .tier = TIER_DELIVERY, .has_tier = true, .format = "ioc"};
    struct load_test t;

    load_test_begin(&t);
    source(&t, "a", "a.example\n@source S\n@campaign C\n@tier c2\nb.example\n", &o);
    load_test_finish(&t);
    struct ioc a = load_test_ioc(&t, "a.example"), b = load_test_ioc(&t, "b.example");
    assert_true(span_eq(a.source[0], span_str("conf")) && span_eq(a.campaign[0], span_str("Kampagne")));
    assert_int_equal(a.tier, TIER_DELIVERY);
    assert_true(span_eq(b.source[0], span_str("S")) && span_eq(b.campaign[0], span_str("C")));
    assert_int_equal(b.tier, TIER_C2);
    load_test_end(&t);
}

static void formats_by_name(void **state)
{
    struct load_test t;

    load_test_begin(&t);
    source(&t, "a", "# why\nshared.example\na..b\n  192.0.2.53 # x\n",
           &(struct load_options){.format = "guard", .campaign = "popular: test"});
    source(&t, "b", "shared.example\n=shared.example\n192.0.2.53\n", &(struct load_options){.format = "ioc"});
    source(&t, "c", "a.example\n", &(struct load_options){.format = "iok"});
    load_test_finish(&t);
    assert_int_equal(count(&t, "a", LOAD_GUARDS), 2);
    assert_int_equal(count(&t, "a", LOAD_MALFORMED), 1);
    assert_int_equal(count(&t, "b", LOAD_POPULAR_SITE), 3);
    load_test_has(&t, "note\tc\t1\t1\terror\tiok\t", "no format");
    load_test_has(&t, "file\tc\tnone\t0", "");
    load_test_end(&t);
}

static void exceptions_end(void **state)
{
    struct load_test t;

    load_test_begin(&t);
    load_test_text(&t, "f",
                   "# bridle-ioc 1\na.example\nb.example\nc.example\n!a.example until=2018-12-31 comment=x\n"
                   "!b.example until=2019-03-01 comment=x\n!c.example until=2019-02-01 comment=x\n"
                   "d.example until=2019-01-15\n!e.example comment=x\n");
    load_test_finish(&t);
    assert_true(load_test_match(&t, "a.example", MATCH_EXACT));
    assert_true(load_test_match(&t, "b.example", MATCH_EXCEPTION));
    assert_int_equal(count(&t, "f", LOAD_ENDED), 1);
    /* the first second of the day after; the end of an indicator is none of an exception */
    assert_int_equal(loader_expires(t.l), LOAD_TEST_NOW + 32 * DAY);
    load_test_end(&t);

    load_test_begin(&t);
    loader_clock(t.l, LOAD_TEST_NOW + 32 * DAY); /* as main does then */
    load_test_text(&t, "f", "c.example\n!c.example until=2019-02-01 comment=x\n");
    load_test_finish(&t);
    assert_true(load_test_match(&t, "c.example", MATCH_EXACT));
    assert_int_equal(loader_expires(t.l), 0);
    load_test_end(&t);
}

/* X: entries, and whether the last one is superfluous. */
static const struct {
    const char *entries;
    bool shadowed;
} shadows[] = {
    {"a.example\nx.a.example", true},
    {"x.a.example\na.example\ny.x.a.example", true},
    {"a.example\nxa.example", false},
    {"=a.example\nx.a.example", false},
    {"a.example\n=a.example", true},
    {"a.example\n=x.y.a.example", true},
    {"=x.a.example\n=x.a.example", false}, /* a duplicate */
    {"a.example tier=delivery\nx.a.example tier=c2", false},
    {"a.example tier=c2\nx.a.example tier=delivery", true},
    {"a.example until=2019-06-01\nx.a.example", false},
    {"a.example until=2019-06-01\nx.a.example until=2019-05-01", true},
    {"a.example until=2019-06-01\nx.a.example until=2019-07-01", false},
    {"a.example\n!x.a.example comment=x\ny.x.a.example", false},
    {"!a.example comment=x\nx.a.example", false},
    {"a.example\n!a.example comment=x\nx.a.example", false},
    {"a.example\n!x.a.example comment=x", false},
    {"192.0.2.0/24\n192.0.2.1", true},
    {"192.0.2.0/24\n192.0.2.0/25", true},
    {"192.0.2.0/25\n192.0.2.0/24", false},
    {"192.0.2.0/24\n192.0.3.1", false},
    {"2001:db8::/32\n2001:db8::1", true},
    {"192.0.2.0/24 tier=delivery\n192.0.2.1", false},
    {"192.0.2.1\na.example\nx.b.example", false},
    {"a.example\na.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.example", true},
};

static void the_superfluous_is_told_and_loaded(void **state)
{
    for (size_t i = 0; i < sizeof(shadows) / sizeof(*shadows); i++) {
        char text[256], note[32];
        struct load_test t;

        snprintf(text, sizeof(text), "# bridle-ioc 1\n%s\n", shadows[i].entries);
        load_test_one(&t, "f", text);
        unsigned lines = 0;
        for (const char *c = text; *c; c++)
            lines += *c == '\n';
        snprintf(note, sizeof(note), "note\tf\t%u\t0\tshadowed\t", lines);
        bool last = load_test_find(&t, note) != NULL;
        if (last != shadows[i].shadowed)
            fail_msg("%s", shadows[i].entries);
        assert_int_equal(count(&t, "f", LOAD_LOADED) + count(&t, "f", LOAD_DUPLICATE), lines - 1);
        load_test_end(&t);
    }
}

static void many_are_told_to_their_own_files(void **state)
{
    static char text[400000];
    struct text a = text_on(text, sizeof(text));
    struct load_test t;

    for (unsigned i = 0; i < 5000; i++)
        text_fmt(&a, "x%u.d%u.example\nd%u.example\n", i, i % 2500, i + 1250);
    load_test_begin(&t);
    load_test_text(&t, "a", text);
    load_test_text(&t, "b", "y.d1250.example\nz.d1.example\n192.0.2.1\n");
    load_test_text(&t, "c", "d1.example\n192.0.2.0/24\n");
    load_test_finish(&t);
    assert_int_equal(count(&t, "a", LOAD_SHADOWED), 2500 + 2);
    assert_int_equal(count(&t, "b", LOAD_SHADOWED), 3);
    assert_int_equal(count(&t, "c", LOAD_SHADOWED), 0);
    load_test_has(&t, "note\ta\t0\t0\tshadowed\t\t", "and 2402 more");
    load_test_has(&t, "note\tb\t2\t0\tshadowed\tz.d1.example\t", "covered by d1.example in c:1");
    load_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_allowed_is_left_out, into_folder, out_of_folder),
        cmocka_unit_test_setup_teardown(what_is_forced_is_loaded, into_folder, out_of_folder),
        cmocka_unit_test(links_are_not_their_hosts),
        cmocka_unit_test(below_a_shared_host_matches_there_alone),
        cmocka_unit_test_setup_teardown(a_list_from_elsewhere_switches_nothing_off, into_folder,
                                        out_of_folder),
        cmocka_unit_test_setup_teardown(what_entries_do_not_say_is_said_by_the_source, into_folder,
                                        out_of_folder),
        cmocka_unit_test_setup_teardown(formats_by_name, into_folder, out_of_folder),
        cmocka_unit_test(exceptions_end),
        cmocka_unit_test(the_superfluous_is_told_and_loaded),
        cmocka_unit_test(many_are_told_to_their_own_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
