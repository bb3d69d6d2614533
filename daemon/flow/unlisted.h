/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in DNS messages that were looked up lately and are not listed. Most questions are for the names that
 * everybody asks for, and each is repeated in its answer: they are known here by their octets in lower case,
 * before text is made of them. Here a hash decides, of 64 bits and with a secret key: whoever wants a listed
 * name taken for another has one chance in 2^50 with each name that he has looked up first.
 */
#ifndef BRIDLE_FLOW_UNLISTED_H
#define BRIDLE_FLOW_UNLISTED_H

#include "base/hash.h"
#include "config.h"

#define UNLISTED_NAMES (BRIDLE_SMALL ? 2048u : 8192u)

struct unlisted {
    uint64_t turn; /* how often others were listed */
    struct unlisted_name {
        uint64_t hash; /* 0: free */
        uint64_t text_hash;
    } row[UNLISTED_NAMES];
};

/* With what key names are hashed now. */
static inline struct hash_key unlisted_key(const struct unlisted *u, const struct hash_key *key)
{
    return (struct hash_key){{key->k[1] + u->turn, key->k[0]}};
}

/* The row that is for the name of that hash. */
static inline const struct unlisted_name *unlisted_row(const struct unlisted *u, uint64_t hash)
{
    return &u->row[hash >> 32 & (UNLISTED_NAMES - 1)];
}

static inline void unlisted_add(struct unlisted *u, uint64_t hash, uint64_t text_hash)
{
    u->row[hash >> 32 & (UNLISTED_NAMES - 1)] = (struct unlisted_name){hash, text_hash};
}

/* Forgets all, when others are listed now: names have other hashes. */
static inline void unlisted_forget(struct unlisted *u)
{
    u->turn++;
}

#endif
