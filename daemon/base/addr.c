/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses and prefixes: text forms (RFC 5952) and the special ranges (RFC 6890). */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Prefix lengths are in the 128-bit space; IPv4 rows are mapped. */
#define V4(b0, b1, b2, b3, n)                                                                                \
    {                                                                                                        \
        {.b = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, b0, b1, b2, b3}}, 96 + (n)                          \
    }
#define V6(b0, b1, n)                                                                                        \
    {                                                                                                        \
        {.b = {b0, b1}}, n                                                                                   \
    }

const struct prefix addr_private_range[] = {
    V4(10, 0, 0, 0, 8),    V4(172, 16, 0, 0, 12),  V4(192, 168, 0, 0, 16),
    V4(100, 64, 0, 0, 10), V4(169, 254, 0, 0, 16), V4(127, 0, 0, 0, 8),
    V6(0xfc, 0, 7),        V6(0xfe, 0x80, 10),     {{.b = {[15] = 1}}, 128},
};

const unsigned addr_private_ranges = sizeof addr_private_range / sizeof *addr_private_range;

bool addr_is_private(const struct addr *a)
{
    for (unsigned i = 0; i < addr_private_ranges; i++)
        if (prefix_has(&addr_private_range[i], a))
            return true;
    return false;
}

bool prefix_has(const struct prefix *p, const struct addr *a)
{
    struct addr m = addr_mask(a, p->bits);
    return addr_eq(&m, &p->addr);
}

bool addr_parse(struct span text, struct addr *ret)
{
    char buf[ADDR_TEXT_MAX];
    uint8_t raw[16];

    if (text.len == 0 || text.len >= sizeof buf || memchr(text.at, 0, text.len) != NULL)
        return false;
    memcpy(buf, text.at, text.len);
    buf[text.len] = 0;
    if (inet_pton(AF_INET, buf, raw) == 1)
        *ret = addr_v4(raw);
    else if (inet_pton(AF_INET6, buf, raw) == 1)
        *ret = addr_v6(raw);
    else
        return false;
    return true;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2); `*ret_len` 0: none. */
static unsigned zero_run(const struct addr *a, unsigned *ret_len)
{
    unsigned best = 0, len = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && a->b[2 * (i + n)] == 0 && a->b[2 * (i + n) + 1] == 0)
            n++;
        if (n > len && n > 1) {
            best = i;
            len = n;
        }
    }
    *ret_len = len;
    return best;
}

/* Writes `value` without leading zeros and returns the place behind it. */
static char *put_number(char *at, unsigned value, unsigned base)
{
    unsigned unit = 1;

    while (value / unit >= base)
        unit *= base;
    for (; unit > 0; unit /= base)
        *at++ = "0123456789abcdef"[value / unit % base];
    return at;
}

/* Not inet_ntop: C libraries differ in what they print, and keys of indicators are made from this text. Nor
 * snprintf, since addresses stand in every event. */
const char *addr_text(const struct addr *a, char ret[ADDR_TEXT_MAX])
{
    char *at = ret;

    if (!addr_is_v4(a))
        return addr_text_v6(a, ret);
    for (unsigned i = 12; i < 16; i++) {
        at = put_number(at, a->b[i], 10);
        *at++ = i < 15 ? '.' : 0;
    }
    return ret;
}

const char *addr_text_v6(const struct addr *a, char ret[ADDR_TEXT_MAX])
{
    unsigned len, run = zero_run(a, &len);
    char *at = ret;

    for (unsigned i = 0; i < 8;) {
        if (len > 0 && i == run) {
            *at++ = ':';
            *at++ = ':';
            i += len;
        } else {
            if (i > 0 && (len == 0 || i != run + len))
                *at++ = ':';
            at = put_number(at, (unsigned)(a->b[2 * i] << 8 | a->b[2 * i + 1]), 16);
            i++;
        }
    }
    *at = 0;
    return ret;
}

bool prefix_parse(struct span text, struct prefix *ret, bool *ret_host_bits)
{
    const uint8_t *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct span host = slash ? span_of(text.at, (size_t)(slash - text.at)) : text;
    struct addr a;
    unsigned bits = 0;

    if (!addr_parse(host, &a))
        return false;
    unsigned width = addr_is_v4(&a) && memchr(host.at, ':', host.len) == NULL ? 32 : 128;
    if (slash == NULL) {
        bits = width;
    } else {
        size_t digits = text.len - host.len - 1;
        if (digits == 0 || digits > 3)
            return false;
        for (size_t i = 0; i < digits; i++) {
            uint8_t c = slash[1 + i];
            if (c < '0' || c > '9')
                return false;
            bits = bits * 10 + (unsigned)(c - '0');
        }
        if (bits > width)
            return false;
    }
    ret->bits = (uint8_t)(bits + 128 - width);
    ret->addr = addr_mask(&a, ret->bits);
    if (ret_host_bits != NULL)
        *ret_host_bits = !addr_eq(&ret->addr, &a);
    return true;
}

const char *prefix_text(const struct prefix *p, char ret[PREFIX_TEXT_MAX])
{
    char host[ADDR_TEXT_MAX];
    bool v4 = addr_is_v4(&p->addr) && p->bits >= 96;

    addr_text(&p->addr, host);
    if (p->bits == 128)
        snprintf(ret, PREFIX_TEXT_MAX, "%s", host);
    else
        snprintf(ret, PREFIX_TEXT_MAX, "%s/%u", host, v4 ? p->bits - 96u : p->bits);
    return ret;
}
