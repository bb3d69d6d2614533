/* SPDX-License-Identifier: BSD-2-Clause */
/* The text that HTTP is made of: RFC 9110 §5.6, RFC 9112 §2.2, RFC 3986 §3.2. */
#include "proto/http_text.h"

bool http_line(struct cur *c, struct span *ret)
{
    struct span rest = cur_rest(c);
    const uint8_t *end = rest.len > 0 ? memchr(rest.at, '\n', rest.len) : NULL;

    *ret = rest;
    if (end == NULL)
        return false;
    *ret = cur_take(c, (uint32_t)(end - rest.at) + 1);
    ret->len--;
    if (ret->len > 0 && ret->at[ret->len - 1] == '\r')
        ret->len--;
    return true;
}

struct span http_trim(struct span s)
{
    while (s.len > 0 && (http_is_blank(*s.at) || *s.at == '\r'))
        s = http_behind(s, 1);
    while (s.len > 0 && (http_is_blank(s.at[s.len - 1]) || s.at[s.len - 1] == '\r'))
        s.len--;
    return s;
}

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool http_begins(struct span s, const char *lower)
{
    size_t i = 0;

    while (lower[i] != 0 && i < s.len && fold(s.at[i]) == (uint8_t)lower[i])
        i++;
    return lower[i] == 0;
}

bool http_same(struct span a, struct span b)
{
    size_t i = 0;

    while (i < a.len && i < b.len && fold(a.at[i]) == fold(b.at[i]))
        i++;
    return i == a.len && i == b.len;
}

/* Where the first byte of `set` stands; s.len: nowhere. */
static size_t find(struct span s, const char *set)
{
    for (; *set != 0 && s.len > 0; set++) {
        const uint8_t *at = memchr(s.at, *set, s.len);
        s.len = at != NULL ? (size_t)(at - s.at) : s.len;
    }
    return s.len;
}

/* Some write IPv6 without the brackets of RFC 3986 §3.2.2: then no colon is that of a port. */
static bool is_bare_ipv6(struct span s)
{
    unsigned colons = 0;

    for (size_t i = 0; i < s.len; i++) {
        colons += s.at[i] == ':';
        if (!http_is_digit(s.at[i]) && s.at[i] != ':' && s.at[i] != '.' &&
            (fold(s.at[i]) < 'a' || fold(s.at[i]) > 'f'))
            return false;
    }
    return colons > 1;
}

struct span http_host(struct span authority)
{
    struct span s = authority;

    s.len = find(s, "/?#");
    for (size_t at = find(s, "@"); at < s.len; at = find(s, "@"))
        s = http_behind(s, at + 1);
    if (s.len > 0 && *s.at == '[') {
        s = http_behind(s, 1);
        s.len = find(s, "]");
    } else if (!is_bare_ipv6(s)) {
        s.len = find(s, ":");
    }
    s = http_trim(s);
    if (s.len > 0 && s.at[s.len - 1] == '.')
        s.len--;
    return s;
}

/* Length of a scheme with its colon (RFC 3986 §3.1); 0: there is none. */
static size_t scheme(struct span url)
{
    size_t n = 0;

    while (n < url.len && (http_is_alpha(url.at[n]) ||
                           (n > 0 && (http_is_digit(url.at[n]) || strchr("+-.", url.at[n]) != NULL))))
        n++;
    return n > 0 && n < url.len && url.at[n] == ':' ? n + 1 : 0;
}

struct span http_authority(struct span url)
{
    struct span s = http_trim(url);
    size_t slashes = 0;

    s = http_behind(s, scheme(s));
    while (slashes < s.len && (s.at[slashes] == '/' || s.at[slashes] == '\\'))
        slashes++;
    if (slashes < 2)
        return span_of(NULL, 0);
    s = http_behind(s, slashes);
    s.len = find(s, "/\\?#");
    return s;
}
