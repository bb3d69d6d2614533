/* SPDX-License-Identifier: BSD-2-Clause */
/* From the settings to what a worker is told. */
#ifndef BRIDLE_SERVE_WORKER_SETTINGS_H
#define BRIDLE_SERVE_WORKER_SETTINGS_H

#include "report/settings.h"
#include "worker/shm.h"

/*
 * Fills all but the interface's own fields (name, source, fanout, workers). The hash key is random live and
 * fixed in replay, so that two runs are the same. 0 or negative errno (no random bytes).
 */
int worker_settings(const struct settings *s, bool live, struct worker_config *ret);
/* `network.home` as prefixes; `auto`: this machine's own, in replay the private ranges. Returns how many. */
unsigned worker_settings_home(const struct settings *s, bool live, struct prefix ret[WORKER_HOME_MAX]);

#endif
