/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages over TCP through the whole worker: HTTP, what goes before TLS, certificates, in the sequences in
 * which they come, and in some in which only somebody hostile sends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "proto/writer.h"
#include "worker/messages_test.h"

#define ISN 0xfffffff0u /* sequence numbers wrap within the first message */

static uint32_t next[2]; /* sequence numbers: client's, server's */

/* TCP */

static struct rig *opened_with(const char *const *indicators)
{
    struct rig *rig = rig_new(indicators);

    next[0] = ISN + 1;
    next[1] = 5001;
    rig_tcp(rig, client, server, ISN, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, server, client, 5000, next[0], TCP_SYN | TCP_ACK, NULL, 0);
    rig_tcp(rig, client, server, next[0], next[1], TCP_ACK, NULL, 0);
    return rig;
}

static struct rig *opened(void)
{
    return opened_with(listed);
}

static void say(struct rig *rig, unsigned side, const void *bytes, size_t len)
{
    rig_tcp(rig, side == 0 ? client : server, side == 0 ? server : client, next[side], next[side ^ 1],
            TCP_ACK, bytes, len);
    next[side] += (uint32_t)len;
}

static void text(struct rig *rig, unsigned side, const char *s)
{
    say(rig, side, s, strlen(s));
}

/* Cut at `at`. */
static void say_cut(struct rig *rig, unsigned side, const void *bytes, size_t len, size_t at)
{
    say(rig, side, bytes, at);
    say(rig, side, (const uint8_t *)bytes + at, len - at);
}

static void http_keep_alive(void **state)
{
    struct rig *rig = opened();

    text(rig, 0, "GET /1 HTTP/1.1\r\nHost: one.example\r\n\r\n");
    text(rig, 1, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    text(rig, 0, "POST /2 HTTP/1.1\r\nHost: two.example\r\nContent-Length: 5\r\n\r\nabcde");
    text(rig, 1, "HTTP/1.1 304 Not Modified\r\nContent-Length: 400\r\n\r\n");
    text(rig, 0, "POST /3 HTTP/1.1\r\nHost: three.example\r\nContent-Length: 5\r\n\r\nab");
    text(rig, 0, "cde");
    text(rig, 1, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo");
    text(rig, 1, "dy");
    text(rig, 0, "GET /4 HTTP/1.1\r\nHost: www.evil.ex");
    text(rig, 0, "ample\r\n\r\nGET /5 HTTP/1.1\r\nHost: five.example\r\n\r\n");
    text(rig, 1, "HTTP/1.1 302 Found\r\nLocation: http://away.example/\r\n\r\n");
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, "one.example"), 1);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, "two.example"), 1);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, "three.example"), 1);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, EVIL), 1);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, "five.example"), 1);
    assert_int_equal(seen(rig, VIA_HTTP_LOCATION, "away.example"), 1);
    assert_int_equal(alerts(rig), 1);
    expect_ends(alert(rig, VIA_HTTP_HOST));
    rig_free(rig);
}

/* The same host in every request is each request's own; a copy of one is not. */
static void http_again(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: www.evil.example\r\n\r\n";
    struct rig *rig = opened();

    text(rig, 0, request);
    text(rig, 0, request);
    next[0] -= (uint32_t)strlen(request);
    text(rig, 0, request);
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, EVIL), 2);
    assert_int_equal(alerts(rig), 1);
    rig_free(rig);
}

/* A head that never ends is told once, however often the connection is said to end. */
static void http_cut_short(void **state)
{
    struct rig *rig = opened();

    text(rig, 0, "GET / HTTP/1.1\r\nHost: www.evil.example\r\nUser-");
    for (unsigned i = 0; i < 5; i++)
        rig_tcp(rig, client, server, next[0], next[1], TCP_ACK | TCP_RST, NULL, 0);
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, EVIL), 1);
    assert_int_equal(alerts(rig), 1);
    rig_free(rig);
}

