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
        int r = conf_value_set(&keys[i], into, keys[i].deflt, false, &t);
        if (r < 0) {
            conf_free(keys, i, into);
            return r;
        }
    }
    return 0;
}

void conf_free(const struct conf_key *keys, size_t n, void *into)
{
    for (size_t i = 0; i < n; i++)
        conf_value_free(&keys[i], into);
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
        if (len != (size_t)(dot - section_dot_name) || strncmp(section_dot_name, keys[i].section, len) != 0 ||
            strcmp(dot + 1, keys[i].name) != 0)
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

void conf_print(const struct conf_key *keys, size_t n, const void *values, FILE *to)
{
    if (values == NULL)
        fputs("# Every key with its default. Take the # away before a key to change it.\n"
              "# A line that begins with a blank continues the value above it.\n\n",
              to);
    for (size_t i = 0; i < n; i++) {
        bool first = i == 0 || strcmp(keys[i].section, keys[i - 1].section) != 0;
        if (first)
            fprintf(to, "%s[%s]\n", i > 0 ? "\n" : "", keys[i].section);
        print_key(&keys[i], values, to);
    }
}

void conf_help(const struct conf_key *keys, size_t n, FILE *to)
{
    for (size_t i = 0; i < n; i++) {
        char about[1024];
        struct text t = text_on(about, sizeof about);
        conf_value_describe(&keys[i], &t);
        fprintf(to, "%s%s.%s\n    %s\n    %s\n    default: %s\n", i > 0 ? "\n" : "", keys[i].section,
                keys[i].name, keys[i].help, about, keys[i].deflt[0] != 0 ? keys[i].deflt : "(empty)");
    }
}
