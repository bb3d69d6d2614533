/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files are read. Folders are hostile: links in circles, devices, no end of files. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "intel/load_store.h"

/* Names in a folder that are no rules: documentation, editors' and package managers' copies, the build's. */
static const char *const left_out[] = {".*", "README*", "*~", "*.dpkg-*", "meson.build"};

/* Whether the folder was met before, by a link or because it was given twice; remembers it. */
static bool met_before(struct loader *l, const struct stat *st)
{
    for (size_t i = 0; i < l->seen_count; i++)
        if (l->seen[i].dev == st->st_dev && l->seen[i].ino == st->st_ino)
            return true;
    l->seen[l->seen_count].dev = st->st_dev;
    l->seen[l->seen_count++].ino = st->st_ino;
    return false;
}

/* A walk through one folder given: a stack instead of recursion. */
struct walk {
    struct loader *l;
    const struct load_config *config;
    bool guards_only;
    char path[PATH_MAX];
    size_t root; /* length of the part of `path` that was given, with its slash */
    struct {
        struct dirent **list; /* owned, each owned */
        int count, next;
        size_t path_len;
    } level[LOAD_DEPTH_MAX];
    unsigned depth;
};

static int is_rule(const struct dirent *e)
{
    for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
        if (fnmatch(left_out[i], e->d_name, 0) == 0)
            return 0;
    return 1;
}

/* By bytes: the order must not depend on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The file in hand, of which only the guards are wanted. */
static struct load_source guards_source(struct walk *w)
{
    return (struct load_source){.path = w->path, .feed = w->path + w->root, .config = w->config};
}

static struct load_source *add(struct walk *w)
{
    return load_source_add(w->l, w->path, w->path + w->root, w->config);
}

/* Says why something in a folder is not read. */
static void leave_out(struct walk *w, const char *why)
{
    struct load_source *s = w->guards_only ? NULL : add(w), guards = guards_source(w);
    struct load_file f;

    w->l->files++;
    if (s)
        s->left_out = true;
    load_file_begin(&f, w->l, &guards);
    f.guards_only = w->guards_only;
    load_error(&f, (struct load_place){0}, span_of(NULL, 0), "%s", why);
}

/* Goes down into the folder `w->path`. 0 or negative errno. */
static int enter(struct walk *w, const struct stat *st)
{
    if (w->depth == LOAD_DEPTH_MAX || w->l->seen_count == LOAD_FOLDERS_MAX) {
        leave_out(w, w->depth == LOAD_DEPTH_MAX ? "was not read: folders are nested too deep"
                                                : "was not read: too many folders");
        return -ELOOP;
    }
    if (met_before(w->l, st))
        return 0;
    struct dirent **list;
    int n = scandir(w->path, &list, is_rule, by_name);
    if (n < 0) {
        int err = errno;
        leave_out(w, strerror(err));
        return -err;
    }
    w->level[w->depth].list = list;
    w->level[w->depth].count = n;
    w->level[w->depth].next = 0;
    w->level[w->depth++].path_len = strlen(w->path);
    return 0;
}

/* The file or folder `w->path`. 0 or negative errno. */
static int visit(struct walk *w)
{
    struct stat st;

    if (stat(w->path, &st) < 0) {
        int err = errno;
        leave_out(w, err == ELOOP ? "links in a circle" : strerror(err));
        return -err;
    }
    if (S_ISDIR(st.st_mode))
        return enter(w, &st);
    if (!S_ISREG(st.st_mode)) {
        leave_out(w, "is neither a regular file nor a folder");
        return -EINVAL;
    }
    w->l->files++;
    struct load_source guards = guards_source(w);
    if (w->guards_only)
        return load_guards_of(w->l, &guards, false);
    struct load_source *s = add(w);
    return s ? load_guards_of(w->l, s, true) : -ENOMEM;
}

/* The next name in the folders that are open; false when all were visited. */
static bool next(struct walk *w)
{
    while (w->depth > 0) {
        unsigned top = w->depth - 1;
        int i = w->level[top].next++;
        if (i < w->level[top].count) {
            size_t len = w->level[top].path_len;
            bool slash = len > 0 && w->path[len - 1] == '/';
            int n = snprintf(w->path + len, sizeof(w->path) - len, "%s%s", slash ? "" : "/",
                             w->level[top].list[i]->d_name);
            free(w->level[top].list[i]);
            if (n >= 0 && (size_t)n < sizeof(w->path) - len)
                return true;
            leave_out(w, "was not read: the path is too long");
        } else {
            free(w->level[top].list);
            w->depth--;
        }
    }
    return false;
}

static int walk(struct loader *l, const char *path, const struct load_config *config, bool guards_only)
{
    struct walk w = {.l = l, .config = config, .guards_only = guards_only};

    if (strlen(path) >= sizeof(w.path))
        return -ENAMETOOLONG;
    strcpy(w.path, path);
    int err = visit(&w);
    w.root = w.depth > 0 ? strlen(path) + (path[strlen(path) - 1] != '/') : 0;
    while (next(&w)) {
        if (l->files < LOAD_FILES_MAX)
            visit(&w);
        else if (l->files == LOAD_FILES_MAX)
            leave_out(&w, "was not read, nor what follows: too many files");
    }
    return err;
}

int load_walk(struct loader *l, const char *path, const struct load_config *config)
{
    return walk(l, path, config, false);
}

int loader_guards(struct loader *l, const char *path)
{
    uint64_t bytes = l->bytes;

    l->seen_count = 0; /* what only gave its guards may be given again as rules */
    int err = walk(l, path, l->configs[0], true);
    l->seen_count = 0;
    l->bytes = bytes; /* it will not be read again */
    return err;
}
