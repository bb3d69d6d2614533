/* SPDX-License-Identifier: BSD-2-Clause */
/* The constants of HPACK: RFC 7541, Appendix A (static table) and Appendix B (Huffman code). */
#ifndef BRIDLE_PROTO_HPACK_TABLES_H
#define BRIDLE_PROTO_HPACK_TABLES_H

#include <stdint.h>

#define HPACK_STATIC          61u
#define HPACK_HUFFMAN_BITS    30u
#define HPACK_HUFFMAN_SYMBOLS 257u
#define HPACK_EOS             256u /* the last symbol: in a string it is an error (§5.2) */

struct hpack_constant {
    const char *name, *value;
};

extern const struct hpack_constant hpack_static[HPACK_STATIC]; /* from index 1 on */

/*
 * The code is canonical: codes of one length are consecutive numbers, in the order of their symbols, and the
 * first of a length follows the last of the one before. So the lengths alone define it.
 */
extern const uint8_t hpack_huffman_codes[HPACK_HUFFMAN_BITS + 1];   /* how many codes have so many bits */
extern const uint16_t hpack_huffman_symbols[HPACK_HUFFMAN_SYMBOLS]; /* in the order of their codes */

#endif
