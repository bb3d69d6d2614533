/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments that came before the start of their stream when the opening was not seen: a few are kept for a
 * moment, because the segment before them may be the beginning of a hello. A ring; the oldest is overwritten,
 * and counted when nobody wanted it.
 */
#ifndef BRIDLE_FLOW_ORPHAN_H
#define BRIDLE_FLOW_ORPHAN_H

#include "base/counters.h"
#include "flow/key.h"

#define ORPHANS          32u
#define ORPHAN_BYTES_MAX 2048u

struct orphan {
    struct flow_key key;
    uint64_t kept_ns;
    uint32_t seq, len;
    bool used, judged, plausible; /* `judged`: whether it is plausible was asked */
    uint8_t ttl;
    uint8_t bytes[ORPHAN_BYTES_MAX];
};

struct orphans {
    struct orphan orphan[ORPHANS];
    uint32_t next;
};

/* Keeps a copy if it fits; `judge`: asks packet_plausible(), which is dear. */
void orphans_keep(struct orphans *o, struct flow_key key, const struct packet *p, bool judge, uint64_t now_ns,
                  uint64_t *counters);
/* The next orphan of this direction that is at most a second old, taken out of the ring (valid until the next
 * orphans_keep), or NULL. */
struct orphan *orphans_take(struct orphans *o, struct flow_key key, uint64_t now_ns);

#endif
