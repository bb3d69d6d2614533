/* SPDX-License-Identifier: BSD-2-Clause */
/* Published ways to hide a server name from a middlebox: each must give the name all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "worker/rig.h"

#define ISN 4000000000u

static const char *const listed[] = {"evil.example", NULL};
static const struct rig_end client = {"10.0.0.5", 40000}, server = {"192.0.2.1", 443};
static uint8_t real[2048], decoy[2048];

/* How a false segment is kept from its receiver. */
enum fooling { LOW_TTL, BAD_CHECKSUM, NO_ACK, FOOLINGS };

static size_t hellos(void)
{
    size_t len = rig_hello(real, sizeof real, "www.evil.example", 300, 100000, 1);
    size_t same = rig_hello(decoy, sizeof decoy, "www.good.example", 300, 100000, 2);

    assert_int_equal(len, same);
    return len;
}

static void open_connection(struct rig *rig)
{
    rig->checksums = true;
    rig_tcp(rig, client, server, ISN, 0, TCP_SYN, NULL, 0);
    rig_tcp(rig, server, client, 900, ISN + 1, TCP_SYN | TCP_ACK, NULL, 0);
    rig_tcp(rig, client, server, ISN + 1, 901, TCP_ACK, NULL, 0);
}

static void send(struct rig *rig, const uint8_t *hello, size_t from, size_t to)
{
    rig_tcp(rig, client, server, ISN + 1 + (uint32_t)from, 901, TCP_ACK, hello + from, to - from);
}

static void send_false(struct rig *rig, enum fooling how, size_t from, size_t to)
{
    rig->ttl = how == LOW_TTL ? 5 : 0;
    rig->checksums = how != BAD_CHECKSUM;
    rig_tcp(rig, client, server, ISN + 1 + (uint32_t)from, 901, how == NO_ACK ? 0 : TCP_ACK, decoy + from,
            to - from);
    rig->ttl = 0;
    rig->checksums = true;
}

static void expect_name(struct rig *rig)
{
    rig_finish(rig);
    rig_drain(rig);
    assert_int_equal(rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, "www.evil.example", NULL), 1);
    assert_true(rig_count(rig, RECORD_SIGHTING, VIA_TLS_SNI, "www.evil.example", NULL) >= 1);
    rig_free(rig);
}

/* Two true halves, two false ones and a false whole in each of their 120 orders, the name cut in two. */
static void false_copies(void **state)
{
    size_t len = hellos(), half = len - 12;

    for (unsigned how = 0; how < FOOLINGS; how++)
        for (unsigned order = 0; order < 120; order++) {
            unsigned left[5] = {0, 1, 2, 3, 4}, code = order;
            struct rig *rig = rig_new(listed);
            open_connection(rig);
            for (unsigned n = 5; n > 0; code /= n, n--) {
                unsigned pick = code % n, what = left[pick];
                memmove(left + pick, left + pick + 1, (n - pick - 1) * sizeof *left);
                size_t from = what % 2 == 0 ? 0 : half, to = what == 4 || what % 2 == 1 ? len : half;
                if (what < 2)
                    send(rig, real, from, to);
                else
                    send_false(rig, (enum fooling)how, from, to);
            }
            expect_name(rig);
        }
}

/* Each true piece between two false ones, forwards and backwards. */
static void wrapped(void **state)
{
    size_t len = hellos();

    for (unsigned how = 0; how < FOOLINGS; how++)
        for (unsigned back = 0; back < 2; back++) {
            struct rig *rig = rig_new(listed);
            open_connection(rig);
            for (size_t i = 0; i < 4; i++) {
                size_t n = back ? 3 - i : i, from = len * n / 4, to = len * (n + 1) / 4;
                send_false(rig, (enum fooling)how, from, to);
                send(rig, real, from, to);
                send_false(rig, (enum fooling)how, from, to);
            }
            expect_name(rig);
        }
}

/* A reset, or an end, that never arrives. */
static void false_end(void **state)
{
    static const uint8_t flags[] = {TCP_RST, TCP_RST | TCP_ACK, TCP_FIN | TCP_ACK};
    size_t len = hellos();

    for (unsigned i = 0; i < sizeof flags; i++)
        for (unsigned before = 0; before < 2; before++) {
            struct rig *rig = rig_new(listed);
            open_connection(rig);
            if (!before)
                send(rig, real, 0, len / 2);
            rig->ttl = 5;
            rig_tcp(rig, client, server, ISN + 1 + (uint32_t)(before ? 0 : len / 2), 901, flags[i], NULL, 0);
            rig->ttl = 0;
            if (before)
                send(rig, real, 0, len / 2);
            send(rig, real, len / 2, len);
            expect_name(rig);
        }
}

/* A second SYN with a sequence number of its own, before the hello and inside it. */
static void false_syn(void **state)
{
    static const int32_t off[] = {-70000, -1000, -1, 1, 1000, 70000, INT32_MIN};
    size_t len = hellos();

    for (unsigned i = 0; i < sizeof off / sizeof *off; i++)
        for (unsigned pieces = 1; pieces <= 3; pieces++)
            for (unsigned at = 0; at < pieces; at++) {
                struct rig *rig = rig_new(listed);
                open_connection(rig);
                for (unsigned n = 0; n < pieces; n++) {
                    if (n == at)
                        rig_tcp(rig, client, server, ISN + (uint32_t)off[i], 0, TCP_SYN, NULL, 0);
                    send(rig, real, len * n / pieces, len * (n + 1) / pieces);
                }
                rig_wait(rig, 4000000000u);
                expect_name(rig);
            }
}

/* The second half first, with false bytes before it that the first half covers. */
static void sequence_overlap(void **state)
{
    size_t len = hellos(), half = len - 12;

    for (size_t overlap = 1; overlap < half; overlap += 37) {
        static uint8_t mixed[2048];
        struct rig *rig = rig_new(listed);
        memcpy(mixed, decoy, half);
        memcpy(mixed + half, real + half, len - half);
        open_connection(rig);
        rig_tcp(rig, client, server, ISN + 1 + (uint32_t)(half - overlap), 901, TCP_ACK,
                mixed + half - overlap, len - half + overlap);
        send(rig, real, 0, half);
        expect_name(rig);
    }
}

/* Garbage that claims to be a record, or anything else, where the hello begins. */
static void false_begin(void **state)
{
    static const char *const garbage[] = {"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc",
                                          "GET / HTTP/1.1\r\n",
                                          "\x05\x01\x00",
                                          "\x16",
                                          "EHLO x\r\n",
                                          "xyzzy"};
    size_t len = hellos();

    for (unsigned i = 0; i < sizeof garbage / sizeof *garbage; i++)
        for (unsigned pieces = 1; pieces <= 3; pieces++) {
            struct rig *rig = rig_new(listed);
            open_connection(rig);
            rig->ttl = 5;
            rig_tcp(rig, client, server, ISN + 1, 901, TCP_ACK, garbage[i], i == 0 ? 9 : strlen(garbage[i]));
            rig->ttl = 0;
            for (unsigned n = 0; n < pieces; n++)
                send(rig, real, len * n / pieces, len * (n + 1) / pieces);
            expect_name(rig);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(false_copies), cmocka_unit_test(wrapped),          cmocka_unit_test(false_end),
        cmocka_unit_test(false_syn),    cmocka_unit_test(sequence_overlap), cmocka_unit_test(false_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
