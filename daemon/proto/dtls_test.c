/* SPDX-License-Identifier: BSD-2-Clause */
/* DTLS: ClientHellos in fragments of every size, in any order, over several records; what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect_pieces.h"

struct writer {
    uint8_t at[4096];
    size_t len;
};

static struct collect_pieces c;
static struct writer body, datagram;

static void put(struct writer *w, const void *at, size_t len)
{
    memcpy(w->at + w->len, at, len);
    w->len += len;
}

static void number(struct writer *w, unsigned bytes, size_t v)
{
    while (bytes-- > 0)
        w->at[w->len++] = (uint8_t)(v >> 8 * bytes);
}

/* The body of a ClientHello with a cookie and a name. */
static void hello(size_t cookie, const char *name)
{
    size_t len = strlen(name);

    body.len = 0;
    number(&body, 2, 0xfefd);
    for (unsigned i = 0; i < 32; i++)
        number(&body, 1, i);
    number(&body, 1, 0);
    number(&body, 1, cookie);
    for (size_t i = 0; i < cookie; i++)
        number(&body, 1, 0x16);
    number(&body, 4, 0x0002c02b);
    number(&body, 2, 0x0100);
    number(&body, 2, 9 + len + 9);
    number(&body, 2, 0);
    number(&body, 2, 5 + len);
    number(&body, 2, 3 + len);
    number(&body, 1, 0);
    number(&body, 2, len);
    put(&body, name, len);
    put(&body, "\x00\x10\x00\x05\x00\x03\x02h2", 9);
}

/* A record with this content before `end_record` writes its length. */
static size_t record(unsigned type, unsigned version, unsigned epoch)
{
    number(&datagram, 1, type);
    number(&datagram, 2, version);
    number(&datagram, 2, epoch);
    number(&datagram, 6, 0);
    number(&datagram, 2, 0);
    return datagram.len;
}

static void end_record(size_t begin)
{
    size_t end = datagram.len;
    datagram.len = begin - 2;
    number(&datagram, 2, end - begin);
    datagram.len = end;
}

static void fragment(unsigned type, size_t whole, size_t offset, size_t len)
{
    number(&datagram, 1, type);
    number(&datagram, 3, whole);
    number(&datagram, 2, 1);
    number(&datagram, 3, offset);
    number(&datagram, 3, len);
    put(&datagram, body.at + offset, len);
}

static void one_record(size_t offset, size_t len)
{
    size_t r = record(22, 0xfefd, 0);
    fragment(1, body.len, offset, len);
    end_record(r);
}

static const struct proto *dtls(void)
{
    return collect_proto("dtls");
}

static enum parse_result run(void)
{
    assert_int_equal(dtls()->udp_starts(span_of(datagram.at, datagram.len), false), STARTS_YES);
    return collect_datagram(&c, dtls(), datagram.at, datagram.len, datagram.len);
}

static void in_one_datagram(void **state)
{
    for (size_t cookie = 0; cookie <= 255; cookie += 85) {
        hello(cookie, "A.Test.");
        collect_pieces_clear(&c);
        datagram.len = 0;
        one_record(0, body.len);
        assert_int_equal(run(), PARSE_DONE);
        assert_int_equal(c.pieces, 2);
        assert_int_equal(collect_pieces_have(&c), 4 + body.len);
        assert_int_equal(c.k.observations, 0);
        assert_int_equal(collect_handshake(&c, dtls(), false), PARSE_DONE);
        assert_string_equal(c.k.lines, "dtls-sni a.test|client|alpn=h2\n");
        collect_prefixes(dtls()->handshake, c.at, 4 + body.len, 1);
    }
}

/* Fragments of `size` bytes, the last one first; each in a datagram of its own, a record, or only itself. */
static void in_fragments(void **state)
{
    for (size_t size = 1; size <= 90; size++) {
        for (unsigned way = 0; way < 3; way++) {
            hello(20, "a.test");
            collect_pieces_clear(&c);
            datagram.len = 0;
            size_t r = record(22, 0xfeff, 0);
            for (size_t at = (body.len - 1) / size * size;; at -= size) {
                size_t n = body.len - at < size ? body.len - at : size;
                if (way == 0)
                    datagram.len = 0;
                if (way < 2)
                    r = record(22, 0xfefd, 0);
                fragment(1, body.len, at, n);
                end_record(r);
                if (way == 0)
                    assert_int_equal(run(), PARSE_DONE);
                if (at == 0)
                    break;
            }
            if (way == 1)
                memmove(datagram.at, datagram.at + 13, datagram.len -= 13);
            if (way > 0)
                assert_int_equal(run(), PARSE_DONE);
            assert_int_equal(collect_handshake(&c, dtls(), false), PARSE_DONE);
            assert_string_equal(c.k.lines, "dtls-sni a.test|client|alpn=h2\n");
        }
    }
}

