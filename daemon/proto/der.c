/* SPDX-License-Identifier: BSD-2-Clause */
/* Elements of DER: ITU-T X.690 §8.1. */
#include "proto/der.h"

#define TAG_NUMBER_LONG 0x1f /* the number follows in octets of its own, §8.1.2.4: no such tag in X.509 */
#define LENGTH_MAX      0xffffffu

/* §8.1.3 */
static inline uint32_t read_length(struct cur *c)
{
    uint32_t octets = cur_u8(c), length = 0;

    if (octets < 0x80)
        return octets;
    if (octets == 0x80) /* indefinite, §8.1.3.6 */
        cur_fail(c);
    for (octets &= 0x7f; octets > 0 && cur_ok(c); octets--) {
        length = length << 8 | cur_u8(c);
        if (length > LENGTH_MAX)
            cur_fail(c);
    }
    return length;
}

/* Here on a copy of the cursor, which the compiler keeps out of memory. */
static inline struct der read_element(struct cur *c)
{
    struct cur at = *c;
    struct der d = {.tag = cur_u8(&at)};

    if ((d.tag & TAG_NUMBER_LONG) == TAG_NUMBER_LONG)
        cur_fail(&at);
    uint32_t length = read_length(&at);
    d.body = cur_child(&at, length);
    *c = at;
    return d;
}

struct der der_read(struct cur *c)
{
    return read_element(c);
}

struct cur der_enter(struct cur *c, uint8_t tag)
{
    struct der d = read_element(c);

    if (cur_ok(c) && d.tag != tag) {
        cur_fail(c);
        cur_fail(&d.body);
    }
    return d.body;
}

uint8_t der_next(const struct cur *c)
{
    struct cur copy = *c;

    return cur_u8(&copy);
}
