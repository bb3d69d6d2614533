/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ClientHello (RFC 8446 §4.1.2), which TLS, DTLS and QUIC carry each in its own way: the names in it, its
 * ALPN and whether there is an Encrypted ClientHello, and as a costly attribute its fingerprints. Whether an
 * Encrypted ClientHello is real or GREASE (RFC 9849 §6.2) cannot be told from it: that is what GREASE is for.
 */
#ifndef BRIDLE_PROTO_HELLO_H
#define BRIDLE_PROTO_HELLO_H

#include "proto/proto.h"

#define HELLO_HEADER_BYTES 4u /* type and 24-bit length: RFC 8446 §4 */
/* The longest body that the vectors of a ClientHello allow, with DTLS's cookie. */
#define HELLO_MAX (2u + 32 + 1 + 32 + 1 + 255 + 2 + 65534 + 1 + 255 + 2 + 65535)

enum { HELLO_CLIENT = 1 };

/*
 * Tells what the ClientHello says, as observations of `via`, which also says whether it has DTLS's cookie.
 * `message` begins with the handshake header and is `whole` bytes long on the wire, of which some may not be
 * there. `broken`: what came instead of the rest does not belong to it. PARSE_DONE, PARSE_CUT or PARSE_BAD;
 * whatever could be read was emitted. Only a hello that is whole and well-formed has fingerprints. Counts.
 */
enum parse_result hello_parse(struct parse *p, enum via via, struct span message, uint32_t whole,
                              bool broken);

/* The same for a stream of handshake bytes without records (QUIC: RFC 9001 §4; DTLS), p->bytes; PARSE_MORE,
 * too. */
enum parse_result hello_handshake(struct parse *p, enum via via);

#endif
