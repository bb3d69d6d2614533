/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of one load: entries wait here until all guards are known. Shared by load.c (which files) and
 * load_entry.c (what becomes of entries), and by nobody else. */
#ifndef BRIDLE_INTEL_LOAD_STORE_H
#define BRIDLE_INTEL_LOAD_STORE_H

#include "intel/guard.h"
#include "intel/load.h"
#include "intel/load_entry.h"

/* Limits against hostile or mistaken folders; far above what any list of spyware infrastructure needs. */
#define LOAD_FILE_BYTES_MAX  ((uint64_t)256 << 20)
#define LOAD_TOTAL_BYTES_MAX ((uint64_t)1 << 30)
#define LOAD_FILES_MAX       10000u
#define LOAD_FOLDERS_MAX     1000u
#define LOAD_DEPTH_MAX       16u
#define LOAD_ENTRIES_MAX     1000000u /* indicators and ranges of a load */
#define LOAD_REFUSED_MAX     100000u  /* malformed entries of one file: it is something else */
#define LOAD_TEXT_BYTES_MAX  1024u    /* of a campaign, source, comment ... */
#define LOAD_NOTES_MAX       1000u    /* of one file; the rest is counted */
#define LOAD_DUPLICATES_MAX  100u     /* of those, about duplicates */
#define LOAD_NOTES_TOTAL_MAX 100000u  /* of a load */
#define LOAD_KINDS_MAX       16u

struct load_file {
    struct loader *loader; /* borrowed */
    char *path, *feed;     /* owned: as reported; as indicators carry it */
    const char *format;    /* static */
    bool guards_only, gave_up;
    uint64_t count[LOAD_COUNTS];
    uint32_t notes, notes_left_out;
    const struct load_origin *origin; /* the last one used, in the loader's arena */
    struct {
        char name[64];
        uint64_t count;
    } kind[LOAD_KINDS_MAX]; /* of entries that no network sensor can see */
    unsigned kinds;
};

/* An entry that was understood and now waits for the guards. */
struct load_waiting {
    uint32_t file; /* index in `files` */
    struct load_place place;
    uint8_t type, tier;
    bool retyped, alone;
    struct span name, comment; /* in the arena */
    struct prefix prefix;
    const struct load_origin *origin; /* in the arena */
    int64_t from_s, until_s;
};

struct arena_chunk;

struct loader {
    struct build *build;        /* borrowed */
    struct load_report *report; /* borrowed */
    struct guards *guards;      /* owned */
    struct load_file **files;   /* owned, each owned */
    size_t file_count, file_room;
    struct load_waiting *waiting; /* owned */
    size_t waiting_count, waiting_room;
    uint64_t ranges, bytes, notes;
    struct arena_chunk *arena; /* owned: texts of entries */
    bool no_memory;
    struct {
        uint64_t dev, ino;
    } seen[LOAD_FOLDERS_MAX]; /* folders that were read */
    size_t seen_count;
    struct load_input input;
};

/* A new file in the list, or NULL without memory. */
struct load_file *load_file_open(struct loader *l, const char *path, const char *feed);
/* Copies into the arena; empty without memory. */
struct span load_keep(struct loader *l, struct span s);
/* Likewise; the texts in it must be there already. NULL without memory. */
const struct load_origin *load_keep_origin(struct loader *l, const struct load_origin *o);

#endif
