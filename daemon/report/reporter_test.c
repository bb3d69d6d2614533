/* SPDX-License-Identifier: BSD-2-Clause */
/* From records to events: what is told, when, and how often. */
#include "report/report_test.h"

static void expect_whys(const struct bench *b, const char *wanted)
{
    char got[4096], *text = slurp(b->eve);

    assert_string_equal(values(text, "why", got, sizeof got), wanted);
    free(text);
}

static void a_visit_alerts_at_each_stage(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    reporter_record(b.r, b.im, &rec);
    rec.ts_ns = AT(1);
    rec.via = VIA_DNS_ADDRESS;
    rec.stage = STAGE_RESOLVED;
    rec.flags = RECORD_UPDATE;
    rec.is_addr = 1;
    rec.value_addr = ip("203.0.113.5");
    reporter_record(b.r, b.im, &rec);
    for (enum stage s = STAGE_ATTEMPTED; s <= STAGE_EXCHANGED; s++) {
        rec = bench_tls(&b, AT(2 + s), "www.301-redirecting.com", s);
        rec.flags |= s > STAGE_ATTEMPTED ? RECORD_UPDATE : 0;
        rec.bytes_out = 100 * s;
        rec.bytes_in = s == STAGE_EXCHANGED ? 7 : 0;
        reporter_record(b.r, b.im, &rec);
    }
    reporter_finish(b.r);
    expect_whys(&b, "new raised raised raised raised closed");
    char got[512], *text = slurp(b.eve);
    assert_string_equal(values(text, "stage", got, sizeof got),
                        "queried resolved attempted connected exchanged exchanged");
    assert_non_null(strstr(text, "\"count\":2,\"bytes_out\":500,\"bytes_in\":7}"));
    assert_int_equal(occurrences(text, "\"severity\":2"), 3);
    assert_int_equal(occurrences(text, "\"severity\":1"), 3);
    free(text);
    struct reporter_totals t = reporter_totals(b.r);
    assert_int_equal(t.incidents, 1);
    assert_int_equal(t.alerts, 5);
    assert_int_equal(t.sightings, 2);
    bench_done(&b);
}

static void repeats_are_summarised_at_the_interval(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    for (unsigned s = 0; s < 100 * MINUTES; s += 10) { /* 600 sightings in 100 minutes */
        rec.ts_ns = AT(s);
        reporter_record(b.r, b.im, &rec);
    }
    expect_whys(&b, "new repeat");
    rec.ts_ns = AT(400 * MINUTES); /* the second summary was due in between, and then it was quiet */
    reporter_record(b.r, b.im, &rec);
    expect_whys(&b, "new repeat repeat repeat");
    reporter_finish(b.r);
    expect_whys(&b, "new repeat repeat repeat closed");
    char *text = slurp(b.eve);
    assert_non_null(strstr(text, "{\"timestamp\":\"2021-07-18T11:00:00.000000+0000\""));
    assert_non_null(strstr(text, "{\"timestamp\":\"2021-07-18T12:00:00.000000+0000\""));
    assert_non_null(strstr(text, "\"count\":360")); /* the one at the very minute comes after the summary */
    assert_non_null(strstr(text, "\"count\":601"));
    free(text);
    bench_done(&b);
}

static void pending_repeats_are_flushed_at_the_end(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    const char *names[] = {"b.301-redirecting.com", "old.example", "b.301-redirecting.com", "old.example"};
    for (unsigned i = 0; i < 4; i++) {
        struct record rec = bench_dns(&b, AT(i), names[i]);
        reporter_record(b.r, b.im, &rec);
    }
    reporter_finish(b.r);
    expect_whys(&b, "new new repeat repeat closed closed");
    char got[512], *text = slurp(b.eve);
    assert_string_equal(values(text, "observed", got, sizeof got),
                        "b.301-redirecting.com old.example b.301-redirecting.com old.example "
                        "b.301-redirecting.com old.example");
    free(text);
    bench_done(&b);
}

