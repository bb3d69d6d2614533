/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names in a certificate (RFC 5280): the common names of its subject (§4.1.2.6) that could be host names,
 * and the dNSNames and iPAddresses of subjectAltName (§4.2.1.6).
 */
#ifndef BRIDLE_PROTO_X509_H
#define BRIDLE_PROTO_X509_H

#include "proto/proto.h"

/* No more of one certificate are told: 64 KiB have room for twenty thousand. */
#define X509_NAMES_MAX 4096u

/*
 * Tells the names in order of appearance, each value once, as observations that are otherwise `like` this
 * one. `certificate` holds the DER encoding, of which some may not be there. A name twice among many hundreds
 * may be told twice. PARSE_DONE; PARSE_CUT: some is not there; PARSE_BAD: malformed, or too many names:
 * whatever could be read was told.
 */
enum parse_result x509_names(struct parse *p, struct cur certificate, const struct observation *like);

#endif
