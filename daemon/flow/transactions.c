/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS queries whose answer is awaited. */
#include "flow/transactions.h"

#define WAIT_S 30u

static uint64_t hash_of(const struct hash_key *key, struct flow_key k, uint16_t id)
{
    return hash_word(key, k.hash, 0x10000u | id);
}

void transactions_asked(struct transactions *t, const struct hash_key *key, struct flow_key k, uint16_t id,
                        uint64_t now_ns)
{
    uint64_t h = hash_of(key, k, id);
    unsigned i = (unsigned)h & (TRANSACTIONS - 1);

    t->slot[i].digest = (uint32_t)(h >> 32) | 1;
    t->slot[i].time_s = (uint32_t)(now_ns / 1000000000u);
}

bool transactions_awaited(const struct transactions *t, const struct hash_key *key, struct flow_key k,
                          uint16_t id, uint64_t now_ns)
{
    uint64_t h = hash_of(key, k, id);
    unsigned i = (unsigned)h & (TRANSACTIONS - 1);

    return t->slot[i].digest == ((uint32_t)(h >> 32) | 1) &&
           (uint32_t)(now_ns / 1000000000u) + WAIT_S - t->slot[i].time_s <=
               2 * WAIT_S; /* files may run backwards a little */
}
