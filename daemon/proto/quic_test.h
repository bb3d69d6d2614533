/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of QUIC: a datagram being built, and what the parser makes of it. */
#ifndef BRIDLE_PROTO_QUIC_TEST_H
#define BRIDLE_PROTO_QUIC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"
#include "proto/quic_build.h"

#define BYTES(s) span_of(s, sizeof s - 1)

/* The ClientHello of RFC 9001 §A.2, for example.com. */
static const char hello[] =
    "\x01\x00\x00\xed\x03\x03\xeb\xf8\xfa\x56\xf1\x29\x39\xb9\x58\x4a\x38\x96\x47\x2e\xc4\x0b\xb8\x63\xcf\xd3"
    "\xe8\x68\x04\xfe\x3a\x47\xf0\x6a\x2b\x69\x48\x4c\x00\x00\x04\x13\x01\x13\x02\x01\x00\x00\xc0\x00\x00\x00"
    "\x10\x00\x0e\x00\x00\x0b\x65\x78\x61\x6d\x70\x6c\x65\x2e\x63\x6f\x6d\xff\x01\x00\x01\x00\x00\x0a\x00\x08"
    "\x00\x06\x00\x1d\x00\x17\x00\x18\x00\x10\x00\x07\x00\x05\x04\x61\x6c\x70\x6e\x00\x05\x00\x05\x01\x00\x00"
    "\x00\x00\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20\x93\x70\xb2\xc9\xca\xa4\x7f\xba\xba\xf4\x55\x9f\xed\xba"
    "\x75\x3d\xe1\x71\xfa\x71\xf5\x0f\x1c\xe1\x5d\x43\xe9\x94\xec\x74\xd7\x48\x00\x2b\x00\x03\x02\x03\x04\x00"
    "\x0d\x00\x10\x00\x0e\x04\x03\x05\x03\x06\x03\x02\x03\x08\x04\x08\x05\x08\x06\x00\x2d\x00\x02\x01\x01\x00"
    "\x1c\x00\x02\x40\x01\x00\x39\x00\x32\x04\x08\xff\xff\xff\xff\xff\xff\xff\xff\x05\x04\x80\x00\xff\xff\x07"
    "\x04\x80\x00\xff\xff\x08\x01\x10\x01\x04\x80\x00\x75\x30\x09\x01\x10\x0f\x08\x83\x94\xc8\xf0\x3e\x51\x57"
    "\x08\x06\x04\x80\x00\xff\xff";
#define HELLO_BYTES (sizeof hello - 1)

static const char dcid[] = "\x83\x94\xc8\xf0\x3e\x51\x57\x08";

extern const struct proto proto_quic, proto_quic_google;

static struct quic_bytes datagram, frames;
static struct crypto *crypto;

/* What one datagram gave. */
struct said {
    struct collect k;
    uint8_t handshake[4096]; /* the pieces at their offsets */
    char pieces[256];        /* "offset+length " of each */
};

static void on_piece(void *ctx, uint32_t offset, struct span bytes)
{
    struct said *s = ctx;
    size_t len = strlen(s->pieces);

    assert_true(bytes.len > 0);
    if (len + 20 < sizeof s->pieces)
        snprintf(s->pieces + len, sizeof s->pieces - len, "%s%u+%zu", len ? " " : "", offset, bytes.len);
    if (offset + bytes.len <= sizeof s->handshake)
        memcpy(s->handshake + offset, bytes.at, bytes.len);
}

/* Runs the parser over `there` bytes of a datagram of `whole`. `from`: sender and connection ID, or NULL. */
static inline struct said said_of(struct span bytes, uint32_t whole, const struct parse *from)
{
    static struct said s;
    uint8_t *copy = malloc(bytes.len + 1);

    collect_done(&s.k);
    memset(&s, 0, sizeof s);
    collect_clear(&s.k);
    assert_non_null(copy);
    memcpy(copy, bytes.at, bytes.len);
    if (from != NULL)
        s.k.p = *from;
    s.k.p.bytes = span_of(copy, bytes.len);
    s.k.p.whole = whole;
    s.k.p.cut = bytes.len < whole;
    s.k.p.crypto = crypto;
    s.k.p.counters = s.k.counters;
    s.k.p.piece = on_piece;
    s.k.p.ctx = &s;
    s.k.result = proto_quic.udp(&s.k.p);
    free(copy);
    assert_int_equal(s.k.observations, 0);
    return s;
}

static inline struct said said(void)
{
    return said_of(span_of(datagram.at, datagram.len), (uint32_t)datagram.len, NULL);
}

static inline struct quic_packet client(uint32_t version)
{
    return (struct quic_packet){.version = version, .dcid = BYTES(dcid), .number = 2, .number_bytes = 4};
}

/* The frames of one Initial: the whole hello and padding up to 1162 bytes, as RFC 9001 §A.2. */
static inline void hello_frames(void)
{
    frames.len = 0;
    quic_crypto(&frames, 0, span_of(hello, HELLO_BYTES));
    quic_zeros(&frames, 1162 - frames.len);
}

static inline void expect_hello(const struct said *s)
{
    assert_int_equal(s->k.result, PARSE_DONE);
    assert_string_equal(s->pieces, "0+241");
    assert_memory_equal(s->handshake, hello, HELLO_BYTES);
    assert_int_equal(s->k.counters[COUNT_QUIC], 1);
    assert_int_equal(s->k.counters[COUNT_QUIC_BAD], 0);
}

static inline void expect_nothing(const struct said *s, enum parse_result result)
{
    assert_int_equal(s->k.result, result);
    assert_string_equal(s->pieces, "");
    assert_int_equal(s->k.counters[COUNT_QUIC], 0);
    assert_int_equal(s->k.p.facts.cid.len, 0);
}

static inline int setup(void **state)
{
    crypto = crypto_new();
    return crypto == NULL;
}

static inline int teardown(void **state)
{
    crypto_free(crypto);
    return 0;
}

#endif
