/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole lines into a file, a pipe or standard output: a full disk or a closed reader costs lines, each
 * counted, and never leaves a piece of one in front of the next. */
#ifndef BRIDLE_REPORT_LINE_FILE_H
#define BRIDLE_REPORT_LINE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_file {
    const char *path;                  /* borrowed; "-" is standard output */
    int fd;                            /* -1: not open, tried again with the next lines */
    bool torn;                         /* the last line is incomplete: the next one begins with a newline */
    bool patient;                      /* wait for a slow reader as long as it takes (replay) */
    bool stuck;                        /* the reader was too slow and is not waited for any more */
    uint64_t lost;                     /* lines that were not written whole */
    uint64_t quiet_until_ns, quiet_ns; /* of the next message about errors; monotonic */
    uint64_t retry_at_ns;              /* of the next try to open */
};

/* Opens for appending, made with mode 0640. 0 or negative errno. */
int line_file_open(struct line_file *f, const char *path, bool patient);
/* Writes a line, `at[len - 1]` being its newline, in one piece where the system allows. */
void line_file_write(struct line_file *f, const char *at, size_t len);
/* After the file was renamed away. Standard output stays as it is. */
void line_file_reopen(struct line_file *f);
void line_file_close(struct line_file *f);

#endif
