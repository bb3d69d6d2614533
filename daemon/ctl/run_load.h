/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the loader to its end, as the daemon would. */
#ifndef BRIDLE_CTL_RUN_LOAD_H
#define BRIDLE_CTL_RUN_LOAD_H

#include "config.h"
#include "serve/load.h"

void run_load_tell_none(void);
/* Whether this build has a loader; if not, it is told. Inline, so that what needs one is left out, too. */
static inline bool run_load_possible(void)
{
    if (!HAVE_LOADER)
        run_load_tell_none();
    return HAVE_LOADER;
}

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
