/* SPDX-License-Identifier: BSD-2-Clause */
/* Google's QUIC: its client hello in clear, in CRYPTO frames, and in every way that is wrong. */
#include "proto/quic_test.h"

static struct quic_bytes chlo;

static void little(struct quic_bytes *b, unsigned bytes, uint64_t v)
{
    for (; bytes > 0; bytes--, v >>= 8)
        quic_number(b, 1, v & 0xff);
}

/* Three tags, of which the second is the name. */
static void build_chlo(struct span name)
{
    chlo.len = 0;
    quic_put(&chlo, BYTES("CHLO"));
    little(&chlo, 2, 3);
    little(&chlo, 2, 0);
    quic_put(&chlo, BYTES("PAD\0"));
    little(&chlo, 4, 20);
    quic_put(&chlo, BYTES("SNI\0"));
    little(&chlo, 4, 20 + name.len);
    quic_put(&chlo, BYTES("VER\0"));
    little(&chlo, 4, 24 + name.len);
    quic_put(&chlo, BYTES("--------------------"));
    quic_put(&chlo, name);
    quic_put(&chlo, BYTES("Q043"));
}

/* A packet with public flags, or with the long header of Q046, and the hello in a STREAM frame. */
static void build_clear(const char *version, unsigned number_code, uint64_t offset)
{
    static const uint8_t number_bytes[4] = {1, 2, 4, 6};
    unsigned v = (unsigned)atoi(version + 1);

    datagram.len = 0;
    if (v <= 43) {
        quic_number(&datagram, 1, 0x09 | number_code << 4);
        quic_put(&datagram, BYTES("connid-8"));
    } else {
        quic_number(&datagram, 1, 0xc0 | number_code);
    }
    quic_put(&datagram, span_str(version));
    if (v > 43) {
        quic_number(&datagram, 1, 0x50);
        quic_put(&datagram, BYTES("connid-8"));
    }
    quic_zeros(&datagram, v <= 43 ? number_bytes[number_code] : number_code + 1);
    quic_put(&datagram, BYTES("hash of 12 b"));
    quic_zeros(&datagram, v < 34);
    quic_number(&datagram, 1, 0xa0 | (offset ? 4 : 0)); /* STREAM with a length, and an offset of 2 bytes */
    quic_number(&datagram, 1, 1);
    if (offset && v < 39)
        little(&datagram, 2, offset);
    else if (offset)
        quic_number(&datagram, 2, offset);
    if (v < 39)
        little(&datagram, 2, chlo.len);
    else
        quic_number(&datagram, 2, chlo.len);
    quic_put(&datagram, span_of(chlo.at, chlo.len));
    quic_zeros(&datagram, 300);
}

static struct said said_google(size_t there)
{
    static struct said s;

    collect_done(&s.k);
    memset(&s, 0, sizeof s);
    s.k.p.bytes = span_of(datagram.at, there);
    s.k.p.whole = (uint32_t)datagram.len;
    s.k.p.cut = there < datagram.len;
    s.k.p.counters = s.k.counters;
    s.k.p.piece = on_piece;
    s.k.p.ctx = &s;
    s.k.result = proto_quic_google.udp(&s.k.p);
    return s;
}

static void in_clear(void **state)
{
    static const char *const versions[] = {"Q024", "Q033", "Q034", "Q038", "Q039", "Q043", "Q044", "Q046"};

    build_chlo(BYTES("www.Example.com"));
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        for (unsigned code = 0; code < 4; code++) {
            build_clear(versions[i], code, 0);
            assert_int_equal(proto_quic_google.udp_starts(span_of(datagram.at, datagram.len), false),
                             STARTS_YES);
            for (size_t n = 0; n < (atoi(versions[i] + 1) <= 43 ? 13 : 6); n++)
                assert_int_equal(proto_quic_google.udp_starts(span_of(datagram.at, n), false), STARTS_MAYBE);
            struct said s = said_google(datagram.len);
            assert_int_equal(s.k.result, PARSE_DONE);
            assert_string_equal(s.pieces, "0+71");
            assert_memory_equal(s.handshake, chlo.at, chlo.len);
            assert_int_equal(s.k.counters[COUNT_QUIC], 1);
            build_clear(versions[i], code, 0x1234);
            s = said_google(datagram.len);
            assert_string_equal(s.pieces, "4660+71");
        }
    }
}

