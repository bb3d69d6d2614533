/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounded text building, and the one place where bytes from the wire become text. A builder never overflows:
 * what does not fit is dropped and `full` is set.
 */
#ifndef BRIDLE_BASE_TEXT_H
#define BRIDLE_BASE_TEXT_H

#include "base/span.h"

struct text {
    char *at; /* borrowed: room for `cap` bytes; always NUL-terminated when cap > 0 */
    size_t len, cap;
    bool full;
};

/* A builder over the caller's buffer. */
struct text text_on(char *buf, size_t cap);
void text_char(struct text *t, char c);
/* Bytes as they are: only for text that is ours or that was escaped before. */
void text_raw(struct text *t, struct span s);
void text_str(struct text *t, const char *s);
void text_u64(struct text *t, uint64_t value); /* decimal */
void text_fmt(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Hostile bytes for a terminal or a log line: printable ASCII stays, everything else and the backslash become
 * \DDD (decimal, as RFC 1035 §5.1). No control byte, no newline, no quote change survives.
 */
void text_escaped(struct text *t, struct span s);
/* A name as parsers deliver it, its odd octets already written \DDD: as text_escaped, but the backslash
 * stays.
 */
void text_name(struct text *t, struct span s);
/*
 * What people wrote in a feed or a configuration, for a terminal or a log line: valid UTF-8 stays; controls,
 * invalid bytes, and characters that hide, reorder or break a line (bidirectional controls, zero-width ones,
 * line separators) become \DDD byte by byte. Cut, if it must be, between characters.
 */
void text_utf8(struct text *t, struct span s);
/* The inside of a JSON string (RFC 8259 §7): valid UTF-8 stays, quotes, backslash and controls are escaped,
 * every byte that is not valid UTF-8 becomes U+FFFD, DEL and C1 controls become \u00XX. */
void text_json(struct text *t, struct span s);
/* `2021-07-18T10:00:00.123456+0000` for EVE, UTC. */
void text_time_eve(struct text *t, uint64_t ts_ns);
/* `2021-07-18 10:00:00` for people, UTC. */
void text_time_human(struct text *t, uint64_t ts_ns);

/* What a hex digit is worth; -1: it is none. */
static inline int text_hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static inline struct span text_span(const struct text *t)
{
    return span_of(t->at, t->len);
}

#endif
