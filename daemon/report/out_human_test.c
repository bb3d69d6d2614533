/* SPDX-License-Identifier: BSD-2-Clause */
/* The very words that people read. */
#include "report/report_test.h"

static void start(struct bench *b)
{
    bench_init(b, true);
    b->options.eve_path = NULL;
    b->options.human = true;
    bench_start(b);
    fflush(stdout);
    b->saved_stdout = dup(STDOUT_FILENO);
    int fd = open(b->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    dup2(fd, STDOUT_FILENO);
    close(fd);
}

static char *stop(struct bench *b)
{
    reporter_finish(b->r);
    dup2(b->saved_stdout, STDOUT_FILENO);
    close(b->saved_stdout);
    return slurp(b->out);
}

static void digests_say_what_has_them(void **state)
{
    struct bench b;
    start(&b);
    struct record rec = bench_digest(&b, AT(0), IOC_CERT, TEST_CERT);
    reporter_record(b.r, b.im, &rec);
    rec = bench_digest(&b, AT(1), IOC_JA4, TEST_JA4);
    reporter_record(b.r, b.im, &rec);
    char *text = stop(&b);
    assert_string_equal(text, "2021-07-18 10:00:00 UTC  ALERT 1  10.0.0.5        connected to a server with "
                              "the listed certificate " TEST_CERT
                              " (203.0.113.5, aws/CLOUDFRONT) — unnamed campaign, tls-cert\n"
                              "2021-07-18 10:00:01 UTC  ALERT 2  10.0.0.5        connected to a server, with "
                              "software of the listed "
                              "fingerprint " TEST_JA4
                              " (203.0.113.5, aws/CLOUDFRONT) — unnamed campaign, tls-ja4\n");
    free(text);
    bench_done(&b);
}

static void lines_say_who_what_where_and_whose(void **state)
{
    struct bench b;
    start(&b);
    struct record rec = bench_dns(&b, AT(0), "www.301-redirecting.com");
    reporter_record(b.r, b.im, &rec);
    rec.ts_ns = AT(1);
    rec.via = VIA_DNS_ADDRESS;
    rec.stage = STAGE_RESOLVED;
    rec.flags = RECORD_UPDATE;
    rec.is_addr = 1;
    rec.value_addr = ip("203.0.113.5");
    reporter_record(b.r, b.im, &rec);
    rec = bench_tls(&b, AT(2), "www.301-redirecting.com", STAGE_CONNECTED);
    reporter_record(b.r, b.im, &rec);
    rec.ts_ns = AT(3);
    rec.stage = STAGE_EXCHANGED;
    rec.flags |= RECORD_UPDATE;
    rec.bytes_out = 517;
    rec.bytes_in = 4096;
    reporter_record(b.r, b.im, &rec);
    char *text = stop(&b);
    assert_string_equal(
        text, "2021-07-18 10:00:00 UTC  ALERT 2  10.0.0.5        asked DNS for www.301-redirecting.com"
              " — Pegasus (NSO Group) v4, infection server, dns-query [Amnesty International]\n"
              "2021-07-18 10:00:01 UTC  ALERT 2  10.0.0.5        learned from DNS the address 203.0.113.5 of "
              "301-redirecting.com (aws/CLOUDFRONT)"
              " — Pegasus (NSO Group) v4, infection server, dns-address [Amnesty International]\n"
              "2021-07-18 10:00:02 UTC  ALERT 1  10.0.0.5        connected to www.301-redirecting.com "
              "(203.0.113.5, aws/CLOUDFRONT)"
              " — Pegasus (NSO Group) v4, infection server, tls-sni [Amnesty International]\n"
              "2021-07-18 10:00:03 UTC  ALERT 1  10.0.0.5        exchanged data with www.301-redirecting.com "
              "(203.0.113.5, aws/CLOUDFRONT), 517 bytes out, 4096 in"
              " — Pegasus (NSO Group) v4, infection server, tls-sni [Amnesty International]\n");
    free(text);
    bench_done(&b);
}

static void lines_say_what_is_uncertain_and_what_repeats(void **state)
{
    struct bench b;
    start(&b);
    struct record rec = bench_tls(&b, AT(4), "192.0.2.9", STAGE_SCANNED);
    rec.via = VIA_FLOW;
    rec.server = ip("192.0.2.9");
    rec.flags = 0;
    rec.client = ip("2001:db8::5");
    reporter_record(b.r, b.im, &rec);
    rec = bench_tls(&b, AT(5), "301-redirecting.com", STAGE_ATTEMPTED);
    rec.client = ip("10.0.0.6");
    rec.via = VIA_LEARNED;
    rec.is_addr = 1;
    rec.value_addr = rec.server;
    rec.flags = RECORD_VIA_RESOLVER;
    reporter_record(b.r, b.im, &rec);
    rec.flags = 0;
    rec.ts_ns = AT(6);
    reporter_record(b.r, b.im, &rec); /* more certain now */
    rec.ts_ns = AT(3605);
    reporter_record(b.r, b.im, &rec);
    rec.ts_ns = AT(3608);
    reporter_record(b.r, b.im, &rec);
    char *text = stop(&b);
    assert_string_equal(
        text,
        "2021-07-18 10:00:04 UTC  ALERT 3  2001:db8::5     was contacted by 192.0.2.9 "
        "in "
        "192.0.2.0/24 — C2 campaign, command and control, flow\n"
        "2021-07-18 10:00:05 UTC  ALERT 3  10.0.0.6        tried to connect to 203.0.113.5, an address of "
        "301-redirecting.com (aws/CLOUDFRONT) — Pegasus (NSO Group) v4, infection server, learned-address, "
        "asked for through a resolver [Amnesty International]\n"
        "2021-07-18 10:00:06 UTC  ALERT 2  10.0.0.6        tried to connect to 203.0.113.5, an address of "
        "301-redirecting.com (aws/CLOUDFRONT) — Pegasus (NSO Group) v4, infection server, learned-address "
        "[Amnesty International]\n"
        "2021-07-18 11:00:06 UTC  ALERT 2  10.0.0.6        tried to connect to 203.0.113.5, an address of "
        "301-redirecting.com (aws/CLOUDFRONT), again: 3 sightings since 2021-07-18 10:00:05"
        " — Pegasus (NSO Group) v4, infection server, learned-address [Amnesty International]\n");
    free(text);
    bench_done(&b);
}

static void hostile_text_forges_no_line(void **state)
{
    struct bench b;
    start(&b);
    struct record rec = bench_dns(&b, AT(0), "old.example");
    rec.value = span_str(HOSTILE);
    reporter_record(b.r, b.im, &rec);
    char *text = stop(&b);
    assert_string_equal(
        text, "2021-07-18 10:00:00 UTC  ALERT 3  10.0.0.5        asked DNS for "
              "a\"b\\c\\010d\\027[31m\\255\\195\\182\\226\\128\\174\\127 — "
              "a\"b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127, dns-query, aged: "
              "listed until 2020-09-13 [a\"b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127]\n");
    free(text);
    bench_done(&b);
}

static char *summary_of(struct bench *b)
{
    FILE *f = fopen(b->out, "w");

    assert_non_null(f);
    reporter_summary(b->r, (const uint64_t[COUNTERS]){0}, f);
    fclose(f);
    return slurp(b->out);
}

#define TAIL     " — Pegasus (NSO Group) v4, infection server, dns-query [Amnesty International]\n"
#define TAIL_TLS " — Pegasus (NSO Group) v4, infection server, tls-sni [Amnesty International]\n"

static void lines_say_what_became_of_it(void **state)
{
    struct bench b;
    start(&b);
    struct record rec = bench_dns(&b, AT(0), "301-redirecting.com");
    reporter_record(b.r, b.im, &rec);
    rec.ts_ns = AT(1);
    rec.flags = RECORD_UPDATE;
    rec.blocked = BLOCKED_SINKHOLE;
    rec.value_addr = ip("146.112.61.104");
    reporter_record(b.r, b.im, &rec);
    rec = bench_tls(&b, AT(2), "301-redirecting.com", STAGE_EXCHANGED);
    rec.server = ip("146.112.61.104"); /* the block page, which knows to say what it is */
    reporter_record(b.r, b.im, &rec);
    rec = bench_tls(&b, AT(3), "192.88.99.7", STAGE_EXCHANGED);
    rec.via = VIA_FLOW;
    rec.server = rec.value_addr;
    reporter_record(b.r, b.im, &rec);
    for (unsigned i = 0; i < 4; i++) {
        static const enum blocked how[] = {BLOCKED_NXDOMAIN, BLOCKED_NODATA, BLOCKED_REFUSED, BLOCKED_NOBODY};
        rec = bench_dns(&b, AT(4), "301-redirecting.com");
        rec.client = ip("10.0.0.6");
        rec.client.b[15] += (uint8_t)i;
        rec.blocked = (uint8_t)how[i];
        reporter_record(b.r, b.im, &rec);
    }
    char *text = stop(&b);
    assert_string_equal(
        text, "2021-07-18 10:00:00 UTC  ALERT 2  10.0.0.5        asked DNS for 301-redirecting.com" TAIL
              "2021-07-18 10:00:01 UTC  ALERT 2  10.0.0.5        asked DNS for 301-redirecting.com, "
              "blocked by Cisco OpenDNS (sinkhole)" TAIL
              "2021-07-18 10:00:02 UTC  ALERT 2  10.0.0.5        tried to connect to 301-redirecting.com "
              "(146.112.61.104), blocked by Cisco OpenDNS (sinkhole)" TAIL_TLS
              "2021-07-18 10:00:03 UTC  ALERT 3  10.0.0.5        exchanged data with 192.88.99.7"
              " — unnamed campaign, command and control, flow, aged: listed since 2018-08-01, addresses age "
              "after 90 days, its source is trusted little [One, "
              "a\"b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127]\n"
              "2021-07-18 10:00:04 UTC  ALERT 2  10.0.0.6        asked DNS for 301-redirecting.com, "
              "blocked or gone: 10.0.0.1 says that there is no such name" TAIL
              "2021-07-18 10:00:04 UTC  ALERT 2  10.0.0.7        asked DNS for 301-redirecting.com, "
              "blocked or gone: 10.0.0.1 gives no address for it" TAIL
              "2021-07-18 10:00:04 UTC  ALERT 2  10.0.0.8        asked DNS for 301-redirecting.com, "
              "refused by 10.0.0.1" TAIL
              "2021-07-18 10:00:04 UTC  ALERT 2  10.0.0.9        asked DNS for 301-redirecting.com, "
              "blocked by 10.0.0.1" TAIL);
    free(text);
    text = summary_of(&b);
    assert_non_null(strstr(text, "301-redirecting.com — Pegasus (NSO Group) v4: connection tried, "
                                 "blocked by Cisco OpenDNS (sinkhole); 2 sightings, "));
    free(text);
    bench_done(&b);
}

static void the_summary_tells_by_client(void **state)
{
    struct bench b;
    start(&b);
    static const char *const clients[] = {"10.0.0.9", "10.0.0.5", "10.0.0.9", "10.0.0.9"};
    static const char *const names[] = {"301-redirecting.com", "301-redirecting.com", "old.example",
                                        "301-redirecting.com"};
    for (unsigned i = 0; i < 4; i++) {
        struct record rec = bench_dns(&b, AT(i), names[i]);
        rec.client = ip(clients[i]);
        rec.bytes_out = 10;
        reporter_record(b.r, b.im, &rec);
    }
    free(stop(&b));
    char *text = summary_of(&b);
    assert_string_equal(
        text,
        "Found 3 incidents: 2 clients, 2 campaigns, 4 sightings.\n"
        "10.0.0.9\n"
        "  301-redirecting.com — Pegasus (NSO Group) v4: asked for in DNS, 10 bytes out, 0 in; 2 sightings, "
        "2021-07-18 10:00:00 to 2021-07-18 10:00:03 UTC\n"
        "  old.example — a\"b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127: asked for in DNS, 10 bytes "
        "out, 0 in; 1 sighting, 2021-07-18 10:00:02 UTC\n"
        "10.0.0.5\n"
        "  301-redirecting.com — Pegasus (NSO Group) v4: asked for in DNS, 10 bytes out, 0 in; 1 sighting, "
        "2021-07-18 10:00:01 UTC\n");
    free(text);
    bench_done(&b);
}

static void nothing_found_promises_nothing(void **state)
{
    struct bench b;
    start(&b);
    char *text = stop(&b);
    assert_string_equal(text, "");
    free(text);
    text = summary_of(&b);
    assert_non_null(strstr(text, "Nothing found"));
    assert_non_null(strstr(text, "no proof"));
    free(text);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_say_what_has_them),
        cmocka_unit_test(lines_say_who_what_where_and_whose),
        cmocka_unit_test(lines_say_what_is_uncertain_and_what_repeats),
        cmocka_unit_test(lines_say_what_became_of_it),
        cmocka_unit_test(hostile_text_forges_no_line),
        cmocka_unit_test(the_summary_tells_by_client),
        cmocka_unit_test(nothing_found_promises_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
