/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC: the vectors of RFC 9001 and RFC 9369, and datagrams as clients and servers send them. */
#include "proto/quic_test.h"

/* RFC 9001 §A.2, RFC 9369 §A.2: the packet begins and ends so; the end is its tag. */
static const struct {
    uint32_t version;
    const char *begin, *end; /* 22 and 16 bytes */
} vectors[] = {
    {BUILD_V1, "\xc0\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00\x00\x44\x9e\x7b\x9a\xec\x34",
     "\xe2\x21\xaf\x44\x86\x00\x18\xab\x08\x56\x97\x2e\x19\x4c\xd9\x34"},
    {BUILD_V2, "\xd7\x6b\x33\x43\xcf\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00\x00\x44\x9e\xa0\xc9\x5e\x82",
     "\xa1\x8b\x2f\xaa\x74\x5b\x6f\xe1\x89\xcf\x77\x2a\x9f\x84\xcb\xfc"},
};

static void published_packets(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct quic_packet q = client(vectors[i].version);
        hello_frames();
        datagram.len = 0;
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        assert_int_equal(datagram.len, 1200);
        assert_memory_equal(datagram.at, vectors[i].begin, 22);
        assert_memory_equal(datagram.at + 1184, vectors[i].end, 16);
        struct said s = said();
        expect_hello(&s);
        assert_int_equal(s.k.p.facts.cid.len, 8);
        assert_memory_equal(s.k.p.facts.cid.id, dcid, 8);
    }
}

/* RFC 9001 §A.3 and §A.4: a server's Initial opens with no key of the client; a Retry has nothing to open. */
static void published_answers(void **state)
{
    static const char initial[] = "\xcf\x00\x00\x00\x01\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5\x00\x40\x75"
                                  "\xc0\xd9\x5a\x48\x2c\xd0\x99\x1c"
                                  "\xd2\x5b\x0a\xac\x40\x6a\x58\x16\xb6\x39\x41\x00\xf3\x7a\x1c\x69\x79\x75"
                                  "\x54\x78\x0b\xb3\x8c\xc5\xa9\x9f"
                                  "\x5e\xde\x4c\xf7\x3c\x3e\xc2\x49\x3a\x18\x39\xb3\xdb\xcb\xa3\xf6\xea\x46"
                                  "\xc5\xb7\x68\x4d\xf3\x54\x8e\x7d"
                                  "\xde\xb9\xc3\xbf\x9c\x73\xcc\x3f\x3b\xde\xd7\x4b\x56\x2b\xfb\x19\xfb\x84"
                                  "\x02\x2f\x8e\xf4\xcd\xd9\x37\x95"
                                  "\xd7\x7d\x06\xed\xbb\x7a\xaf\x2f\x58\x89\x18\x50\xab\xbd\xca\x3d\x20\x39"
                                  "\x8c\x27\x64\x56\xcb\xc4\x21\x58"
                                  "\x40\x7d\xd0\x74\xee";
    static const char retry[] = "\xff\x00\x00\x00\x01\x00\x08\xf0\x67\xa5\x50\x2a\x42\x62\xb5\x74\x6f\x6b\x65"
                                "\x6e\x04\xa2\x65\xba\x2e\xff"
                                "\x4d\x82\x90\x58\xfb\x3f\x0f\x24\x96\xba";
    const struct parse server = {.sender = SIDE_SERVER};

    struct said s = said_of(BYTES(initial), sizeof initial - 1, NULL);
    expect_nothing(&s, PARSE_BAD);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 1);

    s = said_of(BYTES(initial), sizeof initial - 1, &server);
    assert_int_equal(s.k.result, PARSE_DONE);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    assert_int_equal(s.k.p.facts.cid.len, 8);
    assert_memory_equal(s.k.p.facts.cid.id, "\xf0\x67\xa5\x50\x2a\x42\x62\xb5", 8);
    assert_false(s.k.p.facts.retry);
    for (size_t there = 0; there < sizeof initial - 1; there++) { /* its ID ends after 15 bytes */
        s = said_of(span_of(initial, there), sizeof initial - 1, &server);
        assert_int_equal(s.k.result, there < 15 ? PARSE_CUT : PARSE_DONE);
        assert_int_equal(s.k.p.facts.cid.len, there < 15 ? 0 : 8);
    }

    s = said_of(BYTES(retry), sizeof retry - 1, &server);
    assert_int_equal(s.k.result, PARSE_DONE);
    assert_memory_equal(s.k.p.facts.cid.id, "\xf0\x67\xa5\x50\x2a\x42\x62\xb5", 8);
    assert_true(s.k.p.facts.retry);

    s = said_of(BYTES(retry), sizeof retry - 1, NULL);
    expect_nothing(&s, PARSE_BAD); /* nobody's, who may be a client */
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    assert_false(s.k.p.facts.retry);
}

