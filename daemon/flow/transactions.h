/* SPDX-License-Identifier: BSD-2-Clause */
/* What was asked of DNS lately: an answer that nobody asked for teaches nothing, and the outer name of an
 * encrypted hello is one that its client never asked for. Small tables that forget. */
#ifndef BRIDLE_FLOW_TRANSACTIONS_H
#define BRIDLE_FLOW_TRANSACTIONS_H

#include "config.h"
#include "flow/key.h"

#define TRANSACTIONS (BRIDLE_SMALL ? 2048u : 8192u)

struct transactions {
    struct asked {
        uint32_t digest, time_s;
    } slot[TRANSACTIONS], asker[TRANSACTIONS], name[TRANSACTIONS];
};

/* Who asked, from which port, and the id of the query. */
struct transaction {
    struct addr client;
    uint16_t port, id;
};

/* The query was sent, for the name of that hash: any that is always the same for one name. */
void transactions_asked(struct transactions *t, const struct hash_key *key, struct flow_key k,
                        const struct transaction *what, uint64_t name_hash, uint64_t now_ns);
/* True when that query (same ends, ports and id) was seen at most 30 s ago. */
bool transactions_awaited(const struct transactions *t, const struct hash_key *key, struct flow_key k,
                          uint16_t id, uint64_t now_ns);

/* True when that query was seen at most 30 s ago, whomever it was sent to: its answer may come from another
 * port or address (RFC 5452 §2.1), which no careful client believes. */
bool transactions_open(const struct transactions *t, const struct hash_key *key,
                       const struct transaction *what, uint64_t now_ns);

/* True when that client asked for the name of that hash at most an hour ago, as far as is remembered. */
bool transactions_name_asked(const struct transactions *t, const struct hash_key *key,
                             const struct addr *client, uint64_t name_hash, uint64_t now_ns);

#endif
