/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the loader to its end, as the daemon would. */
#ifndef BRIDLE_CTL_RUN_LOAD_H
#define BRIDLE_CTL_RUN_LOAD_H

#include "serve/load.h"

enum run_load_extra {
    RUN_LOAD_GUARD,   /* names that guard against broad indicators */
    RUN_LOAD_HOSTING, /* and hosting ranges */
};

/*
 * Loads `words` with what comes along from the default rules; `line` gets each line. 0: all is well; -ENOENT:
 * a path could not be read or nothing was loaded (there may be an image all the same); negative errno: told.
 * `*ret` holds the counts and, unless -1, the image, which the caller closes.
 */
int run_load(char *const *words, size_t count, enum run_load_extra extra,
             void (*line)(void *ctx, const struct load_line *l), void *ctx, struct load *ret);
/* The same of paths that were made before. */
int run_load_paths(const struct load_paths *paths, void (*line)(void *ctx, const struct load_line *l),
                   void *ctx, struct load *ret);
/* A path of the rules, given alone, may be a compiled image: its descriptor, or as run_load with problems on
 * stderr. Negative errno: told. */
int run_load_image(char *const *words, size_t count);

#endif
