/* SPDX-License-Identifier: BSD-2-Clause */
/* Severity, identifiers and names of alerts. */
#include "report/alert.h"

#include "report/report_test.h"

#define MID (RECORD_STREAM | RECORD_MIDSTREAM)
#define VIA RECORD_VIA_RESOLVER

static void severity_is_what_the_table_says(void **state)
{
    static const struct {
        enum tier tier;
        enum ioc_type type;
        enum stage stage;
        bool aged, low_trust;
        unsigned flags;
        uint8_t severity;
    } rows[] = {
        {TIER_UNKNOWN, IOC_DOMAIN, STAGE_CONNECTED, false, false, 0, 1},
        {TIER_INFECTION, IOC_DOMAIN, STAGE_EXCHANGED, false, false, RECORD_STREAM, 1},
        {TIER_C2, IOC_DOMAIN, STAGE_QUERIED, false, false, 0, 2},
        {TIER_C2, IOC_DOMAIN, STAGE_RESOLVED, false, false, 0, 2},
        {TIER_C2, IOC_DOMAIN, STAGE_ATTEMPTED, false, false, 0, 2},
        {TIER_C2, IOC_DOMAIN, STAGE_SCANNED, false, false, 0, 3},
        {TIER_DELIVERY, IOC_DOMAIN, STAGE_EXCHANGED, false, false, 0, 2},
        {TIER_WATERING_HOLE, IOC_DOMAIN, STAGE_EXCHANGED, false, false, 0, 3},
        {TIER_WATERING_HOLE, IOC_DOMAIN, STAGE_QUERIED, false, false, 0, 3},
        {TIER_C2, IOC_DOMAIN, STAGE_EXCHANGED, true, false, 0, 3},
        {TIER_C2, IOC_DOMAIN, STAGE_CONNECTED, false, false, MID, 2},
        {TIER_C2, IOC_DOMAIN, STAGE_CONNECTED, false, false, RECORD_MIDSTREAM,
         1}, /* means nothing outside a stream */
        {TIER_C2, IOC_DOMAIN, STAGE_CONNECTED, false, false, RECORD_CONFLICT | RECORD_GUESSED, 1},
        {TIER_C2, IOC_DOMAIN, STAGE_CONNECTED, false, false, VIA, 2},
        {TIER_C2, IOC_DOMAIN, STAGE_CONNECTED, false, false, MID | VIA, 3},
        {TIER_C2, IOC_DOMAIN, STAGE_QUERIED, false, false, MID | VIA, 3}, /* never below the least */
        {TIER_WATERING_HOLE, IOC_DOMAIN, STAGE_SCANNED, true, false, MID | VIA, 3},
        {TIER_C2, IOC_CERT, STAGE_CONNECTED, false, false, 0, 1},
        {TIER_C2, IOC_JA3, STAGE_CONNECTED, false, false, 0, 2}, /* all who use the software have it */
        {TIER_C2, IOC_JA4, STAGE_EXCHANGED, false, false, MID, 3},
        {TIER_WATERING_HOLE, IOC_JA4, STAGE_EXCHANGED, true, false, MID | VIA, 3},
        {TIER_C2, IOC_DOMAIN, STAGE_EXCHANGED, false, true, 0, 2},
        {TIER_INFECTION, IOC_ADDRESS, STAGE_ATTEMPTED, false, true, 0, 3},
        {TIER_C2, IOC_ADDRESS, STAGE_EXCHANGED, true, true, 0, 3},
        {TIER_C2, IOC_JA3, STAGE_EXCHANGED, false, true, 0, 3},
        {TIER_C2, IOC_DOMAIN, STAGE_EXCHANGED, false, true, MID, 3},
        {TIER_DELIVERY, IOC_DOMAIN, STAGE_EXCHANGED, false, true, 0, 3},
        {TIER_WATERING_HOLE, IOC_DOMAIN, STAGE_EXCHANGED, false, true, VIA, 3},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ioc_copy ioc = {.tier = (uint8_t)rows[i].tier,
                               .type = (uint8_t)rows[i].type,
                               .low_trust = rows[i].low_trust};
        if (alert_severity(&ioc, rows[i].stage, rows[i].aged, rows[i].flags) != rows[i].severity)
            fail_msg("row %zu", i);
    }
}

