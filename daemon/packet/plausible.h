/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a TCP segment is one that its receiver takes: what hides from sensors often is not. */
#ifndef BRIDLE_PACKET_PLAUSIBLE_H
#define BRIDLE_PACKET_PLAUSIBLE_H

#include "packet/packet.h"

/*
 * False when the receiver drops the segment whatever it holds: its checksum is wrong (RFC 9293 §3.1), it has
 * data but neither SYN nor ACK, or carries a signature (RFC 2385) as no web server does. Beware: cards that
 * compute checksums, or join segments, make the segments of the capturing host itself look wrong. True when
 * it cannot be told.
 */
bool packet_plausible(const struct packet *p);

#endif
