/* SPDX-License-Identifier: BSD-2-Clause */
/* The two families of messages that lead to TLS in the same stream: lines and tags of text, and binary ones.
 */
#ifndef BRIDLE_PROTO_STARTTLS_H
#define BRIDLE_PROTO_STARTTLS_H

#include "proto/proto.h"

/* Where a message of text ends. */
enum starttls_text {
    STARTTLS_LINE,     /* at the end of its line */
    STARTTLS_REPLY,    /* behind the first line that has its code and no hyphen: RFC 5321 §4.2.1 */
    STARTTLS_LIST,     /* behind a line with nothing but a dot: RFC 3977 §3.1.1 */
    STARTTLS_OPENING,  /* behind <stream:stream ...>: RFC 6120 §4.7 */
    STARTTLS_TAG,      /* behind the tag */
    STARTTLS_FEATURES, /* behind </stream:features>: RFC 6120 §4.3.2 */
};

/* Whether a message of text begins here, and with STARTS_YES, how it ends. */
enum proto_starts starttls_text_starts(struct span first, enum starttls_text *ret);
/*
 * Finds the end of one that does. PARSE_NEXT: it has `*ret_bytes`. PARSE_MORE: at least so many are needed.
 * PARSE_NOT: it is none, or too long.
 */
enum parse_result starttls_text_end(struct span bytes, enum starttls_text text, uint32_t *ret_bytes);

/* Whether a binary message begins here, and with STARTS_YES, of how many bytes. */
enum proto_starts starttls_binary_starts(struct span first, uint32_t *ret_bytes);

#endif
