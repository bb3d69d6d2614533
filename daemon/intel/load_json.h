/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk over the values of a JSON file (base/json_read.h), each with its path: `response[].Event.info`. So a
 * format is a table of paths, whatever the order of keys and whatever stands between them. A file may have
 * several documents, one behind the other, such as one a line.
 */
#ifndef BRIDLE_INTEL_LOAD_JSON_H
#define BRIDLE_INTEL_LOAD_JSON_H

#include "base/json_read.h"
#include "intel/load_entry.h"

/* Longer paths are those of nothing that we know. */
#define LOAD_JSON_PATH_MAX 256u

struct load_json {
    struct json_read read;
    struct load_file *f;              /* borrowed; NULL: to recognise a format, nothing is told */
    struct load_input *in;            /* borrowed; NULL: `head` is read */
    struct span head;                 /* what is left of it */
    char path[LOAD_JSON_PATH_MAX];    /* of the value that was returned last */
    size_t len;                       /* of it */
    uint16_t outside[JSON_DEPTH_MAX]; /* how long the path of each open container is */
    uint16_t item[JSON_DEPTH_MAX];    /* and that of what is in it, up to a key */
};

/* Tells what was no character in a file that is read to its end. */
void load_json_tell_mended(struct load_file *f, const struct json_read *r);
/* Reads a file to its end, and begins anew: nothing is loaded of one that is broken or cut, which is told. */
bool load_json_whole(struct load_file *f, struct load_input *in);

/* Over what is left of a file. Large: on the heap. NULL without memory, which is told. */
struct load_json *load_json_new(struct load_file *f, struct load_input *in);
/* The same, but nothing is told: for a first reading. */
struct load_json *load_json_silent(struct load_input *in);
void load_json_free(struct load_json *w);
/* The next value, JSON_OBJECT, ..._END and scalars, never a key. JSON_END and JSON_BROKEN: the end; why is
 * told. JSON_END too when load_goes_on says so. */
enum json_token load_json_next(struct load_json *w);
/* Behind JSON_OBJECT or JSON_ARRAY: leaves out the rest of it, with its end. */
void load_json_skip(struct load_json *w);
struct load_place load_json_place(const struct load_json *w);
/* Valid until the next call. */
static inline struct span load_json_path(const struct load_json *w)
{
    return span_of(w->path, w->len);
}

/* Whether the value's path is that one. */
bool load_json_at(const struct load_json *w, const char *path);

/* Whether `known` says yes to a value in the first bytes of a file, of which it may note something in `ctx`.
 */
bool load_json_is(struct span head, bool (*known)(const struct load_json *w, void *ctx), void *ctx);

#endif
