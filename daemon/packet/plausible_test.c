/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of what tells a segment that arrives from one that only a sensor takes: its checksum, at every
 * length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "packet/plausible.h"

#define HEADER_BYTES 20u

/* RFC 1071 §1, as it is written there: two bytes after two bytes. */
static uint32_t plain_sum(uint32_t sum, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/* A segment of `len` bytes with its header, on the heap, so that a read behind its end is found. */
static struct packet segment(bool v6, size_t len, unsigned fill)
{
    uint8_t *at = malloc(len), length[4] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len}, proto[2] = {0, 6};
    struct packet p = {.ip_proto = IPPROTO_TCP, .tcp_header_bytes = HEADER_BYTES, .tcp_flags = TCP_ACK};

    assert_non_null(at);
    for (size_t i = 0; i < len; i++)
        at[i] = fill != 0 ? (uint8_t)fill : (uint8_t)(i * 31 + len);
    at[16] = at[17] = 0;
    p.src = v6 ? addr_v6((const uint8_t *)"\x20\x01\x0d\xb8 and so on...")
               : addr_v4((const uint8_t *)"\xc0\0\2\1");
    p.dst = v6 ? addr_v6((const uint8_t *)"\x20\x01\x0d\xb8 other end...")
               : addr_v4((const uint8_t *)"\xc6\x33\x64\2");
    p.payload = at + HEADER_BYTES;
    p.payload_bytes = p.payload_wire_bytes = (uint32_t)(len - HEADER_BYTES);
    size_t from = v6 ? 0 : 12;
    uint32_t sum = plain_sum(0, p.src.b + from, 16 - from);
    sum = plain_sum(plain_sum(sum, p.dst.b + from, 16 - from), length, sizeof length);
    sum = ~plain_sum(plain_sum(sum, proto, sizeof proto), at, len);
    at[16] = (uint8_t)(sum >> 8);
    at[17] = (uint8_t)sum;
    return p;
}

static void checksum_at_every_length(void **state)
{
    static const unsigned fills[] = {0, 0xff, 0x80, 1};

    for (unsigned i = 0; i < sizeof fills / sizeof *fills; i++)
        for (size_t len = HEADER_BYTES; len < 300; len++) {
            struct packet p = segment(len % 2 == 0, len, fills[i]);
            uint8_t *at = (uint8_t *)(uintptr_t)p.payload - HEADER_BYTES;
            assert_true(packet_plausible(&p));
            for (size_t wrong = 0; wrong < len; wrong += 1 + len / 16) {
                if (wrong == 12)
                    continue;
                at[wrong] ^= 0x10;
                assert_false(packet_plausible(&p));
                at[wrong] ^= 0x10;
            }
            free(at);
        }
}

static void the_largest(void **state)
{
    struct packet p = segment(false, 65515, 0xff);
    uint8_t *at = (uint8_t *)(uintptr_t)p.payload - HEADER_BYTES;

    assert_true(packet_plausible(&p));
    at[65514] = 0;
    assert_false(packet_plausible(&p));
    free(at);
}

/* What the capture did not keep cannot be summed up. */
static void what_is_cut_is_believed(void **state)
{
    struct packet p = segment(false, 200, 0);

    p.payload_bytes -= 7;
    assert_true(packet_plausible(&p));
    free((uint8_t *)(uintptr_t)p.payload - HEADER_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum_at_every_length),
        cmocka_unit_test(the_largest),
        cmocka_unit_test(what_is_cut_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
