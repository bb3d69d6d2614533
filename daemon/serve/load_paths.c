/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be loaded. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "serve/load.h"

const char *load_default_rules(void)
{
    if (!HAVE_LOADER)
        return BRIDLE_SYSCONFDIR "/rules.img";
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    size_t dir = strlen(BRIDLE_BUILD_DAEMONDIR);

    if (n > 0) {
        exe[n] = 0;
        if (strncmp(exe, BRIDLE_BUILD_DAEMONDIR, dir) == 0 && exe[dir] == '/')
            return BRIDLE_SOURCE_RULESDIR;
    }
    return BRIDLE_RULESDIR;
}

static char *folder(const char *base, const char *name)
{
    char *path;
    struct stat st;

    if (asprintf(&path, "%s/%s", base, name) < 0)
        return NULL;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return path;
    free(path);
    return NULL;
}

/* `extra`: room for so many more. */
static int make(struct load_paths *p, char *const *words, size_t count, size_t extra, bool *ret_default)
{
    *p = (struct load_paths){.at = calloc(count + extra + 1, sizeof *p->at)};
    p->rules = strdup(load_default_rules());
    if (p->at == NULL || p->rules == NULL) {
        load_paths_free(p);
        return -ENOMEM;
    }
    *ret_default = false;
    for (size_t i = 0; i < count; i++) {
        bool this = strcmp(words[i], "default") == 0;
        p->at[p->count++].at = this ? p->rules : words[i];
        *ret_default |= this;
    }
    p->words = count;
    p->guard = folder(p->rules, "guard");
    return 0;
}

/* What is known of addresses, whatever is looked for. */
static const char *const known[] = {"hosting", "sinkhole"};

enum { KNOWN = sizeof known / sizeof *known };

static void add_known(struct load_paths *p)
{
    for (unsigned i = 0; i < KNOWN; i++) {
        char *path = folder(p->rules, known[i]);
        if (path != NULL)
            p->at[p->count++] = (struct load_path){.at = path, .made = path};
    }
}

int load_paths_make(struct load_paths *p, char *const *words, size_t count, bool hosting)
{
    bool deflt;
    int rc = make(p, words, count, KNOWN, &deflt);

    if (rc == 0 && hosting && !deflt) /* else the default rules bring them along */
        add_known(p);
    return rc;
}

static int add_source(struct load_paths *p, const struct settings_source *source)
{
    char path[PATH_MAX];

    if (!settings_source_path(source, path, sizeof path))
        return -ENAMETOOLONG;
    char *made = strdup(path);
    if (made == NULL)
        return -ENOMEM;
    p->at[p->count++] =
        (struct load_path){.at = made, .made = made, .source = source, .optional = source->url[0] != 0};
    return 0;
}

int load_paths_configured(struct load_paths *p, const struct settings *s)
{
    bool deflt;
    int rc = make(p, s->rules.word, s->rules.words, s->sources.count + 1 + KNOWN, &deflt);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < s->sources.count && rc == 0; i++)
        rc = add_source(p, settings_source(s, i));
    if (rc < 0) {
        load_paths_free(p);
        return rc;
    }
    if (s->exceptions[0] != 0)
        p->at[p->count++] = (struct load_path){.at = s->exceptions, .optional = true};
    if (!deflt)
        add_known(p);
    p->entries_max = s->indicators_max;
    p->memory_bytes_max = s->loader_bytes_max;
    return 0;
}

int load_paths_look(struct load_paths *p, void (*missing)(void *ctx, const char *path, int error), void *ctx)
{
    int rc = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct load_path *at = &p->at[i];
        bool there = access(at->at, R_OK) == 0;
        /* What is there and cannot be read is never left out without a word. */
        if (!there && (!at->optional || at->there || (errno != ENOENT && errno != ENOTDIR))) {
            missing(ctx, at->at, errno);
            rc = -ENOENT;
        } else {
            at->there = there;
        }
    }
    return rc;
}

void load_paths_free(struct load_paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->at[i].made);
    free(p->at);
    free(p->guard);
    free(p->rules);
    *p = (struct load_paths){0};
}