/* The type codes of version 2 are others: its Retry looks like version 1's Initial. */
static void retry_of_version_2(void **state)
{
    const struct parse server = {.sender = SIDE_SERVER};
    struct quic_packet q = client(BUILD_V2);

    q.scid = BYTES("new");
    q.token = BYTES("token");
    datagram.len = 0;
    quic_retry(&datagram, &q);
    assert_int_equal(datagram.at[0] & 0x30, 0);
    struct said s = said_of(span_of(datagram.at, datagram.len), (uint32_t)datagram.len, &server);
    assert_true(s.k.p.facts.retry);
    assert_int_equal(s.k.p.facts.cid.len, 3);
    s = said();
    expect_nothing(&s, PARSE_BAD);
}

static void drafts_have_salts_of_their_own(void **state)
{
    static const struct {
        uint32_t version, salt_of;
    } rows[] = {
        {0xff00001d, BUILD_DRAFT_29}, {0xff000020, BUILD_DRAFT_29}, {0xff000021, BUILD_V1},
        {0xff000022, BUILD_V1},       {0xff00001c, BUILD_DRAFT_27}, {0xff000017, BUILD_DRAFT_27},
        {0xfaceb002, BUILD_DRAFT_27}, {0xfaceb00e, BUILD_DRAFT_27}, {0xfaceb003, BUILD_V1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct quic_packet q = client(rows[i].version);
        q.salt_of = rows[i].salt_of;
        hello_frames();
        datagram.len = 0;
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        struct said s = said();
        expect_hello(&s);
    }
}

static void packet_numbers_tokens_and_lengths(void **state)
{
    static char token[300];
    for (unsigned number_bytes = 1; number_bytes <= 4; number_bytes++) {
        for (size_t tokens = 0; tokens < sizeof token; tokens += 61) {
            for (size_t length_bytes = 2; length_bytes <= 8; length_bytes *= 2) {
                struct quic_packet q = client(tokens % 2 ? BUILD_V1 : BUILD_V2);
                q.number = 0xfedcba98;
                q.number_bytes = number_bytes;
                q.token = span_of(token, tokens);
                q.length_bytes = length_bytes;
                q.fixed_bit_off = tokens % 3 == 0;
                hello_frames();
                datagram.len = 0;
                quic_initial(&datagram, &q, span_of(frames.at, frames.len));
                struct said s = said();
                expect_hello(&s);
            }
        }
    }
}

static void connection_ids_of_any_length(void **state)
{
    static const char long_cid[] = "0123456789abcdefghijk";

    for (size_t d = 0; d <= 21; d++) {
        for (size_t c = 0; c <= 21; c += 7) {
            struct quic_packet q = client(BUILD_V1);
            q.dcid = span_of(long_cid, d);
            q.scid = span_of(long_cid, c);
            hello_frames();
            datagram.len = 0;
            quic_initial(&datagram, &q, span_of(frames.at, frames.len));
            bool good = d <= 20 && c <= 20;
            struct said s = said();
            if (good) {
                expect_hello(&s);
                assert_int_equal(s.k.p.facts.cid.len, d);
                assert_memory_equal(s.k.p.facts.cid.id, long_cid, d);
            } else {
                expect_nothing(&s, PARSE_NOT);
            }
            assert_int_equal(proto_quic.udp_starts(span_of(datagram.at, datagram.len), false),
                             good ? STARTS_YES : STARTS_NO);
        }
    }
}

/* CRYPTO frames in any order between other frames; what is beyond any hello is not handed out. */
static void frames_in_any_order(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    frames.len = 0;
    quic_varint(&frames, 1); /* PING */
    quic_crypto(&frames, 100, span_of(hello + 100, 41));
    quic_zeros(&frames, 1);
    quic_ack(&frames, 3, false);
    quic_crypto(&frames, 141, span_of(hello + 141, 100));
    quic_zeros(&frames, 13);
    quic_crypto(&frames, 7, span_of(hello, 0));
    quic_ack(&frames, 0, true);
    quic_varint_in(&frames, 2, 6); /* the type in two bytes */
    quic_varint_in(&frames, 8, 0);
    quic_varint_in(&frames, 4, 100);
    quic_put(&frames, span_of(hello, 100));
    quic_crypto(&frames, 1u << 20, BYTES("far"));
    quic_crypto(&frames, UINT32_MAX - 1, BYTES("wraps"));
    quic_crypto(&frames, (1ull << 62) - 1, BYTES("beyond"));
    quic_varint(&frames, 0x1c); /* CONNECTION_CLOSE */
    quic_varint(&frames, 0x128);
    quic_varint(&frames, 6);
    quic_varint(&frames, 5);
    quic_put(&frames, BYTES("reads"));
    quic_varint(&frames, 1);
    datagram.len = 0;
    quic_initial(&datagram, &q, span_of(frames.at, frames.len));
    struct said s = said();
    assert_int_equal(s.k.result, PARSE_DONE);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    assert_string_equal(s.pieces, "100+41 141+100 0+100");
    assert_memory_equal(s.handshake, hello, HELLO_BYTES);
}

static void every_run_of_padding(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    for (size_t n = 0; n < 40; n++) {
        frames.len = 0;
        quic_zeros(&frames, n);
        quic_crypto(&frames, 0, BYTES("\x01"));
        quic_zeros(&frames, n / 2);
        quic_crypto(&frames, 1, BYTES("\x00\x00"));
        quic_zeros(&frames, 16);
        datagram.len = 0;
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        struct said s = said();
        assert_string_equal(s.pieces, "0+1 1+2");
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    }
}

/* RFC 9000 §12.2: 0-RTT and Handshake packets lie before and between, short header packets behind. */
static void coalesced(void **state)
{
    struct quic_packet q = client(BUILD_V2);

    for (unsigned order = 0; order < 4; order++) {
        datagram.len = 0;
        if (order & 1)
            quic_other(&datagram, &q, BUILD_0RTT, 300);
        frames.len = 0;
        quic_crypto(&frames, 0, span_of(hello, 120));
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        if (order & 2)
            quic_other(&datagram, &q, BUILD_HANDSHAKE, 40);
        frames.len = 0;
        quic_crypto(&frames, 120, span_of(hello + 120, HELLO_BYTES - 120));
        q.number++;
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        quic_put(&datagram, BYTES("\x43 a short header packet, or rubbish"));
        struct said s = said();
        assert_int_equal(s.k.result, PARSE_DONE);
        assert_string_equal(s.pieces, "0+120 120+121");
        assert_memory_equal(s.handshake, hello, HELLO_BYTES);
        assert_int_equal(s.k.counters[COUNT_QUIC], 2);
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    }
    for (unsigned type = BUILD_0RTT; type <= BUILD_HANDSHAKE; type++) {
        datagram.len = 0;
        quic_other(&datagram, &q, type, 100);
        struct said s = said();
        expect_nothing(&s, type == BUILD_0RTT ? PARSE_DONE : PARSE_BAD);
        assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 0);
    }
}

