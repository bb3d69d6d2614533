/* SPDX-License-Identifier: BSD-2-Clause */
/* The first line of an HTTP/1.x message: RFC 9112 §2.2, §3 and §4. */
#include "proto/http_start.h"

/* RFC 9112 §2.2: a server ignores empty lines before a request. */
#define EMPTY_LINES_MAX 2u
/* The longest registered method has 17 characters. */
#define METHOD_MAX 32u
/* A target that is neither a path nor a URL: so many bytes are waited for until the version shows. */
#define ODD_TARGET_MAX 1024u

/* With one of these any target may follow, for a name of CONNECT or what a careless client sends. */
static const char *const usual[] = {"get",    "post",    "head",  "put",  "connect",
                                    "delete", "options", "patch", "trace"};

static size_t method_len(struct span line)
{
    size_t n = 0;

    while (n < line.len && n <= METHOD_MAX &&
           (http_is_alpha(line.at[n]) ||
            (n > 0 && (http_is_digit(line.at[n]) || line.at[n] == '-' || line.at[n] == '_'))))
        n++;
    return n;
}

/* Whether it is a usual method, or a part of one from its first byte; in any case: what scripts of web pages
 * send comes as it was written. */
static bool is_usual(struct span method, bool part)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (method.len <= strlen(usual[i]) && (part || method.len == strlen(usual[i])) &&
            http_same(method, span_of(usual[i], method.len)))
            return true;
    return false;
}

/* Methods that are not usual: in lower case any word would be one. */
static bool is_lower(struct span method)
{
    for (size_t i = 0; i < method.len; i++)
        if (http_is_alpha(method.at[i]) && (method.at[i] & 0x20) != 0)
            return true;
    return false;
}

/* RFC 9112 §3. */
static enum proto_starts request_starts(struct span line)
{
    size_t n = method_len(line);
    struct span method = span_of(line.at, n);

    if (line.len == 0)
        return STARTS_MAYBE;
    if (n == 0 || n > METHOD_MAX || (is_lower(method) && !is_usual(method, n == line.len)))
        return STARTS_NO;
    if (n == line.len)
        return STARTS_MAYBE;
    if (!http_is_blank(line.at[n]) || span_eq(method, span_str("PRI"))) /* RFC 9113 §3.4: HTTP/2 */
        return STARTS_NO;
    struct span target = http_trim(http_behind(line, n));
    if (target.len == 0)
        return STARTS_MAYBE;
    if (*target.at == '/' || *target.at == '*' || http_begins(target, "http"))
        return STARTS_YES;
    if (is_usual(method, false))
        return target.len <= ODD_TARGET_MAX ? STARTS_MAYBE : STARTS_NO;
    bool so_far = target.len < 4 && http_same(target, span_of("http", target.len));
    return so_far ? STARTS_MAYBE : STARTS_NO;
}

/* RFC 9112 §4: 'd' is a digit, the rest is meant as it stands. */
static enum proto_starts response_starts(struct span line)
{
    static const char pattern[] = "HTTP/d.d ddd";
    size_t known = sizeof pattern - 1;

    for (size_t i = 0; i < known && i < line.len; i++)
        if (pattern[i] == 'd' ? !http_is_digit(line.at[i]) : line.at[i] != (uint8_t)pattern[i])
            return STARTS_NO;
    return line.len < known ? STARTS_MAYBE : STARTS_YES;
}

/*
 * Sets the target to what is between method and version. RTSP and SIP fail here, whose requests look alike.
 * Careless clients leave the version out, malware among them: with the head of an HTTP/1.x request behind it,
 * servers take it for one.
 */
static bool read_request(struct span line, struct http_start *ret)
{
    size_t n = method_len(line);
    struct span rest = http_trim(http_behind(line, n));
    size_t version = rest.len;

    while (version > 0 && !http_is_blank(rest.at[version - 1]))
        version--;
    struct span last = http_behind(rest, version);
    ret->method = span_of(line.at, n);
    ret->versioned = http_begins(last, "http/") && last.len > 5 && http_is_digit(last.at[5]);
    ret->target = ret->versioned ? http_trim(span_of(rest.at, version)) : rest;
    return ret->versioned ||
           (version == 0 && rest.len > 0 && *rest.at == '/' && is_usual(ret->method, false));
}

/* Whether there is a method, or the "HTTP" of a response, or an empty line before it. Encrypted octets seldom
 * begin so, and the end of their line, which may be far, need not be looked for. */
static bool begins_line(struct span first)
{
    size_t n = method_len(first);

    if (n == first.len || *first.at == '\r' || *first.at == '\n')
        return true;
    return n > 0 && n <= METHOD_MAX && (http_is_blank(first.at[n]) || first.at[n] == '/');
}

enum proto_starts http_start(struct cur *c, struct http_start *ret)
{
    struct span line;

    *ret = (struct http_start){.response = false};
    if (!begins_line(cur_rest(c)))
        return STARTS_NO;
    bool whole = http_line(c, &line);
    for (unsigned i = 0; i < EMPTY_LINES_MAX && whole && line.len == 0; i++)
        whole = http_line(c, &line);
    if (!whole && line.len == 1 && *line.at == '\r')
        return STARTS_MAYBE;
    enum proto_starts request = request_starts(line), response = response_starts(line);
    if (!whole)
        return request > response ? request : response;
    ret->whole = true;
    if (response == STARTS_YES) {
        ret->response = true;
        for (unsigned i = 9; i < 12; i++)
            ret->status = ret->status * 10 + (line.at[i] - '0');
        return STARTS_YES;
    }
    return request != STARTS_NO && read_request(line, ret) ? STARTS_YES : STARTS_NO;
}

enum proto_starts http_starts(struct span first)
{
    struct cur c = cur_stream(first.at, first.len);
    struct http_start s;

    return http_start(&c, &s);
}
