/* SPDX-License-Identifier: BSD-2-Clause */
/* What is too broad and what only looks so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config.h"
#include "intel/guard.h"
#include "intel/suffix.h"

static bool name(const struct guards *g, const char *value, bool alone)
{
    char why[512];
    struct text t = text_on(why, sizeof(why));
    enum load_count kind = LOAD_COUNTS;
    bool guarded = guard_name(g, span_str(value), alone ? GUARD_EXACT : GUARD_BELOW, &kind, &t);

    assert_int_equal(guarded, t.len > 0);
    assert_int_equal(guarded, kind != LOAD_COUNTS);
    assert_false(t.full);
    return guarded;
}

static bool prefix(const struct guards *g, const char *value)
{
    enum load_count kind;
    char why[512];
    struct text t = text_on(why, sizeof(why));
    struct prefix p;

    assert_true(prefix_parse(span_str(value), &p, NULL));
    bool guarded = guard_prefix(g, &p, GUARD_BELOW, &kind, &t);
    assert_int_equal(guarded, t.len > 0);
    return guarded;
}

static void names(void **state)
{
    struct guards *g = guards_new(SUFFIXES_FILE);

    assert_false(name(g, "anything.example", false)); /* no guard at all */
    assert_int_equal(guards_add(g, span_str("pages.example"), span_str("free-hosting")), 0);
    assert_int_equal(guards_add(g, span_str("s3.cloud.example"), span_str("cloud")), 0);
    assert_int_equal(guards_add(g, span_str("zz.example"), span_of(NULL, 0)), 0);
    assert_int_equal(guards_add(g, span_str("aa.example"), span_str("x")), 0);
    assert_int_equal(guards_add(g, span_str("aa.example"), span_str("y")), 0);
    assert_int_equal(guards_add(g, span_str("cloud-x.example"), span_str("x")), 0);
    guards_seal(g);
    assert_true(name(g, "pages.example", false));
    assert_true(name(g, "zz.example", false));
    assert_true(name(g, "aa.example", false));
    assert_true(name(g, "cloud.example", false)); /* above one is worse */
    assert_false(name(g, "pages.example", true));
    assert_false(name(g, "x.pages.example", false));
    assert_false(name(g, "xpages.example", false));
    assert_false(name(g, "ages.example", false));
    assert_false(name(g, "d.example", false));
    assert_false(name(g, "3.cloud.example", false));
    assert_true(name(g, "example", true)); /* a single label never */
    guards_free(g);
    guards_free(NULL);
}

static void names_of_every_network(void **state)
{
    static const char *const local[] = {"printer.local", "10.in-addr.arpa", "nas.home.arpa",
                                        "a.b.internal",  "x.localhost",     "x.invalid"};
    static const char *const other[] = {"local.example", "x.locals", "arpa.example", "notlocal.x"};
    struct guards *g = guards_new(SUFFIXES_FILE);

    guards_seal(g);
    for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
        assert_true(name(g, local[i], false));
        assert_false(name(g, local[i], true));
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
        assert_false(name(g, other[i], false));
    guards_free(g);
}

static void the_first_reason_counts(void **state)
{
    struct guards *g = guards_new(SUFFIXES_FILE);
    char why[512];
    struct text t = text_on(why, sizeof(why));
    enum load_count kind;

    guards_add(g, span_str("b.example"), span_str("second"));
    guards_add(g, span_str("a.example"), span_str("first"));
    guards_add(g, span_str("a.example"), span_str("later"));
    guards_seal(g);
    assert_true(guard_name(g, span_str("a.example"), GUARD_BELOW, &kind, &t));
    assert_non_null(strstr(why, "(first)"));
    guards_free(g);
}

#if HAVE_LIBPSL
static void public_suffixes(void **state)
{
    struct guards *g = guards_new(SUFFIXES_FILE);

    guards_seal(g);
    assert_true(name(g, "co.uk", false));
    assert_true(name(g, "github.io", false)); /* a private one */
    assert_true(name(g, "kobe.jp", false));   /* below a wildcard rule */
    assert_true(name(g, "xn--55qx5d.cn", false));
    assert_false(name(g, "city.kobe.jp", false)); /* an exception rule */
    assert_false(name(g, "example.co.uk", false));
    assert_false(name(g, "co.uk", true));
    assert_false(name(g, "evil.nosuchtld", false));
    guards_free(g);
}
#endif

