/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of names and links: what is found must be what was said, up to the limits, and no further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "intel/load_stix_names.h"

static uint64_t id(const struct stix_names *n, const char *kind, unsigned number)
{
    char buf[64];

    snprintf(buf, sizeof(buf), "%s--%u", kind, number);
    return stix_names_id(n, span_str(buf));
}

static void add(struct stix_names *n, const char *kind, unsigned number)
{
    char name[32];

    snprintf(name, sizeof(name), "%s %u", kind, number);
    stix_names_add(n, id(n, kind, number), stix_kind_of(span_str(kind)), span_str(name));
}

#define INDICATORS 500u
#define THINGS     40u

/* Random links in random order, before and behind the names, against a table of all of them. */
static void links_lead_to_names(void **state)
{
    struct stix_names *n = stix_names_new();
    static bool linked[INDICATORS][THINGS];
    unsigned first[THINGS], met = 0;

    srand(7);
    for (unsigned i = 0; i < THINGS; i++)
        first[i] = THINGS;
    for (unsigned i = 0; i < 5000; i++) {
        unsigned a = (unsigned)rand() % INDICATORS, t = (unsigned)rand() % THINGS;
        if (a % 5 == 0) /* every fifth has none */
            continue;
        unsigned others = 0;
        for (unsigned k = 0; k < THINGS; k++)
            others += linked[a][k];
        if (others >= IMAGE_CAMPAIGNS_MAX && !linked[a][t])
            continue;
        linked[a][t] = true;
        first[t] = first[t] < THINGS ? first[t] : met++;
        stix_names_link(n, id(n, "indicator", a), id(n, "malware", t));
        if (i % 100 == 0)
            add(n, "malware", i / 100 % THINGS);
    }
    for (unsigned t = 0; t < THINGS; t++)
        add(n, "malware", t);
    stix_names_seal(n);
    for (unsigned a = 0; a < INDICATORS; a++) {
        struct span got[IMAGE_CAMPAIGNS_MAX];
        unsigned count = stix_names_campaigns(n, id(n, "indicator", a), got), wanted = 0;
        for (unsigned t = 0; t < THINGS; t++) {
            char name[32];
            bool found = false;
            snprintf(name, sizeof(name), "malware %u", t);
            for (unsigned i = 0; i < count; i++)
                found |= span_eq(got[i], span_str(name));
            assert_true(found == linked[a][t]);
            wanted += linked[a][t];
        }
        assert_int_equal(count, wanted);
    }
    assert_int_equal(stix_names_left_out(n), 0);
    stix_names_free(n);
}

/* Behind as many things and links as there may be, nothing is found and all is counted; what was in time
 * stays. */
static void limits_are_kept(void **state)
{
    struct stix_names *n = stix_names_new();
    struct span got[IMAGE_CAMPAIGNS_MAX];

    for (unsigned i = 0; i < STIX_THINGS_MAX + 5; i++)
        add(n, "malware", i);
    assert_in_range(stix_names_left_out(n), 5, STIX_THINGS_MAX); /* names have a limit of their own */
    uint64_t before = stix_names_left_out(n);
    for (unsigned i = 0; i < STIX_LINKS_MAX + 7; i++)
        stix_names_link(n, i | 1u << 31, id(n, "malware", 0));
    assert_int_equal(stix_names_left_out(n), before + 7);
    stix_names_seal(n);
    assert_int_equal(stix_names_campaigns(n, 5 | 1u << 31, got), 1);
    assert_true(span_eq(got[0], span_str("malware 0")));
    assert_int_equal(stix_names_campaigns(n, (STIX_LINKS_MAX - 1) | 1u << 31, got), 1);
    assert_int_equal(stix_names_campaigns(n, STIX_LINKS_MAX | 1u << 31, got), 0);
    assert_int_equal(stix_names_campaigns(n, 0, got), 0);
    stix_names_free(n);
}

static void reports_stand_in(void **state)
{
    struct stix_names *n = stix_names_new();
    struct span got[IMAGE_CAMPAIGNS_MAX];

    stix_names_begin(n); /* no report after all */
    stix_names_refer(n, id(n, "indicator", 1));
    stix_names_end(n, 0);
    stix_names_begin(n);
    stix_names_refer(n, id(n, "indicator", 2));
    stix_names_refer(n, id(n, "indicator", 3));
    stix_names_end(n, id(n, "report", 1));
    add(n, "report", 1);
    stix_names_begin(n); /* refers to nothing */
    stix_names_end(n, id(n, "report", 2));
    stix_names_link(n, id(n, "indicator", 3), id(n, "campaign", 1));
    add(n, "campaign", 1);
    stix_names_revoke(n, id(n, "indicator", 3));
    stix_names_seal(n);
    assert_int_equal(stix_names_campaigns(n, id(n, "indicator", 1), got), 0);
    assert_int_equal(stix_names_campaigns(n, id(n, "indicator", 2), got), 1);
    assert_true(span_eq(got[0], span_str("report 1")));
    assert_int_equal(stix_names_campaigns(n, id(n, "indicator", 3), got), 1);
    assert_true(span_eq(got[0], span_str("campaign 1")));
    assert_false(stix_names_revoked(n, id(n, "indicator", 2)));
    assert_true(stix_names_revoked(n, id(n, "indicator", 3)));
    assert_false(stix_names_revoked(n, 0));
    stix_names_free(n);
}

static void kinds(void **state)
{
    assert_int_equal(stix_kind_of_id(span_str("threat-actor--1")), STIX_KIND_CAMPAIGN);
    assert_int_equal(stix_kind_of_id(span_str("identity--1")), STIX_KIND_IDENTITY);
    assert_int_equal(stix_kind_of_id(span_str("malware-1")), STIX_KIND_NONE);
    assert_int_equal(stix_kind_of_id(span_str("--")), STIX_KIND_NONE);
    assert_int_equal(stix_kind_of_id(span_of(NULL, 0)), STIX_KIND_NONE);
}

static void the_only_identity(void **state)
{
    struct stix_names *n = stix_names_new();

    assert_int_equal(stix_names_identity(n, 0).len, 0);
    add(n, "identity", 1);
    add(n, "identity", 1);
    assert_true(span_eq(stix_names_identity(n, 0), span_str("identity 1")));
    assert_true(span_eq(stix_names_identity(n, id(n, "identity", 9)), span_str("identity 1")));
    add(n, "identity", 2);
    assert_int_equal(stix_names_identity(n, 0).len, 0);
    assert_true(span_eq(stix_names_identity(n, id(n, "identity", 1)), span_str("identity 1")));
    stix_names_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_lead_to_names), cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(reports_stand_in),    cmocka_unit_test(kinds),
        cmocka_unit_test(the_only_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
