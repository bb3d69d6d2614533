/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration values by type: reading, printing, describing. */
#include "base/conf_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t worth;
};

/* In both tables the first name of a worth is the one that is printed. */
static const struct unit size_units[] = {
    {"GiB", 1ull << 30},
    {"G", 1ull << 30},
    {"GB", 1ull << 30},
    {"MiB", 1ull << 20},
    {"M", 1ull << 20},
    {"MB", 1ull << 20},
    {"KiB", 1 << 10},
    {"k", 1 << 10},
    {"kB", 1 << 10},
    {"", 1},
    {"B", 1},
};

#define S 1000000000ull
static const struct unit duration_units[] = {
    {"d", 86400 * S},    {"day", 86400 * S}, {"days", 86400 * S}, {"h", 3600 * S}, {"hour", 3600 * S},
    {"hours", 3600 * S}, {"min", 60 * S},    {"m", 60 * S},       {"s", S},        {"sec", S},
    {"ms", 1000000},     {"us", 1000},       {"ns", 1},
};

static const char *const yes_words[] = {"yes", "true", "on", "1"};
static const char *const no_words[] = {"no", "false", "off", "0"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void *field_of(const struct conf_key *key, void *into)
{
    return (char *)into + key->offset;
}

static const struct unit *units_of(enum conf_type type, size_t *ret_count)
{
    *ret_count = type == CONF_SIZE ? COUNT(size_units) : type == CONF_DURATION ? COUNT(duration_units) : 0;
    return type == CONF_SIZE ? size_units : duration_units;
}

static void print_worth(const struct conf_key *key, uint64_t value, struct text *t)
{
    size_t n;
    const struct unit *unit = units_of(key->type, &n);

    if (key->type == CONF_DURATION && value == 0) {
        text_str(t, "0s");
        return;
    }
    for (size_t i = 0; i < n && value != 0; i++)
        if (value % unit[i].worth == 0) {
            text_fmt(t, "%" PRIu64 "%s", value / unit[i].worth, unit[i].name);
            return;
        }
    text_fmt(t, "%" PRIu64, value);
}

void conf_value_describe(const struct conf_key *key, struct text *t)
{
    static const char *const what[] = {
        [CONF_TEXT] = "text",
        [CONF_LIST] = "words separated by blanks or commas",
        [CONF_BOOL] = "yes or no",
        [CONF_NUMBER] = "a whole number",
        [CONF_SIZE] = "bytes, as 64KiB, 4MiB or 1GiB",
        [CONF_DURATION] = "a time, as 500ms, 30s, 5min, 1h or 2d",
        [CONF_CHOICE] = "one of: ",
        [CONF_GROUP] = "sections with a name",
    };

    text_str(t, what[key->type]);
    if (key->type == CONF_CHOICE)
        text_str(t, key->choices);
    if (key->most == 0)
        return;
    text_str(t, "; from ");
    print_worth(key, key->least, t);
    text_str(t, " to ");
    print_worth(key, key->most, t);
}

static int refuse(const struct conf_key *key, const char *value, struct text *why)
{
    text_char(why, '"');
    text_escaped(why, span_of(value, strnlen(value, 80)));
    text_fmt(why, "\" is no value for %s: write ", key->name);
    conf_value_describe(key, why);
    return -EINVAL;
}

static int read_bool(const struct conf_key *key, void *into, const char *value, struct text *why)
{
    for (size_t i = 0; i < COUNT(yes_words); i++)
        if (strcasecmp(value, yes_words[i]) == 0 || strcasecmp(value, no_words[i]) == 0) {
            *(bool *)field_of(key, into) = strcasecmp(value, yes_words[i]) == 0;
            return 0;
        }
    return refuse(key, value, why);
}

static int read_number(const struct conf_key *key, void *into, const char *value, struct text *why)
{
    uint64_t n = 0, worth = 1;
    const char *p = value;
    size_t units;
    const struct unit *unit = units_of(key->type, &units);

    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
            return refuse(key, value, why);
    if (p == value)
        return refuse(key, value, why);
    while (is_blank(*p))
        p++;
    size_t i = 0;
    while (i < units && strcasecmp(p, unit[i].name) != 0)
        i++;
    if (i < units)
        worth = unit[i].worth;
    else if (*p != 0 || (key->type == CONF_DURATION && n != 0))
        return refuse(key, value, why);
    if (__builtin_mul_overflow(n, worth, &n) || n < key->least || (key->most != 0 && n > key->most))
        return refuse(key, value, why);
    *(uint64_t *)field_of(key, into) = n;
    return 0;
}

/* Length of the word at `p`. */
static size_t word_len(const char *p, const char *ends)
{
    return strcspn(p, ends);
}

static int read_choice(const struct conf_key *key, void *into, const char *value, struct text *why)
{
    uint32_t i = 0;

    for (const char *p = key->choices; *p != 0; i++) {
        size_t n = word_len(p, " ");
        if (n == strlen(value) && strncasecmp(p, value, n) == 0) {
            *(uint32_t *)field_of(key, into) = i;
            return 0;
        }
        p += n;
        p += strspn(p, " ");
    }
    return refuse(key, value, why);
}

/* What a file could not give back is not taken: control bytes, and words that would begin a comment. */
static int check_text(const struct conf_key *key, const char *value, struct text *why)
{
    char before = ' ';

    for (const char *p = value; *p != 0; before = *p++) {
        if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f) {
            text_fmt(why, "%s has a control character (%u): remove it", key->name, (unsigned char)*p);
            return -EINVAL;
        }
        if ((*p == ';' || *p == '#') && is_blank(before)) {
            text_fmt(why, "%s has a word that begins with \"%c\": put comments on lines of their own",
                     key->name, *p);
            return -EINVAL;
        }
    }
    return 0;
}

