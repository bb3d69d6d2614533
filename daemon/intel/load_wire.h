/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What main (or bridlectl) and bridle-loader say to each other.
 *
 * Main starts
 *
 *   bridle-loader [--entries NUMBER] [--memory BYTES] [--now SECONDS] [--before] [--known] [--take-shrunk]
 *                 [--guard PATH]... ([SOURCE OPTION]... PATH)...
 *
 * with one end of an AF_UNIX SOCK_SEQPACKET pair as descriptor LOADER_WIRE_FD. The options of a source hold
 * for the one PATH behind them (struct load_options in load.h): `--source NAME --format FORMAT --columns SPEC
 * --campaign TEXT --hosting NAME --tier WORD --trust full|indicators|low --allow VALUE --force VALUE`, of
 * which the last two repeat. `--now`: Unix time, else the clock's.
 *
 * `--before`: descriptor LOADER_BEFORE_FD is the image in use (borrowed; read only). What the new one has
 * that it had not, and the other way round, is then told; indicators keep the day on which they were first
 * loaded; and the entries of a file that now has fewer than half as many are kept (`kept`), unless
 * `--take-shrunk`. An image that cannot be read, such as one of another version, is a warning.
 * `--known`: descriptor LOADER_KNOWN_FD is a file of values known from earlier loads, as the loader wrote it
 * (load_known.h); an empty one to begin with, a damaged one is a warning. The next one is written to
 * descriptor LOADER_NEXT_FD, an empty file: on a disk, it takes no memory beside two images. Without --before
 * and --known no indicator has a day, so that equal files make equal images.
 *
 * The loader sends one report line (load_report.h) per datagram, without newline and NUL; behind the files
 * `total`; then what is left; always last and once `image`, which comes with a sealed memfd as SCM_RIGHTS,
 * the receiver's:
 *
 *   file  PATH FORMAT count…                  note  PATH LINE COLUMN KIND VALUE TEXT REASON
 *   progress BYTES OF ENTRIES                 kept  PATH NOW BEFORE     NOW entries were in the file
 *   total INDICATORS
 *   change added|removed|changed TYPE VALUE FEED    with --before; LOADER_CHANGES_MAX lines at most
 *   diff  ADDED REMOVED CHANGED               with --before: all of them
 *   expires SECONDS                           the earliest future end of an exception: then load again
 *   known ENTRIES                             with --known: the next file is whole, and another
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

#define LOADER_WIRE_FD     3
#define LOADER_BEFORE_FD   4
#define LOADER_KNOWN_FD    5
#define LOADER_NEXT_FD     6
#define LOADER_LINES_MAX   200000u
#define LOADER_CHANGES_MAX 1000u

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

enum load_line_kind {
    LOAD_LINE_FILE,
    LOAD_LINE_NOTE,
    LOAD_LINE_PROGRESS,
    LOAD_LINE_TOTAL,
    LOAD_LINE_IMAGE,
    LOAD_LINE_KEPT,
    LOAD_LINE_CHANGE,
    LOAD_LINE_DIFF,
    LOAD_LINE_EXPIRES,
    LOAD_LINE_KNOWN
};

/* A line taken apart. Spans borrow the line; their text is escaped and may be printed as it is. */
struct load_line {
    uint8_t kind;                     /* enum load_line_kind */
    struct span path;                 /* file, note, kept */
    struct span format;               /* file: "ioc", "stix", "plain" or "none" */
    uint64_t count[LOAD_COUNTS];      /* file */
    uint32_t line, column;            /* note; 0: means nothing */
    struct span note;                 /* note: a load_count name, "warning" or "error" */
    struct span reason;               /* note: empty, or a load_count name that says more */
    struct span value, text;          /* note; change: value */
    struct span change;               /* change: "added", "removed", "changed" */
    struct span type, feed;           /* change: the type as events print it; the file's name as they do */
    uint64_t bytes, bytes_of;         /* progress */
    uint64_t indicators;              /* total, image; progress, known: entries */
    uint64_t now, before;             /* kept: entries of the file */
    uint64_t added, removed, changed; /* diff */
    uint64_t expires_s;               /* expires */
};

/* False when the line is none of these. */
bool load_line_parse(const char *line, struct load_line *ret);
/* Whether a note is of a problem that somebody should look at. */
bool load_note_is_problem(const struct load_line *l);

#endif
