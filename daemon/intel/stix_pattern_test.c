/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns as published, as the standard allows them, and as an attacker writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "intel/stix_pattern.h"

/* What was read, one comparison after the other: path, operator, value, and what it is tied to. */
static void show(const struct stix_pattern *p, struct text *t)
{
    static const char *const ops[] = {"=", "<=", "~", "/", "?"};

    for (unsigned i = 0; i < p->comparisons; i++) {
        const struct stix_comparison *c = &p->comparison[i];
        text_str(t, i ? " " : "");
        text_raw(t, c->path);
        text_str(t, ops[c->op]);
        if (c->is_text)
            text_raw(t, c->value);
        else
            text_str(t, "-");
        if (c->tied_to - c->tied_from > 1)
            text_fmt(t, "{%u-%u}", c->tied_from, c->tied_to - 1u);
    }
}

static void reads_to(const char *pattern, const char *wanted)
{
    static struct stix_pattern p;
    char buf[1024];
    struct text t = text_on(buf, sizeof(buf));
    uint8_t *scratch = malloc(strlen(pattern) + 1), *exact = malloc(strlen(pattern) + 1);

    memcpy(exact, pattern, strlen(pattern));
    if (!stix_pattern_read(span_of(exact, strlen(pattern)), scratch, &p))
        fail_msg("%s: %s at %zu", pattern, p.why, p.where);
    show(&p, &t);
    assert_string_equal(buf, wanted);
    free(scratch);
    free(exact);
}

static void published_patterns(void **state)
{
    reads_to("[domain-name:value='a.example']", "domain-name:value=a.example");
    reads_to(" [ ipv4-addr:value = '192.0.2.1' ] ", "ipv4-addr:value=192.0.2.1");
    reads_to("[file:hashes.'SHA-256'='00ff']", "file:hashes.'SHA-256'=00ff");
    reads_to("[a:b = 'it\\'s \\\\ \\x']", "a:b=it's \\ x");
    reads_to("[a:b='']", "a:b=");
    reads_to("[a:b = 5 AND a:c = true]", "a:b=-{0-1} a:c=-{0-1}");
    reads_to("[a:b = t'2020-01-01T00:00:00Z' OR a:b = h'00']", "a:b=- a:b=-");
    reads_to("[domain-name:resolves_to_refs[*].value = '192.0.2.1']",
             "domain-name:resolves_to_refs[*].value=192.0.2.1");
    reads_to("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x]y']",
             "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'=x]y");
    reads_to("[domain-name:value IN ('a.example', 'b.example')]",
             "domain-name:value=a.example domain-name:value=b.example");
    reads_to("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", "ipv4-addr:value<=192.0.2.0/24");
    reads_to("[a:b NOT = 'x' OR a:b != 'y' OR a:b LIKE 'z%' OR a:b NOT IN ('v') OR EXISTS a:c]",
             "a:b?x a:b?y a:b~z% a:b?v a:c?-");
}

static void what_belongs_together_is_tied(void **state)
{
    reads_to("[a:a='1' OR a:a='2']", "a:a=1 a:a=2");
    reads_to("[a:a='1' OR a:a='2' AND b:b='3' OR a:a='4']", "a:a=1 a:a=2{1-2} b:b=3{1-2} a:a=4");
    reads_to("[(a:a='1' OR a:a='2') AND b:b='3']", "a:a=1{0-2} a:a=2{0-2} b:b=3{0-2}");
    reads_to("[a:a='1'] AND [a:a='2']", "a:a=1{0-1} a:a=2{0-1}");
    reads_to("[a:a='1'] OR [a:a='2'] FOLLOWEDBY [a:a='3']", "a:a=1{0-2} a:a=2{0-2} a:a=3{0-2}");
    reads_to("([a:a='1'] FOLLOWEDBY [a:a='2']) OR [a:a='3']", "a:a=1{0-1} a:a=2{0-1} a:a=3");
    reads_to("[a:a='1']OR[a:a='2']", "a:a=1 a:a=2");
    reads_to("([a:a='1'] OR [a:a='2']) WITHIN 300 SECONDS START t'2020-01-01T00:00:00Z' STOP "
             "t'2021-01-01T00:00:00Z'",
             "a:a=1 a:a=2");
    reads_to("[a:a='1'] REPEATS 5 TIMES AND [a:a='2']", "a:a=1{0-1} a:a=2{0-1}");
}

static void nonsense_is_refused_at_its_place(void **state)
{
    static const struct {
        const char *pattern;
        size_t where;
    } bad[] = {
        {"", 0},
        {"a:b='x'", 3},
        {"[", 1},
        {"[]", 2},
        {"[a:b]", 5},
        {"[a:b=]", 6},
        {"[a:b='x]", 5},
        {"[a:b='x'", 8},
        {"[a:b='x')", 9},
        {"[a:b='x'] ]", 11},
        {"[a:b='x' a:c='y']", 12},
        {"[[a:b='x']]", 2},
        {"[a:b IN 'x']", 11},
        {"[a:b IN ('x']", 13},
        {"[a:b ~ 'x']", 5},
        {"[a:b='x'] FROM", 14},
        {"[a:b='x' FOLLOWEDBY a:b='y']", 19},
        {"[b='x']", 2},
        {"[EXISTS]", 8},
        {"[a:b='x'] AND", 13},
        {"[a:b='x\\']", 5},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        static struct stix_pattern p;
        uint8_t scratch[64];
        if (stix_pattern_read(span_str(bad[i].pattern), scratch, &p))
            fail_msg("%s was read", bad[i].pattern);
        assert_non_null(p.why);
        if (p.where != bad[i].where)
            fail_msg("%s: %s at %zu", bad[i].pattern, p.why, p.where);
    }
}

static void limits_hold(void **state)
{
    static char text[65536];
    static uint8_t scratch[65536];
    struct text t = text_on(text, sizeof(text));
    static struct stix_pattern p;

    for (unsigned i = 0; i < 10000; i++)
        text_char(&t, '(');
    assert_false(stix_pattern_read(text_span(&t), scratch, &p));
    assert_int_equal(p.where, STIX_DEPTH_MAX);
    t = text_on(text, sizeof(text));
    text_str(&t, "[a:b='x'");
    for (unsigned i = 1; i < STIX_COMPARISONS_MAX; i++)
        text_str(&t, " OR a:b='x'");
    text_char(&t, ']');
    assert_true(stix_pattern_read(text_span(&t), scratch, &p));
    assert_int_equal(p.comparisons, STIX_COMPARISONS_MAX);
    t.len--;
    text_str(&t, " OR a:b='x']");
    assert_false(stix_pattern_read(text_span(&t), scratch, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_patterns),
        cmocka_unit_test(what_belongs_together_is_tied),
        cmocka_unit_test(nonsense_is_refused_at_its_place),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
