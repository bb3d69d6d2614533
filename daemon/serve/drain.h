/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking records out of a worker's two rings in the order in which they were made. */
#ifndef BRIDLE_SERVE_DRAIN_H
#define BRIDLE_SERVE_DRAIN_H

#include "worker/record.h"
#include "worker/shm.h"

#define DRAIN_RINGS 2

struct drain {
    struct ring ring[DRAIN_RINGS];
    bool held[DRAIN_RINGS]; /* `record` is taken out of the ring and waits for its turn */
    struct record record[DRAIN_RINGS];
    uint8_t bytes[DRAIN_RINGS][RING_RECORD_MAX]; /* private copies, which `record` borrows */
};

/* Called with each record; negative: the worker cannot be believed, stop. */
typedef int (*drain_fn)(void *ctx, const struct record *r);

void drain_init(struct drain *d, struct worker_shm *shm, uint32_t sightings_size, uint32_t observations_size);
/* Hands over at most `budget` records. 0: both rings are empty; 1: there is more; negative: what is in the
 * rings is no record, or `fn`'s answer. */
int drain_run(struct drain *d, unsigned budget, drain_fn fn, void *ctx);
/* Says that we sleep until the worker wakes us. True: something came in between; drain again. */
bool drain_sleep(struct drain *d);

#endif
