/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests and fuzz targets: writes messages of TLS vectors, records, and DER. */
#ifndef BRIDLE_PROTO_WRITER_H
#define BRIDLE_PROTO_WRITER_H

#include <stdlib.h>

#include "base/span.h"

#define BYTES(s) span_of(s, sizeof s - 1)

struct writer {
    uint8_t at[512 * 1024];
    size_t len;
};

static inline void put(struct writer *w, struct span s)
{
    if (s.len > sizeof w->at - w->len)
        abort();
    if (s.len > 0)
        memcpy(w->at + w->len, s.at, s.len);
    w->len += s.len;
}

static inline void number(struct writer *w, unsigned bytes, size_t v)
{
    while (bytes-- > 0) {
        uint8_t octet = (uint8_t)(v >> 8 * bytes);
        put(w, span_of(&octet, 1));
    }
}

static inline struct span written(const struct writer *w)
{
    return span_of(w->at, w->len);
}

/* A length of `bytes` before what is written until `close_vector`. */
static inline size_t open_vector(struct writer *w, unsigned bytes)
{
    number(w, bytes, 0);
    return w->len;
}

static inline void close_vector(struct writer *w, unsigned bytes, size_t begin)
{
    size_t end = w->len;
    w->len = begin - bytes;
    number(w, bytes, end - begin);
    w->len = end;
}

/* Adds the message in records of `size` bytes, the last one shorter. */
static inline void add_records(struct writer *to, struct span message, size_t size)
{
    for (size_t at = 0; at < message.len; at += size) {
        size_t n = message.len - at < size ? message.len - at : size;
        number(to, 1, 22);
        number(to, 2, 0x0301);
        number(to, 2, n);
        put(to, span_of(message.at + at, n));
    }
}

/* An element of DER around what is written until `der_close`. */
static inline size_t der_open(struct writer *w, unsigned tag)
{
    number(w, 1, tag);
    return w->len;
}

static inline void der_close(struct writer *w, size_t begin)
{
    size_t len = w->len - begin;
    unsigned more = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;

    number(w, 1 + more, 0); /* there is room */
    memmove(w->at + begin + 1 + more, w->at + begin, len);
    w->len = begin;
    number(w, 1, more ? 0x80 | more : len);
    number(w, more, len);
    w->len += len;
}

static inline void der_put(struct writer *w, unsigned tag, struct span body)
{
    size_t begin = der_open(w, tag);
    put(w, body);
    der_close(w, begin);
}

/* An attribute of a Name (RFC 5280 §4.1.2.4), in a set of its own; `id`: the last octet of 2.5.4. */
static inline void der_attribute(struct writer *w, unsigned id, unsigned tag, struct span value)
{
    uint8_t oid[] = {0x55, 0x04, (uint8_t)id};
    size_t set = der_open(w, 0x31), attribute = der_open(w, 0x30);

    der_put(w, 6, span_of(oid, 3));
    der_put(w, tag, value);
    der_close(w, attribute);
    der_close(w, set);
}

/* An extension (§4.1.2.9) that is critical; `id`: the last octet of 2.5.29. */
static inline void der_extension(struct writer *w, unsigned id, struct span value)
{
    uint8_t oid[] = {0x55, 0x1d, (uint8_t)id};
    size_t extension = der_open(w, 0x30);

    der_put(w, 6, span_of(oid, 3));
    der_put(w, 1, BYTES("\xff"));
    der_put(w, 4, value);
    der_close(w, extension);
}

/* A certificate (§4.1) with these attributes and extensions; without extensions it is one of version 1. Its
 * key and its signature are none. */
static inline void der_certificate(struct writer *w, struct span subject, struct span extensions)
{
    static const char algorithm[] = "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    static const char validity[] = "\x17\x0d"
                                   "210718100000Z"
                                   "\x17\x0d"
                                   "310718100000Z";
    size_t certificate = der_open(w, 0x30), tbs = der_open(w, 0x30);

    if (extensions.len > 0)
        der_put(w, 0xa0, BYTES("\x02\x01\x02"));
    der_put(w, 2, BYTES("\x01"));
    der_put(w, 0x30, BYTES(algorithm));
    der_put(w, 0x30, span_of(NULL, 0)); /* issuer */
    der_put(w, 0x30, BYTES(validity));
    der_put(w, 0x30, subject);
    size_t key = der_open(w, 0x30);
    der_put(w, 0x30, BYTES(algorithm));
    der_put(w, 3, BYTES("\x00key"));
    der_close(w, key);
    if (extensions.len > 0) {
        size_t outer = der_open(w, 0xa3);
        der_put(w, 0x30, extensions);
        der_close(w, outer);
    }
    der_close(w, tbs);
    der_put(w, 0x30, BYTES(algorithm));
    der_put(w, 3, BYTES("\x00signature"));
    der_close(w, certificate);
}

/* A certificate for these names, NULL-terminated: the first as common name, all as dNSName. Its lengths take
 * as many octets as those of real ones. */
static inline void der_certificate_for(struct writer *w, const char *const *names)
{
    static struct writer subject, list, extensions;

    static const char policies[300];

    subject.len = list.len = extensions.len = 0;
    der_extension(&extensions, 32, BYTES(policies));
    if (names[0])
        der_attribute(&subject, 3, 0x0c, span_str(names[0]));
    size_t begin = der_open(&list, 0x30);
    for (size_t i = 0; names[i]; i++)
        der_put(&list, 0x82, span_str(names[i]));
    der_close(&list, begin);
    der_extension(&extensions, 17, written(&list));
    der_certificate(w, written(&subject), written(&extensions));
}

#endif