static void cut_everywhere(void **state)
{
    build_chlo(BYTES("www.example.com"));
    build_clear("Q043", 0, 0);
    const size_t begin = 14 + 12 + 4;
    for (size_t n = 0; n < datagram.len; n++) {
        struct said s = said_google(n);
        size_t there = n < begin ? 0 : n - begin < chlo.len ? n - begin : chlo.len;
        char want[32] = "";
        if (there > 0)
            snprintf(want, sizeof want, "0+%zu", there);
        assert_string_equal(s.pieces, want);
        datagram.len = n; /* not cut, but as short as that */
        s = said_google(n);
        assert_int_equal(s.k.result, n < 13 ? PARSE_NOT : PARSE_DONE);
        build_clear("Q043", 0, 0);
    }
}

static void other_bytes(void **state)
{
    static const char *const no[] = {"Q047", "Q050", "Q0x4", "Q0/3", "R043", "Q143", "T043"};

    build_chlo(BYTES("a.test"));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        build_clear("Q043", 0, 0);
        memcpy(datagram.at + 9, no[i], 4);
        assert_int_equal(proto_quic_google.udp_starts(span_of(datagram.at, datagram.len), false), STARTS_NO);
        assert_int_equal(said_google(datagram.len).k.result, PARSE_NOT);
    }
    build_clear("Q043", 0, 0);
    for (unsigned flags = 0; flags < 256; flags++) {
        datagram.at[0] = (uint8_t)flags;
        assert_int_equal(proto_quic_google.udp_starts(span_of(datagram.at, datagram.len), false),
                         (flags & 0xc9) == 9 ? STARTS_YES : STARTS_NO);
    }
    build_clear("Q043", 0, 0);
    datagram.at[30] = 'R'; /* another message */
    struct said s = said_google(datagram.len);
    assert_string_equal(s.pieces, "");
    build_clear("Q043", 0, 0);
    datagram.at[27] = 2; /* another stream */
    s = said_google(datagram.len);
    assert_string_equal(s.pieces, "");
}

static void expect_hello_says(enum parse_result result, const char *want)
{
    struct collect k = {0};

    collect_clear(&k);
    collect_run(&k, proto_quic_google.handshake, chlo.at, chlo.len);
    assert_string_equal(k.lines, want);
    assert_int_equal(k.result, result);
    assert_int_equal(k.counters[COUNT_TLS], 1);
    assert_int_equal(k.counters[COUNT_TLS_BAD], result == PARSE_BAD);
    assert_int_equal(k.counters[COUNT_TLS_NO_SNI], result == PARSE_DONE && *want == 0);
    collect_clear(&k);
    assert_int_equal(collect_run(&k, proto_quic.handshake, chlo.at, chlo.len), result);
    assert_string_equal(k.lines, want);
    collect_done(&k);
    collect_prefixes(proto_quic_google.handshake, chlo.at, chlo.len, 1);
    collect_prefixes(proto_quic.handshake, chlo.at, chlo.len, 1);
}

static void names(void **state)
{
    build_chlo(BYTES("WWW.Example.com."));
    expect_hello_says(PARSE_DONE, "quic-sni www.example.com|client\n");
    build_chlo(BYTES(""));
    expect_hello_says(PARSE_DONE, "");
    build_chlo(BYTES("a.test"));
    memcpy(chlo.at + 16, "SNX", 3);
    expect_hello_says(PARSE_DONE, "");
    build_chlo(BYTES("a.test"));
    chlo.at[20] = 19; /* ends before it begins */
    expect_hello_says(PARSE_BAD, "");
    build_chlo(BYTES("a.test"));
    chlo.at[22] = 2; /* 128 KiB */
    expect_hello_says(PARSE_BAD, "");
    build_chlo(BYTES("a.test"));
    chlo.at[4] = 129;
    expect_hello_says(PARSE_BAD, "");
    build_chlo(BYTES("a.test"));
    memcpy(chlo.at, "REJ\0", 4);
    struct collect k = {0};
    collect_clear(&k);
    assert_int_equal(collect_run(&k, proto_quic_google.handshake, chlo.at, chlo.len), PARSE_NOT);
    collect_done(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_clear),
        cmocka_unit_test(cut_everywhere),
        cmocka_unit_test(other_bytes),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
