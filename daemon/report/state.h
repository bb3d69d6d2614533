/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open incidents on disk, so that a restart does not alert again: one tab-separated line each, preceded by
 * the lines of the indicators that they speak of. Replaced as a whole, never changed in place.
 */
#ifndef BRIDLE_REPORT_STATE_H
#define BRIDLE_REPORT_STATE_H

#include "report/incident.h"

/* Writes DIR/incidents. `offset_ns` is what the reporter's clock is ahead of wall time. 0 or negative errno;
 * on failure the old file stays. */
int state_save(struct incidents *s, const char *dir, uint64_t offset_ns);
/* Makes the folder if it is missing (0700) and reads what is there into `s`, which is empty. Damaged lines
 * are skipped and logged. 0, also when there is no file yet, or negative errno. */
int state_load(struct incidents *s, const char *dir);

#endif