/* A broken packet does not hide the one behind it: RFC 9000 §12.2. */
static void broken_one_before_a_good_one(void **state)
{
    struct quic_packet q = client(BUILD_V1);

    datagram.len = 0;
    frames.len = 0;
    quic_crypto(&frames, 0, span_of("nonsense that nobody verifies", 29));
    quic_initial(&datagram, &q, span_of(frames.at, frames.len));
    datagram.at[datagram.len - 1] ^= 1;
    hello_frames();
    quic_initial(&datagram, &q, span_of(frames.at, frames.len));
    struct said s = said();
    assert_int_equal(s.k.result, PARSE_DONE);
    assert_string_equal(s.pieces, "0+241");
    assert_int_equal(s.k.counters[COUNT_QUIC], 1);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 1);
}

/* The keys are those of the client's first connection ID, or of the one that a Retry gave. */
static void keys_of_the_flow(void **state)
{
    static const struct parse_cid flow = {8, "\x83\x94\xc8\xf0\x3e\x51\x57\x08"};
    const struct parse from = {.cid = &flow, .sender = SIDE_CLIENT};
    struct quic_packet q = client(BUILD_V1);

    q.cid = q.dcid;
    q.dcid = BYTES("server's");
    hello_frames();
    for (unsigned retry = 0; retry < 2; retry++) {
        if (retry)
            q.cid = q.dcid;
        datagram.len = 0;
        quic_initial(&datagram, &q, span_of(frames.at, frames.len));
        struct said s = said_of(span_of(datagram.at, datagram.len), (uint32_t)datagram.len, &from);
        expect_hello(&s);
        assert_memory_equal(s.k.p.facts.cid.id, q.cid.at, 8);
        assert_int_equal(s.k.p.facts.cid.len, 8);
    }
    q.cid = BYTES("of nobody");
    datagram.len = 0;
    quic_initial(&datagram, &q, span_of(frames.at, frames.len));
    struct said s = said_of(span_of(datagram.at, datagram.len), (uint32_t)datagram.len, &from);
    expect_nothing(&s, PARSE_BAD);
    assert_int_equal(s.k.counters[COUNT_QUIC_BAD], 1);
}

/* The hello that was put together is read like any other. */
static void names_from_the_handshake(void **state)
{
    struct collect k = {0};

    collect_clear(&k);
    collect_run(&k, proto_quic.handshake, (const uint8_t *)hello, HELLO_BYTES);
    assert_int_equal(k.result, PARSE_DONE);
    assert_string_equal(k.lines, "quic-sni example.com|client|alpn=alpn\n");
    assert_int_equal(k.counters[COUNT_TLS], 1);
    collect_done(&k);
    collect_prefixes(proto_quic.handshake, (const uint8_t *)hello, HELLO_BYTES, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_packets),
        cmocka_unit_test(published_answers),
        cmocka_unit_test(retry_of_version_2),
        cmocka_unit_test(drafts_have_salts_of_their_own),
        cmocka_unit_test(packet_numbers_tokens_and_lengths),
        cmocka_unit_test(connection_ids_of_any_length),
        cmocka_unit_test(frames_in_any_order),
        cmocka_unit_test(every_run_of_padding),
        cmocka_unit_test(coalesced),
        cmocka_unit_test(broken_one_before_a_good_one),
        cmocka_unit_test(keys_of_the_flow),
        cmocka_unit_test(names_from_the_handshake),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
