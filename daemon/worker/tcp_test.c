/* SPDX-License-Identifier: BSD-2-Clause */
/* ClientHellos over TCP in every way that a network, or somebody hostile, can deliver them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "worker/rig.h"

static const char *const listed[] = {"evil.example", NULL};
static const struct rig_end client = {"10.0.0.5", 40000}, server = {"192.0.2.7", 443};
static uint8_t hello[70000];

#define ISN 0xfffffff0u /* sequence numbers wrap within the hello */

static void handshake(struct rig *rig)
{
    rig_tcp(rig, client, server, ISN, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, server, client, 5000, ISN + 1, TCP_SYN | TCP_ACK, NULL, 0);
    rig_tcp(rig, client, server, ISN + 1, 5001, TCP_ACK, NULL, 0);
}

static void piece(struct rig *rig, size_t from, size_t to)
{
    rig_tcp(rig, client, server, ISN + 1 + (uint32_t)from, 5001, TCP_ACK, hello + from, to - from);
}

/* One observation and one sighting that counts, whatever updates there are. */
static void expect_once(struct rig *rig, const char *name)
{
    unsigned counted = 0;

    assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, name, NULL), 1);
    for (unsigned i = 0; i < rig->records; i++) {
        const struct record *r = &rig->record[i].r;
        if (r->kind != RECORD_SIGHTING || (r->flags & RECORD_UPDATE) != 0)
            continue;
        assert_string_equal(rig->record[i].value, name);
        assert_int_equal(r->stage, STAGE_CONNECTED);
        counted++;
    }
    assert_int_equal(counted, 1);
}

/* Every way to cut the hello in two, in order and swapped, with and without the opening. */
static void split_anywhere(void **state)
{
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 300, 100000, 1);

    for (unsigned how = 0; how < 4; how++) {
        for (size_t cut = 1; cut < len; cut++) {
            struct rig *rig = rig_new(listed);
            if ((how & 1) == 0)
                handshake(rig);
            if ((how & 2) == 0) {
                piece(rig, 0, cut);
                piece(rig, cut, len);
            } else {
                piece(rig, cut, len);
                piece(rig, 0, cut);
            }
            if (rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, NULL, NULL) != 1)
                fail_msg("way %u, cut at %zu", how, cut);
            expect_once(rig, "www.evil.example");
            rig_free(rig);
        }
    }
}

/* Byte by byte, in several records of every small size. */
static void byte_by_byte(void **state)
{
    for (size_t record = 1; record < 40; record += 7) {
        size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 50, record, 1);
        for (unsigned opened = 0; opened < 2; opened++) {
            struct rig *rig = rig_new(listed);
            if (opened)
                handshake(rig);
            for (size_t i = 0; i < len; i++)
                piece(rig, i, i + 1);
            rig_finish(rig);
            expect_once(rig, "www.evil.example");
            rig_free(rig);
        }
    }
}

/* Eight pieces in random order, some of them twice, some overlapping. */
static void shuffled(void **state)
{
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 1500, 700, 1);

    srand(1);
    for (unsigned round = 0; round < 500; round++) {
        struct rig *rig = rig_new(listed);
        size_t order[16];
        handshake(rig);
        for (size_t i = 0; i < 16; i++)
            order[i] = i % 8;
        for (size_t i = 15; i > 0; i--) {
            size_t j = (size_t)rand() % (i + 1), t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
        for (size_t i = 0; i < 16; i++) {
            size_t from = len * order[i] / 8, to = len * (order[i] + 1) / 8;
            size_t more = (size_t)rand() % 50;
            piece(rig, from > more ? from - more : 0, to + more < len ? to + more : len);
        }
        expect_once(rig, "www.evil.example");
        rig_free(rig);
    }
}

