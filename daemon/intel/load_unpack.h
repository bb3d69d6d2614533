/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed files: gzip (RFC 1952, by zlib) and xz (by liblzma), unpacked as a stream. They are hostile: a few
 * bytes unpack to gigabytes or ask for gigabytes of memory, and the ends of files are lost.
 */
#ifndef BRIDLE_INTEL_LOAD_UNPACK_H
#define BRIDLE_INTEL_LOAD_UNPACK_H

#include <sys/types.h>

#include "base/span.h"

struct load_unpack;

/* Where packed bytes come from: up to `max`; 0 at the end; negative errno. */
struct load_packed {
    ssize_t (*read)(void *ctx, void *to, size_t max);
    void *ctx; /* borrowed */
};

/* Whether a file that begins so is packed in a way that this build can undo. */
bool load_unpack_is(struct span head);
/* How else a file that begins so is packed: "zip", "bzip2", "a tar archive"; NULL: it is not. */
const char *load_unpack_other(struct span head);
/* An unpacker for bytes that begin so, at most LOAD_LINE_BYTES_MAX + 2, copied; the others are read. NULL
 * without memory. */
struct load_unpack *load_unpack_new(struct span head, struct load_packed from);
void load_unpack_free(struct load_unpack *u);
/* Up to `max` unpacked bytes; 0 at the end, negative errno at an error: what came before it was given. */
ssize_t load_unpack_read(struct load_unpack *u, void *to, size_t max);
/* What is wrong with the file, static text; NULL: nothing, or reading it failed. */
const char *load_unpack_why(const struct load_unpack *u);

#endif