/* What a web page has its victim's browser send is no request of the browser's. */
static void http_in_a_body(void **state)
{
    static const char *const lengths[] = {"Content-Length: 3000", "Transfer-Encoding: chunked",
                                          "Content-Length: 1\r\nContent-Length: 3000"};
    static const char body[] = "GET / HTTP/1.1\r\nHost: www.evil.example\r\n\r\n";

    for (unsigned i = 0; i < 3 * 4; i++) {
        struct rig *rig = opened();
        char both[300];
        int head =
            snprintf(both, sizeof both, "POST / HTTP/1.1\r\nHost: one.example\r\n%s\r\n\r\n", lengths[i / 4]);
        const size_t cuts[] = {0, 10, (size_t)head, (size_t)head + 10};
        memcpy(both + head, body, sizeof body);
        say_cut(rig, 0, both, strlen(both), cuts[i % 4]);
        rig_finish(rig);
        assert_int_equal(seen(rig, VIA_HTTP_HOST, "one.example"), 1);
        if (alerts(rig) > 0)
            assert_true((alert(rig, VIA_HTTP_HOST)->flags & RECORD_MIDSTREAM) != 0);
        rig_free(rig);
    }
}

static void http_redirect(void **state)
{
    struct rig *rig = opened();

    text(rig, 0, "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n");
    text(rig, 1, "HTTP/1.1 307 Temporary Redirect\r\nLocation: https://x.evil.example/abc\r\n\r\n");
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_HTTP_LOCATION, "x.evil.example"), 1);
    assert_int_equal(alerts(rig), 1);
    const struct record *r = alert(rig, VIA_HTTP_LOCATION);
    expect_ends(r);
    assert_int_equal(r->stage, STAGE_QUERIED);
    rig_free(rig);
}

static void http_address(void **state)
{
    struct rig *rig = opened();

    text(rig, 0, "GET / HTTP/1.1\r\nHost: 198.51.100.9:8080\r\n\r\n");
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, "198.51.100.9"), 1);
    assert_int_equal(alerts(rig), 1);
    expect_ends(alert(rig, VIA_HTTP_HOST));
    rig_free(rig);
}

/* Three octets are a message: a stream of them costs no more than its bytes. */
static void many_messages(void **state)
{
    static uint8_t bytes[60000];
    struct rig *rig = opened();

    for (size_t i = 0; i + 3 <= sizeof bytes; i += 3)
        memcpy(bytes + i, "OK\n", 3);
    uint32_t base = next[0];
    next[0]++;
    say(rig, 0, bytes + 1, sizeof bytes - 1);
    next[0] = base;
    say(rig, 0, bytes, 1);
    next[0] = base + sizeof bytes;
    say(rig, 0, hello, make_hello(EVIL));
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_TLS_SNI, EVIL), 1);
    rig_free(rig);
}

/* A decoy in pieces that do not arrive, each before a piece of the hello, is read to its end first. */
static void decoy_in_pieces(void **state)
{
    static const char decoy[] = "GET / HTTP/1.1\r\nHost: one.example\r\n\r\n";
    size_t len = make_hello(EVIL), half = (sizeof decoy - 1) / 2;
    struct rig *rig = opened();
    uint32_t base = next[0];

    for (unsigned i = 0; i < 2; i++) {
        size_t at = i == 0 ? 0 : half, end = i == 0 ? half : sizeof decoy - 1;
        next[0] = base + (uint32_t)at;
        rig->ttl = 3;
        say(rig, 0, decoy + at, end - at);
        rig->ttl = 64;
        next[0] = base + (uint32_t)at;
        say(rig, 0, hello + at, i == 0 ? half : len - half);
    }
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_HTTP_HOST, "one.example"), 1);
    assert_int_equal(seen(rig, VIA_TLS_SNI, EVIL), 1);
    rig_free(rig);
}

/* HTTP/2 (RFC 7541): two octets refer to a name of kilobytes, or one to a host that is none, as often as
 * there is room. */
