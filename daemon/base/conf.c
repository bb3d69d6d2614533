/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of keys as a whole: defaults, one key set, freed, printed, explained. */
#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/conf_value.h"

/* Where a printed value goes on in the next line: well below what inih takes as one line. */
#define PRINT_COLUMNS   100
#define COMMENT_COLUMNS 78

int conf_defaults(const struct conf_key *keys, size_t n, void *into)
{
    for (size_t i = 0; i < n; i++) {
        char why[256];
        struct text t = text_on(why, sizeof why);
        if (keys[i].type == CONF_TEXT)
            *(char **)((char *)into + keys[i].offset) = NULL;
        else if (keys[i].type == CONF_LIST)
            *(struct conf_list *)((char *)into + keys[i].offset) = (struct conf_list){0};
        else if (keys[i].type == CONF_GROUP)
            *(struct conf_named_list *)((char *)into + keys[i].offset) = (struct conf_named_list){0};
        if (keys[i].type == CONF_GROUP)
            continue;
        int r = conf_value_set(&keys[i], into, keys[i].deflt, false, &t);
        if (r < 0) {
            conf_free(keys, i, into);
            return r;
        }
    }
    return 0;
}

static void free_values(const struct conf_key *keys, size_t n, void *into)
{
    for (size_t i = 0; i < n; i++)
        conf_value_free(&keys[i], into);
}

static struct conf_named *element(const struct conf_group *g, const struct conf_named_list *list, size_t i)
{
    return (struct conf_named *)(void *)((char *)list->at + i * g->bytes);
}

void conf_group_clear(const struct conf_key *key, void *into)
{
    const struct conf_group *g = key->group;
    struct conf_named_list *list = (void *)((char *)into + key->offset);

    for (size_t i = 0; i < list->count; i++) {
        struct conf_named *e = element(g, list, i);
        free_values(g->keys, g->count, e);
        free(e->name);
        free(e->lines);
    }
    free(list->at);
    *list = (struct conf_named_list){0};
}

void conf_free(const struct conf_key *keys, size_t n, void *into)
{
    for (size_t i = 0; i < n; i++)
        if (keys[i].type == CONF_GROUP)
            conf_group_clear(&keys[i], into);
    free_values(keys, n, into);
}

void *conf_group_element(const struct conf_key *key, void *into, const char *name, bool *ret_new)
{
    const struct conf_group *g = key->group;
    struct conf_named_list *list = (void *)((char *)into + key->offset);

    *ret_new = false;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(element(g, list, i)->name, name) == 0)
            return element(g, list, i);
    void *grown = list->count < key->most ? realloc(list->at, (list->count + 1) * g->bytes) : NULL;
    if (grown == NULL)
        return NULL;
    list->at = grown;
    struct conf_named *e = element(g, list, list->count);
    memset(e, 0, g->bytes);
    e->name = strdup(name);
    e->lines = calloc(g->count, sizeof *e->lines);
    if (e->name == NULL || e->lines == NULL || conf_defaults(g->keys, g->count, e) < 0) {
        free(e->name);
        free(e->lines);
        return NULL;
    }
    list->count++;
    *ret_new = true;
    return e;
}

int conf_set(const struct conf_key *keys, size_t n, void *into, const char *section_dot_name,
             const char *value, conf_problem_fn problem, void *ctx)
{
    char buf[1024];
    struct text why = text_on(buf, sizeof buf);
    const char *dot = strchr(section_dot_name, '.');
    int r = -EINVAL;

    text_escaped(&why, span_str(section_dot_name));
    text_str(&why, ": ");
    for (size_t i = 0; dot != NULL && i < n; i++) {
        size_t len = strlen(keys[i].section);
        if (keys[i].type == CONF_GROUP || len != (size_t)(dot - section_dot_name) ||
            strncmp(section_dot_name, keys[i].section, len) != 0 || strcmp(dot + 1, keys[i].name) != 0)
            continue;
        r = conf_value_set(&keys[i], into, value, false, &why);
        if (r < 0)
            problem(ctx, true, buf);
        return r;
    }
    text_str(&why, "there is no such key: write SECTION.KEY");
    problem(ctx, true, buf);
    return r;
}

/* Whether a continued line could begin here without being taken for something else. */
static bool may_break(const char *value, size_t at)
{
    return at > 0 && value[at] == ' ' && !isspace((unsigned char)value[at - 1]) &&
           !isspace((unsigned char)value[at + 1]) && value[at + 1] != '[' &&
           !conf_is_assignment(value + at + 1);
}

