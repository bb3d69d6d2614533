/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading captures: one worker gets the files in their order; nothing is started again. */
#ifndef BRIDLE_SERVE_REPLAY_H
#define BRIDLE_SERVE_REPLAY_H

#include "serve/serve.h"

/* Starts the worker and hands over the first files; the loop ends when the worker has ended. 0 or -EINVAL
 * (told). */
int replay_start(struct serve *s);
/* Signal by which the worker died; 0: it did not. */
int replay_signal(const struct replay *r);
void replay_free(struct replay *r);
/* Checks a packet filter: a worker that is to read nothing tries it. 0, or -EINVAL (told). */
int replay_check_filter(struct serve *s);

#endif