static void prefixes(void **state)
{
    static const char *const bad[] = {
        "10.0.0.1",    "192.168.0.0/16",  "100.64.0.0/10",  "127.0.0.1", "169.254.1.1",
        "224.0.0.251", "255.255.255.255", "0.0.0.0",        "0.1.2.3",   "240.0.0.1",
        "192.0.0.8",   "8.0.0.0/7",       "0.0.0.0/0",      "::",        "::1",
        "::/0",        "fe80::1",         "fc00::/7",       "ff02::fb",  "100::1",
        "2000::/18",   "::7f00:1",        "::ffff:10.0.0.1"};
    static const char *const good[] = {"8.0.0.0/8",    "192.0.1.1",     "11.0.0.0/8", "2001:db8::1",
                                       "2000::/19",    "2a03:4000::1",  "1.1.1.1",    "100.63.0.1",
                                       "100:0:0:1::1", "::ffff:1.1.1.1"};

    struct guards *g = guards_new(SUFFIXES_FILE);

    guards_seal(g);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (!prefix(g, bad[i]))
            fail_msg("%s passed", bad[i]);
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        if (prefix(g, good[i]))
            fail_msg("%s did not pass", good[i]);
    guards_free(g);
}

static enum load_count kind_of(const struct guards *g, const char *value, enum guard_scope scope)
{
    char why[512];
    struct text t = text_on(why, sizeof(why));
    enum load_count kind = LOAD_COUNTS;
    struct prefix p;

    if (prefix_parse(span_str(value), &p, NULL))
        guard_prefix(g, &p, scope, &kind, &t);
    else
        guard_name(g, span_str(value), scope, &kind, &t);
    return kind;
}

static void kinds(void **state)
{
    static const struct {
        const char *value;
        enum load_count below, exact; /* LOAD_COUNTS: passes */
    } rows[] = {
        {"site.example", LOAD_POPULAR_SITE, LOAD_POPULAR_SITE},
        {"www.site.example", LOAD_POPULAR_SITE, LOAD_POPULAR_SITE},
        {"wwww.site.example", LOAD_COUNTS, LOAD_COUNTS},
        {"evil.site.example", LOAD_COUNTS, LOAD_COUNTS},
        {"www.evil.site.example", LOAD_COUNTS, LOAD_COUNTS},
        {"t.example", LOAD_SHORTENER, LOAD_SHORTENER},
        {"both.example", LOAD_SHARED_HOST, LOAD_SHORTENER}, /* the other reason is true of the name alone */
        {"www.both.example", LOAD_SHORTENER, LOAD_SHORTENER},
        {"up.example", LOAD_POPULAR_SITE, LOAD_COUNTS}, /* only what is below it is popular */
        {"www.up.example", LOAD_COUNTS, LOAD_COUNTS},
        {"192.0.2.53", LOAD_POPULAR_SITE, LOAD_COUNTS},
        {"192.0.2.52/31", LOAD_POPULAR_SITE, LOAD_COUNTS},
        {"192.0.2.52", LOAD_COUNTS, LOAD_COUNTS},
        {"198.51.100.0/24", LOAD_SHARED_HOST, LOAD_COUNTS},
        {"198.51.100.0/25", LOAD_COUNTS, LOAD_COUNTS},
        {"198.51.100.0", LOAD_COUNTS, LOAD_COUNTS},
        {"198.0.0.0/8", LOAD_SHARED_HOST, LOAD_COUNTS},
        {"2001:db8::/32", LOAD_POPULAR_SITE, LOAD_COUNTS},
        {"2001:db8::53", LOAD_POPULAR_SITE, LOAD_COUNTS},
        {"2001:db8::54", LOAD_COUNTS, LOAD_COUNTS},
    };
    static const char *const guards[][2] = {
        {"site.example", "popular site"}, {"t.example", "shortener"},
        {"both.example", "free-hosting"}, {"both.example", "shortener"},
        {"deep.up.example", "popular"},   {"192.0.2.53", "popular resolver"},
        {"198.51.100.0/24", "cdn"},       {"2001:db8::53", "popular resolver"},
    };
    struct guards *g = guards_new(SUFFIXES_FILE);
    struct prefix p;

    for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++) {
        struct span why = span_str(guards[i][1]);
        assert_int_equal(prefix_parse(span_str(guards[i][0]), &p, NULL)
                             ? guards_add_prefix(g, &p, why)
                             : guards_add(g, span_str(guards[i][0]), why),
                         0);
    }
    guards_seal(g);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (kind_of(g, rows[i].value, GUARD_BELOW) != rows[i].below ||
            kind_of(g, rows[i].value, GUARD_EXACT) != rows[i].exact ||
            kind_of(g, rows[i].value, GUARD_EXCEPTION) != LOAD_COUNTS)
            fail_msg("%s", rows[i].value);
    guards_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(names_of_every_network),
        cmocka_unit_test(the_first_reason_counts),
#if HAVE_LIBPSL
        cmocka_unit_test(public_suffixes),
#endif
        cmocka_unit_test(prefixes),
        cmocka_unit_test(kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