/* What is doubted is never told as more severe, and nothing falls off the scale. */
static void doubts_only_lower(void **state)
{
    for (unsigned n = 0; n < TIERS * IOC_TYPES * STAGES * 16; n++) {
        unsigned flags = (n & 1 ? MID : 0) | (n & 2 ? VIA : 0), rest = n / 16;
        struct ioc_copy ioc = {.tier = (uint8_t)(rest % TIERS),
                               .type = (uint8_t)(rest / TIERS % IOC_TYPES),
                               .low_trust = (n & 4) != 0};
        struct ioc_copy sure = {.tier = ioc.tier, .type = ioc.type};
        enum stage stage = rest / TIERS / IOC_TYPES;
        uint8_t plain = alert_severity(&sure, stage, false, 0);
        uint8_t doubted = alert_severity(&ioc, stage, (n & 8) != 0, flags);
        assert_in_range(doubted, plain, 3);
        assert_in_range(plain, tier_severity[ioc.tier], 3);
        if ((n & 15) != 0 && plain < 3)
            assert_true(doubted > plain);
        if ((n & 8) != 0)
            assert_int_equal(doubted, 3);
    }
}

static void signature_ids_are_positive_31_bits(void **state)
{
    assert_int_equal(alert_signature_id(0), 1);
    assert_int_equal(alert_signature_id(UINT64_MAX), 1);
    assert_int_equal(alert_signature_id(0x80000000u), 1);
    assert_int_equal(alert_signature_id(0x8000000080000001u), 1);
    assert_int_equal(alert_signature_id(0x0000000112345678u), 0x12345679);
}

static void incident_ids_depend_on_every_part(void **state)
{
    char value[] = "a.example", id[6][17];
    struct ioc_copy ioc = {.type = IOC_DOMAIN, .value = value};
    struct addr a = ip("10.0.0.1"), b = ip("10.0.0.2");

    alert_incident_id(&ioc, &a, 5, "here", id[0]);
    alert_incident_id(&ioc, &b, 5, "here", id[1]);
    alert_incident_id(&ioc, &a, 6, "here", id[2]);
    alert_incident_id(&ioc, &a, 5, "there", id[3]);
    ioc.type = IOC_NAME;
    alert_incident_id(&ioc, &a, 5, "here", id[4]);
    value[0] = 'b';
    alert_incident_id(&ioc, &a, 5, "here", id[5]);
    for (unsigned i = 0; i < 6; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(id[i], id[k]);
    value[0] = 'a';
    ioc.type = IOC_DOMAIN;
    alert_incident_id(&ioc, &a, 5, "here", id[1]);
    assert_string_equal(id[0], id[1]);
    assert_string_equal(id[0], "20c422d34c23025b"); /* stays the same over versions */
}

static void signatures_name_campaign_and_value(void **state)
{
    char value[] = "a.example", buf[256];
    struct ioc_copy ioc = {.value = value,
                           .campaigns = 2,
                           .campaign = {"One", "Two"},
                           .tier = TIER_INFECTION};
    struct text t = text_on(buf, sizeof buf);

    alert_signature(&t, &ioc);
    assert_string_equal(buf, "One, Two: a.example");
    t = text_on(buf, sizeof buf);
    alert_category(&t, &ioc);
    assert_string_equal(buf, "Spyware infrastructure: infection server");
    ioc.campaigns = 0;
    ioc.tier = TIER_UNKNOWN;
    t = text_on(buf, sizeof buf);
    alert_signature(&t, &ioc);
    assert_string_equal(buf, "Spyware infrastructure: a.example");
    t = text_on(buf, sizeof buf);
    alert_category(&t, &ioc);
    assert_string_equal(buf, "Spyware infrastructure");
    ioc.type = IOC_CERT;
    t = text_on(buf, sizeof buf);
    alert_signature(&t, &ioc);
    assert_string_equal(buf, "Spyware infrastructure: certificate a.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(severity_is_what_the_table_says),
        cmocka_unit_test(doubts_only_lower),
        cmocka_unit_test(signature_ids_are_positive_31_bits),
        cmocka_unit_test(incident_ids_depend_on_every_part),
        cmocka_unit_test(signatures_name_campaign_and_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
