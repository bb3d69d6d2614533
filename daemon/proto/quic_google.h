/* SPDX-License-Identifier: BSD-2-Clause */
/* Google's QUIC from before the IETF's, and the handshake without TLS that it used: QUIC Crypto. */
#ifndef BRIDLE_PROTO_QUIC_GOOGLE_H
#define BRIDLE_PROTO_QUIC_GOOGLE_H

#include "proto/proto.h"

/* Whether a handshake begins like a client's hello of QUIC Crypto, as far as it is there. */
bool google_starts(struct span handshake);
/* Tells the server name of that hello, p->bytes; counts like a ClientHello. */
enum parse_result google_handshake(struct parse *p);

#endif