/* Copies, keep-alives and a repeated SYN change nothing. */
static void repeated(void **state)
{
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 0, 100000, 1);
    struct rig *rig = rig_new(listed);

    handshake(rig);
    rig_tcp(rig, client, server, ISN, 0, TCP_SYN, NULL, 0);
    piece(rig, 0, len / 2);
    rig_tcp(rig, client, server, ISN, 0, TCP_SYN, NULL, 0);
    piece(rig, 0, len / 2);
    piece(rig, 0, len);
    piece(rig, 0, len);
    rig_tcp(rig, client, server, ISN + (uint32_t)len, 5001, TCP_ACK, "x", 1);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

/* A part of the hello comes again when all of it was read: it is not told again, however the flow ends. */
static void repeated_part(void **state)
{
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 0, 100000, 1);
    struct rig *rig = rig_new(listed);

    handshake(rig);
    piece(rig, 0, len - 3);
    piece(rig, len - 3, len);
    piece(rig, 0, len - 3);
    rig_wait(rig, 4000000000u);
    rig_tcp(rig, client, server, ISN + 1 + (uint32_t)len, 5001, TCP_FIN | TCP_ACK, NULL, 0);
    rig_finish(rig);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

/* Two hellos at the same place that differ: both names are reported, the second one marked. */
static void conflicting_whole(void **state)
{
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello(hello, sizeof hello, "innocent.example", 0, 100000, 1);

    handshake(rig);
    piece(rig, 0, len);
    len = rig_hello(hello, sizeof hello, "www.evil.example", 0, 100000, 2);
    piece(rig, 0, len);
    expect_once(rig, "www.evil.example");
    assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, "innocent.example", NULL), 1);
    rig_count(rig, RECORD_SIGHTING, VIA_TLS_SNI, NULL, &r);
    assert_true(r->flags & RECORD_CONFLICT);
    rig_free(rig);
}

/* The name lies in a segment of which two versions come: first-wins and last-wins are both read. */
static void conflicting_part(void **state)
{
    for (unsigned order = 0; order < 2; order++) {
        struct rig *rig = rig_new(listed);
        size_t len =
            rig_hello(hello, sizeof hello, order ? "www.evil.example" : "www.good.example", 200, 100000, 1);
        handshake(rig);
        piece(rig, 220, len - 5);
        rig_hello(hello, sizeof hello, order ? "www.good.example" : "www.evil.example", 200, 100000, 1);
        piece(rig, 220, len - 5);
        piece(rig, 0, 220);
        piece(rig, len - 5, len);
        expect_once(rig, "www.evil.example");
        assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, "www.good.example", NULL), 1);
        rig_free(rig);
    }
}

/* A decoy with a sequence number out of window never stops the search for the real hello, nor is it passed
 * over. */
static void decoy_out_of_window(void **state)
{
    for (size_t cut = 0; cut < 2; cut++) {
        struct rig *rig = rig_new(listed);
        size_t len = rig_hello(hello, sizeof hello, "decoy.example", 0, 100000, 1);
        handshake(rig);
        rig_tcp(rig, client, server, ISN + 0x30000000u, 5001, TCP_ACK, hello, cut ? len - 20 : len);
        if (cut)
            rig_tcp(rig, client, server, ISN + 0x30000000u + (uint32_t)len - 20, 5001, TCP_ACK,
                    hello + len - 20, 20);
        len = rig_hello(hello, sizeof hello, "www.evil.example", 300, 100000, 2);
        piece(rig, 0, 200);
        piece(rig, 200, len);
        rig_finish(rig);
        expect_once(rig, "www.evil.example");
        assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, "decoy.example", NULL), 1);
        rig_free(rig);
    }
}

/* The opening was not seen, and what we came in on only looks like a hello: the real one before it is read
 * too. */
