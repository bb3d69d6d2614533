/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates of TLS up to 1.2 (RFC 5246 §7.4.2), which pass in clear; those of TLS 1.3 do not. */
#ifndef BRIDLE_PROTO_TLS_SERVER_H
#define BRIDLE_PROTO_TLS_SERVER_H

#include "proto/proto.h"

enum { TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };

/*
 * Whether handshake bytes at the start of a record of `record_bytes` begin a Certificate message: its lengths
 * nest, and DER follows.
 */
enum proto_starts tls_certificate_starts(struct span first, uint32_t record_bytes);

/*
 * Records that begin with a ServerHello or a Certificate message: tells what the first certificate says, as
 * VIA_CERT_NAME; with p->digests each of them as VIA_CERT. The messages up to the end of Certificate are one.
 */
enum parse_result tls_server(struct parse *p);

#endif
