/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the packets of the traffic generator go: a capture file of the classic format (microseconds), written
 * in large pieces; and on the way the imperfections of a mirror port: loss, duplicates, disorder.
 */
#ifndef BRIDLE_BENCH_GEN_SINK_H
#define BRIDLE_BENCH_GEN_SINK_H

#include "gen_random.h"

#define FRAME_MAX  1600u
#define SINK_HELD  64u        /* packets that wait to be late */
#define SINK_BYTES (1u << 20) /* written at once */

struct frame {
    uint8_t at[FRAME_MAX];
    uint32_t len;
    bool precious; /* carries a listed name: may come twice or late, but never not at all */
};

struct sink {
    int fd;
    uint8_t *buffer; /* owned: SINK_BYTES */
    size_t used;
    uint64_t packets, bytes;  /* written; bytes on the wire */
    uint64_t clock_ns;        /* never goes back */
    unsigned trouble_percent; /* of packets are lost, as many come twice, as many late */
    struct rng rng;
    struct frame *held; /* owned: SINK_HELD of them */
    uint64_t *release;  /* owned: the packet count at which a held one is written; 0: free */
    uint64_t next_release;
};

/* 0 or negative errno. */
int sink_open(struct sink *s, const char *path, uint64_t seed, unsigned trouble_percent);
/* Hands a packet over at this time; from now on the clock is at least there. */
void sink_put(struct sink *s, uint64_t time_ns, const struct frame *f);
/* Writes what is held or buffered. 0 or negative errno, of this or of an earlier write. */
int sink_close(struct sink *s);

#endif