static void idle_incidents_close_and_open_anew(void **state)
{
    struct bench b;
    bench_init(&b, false);
    b.settings.close_after = 3600 * SECOND_NS;
    b.settings.repeat_interval = 7200 * SECOND_NS;
    bench_start(&b);
    reporter_tick(b.r, AT(0));
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    reporter_record(b.r, b.im, &rec);
    reporter_tick(b.r, AT(3599));
    expect_whys(&b, "new");
    reporter_tick(b.r, AT(3600));
    expect_whys(&b, "new closed");
    rec.ts_ns = AT(3601);
    reporter_record(b.r, b.im, &rec);
    expect_whys(&b, "new closed new");
    char got[512], *text = slurp(b.eve);
    values(text, "id", got, sizeof got);
    assert_memory_equal(got, got + 17, 16);
    assert_memory_not_equal(got, got + 34, 16);
    free(text);
    bench_done(&b);
}

static void a_clock_that_is_set_does_no_harm(void **state)
{
    struct bench b;
    bench_init(&b, false);
    bench_start(&b);
    reporter_tick(b.r, AT(86400 * 365));
    struct record rec = bench_dns(&b, AT(86400 * 365), "301-redirecting.com");
    reporter_record(b.r, b.im, &rec);
    reporter_record(b.r, b.im, &rec);
    reporter_tick(b.r, AT(0)); /* back by a year */
    reporter_tick(b.r, AT(3599));
    expect_whys(&b, "new");
    reporter_tick(b.r, AT(3600));
    expect_whys(&b, "new repeat");
    char *text = slurp(b.eve);
    assert_non_null(strstr(text, "{\"timestamp\":\"2021-07-18T11:00:00.000000+0000\"")); /* wall time */
    free(text);
    bench_done(&b);
}

static void updates_and_copies_neither_count_nor_open(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = bench_tls(&b, AT(0), "301-redirecting.com", STAGE_CONNECTED);
    rec.flags |= RECORD_UPDATE;
    reporter_record(b.r, b.im, &rec); /* a nameless flow to a shared address: no incident */
    assert_int_equal(reporter_totals(b.r).incidents, 0);
    rec = bench_dns(&b, AT(1), "301-redirecting.com");
    rec.flags |= RECORD_COPY; /* the original got lost: better twice than never */
    reporter_record(b.r, b.im, &rec);
    reporter_record(b.r, b.im, &rec);
    assert_int_equal(reporter_totals(b.r).sightings, 1);
    rec = bench_tls(&b, AT(2), "301-redirecting.com", STAGE_CONNECTED);
    rec.flags |= RECORD_UPDATE;
    reporter_record(b.r, b.im, &rec);
    assert_int_equal(reporter_totals(b.r).sightings, 1);
    reporter_finish(b.r);
    expect_whys(&b, "new raised closed");
    bench_done(&b);
}

static void hostile_records_are_ignored(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    rec.match = MATCH_EXCEPTION;
    reporter_record(b.r, b.im, &rec);
    rec.match = MATCH_EXACT;
    reporter_record(b.r, NULL, &rec);
    for (uint32_t id = image_iocs(b.im), end = id + 61; id < end; id++) {
        rec.ioc = id;
        reporter_record(b.r, b.im, &rec);
    }
    rec.ioc = RECORD_NO_IOC;
    reporter_record(b.r, b.im, &rec);
    assert_int_equal(reporter_totals(b.r).incidents, 0);
    assert_int_equal(reporter_totals(b.r).bad_records, 64);
    rec = bench_tls(&b, UINT64_MAX, "301-redirecting.com", STAGE_EXCHANGED); /* the end of time */
    rec.bytes_out = rec.bytes_in = UINT64_MAX;
    rec.proto = 255;
    reporter_record(b.r, b.im, &rec);
    rec.ts_ns = 0;
    rec.flow_id++;
    reporter_record(b.r, b.im, &rec);
    reporter_finish(b.r);
    char *text = slurp(b.eve);
    assert_int_equal(occurrences(text, "\"bytes_out\":9223372036854775807"), 3);
    free(text);
    bench_done(&b);
}

static void clients_without_end_take_bounded_memory(void **state)
{
    struct bench b;
    bench_init(&b, false);
    b.settings.incidents_max = 100;
    b.options.eve_path = NULL;
    bench_start(&b);
    reporter_tick(b.r, AT(0));
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    for (uint32_t i = 0; i < 50000; i++) {
        memcpy(rec.client.b + 12, &i, 4);
        reporter_record(b.r, b.im, &rec);
    }
    assert_int_equal(reporter_totals(b.r).incidents, 50000);
    assert_int_equal(reporter_totals(b.r).incidents_evicted, 49900);
    bench_done(&b);
}

