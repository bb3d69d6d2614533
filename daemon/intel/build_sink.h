/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing an image: what is put into it is summed up on its way (image_checksum). */
#ifndef BRIDLE_INTEL_BUILD_SINK_H
#define BRIDLE_INTEL_BUILD_SINK_H

#include "intel/image_format.h"

struct build_sink {
    int fd;         /* borrowed */
    int error;      /* the first one, negative errno; nothing is written after it */
    uint64_t bytes; /* put so far, the header included */
    uint64_t sum;
    size_t used; /* of the block that is being filled */
    uint8_t block[IMAGE_SUM_BYTES];
};

/* Leaves room for the header at the current position of `fd`. */
void build_sink_init(struct build_sink *s, int fd);
void build_sink_put(struct build_sink *s, struct span bytes);
/* As build_sink_put; the memory is given back while it is written (region_give_back): it is not read again.
 */
void build_sink_move(struct build_sink *s, struct span bytes);
/* Zeros up to the next section. */
void build_sink_align(struct build_sink *s);
/* Writes what is left, and the header in front of it. 0 or the first error. */
int build_sink_finish(struct build_sink *s, uint8_t head[IMAGE_HEADER_BYTES]);

#endif
