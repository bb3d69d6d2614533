/* SPDX-License-Identifier: BSD-2-Clause */
/* When each flow sends its next packet: a timing wheel, whose cost does not grow with the number of flows. */
#ifndef BRIDLE_BENCH_GEN_WHEEL_H
#define BRIDLE_BENCH_GEN_WHEEL_H

#include "gen_flow.h"

#define WHEEL_SLOTS (1u << 17)

struct wheel {
    struct flow *flows; /* borrowed */
    uint32_t *slot;     /* owned: the first flow of each, or FLOW_NONE */
    uint64_t tick;      /* the one that is emptied now */
    uint32_t tick_ns;
    uint32_t ready; /* list of flows of this tick */
};

/* 0 or -ENOMEM. */
int wheel_init(struct wheel *w, struct flow *flows, uint32_t tick_ns);
void wheel_done(struct wheel *w);
/* The flow is given out again in the tick of its `due_ns`, or as soon as can be. */
void wheel_add(struct wheel *w, uint32_t flow);
/* The next flow. There is at least one. */
uint32_t wheel_next(struct wheel *w);

#endif
