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
    bool in_place;      /* a file that its owner may still write to */
    bool damaged;       /* which has happened */
    int64_t changed_ns; /* in place: when it was written to, as the file system says */
    uint64_t loaded_ns; /* wall clock */
    uint64_t problems;  /* that the loader reported */
};

struct images {
    struct generation kept[IMAGES_KEPT];
    uint32_t newest;   /* number; 0: none yet */
    uint32_t previous; /* in place: the one before, if it was in place, too, to fall back to; 0: none */
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
/* Unmaps all that are older than `number`, but not `previous`. */
void images_drop_before(struct images *im, uint32_t number);
void images_done(struct images *im);

/*
 * Opens a compiled image file: regular, owned by root or us, writable by nobody else, in a folder of which
 * the same is true. A small one is copied into sealed memory, where nobody can change it any more; one of
 * more than IMAGES_COPY_MAX is used where it lies, at once, without having its checksum verified. Descriptor;
 * -ENOENT when `path` is something else than an image; another negative errno with text.
 */
int images_open_file(const char *path, const char **ret_why);

#define IMAGES_COPY_MAX (4u << 20) /* read in a few milliseconds */

/* Whether the newest, which is a file, was written to since it was taken or since the last call. Then it is
 * damaged: what was cut off reads as zeros (os/bus.h), what was overwritten matches wrongly. */
bool images_changed(struct images *im);
/* When the newest is damaged: makes the one before it the newest again. 0, or -ENOENT when there is none that
 * is whole. */
int images_fall_back(struct images *im, uint64_t now_ns);

#endif
