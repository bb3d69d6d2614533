/* SPDX-License-Identifier: BSD-2-Clause */
/* When to start a process again that died: at once, at most five times a minute, then after 1, 2, 4 ... 30 s,
 * until it has lived for a minute. */
#ifndef BRIDLE_SERVE_BACKOFF_H
#define BRIDLE_SERVE_BACKOFF_H

#include <stdint.h>

#define BACKOFF_AT_ONCE 5u

struct backoff {
    uint64_t at_once_ns[BACKOFF_AT_ONCE]; /* when it was last started again without delay */
    unsigned next;                        /* the oldest of them */
    unsigned step;                        /* delays given in a row */
};

/* How long to wait in ns, for a process that started at `started_ns` and died at `now_ns` (monotonic, > 0).
 */
uint64_t backoff_delay(struct backoff *b, uint64_t started_ns, uint64_t now_ns);

#endif
