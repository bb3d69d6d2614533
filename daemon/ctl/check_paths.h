/* SPDX-License-Identifier: BSD-2-Clause */
/* What bridlectl check loads: paths, or what a configuration names, as the daemon would load it. */
#ifndef BRIDLE_CTL_CHECK_PATHS_H
#define BRIDLE_CTL_CHECK_PATHS_H

#include "ctl/bridlectl.h"
#include "serve/load.h"

struct check_paths {
    struct load_paths paths;
    struct settings settings;
    struct settings_source source; /* texts borrowed: what holds for the operands */
};

/* An enum ctl_exit, told unless CTL_DONE; only then it has to be freed. The operands must outlive it. */
int check_paths_make(struct check_paths *p, const struct ctl *c);
void check_paths_free(struct check_paths *p);

#endif
