/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounded text building and escaping. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

struct text text_on(char *buf, size_t cap)
{
    if (cap > 0)
        buf[0] = 0;
    return (struct text){.at = buf, .cap = cap};
}

void text_raw(struct text *t, struct span s)
{
    size_t room = t->cap > t->len ? t->cap - t->len - 1 : 0;

    if (s.len > room) {
        t->full = true;
        s.len = room;
    }
    if (s.len == 0)
        return;
    memcpy(t->at + t->len, s.at, s.len);
    t->len += s.len;
    t->at[t->len] = 0;
}

void text_char(struct text *t, char c)
{
    text_raw(t, span_of(&c, 1));
}

void text_str(struct text *t, const char *s)
{
    text_raw(t, span_str(s));
}

void text_fmt(struct text *t, const char *fmt, ...)
{
    va_list ap;
    size_t room = t->cap > t->len ? t->cap - t->len : 0;

    va_start(ap, fmt);
    int n = vsnprintf(room ? t->at + t->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n >= room) {
        t->full = true;
        t->len = t->cap ? t->cap - 1 : 0;
    } else {
        t->len += (size_t)n;
    }
}

void text_u64(struct text *t, uint64_t value)
{
    char digits[20], *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    text_raw(t, span_of(at, (size_t)(digits + sizeof digits - at)));
}

/* All of the bytes or none, so that no escape and no character is cut in half. */
static bool whole(struct text *t, const void *at, size_t n)
{
    if (t->full || t->len + n >= t->cap) {
        t->full = true;
        return false;
    }
    text_raw(t, span_of(at, n));
    return true;
}

void text_escaped(struct text *t, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        char esc[4] = {'\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10), (char)('0' + c % 10)};
        bool plain = c >= 0x20 && c < 0x7f && c != '\\';
        if (!whole(t, plain ? (const char *)&s.at[i] : esc, plain ? 1 : 4))
            return;
    }
}

/* Length of the valid UTF-8 sequence (RFC 3629 §4) at the start of `s`, or 0. */
static size_t utf8_len(struct span s)
{
    uint8_t c = s.at[0];
    size_t n = c < 0x80                 ? 1
               : c >= 0xc2 && c <= 0xdf ? 2
               : c >= 0xe0 && c <= 0xef ? 3
               : c >= 0xf0 && c <= 0xf4 ? 4
                                        : 0;

    if (n == 0 || n > s.len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s.at[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && s.at[1] < 0xa0) || (c == 0xed && s.at[1] > 0x9f) || (c == 0xf0 && s.at[1] < 0x90) ||
        (c == 0xf4 && s.at[1] > 0x8f))
        return 0;
    return n;
}

void text_name(struct text *t, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.at[i];
        if (c >= 0x20 && c < 0x7f)
            text_char(t, (char)c);
        else
            text_fmt(t, "\\%03u", c);
    }
}

/* Whether a valid sequence is a character that shows, and shows where it stands (Unicode 15, bidi controls
 * and default ignorables that could forge a line). */
static bool utf8_shows(struct span s)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},      {0x61c, 0x61c},
                  {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},  {0x2060, 0x206f},
                  {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};
    uint32_t c = s.len == 1 ? s.at[0] : s.at[0] & (0xffu >> (s.len + 1));

    for (size_t i = 1; i < s.len; i++)
        c = c << 6 | (s.at[i] & 0x3fu);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return false;
    return true;
}

void text_utf8(struct text *t, struct span s)
{
    while (s.len > 0 && !t->full) {
        size_t n = utf8_len(s), before = t->len;
        if (n > 0 && utf8_shows(span_of(s.at, n))) {
            text_raw(t, span_of(s.at, n));
        } else {
            n = 1;
            text_fmt(t, "\\%03u", s.at[0]);
        }
        if (t->full && t->cap > 0) {
            t->len = before;
            t->at[before] = 0;
        }
        s = span_of(s.at + n, s.len - n);
    }
}

/* Length of the run of bytes at the start of `s` that stand for themselves in a JSON string and in ASCII. */
static size_t json_plain_len(struct span s)
{
    static const bool plain[256] = {[0x20 ... '"' - 1] = true,
                                    ['"' + 1 ... '\\' - 1] = true,
                                    ['\\' + 1 ... 0x7e] = true};
    size_t n = 0;

    while (n < s.len && plain[s.at[n]])
        n++;
    return n;
}

/* Puts the odd byte or character at the start of `s`, and returns how many bytes it has there. */
static size_t json_odd(struct text *t, struct span s)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t c = s.at[0];
    size_t n = utf8_len(s);

    if (n == 2 && c == 0xc2 && s.at[1] < 0xa0)
        c = s.at[1]; /* C1 control */
    if (n == 0) {
        whole(t, "\xef\xbf\xbd", 3);
        n = 1;
    } else if (c == '"' || c == '\\') {
        whole(t, (const char[]){'\\', (char)c}, 2);
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        whole(t, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    } else {
        whole(t, s.at, n);
    }
    return n;
}

void text_json(struct text *t, struct span s)
{
    while (s.len > 0 && !t->full) {
        size_t n = json_plain_len(s);
        if (n > 0)
            text_raw(t, span_of(s.at, n)); /* may be cut anywhere */
        else
            n = json_odd(t, s);
        s = span_of(s.at + n, s.len - n);
    }
}

static void put_digits(char *at, unsigned digits, unsigned value)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* The Gregorian calendar in UTC, reckoned in eras of 400 years that begin on a first of March: so the leap
 * day is the last of its year. gmtime_r() would look at the zone each time. */
static void put_time(char *at, uint64_t ts_ns)
{
    unsigned long long s = ts_ns / 1000000000u;
    unsigned days = (unsigned)(s / 86400) + 719468, clock = (unsigned)(s % 86400); /* since 0000-03-01 */
    unsigned of_era = days % 146097;
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (year * 365 + year / 4 - year / 100);
    unsigned month = (of_year * 5 + 2) / 153; /* 0 is March */

    put_digits(at, 4, days / 146097 * 400 + year + (month >= 10));
    put_digits(at + 5, 2, month < 10 ? month + 3 : month - 9);
    put_digits(at + 8, 2, of_year - (month * 153 + 2) / 5 + 1);
    put_digits(at + 11, 2, clock / 3600);
    put_digits(at + 14, 2, clock / 60 % 60);
    put_digits(at + 17, 2, clock % 60);
}

void text_time_eve(struct text *t, uint64_t ts_ns)
{
    char time[] = "0000-00-00T00:00:00.000000+0000";

    put_time(time, ts_ns);
    put_digits(time + 20, 6, (unsigned)(ts_ns % 1000000000u / 1000u));
    text_str(t, time);
}

void text_time_human(struct text *t, uint64_t ts_ns)
{
    char time[] = "0000-00-00 00:00:00";

    put_time(time, ts_ns);
    text_str(t, time);
}
