/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether files changed: one number over all that a load would read. */
#ifndef BRIDLE_SERVE_FILES_H
#define BRIDLE_SERVE_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* Files and folders looked at; what lies beyond is not watched. */
#define FILES_MAX 20000

struct files {
    uint64_t mark; /* over names, places and times of what was seen so far; equal: nothing changed */
    unsigned seen; /* files and folders */
    /* Called for each folder in which something may happen: those that are looked into, and those around a
     * path, through links and where it is not there, too. `names`: what is written in it does not matter,
     * only what comes and goes. */
    void (*folder)(void *ctx, const char *path, bool names);
    void *ctx;
};

/* Adds a path: a file, or a folder with all below it but for what is hidden, as the loader reads it. */
void files_add(struct files *f, const char *path);

#endif
