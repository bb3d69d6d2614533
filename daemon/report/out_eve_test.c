/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of event, with hostile text in every place, is a line that the schema takes. */
#include <sys/wait.h>

#include "report/report_test.h"

/* Runs the checker over the file; skips the check where its library is missing. */
static void expect_schema(const struct bench *b)
{
    const char *tool = getenv("EVE_SCHEMA_CHECK");
    char command[512];

    if (tool == NULL)
        return;
    snprintf(command, sizeof command, "/usr/bin/python3 '%s' '%s' >&2", tool, b->eve);
    int status = system(command);
    if (WEXITSTATUS(status) != 77)
        assert_int_equal(status, 0);
}

static struct record full_record(const struct bench *b, enum record_kind kind, struct span value)
{
    struct record rec = bench_tls(b, AT(1) + 123456789, "old.example", STAGE_EXCHANGED);

    rec.kind = (uint8_t)kind;
    rec.value = value;
    rec.flags = RECORD_STREAM | RECORD_MIDSTREAM | RECORD_GUESSED | RECORD_CONFLICT | RECORD_VIA_RESOLVER;
    rec.vlans = 2;
    rec.vlan[0] = 100;
    rec.vlan[1] = 4094;
    rec.tunnel_path = TUNNEL_GRE << 8 | TUNNEL_VXLAN;
    rec.tunnel_id = 7;
    rec.tunnel_depth = 2;
    rec.tunnel_src = ip("2001:db8::1");
    rec.tunnel_dst = ip("198.51.100.1");
    for (unsigned i = 0; i < OBSERVATION_ATTRS_MAX; i++)
        rec.attr[rec.attrs++] = (struct attr){(uint8_t)(i % ATTRS), value};
    return rec;
}

static void hostile_text_everywhere_fits_the_schema(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = full_record(&b, RECORD_SIGHTING, span_str(HOSTILE));
    reporter_record(b.r, b.im, &rec);
    rec = full_record(&b, RECORD_OBSERVATION, span_str(HOSTILE));
    reporter_record(b.r, b.im, &rec);
    rec.is_addr = 1;
    rec.value_addr = ip("::1");
    reporter_record(b.r, b.im, &rec);
    for (unsigned proto = 0; proto < 256; proto++) {
        rec.ip_proto = (uint8_t)proto;
        rec.proto = (uint8_t)proto;
        reporter_record(b.r, b.im, &rec);
    }
    reporter_engine(b.r, AT(2), "worker-died", HOSTILE);
    uint64_t counters[COUNTERS] = {1, 2, 3};
    struct meter meter = {.clients = VISIBILITY_CLIENTS};
    memset(meter.client, 0xff, sizeof meter.client); /* the longest numbers and addresses */
    reporter_stats(b.r, AT(3), counters, &meter);
    reporter_finish(b.r);
    expect_schema(&b);
    char *text = slurp(b.eve);
    assert_int_equal(occurrences(text, "\n"), 1 + 2 + 256 + 2 + 1);
    assert_int_equal(occurrences(text, "\"conflict\":true"), 1 + 2 + 256 + 1);
    assert_non_null(strstr(text, "\"vlan\":[100,4094],\"tunnel\":{\"kind\":\"vxlan\",\"id\":7,\"src_ip\":"
                                 "\"2001:db8::1\",\"dest_ip\":\"198.51.100.1\",\"depth\":2,\"path\":[\"gre\","
                                 "\"vxlan\"]}"));
    assert_non_null(strstr(text, "\"stats\":{\"capture\":{\"packets\":1,\"bytes\":2,"));
    assert_non_null(strstr(text, "\"observed\":\"a\\\"b\\\\c\\u000ad\\u001b[31m\xef\xbf\xbd\xc3\xb6"));
    free(text);
    assert_int_equal(reporter_totals(b.r).output_errors, 0);
    bench_done(&b);
}

