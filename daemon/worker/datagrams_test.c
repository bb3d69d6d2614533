/* SPDX-License-Identifier: BSD-2-Clause */
/* Handshakes in datagrams through the whole worker: QUIC and DTLS, in the sequences in which they come, and
 * in some in which only somebody hostile sends them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "proto/quic_build.h"
#include "proto/writer.h"
#include "worker/messages_test.h"

static struct quic_bytes frames, datagram;
static struct writer message, records;

/* QUIC */

static const struct quic_packet plain = {.version = BUILD_V1,
                                         .dcid = {(const uint8_t *)"12345678", 8},
                                         .scid = {(const uint8_t *)"abcd", 4}};

static void pieces_begin(void)
{
    frames.len = datagram.len = 0;
}

/* A CRYPTO frame with these bytes of the hello, without its record header. */
static void piece(size_t from, size_t to)
{
    quic_crypto(&frames, from, span_of(hello + 5 + from, to - from));
}

static void initial_of(struct rig *rig, const struct quic_packet *q, struct rig_end from, struct rig_end to)
{
    if (frames.len < 1100)
        quic_zeros(&frames, 1100 - frames.len);
    datagram.len = 0;
    quic_initial(&datagram, q, span_of(frames.at, frames.len));
    rig_udp(rig, from, to, datagram.at, datagram.len);
    frames.len = 0;
}

static void initial(struct rig *rig)
{
    initial_of(rig, &plain, client, server);
}

static void expect_quic(struct rig *rig)
{
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_QUIC_SNI, EVIL), 1);
    assert_int_equal(seen(rig, VIA_QUIC_SNI, NULL), 1);
    assert_int_equal(alerts(rig), 1);
    expect_ends(alert(rig, VIA_QUIC_SNI));
    rig_free(rig);
}

static void quic_datagrams(void **state)
{
    for (unsigned how = 0; how < 3; how++) {
        size_t len = make_hello(EVIL) - 5;
        struct rig *rig = rig_new(listed);
        pieces_begin();
        if (how == 0)
            piece(0, len);
        else if (how == 1)
            piece(0, len / 2);
        else
            piece(len / 2, len);
        initial(rig);
        if (how == 1)
            piece(len / 2, len);
        else if (how == 2)
            piece(0, len / 2);
        if (how > 0)
            initial(rig);
        expect_quic(rig);
    }
}

/* The client says it again, the server answers, the client goes on. */
static void quic_once(void **state)
{
    struct quic_packet back = plain, on = plain;
    size_t len = make_hello(EVIL) - 5;
    struct rig *rig = rig_new(listed);

    back.dcid = plain.scid;
    back.scid = span_of("server99", 8);
    back.cid = plain.dcid;
    on.dcid = back.scid;
    on.cid = plain.dcid;
    pieces_begin();
    for (unsigned i = 0; i < 3; i++) {
        piece(0, len);
        initial(rig);
    }
    make_hello("other.example");
    piece(0, len);
    initial_of(rig, &back, server, client);
    make_hello(EVIL);
    quic_ack(&frames, 0, false);
    initial_of(rig, &on, client, server);
    piece(0, len);
    initial(rig);
    expect_quic(rig);
}

/* After a Retry all begins again, with other keys. */
static void quic_after_retry(void **state)
{
    struct quic_packet retry = plain, again = plain;
    size_t len = make_hello(EVIL) - 5;

    retry.dcid = plain.scid;
    again.dcid = retry.scid = span_of("retried!", 8);
    again.token = retry.token = span_of("token", 5);
    for (unsigned first = 0; first < 2; first++) {
        struct rig *rig = rig_new(listed);
        pieces_begin();
        piece(0, first == 0 ? len : len / 3);
        initial(rig);
        datagram.len = 0;
        quic_retry(&datagram, &retry);
        rig_udp(rig, server, client, datagram.at, datagram.len);
        piece(0, len / 2);
        initial_of(rig, &again, client, server);
        piece(len / 2, len);
        initial_of(rig, &again, client, server);
        expect_quic(rig);
    }
}

/* The client's first datagram was lost on the way to us, or the server's came first. */
static void quic_server_first(void **state)
{
    struct quic_packet back = plain;
    size_t len = make_hello(EVIL) - 5;
    struct rig *rig = rig_new(listed);

    back.dcid = plain.scid;
    back.scid = span_of("server99", 8);
    back.cid = plain.dcid;
    pieces_begin();
    quic_ack(&frames, 0, false);
    initial_of(rig, &back, server, client);
    piece(0, len);
    initial(rig);
    expect_quic(rig);
}

/* A hello in frames of a few bytes, every second one of them first. */
static void quic_shreds(void **state)
{
    for (size_t size = 1; size < 30; size += 4) {
        size_t len = make_hello(EVIL) - 5;
        struct rig *rig = rig_new(listed);
        pieces_begin();
        for (unsigned odd = 2; odd-- > 0;)
            for (size_t at = odd * size; at < len; at += 2 * size)
                piece(at, at + size < len ? at + size : len);
        initial(rig);
        expect_quic(rig);
    }
}

