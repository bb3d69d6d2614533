/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one load, shared by load.c and load_walk.c (which files) and load_entry.c (what becomes of
 * entries), and by nobody else. Files are read twice: first for the guards that stand in them, which is
 * quick, then for everything else, so that no entry has to wait in memory until all guards are known.
 */
#ifndef BRIDLE_INTEL_LOAD_STORE_H
#define BRIDLE_INTEL_LOAD_STORE_H

#include "intel/guard.h"
#include "intel/load.h"
#include "intel/load_entry.h"
#include "intel/load_options.h"

/* Limits against hostile or mistaken folders; far above what any list of spyware infrastructure needs. */
#define LOAD_FILE_BYTES_MAX  ((uint64_t)2 << 30)
#define LOAD_TOTAL_BYTES_MAX ((uint64_t)4 << 30)
#define LOAD_FILES_MAX       10000u
#define LOAD_FOLDERS_MAX     1000u
#define LOAD_DEPTH_MAX       16u
#define LOAD_GUARDS_MAX      100000u
#define LOAD_REFUSED_MAX     100000u /* malformed entries of one file: it is something else */
#define LOAD_TEXT_BYTES_MAX  1024u   /* of a campaign, source, comment ... */
#define LOAD_NOTES_MAX       1000u   /* of one file; the rest is counted */
#define LOAD_FEW_MAX         100u    /* of those, of each kind that is no problem */
#define LOAD_NOTES_TOTAL_MAX 100000u /* of a load */
#define LOAD_KINDS_MAX       16u
#define LOAD_PROGRESS_BYTES  ((uint64_t)4 << 20) /* are read between two lines about it */

/* A file that is to be read. */
struct load_source {
    char *path, *feed;                /* owned: as reported; as indicators carry it */
    const struct load_config *config; /* borrowed */
    struct span bytes;                /* borrowed; of `in_memory` */
    bool in_memory;
    bool left_out;               /* why was told already */
    const char *format;          /* static; once it was read */
    uint64_t count[LOAD_COUNTS]; /* likewise */
};

/* The file in hand. */
struct load_file {
    struct loader *loader;            /* borrowed */
    const char *path;                 /* borrowed, as above */
    const struct load_config *config; /* borrowed */
    struct span feed;                 /* borrowed, as above */
    struct span campaign;             /* of entries that name none */
    struct span name, stem;           /* of `feed`: without folder; without suffix too */
    const char *format;               /* static */
    bool guards_only;                 /* nothing but guards is looked for */
    bool silent;                      /* nor is anything told: the file will be read again */
    bool gave_up;
    struct span id; /* borrowed: what the feed calls the entry in hand */
    uint64_t count[LOAD_COUNTS];
    uint64_t merged; /* ranges that were listed more than once */
    uint32_t notes, notes_left_out, advice;
    uint64_t rebuilt; /* entries that have the date of the list's making */
    struct {
        char name[64];
        uint64_t count;
    } kind[LOAD_KINDS_MAX]; /* of entries that no network sensor can see */
    unsigned kinds;
};

/* An entry that was judged and waits for the builder. */
struct load_waiting {
    struct indicator ind; /* its texts lie below and in the queue */
    struct load_place place;
    uint64_t hash;        /* as build_expect gave it */
    struct normal normal; /* its name */
    char comment[LOAD_TEXT_BYTES_MAX];
};

#define LOAD_QUEUE_MAX 16u

/* All of one file and one origin. */
struct load_queue {
    struct load_waiting at[LOAD_QUEUE_MAX];
    unsigned first, count;
    struct load_origin origin; /* spans into `text` */
    char text[IMAGE_CAMPAIGNS_MAX + 3][LOAD_TEXT_BYTES_MAX];
};

struct loader {
    struct build *build;         /* borrowed */
    struct load_report *report;  /* borrowed */
    struct guards *guards;       /* owned */
    struct load_before *before;  /* borrowed, or NULL */
    struct load_source *sources; /* owned */
    size_t source_count, source_room;
    struct load_config **configs; /* owned, each owned; the first one says nothing */
    size_t config_count, config_room;
    int64_t now_s, expires_s;
    uint64_t entries_max;
    uint64_t ranges, guard_count, notes;
    uint64_t bytes;       /* of files that were begun in this reading, by the size that they said */
    uint64_t bytes_total; /* of all */
    uint64_t bytes_told;
    unsigned files; /* that were looked at */
    bool no_memory;
    struct {
        uint64_t dev, ino;
    } seen[LOAD_FOLDERS_MAX]; /* folders that were read */
    size_t seen_count;
    struct load_queue queue;
    struct load_input input;
};

/* Adds a file to the list. NULL without memory, which is noted. */
struct load_source *load_source_add(struct loader *l, const char *path, const char *feed,
                                    const struct load_config *config);
void load_file_begin(struct load_file *f, struct loader *l, const struct load_source *s);
/* Adds the file, or the files of the folder, to the list. 0 or negative errno. */
int load_walk(struct loader *l, const char *path, const struct load_config *config);
/* Reads a file for its guards alone, told or in silence. 0, or negative errno when it cannot be opened. */
int load_guards_of(struct loader *l, const struct load_source *s, bool silent);
/* Tells how far it is, not too often. */
void load_progress(struct loader *l);
/* Counts an entry and tells of it; only counts it once there were too many. */
void load_note(struct load_file *f, enum load_count what, struct load_place at, struct span value,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void load_warn_host_bits(struct load_file *f, struct load_place at, struct span value);
/* Room for one more entry of that origin, as it was left: in place, for copies of an indicator cost. */
struct load_waiting *load_queue_slot(struct load_file *f, const struct load_origin *o);
/* Lets the entry in the room wait; its comment is copied, the texts of its origin are added. */
void load_queue_put(struct load_file *f, struct load_waiting *w, struct span comment);
/* Gives all that wait to the builder. */
void load_queue_flush(struct load_file *f);
/* The last notes about a file. */
void load_file_end(struct load_file *f);
/* Notes and counts entries that a broader one makes superfluous, in all files. */
void load_shadows(struct loader *l);
/* Tells that there were more of a kind than were noted. */
void load_note_more(struct loader *l, const char *path, const char *kind, uint64_t n);

#endif
