/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of reporting share: an image, records, a reporter over files in a new folder. */
#ifndef BRIDLE_REPORT_REPORT_TEST_H
#define BRIDLE_REPORT_REPORT_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "intel/image_test.h"
#include "report/reporter.h"

#define T0      (1626602400u * SECOND_NS) /* 2021-07-18 10:00:00 UTC */
#define AT(s)   (T0 + (s)*SECOND_NS)
#define MINUTES 60u

/* What a feed may try: quotes, a forged line, an escape sequence, broken UTF-8, a right-to-left override. */
#define HOSTILE "a\"b\\c\nd\x1b[31m\xff\xc3\xb6\xe2\x80\xae\x7f"

struct bench {
    struct image *im;
    struct settings settings;
    struct reporter_options options;
    struct reporter *r;
    char dir[64], eve[96], state[96], out[96];
    int saved_stdout;
};

static inline struct addr ip(const char *text)
{
    struct addr a;
    assert_true(addr_parse(span_str(text), &a));
    return a;
}

#define TEST_CERT "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define TEST_JA4  "t13d1516h2_8daaf6152771_b0da82dd1658"

static inline struct image *bench_image(const char *campaign)
{
    struct build *b = build_new();
    struct indicator ind = test_name(IOC_DOMAIN, "301-redirecting.com");

    ind.campaign = span_str(campaign);
    ind.source = span_str("Amnesty International");
    ind.reference = span_str("https://example.org/report");
    ind.feed = span_str("v4.ioc");
    ind.line = 7;
    ind.tier = TIER_INFECTION;
    build_indicator(b, &ind, NULL);
    ind = test_prefix("192.0.2.0/24");
    ind.campaign = span_str("C2 campaign");
    ind.tier = TIER_C2;
    build_indicator(b, &ind, NULL);
    ind = test_name(IOC_NAME, "old.example");
    ind.campaign = span_str(HOSTILE);
    ind.source = span_str(HOSTILE);
    ind.until_s = 1600000000;
    build_indicator(b, &ind, NULL);
    ind = test_name(IOC_CERT, TEST_CERT);
    build_indicator(b, &ind, NULL);
    ind = test_name(IOC_JA4, TEST_JA4);
    build_indicator(b, &ind, NULL);
    struct prefix range = {.bits = 120};
    range.addr = ip("203.0.113.0");
    build_range(b, &range, span_str("aws/CLOUDFRONT"), true);
    range.addr = ip("146.112.61.0");
    build_answer(b, &range, ANSWER_SINKHOLE, span_str("Cisco OpenDNS"));
    range.addr = ip("198.51.100.0");
    build_answer(b, &range, ANSWER_PARKED, span_str(HOSTILE));
    /* Two sources that are trusted little, one of which said when: in 2018. */
    ind = test_prefix("192.88.99.7");
    ind.tier = TIER_C2;
    ind.low_trust = true;
    ind.source = span_str("One");
    ind.from_s = 1533081600;
    build_indicator(b, &ind, NULL);
    ind.source = span_str(HOSTILE);
    ind.from_s = 0;
    build_indicator(b, &ind, NULL);
    struct image *im = test_image(b);
    build_free(b);
    return im;
}

/* The id of an indicator, by what it matches. */
static inline void bench_match(const struct image *im, const char *value, struct record *rec)
{
    struct match m;
    struct addr a;

    rec->is_addr = addr_parse(span_str(value), &a);
    if (rec->is_addr)
        rec->value_addr = a;
    else
        rec->value = span_str(value);
    m = rec->is_addr ? match_addr(im, &a) : match_name(im, rec->value);
    rec->ioc = m.how == MATCH_NONE ? RECORD_NO_IOC : m.ioc;
    rec->match = m.how;
}

static inline struct record bench_dns(const struct bench *b, uint64_t ts_ns, const char *name)
{
    struct record rec = {.kind = RECORD_SIGHTING,
                         .ts_ns = ts_ns,
                         .packet = 3,
                         .flow_id = UINT64_MAX,
                         .client = ip("10.0.0.5"),
                         .server = ip("10.0.0.1"),
                         .client_port = 5000,
                         .server_port = 53,
                         .ip_proto = IPPROTO_UDP,
                         .via = VIA_DNS_QUERY,
                         .stage = STAGE_QUERIED,
                         .proto = 1};
    bench_match(b->im, name, &rec);
    return rec;
}

