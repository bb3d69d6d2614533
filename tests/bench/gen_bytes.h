/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing messages of the traffic generator: numbers in network order, and vectors whose length stands before
 * them. */
#ifndef BRIDLE_BENCH_GEN_BYTES_H
#define BRIDLE_BENCH_GEN_BYTES_H

#include <stdlib.h>

#include "gen_random.h"

/* Room for the longest message: a server's flight. */
#define BYTES_MAX 8192u

struct bytes {
    uint8_t at[BYTES_MAX];
    size_t len;
};

/* Room for `n` more bytes; what they are is the caller's to say. */
static inline uint8_t *put_room(struct bytes *b, size_t n)
{
    if (n > sizeof b->at - b->len)
        abort(); /* our own tables are wrong */
    b->len += n;
    return b->at + b->len - n;
}

static inline void put(struct bytes *b, const void *from, size_t n)
{
    uint8_t *at = put_room(b, n);

    if (n > 0) /* nothing may lie at NULL */
        memcpy(at, from, n);
}

static inline void put_text(struct bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

static inline void put_number(struct bytes *b, unsigned size, uint64_t v)
{
    uint8_t *at = put_room(b, size);
    while (size-- > 0) {
        at[size] = (uint8_t)v;
        v >>= 8;
    }
}

static inline void put_u8(struct bytes *b, unsigned v)
{
    put_number(b, 1, v);
}

static inline void put_u16(struct bytes *b, unsigned v)
{
    put_number(b, 2, v);
}

static inline void put_random(struct bytes *b, struct rng *r, size_t n)
{
    rng_fill(r, put_room(b, n), n);
}

static inline void put_zeros(struct bytes *b, size_t n)
{
    memset(put_room(b, n), 0, n);
}

/* A length of `size` bytes in front of what is written until put_close. Returns where its content begins. */
static inline size_t put_open(struct bytes *b, unsigned size)
{
    put_room(b, size);
    return b->len;
}

static inline void put_close(struct bytes *b, unsigned size, size_t begin)
{
    uint64_t v = b->len - begin;
    for (unsigned i = 1; i <= size; i++, v >>= 8)
        b->at[begin - i] = (uint8_t)v;
}

#endif
