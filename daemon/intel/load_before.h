/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a load knows of the one before: the image in use, and the file of known values (load_known.h). From
 * them come the day on which each indicator was first loaded, what changed, and the entries of a list that is
 * suddenly empty or less than half as long: a server's mistake must not end protection. Both may be hostile.
 *
 * For ten million names in the order of before this costs a third of the load's time, half of that for known
 * values; in any other order less than the load. Memory: two bytes a name, which become part of the image, a
 * bit for each of the image before, and at most 48 MiB for known values, when the builder has given up as
 * much.
 */
#ifndef BRIDLE_INTEL_LOAD_BEFORE_H
#define BRIDLE_INTEL_LOAD_BEFORE_H

#include "intel/load.h"

struct load_before;
struct load_source;
struct load_file;

/* `image`, `known`: descriptors (borrowed), or -1. One that cannot be used is a warning. `take_shrunk`: lists
 * may shrink. NULL without memory. */
struct load_before *load_before_new(int image, int known, bool take_shrunk, const struct load_report *r);
void load_before_free(struct load_before *b);
/* `b` (borrowed) takes part in the load from here on. Before the first path. */
void loader_before(struct loader *l, struct load_before *b);
/* Whether the entries of this file, named as indicators carry it, were kept, as those of a file are that
 * cannot be read. After loader_finish. */
bool load_before_kept(const struct load_before *b, const char *feed);
/* After loader_finish: gives all entries their days, tells what changed, and writes the next file of known
 * values to `fd` (borrowed, empty). `*ret_known` is how many rows it has, -1 if it is as it was, or not asked
 * for. `now_s`: wall clock. 0 or negative errno. */
int load_before_compare(struct load_before *b, struct build *build, int64_t now_s, int fd,
                        int64_t *ret_known);

/* For load.c: after each file, when its counts are final; and after the last one. Nothing if `b` is NULL. */
void load_before_file(struct load_before *b, const struct load_source *s, const struct load_file *f);
void load_before_keep(struct load_before *b, struct loader *l);

#endif