static inline struct record bench_tls(const struct bench *b, uint64_t ts_ns, const char *name,
                                      enum stage stage)
{
    struct record rec = {.kind = RECORD_SIGHTING,
                         .ts_ns = ts_ns,
                         .packet = 9,
                         .flow_id = 77,
                         .client = ip("10.0.0.5"),
                         .server = ip("203.0.113.5"),
                         .client_port = 40000,
                         .server_port = 443,
                         .ip_proto = IPPROTO_TCP,
                         .via = VIA_TLS_SNI,
                         .stage = (uint8_t)stage,
                         .flags = RECORD_STREAM,
                         .proto = 2};
    bench_match(b->im, name, &rec);
    return rec;
}

/* A sighting of a digest: the value is the digest itself. */
static inline struct record bench_digest(const struct bench *b, uint64_t ts_ns, enum ioc_type type,
                                         const char *value)
{
    struct record rec = bench_tls(b, ts_ns, "", STAGE_CONNECTED);
    struct match m = match_value(b->im, type, span_str(value));

    rec.via = type == IOC_CERT ? VIA_CERT : VIA_JA4;
    rec.value = span_str(value);
    rec.ioc = m.ioc;
    rec.match = m.how;
    return rec;
}

static inline const char *bench_source(void *ctx, uint32_t source)
{
    return "capture \"one\".pcap";
}

static inline void bench_start(struct bench *b)
{
    assert_int_equal(reporter_new(&b->options, bench_source, NULL, &b->r), 0);
}

static inline void bench_init(struct bench *b, bool replay)
{
    *b = (struct bench){.saved_stdout = -1};
    strcpy(b->dir, "/tmp/bridle-report-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->eve, sizeof b->eve, "%s/eve.json", b->dir);
    snprintf(b->state, sizeof b->state, "%s/state", b->dir);
    snprintf(b->out, sizeof b->out, "%s/out", b->dir);
    b->im = bench_image("Pegasus (NSO Group) v4");
    assert_int_equal(conf_defaults(settings_keys, settings_count, &b->settings), 0);
    b->settings.syslog = false;
    b->options = (struct reporter_options){.settings = &b->settings,
                                           .replay = replay,
                                           .observe = true,
                                           .eve_path = b->eve,
                                           .state_dir = b->state,
                                           .sensor = "here"};
}

static inline void bench_done(struct bench *b)
{
    static const char *const files[] = {
        "eve.json", "eve.json.1", "state/incidents", "state/incidents.new", "state", "out", "log"};
    char path[128];

    reporter_free(b->r);
    image_unmap(b->im);
    conf_free(settings_keys, settings_count, &b->settings);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", b->dir, files[i]);
        remove(path);
    }
    rmdir(b->dir);
}

/* The whole file as a string to free. */
static inline char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t cap = 1u << 22;
    char *text = malloc(cap);

    assert_non_null(f);
    assert_non_null(text);
    text[fread(text, 1, cap - 1, f)] = 0;
    fclose(f);
    return text;
}

static inline unsigned occurrences(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

/* The values of `"key":"…"` in order, joined by spaces. */
static inline const char *values(const char *text, const char *key, char *ret, size_t cap)
{
    char pattern[64];
    struct text t = text_on(ret, cap);

    snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    for (const char *at = text; (at = strstr(at, pattern)) != NULL;) {
        at += strlen(pattern);
        text_str(&t, t.len > 0 ? " " : "");
        text_raw(&t, span_of(at, strcspn(at, "\"")));
    }
    assert_false(t.full);
    return ret;
}

/* Silences what the program says of itself, and keeps the last line. */
struct heard {
    unsigned lines;
    char last[512];
};

static inline void hear(void *ctx, enum log_level level, const char *line)
{
    struct heard *h = ctx;
    h->lines++;
    snprintf(h->last, sizeof h->last, "%s", line);
}

#endif
