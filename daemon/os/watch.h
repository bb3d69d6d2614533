/* SPDX-License-Identifier: BSD-2-Clause */
/* Hearing that something happened in folders: inotify(7). What happened is found out by looking. */
#ifndef BRIDLE_OS_WATCH_H
#define BRIDLE_OS_WATCH_H

#include <stdbool.h>

/* A descriptor that becomes readable when something happens, or negative errno. */
int watch_open(void);
/* Listens to a folder: files in it that are written, come, go, are renamed; the folder itself that goes.
 * Adding one again is nothing. 0 or negative errno (-ENOSPC: there are too many). */
int watch_folder(int fd, const char *path, bool names);
/* Takes all that happened off the descriptor. True if there was something. */
bool watch_take(int fd);

#endif
