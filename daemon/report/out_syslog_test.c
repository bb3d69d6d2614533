/* SPDX-License-Identifier: BSD-2-Clause */
/* What a syslog daemon receives, also when it is away for a while. */
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "report/report_test.h"

struct daemon {
    char path[96];
    int fd, peer; /* peer: the accepted end, for a stream */
    char got[9000];
};

static struct heard heard;

static void daemon_start(struct daemon *d, int type)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof at.sun_path, "%s", d->path);
    unlink(d->path);
    d->fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    d->peer = -1;
    assert_int_equal(bind(d->fd, (struct sockaddr *)&at, sizeof at), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(d->fd, 5), 0);
}

static void daemon_stop(struct daemon *d)
{
    close(d->fd);
    if (d->peer >= 0)
        close(d->peer);
    unlink(d->path);
}

/* The next message, or "" when there is none. */
static const char *receive(struct daemon *d)
{
    ssize_t n = recv(d->peer >= 0 ? d->peer : d->fd, d->got, sizeof d->got - 1, MSG_DONTWAIT);
    d->got[n > 0 ? n : 0] = 0;
    return d->got;
}

/* The message behind `<PRI>Mmm dd hh:mm:ss bridled[PID]: `, which is checked. */
static const char *body(const char *message, const char *pri)
{
    char tag[32], *end;
    struct tm tm;
    time_t now = time(NULL);

    assert_memory_equal(message, pri, strlen(pri));
    message += strlen(pri);
    localtime_r(&now, &tm);
    assert_non_null(end = strptime(message, "%b %d %H:%M:%S", &tm));
    assert_int_equal(end - message, 15); /* the day takes two places */
    assert_true(labs((long)(mktime(&tm) - now)) < 60);
    snprintf(tag, sizeof tag, " bridled[%d]: ", (int)getpid());
    assert_memory_equal(end, tag, strlen(tag));
    return end + strlen(tag);
}

static void start(struct bench *b, struct daemon *d, int type)
{
    setenv("TZ", "Asia/Kathmandu", 1);
    tzset();
    bench_init(b, false);
    snprintf(d->path, sizeof d->path, "%s/log", b->dir);
    free(b->settings.syslog_socket);
    b->settings.syslog_socket = strdup(d->path);
    b->settings.syslog = true;
    b->options.eve_path = b->options.state_dir = NULL;
    daemon_start(d, type);
    heard = (struct heard){0};
    log_to(hear, &heard);
    bench_start(b);
    reporter_tick(b->r, AT(0));
}

static void alerts_as_keys_and_values(void **state)
{
    struct bench b;
    struct daemon d;
    start(&b, &d, SOCK_DGRAM);
    struct record rec = bench_tls(&b, AT(0), "www.301-redirecting.com", STAGE_CONNECTED);
    rec.bytes_out = 517;
    reporter_record(b.r, b.im, &rec);
    const char *text = body(receive(&d), "<26>"); /* daemon.crit */
    char *id = strstr(text, "incident=") + strlen("incident=");
    assert_int_equal(strspn(id, "0123456789abcdef"), 16);
    memset(id, 'X', 16);
    assert_string_equal(
        text, "alert sev=1 why=new stage=connected client=10.0.0.5 server=203.0.113.5 "
              "observed=www.301-redirecting.com ioc=301-redirecting.com "
              "campaign=\"Pegasus (NSO Group) v4\" tier=infection via=tls-sni hosting=aws/CLOUDFRONT "
              "incident=XXXXXXXXXXXXXXXX count=1 bytes_out=517 bytes_in=0");
    rec = bench_dns(&b, AT(0), "192.0.2.1");
    rec.via = VIA_DNS_ADDRESS;
    rec.stage = STAGE_RESOLVED;
    reporter_record(b.r, b.im, &rec);
    text = body(receive(&d), "<28>"); /* daemon.warning */
    assert_non_null(strstr(text, " resolver=10.0.0.1 observed=192.0.2.1 ioc=192.0.2.0/24 "));
    rec = bench_tls(&b, AT(0), "192.88.99.7", STAGE_EXCHANGED);
    rec.via = VIA_FLOW;
    reporter_record(b.r, b.im, &rec);
    text = body(receive(&d), "<29>"); /* daemon.notice */
    assert_non_null(strstr(text, " campaign=\"unnamed campaign\" tier=c2 via=flow age_days=1082 trust=low "));
    rec = bench_dns(&b, AT(0), "301-redirecting.com");
    rec.client.b[15]++;
    rec.blocked = BLOCKED_PARKED;
    rec.value_addr = ip("198.51.100.9");
    reporter_record(b.r, b.im, &rec);
    text = body(receive(&d), "<28>");
    assert_non_null(
        strstr(text, " stage=queried client=10.0.0.6 resolver=10.0.0.1 observed=301-redirecting.com "));
    assert_non_null(strstr(text, " via=dns-query blocked=parked blocked_by=\"a'b\\c\\010d\\027[31m\\255"));
    reporter_tick(b.r, AT(200000)); /* closed: not a word */
    assert_string_equal(receive(&d), "");
    daemon_stop(&d);
    bench_done(&b);
}

