/* SPDX-License-Identifier: BSD-2-Clause */
/* The indicators that a subcommand works on. */
#ifndef BRIDLE_CTL_OPEN_IMAGE_H
#define BRIDLE_CTL_OPEN_IMAGE_H

#include "ctl/bridlectl.h"
#include "intel/image.h"

/* The image of the rules given by -R, else the one that the daemon uses now. NULL: told why. */
struct image *open_image(const struct ctl *c);

#endif
