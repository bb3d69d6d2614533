/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generations of the matcher image. Each load makes one; an old one stays mapped until every worker has
 * said that it uses a newer one, for records that are still in its rings refer to it.
 */
#ifndef BRIDLE_SERVE_IMAGES_H
#define BRIDLE_SERVE_IMAGES_H

#include "intel/image.h"

/* More generations than these are never kept: a worker that does not follow is late by its own fault. */
#define IMAGES_KEPT 8

struct generation {
    uint32_t number;    /* from 1; 0: free */
    int fd;             /* owned: sealed memfd, or a file that only root or we can write */
    struct image *map;  /* owned */
    uint64_t loaded_ns; /* wall clock */
    uint64_t problems;  /* that the loader reported */
};

struct images {
    struct generation kept[IMAGES_KEPT];
    uint32_t newest; /* number; 0: none yet */
};

/*
 * Takes `fd` (owned from now on, closed on failure), maps it, makes it the newest generation. `foreign`: it
 * comes from the loader, which may be hostile, so it must be sealed; else images_open_file has checked it. 0
 * or negative errno with static text in `*ret_why`.
 */
int images_add(struct images *im, int fd, bool foreign, uint64_t now_ns, uint64_t problems,
               const char **ret_why);
/* The newest, or NULL. */
const struct generation *images_newest(const struct images *im);
/* The one of that number while it is kept, or NULL. */
const struct generation *images_find(const struct images *im, uint32_t number);
/* Unmaps all that are older than `number`. */
void images_drop_before(struct images *im, uint32_t number);
void images_done(struct images *im);

/* Opens a compiled image file: regular, owned by root or us, writable by nobody else. Descriptor; -ENOENT
 * when `path` is something else than an image; another negative errno with text. */
int images_open_file(const char *path, const char **ret_why);

#endif
