/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that grows to hundreds of megabytes without being copied, and is given back page by page while it is
 * written out: what lets the builder of an image stay as small as the image.
 */
#ifndef BRIDLE_INTEL_BUILD_REGION_H
#define BRIDLE_INTEL_BUILD_REGION_H

#include "base/span.h"

struct region {
    uint8_t *at; /* owned mapping */
    size_t cap;  /* pages that were not touched yet take no memory */
};

int region_map(struct region *r, size_t need);
/* Room for `need` bytes; what is new is zero. It may move. 0 or -ENOMEM. */
static inline int region_grow(struct region *r, size_t need)
{
    return need <= r->cap ? 0 : region_map(r, need);
}

void region_done(struct region *r);
/* Gives the whole pages between back; their bytes are then lost. Any memory of ours will do. */
void region_give_back(const uint8_t *from, const uint8_t *to);

#endif
