/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules in use: the first load, which must succeed, and reloads beside the work, which may fail. */
#ifndef BRIDLE_SERVE_RULES_H
#define BRIDLE_SERVE_RULES_H

#include "serve/serve.h"

/* Loads the rules and makes them the first generation; waits. 0, or -EINVAL (told). */
int rules_start(struct serve *s);
void rules_free(struct rules *r);

enum rules_how {
    RULES_TAKE_SHRUNK = 1, /* also lists that have fewer than half of the entries that they had */
    RULES_REREAD = 2,      /* the configuration, too: what it says of rules and sources */
};

/* What became of a reload; `text` is for people, several lines. Not good: what the files say now is not in
 * force, or not all of it. */
typedef void (*rules_done_fn)(void *ctx, bool good, const char *text);

/*
 * Starts a reload; the answer comes when all workers use what was loaded. Requests that come while one runs
 * are answered by one more that follows it, for the files may have changed since it began. `take_shrunk`:
 * also lists that have fewer than half of the entries that they had. `done` may be NULL. -EBUSY when too many
 * wait.
 */
int rules_reload(struct serve *s, unsigned how, rules_done_fn done, void *ctx);
/* Once a second: a compiled image that was cut or overwritten in place is told and loaded anew; so are the
 * rules when an exception ends. */
void rules_watch(struct serve *s);
/* Forgets who waits with this context. */
void rules_forget(struct rules *r, const void *ctx);

/* For `status`. */
struct rules_state {
    uint64_t problems, files, failures; /* failures: reloads that left the old rules in use */
    bool loading;
    uint64_t bytes, bytes_of, entries; /* while loading: how far it is */
    char progress[96];                 /* the same for people */
    uint64_t kept;                     /* lists of which the old entries stay in force */
};
struct rules_state rules_state(const struct rules *r);

#define RULES_KEPT_MAX 16

/* A list that shrank by more than half, or cannot be read any more. */
struct rules_kept {
    char path[256];
    uint64_t now, before; /* its entries */
};
/* The first of them; `number` from 0. NULL: no more are named. */
const struct rules_kept *rules_kept(const struct rules *r, unsigned number);

#endif
