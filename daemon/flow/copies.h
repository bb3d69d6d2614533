/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that a mirror port delivers twice (once received, once sent; or on two VLANs). A copy has the same
 * IP identification, ports, sequence numbers, length and checksum within a few milliseconds. A copy is only
 * marked, never skipped: whoever forges one gains nothing but a count.
 */
#ifndef BRIDLE_FLOW_COPIES_H
#define BRIDLE_FLOW_COPIES_H

#include "flow/key.h"

#define COPIES_SLOTS 1024u

struct copies {
    struct {
        uint32_t digest;
        uint32_t time_ms;
    } slot[COPIES_SLOTS];
};

/* True when the same packet of this flow was seen at most 20 ms ago; remembers it. */
bool copies_seen(struct copies *c, const struct hash_key *key, struct flow_key k, const struct packet *p);

#endif
