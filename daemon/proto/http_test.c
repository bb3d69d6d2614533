/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/1.x: heads as clients and servers send them, those that smuggle, and every prefix of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"

static struct collect run(const char *bytes, size_t len, bool last)
{
    struct collect k = {.p.last = last};

    collect_clear(&k);
    collect_run(&k, collect_proto("http")->tcp, (const uint8_t *)bytes, len);
    return k;
}

/* The head says `want`, whole and in every part; what follows begins at `consumed`. */
static void expect_bytes(const char *bytes, size_t len, size_t consumed, const char *want)
{
    struct collect k = run(bytes, len, false);

    assert_string_equal(k.lines, want);
    assert_int_equal(k.result, PARSE_NEXT);
    assert_int_equal(k.p.consumed, consumed);
    assert_int_equal(k.counters[COUNT_HTTP], 1);
    assert_int_equal(collect_proto("http")->tcp_starts(span_of(bytes, len), false), STARTS_YES);
    collect_done(&k);
    collect_prefixes(collect_proto("http")->tcp, (const uint8_t *)bytes, len, 1);
}

static void expect(const char *head, const char *want)
{
    expect_bytes(head, strlen(head), strlen(head), want);
}

/* Not HTTP, and known to be none once `known` bytes are there. */
static void expect_not(const char *bytes, size_t known)
{
    struct collect k = run(bytes, strlen(bytes), false);

    assert_int_equal(k.result, PARSE_NOT);
    assert_int_equal(k.counters[COUNT_HTTP], 0);
    collect_done(&k);
    collect_prefixes(collect_proto("http")->tcp, (const uint8_t *)bytes, strlen(bytes), 1);
    for (size_t n = 0; n <= strlen(bytes); n++) {
        enum proto_starts starts = collect_proto("http")->tcp_starts(span_of(bytes, n), false);
        if (n < known)
            assert_int_not_equal(starts, STARTS_NO);
        else
            assert_int_equal(starts, STARTS_NO);
    }
}

static void host(void **state)
{
    expect("GET / HTTP/1.1\r\nHost: WWW.Example.com\r\n\r\n", "http-host www.example.com|client\n");
    expect("GET /a b HTTP/1.1\nUser-Agent: x\nhOST :\t a.test:8080 \nX: y\n\n", "http-host a.test|client\n");
    expect("\r\n\r\nPOST /p?q=1 HTTP/1.0\r\nHost:a.test.\r\n\r\n", "http-host a.test|client\n");
    expect("Patch * http/1.1 \r\nHost: [2001:DB8::1]:80\r\n\r\n", "http-host 2001:db8::1|client\n");
    expect("M-SEARCH * HTTP/1.1\r\nHost: 2001:db8::1\r\n\r\n", "http-host 2001:db8::1|client\n");
    expect("GET index.html HTTP/1.0\r\nHost: 192.0.2.1:80\r\n\r\n", "http-host 192.0.2.1|client\n");
    expect("GET  HTTP/1.1\r\nHost: a.test\r\n\r\n", "http-host a.test|client\n");
    expect("GET / HTTP/1.1\r\nhost:\r\nHost: :80\r\nHost: .\r\nHost: []\r\n\r\n", "");
    expect("GET / HTTP/1.1\r\nX-Host: a\r\nHostx: b\r\nHos: c\r\n\r\n", "");
}

