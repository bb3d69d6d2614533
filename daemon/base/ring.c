/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of records in shared memory. A record is a 32-bit length and its bytes, padded to eight. */
#include "base/ring.h"

#include <assert.h>
#include <errno.h>

static uint32_t framed(uint32_t len)
{
    return (4 + len + 7) & ~7u;
}

size_t ring_memory(uint32_t size)
{
    return sizeof(struct ring_head) + size;
}

void ring_attach(struct ring *r, void *memory, uint32_t size)
{
    assert(size >= 2 * RING_RECORD_MAX && (size & (size - 1)) == 0);
    r->head = memory;
    r->bytes = (uint8_t *)memory + sizeof(struct ring_head);
    r->own = 0;
    r->size = size;
}

static void copy_in(struct ring *r, uint64_t at, const void *from, uint32_t len)
{
    uint32_t start = (uint32_t)at & (r->size - 1);
    uint32_t first = len < r->size - start ? len : r->size - start;

    memcpy(r->bytes + start, from, first);
    memcpy(r->bytes, (const uint8_t *)from + first, len - first);
}

static void copy_out(const struct ring *r, uint64_t at, void *to, uint32_t len)
{
    uint32_t start = (uint32_t)at & (r->size - 1);
    uint32_t first = len < r->size - start ? len : r->size - start;

    memcpy(to, r->bytes + start, first);
    memcpy((uint8_t *)to + first, r->bytes, len - first);
}

bool ring_put(struct ring *r, const void *record, uint32_t len)
{
    uint64_t read = atomic_load_explicit(&r->head->read, memory_order_acquire);

    if (len == 0 || len > RING_RECORD_MAX || r->own - read + framed(len) > r->size)
        return false;
    copy_in(r, r->own, &len, 4);
    copy_in(r, r->own + 4, record, len);
    r->own += framed(len);
    atomic_store_explicit(&r->head->written, r->own, memory_order_seq_cst);
    return true;
}

bool ring_wants_wake(struct ring *r)
{
    return atomic_load_explicit(&r->head->sleeping, memory_order_seq_cst) != 0 &&
           atomic_exchange_explicit(&r->head->sleeping, 0, memory_order_seq_cst) != 0;
}

int ring_take(struct ring *r, void *buf)
{
    /* In one order with `sleeping`, or a record put while the consumer falls asleep could be missed. */
    uint64_t written = atomic_load_explicit(&r->head->written, memory_order_seq_cst);
    uint64_t there = written - r->own;
    uint32_t len;

    if (there == 0)
        return 0;
    if (there > r->size || (there & 7) != 0)
        return -EBADMSG;
    copy_out(r, r->own, &len, 4);
    if (len == 0 || len > RING_RECORD_MAX || framed(len) > there)
        return -EBADMSG;
    copy_out(r, r->own + 4, buf, len);
    r->own += framed(len);
    atomic_store_explicit(&r->head->read, r->own, memory_order_release);
    return (int)len;
}

void ring_sleep(struct ring *r)
{
    atomic_store_explicit(&r->head->sleeping, 1, memory_order_seq_cst);
}
