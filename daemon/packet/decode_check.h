/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of decode: a packet that says hello, decoded whole and at every length that a capture could keep.
 */
#ifndef BRIDLE_PACKET_DECODE_CHECK_H
#define BRIDLE_PACKET_DECODE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the headers that it needs */
#include <cmocka.h>
#include <stdlib.h>

#include "packet/decode.h"
#include "packet/packet_build.h"

static const char text[] = "hello, world";
#define TEXT (sizeof text - 1)

static uint64_t counters[COUNTERS];

static inline void start(struct build *b)
{
    b->len = 0;
    build_before(b, text, TEXT);
}

static inline struct packet of(const uint8_t *at, size_t captured, size_t wire, uint32_t linktype)
{
    return (struct packet){.at = at,
                           .captured_bytes = (uint32_t)captured,
                           .wire_bytes = (uint32_t)wire,
                           .linktype = linktype,
                           .ts_ns = 1000};
}

/* In memory of exactly its size, so that the sanitizer sees a read past the end. The payload is then gone. */
static inline enum decode_result decode_cut(struct build *b, size_t captured, uint32_t linktype,
                                            struct packet *p)
{
    struct decoder d = {.counters = counters};
    uint8_t *copy = malloc(captured + !captured);

    assert_non_null(copy);
    memcpy(copy, build_at(b), captured);
    *p = of(copy, captured, b->len, linktype);
    memset(&p->src, 0xa5, sizeof *p - offsetof(struct packet, src));
    enum decode_result r = packet_decode(&d, p);
    if (p->payload_bytes > 0)
        assert_memory_equal(p->payload, text, p->payload_bytes < TEXT ? p->payload_bytes : TEXT);
    free(copy);
    return r;
}

static inline enum decode_result decode(struct build *b, uint32_t linktype, struct packet *p)
{
    struct decoder d = {.counters = counters};
    *p = of(build_at(b), b->len, b->len, linktype);
    return packet_decode(&d, p);
}

static inline int rank(enum decode_result r)
{
    return r == DECODE_SHORT ? 0 : r == DECODE_OTHER || r == DECODE_FRAGMENT ? 1 : 2;
}

/* What is known of a packet only grows with the bytes that were captured. */
static inline void check_every_length(struct build *b, uint32_t linktype, enum decode_result right)
{
    struct packet before = {0}, p;
    enum decode_result r = DECODE_SHORT, last = DECODE_SHORT;

    for (size_t n = 0; n <= b->len; n++) {
        r = decode_cut(b, n, linktype, &p);
        assert_true(r == right || r == DECODE_SHORT || r == DECODE_OTHER);
        assert_true(rank(r) >= rank(last));
        assert_true(p.payload_bytes >= before.payload_bytes && p.payload_bytes <= p.payload_wire_bytes);
        if (rank(last) == 2)
            assert_int_equal(p.payload_wire_bytes, before.payload_wire_bytes);
        if (rank(last) >= 1 && !addr_eq(&p.src, &before.src)) /* an inner header is there now */
            assert_int_not_equal(p.tunnel_depth, 0);
        last = r;
        before = p;
    }
    assert_int_equal(r, right);
}

static inline void check_hello(struct build *b, uint32_t linktype, enum decode_result right)
{
    struct packet p;

    assert_int_equal(decode(b, linktype, &p), right);
    assert_int_equal(p.payload_bytes, TEXT);
    assert_int_equal(p.payload_wire_bytes, TEXT);
    assert_memory_equal(p.payload, text, TEXT);
    assert_int_equal(p.src_port, 12345);
    assert_int_equal(p.l4_checksum, 0xabcd);
    assert_false(p.reassembled);
    check_every_length(b, linktype, right);
}

#endif