static void costly_headers(void **state)
{
    static struct writer block, stream;

    for (unsigned how = 0; how < 2; how++) {
        struct rig *rig = opened();
        block.len = stream.len = 0;
        put(&stream, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        number(&block, 1, how == 0 ? 0x40 : 0x41);
        number(&block, 3, 0xffd10e); /* coded, 2000 octets: RFC 7541 §5.1 */
        for (unsigned i = 0; i < 2000; i++)
            number(&block, 1, 0x18);
        if (how == 0)
            number(&block, 1, 0);
        while (block.len < 60000)
            number(&block, how == 0 ? 2 : 1, how == 0 ? 0x7e00 : 0xbe);
        number(&stream, 3, block.len);
        number(&stream, 6, 0x010400000001);
        put(&stream, written(&block));
        for (size_t at = 0; at < stream.len; at += 1400)
            say(rig, 0, stream.at + at, stream.len - at < 1400 ? stream.len - at : 1400);
        rig_finish(rig);
        assert_int_equal(rig->w->counters[COUNT_HTTP], 1);
        rig_free(rig);
    }
}

/* What goes before TLS */

static void proxy_then_hello(void **state)
{
    size_t len = make_hello(EVIL);

    for (size_t cut = 1; cut < 8; cut++) {
        struct rig *rig = opened();
        text(rig, 0, "CONNECT one.example:443 HTTP/1.1\r\nHost: one.example:443\r\n\r\n");
        text(rig, 1, "HTTP/1.1 200 Connection established\r\n\r\n");
        say_cut(rig, 0, hello, len, cut);
        rig_finish(rig);
        assert_int_equal(seen(rig, VIA_PROXY_TARGET, "one.example"), 1);
        assert_int_equal(seen(rig, VIA_TLS_SNI, EVIL), 1);
        assert_int_equal(alerts(rig), 1);
        assert_int_equal(alert(rig, VIA_TLS_SNI)->flags & RECORD_MIDSTREAM, 0);
        rig_free(rig);
    }
}

static void socks_then_hello(void **state)
{
    static const char request[] = "\5\1\0\3\20www.evil.example\1\273";
    size_t len = make_hello("two.example");
    struct rig *rig = opened();

    say(rig, 0, "\5\1\0", 3);
    say(rig, 1, "\5\0", 2);
    say_cut(rig, 0, request, sizeof request - 1, 9);
    say(rig, 1, "\5\0\0\1\0\0\0\0\0\0", 10);
    say_cut(rig, 0, hello, len, 3);
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_PROXY_TARGET, EVIL), 1);
    assert_int_equal(seen(rig, VIA_TLS_SNI, "two.example"), 1);
    assert_int_equal(alerts(rig), 1);
    rig_free(rig);
}

/* Certificates */

static struct writer message, records, leaf;

static void server_hello(void)
{
    number(&message, 1, 2);
    size_t body = open_vector(&message, 3);
    number(&message, 2, 0x0303);
    for (unsigned i = 0; i < 32; i++)
        number(&message, 1, 0xc0 + i);
    number(&message, 1, 0);
    number(&message, 2, 0xc02f);
    number(&message, 1, 0);
    close_vector(&message, 3, body);
}

static void make_certificate(const char *const *names)
{
    message.len = records.len = leaf.len = 0;
    der_certificate_for(&leaf, names);
    server_hello();
    number(&message, 1, 11);
    size_t body = open_vector(&message, 3), list = open_vector(&message, 3);
    number(&message, 3, leaf.len);
    put(&message, written(&leaf));
    close_vector(&message, 3, list);
    close_vector(&message, 3, body);
    add_records(&records, written(&message), 200);
}

static void certificate_of_another(void **state)
{
    static const char *const names[] = {"one.example", EVIL, NULL};

    make_certificate(names);
    for (unsigned other = 0; other < 2; other++) {
        struct rig *rig = opened();
        say(rig, 0, hello, make_hello(other ? "one.example" : NULL));
        say_cut(rig, 1, records.at, records.len, 300);
        rig_finish(rig);
        assert_int_equal(seen(rig, VIA_CERT_NAME, "one.example"), 1);
        assert_int_equal(seen(rig, VIA_CERT_NAME, EVIL), 1);
        assert_int_equal(alerts(rig), 1);
        const struct record *r = alert(rig, VIA_CERT_NAME);
        expect_ends(r);
        assert_int_equal((r->flags & RECORD_OTHER_NAME) != 0, other);
        rig_free(rig);
    }
}

