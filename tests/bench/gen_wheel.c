/* SPDX-License-Identifier: BSD-2-Clause */
/* A timing wheel over flows. What is due more than one turn ahead is looked at once a turn. */
#include "gen_wheel.h"

#include <errno.h>
#include <stdlib.h>

int wheel_init(struct wheel *w, struct flow *flows, uint32_t tick_ns)
{
    *w = (struct wheel){.flows = flows, .tick_ns = tick_ns, .ready = FLOW_NONE};
    w->slot = malloc(WHEEL_SLOTS * sizeof *w->slot);
    if (!w->slot)
        return -ENOMEM;
    memset(w->slot, 0xff, WHEEL_SLOTS * sizeof *w->slot);
    return 0;
}

void wheel_done(struct wheel *w)
{
    free(w->slot);
}

static void push(struct wheel *w, uint32_t *list, uint32_t flow)
{
    w->flows[flow].next = *list;
    *list = flow;
}

void wheel_add(struct wheel *w, uint32_t flow)
{
    uint64_t tick = w->flows[flow].due_ns / w->tick_ns;

    if (tick <= w->tick)
        tick = w->tick + 1;
    push(w, &w->slot[tick % WHEEL_SLOTS], flow);
}

/* Moves what is due in the next tick to the ready list. */
static void turn(struct wheel *w)
{
    w->tick++;
    uint32_t *slot = &w->slot[w->tick % WHEEL_SLOTS], flow = *slot;

    *slot = FLOW_NONE;
    while (flow != FLOW_NONE) {
        uint32_t next = w->flows[flow].next;
        push(w, w->flows[flow].due_ns / w->tick_ns <= w->tick ? &w->ready : slot, flow);
        flow = next;
    }
}

uint32_t wheel_next(struct wheel *w)
{
    while (w->ready == FLOW_NONE)
        turn(w);
    uint32_t flow = w->ready;
    w->ready = w->flows[flow].next;
    return flow;
}
