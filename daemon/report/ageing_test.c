/* SPDX-License-Identifier: BSD-2-Clause */
/* Which indicators are aged when, and what people are told of it: all combinations of what may be known. */
#include "report/ageing.h"

#include "report/report_test.h"

#define DAY      86400
#define AT_DAY   18826 /* 2021-07-18 in days since 1970 */
#define MIDNIGHT (T0 - 36000 * SECOND_NS)
#define AGO(d)   ((int64_t)(AT_DAY - (d)) * DAY)

/* Defaults: addresses and prefixes 90 days, fingerprints 365, names and certificates never. */
static const struct {
    const char *what;
    enum ioc_type type;
    int64_t from_s, until_s, first_s;
    bool rebuilt;
    uint64_t days;     /* with `words`: of age */
    const char *words; /* "": not aged */
} rows[] = {
    {"nothing is known", IOC_ADDRESS, 0, 0, 0, false, 0, ""},
    {"on its last day", IOC_ADDRESS, AGO(90), 0, 0, false, 0, ""},
    {"a day later", IOC_ADDRESS, AGO(91), 0, 0, false, 91,
     "listed since 2021-04-18, addresses age after 90 days"},
    {"prefix", IOC_PREFIX, AGO(91), 0, 0, false, 91, "listed since 2021-04-18, prefixes age after 90 days"},
    {"name", IOC_DOMAIN, AGO(5000), 0, 0, false, 0, ""},
    {"exact name", IOC_NAME, AGO(5000), 0, AGO(4000), false, 0, ""},
    {"certificate", IOC_CERT, AGO(5000), 0, 0, false, 0, ""},
    {"fingerprint, young", IOC_JA3, AGO(365), 0, 0, false, 0, ""},
    {"fingerprint", IOC_JA4, AGO(366), 0, 0, false, 366,
     "listed since 2020-07-17, fingerprints age after 365 days"},
    /* only our own date */
    {"loaded long ago", IOC_ADDRESS, 0, 0, AGO(100), false, 100,
     "first loaded 2021-04-09, addresses age after 90 days"},
    {"loaded lately", IOC_ADDRESS, 0, 0, AGO(10), false, 0, ""},
    {"loaded later than the traffic", IOC_ADDRESS, 0, 0, AGO(-10), false, 0, ""},
    /* a true date wins over ours, unless another source lists it without one */
    {"old, loaded lately", IOC_ADDRESS, AGO(1000), 0, AGO(1), false, 1000,
     "listed since 2018-10-22, addresses age after 90 days"},
    {"old, and rebuilt lately", IOC_ADDRESS, AGO(1000), 0, AGO(1), true, 0, ""},
    {"old, and rebuilt long ago", IOC_ADDRESS, AGO(1000), 0, AGO(100), true, 100,
     "first loaded 2021-04-09, addresses age after 90 days"},
    {"given anew since it was loaded", IOC_ADDRESS, AGO(5), 0, AGO(100), true, 0, ""},
    {"rebuilt, never loaded", IOC_ADDRESS, 0, 0, 0, true, 0, ""},
    {"from the future", IOC_ADDRESS, AGO(-100), 0, AGO(100), false, 0, ""},
    /* an end that its source gave */
    {"ended", IOC_ADDRESS, AGO(20), AGO(10), 0, false, 10,
     "listed until 2021-07-08, addresses age after 90 days"},
    {"ended for a name", IOC_DOMAIN, AGO(20), AGO(10), AGO(1), false, 10, "listed until 2021-07-08"},
    {"ended for a fingerprint", IOC_JA3, 0, AGO(1), 0, true, 1,
     "listed until 2021-07-17, fingerprints age after 365 days"},
    {"ends this second", IOC_DOMAIN, 0, AGO(0), 0, false, 0, ""},
    {"ends later, too old all the same", IOC_ADDRESS, AGO(400), AGO(-400), 0, false, 400,
     "listed since 2020-06-13, addresses age after 90 days"},
    {"ends later", IOC_DOMAIN, AGO(400), AGO(-400), 0, false, 0, ""},
    /* what an image may claim */
    {"before 1970", IOC_ADDRESS, -5, -5, -5, false, 0, ""},
    {"beyond all time", IOC_ADDRESS, INT64_MAX, INT64_MAX, INT64_MAX, true, 0, ""},
    {"before all time", IOC_ADDRESS, INT64_MIN, INT64_MIN, INT64_MIN, true, 0, ""},
    {"no start, but loaded", IOC_ADDRESS, INT64_MIN, INT64_MAX, AGO(91), false, 91,
     "first loaded 2021-04-18, addresses age after 90 days"},
};

static void each_combination(void **state)
{
    struct settings s;

    assert_int_equal(conf_defaults(settings_keys, settings_count, &s), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ioc_copy ioc = {.type = (uint8_t)rows[i].type,
                               .from_s = rows[i].from_s,
                               .until_s = rows[i].until_s,
                               .first_s = rows[i].first_s,
                               .rebuilt = rows[i].rebuilt};
        char buf[200];
        struct text t = text_on(buf, sizeof buf);
        struct ageing a = ageing_of(&s, &ioc, MIDNIGHT);
        ageing_words(&t, &a, &ioc);
        if (a.aged != (rows[i].words[0] != 0) || strcmp(buf, rows[i].words) != 0 || a.days != rows[i].days)
            fail_msg("%s: %s, %u days", rows[i].what, buf, (unsigned)a.days);
    }
    conf_free(settings_keys, settings_count, &s);
}

/* 0 switches ageing off, not the end that a source gave; other limits are each type's own. */
static void limits_are_settings(void **state)
{
    static const enum ioc_type of_type[] = {IOC_ADDRESS, IOC_PREFIX, IOC_DOMAIN, IOC_CERT, IOC_JA3};
    struct settings s;

    assert_int_equal(conf_defaults(settings_keys, settings_count, &s), 0);
    uint64_t *const limit[] = {&s.age_address, &s.age_prefix, &s.age_name, &s.age_certificate,
                               &s.age_fingerprint};
    for (unsigned i = 0; i < 5; i++)
        for (unsigned k = 0; k < 5; k++) {
            struct ioc_copy ioc = {.type = (uint8_t)of_type[k], .from_s = AGO(10)};
            for (unsigned l = 0; l < 5; l++)
                *limit[l] = l == i ? 5ull * DAY * SECOND_NS : 0;
            assert_int_equal(ageing_of(&s, &ioc, T0).aged, i == k);
            ioc.until_s = AGO(3);
            assert_true(ageing_of(&s, &ioc, T0).aged);
        }
    conf_free(settings_keys, settings_count, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_combination),
        cmocka_unit_test(limits_are_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