static void a_fragment_is_missing(void **state)
{
    hello(0, "a.test");
    collect_pieces_clear(&c);
    datagram.len = 0;
    one_record(0, body.len - 9);
    assert_int_equal(run(), PARSE_DONE);
    assert_int_equal(collect_handshake(&c, dtls(), false), PARSE_MORE);
    assert_int_equal(c.k.p.need, 4 + body.len);
    assert_int_equal(collect_handshake(&c, dtls(), true), PARSE_CUT);
    assert_string_equal(c.k.lines, "dtls-sni a.test|client\n");
}

/* The capture keeps only so much of the datagram. */
static void cut_by_the_capture(void **state)
{
    hello(0, "a.test");
    datagram.len = 0;
    one_record(0, body.len);
    for (size_t n = 0; n < datagram.len; n++) {
        collect_pieces_clear(&c);
        enum proto_starts starts = dtls()->udp_starts(span_of(datagram.at, n), false);
        assert_int_equal((int)starts, n < 25 ? STARTS_MAYBE : STARTS_YES);
        assert_int_equal(collect_datagram(&c, dtls(), datagram.at, n, datagram.len),
                         n < 25 ? PARSE_NOT : PARSE_CUT);
        assert_int_equal(collect_pieces_have(&c), n < 25 ? 0 : n - 25 + 4);
    }
}

/* A message of another length among the fragments is not mixed in. */
static void two_messages(void **state)
{
    hello(0, "a.test");
    collect_pieces_clear(&c);
    datagram.len = 0;
    one_record(0, body.len);
    size_t r = record(22, 0xfefd, 0);
    fragment(1, body.len + 1, 0, 8);
    end_record(r);
    memset(datagram.at + datagram.len - 8, 0xff, 8);
    assert_int_equal(run(), PARSE_DONE);
    assert_int_equal(collect_handshake(&c, dtls(), false), PARSE_DONE);
    assert_string_equal(c.k.lines, "dtls-sni a.test|client|alpn=h2\n");
}

static void what_follows_is_not_read(void **state)
{
    hello(0, "a.test");
    collect_pieces_clear(&c);
    datagram.len = 0;
    one_record(0, body.len);
    size_t r = record(22, 0xfefd, 1); /* encrypted */
    fragment(1, body.len, 0, 8);
    end_record(r);
    assert_int_equal(run(), PARSE_DONE);
    assert_int_equal(c.pieces, 2);
}

static void other_datagrams(void **state)
{
    static const struct {
        unsigned at;
        uint8_t value;
    } rows[] = {
        {0, 21}, {0, 23},    {1, 0xfd}, {2, 0xfb}, {4, 1},   {12, 11},   {13, 2},
        {13, 3}, {14, 0xff}, {16, 0},   {19, 1},   {21, 60}, {24, 0xff},
    };
    hello(0, "a.test");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        datagram.len = 0;
        one_record(0, body.len);
        datagram.at[rows[i].at] = rows[i].value;
        collect_pieces_clear(&c);
        assert_int_equal(dtls()->udp_starts(span_of(datagram.at, datagram.len), false), STARTS_NO);
        assert_int_equal(collect_datagram(&c, dtls(), datagram.at, datagram.len, datagram.len), PARSE_NOT);
        assert_int_equal(c.pieces, 0);
    }
    datagram.len = 0;
    one_record(0, body.len);
    datagram.at[11] = 0xff; /* a record longer than its datagram, which is not known at the start */
    assert_int_equal(run(), PARSE_NOT);
    datagram.len = 0;
    one_record(0, body.len);
    datagram.at[11] = 0xff; /* a record longer than its datagram, which is not known at the start */
    assert_int_equal(run(), PARSE_NOT);
    assert_null(dtls()->tcp);
}

static void fingerprints(void **state)
{
    struct crypto *crypto = crypto_new();

    hello(20, "a.test");
    collect_pieces_clear(&c);
    datagram.len = 0;
    one_record(0, body.len);
    run();
    c.k.p.crypto = crypto;
    c.k.p.fingerprints = true;
    collect_handshake(&c, dtls(), false);
    assert_non_null(strstr(c.k.lines, "\ntls-ja4 dd2d0102h2_"));
    collect_done(&c.k);
    memset(&c, 0, sizeof c);
    crypto_free(crypto);
}

static int done(void **state)
{
    collect_done(&c.k);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_datagram),       cmocka_unit_test(in_fragments),
        cmocka_unit_test(a_fragment_is_missing), cmocka_unit_test(cut_by_the_capture),
        cmocka_unit_test(two_messages),          cmocka_unit_test(what_follows_is_not_read),
        cmocka_unit_test(other_datagrams),       cmocka_unit_test(fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
