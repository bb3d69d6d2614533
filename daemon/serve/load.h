/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running bridle-loader: what it says is counted and its problems are handed on; at the end there is an
 * image. Never blocks, so that main's loop can have a load beside its work; bridlectl waits with poll.
 */
#ifndef BRIDLE_SERVE_LOAD_H
#define BRIDLE_SERVE_LOAD_H

#include <sys/types.h>

#include "base/conf.h"
#include "intel/load_wire.h"
#include "report/settings.h"

struct load {
    pid_t pid;                    /* 0: not running */
    int socket;                   /* owned; -1: closed */
    int image;                    /* owned by whoever takes it (set to -1 then); -1: none came */
    const struct load_with *with; /* borrowed; NULL: a load that knows of no other */
    uint32_t lines;
    uint64_t indicators, problems;
    uint64_t count[LOAD_COUNTS]; /* over all files */
    uint64_t files, broken_files;
    uint64_t bytes, bytes_of, entries; /* read so far, of how many; loaded so far */
    uint64_t told_ns, told_bytes;      /* when (monotonic), and how much of it, was last told */
    bool on_terminal;                  /* it stands in the last line there */
    bool complete;                     /* the image line came: nothing may follow but the end */
    /* Each line, taken apart: printable ASCII throughout. May be NULL. */
    void (*line)(void *ctx, const struct load_line *l);
    void *ctx;
};

/* One path to load. */
struct load_path {
    const char *at;                       /* borrowed, or `made` */
    char *made;                           /* owned; may be NULL */
    const struct settings_source *source; /* borrowed: what the configuration says of it; NULL: nothing */
    bool optional;                        /* it need not be there: it will be fetched later, or is no must */
    bool there;                           /* it was, at the last load_paths_look */
};

/* What to load: the paths, and the hosting ranges and guards that came with the program. */
struct load_paths {
    struct load_path *at; /* owned: the words given, then sources, exceptions, hosting ranges, sinkholes */
    size_t count, words;  /* all; those of the words given */
    char *guard;          /* owned; folder for --guard, or NULL */
    char *rules;          /* owned; the default rules, if `at` holds them */
    uint64_t entries_max, memory_bytes_max; /* limits.indicators, limits.loader-memory; 0: their defaults */
};

/* What a load knows of those before it. */
struct load_with {
    int before; /* borrowed: the image in use; -1: none */
    int known;  /* borrowed: the file of values known from earlier loads; -1: none */
    int next;   /* borrowed: an empty file for those known then; with `known` only */
    bool take_shrunk;
};

/* Folder of the rules that came with the program: the source's in a build tree, else the installed one.
 * Without a loader: the compiled image that the administrator put beside the configuration. */
const char *load_default_rules(void);
/* `default` among the words stands for the default rules; `hosting`: their hosting ranges and sinkholes are
 * wanted in any case. 0, or -ENOMEM. */
int load_paths_make(struct load_paths *p, char *const *words, size_t count, bool hosting);
/* All that the settings name: rules.path, the sources, the exceptions; hosting ranges and sinkholes. The
 * settings must outlive it. 0, or -ENOMEM. */
int load_paths_configured(struct load_paths *p, const struct settings *s);
/* Looks which paths are there. Calls `missing` for each that is not but should be, or was when it was looked
 * for last; 0, or -ENOENT when there was one. */
int load_paths_look(struct load_paths *p, void (*missing)(void *ctx, const char *path, int error), void *ctx);
void load_paths_free(struct load_paths *p);

/* 0 or negative errno. */
int load_start(struct load *l, int exe, const struct load_paths *paths);
/* Reads what is there. 1: more will come; 0: the loader has closed its end: call load_finish; negative errno:
 * it spoke nonsense (likewise). */
int load_read(struct load *l);
/*
 * After load_read returned 0 or less: ends the process and waits for it. 0: `l->image` is usable; -ENOENT: a
 * path could not be read or nothing was loaded (there may be an image all the same); another negative errno:
 * the loader failed. `ret_why` gets text for people.
 */
int load_finish(struct load *l, char *ret_why, size_t why_bytes);
/* Ends it whatever it does. */
void load_abort(struct load *l);

/* `43 % of 203 MiB read, 4300000 entries`; what is not known yet is left out. */
void load_progress_text(const struct load *l, char *ret, size_t bytes);
/* Whether it is time to tell how far a load is: at most once a second, and not of a short one. */
bool load_progress_due(struct load *l, uint64_t now_ns);
/* Tells it in one line of the terminal behind stderr, if there is one, when it is due; takes it away again.
 */
void load_progress_show(struct load *l);
void load_progress_clear(struct load *l);

/* `path:line:column: text`, shortened where numbers mean nothing; true when it is a problem worth telling. */
bool load_problem_text(const struct load_line *l, char *ret, size_t bytes);

#endif