static void odd_hosts(void **state)
{
    expect("GET / HTTP/1.1\r\nHost: http://user@A.test:80/path@x\r\n\r\n", "http-host a.test|client\n");
    expect("GET / HTTP/1.1\r\nHost: a b\"\\\x80\x01\r\n\r\n", "http-host a b\"\\092\\128\\001|client\n");
    expect("GET / HTTP/1.1\r\nHost: user:pass@a.test:1:2\r\n\r\n", "http-host a.test|client\n");
    expect("GET / HTTP/1.1\r\nHost: %s\r\n\r\n", "http-host %s|client\n");
    expect("GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n", "http-host a.test, b.test|client\n");
    expect_bytes("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29, 29, "http-host a\\000b|client\n");
}

static void several_hosts(void **state)
{
    expect("GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\nHost: A.test:80\r\n\r\n",
           "http-host a.test|client\nhttp-host b.test|client\n");
    expect("GET http://User@A.test:80/x HTTP/1.1\r\nHost: a.test.\r\n\r\n", "http-host a.test|client\n");
    expect("GET HTTPS://[::1]/x HTTP/1.1\r\nHost: b.test\r\n\r\n",
           "http-host ::1|client\nhttp-host b.test|client\n");
    expect("GET //c.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n", "http-host b.test|client\n");
    expect("OPTIONS * HTTP/1.1\r\n\r\n", "");
}

static void proxies(void **state)
{
    expect("CONNECT A.test:443 HTTP/1.1\r\nHost: A.test:443\r\n\r\n",
           "proxy-target a.test|client\nhttp-host a.test|client\n");
    expect("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n", "proxy-target 2001:db8::1|client\n");
    expect("CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: b.test\r\n\r\n",
           "proxy-target 192.0.2.1|client\nhttp-host b.test|client\n");
}

/* Obsolete line folding: a blank at the start of the line before the fields is no fold of anything. */
static void folds(void **state)
{
    expect("GET / HTTP/1.1\r\nHost:\r\n\ta.test\r\n\r\n", "http-host a.test|client\n");
    expect("GET / HTTP/1.1\r\nHost: a.test\r\n b.test\r\n\r\n",
           "http-host a.test|client\nhttp-host b.test|client\n");
    expect("GET / HTTP/1.1\r\nX: 1\r\n Host: a.test\r\n\r\n", "");
    expect("GET / HTTP/1.1\r\n Host: a.test\r\n\r\n", "http-host a.test|client\n");
}

static void bodies(void **state)
{
    static const struct {
        const char *fields, *body;
        size_t skipped; /* of the body */
    } rows[] = {
        {"", "12345", 0},
        {"Content-Length: 5\r\n", "12345GET", 5},
        {"Content-Length: 5\r\n", "", 5}, /* still to come */
        {"Content-Length: 5\r\ncontent-length:5\r\n", "12345", 5},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", "12345", 0},
        {"Content-Length: 5, 5\r\n", "12345", 0},
        {"Content-Length: -1\r\n", "12345", 0},
        {"Content-Length: 99999999999999999999999\r\n", "12345", 0},
        {"Content-Length: 1073741825\r\n", "12345", 0},
        {"Content-Length: 1073741824\r\n", "12345", 1073741824},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 0},
        {"Transfer-Encoding: gzip, Chunked\r\n", "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: x\r\n\r\nGET", 29},
        {"Transfer-Encoding: chunked\r\n", "0\n\nGET", 3},
        {"Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n", 0},
        {"Transfer-Encoding: chunked\r\n", "a\r\nabc\r\n0\r\n\r\n", 0},
        {"Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n", 0},
        {"Transfer-Encoding: chunked\r\n", "ffffffff\r\nabc\r\n0\r\n\r\n", 0},
        {"Transfer-Encoding: chunked\r\n", "x\r\nabc\r\n0\r\n\r\n", 0},
        {"Transfer-Encoding: chunked\r\n", "3x\r\nabc\r\n0\r\n\r\n", 0},
        {"Transfer-Encoding: gzip\r\n", "0\r\n\r\n", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        int head = snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: a.test\r\n%s\r\n", rows[i].fields);
        int len = snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: a.test\r\n%s\r\n%s", rows[i].fields,
                           rows[i].body);
        expect_bytes(text, (size_t)len, (size_t)head + rows[i].skipped, "http-host a.test|client\n");
        head = snprintf(text, sizeof text, "HTTP/1.1 302 x\r\nLocation: //a.test\r\n%s\r\n", rows[i].fields);
        len = snprintf(text, sizeof text, "HTTP/1.1 302 x\r\nLocation: //a.test\r\n%s\r\n%s", rows[i].fields,
                       rows[i].body);
        expect_bytes(text, (size_t)len, (size_t)head + rows[i].skipped,
                     "http-location a.test|server|url=//a.test\n");
    }
    static const char *const none[] = {"100", "101", "204", "304"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char text[64];
        snprintf(text, sizeof text, "HTTP/1.1 %s x\r\nContent-Length: 5\r\n\r\n", none[i]);
        expect(text, "");
    }
}

