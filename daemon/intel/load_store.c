/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a load: files, and an arena for the texts of entries that wait for the guards. */
#include "intel/load_store.h"

#include <stdlib.h>

#define CHUNK_BYTES ((size_t)256 << 10)

struct arena_chunk {
    struct arena_chunk *next; /* owned */
    size_t used;
    _Alignas(8) uint8_t at[CHUNK_BYTES];
};

struct loader *loader_new(struct build *b, struct load_report *report)
{
    struct loader *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->build = b;
    l->report = report;
    l->guards = guards_new();
    if (!l->guards) {
        free(l);
        return NULL;
    }
    return l;
}

void loader_free(struct loader *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->file_count; i++) {
        free(l->files[i]->path);
        free(l->files[i]->feed);
        free(l->files[i]);
    }
    for (struct arena_chunk *c = l->arena, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(l->files);
    free(l->waiting);
    guards_free(l->guards);
    free(l);
}

static void *arena_take(struct loader *l, size_t bytes)
{
    bytes = (bytes + 7) & ~(size_t)7;
    if (!l->arena || CHUNK_BYTES - l->arena->used < bytes) {
        struct arena_chunk *c = malloc(sizeof(*c));
        if (!c) {
            l->no_memory = true;
            return NULL;
        }
        c->next = l->arena;
        c->used = 0;
        l->arena = c;
    }
    void *at = l->arena->at + l->arena->used;
    l->arena->used += bytes;
    return at;
}

struct span load_keep(struct loader *l, struct span s)
{
    if (s.len > LOAD_TEXT_BYTES_MAX)
        for (s.len = LOAD_TEXT_BYTES_MAX; s.len > 0 && (s.at[s.len] & 0xc0) == 0x80; s.len--)
            ; /* never half a UTF-8 character */
    if (s.len == 0)
        return span_of(NULL, 0);
    void *at = arena_take(l, s.len);
    if (!at)
        return span_of(NULL, 0);
    memcpy(at, s.at, s.len);
    return span_of(at, s.len);
}

const struct load_origin *load_keep_origin(struct loader *l, const struct load_origin *o)
{
    struct load_origin *at = arena_take(l, sizeof(*o));

    if (at)
        *at = *o;
    return at;
}

struct load_file *load_file_open(struct loader *l, const char *path, const char *feed)
{
    if (l->file_count == l->file_room) {
        size_t room = l->file_room ? l->file_room * 2 : 64;
        struct load_file **list = reallocarray(l->files, room, sizeof(struct load_file *));
        if (!list)
            return NULL;
        l->files = list;
        l->file_room = room;
    }
    struct load_file *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->loader = l;
    f->path = strdup(path);
    f->feed = strdup(feed);
    if (!f->path || !f->feed) {
        free(f->path);
        free(f->feed);
        free(f);
        return NULL;
    }
    l->files[l->file_count++] = f;
    return f;
}

struct span load_file_name(const struct load_file *f)
{
    const char *slash = strrchr(f->feed, '/');
    return span_str(slash ? slash + 1 : f->feed);
}

struct span load_file_stem(const struct load_file *f)
{
    struct span name = load_file_name(f);
    const uint8_t *dot = memrchr(name.at, '.', name.len);
    return dot && dot > name.at ? span_of(name.at, (size_t)(dot - name.at)) : name;
}