/* A long value goes on in indented lines. */
static void print_wrapped(const char *value, size_t column, FILE *to)
{
    size_t start = 0, last = 0;

    for (size_t i = 0; value[i] != 0; i++) {
        if (may_break(value, i))
            last = i;
        if (column + (i - start) < PRINT_COLUMNS || last <= start)
            continue;
        fprintf(to, "%.*s\n    ", (int)(last - start), value + start);
        start = last + 1;
        column = 4;
    }
    fprintf(to, "%s\n", value + start);
}

static void print_comment(const char *text, FILE *to)
{
    size_t column = 0;

    for (size_t len; (len = strcspn(text, " ")) > 0; text += len, text += strspn(text, " ")) {
        bool fits = column > 0 && column + 1 + len <= COMMENT_COLUMNS;
        fprintf(to, "%s%.*s", fits ? " " : column > 0 ? "\n# " : "# ", (int)len, text);
        column = fits ? column + 1 + len : 2 + len;
    }
    fputc('\n', to);
}

static void print_key(const struct conf_key *key, const void *values, FILE *to)
{
    char about[1024];
    struct text t = text_on(about, sizeof about);
    char *value = NULL;
    size_t bytes = 0;

    if (values == NULL) {
        fputc('\n', to);
        print_comment(key->help, to);
        text_char(&t, '(');
        conf_value_describe(key, &t);
        text_char(&t, ')');
        print_comment(about, to);
        fprintf(to, "#%s =%s%s\n", key->name, key->deflt[0] != 0 ? " " : "", key->deflt);
        return;
    }
    FILE *mem = open_memstream(&value, &bytes);
    if (mem == NULL)
        return;
    conf_value_print(key, values, mem);
    fclose(mem);
    if (value != NULL && value[0] != 0) {
        fprintf(to, "%s = ", key->name);
        print_wrapped(value, strlen(key->name) + 3, to);
    } else {
        fprintf(to, "%s =\n", key->name);
    }
    free(value);
}

/* The sections of a group; without values, one that shows what may stand there. */
static void print_group(const struct conf_key *key, const void *values, bool first, FILE *to)
{
    const struct conf_group *g = key->group;

    if (values == NULL) {
        fputs(first ? "" : "\n", to);
        print_comment(key->help, to);
        fprintf(to, "#[%s NAME]\n", key->section);
        for (size_t k = 0; k < g->count; k++)
            print_key(&g->keys[k], NULL, to);
        return;
    }
    const struct conf_named_list *list = (const void *)((const char *)values + key->offset);
    for (size_t i = 0; i < list->count; i++) {
        fprintf(to, "%s[%s %s]\n", first && i == 0 ? "" : "\n", key->section, element(g, list, i)->name);
        for (size_t k = 0; k < g->count; k++)
            print_key(&g->keys[k], element(g, list, i), to);
    }
}

void conf_print(const struct conf_key *keys, size_t n, const void *values, FILE *to)
{
    if (values == NULL)
        fputs("# Every key with its default. Take the # away before a key to change it.\n"
              "# A line that begins with a blank continues the value above it.\n\n",
              to);
    for (size_t i = 0; i < n; i++) {
        bool begins = i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0;
        if (keys[i].type == CONF_GROUP) {
            print_group(&keys[i], values, i == 0, to);
            continue;
        }
        if (begins)
            fprintf(to, "%s[%s]\n", i > 0 ? "\n" : "", keys[i].section);
        print_key(&keys[i], values, to);
    }
}

/* `where`: what stands before the key's name. */
static void help_key(const struct conf_key *key, const char *where, bool first, FILE *to)
{
    char about[1024];
    struct text t = text_on(about, sizeof about);

    conf_value_describe(key, &t);
    fprintf(to, "%s%s%s\n    %s\n    %s\n    default: %s\n", first ? "" : "\n", where, key->name, key->help,
            about, key->deflt[0] != 0 ? key->deflt : "(empty)");
}

void conf_help(const struct conf_key *keys, size_t n, FILE *to)
{
    for (size_t i = 0; i < n; i++) {
        const struct conf_group *g = keys[i].group;
        char where[64];
        snprintf(where, sizeof where, g != NULL ? "[%s NAME] " : "%s.", keys[i].section);
        if (g == NULL) {
            help_key(&keys[i], where, i == 0, to);
            continue;
        }
        fprintf(to, "%s[%s NAME]\n    %s\n", i == 0 ? "" : "\n", keys[i].section, keys[i].help);
        for (size_t k = 0; k < g->count; k++)
            help_key(&g->keys[k], where, false, to);
    }
}
