/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading indicator files. A format is one file load_X.c and one row in load.c: it says from the first bytes
 * whether the content is its own, and then hands every entry to `load_entry`, which normalises, guards, and
 * gives it to the builder or to the report. A bad line is reported and never stops a load.
 */
#ifndef BRIDLE_INTEL_LOAD_H
#define BRIDLE_INTEL_LOAD_H

#include "intel/build.h"
#include "intel/load_report.h"

struct loader; /* context of one load: builder, guards, report */

/* What the configuration says of a source of indicators; all borrowed; zeros say nothing. */
struct load_options {
    const char *source;   /* its name in the configuration; in alerts if the feed names no source itself */
    const char *format;   /* name of a row of the table of formats; NULL: by content */
    const char *columns;  /* of a table without a useful header: "value,type,campaign,-" */
    const char *campaign; /* for entries that name none; NULL: the file's stem */
    const char *hosting;  /* the hoster, for lists of ranges that do not name it; NULL: the file's stem */
    uint8_t tier;         /* enum tier, for entries that say none */
    bool has_tier;
    uint8_t trust; /* enum load_trust */
    const char *const *allow;
    size_t allows; /* values that are left out with all below them; `=NAME`: that name alone */
    const char *const *force;
    size_t forces; /* values that are loaded although they are too broad or were withdrawn; `=NAME`: as that
                      name alone */
};

/* Indicators, hosting ranges and resolvers of a load, unless loader_limit says otherwise. */
#define LOAD_ENTRIES_MAX 20000000u

/* `suffix_file` (borrowed): the public suffix list (suffix.h says where it is); reading it costs
 * milliseconds. NULL without memory. */
struct loader *loader_new(struct build *b, struct load_report *report, const char *suffix_file);
void loader_free(struct loader *l);
/* How many entries may be loaded; what lies beyond is told and not read. */
void loader_limit(struct loader *l, uint64_t entries);
/*
 * Takes a file or, recursively in order of name, a folder (hidden files and README* are left out; symbolic
 * links to folders are not followed twice). Guards (shared hosts, exceptions) take effect whatever the order.
 * 0, or negative errno when `path` itself cannot be read at all; everything else is in the report.
 */
int loader_path(struct loader *l, const char *path);
/* The same, but only for the guards that stand there: nothing else is loaded or reported. */
int loader_guards(struct loader *l, const char *path);
/* Takes bytes (borrowed until loader_finish has returned) as if they were a file of that name. 0 or -ENOMEM.
 */
int loader_bytes(struct loader *l, const char *name, struct span bytes);
/* As loader_path, under options, which are copied. What is wrong with them is in the report. */
int loader_source(struct loader *l, const char *path, const struct load_options *o);
/* The wall clock of this load, Unix seconds; else that of the machine. Before the first path. */
void loader_clock(struct loader *l, int64_t now_s);
/* After loader_finish: the earliest future moment at which an exception of the operator ends, and with it
 * what was loaded; 0: none does. */
int64_t loader_expires(const struct loader *l);
/* After the last path: reads the files, applies the guards, gives all entries to the builder. 0 or -ENOMEM.
 * The lines `progress`, `note` and `file` are reported on the way, at the end `total`. */
int loader_finish(struct loader *l);

#endif
