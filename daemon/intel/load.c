/* SPDX-License-Identifier: BSD-2-Clause */
/* Which files are read, and by which format. Folders are hostile: links in circles, devices, endless files.
 */
#include "intel/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel/image_format.h"
#include "intel/load_store.h"

/* In the order in which they are asked; the first that says yes gets the file. */
static const struct load_format *const formats[] = {&load_format_stix, &load_format_ioc, &load_format_plain};

/* Names in a folder that are no rules: documentation, editors' and package managers' copies, the build's. */
static const char *const left_out[] = {".*", "README*", "*~", "*.dpkg-*", "meson.build"};

/* UTF-16 has a mark, or every second byte is zero. */
static bool is_utf16(struct span s)
{
    size_t zeros[2] = {0, 0};

    if (s.len >= 2 && ((s.at[0] == 0xff && s.at[1] == 0xfe) || (s.at[0] == 0xfe && s.at[1] == 0xff)))
        return true;
    for (size_t i = 0; i < s.len; i++)
        zeros[i & 1] += s.at[i] == 0;
    return s.len >= 4 && ((zeros[0] == 0 && zeros[1] > s.len / 3) || (zeros[1] == 0 && zeros[0] > s.len / 3));
}

static bool is_binary(struct span s)
{
    size_t odd = 0;

    for (size_t i = 0; i < s.len; i++)
        odd += (s.at[i] < 0x20 && !strchr("\t\n\r\f", s.at[i])) || s.at[i] == 0 || s.at[i] == 0x7f;
    return odd > s.len / 50;
}

static void load_content(struct load_file *f, struct load_input *in)
{
    struct load_place top = {.line = 1, .column = 1};
    struct span none = span_of(NULL, 0), head = load_input_head(in);

    if (head.len >= 3 && memcmp(head.at, "\xef\xbb\xbf", 3) == 0) {
        load_input_skip(in, 3);
        head = load_input_head(in);
    }
    if (in->error && head.len == 0) {
        load_error(f, (struct load_place){0}, none, "cannot be read: %s", strerror(-in->error));
    } else if (head.len == 0) {
        load_warning(f, (struct load_place){0}, none, "is empty");
    } else if (is_utf16(head)) {
        load_error(f, top, none, "is UTF-16 text; save it as UTF-8");
    } else if (head.len >= strlen(IMAGE_MAGIC) && memcmp(head.at, IMAGE_MAGIC, strlen(IMAGE_MAGIC)) == 0) {
        load_error(f, top, none, "is a compiled image: it is used alone, by its own name");
    } else if (is_binary(head)) { /* somewhere in it a line will look like one of ours */
        load_error(f, top, none, "is a binary file, no list of indicators");
    } else {
        for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
            if (!formats[i]->is(head))
                continue;
            f->format = formats[i]->load(f, in) ? formats[i]->name : NULL;
            return;
        }
        load_error(f, top, none, "has no known format: it is no .ioc file, STIX bundle or plain list");
    }
}

static struct load_file *open_file(struct loader *l, const char *path, const char *feed, bool guards_only)
{
    struct load_file *f = load_file_open(l, path, feed);

    if (f)
        f->guards_only = guards_only;
    else
        l->no_memory = true;
    return f;
}

int loader_bytes(struct loader *l, const char *name, struct span bytes)
{
    struct load_file *f = open_file(l, name, name, false);

    if (!f)
        return -ENOMEM;
    load_input_init(&l->input, -1, bytes, LOAD_FILE_BYTES_MAX);
    load_content(f, &l->input);
    return 0;
}

/* Reads a regular file. Opened without blocking and looked at again: between stat and open somebody may have
 * put a FIFO there. */
static int load_regular(struct load_file *f)
{
    struct loader *l = f->loader;
    struct load_place nowhere = {0};
    struct span none = span_of(NULL, 0);
    struct stat st;
    int fd = open(f->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0) {
        int err = errno;
        load_error(f, nowhere, none, "cannot be read: %s", strerror(err));
        if (fd >= 0)
            close(fd);
        return -err;
    }
    uint64_t size = (uint64_t)st.st_size;
    if (!S_ISREG(st.st_mode))
        load_error(f, nowhere, none, "is no regular file");
    else if (size > LOAD_FILE_BYTES_MAX)
        load_error(f, nowhere, none, "is too large: %" PRIu64 " bytes, the limit is %" PRIu64, size,
                   LOAD_FILE_BYTES_MAX);
    else if (l->bytes + size > LOAD_TOTAL_BYTES_MAX)
        load_error(f, nowhere, none, "was not read: all files together are larger than %" PRIu64 " bytes",
                   LOAD_TOTAL_BYTES_MAX);
    else {
        l->bytes += size;
        load_input_init(&l->input, fd, none, LOAD_FILE_BYTES_MAX);
        load_content(f, &l->input);
    }
    close(fd);
    return 0;
}

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

/* Says why something in a folder is not read. */
static void leave_out(struct walk *w, const char *why)
{
    struct load_file *f = open_file(w->l, w->path, w->path + w->root, w->guards_only);
    if (f)
        load_error(f, (struct load_place){0}, span_of(NULL, 0), "%s", why);
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
    struct load_file *f = open_file(w->l, w->path, w->path + w->root, w->guards_only);
    return f ? load_regular(f) : -ENOMEM;
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

static int load_path(struct loader *l, const char *path, bool guards_only)
{
    struct walk w = {.l = l, .guards_only = guards_only};

    if (strlen(path) >= sizeof(w.path))
        return -ENAMETOOLONG;
    strcpy(w.path, path);
    int err = visit(&w);
    w.root = w.depth > 0 ? strlen(path) + (path[strlen(path) - 1] != '/') : 0;
    while (next(&w)) {
        if (l->file_count < LOAD_FILES_MAX)
            visit(&w);
        else if (l->file_count == LOAD_FILES_MAX)
            leave_out(&w, "was not read, nor what follows: too many files");
    }
    return err;
}

int loader_path(struct loader *l, const char *path)
{
    return load_path(l, path, false);
}

int loader_guards(struct loader *l, const char *path)
{
    l->seen_count = 0; /* what only gave its guards may be given again as rules */
    int err = load_path(l, path, true);
    l->seen_count = 0;
    return err;
}
