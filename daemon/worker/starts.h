/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which protocol first bytes are of. Nearly all segments begin with a byte that no protocol begins with: a
 * table of all answers to a single byte, asked once, says so without a call.
 */
#ifndef BRIDLE_WORKER_STARTS_H
#define BRIDLE_WORKER_STARTS_H

#include "packet/packet.h"
#include "proto/proto.h"
#include "worker/shm.h"

struct starts {
    /* By first byte, a bit for each protocol that may begin so: on any port, and on one of its own. */
    uint16_t tcp_any[256], tcp_named[256];
};

_Static_assert(WORKER_PROTOS_MAX <= 16, "a bit for each protocol");

void starts_init(struct starts *s);
/* Whether one of the packet's ports is set for protocol `proto`. */
bool starts_named(const struct worker_config *config, unsigned proto, const struct packet *p);
/* Which protocol a stream's first bytes (at least one) may be of; the surest wins. */
enum proto_starts starts_tcp(const struct starts *s, struct span first, const struct worker_config *config,
                             const struct packet *p, unsigned *ret);
/* The protocols that a datagram may be of, as bits; `any`: as if it were on the ports of each. */
uint16_t starts_udp(const struct worker_config *config, const struct packet *p, bool any);

#endif
