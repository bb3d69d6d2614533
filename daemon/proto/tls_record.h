/* SPDX-License-Identifier: BSD-2-Clause */
/* Joins what TLS records carry (RFC 8446 §5.1; RFC 5246 §6.2.1), so that a handshake message can be read as
 * if it had not been fragmented. */
#ifndef BRIDLE_PROTO_TLS_RECORD_H
#define BRIDLE_PROTO_TLS_RECORD_H

#include "proto/proto.h"

#define TLS_RECORD_HEADER_BYTES 5u
#define TLS_RECORD_MAX          (16384u + 2048u) /* RFC 5246 §6.2.3: 2^14 and what protection may add */

enum tls_content { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22 };

/*
 * The first `want` (at most PARSE_JOIN_MAX) bytes of handshake at the start of p->bytes, or those that are
 * there: where they lie when one record holds them, else copied to the scratch space. PARSE_DONE: all of
 * them. PARSE_MORE: p->need is set. PARSE_BAD: a record of another kind, or no record, comes before the last
 * of them.
 */
enum parse_result tls_join(struct parse *p, uint32_t want, struct span *ret);

#endif
