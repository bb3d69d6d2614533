/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses and prefixes. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), so there is one
 * width, one comparison, and a mapped address on the wire equals the address that it maps.
 */
#ifndef BRIDLE_BASE_ADDR_H
#define BRIDLE_BASE_ADDR_H

#include <endian.h>

#include "base/span.h"

struct addr {
    union {
        uint8_t b[16]; /* network order */
        uint64_t w[2];
    };
};

/* A prefix in the 128-bit space: IPv4 /24 has bits = 120. Bits past the prefix are zero. */
struct prefix {
    struct addr addr;
    uint8_t bits;
};

/* Room for the longest text of an address, or of a prefix, with its NUL. */
#define ADDR_TEXT_MAX   46
#define PREFIX_TEXT_MAX 50

static inline struct addr addr_v4(const uint8_t b[4])
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    uint32_t v4;

    memcpy(&v4, b, sizeof v4);
    /* By words: put together from bytes it takes four times as many instructions. */
    return (struct addr){.w = {0, little ? 0xffff0000u | (uint64_t)v4 << 32 : 0xffffull << 32 | v4}};
}

static inline struct addr addr_v6(const uint8_t b[16])
{
    struct addr a;
    memcpy(a.b, b, 16);
    return a;
}

static inline bool addr_eq(const struct addr *a, const struct addr *b)
{
    return a->w[0] == b->w[0] && a->w[1] == b->w[1];
}

static inline bool addr_is_v4(const struct addr *a)
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    uint32_t mapped = (uint32_t)(little ? a->w[1] : a->w[1] >> 32);

    return (a->w[0] | (mapped ^ (little ? 0xffff0000u : 0xffffu))) == 0;
}

/* Multicast, broadcast, unspecified: no host's address. RFC 5771, RFC 919, RFC 4291 §2.7. */
static inline bool addr_is_group(const struct addr *a)
{
    if (!addr_is_v4(a))
        return a->b[0] == 0xff || (a->w[0] | a->w[1]) == 0;
    uint32_t host = (uint32_t)be64toh(a->w[1]);
    return host >> 28 == 0xe || host == UINT32_MAX || host == 0;
}

/* RFC 1918, RFC 4193, link-local, loopback, RFC 6598 (CGN). */
bool addr_is_private(const struct addr *a);
/* Those ranges. */
extern const struct prefix addr_private_range[];
extern const unsigned addr_private_ranges;
/* Reads the text form, `[...]` around IPv6 not included. False when it is no address. */
bool addr_parse(struct span text, struct addr *ret);
/* Writes the text (RFC 5952; IPv4 dotted) into `ret`, NUL-terminated; returns `ret`. */
const char *addr_text(const struct addr *a, char ret[ADDR_TEXT_MAX]);
/* The same for an address that an IPv6 packet has: a v4-mapped one as ::ffff:c000:201. */
const char *addr_text_v6(const struct addr *a, char ret[ADDR_TEXT_MAX]);

/* Reads `address` or `address/length`, length in the family's own bits; clears the host bits. False when it
 * is none; `ret_host_bits`, if not NULL, says whether host bits were set. */
bool prefix_parse(struct span text, struct prefix *ret, bool *ret_host_bits);
const char *prefix_text(const struct prefix *p, char ret[PREFIX_TEXT_MAX]);
bool prefix_has(const struct prefix *p, const struct addr *a);
/* `a` with all bits past `bits` cleared. */
static inline struct addr addr_mask(const struct addr *a, unsigned bits)
{
    uint64_t high = bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
    uint64_t low = bits >= 128 ? UINT64_MAX : bits <= 64 ? 0 : ~(UINT64_MAX >> (bits - 64));

    return (struct addr){.w = {a->w[0] & htobe64(high), a->w[1] & htobe64(low)}};
}

#endif
