/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed configuration: one row per key makes the parser, the check, `--help-config`, the default file and the
 * manual page. Files are INI, read with inih. Every problem is told as `file:line:column: what is wrong and
 * what to do`.
 */
#ifndef BRIDLE_BASE_CONF_H
#define BRIDLE_BASE_CONF_H

#include <stdio.h>

#include "base/span.h"

enum conf_type {
    CONF_TEXT, /* char *, owned */
    CONF_LIST, /* struct conf_list: words separated by spaces or commas; the key may be repeated and then adds
                */
    CONF_BOOL, /* bool: yes/no, true/false, on/off, 1/0 */
    CONF_NUMBER,   /* uint64_t */
    CONF_SIZE,     /* uint64_t bytes: 4MiB, 64k, 1g */
    CONF_DURATION, /* uint64_t nanoseconds: 500ms, 30s, 5min, 1h, 2d */
    CONF_CHOICE,   /* uint32_t: index into `choices` */
    CONF_GROUP,    /* struct conf_named_list: sections `[SECTION NAME]`, see struct conf_group */
};

struct conf_list {
    char **word; /* owned, `words` of them, each owned */
    size_t words;
};

/* One section `[SECTION NAME]`: the first member of whatever struct holds its values. */
struct conf_named {
    char *name;      /* owned: letters, digits, and - _ . */
    unsigned line;   /* where it begins; 0: unknown */
    unsigned *lines; /* owned: for each key of the group, where it was set; 0: it was not */
};

struct conf_named_list {
    void *at; /* owned: `count` elements of conf_group.bytes */
    size_t count;
};

/* The keys of sections that may stand many times, each with a name of its own. */
struct conf_group {
    const struct conf_key *keys; /* no GROUP among them; `offset` in the element */
    size_t count;
    size_t bytes; /* of an element */
};

struct conf_key {
    const char *section, *name;
    enum conf_type type;
    size_t offset;                  /* of the field in the caller's struct */
    const char *deflt;              /* as it would stand in the file */
    uint64_t least, most;           /* NUMBER, SIZE, DURATION (ns): range allowed; most = 0: any */
    const char *choices;            /* CHOICE: words separated by spaces */
    const char *help;               /* one or two sentences, with the unit */
    const struct conf_group *group; /* GROUP; `most`: how many there may be */
};

#define CONF_NAME_MAX 40

/* Called for each problem with one line of text; `error`: the file cannot be used. */
typedef void (*conf_problem_fn)(void *ctx, bool error, const char *text);

/* Sets every field of `into` to its default. 0 or -ENOMEM. */
int conf_defaults(const struct conf_key *keys, size_t n, void *into);
/*
 * Reads a file over what is in `into`. 0, -EINVAL when there was an error (all are told, not only the first),
 * or another negative errno when it
 * cannot be read at all (not told; -EFBIG: larger than any configuration). An indented line continues the
 * value above, unless it begins with `word =`. Keys whose value was refused keep what they had.
 */
int conf_read(const struct conf_key *keys, size_t n, void *into, const char *path, conf_problem_fn problem,
              void *ctx);
/* As conf_read. `ret_lines`, one for each key, are the lines in which they were first set; 0: not in the
 * file. */
int conf_read_lines(const struct conf_key *keys, size_t n, void *into, const char *path,
                    conf_problem_fn problem, void *ctx, unsigned *ret_lines);
/* Sets one key, a list as a whole, as from the command line: "capture.interface" "eth0". 0 or -EINVAL (told).
 */
int conf_set(const struct conf_key *keys, size_t n, void *into, const char *section_dot_name,
             const char *value, conf_problem_fn problem, void *ctx);
void conf_free(const struct conf_key *keys, size_t n, void *into);
/* Takes all sections of a group away. */
void conf_group_clear(const struct conf_key *key, void *into);
/* The element of that name, which has the defaults of its group when it is new; NULL: no memory, or there are
 * `most` already. Elements move when another one is added. */
void *conf_group_element(const struct conf_key *key, void *into, const char *name, bool *ret_new);
/* The effective configuration as a file that conf_read takes; `values` NULL: the commented default file. */
void conf_print(const struct conf_key *keys, size_t n, const void *values, FILE *to);
/* For --help-config: every key with type, range, default, help. */
void conf_help(const struct conf_key *keys, size_t n, FILE *to);

#endif
