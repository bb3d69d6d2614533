/* SPDX-License-Identifier: BSD-2-Clause */
/* What the configuration says of a source, kept for the length of a load, and which of its values that makes
 * exceptions of. */
#ifndef BRIDLE_INTEL_LOAD_OPTIONS_H
#define BRIDLE_INTEL_LOAD_OPTIONS_H

#include "intel/load.h"
#include "intel/name_set.h"

struct load_choices; /* the values of `allow` and `force` */

struct load_config {
    struct load_options o;        /* owned copies; without `allow` and `force` */
    struct load_choices *choices; /* owned; NULL: none */
};

/* Copies. `bad` is called with each value of `allow` and `force` that means nothing, and why. NULL without
 * memory. */
struct load_config *load_config_new(const struct load_options *o,
                                    void (*bad)(void *ctx, struct span value, const char *why), void *ctx);
void load_config_free(struct load_config *c);

/* What is chosen for a value. */
enum {
    LOAD_CHOICE_ALLOW = 1 << 0,       /* left out, and what is below it */
    LOAD_CHOICE_ALLOW_EXACT = 1 << 1, /* this name alone is left out */
    LOAD_CHOICE_FORCE = 1 << 2,       /* loaded whatever the guards say */
    LOAD_CHOICE_FORCE_EXACT = 1 << 3, /* likewise, as this name alone */
};

/* Whether an indicator of that source is left out. */
bool load_config_allows(const struct load_config *c, const struct indicator *ind);
/* LOAD_CHOICE_FORCE, LOAD_CHOICE_FORCE_EXACT, or 0. */
unsigned load_config_forces(const struct load_config *c, const struct indicator *ind);

#endif
