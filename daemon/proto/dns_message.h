/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: writes DNS messages field by field. */
#ifndef BRIDLE_PROTO_DNS_MESSAGE_H
#define BRIDLE_PROTO_DNS_MESSAGE_H

#include "base/span.h"

/* A message being written. */
struct message {
    uint8_t at[65536 + 2];
    size_t len;
};

static inline void u8(struct message *m, unsigned v)
{
    m->at[m->len++] = (uint8_t)v;
}

static inline void u16(struct message *m, unsigned v)
{
    u8(m, v >> 8);
    u8(m, v & 0xff);
}

static inline void u32(struct message *m, uint32_t v)
{
    u16(m, v >> 16);
    u16(m, v & 0xffff);
}

static inline void header(struct message *m, unsigned flags, unsigned qd, unsigned an, unsigned ns,
                          unsigned ar)
{
    m->len = 0;
    u16(m, 0x1234);
    u16(m, flags);
    u16(m, qd);
    u16(m, an);
    u16(m, ns);
    u16(m, ar);
}

static inline void pointer(struct message *m, unsigned target)
{
    u16(m, 0xc000 | target);
}

/* Labels of dotted text, without the root. */
static inline void labels(struct message *m, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, ".");
        u8(m, (unsigned)n);
        memcpy(m->at + m->len, text, n);
        m->len += n;
        text += n + (text[n] == '.');
    }
}

static inline void name(struct message *m, const char *text)
{
    labels(m, text);
    u8(m, 0);
}

static inline void question(struct message *m, const char *text, unsigned type)
{
    name(m, text);
    u16(m, type);
    u16(m, 1);
}

/* The fixed part behind the owner; the caller writes the RDATA and calls `rdata_end` with what this returned.
 */
static inline size_t rdata(struct message *m, unsigned type, unsigned class, uint32_t ttl_s)
{
    u16(m, type);
    u16(m, class);
    u32(m, ttl_s);
    u16(m, 0);
    return m->len;
}

static inline void rdata_end(struct message *m, size_t begin)
{
    size_t n = m->len - begin;
    m->at[begin - 2] = (uint8_t)(n >> 8);
    m->at[begin - 1] = (uint8_t)n;
}

static inline void address(struct message *m, unsigned class, uint32_t ttl_s, uint32_t v4)
{
    size_t r = rdata(m, 1, class, ttl_s);
    u32(m, v4);
    rdata_end(m, r);
}

#endif
