/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC: packets that are damaged, cut, lie about their lengths, or only look like QUIC. */
#include "proto/quic_test.h"

static void build(const struct quic_packet *q)
{
    datagram.len = 0;
    quic_initial(&datagram, q, span_of(frames.at, frames.len));
}

/* A small one: the hello and ten bytes of padding. */
static void build_hello(void)
{
    struct quic_packet q = client(BUILD_V1);

    q.scid = BYTES("scid");
    q.token = BYTES("token");
    frames.len = 0;
    quic_crypto(&frames, 0, span_of(hello, HELLO_BYTES));
    quic_zeros(&frames, 10);
    build(&q);
}

static void no_bit_can_be_flipped(void **state)
{
    build_hello();
    for (size_t bit = 0; bit < 8 * datagram.len; bit++) {
        datagram.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct said s = said();
        assert_string_equal(s.pieces, "");
        assert_int_equal(s.k.counters[COUNT_QUIC], 0);
        assert_int_not_equal(s.k.result, PARSE_MORE);
        datagram.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    struct said s = said();
    expect_hello(&s);
}

/* Datagrams that are shorter than they say they are. */
static void shorter_datagrams(void **state)
{
    build_hello();
    for (size_t n = 0; n < datagram.len; n++) {
        struct said s = said_of(span_of(datagram.at, n), (uint32_t)n, NULL);
        expect_nothing(&s, n < 19 ? PARSE_NOT : PARSE_BAD); /* 19: the header that all versions have */
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], n >= 19);
    }
}

/* What the capture cut is opened without its tag, as far as it is there. */
static void cut_everywhere(void **state)
{
    build_hello();
    const size_t sample = 19 + 6 + 2 + 4 + 16, data = 19 + 6 + 2 + 4 + 4;
    for (size_t n = 0; n < datagram.len; n++) {
        struct said s = said_of(span_of(datagram.at, n), (uint32_t)datagram.len, NULL);
        size_t there = n < sample ? 0 : n - data < HELLO_BYTES ? n - data : HELLO_BYTES;
        char want[32] = "";
        if (there > 0)
            snprintf(want, sizeof want, "0+%zu", there);
        assert_int_equal(s.k.result, PARSE_CUT);
        assert_string_equal(s.pieces, want);
        assert_memory_equal(s.handshake, hello, there);
        assert_int_equal(s.k.counters[COUNT_QUIC], there > 0);
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
        assert_int_equal(s.k.p.facts.cid.len, there > 0 ? 8 : 0);
    }
}

/* Without a tag only the beginning of a hello is believed: not what wrong keys make of a packet. */
static void cut_nonsense(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    q.cid = BYTES("another");
    hello_frames();
    build(&q);
    for (uint32_t i = 0; i < 3000; i++) {
        memcpy(datagram.at + 6, &i, sizeof i); /* other keys each time */
        struct said s = said_of(span_of(datagram.at, 300), (uint32_t)datagram.len, NULL);
        expect_nothing(&s, PARSE_CUT);
    }
    q = client(BUILD_V1);
    frames.len = 0;
    quic_crypto(&frames, 0, BYTES("\x02\x00\x00\x40 a ServerHello"));
    quic_zeros(&frames, 500);
    build(&q);
    struct said s = said_of(span_of(datagram.at, 300), (uint32_t)datagram.len, NULL);
    expect_nothing(&s, PARSE_CUT);
    s = said();
    assert_string_equal(s.pieces, "0+18"); /* with its tag it is handed out */
}

static void the_first_of_two_is_whole(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    build_hello();
    size_t first = datagram.len;
    q.number++;
    frames.len = 0;
    quic_crypto(&frames, HELLO_BYTES, span_of(hello, 100));
    quic_initial(&datagram, &q, span_of(frames.at, frames.len));
    struct said s = said_of(span_of(datagram.at, first + 30), (uint32_t)datagram.len, NULL);
    assert_string_equal(s.pieces, "0+241");
    assert_int_equal(s.k.result, PARSE_CUT); /* more was there */
}

