/* SPDX-License-Identifier: BSD-2-Clause */
/* The indicators that a subcommand works on. */
#ifndef BRIDLE_CTL_OPEN_IMAGE_H
#define BRIDLE_CTL_OPEN_IMAGE_H

#include "ctl/bridlectl.h"
#include "intel/image.h"

/* The image of `words`, of which one alone may be a compiled image, or if there are none of what the
 * configuration (-c) names. Descriptor, or negative errno: told. */
int open_image_of(const struct ctl *c, char *const *words, size_t count);
/* The image of the rules given by -R or -c, else the one that the daemon uses now. NULL: told why. */
struct image *open_image(const struct ctl *c);

#endif
