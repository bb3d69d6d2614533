/* SPDX-License-Identifier: BSD-2-Clause */
/* ClientHello messages of the traffic generator: RFC 8446, RFC 6066, RFC 8701 (GREASE), RFC 9000 §18. */
#ifndef BRIDLE_BENCH_GEN_HELLO_H
#define BRIDLE_BENCH_GEN_HELLO_H

#include "gen_bytes.h"
#include "gen_names.h"

struct hello {
    uint64_t seed;
    struct name name;
    bool quantum;     /* a key share of X25519MLKEM768 too, 1216 bytes: does not fit in one segment */
    struct span scid; /* QUIC: goes into the transport parameters; empty with TCP */
    bool quic;
};

/* The handshake message without a record. */
void hello_put(struct bytes *b, const struct hello *h);
/* In a record, as TCP carries it. */
void hello_put_record(struct bytes *b, const struct hello *h);

#endif
