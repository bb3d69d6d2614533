/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of values known from earlier loads, in the state folder: the loader reads it and makes the next
 * one (intel/load_wire.h); main only keeps it, and reads nothing of it. */
#ifndef BRIDLE_SERVE_KNOWN_H
#define BRIDLE_SERVE_KNOWN_H

/* The file, or an empty one if there is none yet; negative errno. -ENOENT: there is no state folder. */
int known_open(const char *folder);
/* Puts what the loader sent (`fd`, borrowed) in its place. 0 or negative errno; -EPERM: it is not sealed, so
 * that it could still change; -EFBIG. */
int known_store(const char *folder, int fd);

#endif
