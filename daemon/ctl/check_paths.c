/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of a check, and the options of the source to which they belong. */
#include "ctl/check_paths.h"

#include <errno.h>
#include <limits.h>

static void tell(void *ctx, bool error, const char *text)
{
    if (error)
        log_error("%s", text);
    else
        log_warning("%s", text);
}

static void tell_missing(void *ctx, const char *path, int error)
{
    log_error("%s: %s", path, strerror(error));
}

static int read_settings(struct settings *s, const char *path)
{
    int rc = conf_defaults(settings_keys, settings_count, s);

    if (rc == 0 && path != NULL)
        rc = conf_read(settings_keys, settings_count, s, path, tell, NULL);
    if (rc < 0 && rc != -EINVAL) /* that was told */
        log_error("%s: cannot be read: %s", path != NULL ? path : "settings", strerror(-rc));
    return rc;
}

/* The section that --source names, or nothing; with what other options say. False: there is none, told. */
static bool find_source(struct check_paths *p, const struct ctl *c)
{
    static char none[] = "", automatic[] = "auto";
    bool found = c->source == NULL;

    p->source = (struct settings_source){.named.name = none,
                                         .path = none,
                                         .url = none,
                                         .format = automatic,
                                         .columns = none,
                                         .campaign = none,
                                         .hosting = none};
    for (size_t i = 0; i < p->settings.sources.count && !found; i++) {
        const struct settings_source *s = settings_source(&p->settings, i);
        found = strcmp(s->named.name, c->source) == 0;
        if (found)
            p->source = *s;
    }
    if (!found)
        log_error("there is no [source %s] in the configuration (-c)", c->source);
    if (c->format != NULL)
        p->source.format = (char *)(uintptr_t)c->format;
    if (c->columns != NULL)
        p->source.columns = (char *)(uintptr_t)c->columns;
    return found;
}

/* The words, or the list of the source, as the source's own. */
static int make_words(struct check_paths *p, char *const *words, size_t count, bool of_source)
{
    char path[PATH_MAX], *own[] = {path};

    if (count == 0 && !settings_source_path(&p->source, path, sizeof path))
        return -ENAMETOOLONG;
    int rc = load_paths_make(&p->paths, count > 0 ? words : own, count > 0 ? count : 1, false);
    if (rc < 0)
        return rc;
    if (count == 0) {
        p->paths.at[0].at = p->paths.at[0].made = strdup(path);
        if (p->paths.at[0].made == NULL)
            return -ENOMEM;
    }
    for (size_t i = 0; i < p->paths.words && of_source; i++)
        p->paths.at[i].source = &p->source;
    p->paths.entries_max = p->settings.indicators_max;
    p->paths.memory_bytes_max = p->settings.loader_bytes_max;
    return 0;
}

int check_paths_make(struct check_paths *p, const struct ctl *c)
{
    static char deflt[] = "default";
    char *const words[] = {deflt};
    bool of_source = c->source != NULL || c->format != NULL || c->columns != NULL;
    int rc;

    *p = (struct check_paths){0};
    if (read_settings(&p->settings, c->config) < 0 || !find_source(p, c)) {
        check_paths_free(p);
        return CTL_FAILED;
    }
    if (c->operands > 0)
        rc = make_words(p, c->operand, c->operands, of_source);
    else if (c->source != NULL)
        rc = make_words(p, NULL, 0, true);
    else if (c->config != NULL)
        rc = load_paths_configured(&p->paths, &p->settings);
    else
        rc = make_words(p, words, 1, false);
    if (rc < 0)
        log_error("%s", strerror(-rc));
    else if (c->operands == 0)
        rc = load_paths_look(&p->paths, tell_missing, NULL);
    if (rc == 0)
        return CTL_DONE;
    check_paths_free(p);
    return CTL_FAILED;
}

void check_paths_free(struct check_paths *p)
{
    load_paths_free(&p->paths);
    conf_free(settings_keys, settings_count, &p->settings);
}
