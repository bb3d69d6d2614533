/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way to read untrusted bytes: a cursor over a stream prefix.
 *
 * A cursor has an `end` (bytes that are there) and a `limit` (where its length prefix says that it ends). The
 * limit may lie beyond the end, never beyond the parent's limit. Reading past the limit makes the cursor BAD;
 * reading past the end but within the limit makes it MORE (CUT when those bytes will never come). Errors are
 * sticky and reads then yield zero, so a parser checks once per record. All positions are offsets from
 * `base`, the first byte of the stream, so `need` is comparable between a cursor and its children.
 */
#ifndef BRIDLE_BASE_CURSOR_H
#define BRIDLE_BASE_CURSOR_H

#include "base/span.h"

enum cur_state {
    CUR_OK = 0,
    CUR_MORE, /* ran out of bytes that may still come: `need` says how many */
    CUR_CUT,  /* ran out of bytes that the capture did not keep */
    CUR_BAD,  /* contradicts its own length prefix */
};

/*
 * Left out of line, as compilers leave what is used so often, a read costs three times as much: the cursor is
 * then kept in memory. Where size counts they may.
 */
#ifdef __OPTIMIZE_SIZE__
#define CUR_INLINE static inline
#else
#define CUR_INLINE static inline __attribute__((always_inline))
#endif

/* The limit of a stream whose length nothing announces. */
#define CUR_UNBOUNDED UINT32_MAX

struct cur {
    const uint8_t *base; /* borrowed: offset 0 of the stream */
    uint32_t pos, end, limit;
    uint32_t need; /* with CUR_MORE: least length of the stream that can change the answer */
    uint8_t state; /* enum cur_state, sticky */
    bool cut;      /* bytes past `end` were cut off by the snapshot length */
};

/* Nothing may be asked for at NULL: arithmetic on it is undefined. */
static inline const uint8_t *cur_base(const void *at)
{
    return at != NULL ? (const uint8_t *)at : (const uint8_t *)"";
}

/* A stream prefix of `len` bytes; more may follow without a known end. */
static inline struct cur cur_stream(const void *at, size_t len)
{
    return (struct cur){.base = cur_base(at), .end = (uint32_t)len, .limit = CUR_UNBOUNDED};
}

/* A datagram: `captured` bytes are there of `whole`; what is missing was cut by the capture. */
static inline struct cur cur_datagram(const void *at, size_t captured, size_t whole)
{
    return (struct cur){.base = cur_base(at),
                        .end = (uint32_t)(captured < whole ? captured : whole),
                        .limit = (uint32_t)whole,
                        .cut = captured < whole};
}

/* Bytes up to the limit, whether there or not. */
static inline uint32_t cur_left(const struct cur *c)
{
    return c->pos < c->limit ? c->limit - c->pos : 0;
}

static inline bool cur_ok(const struct cur *c)
{
    return c->state == CUR_OK;
}

static inline void cur_fail(struct cur *c)
{
    if (c->state == CUR_OK)
        c->state = CUR_BAD;
}

/* True when `n` more bytes can be read; otherwise sets the sticky state. */
CUR_INLINE bool cur_has(struct cur *c, uint32_t n)
{
    if (c->state != CUR_OK)
        return false;
    uint64_t stop = (uint64_t)c->pos + n;
    if (stop <= c->end)
        return true;
    if (stop > c->limit) {
        c->state = CUR_BAD;
    } else {
        c->state = c->cut ? CUR_CUT : CUR_MORE;
        c->need = (uint32_t)stop;
    }
    return false;
}

CUR_INLINE uint8_t cur_u8(struct cur *c)
{
    return cur_has(c, 1) ? c->base[c->pos++] : 0;
}

CUR_INLINE uint16_t cur_u16(struct cur *c)
{
    if (!cur_has(c, 2))
        return 0;
    const uint8_t *p = c->base + c->pos;
    c->pos += 2;
    return (uint16_t)(p[0] << 8 | p[1]);
}

CUR_INLINE uint32_t cur_u24(struct cur *c)
{
    if (!cur_has(c, 3))
        return 0;
    const uint8_t *p = c->base + c->pos;
    c->pos += 3;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

CUR_INLINE uint32_t cur_u32(struct cur *c)
{
    if (!cur_has(c, 4))
        return 0;
    const uint8_t *p = c->base + c->pos;
    c->pos += 4;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* QUIC's variable-length integer (RFC 9000 §16). */
static inline uint64_t cur_varint(struct cur *c)
{
    if (!cur_has(c, 1))
        return 0;
    unsigned size = 1u << (c->base[c->pos] >> 6);
    if (!cur_has(c, size))
        return 0;
    uint64_t v = c->base[c->pos] & 0x3f;
    for (unsigned i = 1; i < size; i++)
        v = v << 8 | c->base[c->pos + i];
    c->pos += size;
    return v;
}

/* The next `n` bytes, or an empty span and a sticky error. */
CUR_INLINE struct span cur_take(struct cur *c, uint32_t n)
{
    if (!cur_has(c, n))
        return span_of(NULL, 0);
    struct span s = span_of(c->base + c->pos, n);
    c->pos += n;
    return s;
}

CUR_INLINE void cur_skip(struct cur *c, uint32_t n)
{
    if (c->state != CUR_OK)
        return;
    if ((uint64_t)c->pos + n > c->limit)
        c->state = CUR_BAD;
    else
        c->pos += n; /* may pass `end`: the next read says MORE */
}

/* Everything that is there up to the end, read or not yet. */
CUR_INLINE struct span cur_rest(const struct cur *c)
{
    if (c->state != CUR_OK || c->pos >= c->end)
        return span_of(NULL, 0);
    return span_of(c->base + c->pos, c->end - c->pos);
}

/*
 * A child over the next `len` bytes, of which some may not be there yet; the parent moves behind them. A
 * length that passes the parent's limit makes both BAD.
 */
CUR_INLINE struct cur cur_child(struct cur *c, uint32_t len)
{
    struct cur child = *c;
    if (c->state == CUR_OK && (uint64_t)c->pos + len > c->limit)
        c->state = CUR_BAD;
    child.state = c->state;
    if (c->state != CUR_OK)
        return child;
    child.limit = c->pos + len;
    if (child.end > child.limit)
        child.end = child.limit;
    c->pos += len;
    return child;
}

CUR_INLINE struct cur cur_vec8(struct cur *c)
{
    uint32_t len = cur_u8(c);
    return cur_child(c, len);
}

CUR_INLINE struct cur cur_vec16(struct cur *c)
{
    uint32_t len = cur_u16(c);
    return cur_child(c, len);
}

CUR_INLINE struct cur cur_vec24(struct cur *c)
{
    uint32_t len = cur_u24(c);
    return cur_child(c, len);
}

/* As long as QUIC's variable-length integer says. */
static inline struct cur cur_vec_varint(struct cur *c)
{
    uint64_t len = cur_varint(c);
    if (len > cur_left(c))
        cur_fail(c);
    return cur_child(c, (uint32_t)len);
}

#endif
