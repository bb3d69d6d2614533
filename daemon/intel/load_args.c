/* SPDX-License-Identifier: BSD-2-Clause */
/* Options before a path hold for that path alone. */
#include "intel/load_args.h"

#include <errno.h>
#include <stdlib.h>

static bool number(const char *text, uint64_t most, uint64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0 && *ret > 0 && *ret <= most;
}

static bool word(const char *text, const char *const *words, unsigned count, uint8_t *ret)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return *ret = (uint8_t)i, true;
    return false;
}

/* The value of an option that has one; NULL when there is none. */
static const char *value(struct load_args *a)
{
    return ++a->at < a->end ? *a->at : NULL;
}

/* One of the options in front; false when it is none, `*ret_bad` when it is nonsense. */
static bool take_front(struct load_args *a, bool *ret_bad)
{
    const struct {
        const char *name;
        uint64_t most;
        uint64_t *number; /* or */
        bool *flag;
    } options[] = {
        {"--entries", UINT64_MAX, &a->entries, NULL},
        {"--memory", UINT64_MAX, &a->memory_bytes, NULL},
        {"--now", INT64_MAX, (uint64_t *)&a->now_s, NULL},
        {"--before", 0, NULL, &a->before},
        {"--known", 0, NULL, &a->known},
        {"--take-shrunk", 0, NULL, &a->take_shrunk},
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(*a->at, options[i].name) != 0)
            continue;
        if (options[i].flag != NULL) {
            *options[i].flag = true;
        } else {
            const char *text = value(a);
            *ret_bad = text == NULL || !number(text, options[i].most, options[i].number);
        }
        a->at += a->at < a->end;
        return true;
    }
    return false;
}

/* One of a source's options; false when it is none, `*ret_bad` when it is nonsense. */
static bool take_option(struct load_args *a, struct load_options *o, bool *ret_bad)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"--source", &o->source},     {"--format", &o->format},   {"--columns", &o->columns},
        {"--campaign", &o->campaign}, {"--hosting", &o->hosting},
    };
    const char *name = *a->at, *text;
    size_t i = 0, count = sizeof texts / sizeof *texts;
    bool tier = strcmp(name, "--tier") == 0, trust = strcmp(name, "--trust") == 0;
    bool allow = strcmp(name, "--allow") == 0, force = strcmp(name, "--force") == 0;

    while (i < count && strcmp(name, texts[i].name) != 0)
        i++;
    if (i == count && !tier && !trust && !allow && !force)
        return false;
    text = value(a);
    if (text == NULL)
        return *ret_bad = true;
    a->at++;
    if (i < count)
        *texts[i].text = text;
    else if (tier)
        *ret_bad = !(o->has_tier = word(text, tier_names, TIERS, &o->tier));
    else if (trust)
        *ret_bad = !word(text, load_trust_names, LOAD_TRUSTS, &o->trust);
    else if (allow)
        a->list[o->allows++] = text;
    else
        a->list[a->room + o->forces++] = text;
    return true;
}

enum load_arg_kind load_args_next(struct load_args *a, struct load_arg *ret)
{
    char *const *from = a->at;
    bool bad = false;

    *ret = (struct load_arg){.options = {.allow = a->list, .force = a->list + a->room}};
    while (a->at < a->end && take_option(a, &ret->options, &bad))
        if (bad)
            return LOAD_ARG_BAD;
    if (a->at == a->end)
        return a->at == from ? LOAD_ARG_END : LOAD_ARG_BAD;
    bool guard = strcmp(*a->at, "--guard") == 0;
    if (guard && (a->at != from || a->at + 1 == a->end))
        return LOAD_ARG_BAD;
    a->at += guard;
    ret->path = *a->at++;
    return guard ? LOAD_ARG_GUARD : LOAD_ARG_PATH;
}

/* Goes through all paths once: what is wrong is said before anything is read. */
static int check(struct load_args *a)
{
    char *const *from = a->at;
    struct load_arg arg;
    enum load_arg_kind kind;

    while ((kind = load_args_next(a, &arg)) < LOAD_ARG_END)
        ;
    bool some = a->at != from;
    a->at = from;
    return kind == LOAD_ARG_END && some ? 0 : -EINVAL;
}

int load_args_init(struct load_args *a, int argc, char *const *argv)
{
    bool bad = false;

    *a = (struct load_args){.at = argv + 1, .end = argv + argc, .room = (size_t)argc};
    if (argc < 1)
        return -EINVAL;
    a->list = calloc(a->room * 2, sizeof *a->list);
    if (a->list == NULL)
        return -ENOMEM;
    while (a->at < a->end && take_front(a, &bad))
        if (bad)
            return -EINVAL;
    return check(a);
}

void load_args_done(struct load_args *a)
{
    free(a->list);
}
