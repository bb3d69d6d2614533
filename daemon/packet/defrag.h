/* SPDX-License-Identifier: BSD-2-Clause */
/* Reassembly of IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) fragments in a fixed amount of memory. */
#ifndef BRIDLE_PACKET_DEFRAG_H
#define BRIDLE_PACKET_DEFRAG_H

#include "base/addr.h"
#include "base/counters.h"

struct defrag;

/* One fragment: the payload of its IP header (and of its Fragment header). */
struct fragment {
    uint64_t ts_ns;
    struct addr src, dst;
    uint64_t path;   /* tells apart what VLANs and tunnels carry; inner never mixes with outer */
    uint32_t id;     /* identification */
    uint8_t proto;   /* protocol, or next header of the first fragment */
    uint32_t offset; /* bytes */
    bool more;
    struct span bytes; /* borrowed */
};

/* `datagrams` are held at most, each of at most `bytes_max` bytes; nothing is allocated later. NULL: out of
 * memory. */
struct defrag *defrag_new(unsigned datagrams, uint32_t bytes_max, uint64_t timeout_ns, uint64_t *counters);
void defrag_free(struct defrag *d);
/*
 * Takes a fragment. True when its datagram is whole: `ret` is then its payload, valid until the next call,
 * and `ret_proto` the protocol of the first fragment. Where fragments overlap and disagree, the bytes that
 * came first are kept and the datagram is counted as a contradiction but still delivered.
 */
bool defrag_add(struct defrag *d, const struct fragment *f, struct span *ret, uint8_t *ret_proto);

#endif
