/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether files changed. */
#include "serve/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define FOLDERS_MAX 1000 /* as many as a load reads */
#define LINKS_MAX   8

/* Nobody gains by a collision: who can write the files can change the rules. */
static const struct hash_key key = {{0x62726964, 0x6c65}};

/* Adds up, so that the order in which a folder gives its files does not matter. */
static void mix(struct files *f, const char *path, const struct stat *st)
{
    uint64_t h = hash_run(&key, key.k[0], span_str(path));

    if (st != NULL) {
        const uint64_t words[] = {st->st_dev,
                                  st->st_ino,
                                  (uint64_t)st->st_size,
                                  st->st_mode,
                                  st->st_uid,
                                  (uint64_t)st->st_mtim.tv_sec,
                                  (uint64_t)st->st_mtim.tv_nsec,
                                  (uint64_t)st->st_ctim.tv_sec,
                                  (uint64_t)st->st_ctim.tv_nsec};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            h = hash_word(&key, h, words[i]);
    }
    f->mark += h | 1;
    f->seen++;
}

/* A folder's own times change with hidden files in it, too: its name and place are enough. */
static void mix_folder(struct files *f, const char *path, const struct stat *st)
{
    const struct stat place = {.st_dev = st->st_dev, .st_ino = st->st_ino, .st_mode = st->st_mode};

    mix(f, path, &place);
}

/* What the link `at` names, in its place. False: it does not fit. */
static bool follow(char at[PATH_MAX], const char *link)
{
    char *slash = strrchr(at, '/');
    size_t keep = link[0] == '/' || slash == NULL ? 0 : (size_t)(slash - at) + 1, len = strlen(link);

    if (keep + len >= PATH_MAX)
        return false;
    memcpy(at + keep, link, len + 1);
    return true;
}

/* All folders above a path, and above what links on its way name. In the nearest, files are written; in the
 * others only folders and links come and go. */
static void around(struct files *f, const char *path)
{
    char at[PATH_MAX], link[PATH_MAX], on[PATH_MAX] = "";

    if ((size_t)snprintf(at, sizeof at, "%s", path) >= sizeof at)
        return;
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        bool nearest = true;
        on[0] = 0;
        for (char *slash; (slash = strrchr(at, '/')) != NULL && at[1] != 0;) {
            ssize_t len = readlink(at, link, sizeof link - 1);
            if (len > 0) {
                link[len] = 0;
                memcpy(on, at, sizeof on);
                if (!follow(on, link))
                    on[0] = 0;
            }
            slash[slash == at] = 0; /* the root stays */
            f->folder(f->ctx, at, !nearest);
            nearest = false;
        }
        if (on[0] == 0)
            return;
        memcpy(at, on, sizeof at);
    }
}

/* Folders to look into, and all that were met: links may lead back to them. */
struct todo {
    struct {
        char *path; /* owned; NULL: was looked into */
        dev_t dev;
        ino_t ino;
    } at[FOLDERS_MAX];
    unsigned count, next;
};

static void put_off(struct todo *todo, const char *path, const struct stat *st)
{
    for (unsigned i = 0; i < todo->count; i++)
        if (todo->at[i].dev == st->st_dev && todo->at[i].ino == st->st_ino)
            return;
    if (todo->count == FOLDERS_MAX)
        return;
    todo->at[todo->count].path = strdup(path);
    todo->at[todo->count].dev = st->st_dev;
    todo->at[todo->count++].ino = st->st_ino;
}

static void look(struct files *f, struct todo *todo, const char *path)
{
    struct stat st, link;

    if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode)) {
        mix(f, path, &link);
        around(f, path);
    }
    if (stat(path, &st) < 0) {
        mix(f, path, NULL);
        return;
    }
    if (!S_ISDIR(st.st_mode)) {
        mix(f, path, &st);
        return;
    }
    mix_folder(f, path, &st);
    put_off(todo, path, &st);
}

static void look_into(struct files *f, struct todo *todo, const char *folder)
{
    char path[PATH_MAX];
    const struct dirent *e;
    DIR *d = opendir(folder);

    f->folder(f->ctx, folder, false);
    while (d != NULL && (e = readdir(d)) != NULL && f->seen < FILES_MAX)
        if (e->d_name[0] != '.' &&
            (size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < sizeof path)
            look(f, todo, path);
    if (d != NULL)
        closedir(d);
}

void files_add(struct files *f, const char *path)
{
    struct todo *todo = calloc(1, sizeof *todo);

    if (todo == NULL)
        return;
    around(f, path);
    look(f, todo, path);
    for (; todo->next < todo->count; todo->next++) {
        char *folder = todo->at[todo->next].path;
        if (folder != NULL)
            look_into(f, todo, folder);
        free(folder);
    }
    free(todo);
}
