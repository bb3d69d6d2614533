/* SPDX-License-Identifier: BSD-2-Clause */
/* What the next load is to know of those before a restart, in the state folder: the file of known values,
 * which the loader reads and makes (intel/load_wire.h), and the image that was in use last. Main only keeps
 * both, and reads nothing of them. */
#ifndef BRIDLE_SERVE_KNOWN_H
#define BRIDLE_SERVE_KNOWN_H

/* The file of values, or an empty one if there is none yet; negative errno. -ENOENT: there is no state
 * folder. */
int known_open(const char *folder);
/* A new file, for the loader to write what is known next, or negative errno. */
int known_begin(const char *folder);
/* It is whole, and takes the place of the one before. The loader may still write into it, but whatever is in
 * there only a loader ever reads. 0 or negative errno; -EFBIG: it is too large to be kept. */
int known_take(const char *folder);
/* Ends what known_begin began, whether it was taken or not. */
void known_end(const char *folder);
/* The image that was in use last, or negative errno: nobody has looked at what is in it. */
int known_image(const char *folder);
/* Puts the image in use (`fd`, borrowed, sealed) in its place. One so large that main would stand still while
 * it is copied is not kept, nor the one before it: -EFBIG. 0 or negative errno. */
int known_store_image(const char *folder, int fd);

#endif
