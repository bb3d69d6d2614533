/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the loader to its end, as the daemon would. */
#ifndef BRIDLE_CTL_RUN_LOAD_H
#define BRIDLE_CTL_RUN_LOAD_H

#include "serve/load.h"

/*
 * Loads; `line` gets each line. 0: all is well; -ENOENT: a path could not be read or nothing was loaded
 * (there may be an image all the same); negative errno: told. `*ret` holds the counts and, unless -1, the
 * image, which the caller closes.
 */
int run_load_paths(const struct load_paths *paths, void (*line)(void *ctx, const struct load_line *l),
                   void *ctx, struct load *ret);
/* The image's descriptor, with problems on stderr; negative errno: told. */
int run_load_paths_image(const struct load_paths *paths);
/* The same of `words` with what comes along from the default rules; one alone may be a compiled image. */
int run_load_image(char *const *words, size_t count);

#endif
