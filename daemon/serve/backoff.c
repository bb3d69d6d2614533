/* SPDX-License-Identifier: BSD-2-Clause */
/* When to start a process again that died. */
#include "serve/backoff.h"

#define SECOND  1000000000ull
#define MINUTE  (60 * SECOND)
#define LONGEST (30 * SECOND)

uint64_t backoff_delay(struct backoff *b, uint64_t started_ns, uint64_t now_ns)
{
    uint64_t *oldest = &b->at_once_ns[b->next];

    if (now_ns - started_ns >= MINUTE)
        b->step = 0;
    if (b->step == 0 && (*oldest == 0 || now_ns - *oldest >= MINUTE)) {
        *oldest = now_ns;
        b->next = (b->next + 1) % BACKOFF_AT_ONCE;
        return 0;
    }
    uint64_t delay = SECOND << (b->step < 5 ? b->step : 5);
    b->step++;
    return delay < LONGEST ? delay : LONGEST;
}
