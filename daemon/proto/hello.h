/* SPDX-License-Identifier: BSD-2-Clause */
/* A ClientHello (RFC 8446 §4.1.2), which TLS, DTLS and QUIC carry each in its own way. */
#ifndef BRIDLE_PROTO_HELLO_H
#define BRIDLE_PROTO_HELLO_H

#include "proto/proto.h"

#define HELLO_HEADER_BYTES 4u /* type and 24-bit length: RFC 8446 §4 */
/* The longest body that the vectors of a ClientHello allow. */
#define HELLO_MAX (2u + 32 + 1 + 32 + 2 + 65534 + 1 + 255 + 2 + 65535)

enum { HELLO_CLIENT = 1 };

/*
 * Tells what the ClientHello says, as observations of `via`. `message` begins with the handshake header and
 * is `whole` bytes long on the wire, of which some may not be there. `broken`: what came instead of the rest
 * does not belong to it. PARSE_DONE, PARSE_CUT or PARSE_BAD; whatever could be read was emitted. Counts.
 */
enum parse_result hello_parse(struct parse *p, enum via via, struct span message, uint32_t whole,
                              bool broken);

/* The same for a stream of handshake bytes without records (QUIC: RFC 9001 §4), p->bytes; PARSE_MORE, too. */
enum parse_result hello_handshake(struct parse *p, enum via via);

#endif
