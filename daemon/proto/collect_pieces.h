/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests and fuzz targets: puts together the pieces of a handshake that a parser hands out. */
#ifndef BRIDLE_PROTO_COLLECT_PIECES_H
#define BRIDLE_PROTO_COLLECT_PIECES_H

#include "proto/collect.h"

#define COLLECT_PIECES_MAX (256u * 1024u)

struct collect_pieces {
    struct collect k; /* first: what the parser knows as its context */
    unsigned pieces;
    size_t end; /* of the last byte that is there */
    uint8_t at[COLLECT_PIECES_MAX];
    bool there[COLLECT_PIECES_MAX];
};

static inline void collect_piece(void *ctx, uint32_t offset, struct span bytes)
{
    struct collect_pieces *c = ctx;

    if (bytes.len == 0 || offset > COLLECT_PIECES_MAX || bytes.len > COLLECT_PIECES_MAX - offset)
        abort();
    c->pieces++;
    memcpy(c->at + offset, bytes.at, bytes.len);
    memset(c->there + offset, true, bytes.len);
    c->end = offset + bytes.len > c->end ? offset + bytes.len : c->end;
}

/* Ready to collect the pieces of one handshake. */
static inline void collect_pieces_clear(struct collect_pieces *c)
{
    c->pieces = 0;
    memset(c->there, false, c->end);
    c->end = 0;
    c->k.p.piece = collect_piece;
    collect_clear(&c->k);
}

/* How many bytes are there from the start. */
static inline size_t collect_pieces_have(const struct collect_pieces *c)
{
    size_t n = 0;

    while (n < c->end && c->there[n])
        n++;
    return n;
}

/* Runs a datagram of `whole` bytes on the wire, of which `len` were captured. */
static inline enum parse_result collect_datagram(struct collect_pieces *c, const struct proto *proto,
                                                 const uint8_t *at, size_t len, size_t whole)
{
    c->k.p.whole = (uint32_t)whole;
    c->k.p.cut = len < whole;
    enum parse_result result = collect_run(&c->k, proto->udp, at, len);
    c->k.p.cut = false;
    return result;
}

/* The handshake, as far as it is there. */
static inline enum parse_result collect_handshake(struct collect_pieces *c, const struct proto *proto,
                                                  bool last)
{
    c->k.p.last = last;
    enum parse_result result = collect_run(&c->k, proto->handshake, c->at, collect_pieces_have(c));
    c->k.p.last = false;
    return result;
}

#endif
