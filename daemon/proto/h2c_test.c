/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/2 in clear: the first header block in one frame and in many, padded, damaged, and every prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"

#define BYTES(s) span_of(s, sizeof s - 1)
#define GET      "\x82\x86\x84"
/* RFC 7541 C.4.1 */
#define WWW     "\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"
#define WWW_SAY "http-host www.example.com|client\n"

enum { DATA, HEADERS, PRIORITY, SETTINGS = 4, CONTINUATION = 9 };
enum { END_STREAM = 1, END_HEADERS = 4, PADDED = 8, WEIGHTED = 0x20 };

static uint8_t stream[256 * 1024];
static size_t stream_len;

static void put(struct span s)
{
    memcpy(stream + stream_len, s.at, s.len);
    stream_len += s.len;
}

static void frame(unsigned type, unsigned flags, struct span payload)
{
    uint8_t head[9] = {(uint8_t)(payload.len >> 16),
                       (uint8_t)(payload.len >> 8),
                       (uint8_t)payload.len,
                       (uint8_t)type,
                       (uint8_t)flags,
                       0,
                       0,
                       0,
                       type == SETTINGS ? 0 : 1};

    put(span_of(head, sizeof head));
    put(payload);
}

static void open_stream(void)
{
    stream_len = 0;
    put(BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    frame(SETTINGS, 0, BYTES("\x00\x04\x00\x10\x00\x00"));
}

static struct collect run(size_t len, bool last)
{
    struct collect k = {.p.last = last};

    collect_clear(&k);
    collect_run(&k, collect_proto("http2")->tcp, stream, len);
    return k;
}

static void expect(enum parse_result result, const char *want)
{
    struct collect k = run(stream_len, false);

    assert_string_equal(k.lines, want);
    assert_int_equal(k.result, result);
    assert_int_equal(k.counters[COUNT_HTTP], result != PARSE_MORE);
    assert_int_equal(k.counters[COUNT_HTTP_BAD], result == PARSE_BAD);
    collect_done(&k);
    collect_prefixes(collect_proto("http2")->tcp, stream, stream_len, stream_len > 4096 ? 509 : 1);
}

static void one_frame(void **state)
{
    open_stream();
    frame(HEADERS, END_HEADERS | END_STREAM, BYTES(GET WWW));
    expect(PARSE_DONE, WWW_SAY);
    frame(HEADERS, END_HEADERS, BYTES(GET "\xbe\x01\x05other")); /* what comes later is not read */
    put(BYTES("\xff\xff\xff\xff"));
    expect(PARSE_DONE, WWW_SAY);
    open_stream();
    frame(HEADERS, END_HEADERS,
          BYTES(GET "\x01\x0dUser@A.test:1\x01\x01.\x66\x01"
                    "b"));
    expect(PARSE_DONE, "http-host a.test|client\nhttp-host b|client\n");
    open_stream();
    frame(HEADERS, END_HEADERS, BYTES(GET));
    expect(PARSE_DONE, "");
}

static void authority_and_host(void **state)
{
    open_stream();
    frame(HEADERS, END_HEADERS,
          BYTES(WWW GET "\x66\x06"
                        "b.test\x40\x04Host\x06"
                        "B.test"));
    expect(PARSE_DONE, WWW_SAY "http-host b.test|client\n");
    open_stream(); /* the name by reference to the dynamic table, and coded */
    frame(HEADERS, END_HEADERS,
          BYTES("\x40\x83\x9c\xe8\x4f\x01"
                "a\x0f\x2f\x01"
                "b\xbe\x01\x01"
                "c\x01\x01"
                "d"));
    expect(PARSE_DONE, "http-host a|client\nhttp-host b|client\nhttp-host c|client\n");
}

static void many_frames(void **state)
{
    static const char block[] = GET WWW "\x00\x01x\x01y";

    for (size_t size = 1; size < sizeof block - 1; size++) {
        open_stream();
        frame(PRIORITY, 0, BYTES("\x00\x00\x00\x00\x01"));
        for (size_t at = 0; at < sizeof block - 1; at += size) {
            size_t n = sizeof block - 1 - at < size ? sizeof block - 1 - at : size;
            bool last = at + n == sizeof block - 1;
            frame(at == 0 ? HEADERS : CONTINUATION, last ? END_HEADERS : 0, span_of(block + at, n));
        }
        expect(PARSE_DONE, WWW_SAY);
    }
    open_stream();
    frame(HEADERS, 0, BYTES(GET));
    frame(CONTINUATION, 0, BYTES(""));
    frame(CONTINUATION, END_HEADERS, BYTES(WWW));
    expect(PARSE_DONE, WWW_SAY);
}

static void padding(void **state)
{
    open_stream();
    frame(HEADERS, END_HEADERS | PADDED | WEIGHTED, BYTES("\x03\x80\x00\x00\x00\xff" WWW "\x00\x00\x00"));
    expect(PARSE_DONE, WWW_SAY);
    open_stream();
    frame(HEADERS, END_HEADERS | PADDED, BYTES("\x0f" WWW)); /* more than there is */
    expect(PARSE_BAD, "");
    open_stream();
    frame(HEADERS, END_HEADERS | PADDED, BYTES("")); /* no room for the length */
    expect(PARSE_BAD, "");
    open_stream();
    frame(HEADERS, END_HEADERS | WEIGHTED, BYTES("\x80\x00"));
    expect(PARSE_BAD, "");
}

static void damage(void **state)
{
    open_stream();
    frame(HEADERS, 0, BYTES(WWW));
    frame(DATA, 0, BYTES("x")); /* where a continuation must be */
    expect(PARSE_BAD, WWW_SAY);
    open_stream();
    frame(HEADERS, END_HEADERS, BYTES(WWW "\x80"));
    expect(PARSE_BAD, WWW_SAY);
    open_stream();
    frame(HEADERS, END_HEADERS, BYTES("\x80" WWW));
    expect(PARSE_BAD, "");
    for (unsigned frames = 63; frames <= 64; frames++) {
        open_stream();
        for (unsigned i = 0; i < frames; i++)
            frame(PRIORITY, 0, BYTES("\x00\x00\x00\x00\x01"));
        frame(HEADERS, END_HEADERS, BYTES(WWW));
        expect(frames == 63 ? PARSE_DONE : PARSE_BAD, frames == 63 ? WWW_SAY : "");
    }
}

static void last_words(void **state)
{
    open_stream();
    size_t before = stream_len + 9 + strlen(GET) + strlen(WWW);
    frame(HEADERS, END_HEADERS, BYTES(GET WWW "\x00\x01x\x01y"));
    for (size_t n = 0; n < stream_len; n++) {
        struct collect k = run(n, true);
        assert_int_equal(k.result, PARSE_CUT);
        assert_string_equal(k.lines, n < before ? "" : WWW_SAY);
        collect_done(&k);
        k = run(n, false);
        assert_int_equal(k.result, PARSE_MORE);
        assert_true(k.p.need > n);
        collect_done(&k);
    }
}

/* Longer than what is joined: read as far as that. */
static void endless(void **state)
{
    static uint8_t much[16384];

    open_stream();
    frame(HEADERS, 0, BYTES(WWW));
    for (unsigned i = 0; i < 5; i++)
        frame(CONTINUATION, 0, span_of(much, sizeof much));
    struct collect k = run(stream_len, false);
    assert_int_equal(k.result, PARSE_CUT);
    assert_string_equal(k.lines, WWW_SAY);
    collect_done(&k);
    open_stream();
    memcpy(stream + stream_len, "\xff\xff\xff\x04\x00\x00\x00\x00\x00", 9);
    k = run(PARSE_JOIN_MAX, false);
    assert_int_equal(k.result, PARSE_CUT);
    collect_done(&k);
}

static void starts(void **state)
{
    const struct proto *h2c = collect_proto("http2");

    open_stream();
    for (size_t n = 0; n <= stream_len; n++)
        assert_int_equal((int)h2c->tcp_starts(span_of(stream, n), false), n < 24 ? STARTS_MAYBE : STARTS_YES);
    for (size_t i = 0; i < 24; i++) {
        stream[i] ^= 1;
        assert_int_equal(h2c->tcp_starts(span_of(stream, stream_len), false), STARTS_NO);
        assert_int_equal(h2c->tcp_starts(span_of(stream, i + 1), false), STARTS_NO);
        struct collect k = run(stream_len, false);
        assert_int_equal(k.result, PARSE_NOT);
        collect_done(&k);
        stream[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_frame),   cmocka_unit_test(authority_and_host),
        cmocka_unit_test(many_frames), cmocka_unit_test(padding),
        cmocka_unit_test(damage),      cmocka_unit_test(last_words),
        cmocka_unit_test(endless),     cmocka_unit_test(starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
