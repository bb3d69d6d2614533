/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting our own executables: opened once at start, run by descriptor, so an upgrade on disk never mixes
 * versions. */
#ifndef BRIDLE_OS_SPAWN_H
#define BRIDLE_OS_SPAWN_H

#include <sys/types.h>

/* Most descriptors that spawn_run hands over. */
#define SPAWN_FDS_MAX 8

/* Finds `name` ("bridle-worker", "bridle-loader") beside our own executable, in the build tree, or in
 * libexec; opens it. Descriptor or negative errno. */
int spawn_open(const char *name);
/*
 * Starts it: the child gets descriptors 0 (/dev/null), 1 and 2 (ours), and fds[0…] as 3, 4, …; everything
 * else is closed; signals and mask are reset, but those that end or reload us are ignored: they often go to
 * all processes at once, and the child's end is ours to order; it dies with us (PR_SET_PDEATHSIG). `count` is
 * at most SPAWN_FDS_MAX. Pid, or negative errno also when the exec itself failed.
 */
pid_t spawn_run(int exe, char *const argv[], const int *fds, int count);

#endif
