/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading JSON (RFC 8259) token by token. */
#include "base/json_read.h"

#include "base/text.h"

/* What may come next. */
enum state { VALUE, FIRST_ITEM, FIRST_KEY, KEY, COMMA, NOTHING };

void json_read_init(struct json_read *r, struct span (*more)(void *ctx), void *ctx)
{
    r->token = JSON_BEGIN;
    r->depth = 0;
    r->cut = r->skipping = r->mends = r->many = false;
    r->mended = 0;
    r->text = span_of(NULL, 0);
    r->line = r->column = r->lines = 1;
    r->why = NULL;
    r->more = more;
    r->ctx = ctx;
    r->block = r->at = r->end = NULL;
    r->before = r->line_at = 0;
    r->objects = 0;
    r->state = VALUE;
}

static enum json_token give(struct json_read *r, enum json_token token)
{
    r->token = (uint8_t)token;
    return token;
}

/* Where the next byte stands. */
static void mark(struct json_read *r)
{
    uint64_t column = r->before + (uint64_t)(r->at - r->block) - r->line_at + 1;

    r->line = r->lines;
    r->column = column < UINT32_MAX ? (uint32_t)column : UINT32_MAX;
}

static bool fail(struct json_read *r, const char *why)
{
    mark(r);
    r->why = why;
    r->token = JSON_BROKEN;
    return false;
}

/* Makes sure of at least one unread byte. False at the end. */
static bool there(struct json_read *r)
{
    if (r->at < r->end)
        return true;
    if (!r->more)
        return false;
    struct span s = r->more(r->ctx);
    r->before += (uint64_t)(r->end - r->block);
    r->block = r->at = s.at;
    r->end = s.at + s.len;
    if (s.len > 0)
        return true;
    r->block = r->at = r->end = NULL;
    r->more = NULL;
    return false;
}

/* The next byte, without taking it; -1 at the end. */
static int peek(struct json_read *r)
{
    return there(r) ? *r->at : -1;
}

/* The next byte that is no white space, without taking it; -1 at the end. */
static int peek_dark(struct json_read *r)
{
    while (there(r)) {
        const uint8_t *at = r->at, *end = r->end;
        for (; at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'); at++) {
            if (*at != '\n')
                continue;
            r->lines += r->lines < UINT32_MAX;
            r->line_at = r->before + (uint64_t)(at + 1 - r->block);
        }
        r->at = at;
        if (at < end)
            return *at;
    }
    return -1;
}

/* Adds to the text: all of `n` bytes, which end with a character, or as many as there is room for if each is
 * one. */
static void keep(struct json_read *r, const void *at, size_t n, bool divisible)
{
    size_t room = JSON_TEXT_MAX - r->text.len;

    if (r->skipping || r->cut || n == 0)
        return;
    if (n > room) {
        r->cut = true;
        n = divisible ? room : 0;
    }
    memcpy(r->store + r->text.len, at, n);
    r->text.len += n;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* How many bytes from `at` on are text that stands for itself, in ASCII. */
static size_t plain_len(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    uint64_t w;

    for (; end - at >= 8; at += 8) { /* high bit of each byte that is below space, a quote or a backslash */
        memcpy(&w, at, sizeof(w));
        uint64_t quote = w ^ EACH('"'), slash = w ^ EACH('\\');
        uint64_t odd = (w - EACH(0x20)) | (quote - EACH(1)) | (slash - EACH(1)) | w;
        if (odd & EACH(0x80))
            break;
    }
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - start);
}

/* What is no character: an error, or U+FFFD. */
static bool mend(struct json_read *r, const char *why)
{
    if (!r->mends)
        return fail(r, why);
    r->mended++;
    keep(r, "\xef\xbf\xbd", 3, false);
    return true;
}

/* A character of two to four bytes (RFC 3629 §4): no longer form than needed, no surrogate, nothing above
 * U+10FFFF.
 */
static bool read_wide(struct json_read *r)
{
    static const char why[] = "a byte that is no UTF-8";
    uint8_t c = *r->at, buf[4] = {c};
    unsigned n = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    int low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

    r->at += n > 0 || r->mends;
    if (n == 0)
        return mend(r, why);
    for (unsigned i = 1; i < n; i++) {
        int next = peek(r);
        if (next < low || next > high)
            return mend(r, why);
        buf[i] = (uint8_t)next;
        r->at++;
        low = 0x80;
        high = 0xbf;
    }
    keep(r, buf, n, false);
    return true;
}

