/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What main (or bridlectl) and bridle-loader say to each other.
 *
 * Main starts `bridle-loader [--entries NUMBER] [--memory BYTES] [--guard PATH]... PATH...` with one end of
 * an AF_UNIX SOCK_SEQPACKET pair as descriptor LOADER_WIRE_FD. The loader sends one report line
 * (load_report.h) per datagram, without newline and NUL; then `total`; then, always last and once, `image`,
 * with the sealed memfd as SCM_RIGHTS:
 *
 *   file  PATH FORMAT count…                  note  PATH LINE COLUMN KIND VALUE TEXT
 *   progress BYTES OF ENTRIES                 total INDICATORS
 *   image INDICATORS
 *
 * and exits with an enum loader_exit. The image comes, with zero indicators if need be, unless the exit is
 * LOADER_FAILED. `--guard PATH`: only the guards in there count; what else stands there is not loaded and not
 * reported. Main always passes `--guard` with the `guard` folder of the installed rules, so that rules of
 * the user's own are guarded too; a guard read twice is one guard, a missing one a warning.
 *
 * The loader may be hostile: whoever receives takes no line longer than LOAD_LINE_MAX, believes no number,
 * checks the image where it is used, and stops reading after LOADER_LINES_MAX lines.
 */
#ifndef BRIDLE_INTEL_LOAD_WIRE_H
#define BRIDLE_INTEL_LOAD_WIRE_H

#include "intel/load_report.h"

#define LOADER_WIRE_FD   3
#define LOADER_LINES_MAX 200000u

enum loader_exit {
    LOADER_OK = 0,
    LOADER_INCOMPLETE = 1, /* a PATH could not be read at all, or nothing was loaded: keep the old image */
    LOADER_FAILED = 2,     /* usage, no memory, no socket: there is no image */
};

/* Sends one line, with a descriptor (borrowed) unless `fd` is -1; waits while the socket is full. 0 or
 * negative errno. */
int loader_line_send(int socket, const char *line, int fd);
/* Receives one line, NUL-terminated; `*ret_fd` is -1 or a descriptor that the caller owns. 1; 0 at the end;
 * negative errno (-EAGAIN when there is none now, -EBADMSG when it is nonsense). */
int loader_line_receive(int socket, char ret_line[LOAD_LINE_MAX], int *ret_fd);

enum load_line_kind { LOAD_LINE_FILE, LOAD_LINE_NOTE, LOAD_LINE_PROGRESS, LOAD_LINE_TOTAL, LOAD_LINE_IMAGE };

/* A line taken apart. Spans borrow the line; their text is escaped and may be printed as it is. */
struct load_line {
    uint8_t kind;                /* enum load_line_kind */
    struct span path;            /* file, note */
    struct span format;          /* file: "ioc", "stix", "plain" or "none" */
    uint64_t count[LOAD_COUNTS]; /* file */
    uint32_t line, column;       /* note; 0: means nothing */
    struct span note;            /* note: a load_count name, "warning" or "error" */
    struct span value, text;     /* note */
    uint64_t bytes, bytes_of;    /* progress */
    uint64_t indicators;         /* total, image; progress: entries */
};

/* False when the line is none of the five. */
bool load_line_parse(const char *line, struct load_line *ret);

#endif
