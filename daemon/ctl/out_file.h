/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is written beside its place and then put there: whoever has the old one mapped or open keeps it
 * whole, and nobody sees half of the new one. */
#ifndef BRIDLE_CTL_OUT_FILE_H
#define BRIDLE_CTL_OUT_FILE_H

#include <stdio.h>

struct out_file {
    FILE *stream;     /* owned, unless it is stdout */
    const char *path; /* borrowed; NULL: stdout */
    char *temporary;  /* owned */
};

/* `path` NULL or "-": standard output. 0 or negative errno. */
int out_file_open(struct out_file *o, const char *path);
/* `rc`: how writing went, a negative errno leaves the old file alone. That, or what went wrong now, or 0. */
int out_file_close(struct out_file *o, int rc);

#endif
