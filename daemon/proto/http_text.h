/* SPDX-License-Identifier: BSD-2-Clause */
/* The text that HTTP is made of, whatever its version: lines and tokens (RFC 9110 §5.6), and the host in an
 * authority or URL (RFC 3986 §3.2). All spans borrow from what they were cut out of. */
#ifndef BRIDLE_PROTO_HTTP_TEXT_H
#define BRIDLE_PROTO_HTTP_TEXT_H

#include "base/cursor.h"

static inline bool http_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static inline bool http_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool http_is_alpha(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* What is left of a span behind its first `n` bytes. */
static inline struct span http_behind(struct span s, size_t n)
{
    return n < s.len ? span_of(s.at + n, s.len - n) : span_of(NULL, 0);
}

/* Takes the next line, without its LF or CR LF (RFC 9112 §2.2 allows both). False: its end is not there; then
 * `ret` is what there is of it, and `c` stays. */
bool http_line(struct cur *c, struct span *ret);
/* Without blanks at both ends. */
struct span http_trim(struct span s);
/* Whether the first bytes of `s` are `lower`, a text in lower case, in any case. */
bool http_begins(struct span s, const char *lower);
/* Whether they are the same text but for case. */
bool http_same(struct span a, struct span b);
/*
 * The host of an authority: without user information, port, brackets and trailing dot, and without the path
 * that may follow. An IPv6 address without its brackets is one host.
 */
struct span http_host(struct span authority);
/* The authority of a URL, as browsers read it (WHATWG URL §4.4: either slash, and more than two); empty: the
 * URL is relative and names no host. */
struct span http_authority(struct span url);

#endif