static bool read_hex4(struct json_read *r, uint32_t *ret)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++) {
        int c = peek(r), digit = c >= 0 ? text_hex_digit((uint8_t)c) : -1;
        if (digit < 0)
            return fail(r, "\\u is not followed by four hex digits");
        v = v << 4 | (uint32_t)digit;
        r->at++;
    }
    *ret = v;
    return true;
}

static void keep_code(struct json_read *r, uint32_t code)
{
    uint8_t buf[4];
    unsigned n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (unsigned i = n - 1; i > 0; i--, code >>= 6)
        buf[i] = (uint8_t)(0x80 | (code & 0x3f));
    buf[0] = (uint8_t)(n == 1 ? code : (0xf00u >> n & 0xff) | code);
    keep(r, buf, n, false);
}

/* Behind a backslash, all escapes but \u. */
static bool read_short(struct json_read *r)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    const char *found = c > 0 ? strchr(names, c) : NULL;

    if (!found)
        return fail(r, "a backslash before something that needs none");
    r->at++;
    keep(r, &meant[found - names], 1, false);
    return true;
}

/* Behind \u (RFC 8259 §7): beyond the first plane two of them are one character. */
static bool read_code(struct json_read *r)
{
    static const char why[] = "half of a surrogate pair";
    uint32_t code, high = 0;

    for (;;) {
        if (!read_hex4(r, &code))
            return false;
        bool low = code >= 0xdc00 && code <= 0xdfff;
        if (high > 0 && low)
            code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
        else if ((high > 0 || low) && !mend(r, why))
            return false;
        else if (low)
            return true;
        if (code < 0xd800 || code > 0xdbff)
            break;
        high = code;
        if (peek(r) != '\\')
            return mend(r, why);
        r->at++;
        if (peek(r) != 'u')
            return mend(r, why) && read_short(r);
        r->at++;
    }
    keep_code(r, code);
    return true;
}

static bool read_escape(struct json_read *r)
{
    r->at++;
    if (peek(r) != 'u')
        return read_short(r);
    r->at++;
    return read_code(r);
}

/* From its opening quote to its closing one. */
static bool read_text(struct json_read *r)
{
    r->at++;
    while (there(r)) {
        size_t n = plain_len(r->at, r->end);
        keep(r, r->at, n, true);
        r->at += n;
        if (r->at == r->end)
            continue;
        if (*r->at == '"') {
            r->at++;
            return true;
        }
        if (*r->at < 0x20)
            return fail(r, "a control character in a text, which needs a backslash");
        if (!(*r->at == '\\' ? read_escape(r) : read_wide(r)))
            return false;
    }
    return fail(r, "a text does not end");
}

static bool read_digits(struct json_read *r)
{
    unsigned n = 0;

    for (int c; (c = peek(r)) >= '0' && c <= '9'; n = 1, r->at++)
        keep(r, r->at, 1, true);
    return n > 0 || fail(r, "a digit is missing in a number");
}

/* Takes the next byte into the text if it is one of those. */
static bool take(struct json_read *r, const char *any)
{
    int c = peek(r);

    if (c <= 0 || !strchr(any, c))
        return false;
    keep(r, r->at, 1, true);
    r->at++;
    return true;
}

static bool read_number(struct json_read *r)
{
    take(r, "-");
    if (!take(r, "0") && !read_digits(r))
        return false;
    if (take(r, ".") && !read_digits(r))
        return false;
    if (take(r, "eE")) {
        take(r, "+-");
        return read_digits(r);
    }
    return true;
}

static enum json_token read_word(struct json_read *r, const char *word, enum json_token token)
{
    for (; *word; word++, r->at++) {
        if (peek(r) != *word) {
            fail(r, "neither true, false nor null");
            return JSON_BROKEN;
        }
    }
    return give(r, token);
}