static void lengths_that_lie(void **state)
{
    for (int lie = -300; lie <= 300; lie += lie == -1 ? 2 : 1) {
        struct quic_packet q = client(BUILD_V1);
        frames.len = 0;
        quic_crypto(&frames, 0, span_of(hello, HELLO_BYTES));
        q.lie = lie < -261 ? -261 : lie; /* the length becomes 0 */
        build(&q);
        struct said s = said();
        expect_nothing(&s, PARSE_BAD);
        assert_true(s.k.counters[COUNT_QUIC_BAD] >= 1);
    }
}

/* Numbers of 62 bits where a length is expected. */
static void varints_that_overflow(void **state)
{
    static const uint64_t lengths[] = {1u << 14, UINT32_MAX, UINT32_MAX + 1ull, (1ull << 62) - 1};
    struct quic_packet q = client(BUILD_V1);

    for (size_t i = 0; i < 4; i++) {
        for (unsigned field = 0; field < 2; field++) {
            datagram.len = 0;
            quic_header(&datagram, &q, BUILD_INITIAL, 0);
            if (field == 1)
                quic_varint(&datagram, 0);
            quic_varint_in(&datagram, 8, lengths[i]);
            quic_zeros(&datagram, 100);
            struct said s = said();
            expect_nothing(&s, PARSE_BAD);
            assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 1);
        }
        quic_other(&datagram, &q, BUILD_HANDSHAKE, 5);
    }
}

/* What came before a malformed frame is handed out, and the packet counted. */
static void malformed_frames(void **state)
{
    const struct span bad[] = {
        BYTES("\x07\x00"), /* NEW_TOKEN: of a server, in other packets */
        BYTES("\x08\x00"),
        BYTES("\x1d\x00\x00"),
        BYTES("\x1e"), /* of other packets */
        BYTES("\x40\x1d\x00"),
        BYTES("\xc0\x00\x00\x00\x00\x00\x01\x06\x00\x00"),
        BYTES("\x06\x00\x10short"),
        BYTES("\x06\x00\xff\xff\xff\xff\xff\xff\xff\xff too long"),
        BYTES("\x02\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00"), /* 2^62 - 1 ranges */
        BYTES("\x03\x00\x00\x00\x00\x00\x00"),
        BYTES("\x1c\x00\x00\x05"
              "four"),
        BYTES("\x06\x80\x00"),
        BYTES("\xc0"),
    };
    struct quic_packet q = client(BUILD_V2);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        frames.len = 0;
        quic_zeros(&frames, 16);
        quic_crypto(&frames, 0, BYTES("\x01\x02"));
        quic_put(&frames, bad[i]);
        build(&q);
        struct said s = said();
        assert_int_equal(s.k.result, PARSE_DONE);
        assert_string_equal(s.pieces, "0+2");
        assert_int_equal(s.k.counters[COUNT_QUIC], 1);
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 1);
    }
}

/* A packet needs a frame; and a byte to be sampled. */
static void empty_packets(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    for (q.number_bytes = 1; q.number_bytes <= 4; q.number_bytes++) {
        frames.len = 0;
        build(&q);
        struct said s = said();
        expect_nothing(&s, PARSE_BAD);
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 1);
    }
}

static void few_packets_are_tried(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    for (unsigned n = 7; n <= 12; n++) {
        datagram.len = 0;
        for (unsigned i = 0; i < n; i++) {
            frames.len = 0;
            quic_zeros(&frames, 20);
            quic_initial(&datagram, &q, span_of(frames.at, frames.len));
            datagram.at[datagram.len - 1] ^= 1;
        }
        struct said s = said();
        expect_nothing(&s, PARSE_BAD);
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], n < 8 ? n : 8);
        assert_int_equal(s.k.counters[COUNT_QUIC_LIMIT], n > 8);
    }
}

