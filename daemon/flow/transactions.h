/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS queries whose answer is awaited: an answer that nobody asked for teaches nothing. A small table that
 * forgets. */
#ifndef BRIDLE_FLOW_TRANSACTIONS_H
#define BRIDLE_FLOW_TRANSACTIONS_H

#include "flow/key.h"

#define TRANSACTIONS 2048u

struct transactions {
    struct {
        uint32_t digest, time_s;
    } slot[TRANSACTIONS];
};

void transactions_asked(struct transactions *t, const struct hash_key *key, struct flow_key k, uint16_t id,
                        uint64_t now_ns);
/* True when that query (same ends, ports and id) was seen at most 30 s ago. */
bool transactions_awaited(const struct transactions *t, const struct hash_key *key, struct flow_key k,
                          uint16_t id, uint64_t now_ns);

#endif
