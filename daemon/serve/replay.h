/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading captures: one worker gets the files in their order, or each file has a worker of its own; nothing
 * is started again. */
#ifndef BRIDLE_SERVE_REPLAY_H
#define BRIDLE_SERVE_REPLAY_H

#include "serve/serve.h"

/* Starts workers and hands over the first files; the loop ends when all have ended. 0 or -EINVAL (told). */
int replay_start(struct serve *s);
/* Signal by which a worker died, of several the first in the order of files; 0: none did. */
int replay_signal(const struct replay *r);
void replay_free(struct replay *r);
/* Checks a packet filter: a worker that is to read nothing tries it. 0, or -EINVAL (told). */
int replay_check_filter(struct serve *s);

#endif