/* The largest record that a ring takes, each byte of it six characters in JSON. */
static void the_longest_line_fits(void **state)
{
    static uint8_t controls[RING_RECORD_MAX];
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    memset(controls, 1, sizeof controls);
    struct record rec = full_record(&b, RECORD_SIGHTING, span_of(controls, NAME_TEXT_MAX));
    rec.attrs = OBSERVATION_ATTRS_MAX;
    for (unsigned i = 0; i < rec.attrs; i++)
        rec.attr[i] = (struct attr){(uint8_t)i, span_of(controls, (RING_RECORD_MAX - NAME_TEXT_MAX) /
                                                                      OBSERVATION_ATTRS_MAX)};
    reporter_record(b.r, b.im, &rec);
    rec.kind = RECORD_OBSERVATION;
    reporter_record(b.r, b.im, &rec);
    char *endless = malloc(1u << 20);
    memset(endless, '\n', (1u << 20) - 1);
    endless[(1u << 20) - 1] = 0;
    reporter_engine(b.r, AT(2), "endless", endless);
    free(endless);
    reporter_finish(b.r);
    assert_int_equal(reporter_totals(b.r).output_errors, 0);
    expect_schema(&b);
    char *text = slurp(b.eve);
    assert_int_equal(occurrences(text, "\n"), 4);
    free(text);
    bench_done(&b);
}

static void an_alert_is_exactly_this(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = bench_tls(&b, AT(0) + 123456789, "www.301-redirecting.com", STAGE_EXCHANGED);
    rec.flow_id = UINT64_MAX;
    rec.bytes_out = 517;
    rec.bytes_in = 3000;
    rec.attrs = 2;
    rec.attr[0] = (struct attr){ATTR_ALPN, span_str("h2,http/1.1")};
    rec.attr[1] = (struct attr){ATTR_ECH, span_str("true")};
    reporter_record(b.r, b.im, &rec);
    char *text = slurp(b.eve), wanted[2048], id[64], signature[32];
    struct match m = match_name(b.im, span_str("301-redirecting.com"));
    struct ioc ioc;
    assert_true(image_ioc(b.im, m.ioc, &ioc));
    snprintf(signature, sizeof signature, "%u", (unsigned)((ioc.key ^ ioc.key >> 32) & 0x7fffffff));
    snprintf(wanted, sizeof wanted,
             "{\"timestamp\":\"2021-07-18T10:00:00.123456+0000\",\"event_type\":\"alert\","
             "\"flow_id\":9007199254740991,\"pcap_filename\":\"capture \\\"one\\\".pcap\",\"pcap_cnt\":9,"
             "\"src_ip\":\"10.0.0.5\",\"src_port\":40000,\"dest_ip\":\"203.0.113.5\",\"dest_port\":443,"
             "\"proto\":\"TCP\",\"app_proto\":\"tls\",\"community_id\":\"1:9qaaPuYdrhrgaAB3l+9K2stmBKM=\","
             "\"stream\":\"start\",\"opened\":\"seen\",\"alert\":{\"action\":\"allowed\",\"gid\":2107,"
             "\"signature_id\":%s,\"rev\":1,\"signature\":\"Pegasus (NSO Group) v4: 301-redirecting.com\","
             "\"category\":\"Spyware infrastructure: infection server\",\"severity\":1},"
             "\"ioc\":{\"type\":\"domain\",\"value\":\"301-redirecting.com\",\"tier\":\"infection\","
             "\"match\":\"below\",\"via\":\"tls-sni\",\"observed\":\"www.301-redirecting.com\","
             "\"campaigns\":[\"Pegasus (NSO Group) v4\"],\"source\":\"Amnesty International\","
             "\"sources\":[\"Amnesty International\"],"
             "\"reference\":\"https://example.org/report\",\"feed\":\"v4.ioc\",\"line\":7,"
             "\"hosting\":\"aws/CLOUDFRONT\"},"
             "\"incident\":{\"id\":\"%s\",\"why\":\"new\",\"stage\":\"exchanged\","
             "\"first_seen\":\"2021-07-18T10:00:00.123456+0000\","
             "\"last_seen\":\"2021-07-18T10:00:00.123456+0000\",\"count\":1,\"bytes_out\":517,"
             "\"bytes_in\":3000},\"alpn\":\"h2,http/1.1\",\"ech\":true}\n",
             signature, values(text, "id", id, sizeof id));
    assert_string_equal(text, wanted);
    free(text);
    bench_done(&b);
}

