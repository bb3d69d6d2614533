/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QUIC. The first byte chooses: the rest is a datagram, as it came or cut; or the frames of an Initial that
 * is sealed first, whose pieces must then be the data of its CRYPTO frames and nothing else; or a client
 * hello of Google's.
 */
#include "proto/collect.h"
#include "proto/quic_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct proto proto_quic, proto_quic_google;

enum { DATAGRAM, CUT, FRAMES, FRAMES_CUT, GOOGLE, GOOGLE_HELLO, MODES };

#define INPUT_MAX 4096u

/* What one datagram gave. */
struct run {
    struct collect k;
    uint64_t digest; /* of the pieces */
    unsigned pieces;
    uint64_t bytes;
};

/* Reads every byte, which the sanitizers watch. */
static void on_piece(void *ctx, uint32_t offset, struct span bytes)
{
    struct run *r = ctx;

    if (bytes.len == 0)
        abort();
    r->digest = (r->digest ^ offset) * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < bytes.len; i++)
        r->digest = (r->digest ^ bytes.at[i]) * 0x9e3779b97f4a7c15u;
    r->pieces++;
    r->bytes += bytes.len;
}

static struct crypto *crypto_once(void)
{
    static struct crypto *crypto;

    if (crypto == NULL)
        crypto = crypto_new();
    if (crypto == NULL)
        abort();
    return crypto;
}

static struct run run_from(enum parse_side sender, const struct proto *proto, const uint8_t *at, size_t there,
                           size_t whole)
{
    struct run r = {.k.p.crypto = crypto_once(), .k.p.whole = (uint32_t)whole, .k.p.sender = sender};
    uint8_t *copy = malloc(there + 1);

    if (copy == NULL)
        abort();
    memcpy(copy, at, there);
    r.k.p.cut = there < whole;
    r.k.p.bytes = span_of(copy, there);
    r.k.p.counters = r.k.counters;
    r.k.p.piece = on_piece;
    r.k.p.ctx = &r;
    if (proto->addressed != NULL)
        proto->addressed(r.k.p.bytes, &r.k.p.facts.cid);
    r.k.p.facts.cid.len = 0;
    r.k.result = proto->udp(&r.k.p);
    free(copy);
    if (r.k.result == PARSE_MORE || r.k.result == PARSE_NEXT ||
        r.k.p.facts.cid.len > sizeof r.k.p.facts.cid.id)
        abort();
    if (r.pieces > 0 && (r.k.counters[COUNT_QUIC] == 0 || r.bytes > there))
        abort();
    if (r.k.result == PARSE_NOT && r.pieces > 0)
        abort();
    return r;
}

static struct run run(const struct proto *proto, const uint8_t *at, size_t there, size_t whole)
{
    return run_from(SIDE_UNKNOWN, proto, at, there, whole);
}

/* Whose connection ID is there in part only, has none. */
static void check_server(const uint8_t *data, size_t size, size_t whole)
{
    struct run r = run_from(SIDE_SERVER, &proto_quic, data, size, whole);

    if (r.pieces > 0 || r.k.counters[COUNT_QUIC] > 0 || (r.k.p.facts.cid.len > 0 && r.k.result != PARSE_DONE))
        abort();
}

static void check_starts(const struct proto *proto, const uint8_t *data, size_t size)
{
    enum proto_starts end = proto->udp_starts(span_of(data, size), false);

    for (size_t n = 0; n < size && n < 32; n++) {
        enum proto_starts before = proto->udp_starts(span_of(data, n), false);
        /* A list of versions is judged by its length. */
        bool list = size >= 5 && memcmp(data + 1, "\0\0\0", 4) == 0;
        if (before == STARTS_NO && end != STARTS_NO && !list)
            abort();
    }
}

/* The same frames whole, and with the tag and more cut off: then nothing, or what is there of them. */
static void check_frames(const uint8_t *data, size_t size, bool cut)
{
    static struct quic_bytes datagram;
    struct quic_packet q = {.version = cut ? BUILD_V2 : BUILD_V1,
                            .dcid = span_str("fuzzed"),
                            .number_bytes = 2};

    datagram.len = 0;
    quic_initial(&datagram, &q, span_of(data, size));
    struct run whole = run(&proto_quic, datagram.at, datagram.len, datagram.len);
    bool opened = whole.k.counters[COUNT_QUIC] == 1;
    if (opened != (size >= 2)) /* less cannot be sampled */
        abort();
    if (opened && (whole.k.result != PARSE_DONE || whole.k.p.facts.cid.len != 6))
        abort();
    datagram.at[datagram.len - 1] ^= 1;
    struct run broken = run(&proto_quic, datagram.at, datagram.len, datagram.len);
    if (broken.pieces > 0 || broken.k.counters[COUNT_QUIC] > 0)
        abort();
    for (size_t n = 0; cut && opened && n < datagram.len; n += datagram.len / 16 + 1) {
        struct run part = run(&proto_quic, datagram.at, n, datagram.len);
        if (part.bytes > whole.bytes || part.pieces > whole.pieces || part.k.result != PARSE_CUT)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > INPUT_MAX)
        return 0;
    unsigned mode = data[0] % MODES;
    data++;
    size--;
    switch (mode) {
    case DATAGRAM:
        check_starts(&proto_quic, data, size);
        run(&proto_quic, data, size, size);
        check_server(data, size, size);
        break;
    case CUT:
        run(&proto_quic, data, size, size + 500);
        check_server(data, size, size + 500);
        break;
    case FRAMES:
    case FRAMES_CUT:
        check_frames(data, size, mode == FRAMES_CUT);
        break;
    case GOOGLE:
        check_starts(&proto_quic_google, data, size);
        run(&proto_quic_google, data, size, size);
        run(&proto_quic_google, data, size, size + 500);
        break;
    default:
        collect_prefixes(proto_quic.handshake, data, size, size / 64 + 1);
        collect_prefixes(proto_quic_google.handshake, data, size, size / 64 + 1);
    }
    return 0;
}