static int no_memory(struct text *why)
{
    text_str(why, "out of memory");
    return -ENOMEM;
}

static int read_text(const struct conf_key *key, void *into, const char *value, bool add, struct text *why)
{
    char **field = field_of(key, into);
    const char *old = add && *field != NULL ? *field : "";
    size_t start = strspn(value, " \t"), len = strlen(value + start);

    if (check_text(key, value, why) < 0)
        return -EINVAL;
    while (len > 0 && is_blank(value[start + len - 1]))
        len--;
    if (strlen(old) + len > CONF_TEXT_MAX) {
        text_fmt(why, "%s is longer than %d bytes", key->name, CONF_TEXT_MAX);
        return -EINVAL;
    }
    char *text = NULL;
    if (asprintf(&text, "%s%s%.*s", old, *old != 0 && len > 0 ? " " : "", (int)len, value + start) < 0)
        return no_memory(why);
    free(*field);
    *field = text;
    return 0;
}

static void list_free(struct conf_list *list)
{
    for (size_t i = 0; i < list->words; i++)
        free(list->word[i]);
    free(list->word);
    *list = (struct conf_list){0};
}

static int list_append(struct conf_list *list, const char *word, size_t len)
{
    char **grown = realloc(list->word, (list->words + 1) * sizeof *grown);

    if (grown == NULL)
        return -ENOMEM;
    list->word = grown;
    grown[list->words] = strndup(word, len);
    if (grown[list->words] == NULL)
        return -ENOMEM;
    list->words++;
    return 0;
}

static int read_list(const struct conf_key *key, void *into, const char *value, bool add, struct text *why)
{
    struct conf_list *field = field_of(key, into), list = {0};
    int r = check_text(key, value, why);

    for (size_t i = 0; r == 0 && add && i < field->words; i++)
        r = list_append(&list, field->word[i], strlen(field->word[i]));
    for (const char *p = value + strspn(value, " \t,"); r == 0 && *p != 0;) {
        size_t len = word_len(p, " \t,");
        if (list.words == CONF_WORDS_MAX) {
            text_fmt(why, "%s has more than %d words", key->name, CONF_WORDS_MAX);
            r = -EINVAL;
            break;
        }
        r = list_append(&list, p, len);
        p += len;
        p += strspn(p, " \t,");
    }
    if (r < 0) {
        list_free(&list);
        return r == -ENOMEM ? no_memory(why) : r;
    }
    list_free(field);
    *field = list;
    return 0;
}

int conf_value_set(const struct conf_key *key, void *into, const char *value, bool add, struct text *why)
{
    if (key->type == CONF_TEXT)
        return read_text(key, into, value, add, why);
    if (key->type == CONF_LIST)
        return read_list(key, into, value, add, why);
    if (add) {
        text_fmt(why,
                 "%s takes one value on one line: remove the blanks before this line if it is another key",
                 key->name);
        return -EINVAL;
    }
    if (key->type == CONF_BOOL)
        return read_bool(key, into, value, why);
    if (key->type == CONF_CHOICE)
        return read_choice(key, into, value, why);
    return read_number(key, into, value, why);
}

void conf_value_free(const struct conf_key *key, void *into)
{
    if (key->type == CONF_TEXT) {
        char **field = field_of(key, into);
        free(*field);
        *field = NULL;
    } else if (key->type == CONF_LIST) {
        list_free(field_of(key, into));
    }
}

static void print_choice(const struct conf_key *key, uint32_t index, FILE *to)
{
    const char *p = key->choices;

    for (uint32_t i = 0; i < index; i++) {
        p += word_len(p, " ");
        p += strspn(p, " ");
    }
    fprintf(to, "%.*s", (int)word_len(p, " "), p);
}

void conf_value_print(const struct conf_key *key, const void *from, FILE *to)
{
    const void *field = (const char *)from + key->offset;
    const struct conf_list *list = field;
    char buf[32];
    struct text t = text_on(buf, sizeof buf);

    switch (key->type) {
    case CONF_TEXT:
        fputs(*(char *const *)field != NULL ? *(char *const *)field : "", to);
        break;
    case CONF_LIST:
        for (size_t i = 0; i < list->words; i++)
            fprintf(to, "%s%s", i > 0 ? " " : "", list->word[i]);
        break;
    case CONF_BOOL:
        fputs(*(const bool *)field ? "yes" : "no", to);
        break;
    case CONF_CHOICE:
        print_choice(key, *(const uint32_t *)field, to);
        break;
    case CONF_NUMBER:
    case CONF_SIZE:
    case CONF_DURATION:
        print_worth(key, *(const uint64_t *)field, &t);
        fputs(buf, to);
        break;
    case CONF_GROUP: /* conf.c prints sections */
        break;
    }
}

bool conf_is_assignment(const char *line)
{
    const char *p = line;

    while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '-' || *p == '_')
        p++;
    bool word = p > line;
    while (is_blank(*p))
        p++;
    return word && p[0] == '=' && p[1] != '=';
}

unsigned conf_distance(const char *a, const char *b)
{
    /* Optimal string alignment; longer words are not compared but by their beginning. */
    enum { LONGEST = 32 };
    unsigned d[LONGEST + 1][LONGEST + 1];
    size_t an = strnlen(a, LONGEST), bn = strnlen(b, LONGEST);

    for (size_t i = 0; i <= an; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= bn; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= an; i++)
        for (size_t j = 1; j <= bn; j++) {
            unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[an][bn];
}

bool conf_resembles(const char *typed, const char *meant)
{
    size_t len = strlen(meant);
    return conf_distance(typed, meant) <= (len < 4 ? 1 : len / 3 + 1);
}