static void decoy_behind(void **state)
{
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello(hello, sizeof hello, "decoy.example", 200, 100000, 2);

    rig_tcp(rig, client, server, ISN + 1 + 600, 5001, TCP_ACK, hello, len - 50);
    len = rig_hello(hello, sizeof hello, "www.evil.example", 500, 100000, 1);
    piece(rig, 0, 300);
    piece(rig, 300, len);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

/* The second part never comes: what is there is told, soon, and the rest when it comes after all. */
static void told_in_time(void **state)
{
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 0, 100000, 1);

    /* An extension after the name that is never completed. */
    handshake(rig);
    hello[4] = (uint8_t)(hello[4] + 100); /* record, handshake and extensions are longer than what comes */
    hello[8] = (uint8_t)(hello[8] + 100);
    hello[48 + 4] = (uint8_t)(hello[48 + 4] + 100);
    piece(rig, 0, len);
    assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, NULL, NULL), 0);
    rig_wait(rig, 4000000000u);
    expect_once(rig, "www.evil.example");
    rig_finish(rig);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

/* Data on the SYN (RFC 7413), a hello in one 60 kB segment, a name at the end of a hello of 60 kB. */
static void odd_sizes(void **state)
{
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 300, 100000, 1);

    rig_tcp(rig, client, server, ISN, 0, TCP_SYN, hello, 100);
    piece(rig, 100, len);
    expect_once(rig, "www.evil.example");
    rig_free(rig);

    rig = rig_new(listed);
    len = rig_hello(hello, sizeof hello, "www.evil.example", 60000, 16000, 1);
    handshake(rig);
    piece(rig, 0, len);
    expect_once(rig, "www.evil.example");
    rig_free(rig);

    rig = rig_new(listed);
    handshake(rig);
    for (size_t i = 0; i < len; i += 1400)
        piece(rig, i, i + 1400 < len ? i + 1400 : len);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

/* Thousands of half hellos: memory is fixed, and a real one among them is found. */
static void flood(void **state)
{
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 300, 100000, 1);

    handshake(rig);
    for (uint16_t i = 0; i < 5000; i++) {
        struct rig_end other = {"10.0.0.6", (uint16_t)(1024 + i)};
        if (i == 4990)
            piece(rig, 0, 200);
        rig_tcp(rig, other, server, 1, 1, TCP_ACK, hello, 100);
    }
    piece(rig, 200, len);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

/* The bytes of a watched flow are counted from its opening, whatever was retransmitted. */
static void bytes_counted(void **state)
{
    const struct record *r = NULL;
    struct rig *rig = rig_new(listed);
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 300, 100000, 1);
    static uint8_t data[1000];

    handshake(rig);
    piece(rig, 0, 200);
    piece(rig, 200, len);
    rig_tcp(rig, server, client, 5001, 0, TCP_ACK, data, 1000);
    rig_tcp(rig, server, client, 5001, 0, TCP_ACK, data, 1000);
    rig_tcp(rig, server, client, 7001, 0, TCP_ACK, data, 500);
    rig_tcp(rig, server, client, 6001, 0, TCP_ACK, data, 1000);
    rig_tcp(rig, server, client, 7501, 0, TCP_FIN | TCP_ACK, NULL, 0);
    rig_finish(rig);
    rig_count(rig, RECORD_SIGHTING, VIA_TLS_SNI, "www.evil.example", &r);
    assert_int_equal(r->stage, STAGE_EXCHANGED);
    assert_int_equal(r->bytes_out, len);
    assert_int_equal(r->bytes_in, 2500);
    assert_true(r->flags & RECORD_UPDATE);
    rig_free(rig);
}

/* A hello whose name comes first: it is there long before the message is whole. */
static size_t name_first(uint8_t *ret, size_t cap, const char *name, uint8_t salt)
{
    enum { MORE = 300 };
    static const size_t lengths[] = {3, 7, 50}; /* of the record, the message, the extensions */
    size_t len = rig_hello(ret, cap - MORE, name, 0, 100000, salt);

    memset(ret + len, 0, MORE);
    ret[len + 1] = 21; /* padding (RFC 7685) */
    ret[len + 2] = (MORE - 4) >> 8;
    ret[len + 3] = (MORE - 4) & 0xff;
    for (unsigned i = 0; i < 3; i++) {
        unsigned v = (unsigned)(ret[lengths[i]] << 8 | ret[lengths[i] + 1]) + MORE;
        ret[lengths[i]] = (uint8_t)(v >> 8);
        ret[lengths[i] + 1] = (uint8_t)v;
    }
    return len + MORE;
}

