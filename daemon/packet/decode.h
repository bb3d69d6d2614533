/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the link layer down to the payload of TCP or UDP. A loop over layers: each layer is one function that
 * reads its header through the cursor, notes what it found in the packet and names the next layer; adding a
 * link type, a shim or a tunnel is one function and one row in decode.c.
 */
#ifndef BRIDLE_PACKET_DECODE_H
#define BRIDLE_PACKET_DECODE_H

#include "base/counters.h"
#include "packet/packet.h"

struct defrag; /* packet/defrag.h */
struct plain;  /* packet/plain.h */

enum decode_result {
    DECODE_TCP,   /* ports, seq, ack, flags and payload are set */
    DECODE_UDP,   /* ports and payload are set */
    DECODE_OTHER, /* an IP packet of another protocol, or a TCP/UDP header cut short: addresses are set */
    /* Held until its datagram is whole; addresses are set. A first fragment that the capture cut is not held
     * but decoded as what it begins. */
    DECODE_FRAGMENT,
    DECODE_NOT_IP,
    DECODE_UNKNOWN_LINK,
    DECODE_SHORT, /* a header below IP was cut off */
    DECODE_BAD,   /* a header contradicts itself */
    DECODE_TOO_DEEP,
};

struct decoder {
    struct defrag *defrag; /* borrowed; NULL: fragments are DECODE_FRAGMENT and not held */
    uint64_t *counters;    /* borrowed: COUNTERS of them */
};

/*
 * Decodes `p`, whose capture fields are set; the rest is overwritten. Reads never pass p->captured_bytes,
 * whatever length fields say. A reassembled payload stays valid until the next call. Counts its result in
 * d->counters.
 */
enum decode_result packet_decode(struct decoder *d, struct packet *p);
/* The same, but where `ret->ip` is not NULL the packet is a plain one, and nothing of `p` is set yet: that is
 * for plain_decode(), if it is needed at all. */
enum decode_result packet_find(struct decoder *d, struct packet *p, struct plain *ret);

#endif