static void hostile_text_forges_nothing(void **state)
{
    struct bench b;
    struct daemon d;
    start(&b, &d, SOCK_DGRAM);
    struct record rec = bench_dns(&b, AT(0), "old.example");
    rec.value = span_str("x\" sev=1 ioc=\"\n<0>Jan  1 00:00:00 kernel: gone\x1b[2J");
    reporter_record(b.r, b.im, &rec);
    const char *text = body(receive(&d), "<29>");
    for (const char *c = text; *c != 0; c++)
        assert_true((uint8_t)*c >= 0x20 && *c != 0x7f);
    assert_non_null(
        strstr(text,
               " observed=\"x' sev=1 ioc='\\010<0>Jan  1 00:00:00 kernel: gone\\027[2J\" ioc=old.example "));
    assert_non_null(strstr(text, " campaign=\"a'b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127\" "));
    reporter_engine(b.r, AT(0), "worker-died", "why\n<0>forged");
    assert_string_equal(body(receive(&d), "<28>"), "worker-died: why\\010<0>forged");
    reporter_engine(b.r, AT(0), "rules-loaded", "fine");
    assert_string_equal(body(receive(&d), "<29>"), "rules-loaded: fine");
    daemon_stop(&d);
    bench_done(&b);
}

static void engine(struct bench *b, unsigned n)
{
    char text[16];
    snprintf(text, sizeof text, "%u", n);
    reporter_engine(b->r, AT(0), "k", text);
}

static void expect(struct daemon *d, unsigned n)
{
    char text[16];
    snprintf(text, sizeof text, "k: %u", n);
    assert_string_equal(body(receive(d), "<28>"), text);
}

static void a_restarted_daemon_gets_everything_in_order(void **state)
{
    struct bench b;
    struct daemon d;
    start(&b, &d, SOCK_DGRAM);
    engine(&b, 0);
    expect(&d, 0);
    daemon_stop(&d);
    daemon_start(&d, SOCK_DGRAM); /* back at once, unnoticed */
    engine(&b, 1);
    expect(&d, 1);
    assert_int_equal(heard.lines, 0);
    daemon_stop(&d);
    for (unsigned i = 2; i < 5; i++)
        engine(&b, i);
    assert_int_equal(heard.lines, 1);
    daemon_start(&d, SOCK_DGRAM);
    reporter_tick(b.r, AT(1)); /* delivered although nothing new happens */
    for (unsigned i = 2; i < 5; i++)
        expect(&d, i);
    daemon_stop(&d);
    for (unsigned i = 100; i < 200; i++)
        engine(&b, i);
    daemon_start(&d, SOCK_DGRAM);
    engine(&b, 200);
    for (unsigned i = 100; i < 164; i++) {
        expect(&d, i);
        reporter_tick(b.r, AT(2)); /* the kernel holds only a few */
    }
    expect(&d, 200);
    assert_string_equal(receive(&d), "");
    assert_int_equal(reporter_totals(b.r).output_errors, 36);
    daemon_stop(&d);
    bench_done(&b);
}

static void a_daemon_that_does_not_read_blocks_nobody(void **state)
{
    struct bench b;
    struct daemon d;
    start(&b, &d, SOCK_DGRAM);
    for (unsigned i = 0; i < 5000; i++)
        engine(&b, i);
    assert_true(reporter_totals(b.r).output_errors > 1000);
    unsigned n = 0;
    for (bool more = true; more;) { /* it wakes up: the queue behind what the kernel held arrives, too */
        more = false;
        while (*receive(&d) != 0) {
            n++;
            more = true;
        }
        reporter_tick(b.r, AT(1));
    }
    assert_int_equal(n + reporter_totals(b.r).output_errors, 5000);
    daemon_stop(&d);
    bench_done(&b);
}

static void streams_are_spoken_to(void **state)
{
    struct bench b;
    struct daemon d;
    start(&b, &d, SOCK_STREAM);
    engine(&b, 0);
    d.peer = accept(d.fd, NULL, NULL);
    assert_true(d.peer >= 0);
    engine(&b, 1);
    receive(&d);
    const char *second = d.got + strlen(d.got) + 1; /* NUL ends a message */
    assert_string_equal(body(second, "<28>"), "k: 1");
    assert_string_equal(body(d.got, "<28>"), "k: 0");
    daemon_stop(&d);
    bench_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_as_keys_and_values),
        cmocka_unit_test(hostile_text_forges_nothing),
        cmocka_unit_test(a_restarted_daemon_gets_everything_in_order),
        cmocka_unit_test(a_daemon_that_does_not_read_blocks_nobody),
        cmocka_unit_test(streams_are_spoken_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