static enum json_token open_level(struct json_read *r, bool object)
{
    if (r->depth == JSON_DEPTH_MAX) {
        fail(r, "arrays and objects are nested too deep");
        return JSON_BROKEN;
    }
    uint64_t bit = UINT64_C(1) << r->depth++;
    r->objects = object ? r->objects | bit : r->objects & ~bit;
    r->state = object ? FIRST_KEY : FIRST_ITEM;
    r->at++;
    return give(r, object ? JSON_OBJECT : JSON_ARRAY);
}

static bool in_object(const struct json_read *r)
{
    return r->depth > 0 && (r->objects >> (r->depth - 1) & 1);
}

static enum json_token close_level(struct json_read *r)
{
    enum json_token token = in_object(r) ? JSON_OBJECT_END : JSON_ARRAY_END;

    r->depth--;
    r->at++;
    r->state = r->depth > 0 ? COMMA : NOTHING;
    return give(r, token);
}

static enum json_token read_key(struct json_read *r)
{
    if (!read_text(r))
        return JSON_BROKEN;
    if (peek_dark(r) != ':') {
        fail(r, "a colon is missing behind a key");
        return JSON_BROKEN;
    }
    r->at++;
    r->state = VALUE;
    return give(r, JSON_KEY);
}

static enum json_token read_value(struct json_read *r, int c)
{
    r->state = r->depth > 0 ? COMMA : NOTHING;
    switch (c) {
    case '{':
    case '[':
        return open_level(r, c == '{');
    case '"':
        return read_text(r) ? give(r, JSON_STRING) : JSON_BROKEN;
    case 't':
        return read_word(r, "true", JSON_TRUE);
    case 'f':
        return read_word(r, "false", JSON_FALSE);
    case 'n':
        return read_word(r, "null", JSON_NULL);
    default:
        break;
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(r) ? give(r, JSON_NUMBER) : JSON_BROKEN;
    fail(r, c < 0 ? "it ends too early" : "a value is missing");
    return JSON_BROKEN;
}

enum json_token json_read_next(struct json_read *r)
{
    if (r->token == JSON_BROKEN || r->token == JSON_END)
        return (enum json_token)r->token;
    r->text = span_of(r->store, 0);
    r->cut = false;
    int c = peek_dark(r);
    mark(r);
    if (r->state == NOTHING && r->many && (c == '{' || c == '['))
        r->state = VALUE;
    if (r->state == NOTHING) {
        if (c < 0)
            return give(r, JSON_END);
        fail(r, "something stands behind the end of the document");
        return JSON_BROKEN;
    }
    bool may_end = r->state != VALUE && r->state != KEY;
    if (may_end && c == (in_object(r) ? '}' : ']'))
        return close_level(r);
    if (r->state == COMMA) {
        if (c != ',') {
            fail(r, c < 0 ? "it ends too early" : "a comma or a closing bracket is missing");
            return JSON_BROKEN;
        }
        r->at++;
        r->state = in_object(r) ? KEY : VALUE;
        c = peek_dark(r);
        mark(r);
    }
    if (r->state != KEY && r->state != FIRST_KEY)
        return read_value(r, c);
    if (c == '"')
        return read_key(r);
    fail(r, c < 0 ? "it ends too early" : "a key is missing");
    return JSON_BROKEN;
}

void json_read_skip(struct json_read *r)
{
    bool opened = r->token == JSON_OBJECT || r->token == JSON_ARRAY;
    uint8_t outside = (uint8_t)(r->depth - opened);

    if (!opened && r->token != JSON_KEY)
        return;
    r->skipping = true;
    do
        json_read_next(r);
    while (r->depth > outside && r->token != JSON_BROKEN);
    r->skipping = false;
}

bool json_read_key(struct json_read *r)
{
    if (r->token == JSON_KEY)
        json_read_skip(r);
    return json_read_next(r) == JSON_KEY;
}

bool json_read_string(struct json_read *r, struct span *ret)
{
    if (json_read_next(r) == JSON_STRING) {
        *ret = r->text;
        return true;
    }
    json_read_skip(r);
    return false;
}

bool json_read_open(struct json_read *r, enum json_token wanted)
{
    if (json_read_next(r) == wanted)
        return true;
    json_read_skip(r);
    return false;
}

bool json_read_item(struct json_read *r)
{
    enum json_token t = json_read_next(r);

    return t != JSON_ARRAY_END && t != JSON_BROKEN && t != JSON_END;
}
