/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: packets built from the inside out, each header before what is there already. */
#ifndef BRIDLE_PACKET_BUILD_H
#define BRIDLE_PACKET_BUILD_H

#include "base/span.h"

#define BUILD_BYTES_MAX 70000

struct build {
    uint8_t room[BUILD_BYTES_MAX];
    size_t len; /* at the end of `room` */
};

static inline uint8_t *build_at(struct build *b)
{
    return b->room + sizeof b->room - b->len;
}

static inline uint8_t *build_before(struct build *b, const void *header, size_t n)
{
    b->len += n;
    memcpy(build_at(b), header, n);
    return build_at(b);
}

static inline void build_u16(uint8_t *at, size_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static inline void build_tcp(struct build *b, unsigned option_words)
{
    static const uint8_t header[60] = {0x30, 0x39, 0x01, 0xbb, 1,    2, 3, 4,    5,
                                       6,    7,    8,    0,    0x18, 0, 9, 0xab, 0xcd};
    build_before(b, header, 20 + option_words * 4)[12] = (uint8_t)((5 + option_words) << 4);
}

static inline void build_udp(struct build *b)
{
    static const uint8_t header[8] = {0x30, 0x39, 0, 53, 0, 0, 0xab, 0xcd};
    build_before(b, header, 8);
    build_u16(build_at(b) + 4, b->len);
}

/* From 192.0.2.1 to 198.51.100.2, or with `last` added to both. */
static inline uint8_t *build_ipv4(struct build *b, uint8_t protocol, unsigned option_words, uint8_t last)
{
    static const uint8_t header[60] = {0x45, 0, 0,   0, 0x12, 0x34, 0,   0,  63,  0,
                                       0,    0, 192, 0, 2,    1,    198, 51, 100, 2};
    uint8_t *at = build_before(b, header, 20 + option_words * 4);
    at[0] = (uint8_t)(0x45 + option_words);
    at[9] = protocol;
    at[15] = (uint8_t)(at[15] + last);
    at[19] = (uint8_t)(at[19] + last);
    build_u16(at + 2, b->len);
    return at;
}

static inline uint8_t *build_ipv6(struct build *b, uint8_t next)
{
    uint8_t header[40] = {0x60, 0,   0,    0,        0,    0, next, 62,   0x20,
                          1,    0xd, 0xb8, [23] = 1, 0x20, 1, 0xd,  0xb8, [39] = 2};
    build_u16(header + 4, b->len);
    return build_before(b, header, 40);
}

/* An extension header of 8 bytes, or of 8 more for each of `more`. */
static inline uint8_t *build_extension(struct build *b, uint8_t next, uint8_t more)
{
    uint8_t header[64] = {next, more};
    return build_before(b, header, 8u + more * 8u);
}

static inline void build_type(struct build *b, uint16_t type)
{
    uint8_t t[2] = {(uint8_t)(type >> 8), (uint8_t)type};
    build_before(b, t, 2);
}

static inline void build_ethernet(struct build *b, uint16_t type)
{
    build_type(b, type);
    build_before(b, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
}

static inline void build_vlan(struct build *b, uint16_t tag, uint16_t type)
{
    build_type(b, type);
    build_type(b, tag);
}

#endif
