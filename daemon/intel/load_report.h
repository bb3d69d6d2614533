/* SPDX-License-Identifier: BSD-2-Clause */
/* What a load did, per file, and every problem with its place: written by the loader as lines, read by main
 * and bridlectl. */
#ifndef BRIDLE_INTEL_LOAD_REPORT_H
#define BRIDLE_INTEL_LOAD_REPORT_H

#include "base/span.h"

/* X(identifier, "name as printed") what became of an entry */
#define BRIDLE_LOAD_COUNTS(X)                                                                                \
    X(LOADED, "loaded")                                                                                      \
    X(RETYPED, "retyped")         /* also loaded: an address listed as a name, a name as a URL */            \
    X(DUPLICATE, "duplicate")     /* listed before: campaigns merged */                                      \
    X(QUARANTINED, "quarantined") /* too broad to be true: not loaded */                                     \
    X(NOT_NETWORK, "not-network") /* file hash, e-mail address, process: nothing a network sensor can see */ \
    X(MALFORMED, "malformed")                                                                                \
    X(RANGES, "ranges")       /* hosting ranges */                                                           \
    X(GUARDS, "guards")       /* names that guard against broad indicators */                                \
    X(RESOLVERS, "resolvers") /* names and addresses of public resolvers */

enum load_count {
#define X(id, name) LOAD_##id,
    BRIDLE_LOAD_COUNTS(X)
#undef X
        LOAD_COUNTS
};

extern const char *const load_count_names[LOAD_COUNTS];

/*
 * One line of the report, fields separated by TAB, text escaped so that it has neither TAB nor newline:
 *   note   PATH LINE COLUMN KIND VALUE TEXT   one entry: KIND is a load_count name, `warning` or `error`;
 *          TEXT says what is wrong and what to do; LINE and COLUMN are 0 where they mean nothing
 *   file   PATH FORMAT count…                 one number per load_count, in order; after the file's last note
 *   progress BYTES OF ENTRIES                 how far it is, now and then: so much is read, so many entries
 * of all kinds are loaded total  INDICATORS                         the last line What becomes of an entry is
 * counted once, except that what was retyped is counted as loaded or duplicate too.
 */
struct load_report {
    void (*line)(void *ctx, const char *line); /* called with each line, without newline */
    void *ctx;
};

#define LOAD_LINE_MAX 2048

/* Format and report the four lines. Text is cut where the line would grow too long, never a field. */
void load_report_note(const struct load_report *r, struct span path, uint32_t line, uint32_t column,
                      const char *kind, struct span value, const char *text);
void load_report_file(const struct load_report *r, struct span path, const char *format,
                      const uint64_t count[LOAD_COUNTS]);
void load_report_progress(const struct load_report *r, uint64_t bytes, uint64_t of, uint64_t entries);
void load_report_total(const struct load_report *r, uint64_t indicators);
/* What changed since the load before (load_wire.h). */
void load_report_kept(const struct load_report *r, struct span path, uint64_t now, uint64_t before);
void load_report_change(const struct load_report *r, const char *what, const char *type, struct span value,
                        struct span feed);
void load_report_diff(const struct load_report *r, uint64_t added, uint64_t removed, uint64_t changed);
void load_report_expires(const struct load_report *r, int64_t at_s);

#endif