/* Dates, age, trust, all sources; what an answer was worth, whose hostile name is text as any other. */
static void grades_and_blocks_fit_the_schema(void **state)
{
    struct bench b;
    bench_init(&b, true);
    bench_start(&b);
    struct record rec = bench_tls(&b, AT(0), "192.88.99.7", STAGE_EXCHANGED);
    rec.via = VIA_FLOW;
    rec.server = rec.value_addr;
    reporter_record(b.r, b.im, &rec);
    for (unsigned blocked = 0; blocked < BLOCKS; blocked++) {
        rec = bench_dns(&b, AT(1), "old.example");
        rec.client.b[15] = (uint8_t)blocked;
        rec.blocked = (uint8_t)blocked;
        rec.value_addr = ip("198.51.100.9");
        reporter_record(b.r, b.im, &rec);
    }
    reporter_finish(b.r);
    expect_schema(&b);
    char *text = slurp(b.eve), got[512];
    assert_string_equal(values(text, "blocked", got, sizeof got),
                        "nodata refused nxdomain blocked parked sinkhole "
                        "nodata refused nxdomain blocked parked sinkhole");
    assert_int_equal(occurrences(text, "\"blocked_by\":\"10.0.0.1\""), 8);
    assert_int_equal(occurrences(text, "\"blocked_by\":\"a\\\"b\\\\c\\u000ad"), 4);
    assert_int_equal(occurrences(text, "\"sources\":[\"One\",\"a\\\"b"), 2);
    assert_int_equal(occurrences(text, "\"hosting\":\"\",\"valid_from\":\"2018-08-01\",\"aged\":true,"
                                       "\"age_days\":1082,\"trust\":\"low\"}"),
                     2);
    assert_int_equal(occurrences(text, "\"valid_until\":\"2020-09-13\",\"aged\":true,\"age_days\":307}"),
                     2 * BLOCKS);
    free(text);
    assert_int_equal(reporter_totals(b.r).output_errors, 0);
    bench_done(&b);
}

static void observations_only_when_asked_for(void **state)
{
    struct bench b;
    bench_init(&b, false);
    b.options.observe = false;
    bench_start(&b);
    struct record rec = bench_dns(&b, AT(0), "a.example");
    rec.kind = RECORD_OBSERVATION;
    reporter_record(b.r, b.im, &rec);
    char *text = slurp(b.eve);
    assert_string_equal(text, "");
    free(text);
    b.options.observe = true;
    reporter_free(b.r);
    bench_start(&b);
    reporter_record(b.r, b.im, &rec);
    rec = bench_dns(&b, AT(0), "a.301-redirecting.com");
    rec.kind = RECORD_OBSERVATION;
    reporter_record(b.r, b.im, &rec);
    text = slurp(b.eve);
    assert_int_equal(occurrences(text, "\"event_type\":\"observation\""), 2);
    assert_int_equal(occurrences(text, "\"in_iface\":\"capture \\\"one\\\".pcap\""), 2);
    assert_int_equal(occurrences(text, "pcap_cnt"), 0);
    assert_int_equal(occurrences(text, "\"match\":true"), 1);
    assert_int_equal(reporter_totals(b.r).incidents, 0);
    free(text);
    expect_schema(&b);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_everywhere_fits_the_schema),
        cmocka_unit_test(the_longest_line_fits),
        cmocka_unit_test(an_alert_is_exactly_this),
        cmocka_unit_test(grades_and_blocks_fit_the_schema),
        cmocka_unit_test(observations_only_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