static void the_oldest_idle_incident_makes_room(void **state)
{
    struct bench b;
    bench_init(&b, true);
    b.settings.incidents_max = 16;
    bench_start(&b);
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    for (uint8_t i = 1; i <= 16; i++) {
        rec.client.b[15] = i;
        reporter_record(b.r, b.im, &rec);
    }
    rec.client.b[15] = 1; /* active again: the second is now the oldest */
    reporter_record(b.r, b.im, &rec);
    rec.client.b[15] = 17;
    reporter_record(b.r, b.im, &rec);
    char *text = slurp(b.eve), *closed = strstr(text, "\"why\":\"closed\"");
    assert_non_null(closed);
    while (closed > text && closed[-1] != '\n')
        closed--;
    assert_non_null(strstr(closed, "\"src_ip\":\"10.0.0.2\""));
    free(text);
    bench_done(&b);
}

static void a_restart_does_not_alert_again(void **state)
{
    struct bench b;
    bench_init(&b, false);
    bench_start(&b);
    reporter_tick(b.r, AT(0));
    struct record rec = bench_tls(&b, AT(0), "301-redirecting.com", STAGE_CONNECTED);
    reporter_record(b.r, b.im, &rec);
    reporter_finish(b.r);
    reporter_free(b.r);
    image_unmap(b.im);
    b.im = bench_image("renamed"); /* the rules were updated meanwhile */
    bench_start(&b);
    reporter_tick(b.r, AT(60));
    rec = bench_dns(&b, AT(60), "301-redirecting.com"); /* lower */
    reporter_record(b.r, b.im, &rec);
    rec = bench_tls(&b, AT(61), "301-redirecting.com", STAGE_CONNECTED); /* same */
    reporter_record(b.r, b.im, &rec);
    expect_whys(&b, "new");
    rec = bench_tls(&b, AT(62), "301-redirecting.com", STAGE_EXCHANGED); /* higher */
    rec.flags |= RECORD_UPDATE;
    reporter_record(b.r, b.im, &rec);
    expect_whys(&b, "new raised");
    char got[512], *text = slurp(b.eve);
    values(text, "id", got, sizeof got);
    assert_memory_equal(got, got + 17, 16);
    assert_int_equal(occurrences(text, "renamed: 301-redirecting.com"), 1);
    assert_int_equal(occurrences(text, "\"count\":3"), 1);
    free(text);
    bench_done(&b);
}

static void two_replays_are_equal(void **state)
{
    struct bench b[2];
    char *text[2];

    for (unsigned i = 0; i < 2; i++) {
        setenv("TZ", i == 0 ? "UTC" : "Asia/Kathmandu", 1);
        bench_init(&b[i], true);
        bench_start(&b[i]);
        for (unsigned k = 0; k < 300; k++) {
            struct record rec = bench_dns(&b[i], AT(k * 100), k % 3 ? "301-redirecting.com" : "old.example");
            rec.client.b[15] = (uint8_t)(k % 50);
            reporter_record(b[i].r, b[i].im, &rec);
            rec.kind = RECORD_OBSERVATION;
            reporter_record(b[i].r, b[i].im, &rec);
        }
        reporter_finish(b[i].r);
        text[i] = slurp(b[i].eve);
        bench_done(&b[i]);
    }
    assert_true(strlen(text[0]) > 100000);
    assert_string_equal(text[0], text[1]);
    free(text[0]);
    free(text[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_alerts_at_each_stage),
        cmocka_unit_test(repeats_are_summarised_at_the_interval),
        cmocka_unit_test(pending_repeats_are_flushed_at_the_end),
        cmocka_unit_test(idle_incidents_close_and_open_anew),
        cmocka_unit_test(a_clock_that_is_set_does_no_harm),
        cmocka_unit_test(updates_and_copies_neither_count_nor_open),
        cmocka_unit_test(hostile_records_are_ignored),
        cmocka_unit_test(clients_without_end_take_bounded_memory),
        cmocka_unit_test(the_oldest_idle_incident_makes_room),
        cmocka_unit_test(a_restart_does_not_alert_again),
        cmocka_unit_test(two_replays_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
