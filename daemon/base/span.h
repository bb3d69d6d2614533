/* SPDX-License-Identifier: BSD-2-Clause */
/* A borrowed run of bytes: where it begins and how long it is. It owns nothing and is never NUL-terminated.
 */
#ifndef BRIDLE_BASE_SPAN_H
#define BRIDLE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *at; /* borrowed */
    size_t len;
};

static inline struct span span_of(const void *at, size_t len)
{
    return (struct span){(const uint8_t *)at, len};
}

/* The bytes of a string literal, without its NUL: what a constant table is made of. */
#define SPAN_LITERAL(text)                                                                                   \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

/* The bytes of a C string, without its NUL. */
static inline struct span span_str(const char *text)
{
    return span_of(text, strlen(text));
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* For printf: "%.*s", SPAN_FMT(s). Only for text that has been checked or escaped. */
#define SPAN_FMT(s) (int)(s).len, (const char *)(s).at

#endif