/* Each flow names its own port: no record may show another flow's name. Empties the rig. */
static void expect_own_names(struct rig *rig)
{
    rig_drain(rig);
    for (unsigned i = 0; i < rig->records; i++) {
        const struct rig_record *x = &rig->record[i];
        char own[64];
        if (x->r.kind != RECORD_SIGHTING && x->r.kind != RECORD_OBSERVATION)
            continue;
        snprintf(own, sizeof own, "p%u.evil.example", x->r.client_port);
        assert_string_equal(x->value, own);
    }
    rig->records = 0;
}

/* Many flows in tables far too small: each evicts another, whose held bytes are then told, which makes a
 * watch, which evicts again. */
static void crowded(void **state)
{
    enum { FLOWS = 64, STEPS = 60000 };
    static struct {
        uint8_t bytes[600];
        size_t len, sent;
        unsigned life;
    } flow[FLOWS];
    struct rig *rig = rig_sized_new(listed, 4, 24, 16);

    srand(7);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned n = (unsigned)rand() % FLOWS, port = 1024 + n;
        struct rig_end from = {"10.0.0.5", 0};
        char name[64];
        port += FLOWS * flow[n].life;
        from.port = (uint16_t)port;
        if (flow[n].len == 0) {
            snprintf(name, sizeof name, "p%u.evil.example", port);
            flow[n].len = name_first(flow[n].bytes, sizeof flow[n].bytes, name, (uint8_t)n);
            flow[n].sent = 0;
            if (rand() % 2)
                rig_tcp(rig, from, server, ISN, 0, TCP_SYN, NULL, 0);
        }
        /* nearly all of it, so that the name is there but not told yet */
        size_t left = flow[n].len - flow[n].sent;
        size_t most = flow[n].sent == 0 ? left - 1 : left, piece = 1 + (size_t)rand() % most;
        if (rand() % 4 == 0)
            piece = most;
        rig_tcp(rig, from, server, ISN + 1 + (uint32_t)flow[n].sent, 1, TCP_ACK, flow[n].bytes + flow[n].sent,
                piece);
        flow[n].sent += piece;
        if (flow[n].sent == flow[n].len) {
            flow[n].life = (flow[n].life + 1) % 500;
            flow[n].len = 0;
        }
        if (rand() % 500 == 0)
            rig_wait(rig, 1000000000u);
        if (rand() % 64 == 0)
            expect_own_names(rig);
    }
    rig_finish(rig);
    expect_own_names(rig);
    rig_free(rig);
}

/* The mirror port delivers the second half before the SYN. */
static void before_the_syn(void **state)
{
    size_t len = rig_hello(hello, sizeof hello, "www.evil.example", 300, 100000, 1);
    struct rig *rig = rig_new(listed);

    piece(rig, len / 2, len);
    handshake(rig);
    piece(rig, 0, len / 2);
    expect_once(rig, "www.evil.example");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_anywhere),   cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(shuffled),         cmocka_unit_test(repeated),
        cmocka_unit_test(repeated_part),    cmocka_unit_test(conflicting_whole),
        cmocka_unit_test(conflicting_part), cmocka_unit_test(decoy_out_of_window),
        cmocka_unit_test(decoy_behind),     cmocka_unit_test(told_in_time),
        cmocka_unit_test(odd_sizes),        cmocka_unit_test(flood),
        cmocka_unit_test(crowded),          cmocka_unit_test(bytes_counted),
        cmocka_unit_test(before_the_syn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
