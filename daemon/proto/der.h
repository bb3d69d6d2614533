/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Elements of DER (ITU-T X.690 §8.1), read through the cursor. Longer forms of a length than need be are
 * read, as OpenSSL does; indefinite lengths, which DER forbids (§10.1), are not.
 */
#ifndef BRIDLE_PROTO_DER_H
#define BRIDLE_PROTO_DER_H

#include "base/cursor.h"

/* Identifier octets (§8.1.2). */
enum der_tag {
    DER_INTEGER = 0x02,
    DER_BOOLEAN = 0x01,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONSTRUCTED = 0x20, /* a bit of the octet */
    DER_CONTEXT = 0x80,     /* class of the tags that a type defines for itself */
};

struct der {
    uint8_t tag;     /* identifier octet */
    struct cur body; /* contents; some may not be there yet */
};

/* Reads an element; `c` moves behind it. Errors are those of `c`, and the body has them, too. */
struct der der_read(struct cur *c);
/* The contents of the next element, which must have this identifier octet. */
struct cur der_enter(struct cur *c, uint8_t tag);
/* The identifier octet of the next element; 0: there is none, or it is not there. */
uint8_t der_next(const struct cur *c);

#endif
