/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: capture files of both formats, in either byte order. After the headers of cmocka. */
#ifndef BRIDLE_PACKET_CAPTURE_BUILD_H
#define BRIDLE_PACKET_CAPTURE_BUILD_H

#include <stdlib.h>

#include "packet/capture_format.h"

/* A file under construction. */
struct image {
    uint8_t *at;
    size_t len, cap;
    bool little;
    size_t block;     /* where the block that is being written began */
    size_t whole[64]; /* file lengths at which a packet has just become whole */
    unsigned packets;
    size_t clean[128]; /* file lengths at which nothing is cut */
    unsigned cleans;
};

static inline void put(struct image *f, const void *bytes, size_t n)
{
    if (f->len + n > f->cap) {
        f->cap = (f->len + n) * 2;
        f->at = realloc(f->at, f->cap);
        assert_non_null(f->at);
    }
    memcpy(f->at + f->len, bytes, n);
    f->len += n;
}

static inline void put_number(struct image *f, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t b = (uint8_t)(v >> 8 * (f->little ? i : bytes - 1 - i));
        put(f, &b, 1);
    }
}

static inline void put16(struct image *f, uint64_t v)
{
    put_number(f, v, 2);
}

static inline void put32(struct image *f, uint64_t v)
{
    put_number(f, v, 4);
}

static inline void clean(struct image *f)
{
    f->clean[f->cleans++ % 128] = f->len;
}

static inline void whole(struct image *f)
{
    f->whole[f->packets++ % 64] = f->len;
    clean(f);
}

static inline void pcap_header(struct image *f, uint32_t magic, unsigned major, unsigned minor,
                               uint32_t linktype)
{
    put32(f, magic);
    put16(f, major);
    put16(f, minor);
    put32(f, 0);
    put32(f, 0);
    put32(f, 65535);
    put32(f, linktype);
    clean(f);
}

static inline void pcap_record(struct image *f, uint32_t s, uint32_t fraction, uint32_t captured,
                               uint32_t wire, unsigned extra)
{
    put32(f, s);
    put32(f, fraction);
    put32(f, captured);
    put32(f, wire);
    for (unsigned i = 0; i < extra; i++)
        put_number(f, 0xee, 1);
    for (unsigned i = 0; i < captured; i++)
        put_number(f, s + i, 1);
    whole(f);
}

static inline void block_begin(struct image *f, uint32_t type)
{
    f->block = f->len;
    put32(f, type);
    put32(f, 0);
}

static inline void block_end(struct image *f)
{
    while (f->len % 4 != 0)
        put_number(f, 0, 1);
    uint32_t len = (uint32_t)(f->len + 4 - f->block);
    put32(f, len);
    memcpy(f->at + f->block + 4, f->at + f->len - 4, 4);
    clean(f);
}

static inline void section(struct image *f, bool little)
{
    f->little = little;
    block_begin(f, 0x0a0d0d0a);
    put32(f, 0x1a2b3c4d);
    put16(f, 1);
    put16(f, 0);
    put_number(f, UINT64_MAX, 8);
    block_end(f);
}

static inline void interface(struct image *f, unsigned linktype, uint32_t snaplen, unsigned resolution,
                             int64_t offset_s)
{
    block_begin(f, 1);
    put16(f, linktype);
    put16(f, 0);
    put32(f, snaplen);
    put16(f, 2); /* if_name, padded */
    put16(f, 3);
    put(f, "lo0", 4);
    put16(f, 9);
    put16(f, 1);
    put_number(f, resolution, 1);
    put_number(f, 0, 3);
    put16(f, 14);
    put16(f, 8);
    put_number(f, (uint64_t)offset_s, 8);
    put16(f, 0);
    put16(f, 0);
    block_end(f);
}

static inline void enhanced(struct image *f, uint32_t id, uint64_t ticks, uint32_t captured, uint32_t wire)
{
    block_begin(f, 6);
    put32(f, id);
    put32(f, ticks >> 32);
    put32(f, ticks);
    put32(f, captured);
    put32(f, wire);
    for (unsigned i = 0; i < captured; i++)
        put_number(f, ticks + i, 1);
    while (f->len % 4 != 0)
        put_number(f, 0, 1);
    put16(f, 1); /* a comment */
    put16(f, 2);
    put(f, "hi\0", 4);
    put32(f, 0);
    block_end(f);
    whole(f);
}

#endif
