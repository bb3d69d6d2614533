/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that DNS answers gave for an indicator's name, so that a connection to one is told even when it
 * shows no name. Lapsed names get new owners, and one answer with a shared address must not make everybody a
 * victim, so an entry counts for the client that asked; for others only where the asker is a resolver, and no
 * longer when many use it.
 */
#ifndef BRIDLE_FLOW_LEARNED_H
#define BRIDLE_FLOW_LEARNED_H

#include "base/addr.h"
#include "base/counters.h"
#include "base/hash.h"
#include "intel/observation.h"

#define LEARNED_STRANGERS_MAX 16
#define LEARNED_PER_IOC_MAX   64
#define LEARNED_PER_ADDR_MAX  64 /* so many are looked through for a packet */
#define LEARNED_TTL_LEAST_S   60u
#define LEARNED_TTL_MOST_S    86400u
#define LEARNED_ASKERS        256u
#define LEARNED_RESOLVER_ASKS 1000u /* names an hour: more than one person's */

struct learned {
    struct addr addr, client; /* who asked */
    uint64_t until_ns;
    uint32_t ioc;
    uint32_t next;        /* in its bucket, or among the free; UINT32_MAX: none */
    uint32_t next_of_ioc; /* among those whose indicator has the same place in `by_ioc` */
    bool used, suspended, shared;
    uint8_t strangers;
    uint32_t stranger[LEARNED_STRANGERS_MAX]; /* hashes of clients that never asked */
    uint16_t name_len;
    char name[NAME_TEXT_MAX]; /* that was asked for, to match it again after a reload */
};

struct learned_asker {
    struct addr addr;
    uint64_t since_ns;
    uint32_t asked;
    bool answers; /* it answers DNS queries of others */
};

struct learned_table {
    struct learned *slot; /* owned: mapped */
    uint32_t *bucket;     /* owned: mapped, `count` heads (a power of two) by address */
    uint32_t *by_ioc;     /* owned: mapped, as many by indicator */
    uint32_t count, in_use;
    uint32_t free, fresh; /* slots given back; the first that was never used */
    uint64_t swept_ns;    /* when room was last made by dropping what is out of date */
    uint64_t maybe[512];  /* one bit per hashed address: the quick "no" */
    struct hash_key key;
    uint64_t *counters;
    struct learned_asker asker[LEARNED_ASKERS];
};

/* `count` entries at most, rounded up to a power of two. */
int learned_init(struct learned_table *t, uint32_t count, const struct hash_key *key, uint64_t *counters);
void learned_done(struct learned_table *t);
/* Adds or refreshes; `what` has addr, client, ioc, name, shared set; the TTL is clamped. NULL at a limit
 * (counted). */
struct learned *learned_add(struct learned_table *t, const struct learned *what, uint32_t ttl_s,
                            uint64_t now_ns);
/* Quick: false means that the address was not learned. */
bool learned_maybe(const struct learned_table *t, const struct addr *a);
/* The first entry of the address that is not out of date (`after` NULL), or the next one. */
struct learned *learned_find(struct learned_table *t, const struct addr *a, uint64_t now_ns,
                             const struct learned *after);
/* A client that never asked uses the address. False when the entry is, or thereby becomes, suspended;
 * `*ret_new`: just now. */
bool learned_stranger(struct learned_table *t, struct learned *e, const struct addr *client, bool *ret_new);
/* Drops what is out of date. Call it now and then. */
void learned_expire(struct learned_table *t, uint64_t now_ns);
void learned_remove(struct learned_table *t, struct learned *e);
/* The indicator has another number in a new image. */
void learned_renumber(struct learned_table *t, struct learned *e, uint32_t ioc);

/* Who asks, and who answers: to tell a resolver from a client. */
void learned_note_query(struct learned_table *t, const struct addr *asker, uint64_t now_ns);
void learned_note_answer(struct learned_table *t, const struct addr *server, uint64_t now_ns);
bool learned_is_resolver(const struct learned_table *t, const struct addr *asker);

#endif
