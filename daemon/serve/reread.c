/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the configuration again. */
#include "serve/reread.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define SWAP(a, b)                                                                                           \
    do {                                                                                                     \
        __typeof__(a) swapped = (a);                                                                         \
        (a) = (b);                                                                                           \
        (b) = swapped;                                                                                       \
    } while (0)

static void swap(struct settings *a, struct settings *b)
{
    SWAP(a->rules, b->rules);
    SWAP(a->exceptions, b->exceptions);
    SWAP(a->rules_settle, b->rules_settle);
    SWAP(a->sources, b->sources);
    SWAP(a->indicators_max, b->indicators_max);
    SWAP(a->loader_bytes_max, b->loader_bytes_max);
}

/* What was there before must not vanish unnoticed. */
static void carry_over(struct load_paths *to, const struct load_paths *from)
{
    for (size_t i = 0; i < to->count; i++)
        for (size_t k = 0; k < from->count; k++)
            to->at[i].there |= from->at[k].there && strcmp(to->at[i].at, from->at[k].at) == 0;
}

int reread_settings(struct serve *s, struct load_paths *paths, conf_problem_fn problem, void *ctx)
{
    const char *path = options_file(&s->options);
    struct load_paths new;

    if (path == NULL || access(path, R_OK) < 0) {
        if (path != NULL)
            log_notice("%s: cannot be read any more: settings stay as they were (%s)", path, strerror(errno));
        return 0;
    }
    struct settings *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL)
        return -ENOMEM;
    int rc = options_settings(&s->options, fresh, problem, ctx);
    if (rc == 0) {
        swap(&s->settings, fresh);
        rc = load_paths_configured(&new, &s->settings);
        if (rc < 0) {
            swap(&s->settings, fresh);
        } else {
            carry_over(&new, paths);
            load_paths_free(paths);
            *paths = new;
        }
    }
    conf_free(settings_keys, settings_count, fresh);
    free(fresh);
    return rc == 0 ? 1 : rc == -ENOMEM ? rc : -EINVAL;
}