static void redirects(void **state)
{
    static const struct {
        const char *field, *want;
    } rows[] = {
        {"Location: https://A.test:8443/x?y=//b.test", "a.test|server|url=https://A.test:8443/x?y=//b.test"},
        {"LOCATION : //a.test", "a.test|server|url=//a.test"},
        {"Location: /x?u=http://b.test/", NULL},
        {"Location: x://", NULL},
        {"Location: a.test", NULL},
        {"Location: http:///\\a.test\\x", "a.test|server|url=http:///\\092a.test\\092x"},
        {"Location: intent+x://u:p@a.test#x", "a.test|server|url=intent+x://u:p@a.test#x"},
        {"Location:\r\n http://a.test/\x01\"\x80", "a.test|server|url=http://a.test/\\001\"\\128"},
        {"Refresh: 0; url=http://a.test/x", "a.test|server|url=http://a.test/x"},
        {"refresh:5.5,URL = 'http://a.test/x' y", "a.test|server|url=http://a.test/x"},
        {"Refresh: 0;url=\"http://a.test/x", "a.test|server|url=http://a.test/x"},
        {"Refresh: 0 http://a.test/x", "a.test|server|url=http://a.test/x"},
        {"Refresh: 0;\r\n url=http://a.test/x", "a.test|server|url=http://a.test/x"},
        {"Refresh: 30", NULL},
        {"Refresh: 0; url=/x", NULL},
        {"Refresh: 0; url=\"", NULL},
        {"Content-Location: http://a.test/", NULL},
        {"Host: a.test", NULL},
        {"Alt-Svc: h3=\":443\"; ma=86400; persist=1", NULL},
        {"Alt-Svc: h3=\":443\", h2=\"A.test:443\"; ma=\"5\"", "a.test|server|url=A.test:443"},
        {"Alt-Svc: clear", NULL},
        {"Alt-Svc: h3=\"a.test:1", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char head[256], want[128] = "";
        snprintf(head, sizeof head, "HTTP/1.1 307 Temporary Redirect\r\n%s\r\n\r\n", rows[i].field);
        if (rows[i].want)
            snprintf(want, sizeof want, "http-location %s\n", rows[i].want);
        expect(head, want);
    }
    expect("HTTP/1.0 301\r\nLocation: http://a.test/1\r\nRefresh: 0; http://a.test/2\r\n\r\n",
           "http-location a.test|server|url=http://a.test/1\n");
}

/* An attribute has its bound: a longer URL is cut. */
static void long_urls(void **state)
{
    static char head[4096];
    size_t begin = strlen(strcpy(head, "HTTP/1.1 302 x\r\nLocation: http://a.test/"));

    memset(head + begin, 'x', 3000);
    strcpy(head + begin + 3000, "\r\n\r\n");
    struct collect k = run(head, strlen(head), false);
    assert_int_equal(k.observations, 1);
    assert_true(k.len < 600);
    collect_done(&k);
}

/* Never half a name: only lines that are whole, or that the end of the head shows to be. */
static void last_words(void **state)
{
    static const char head[] = "CONNECT c.test HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\nX: y\r\n\r\n";
    static const size_t told[] = {25, 39, 53}; /* where a line ends that says something */

    for (size_t n = 0; n < sizeof head - 1; n++) {
        unsigned lines = 0;
        for (unsigned i = 0; i < 3; i++)
            lines += n >= told[i];
        struct collect k = run(head, n, true);
        assert_int_equal(k.result, PARSE_CUT);
        assert_int_equal(k.observations, lines);
        collect_done(&k);
        k = run(head, n, false);
        assert_int_equal(k.result, PARSE_MORE);
        assert_int_equal(k.p.need, n + 1);
        assert_int_equal(k.observations, 0);
        collect_done(&k);
    }
}

static void one_after_the_other(void **state)
{
    static const char two[] = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET / HTTP/1.1\r\nHost: b.test\r\n\r\n";
    size_t one = (sizeof two - 1) / 2;

    expect_bytes(two, sizeof two - 1, one, "http-host a.test|client\n");
    expect_bytes(two + one, one, one, "http-host b.test|client\n");
}

/* Told as far as a head is joined. */
static void endless_heads(void **state)
{
    static char head[2 * PARSE_JOIN_MAX];
    size_t begin = strlen(strcpy(head, "GET / HTTP/1.1\r\nHost: a.test\r\nX: "));

    memset(head + begin, 'x', sizeof head - begin);
    struct collect k = run(head, PARSE_JOIN_MAX - 1, false);
    assert_int_equal(k.result, PARSE_MORE);
    collect_done(&k);
    k = run(head, sizeof head, false);
    assert_int_equal(k.result, PARSE_BAD);
    assert_int_equal(k.counters[COUNT_HTTP_BAD], 1);
    assert_string_equal(k.lines, "http-host a.test|client\n");
    collect_done(&k);
    memcpy(head + PARSE_JOIN_MAX - 4, "\r\n\r\n", 4);
    k = run(head, sizeof head, false);
    assert_int_equal(k.result, PARSE_NEXT);
    collect_done(&k);
    k = run(head + begin, PARSE_JOIN_MAX, false);
    assert_int_equal(k.result, PARSE_NOT);
    collect_done(&k);
    memset(head + 5, 'x', sizeof head - 5); /* a path without an end */
    k = run(head, PARSE_JOIN_MAX, false);
    assert_int_equal(k.result, PARSE_NOT);
    collect_done(&k);
}

static void too_many_hosts(void **state)
{
    char head[512] = "GET / HTTP/1.1\r\n";

    for (unsigned i = 0; i < 20; i++)
        snprintf(head + strlen(head), sizeof head - strlen(head), "Host: %u.test\r\n", i);
    strcat(head, "\r\n");
    struct collect k = run(head, strlen(head), false);
    assert_int_equal(k.observations, 8);
    assert_int_equal(k.counters[COUNT_HTTP_BAD], 1);
    collect_done(&k);
}

static void malformed(void **state)
{
    static const char *const heads[] = {
        "GET / HTTP/1.1\r\nHost: a.test\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct collect k = run(heads[i], strlen(heads[i]), false);
        assert_int_equal(k.result, PARSE_NEXT);
        assert_int_equal(k.counters[COUNT_HTTP_BAD], 1);
        collect_done(&k);
    }
}

static void other_protocols(void **state)
{
    expect_not("INVITE sip:a@b.test SIP/2.0\r\nHost: a.test\r\n\r\n", 8);
    expect_not("OPTIONS sip:a@b.test SIP/2.0\r\nHost: a.test\r\n\r\n", 30);
    expect_not("OPTIONS rtsp://b.test RTSP/1.0\r\n\r\n", 32);
    expect_not("RTSP/1.0 200 OK\r\n\r\n", 5);
    expect_not("DESCRIBE /x RTSP/1.0\r\n\r\n", 22);
    expect_not("SSH-2.0-OpenSSH_9\r\n", 6);
    expect_not("EHLO b.test\r\n", 6);
    expect_not("USER a b c :d\r\n", 6);
    expect_not("220 b.test ESMTP\r\n", 1);
    expect_not("* OK IMAP\r\n", 1);
    expect_not("PRI * HTTP/2.0\r\n\r\n", 4);
    expect_not("<html>", 1);
    expect_not("\x16\x03\x01", 1);
    expect_not("\r\n\r\n\r\n", 6);
    expect_not("GET / x\r\n", 9);
    expect_not("GET x\n", 6);
    expect_not("CHECK /\n", 8);
    expect_not("GET x HTTP/x\r\n", 14);
    expect_not("GET / HTTP/\r\n", 13);
    expect_not("HTTP/1.1 OK\r\n", 10);
    expect_not("ICY 200 OK\r\n", 5);
    expect_not("the house HTTP/1.1\r\n", 2);
    expect_not("Optional / HTTP/1.1\r\n", 7);
    expect_not("pos / HTTP/1.1\r\n", 4);
    expect_not("OFF house HTTP/1.1\r\n", 6);
    expect_not("THEHOUSEINWHICHMYFATHERGREWUPINTH S", 33);
}

static void without_a_version(void **state)
{
    expect("GET /x\r\nno field\r\nHost: a.test\r\n\r\n", "http-host a.test|client\n");
    struct collect k = run("GET /x\r\n\r\n", 10, false);
    assert_int_equal(k.result, PARSE_NOT);
    collect_done(&k);
    k = run("GET /x\r\n", 8, true);
    assert_int_equal(k.result, PARSE_CUT);
    assert_int_equal(k.counters[COUNT_HTTP], 0);
    collect_done(&k);
}

static void odd_targets_are_bounded(void **state)
{
    char line[2048] = "GET ";

    memset(line + 4, 'x', 2000);
    assert_int_equal(collect_proto("http")->tcp_starts(span_of(line, 4 + 1024), false), STARTS_MAYBE);
    assert_int_equal(collect_proto("http")->tcp_starts(span_of(line, 4 + 1025), false), STARTS_NO);
    line[4] = '/';
    assert_int_equal(collect_proto("http")->tcp_starts(span_of(line, 4 + 1025), false), STARTS_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host),
        cmocka_unit_test(odd_hosts),
        cmocka_unit_test(several_hosts),
        cmocka_unit_test(proxies),
        cmocka_unit_test(folds),
        cmocka_unit_test(bodies),
        cmocka_unit_test(redirects),
        cmocka_unit_test(long_urls),
        cmocka_unit_test(last_words),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(endless_heads),
        cmocka_unit_test(too_many_hosts),
        cmocka_unit_test(malformed),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(without_a_version),
        cmocka_unit_test(odd_targets_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