static void other_versions(void **state)
{
    struct quic_packet q = client(0);
    const struct parse server = {.sender = SIDE_SERVER};

    datagram.len = 0;
    quic_negotiation(&datagram, &q);
    struct said s = said();
    expect_nothing(&s, PARSE_BAD); /* nobody's, who may be a client */
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD] + s.k.counters[COUNT_QUIC_VERSION], 0);
    s = said_of(span_of(datagram.at, datagram.len), (uint32_t)datagram.len, &server);
    expect_nothing(&s, PARSE_DONE);

    q.version = 0x1a2a3a4a;
    hello_frames();
    build(&q);
    s = said();
    expect_nothing(&s, PARSE_BAD);
    assert_int_equal(s.k.counters[COUNT_QUIC_VERSION], 1);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
}

static void starts(void **state)
{
    const struct {
        struct span first;
        enum proto_starts want;
    } rows[] = {
        {BYTES("\xc0\x00\x00\x00\x01\x08"), STARTS_YES},
        {BYTES("\x80\x00\x00\x00\x01\x08"), STARTS_YES}, /* without the fixed bit */
        {BYTES("\x40\x00\x00\x00\x01\x08"), STARTS_NO},  /* a short header */
        {BYTES("\xc0\x00\x00\x00\x01\x15"), STARTS_NO},  /* a connection ID of 21 bytes */
        {BYTES("\xc0\x00\x00\x00\x01\x01\x01\x15"), STARTS_NO},
        {BYTES("\xc0\x00\x00\x00\x02\x08"), STARTS_NO},
        {BYTES("\xd0\x6b\x33\x43\xcf\x08"), STARTS_YES},
        {BYTES("\xc0\xff\x00\x00\x1d\x08"), STARTS_YES},
        {BYTES("\xc0\xff\x00\x00\x64\x08"), STARTS_YES}, /* a draft that there was not */
        {BYTES("\xc0\xfa\xce\xb0\x77\x08"), STARTS_YES},
        {BYTES("\xc3\x51\x30\x35\x30\x08"), STARTS_YES},
        {BYTES("\xc3\x5a\xea\x0a\x3a\x08"), STARTS_YES},
        {BYTES("\x80\x60\x12\x34\x00\x00\x03\x00"), STARTS_NO},              /* RTP: RFC 3550 §5.1 */
        {BYTES("\x80\xc8\x00\x06\x12\x34\x56\x78"), STARTS_NO},              /* RTCP */
        {BYTES("\x80\x00\x00\x00\x00\x00\x00\x00"), STARTS_NO},              /* no list of versions */
        {BYTES("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"), STARTS_YES}, /* one version */
        {BYTES("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"), STARTS_NO},
        {BYTES("\xc0\x00\x00\x00"), STARTS_MAYBE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(proto_quic.udp_starts(rows[i].first, false), rows[i].want);
        for (size_t n = 0; n < 5 && rows[i].want != STARTS_NO; n++)
            assert_int_equal(proto_quic.udp_starts(span_of(rows[i].first.at, n), false), STARTS_MAYBE);
    }
}

static void addressed(void **state)
{
    struct parse_cid cid = {.len = 9};

    build_hello();
    for (size_t n = 0; n < datagram.len; n++) {
        proto_quic.addressed(span_of(datagram.at, n), &cid);
        assert_int_equal(cid.len, n < 19 ? 0 : 8);
    }
    assert_memory_equal(cid.id, dcid, 8);
    datagram.at[0] = 0x40;
    proto_quic.addressed(span_of(datagram.at, datagram.len), &cid);
    assert_int_equal(cid.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_can_be_flipped),
        cmocka_unit_test(shorter_datagrams),
        cmocka_unit_test(cut_everywhere),
        cmocka_unit_test(cut_nonsense),
        cmocka_unit_test(the_first_of_two_is_whole),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(varints_that_overflow),
        cmocka_unit_test(malformed_frames),
        cmocka_unit_test(empty_packets),
        cmocka_unit_test(few_packets_are_tried),
        cmocka_unit_test(other_versions),
        cmocka_unit_test(starts),
        cmocka_unit_test(addressed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
