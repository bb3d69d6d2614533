/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking records out of a worker's two rings in the order in which they were made.
 *
 * The producer writes records in the order of `seq`, to one ring or the other. So when a record of one ring
 * is in hand and the other ring is empty *afterwards*, nothing older can still come.
 */
#include "serve/drain.h"

#include <errno.h>

void drain_init(struct drain *d, struct worker_shm *shm, uint32_t sightings_size, uint32_t observations_size)
{
    ring_attach(&d->ring[0], worker_shm_sightings(shm), sightings_size);
    ring_attach(&d->ring[1], worker_shm_observations(shm, sightings_size), observations_size);
    d->held[0] = d->held[1] = false;
}

static int hold(struct drain *d, unsigned i)
{
    if (d->held[i])
        return 0;
    int len = ring_take(&d->ring[i], d->bytes[i]);
    if (len <= 0)
        return len;
    d->held[i] = true;
    return record_unpack(d->bytes[i], (uint32_t)len, &d->record[i]);
}

/* Index of the ring whose record is next, -ENOENT when both are empty. */
static int next(struct drain *d)
{
    int rc = hold(d, 0);

    if (rc == 0)
        rc = hold(d, 1);
    if (rc == 0 && !d->held[0] && d->held[1])
        rc = hold(d, 0); /* it was looked at before the second was taken */
    if (rc < 0)
        return rc;
    if (d->held[0] && d->held[1])
        return d->record[1].seq < d->record[0].seq;
    return d->held[0] ? 0 : d->held[1] ? 1 : -ENOENT;
}

int drain_run(struct drain *d, unsigned budget, drain_fn fn, void *ctx)
{
    while (budget-- > 0) {
        int i = next(d);
        if (i < 0)
            return i == -ENOENT ? 0 : i;
        d->held[i] = false; /* the bytes stay until the next look */
        int rc = fn(ctx, &d->record[i]);
        if (rc < 0)
            return rc;
    }
    return 1;
}

bool drain_sleep(struct drain *d)
{
    bool more = false;

    for (unsigned i = 0; i < DRAIN_RINGS; i++) {
        struct ring_head *head = d->ring[i].head;
        ring_sleep(&d->ring[i]);
        more |= atomic_load_explicit(&head->written, memory_order_seq_cst) != d->ring[i].own;
    }
    return more;
}
