/* SPDX-License-Identifier: BSD-2-Clause */
/* What main does by the clock while it watches: hung workers, lost packets, due summaries, statistics. */
#ifndef BRIDLE_SERVE_LIVE_TICK_H
#define BRIDLE_SERVE_LIVE_TICK_H

#include "serve/serve.h"

struct live_tick;

/* Starts the timers. 0 or -ENOMEM. */
int live_tick_new(struct serve *s, struct live_tick **ret);
void live_tick_free(struct live_tick *t);

#endif
