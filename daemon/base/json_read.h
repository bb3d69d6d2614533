/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading JSON (RFC 8259) of any size in constant memory: the caller pulls one token after the other out of
 * bytes that come in blocks. Feeds are hostile, have 100 MB on one line, and every entry is to be told with
 * its place. So none of the usual libraries does: jansson holds the whole document, in some twenty times its
 * size, and knows no place of a value; yajl is no longer maintained and allocates for each string.
 *
 * Strict, unless it is told otherwise: UTF-8 is checked (RFC 3629), \uD83D\uDE00 is joined and half of a pair
 * refused, nothing may stand behind the document. Keys may repeat. It neither recurses nor allocates. The
 * first error stays: the token is JSON_BROKEN from then on, and `why`, `line` and `column` say what and
 * where. What was read before it was right as far as it went, but the document is not one: who must not act
 * on half a document reads it twice.
 */
#ifndef BRIDLE_BASE_JSON_READ_H
#define BRIDLE_BASE_JSON_READ_H

#include "base/span.h"

#define JSON_DEPTH_MAX 64     /* of arrays and objects in each other */
#define JSON_TEXT_MAX  65536u /* bytes that are kept of a key, string or number, decoded */

enum json_token {
    JSON_BEGIN, /* nothing was read yet */
    JSON_END,   /* the document was whole and right; stays */
    JSON_BROKEN,
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY, /* its value comes next */
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_read {
    uint8_t token; /* enum json_token: the last one */
    uint8_t depth; /* arrays and objects that are open */
    bool mends;    /* may be set behind json_read_init: what is no character becomes U+FFFD, and is counted */
    bool
        many; /* the same: other objects and arrays may follow the first, with or without a newline between */
    bool cut; /* the text was longer than JSON_TEXT_MAX; never cut within a character */
    struct span
        text; /* of a key, string (decoded, may hold NUL) or number (as written); until the next call */
    uint32_t line,
        column;      /* where the last token began, or where it broke; columns count bytes, both from 1 */
    const char *why; /* JSON_BROKEN: static text */
    uint64_t mended; /* bytes and escapes that were no character */

    /* The rest is the reader's own. */
    struct span (*more)(void *ctx);
    void *ctx;
    const uint8_t *block, *at, *end; /* borrowed: the block in hand, and what is unread of it */
    uint64_t before;                 /* bytes of all blocks before it */
    uint64_t line_at;                /* offset at which the line in hand began */
    uint32_t lines;                  /* its number */
    uint64_t objects;                /* one bit for each open level: it is an object */
    uint8_t state;
    bool skipping; /* texts are checked, not kept */
    uint8_t store[JSON_TEXT_MAX];
};

/* `more` gives the next block, which must stay as it is until `more` is called again; an empty one is the
 * end. It is not called again after that. */
void json_read_init(struct json_read *r, struct span (*more)(void *ctx), void *ctx);

/* The next token. JSON_END and JSON_BROKEN come again and again. */
enum json_token json_read_next(struct json_read *r);

/* Leaves out, whatever its size: behind JSON_KEY the value that comes; behind JSON_OBJECT or JSON_ARRAY the
 * rest of it, with its end. Behind any other token nothing. */
void json_read_skip(struct json_read *r);

/*
 * Within an object, at its beginning or when a value was taken: the next key. A key whose value nobody took
 * is left out with it. False at the object's end, which is taken, and when it is broken. So:
 *
 *     while (json_read_key(r))
 *         if (json_read_is(r, "value"))
 *             json_read_string(r, &value);
 */
bool json_read_key(struct json_read *r);
/* Whether the key or string at hand is that; inline, so that the length of a constant is one. */
static inline bool json_read_is(const struct json_read *r, const char *text)
{
    return !r->cut && span_eq(r->text, span_str(text));
}
/* Behind a key: takes its value. True, with its text, if it is a string; anything else is left out. */
bool json_read_string(struct json_read *r, struct span *ret);
/* Behind a key: takes its value. True if it is the beginning of that (JSON_OBJECT or JSON_ARRAY); anything
 * else is left out. */
bool json_read_open(struct json_read *r, enum json_token wanted);
/* Within an array: the next item, whatever it is; one that opens is the caller's to read or to skip. False at
 * the array's end, which is taken, and when it is broken. */
bool json_read_item(struct json_read *r);

#endif