/* Byte by byte, and told once. */
static void certificate_in_bytes(void **state)
{
    static const char *const names[] = {EVIL, NULL};
    struct rig *rig = opened();

    make_certificate(names);
    say(rig, 0, hello, make_hello(EVIL));
    for (size_t i = 0; i < records.len; i++)
        say(rig, 1, records.at + i, 1);
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_CERT_NAME, EVIL), 1);
    assert_int_equal(alerts(rig), 1);
    rig_free(rig);
}

static void starttls(void **state)
{
    static const char *const names[] = {"mx.example", NULL};
    struct rig *rig = opened();

    make_certificate(names);
    text(rig, 1, "220 mx.example ESMTP\r\n");
    text(rig, 0, "EHLO me\r\n");
    text(rig, 1, "250-mx.example\r\n250 START");
    text(rig, 1, "TLS\r\n");
    text(rig, 0, "STARTTLS\r\n");
    text(rig, 1, "220 go\r\n");
    say_cut(rig, 0, hello, make_hello(EVIL), 4);
    say_cut(rig, 1, records.at, records.len, 4);
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_TLS_SNI, EVIL), 1);
    assert_int_equal(seen(rig, VIA_CERT_NAME, "mx.example"), 1);
    assert_int_equal(alerts(rig), 1);
    const struct record *r = alert(rig, VIA_TLS_SNI);
    expect_ends(r);
    assert_int_equal(r->flags & RECORD_MIDSTREAM, 0);
    rig_free(rig);
}

static void listed_digests(void **state)
{
    static const char *const names[] = {"mx.example", NULL};
    const struct record *r = NULL;
    char indicator[3][100], digest[2 * CRYPTO_HASH_BYTES_MAX + 1];
    struct rig *rig = opened();

    make_certificate(names);
    say(rig, 0, hello, make_hello("one.example"));
    assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, NULL, &r), 1);
    for (unsigned i = 0; i < r->attrs; i++)
        if (r->attr[i].key == ATTR_JA3 || r->attr[i].key == ATTR_JA4)
            snprintf(indicator[r->attr[i].key == ATTR_JA4], sizeof *indicator, "%s:%.*s",
                     r->attr[i].key == ATTR_JA4 ? "ja4" : "ja3", SPAN_FMT(r->attr[i].value));
    crypto_digest_text(rig->w->crypto, CRYPTO_SHA1, written(&leaf), digest);
    snprintf(indicator[2], sizeof *indicator, "cert:%s", digest);
    rig_free(rig);

    rig = opened_with((const char *const[]){indicator[0], indicator[1], indicator[2], NULL});
    say(rig, 0, hello, make_hello("one.example"));
    say_cut(rig, 1, records.at, records.len, 100);
    rig_finish(rig);
    assert_int_equal(alerts(rig), 3);
    expect_ends(alert(rig, VIA_JA3));
    expect_ends(alert(rig, VIA_JA4));
    expect_ends(alert(rig, VIA_CERT));
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_keep_alive),      cmocka_unit_test(http_again),
        cmocka_unit_test(http_cut_short),       cmocka_unit_test(http_in_a_body),
        cmocka_unit_test(http_redirect),        cmocka_unit_test(http_address),
        cmocka_unit_test(many_messages),        cmocka_unit_test(decoy_in_pieces),
        cmocka_unit_test(costly_headers),       cmocka_unit_test(proxy_then_hello),
        cmocka_unit_test(socks_then_hello),     cmocka_unit_test(certificate_of_another),
        cmocka_unit_test(certificate_in_bytes), cmocka_unit_test(starttls),
        cmocka_unit_test(listed_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
