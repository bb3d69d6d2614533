/* SPDX-License-Identifier: BSD-2-Clause */
/* What was asked of DNS lately. */
#include "flow/transactions.h"

#define ANSWER_S 30u
#define NAME_S   3600u

static void remember(struct asked *table, uint64_t h, uint64_t now_ns)
{
    struct asked *slot = &table[h & (TRANSACTIONS - 1)];

    slot->digest = (uint32_t)(h >> 32) | 1;
    slot->time_s = (uint32_t)(now_ns / 1000000000u);
}

/* Files may run backwards a little: a query may seem to come after its answer. */
static bool remembered(const struct asked *table, uint64_t h, uint64_t now_ns, uint32_t most_s)
{
    const struct asked *slot = &table[h & (TRANSACTIONS - 1)];

    return slot->digest == ((uint32_t)(h >> 32) | 1) &&
           (uint32_t)(now_ns / 1000000000u) + ANSWER_S - slot->time_s <= most_s + ANSWER_S;
}

static uint64_t hash_of(const struct hash_key *key, struct flow_key k, uint16_t id)
{
    return hash_word(key, k.hash, 0x10000u | id);
}

static uint64_t hash_of_client(const struct hash_key *key, const struct addr *client)
{
    return hash_word(key, hash_word(key, key->k[0], client->w[0]), client->w[1]);
}

static uint64_t hash_of_asker(const struct hash_key *key, uint64_t client, const struct transaction *what)
{
    return hash_word(key, client, (uint64_t)what->port << 16 | what->id);
}

void transactions_asked(struct transactions *t, const struct hash_key *key, struct flow_key k,
                        const struct transaction *what, uint64_t name_hash, uint64_t now_ns)
{
    uint64_t client = hash_of_client(key, &what->client);

    remember(t->slot, hash_of(key, k, what->id), now_ns);
    remember(t->asker, hash_of_asker(key, client, what), now_ns);
    remember(t->name, hash_word(key, client, name_hash), now_ns);
}

bool transactions_open(const struct transactions *t, const struct hash_key *key,
                       const struct transaction *what, uint64_t now_ns)
{
    return remembered(t->asker, hash_of_asker(key, hash_of_client(key, &what->client), what), now_ns,
                      ANSWER_S);
}

bool transactions_awaited(const struct transactions *t, const struct hash_key *key, struct flow_key k,
                          uint16_t id, uint64_t now_ns)
{
    return remembered(t->slot, hash_of(key, k, id), now_ns, ANSWER_S);
}

bool transactions_name_asked(const struct transactions *t, const struct hash_key *key,
                             const struct addr *client, uint64_t name_hash, uint64_t now_ns)
{
    return remembered(t->name, hash_word(key, hash_of_client(key, client), name_hash), now_ns, NAME_S);
}
