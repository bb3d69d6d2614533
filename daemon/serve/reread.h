/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the configuration again, for what can change while the daemon runs: what is loaded. */
#ifndef BRIDLE_SERVE_REREAD_H
#define BRIDLE_SERVE_REREAD_H

#include "serve/serve.h"

/* Takes [rules], [source NAME] and the limits of a load into `s->settings`, and makes `paths` of them. 1:
 * done; 0: there is no file, or we may not read it any more; -EINVAL, told to `problem`: the settings and
 * `paths` are as they were; -ENOMEM. */
int reread_settings(struct serve *s, struct load_paths *paths, conf_problem_fn problem, void *ctx);

#endif
