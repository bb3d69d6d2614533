/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of records in shared memory with one producer (a worker) and one consumer (main). Neither side
 * trusts the other: each keeps its own position in private memory and only publishes it, indices are masked,
 * and the consumer copies a record out before anything looks at it.
 */
#ifndef BRIDLE_BASE_RING_H
#define BRIDLE_BASE_RING_H

#include <stdatomic.h>

#include "base/span.h"

/* The shared part; lies at the start of the ring's memory. Positions count bytes and never wrap. */
struct ring_head {
    _Alignas(64) _Atomic uint64_t written;  /* published by the producer */
    _Alignas(64) _Atomic uint64_t read;     /* published by the consumer */
    _Alignas(64) _Atomic uint32_t sleeping; /* the consumer waits: wake it after writing */
};

struct ring {
    struct ring_head *head; /* borrowed: shared memory */
    uint8_t *bytes;         /* borrowed: shared memory, `size` bytes */
    uint64_t own;           /* this side's position, private */
    uint32_t size;          /* a power of two */
};

/* A record's length is at most this, and a ring holds at least two. */
#define RING_RECORD_MAX 8192u

/* Bytes of shared memory for a ring whose data part is `size` (a power of two). */
size_t ring_memory(uint32_t size);
/* Attaches one side to memory of ring_memory(size) bytes, zeroed when new, 64-byte aligned. */
void ring_attach(struct ring *r, void *memory, uint32_t size);
/* Producer: appends `len` bytes (at most RING_RECORD_MAX) or returns false when there is no room. */
bool ring_put(struct ring *r, const void *record, uint32_t len);
/* Producer: true when the consumer sleeps and must be woken; clears the mark. */
bool ring_wants_wake(struct ring *r);
/* Consumer: copies the next record into `buf` of RING_RECORD_MAX bytes. Returns its length, 0 when the ring
 * is empty, -EBADMSG when the producer wrote nonsense. */
int ring_take(struct ring *r, void *buf);
/* Consumer: says that it will sleep. Take once more afterwards: a record may have come in between. */
void ring_sleep(struct ring *r);

#endif
