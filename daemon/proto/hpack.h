/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first header block of an HTTP/2 connection, field by field (HPACK, RFC 7541). Nothing is copied: the
 * dynamic table holds references into the block, and a string is decoded only when somebody asks for it.
 */
#ifndef BRIDLE_PROTO_HPACK_H
#define BRIDLE_PROTO_HPACK_H

#include "base/cursor.h"

/* What a client may rely on before it has heard from the server (RFC 9113 §6.5.2), and how many entries fit
 * (RFC 7541 §4.1). */
#define HPACK_TABLE_BYTES 4096u
#define HPACK_ENTRIES_MAX (HPACK_TABLE_BYTES / 32)

struct hpack_string {
    struct span raw; /* borrowed */
    uint32_t len;    /* of it decoded: known once, for a block may refer to it thousands of times */
    bool huffman;
};

struct hpack_field {
    struct hpack_string name, value;
};

struct hpack {
    struct cur c; /* when there is no next field: whether the block ended there, and how */
    struct {
        struct hpack_field field;
        uint32_t bytes;
    } entry[HPACK_ENTRIES_MAX]; /* a ring */
    unsigned newest, entries;
    uint32_t bytes, bytes_max; /* of the dynamic table */
    bool begun;                /* a field was read: no more size updates (§4.2) */
};

/* `block` from the first byte; not an object on the heap, about 6 KiB. */
void hpack_begin(struct hpack *h, struct cur block);
/* The next field. False: there is none, h->c says why. */
bool hpack_next(struct hpack *h, struct hpack_field *ret);
/* The string decoded, in `buf` if it was coded. Empty when it is, when it does not fit, or when the coding is
 * wrong, which hpack_next has found before. */
struct span hpack_text(struct hpack_string s, uint8_t *buf, size_t cap);

#endif
