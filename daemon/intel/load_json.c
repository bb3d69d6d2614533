/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON files by paths. */
#include "intel/load_json.h"

#include <inttypes.h>
#include <stdlib.h>

/* Stands for what cannot be in a path that is asked for: a dot or bracket in a key, or what is too long. */
#define ODD '?'

static struct span more(void *ctx)
{
    struct load_json *w = ctx;
    struct span block = w->head;

    if (w->in) {
        block = load_input_head(w->in);
        load_input_skip(w->in, block.len); /* it stays where it is until the next one is asked for */
    } else {
        w->head.len = 0;
    }
    return block;
}

static void begin(struct load_json *w, struct load_file *f, struct load_input *in, struct span head)
{
    w->f = f;
    w->in = in;
    w->head = head;
    w->len = 0;
    json_read_init(&w->read, more, w);
    w->read.mends = w->read.many = true; /* feeds are dirty, and some have one event a line */
}

static void no_memory(struct load_file *f)
{
    load_error(f, (struct load_place){0}, span_of(NULL, 0), "was not read: there is no memory left");
}

struct load_json *load_json_new(struct load_file *f, struct load_input *in)
{
    struct load_json *w = malloc(sizeof(*w));

    if (w)
        begin(w, f, in, span_of(NULL, 0));
    else
        no_memory(f);
    return w;
}

struct load_json *load_json_silent(struct load_input *in)
{
    struct load_json *w = malloc(sizeof(*w));

    if (w)
        begin(w, NULL, in, span_of(NULL, 0));
    return w;
}

void load_json_free(struct load_json *w)
{
    free(w);
}

static void add(struct load_json *w, char c)
{
    if (w->len < sizeof(w->path))
        w->path[w->len++] = c;
    else
        w->path[w->len - 1] = ODD;
}

static void add_key(struct load_json *w)
{
    struct span key = w->read.text;

    if (w->len > 0)
        add(w, '.');
    for (size_t i = 0; i < key.len; i++)
        add(w, key.at[i] && !strchr(".[]", key.at[i]) ? (char)key.at[i] : ODD);
}

static void open_container(struct load_json *w, bool array)
{
    unsigned level = w->read.depth - 1u;
    size_t own = w->len;

    if (array) {
        add(w, '[');
        add(w, ']');
    }
    w->outside[level] = (uint16_t)own;
    w->item[level] = (uint16_t)w->len;
    w->len = own;
}

static void tell_broken(const struct load_json *w, struct load_file *f, struct load_input *in,
                        const char *what)
{
    if (in->error)
        load_error(f, load_json_place(w), span_of(NULL, 0), "cannot be read further: %s", load_input_why(in));
    else
        load_error(f, load_json_place(w), span_of(NULL, 0), "%s: %s", what,
                   w->read.why ? w->read.why : "it cannot be read again");
}

void load_json_tell_mended(struct load_file *f, const struct json_read *r)
{
    if (r->mended > 0)
        load_warning(f, (struct load_place){0}, span_of(NULL, 0),
                     "%" PRIu64 " bytes or escapes are no characters (UTF-8): read as U+FFFD", r->mended);
}

bool load_json_whole(struct load_file *f, struct load_input *in)
{
    struct load_json *w = load_json_silent(in);

    if (!w) {
        no_memory(f);
        return false;
    }
    while (json_read_next(&w->read) != JSON_END && w->read.token != JSON_BROKEN)
        json_read_skip(&w->read);
    bool good = w->read.token == JSON_END && load_input_rewind(in) == 0;
    if (!good)
        tell_broken(w, f, in, "is broken JSON, nothing of it was loaded");
    else
        load_json_tell_mended(f, &w->read);
    load_json_free(w);
    return good;
}

/* It was whole a moment ago. */
static void tell_changed(struct load_json *w)
{
    if (w->f && w->in)
        tell_broken(w, w->f, w->in, "changed while it was read, the rest was not loaded");
}

enum json_token load_json_next(struct load_json *w)
{
    if (w->f && !load_goes_on(w->f))
        return JSON_END;
    enum json_token token = json_read_next(&w->read);
    if (token == JSON_OBJECT_END || token == JSON_ARRAY_END) {
        w->len = w->outside[w->read.depth];
        return token;
    }
    bool opens = token == JSON_OBJECT || token == JSON_ARRAY;
    unsigned around = w->read.depth - (opens ? 1u : 0u); /* containers that the value is in */
    w->len = around > 0 ? w->item[around - 1] : 0;
    if (token == JSON_KEY) {
        add_key(w);
        token = json_read_next(&w->read);
        opens = token == JSON_OBJECT || token == JSON_ARRAY;
    }
    if (opens)
        open_container(w, token == JSON_ARRAY);
    else if (token == JSON_BROKEN)
        tell_changed(w);
    return token;
}

void load_json_skip(struct load_json *w)
{
    json_read_skip(&w->read);
}

struct load_place load_json_place(const struct load_json *w)
{
    return (struct load_place){w->read.line, w->read.column};
}

bool load_json_at(const struct load_json *w, const char *path)
{
    return span_eq(load_json_path(w), span_str(path));
}

bool load_json_is(struct span head, bool (*known)(const struct load_json *w, void *ctx), void *ctx)
{
    struct load_json *w = malloc(sizeof(*w));
    bool found = false;

    if (!w)
        return false;
    begin(w, NULL, NULL, head);
    for (enum json_token t = load_json_next(w); !found && t != JSON_END && t != JSON_BROKEN;
         t = load_json_next(w))
        found = known(w, ctx);
    free(w);
    return found;
}
