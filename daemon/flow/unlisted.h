/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in DNS messages that were looked up lately and are not listed. Most questions are for the names that
 * everybody asks for, and each is repeated in its answer: they are known here by their octets in lower case,
 * before text is made of them. Here a hash decides, of 64 bits and with a secret key: whoever wants a listed
 * name taken for another has one chance in 2^50 with each name that he has looked up first.
 */
#ifndef BRIDLE_FLOW_UNLISTED_H
#define BRIDLE_FLOW_UNLISTED_H

#include <string.h>

#include "config.h"

#define UNLISTED_NAMES (BRIDLE_SMALL ? 4096u : 16384u)

struct unlisted {
    uint64_t pair[UNLISTED_NAMES / 2][2]; /* hashes, the one added last first; 0: free */
};

/* Whether the name of that hash, never 0, was added and not forgotten. Which of the two it is no processor
 * can foresee, and compilers make a branch of any other or. */
static inline bool unlisted_has(const struct unlisted *u, uint64_t hash)
{
    typedef uint64_t two __attribute__((vector_size(16)));
    two pair, want = {hash, hash};

    memcpy(&pair, u->pair[hash >> 32 & (UNLISTED_NAMES / 2 - 1)], sizeof pair);
    two same = (two)(pair == want);
    return (same[0] | same[1]) != 0;
}

static inline void unlisted_add(struct unlisted *u, uint64_t hash)
{
    uint64_t *pair = u->pair[hash >> 32 & (UNLISTED_NAMES / 2 - 1)];

    pair[1] = pair[0];
    pair[0] = hash;
}

/* Forgets all, when others are listed now. */
static inline void unlisted_forget(struct unlisted *u)
{
    memset(u, 0, sizeof *u);
}

#endif