/* Another connection of the same client from the same port. */
static void quic_twice(void **state)
{
    struct quic_packet second = plain;
    struct rig *rig = rig_new(listed);
    size_t len = make_hello("one.example") - 5;

    second.dcid = span_of("87654321", 8);
    pieces_begin();
    piece(0, len);
    initial(rig);
    len = make_hello(EVIL) - 5;
    piece(0, len / 2);
    initial_of(rig, &second, client, server);
    piece(len / 2, len);
    initial_of(rig, &second, client, server);
    rig_finish(rig);
    assert_int_equal(seen(rig, VIA_QUIC_SNI, "one.example"), 1);
    assert_int_equal(seen(rig, VIA_QUIC_SNI, EVIL), 1);
    assert_int_equal(alerts(rig), 1);
    rig_free(rig);
}

/* DTLS 1.2: RFC 6347. */
static void dtls_record(size_t from, size_t to, size_t whole)
{
    static struct writer w;

    records.len = w.len = 0;
    number(&w, 1, 1);
    number(&w, 3, whole);
    number(&w, 2, 0);
    number(&w, 3, from);
    number(&w, 3, to - from);
    put(&w, span_of(message.at + from, to - from));
    number(&records, 1, 22);
    number(&records, 2, 0xfefd);
    number(&records, 8, 0);
    number(&records, 2, w.len);
    put(&records, written(&w));
}

static void dtls(void **state)
{
    size_t len = make_hello(EVIL), body = len - 9, cookie = 2 + 32 + 1;

    message.len = 0;
    put(&message, span_of(hello + 9, cookie));
    number(&message, 1, 0);
    put(&message, span_of(hello + 9 + cookie, body - cookie));
    for (unsigned split = 0; split < 3; split++) {
        struct rig *rig = rig_new(listed);
        size_t middle = split == 0 ? 0 : 50;
        for (unsigned i = 0; i < (split == 0 ? 1 : 2); i++) {
            bool first = split == 0 || (split == 1) == (i == 0);
            dtls_record(first ? 0 : middle, first && split > 0 ? middle : message.len, message.len);
            rig_udp(rig, client, server, records.at, records.len);
        }
        dtls_record(0, message.len, message.len);
        rig_udp(rig, client, server, records.at, records.len);
        rig_finish(rig);
        assert_int_equal(seen(rig, VIA_DTLS_SNI, EVIL), 1);
        assert_int_equal(alerts(rig), 1);
        expect_ends(alert(rig, VIA_DTLS_SNI));
        rig_free(rig);
    }
}

/* Datagrams of a flow whose ends were looked up tell nothing, until its server is listed. */
static void looked_up_again(void **state)
{
    static const char *const more[] = {"evil.example", "192.0.2.7", NULL};
    const uint8_t short_header[40] = {0x41};

    for (unsigned known = 0; known < 2; known++) {
        struct rig *rig = rig_new(listed);
        size_t len = make_hello("www.good.example") - 5;
        pieces_begin();
        piece(0, len);
        if (known != 0)
            initial(rig);
        for (unsigned i = 0; i < 3; i++)
            rig_udp(rig, client, server, short_header, sizeof short_header);
        assert_int_equal(rig_count(rig, RECORD_SIGHTING, -1, NULL, NULL), 0);
        rig_image(rig, more);
        rig_udp(rig, client, server, short_header, sizeof short_header);
        assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, NULL), 1);
        expect_ends(alert(rig, VIA_FLOW));
        rig_free(rig);
    }
}

/* One without a payload, to a listed address. */
static void empty_datagram(void **state)
{
    struct rig *rig = rig_new(listed);

    rig_udp(rig, client, (struct rig_end){"198.51.100.9", 443}, "", 0);
    rig_udp(rig, client, server, "", 0);
    assert_int_equal(rig_count(rig, RECORD_SIGHTING, VIA_FLOW, NULL, NULL), 1);
    rig_free(rig);
}

/* DNS */

/* The answer comes from another port, or another address, than the query went to: it is read, and teaches
 * nothing. What nobody asked for is no DNS off its ports. */
static void dns_from_elsewhere(void **state)
{
    static const char *const addrs[] = {"203.0.113.9", NULL};
    const struct rig_end asked = {"192.0.2.53", 53}, from[] = {{"192.0.2.53", 5300}, {"192.0.2.54", 4053}};
    uint8_t query[512], answer[512];

    for (unsigned i = 0; i < 4; i++) {
        struct rig *rig = rig_new(listed);
        size_t len = rig_dns_query(query, 7, EVIL);
        if (i < 2)
            rig_udp(rig, client, asked, query, len);
        len = rig_dns_answer(answer, 7, EVIL, NULL, addrs);
        rig_udp(rig, from[i % 2], client, answer, len);
        rig_tcp(rig, client, (struct rig_end){addrs[0], 443}, 1, 0, TCP_SYN, NULL, 0);
        rig_finish(rig);
        assert_int_equal(seen(rig, VIA_DNS_ADDRESS, addrs[0]), i < 2 ? 1 : 0);
        assert_int_equal(rig_count(rig, RECORD_LEARNED, -1, NULL, NULL), 0);
        rig_free(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quic_datagrams),
        cmocka_unit_test(quic_once),
        cmocka_unit_test(quic_after_retry),
        cmocka_unit_test(quic_server_first),
        cmocka_unit_test(quic_shreds),
        cmocka_unit_test(quic_twice),
        cmocka_unit_test(dtls),
        cmocka_unit_test(looked_up_again),
        cmocka_unit_test(empty_datagram),
        cmocka_unit_test(dns_from_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
