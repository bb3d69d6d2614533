/* SPDX-License-Identifier: BSD-2-Clause */
/* Watching interfaces: which ones, their workers, their coming and going, and the supervision of workers. */
#ifndef BRIDLE_SERVE_LIVE_H
#define BRIDLE_SERVE_LIVE_H

#include "serve/serve.h"

#define LIVE_INTERFACES_MAX 64

struct live_interface {
    char name[CAPTURE_NAME_MAX];
    bool wanted; /* named, or chosen by `auto` */
    bool down;   /* gone or down: waits until it comes back */
    uint16_t fanout;
    uint32_t said; /* a bit for each notice that is said once */
};

/* Before privileges are dropped: what needs them besides the capture itself. 0 or -EINVAL (told). */
int live_prepare(struct serve *s);
/* Starts the workers and waits until each has opened its capture, or its interface is away. 0, or -EINVAL
 * (told). */
int live_start(struct serve *s);
void live_free(struct live *l);

const char *live_interface(const struct live *l, uint32_t number);
/* For `status`: the interface of that number, or NULL past the last; and why these. */
const struct live_interface *live_interface_at(const struct live *l, unsigned number);
const char *live_reason(const struct live *l);

#endif
