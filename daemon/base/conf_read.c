/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a configuration file with inih. inih takes lines from us, so that every line has been looked at
 * before: it cuts long ones and passes over what it does not understand without a word.
 */
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_value.h"

/* Larger than any configuration; a device or a sparse file is not. */
#define FILE_MAX_BYTES (256 * 1024)

enum where { BEFORE_SECTIONS, IN_UNKNOWN, IN_KNOWN };

struct reader {
    const struct conf_key *keys;
    size_t count;
    void *into;
    const char *path;
    conf_problem_fn problem;
    void *ctx;
    unsigned *lines; /* borrowed: line where keys[i] was first set; 0: not yet */

    /* The section in hand: the table's own, or that of a group's element. */
    char section[CONF_NAME_MAX + 1];
    const struct conf_key *scope;
    size_t scope_count;
    void *scope_into;
    unsigned *seen; /* as `lines`, for scope */

    char *at;                /* borrowed: the rest of the file, NUL-terminated */
    char *line;              /* borrowed: the line in hand, without its end */
    unsigned number, column; /* of that line; of what is looked at in it */
    bool expected;           /* inih must call us for this line */
    bool continues;          /* the line belongs to the value above */
    enum where where;
    bool after_key;             /* a value stands above in this section */
    const struct conf_key *key; /* the key above; NULL when it could not be used */
    bool errors;
};

static void tell(struct reader *r, const char *what)
{
    char buf[2048];
    struct text t = text_on(buf, sizeof buf);

    text_escaped(&t, span_str(r->path));
    if (r->number > 0)
        text_fmt(&t, ":%u:%u", r->number, r->column);
    text_fmt(&t, ": %s", what);
    r->errors = true;
    r->problem(r->ctx, true, buf);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blank(const char *p)
{
    while (is_blank(*p))
        p++;
    return p;
}

static void look_at(struct reader *r, const char *p)
{
    r->column = (unsigned)(p - r->line) + 1;
}

/* Adds what the unknown name was probably meant to be. */
static void suggest_section(const struct reader *r, const char *name, struct text *t)
{
    const struct conf_key *best = NULL;
    char word[32];

    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, " \t"), name);
    for (size_t i = 0; i < r->count; i++)
        if (conf_resembles(word, r->keys[i].section) &&
            (best == NULL || conf_distance(word, r->keys[i].section) < conf_distance(word, best->section)))
            best = &r->keys[i];
    if (best != NULL) {
        text_fmt(t, "did you mean [%s%s]?", best->section, best->type == CONF_GROUP ? " NAME" : "");
        return;
    }
    text_str(t, "there are");
    for (size_t i = 0; i < r->count; i++)
        if (i == 0 || strcmp(r->keys[i].section, r->keys[i - 1].section) != 0)
            text_fmt(t, " [%s%s]", r->keys[i].section, r->keys[i].type == CONF_GROUP ? " NAME" : "");
}

struct guess {
    const struct conf_key *key; /* NULL: none yet */
    const char *group;          /* NAME of a section that has one; NULL: it has none */
    bool elsewhere;             /* not in the section in hand */
    unsigned distance;
};

/* A key of another section only when it is hardly mistyped. */
static void guess_among(const struct reader *r, const char *name, const struct conf_key *keys, size_t count,
                        const char *group, struct guess *g)
{
    for (size_t i = 0; i < count; i++) {
        const struct conf_key *k = &keys[i];
        bool elsewhere = r->scope == NULL || strcmp(r->section, k->section) != 0;
        unsigned distance = conf_distance(name, k->name) + (elsewhere ? 2 : 0);
        bool near = elsewhere ? distance <= 3 : conf_resembles(name, k->name);
        if (k->type == CONF_GROUP)
            guess_among(r, name, k->group->keys, k->group->count, " NAME", g);
        else if (near && (g->key == NULL || distance < g->distance))
            *g = (struct guess){k, group, elsewhere, distance};
    }
}

static void suggest_key(const struct reader *r, const char *name, struct text *t)
{
    struct guess g = {0};

    guess_among(r, name, r->keys, r->count, "", &g);
    if (g.key == NULL)
        text_str(t, "remove it; --help-config lists all keys");
    else if (!g.elsewhere)
        text_fmt(t, "did you mean \"%s\"?", g.key->name);
    else
        text_fmt(t, "\"%s\" belongs to [%s%s]", g.key->name, g.key->section, g.group);
}

static void tell_unknown(struct reader *r, const char *section, const char *name)
{
    char buf[1024];
    struct text t = text_on(buf, sizeof buf);

    text_str(&t, name != NULL ? "unknown key \"" : "unknown section [");
    text_escaped(&t, span_str(name != NULL ? name : section));
    text_str(&t, name == NULL ? "]: " : r->where == IN_KNOWN ? "\": " : "\" before the first [SECTION]: ");
    if (name != NULL)
        suggest_key(r, name, &t);
    else
        suggest_section(r, section, &t);
    tell(r, buf);
}

/* A `name = value` in a known section: the key to set, or NULL after telling why not. */
static const struct conf_key *choose(struct reader *r, const char *name)
{
    const struct conf_key *key = NULL;

    for (size_t i = 0; i < r->scope_count && key == NULL; i++)
        if (r->scope[i].type != CONF_GROUP && strcmp(r->scope[i].section, r->section) == 0 &&
            strcmp(r->scope[i].name, name) == 0)
            key = &r->scope[i];
    if (key == NULL) {
        tell_unknown(r, r->section, name);
        return NULL;
    }
    unsigned *seen = &r->seen[key - r->scope];
    if (*seen != 0 && key->type != CONF_LIST) {
        char buf[256];
        snprintf(buf, sizeof buf, "%s was set in line %u already: remove one of the two", name, *seen);
        tell(r, buf);
        return NULL;
    }
    return key;
}

/* inih's handler. Its section is not used: it is cut where it is long; and it cannot stop inih. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    char buf[1024];
    struct text why = text_on(buf, sizeof buf);

    r->expected = false;
    if (r->where == IN_UNKNOWN) /* told at its section */
        return 1;
    if (!r->continues) {
        r->key = choose(r, name);
        look_at(r, skip_blank(r->line + strcspn(r->line, "=:") + 1));
    }
    if (r->key == NULL)
        return 1;
    unsigned *seen = &r->seen[r->key - r->scope];
    if (conf_value_set(r->key, r->scope_into, value, r->continues || *seen != 0, &why) < 0)
        tell(r, buf);
    if (*seen == 0)
        *seen = r->number;
    return 1;
}

static bool is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= CONF_NAME_MAX && name[0] != '.' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

/* `[SECTION NAME]`: NULL, or what is wrong with it. */
static const char *enter_group(struct reader *r, const struct conf_key *key, const char *name, struct text *t)
{
    bool new;

    if (!is_name(name)) {
        text_fmt(t, "write [%s NAME], where NAME has at most %d letters, digits, - and _", key->section,
                 CONF_NAME_MAX);
        return t->at;
    }
    struct conf_named *e = conf_group_element(key, r->into, name, &new);
    if (e == NULL) {
        text_fmt(t, "more than %u sections [%s NAME], or out of memory", (unsigned)key->most, key->section);
        return t->at;
    }
    if (!new) {
        text_fmt(t, "[%s %s] stands in line %u already: give this one another name", key->section, name,
                 e->line);
        return t->at;
    }
    e->line = r->number;
    r->scope = key->group->keys;
    r->scope_count = key->group->count;
    r->scope_into = e;
    r->seen = e->lines;
    r->where = IN_KNOWN;
    if (r->lines[key - r->keys] == 0)
        r->lines[key - r->keys] = r->number;
    return NULL;
}

/* Finds what the section's keys are; tells when there is no such section. */
static void enter(struct reader *r, const char *name)
{
    size_t word = strcspn(name, " \t");
    char buf[256];
    struct text t = text_on(buf, sizeof buf);

    for (size_t i = 0; i < r->count; i++) {
        const struct conf_key *k = &r->keys[i];
        bool group = k->type == CONF_GROUP;
        if (strlen(k->section) != (group ? word : strlen(name)) || strncmp(k->section, name, word) != 0)
            continue;
        snprintf(r->section, sizeof r->section, "%s", k->section);
        if (group) {
            const char *why = enter_group(r, k, skip_blank(name + word), &t);
            if (why != NULL)
                tell(r, why);
            return;
        }
        r->scope = r->keys;
        r->scope_count = r->count;
        r->scope_into = r->into;
        r->seen = r->lines;
        r->where = IN_KNOWN;
        return;
    }
    tell_unknown(r, name, NULL);
}

/* `[name]` and nothing behind it but a comment. */
static void see_section(struct reader *r, const char *start)
{
    const char *end = strchr(start, ']');

    r->where = IN_UNKNOWN; /* what stands below a broken line belongs nowhere: told once */
    r->after_key = false;
    if (end == NULL) {
        tell(r, "section without its closing bracket: write [NAME]");
        return;
    }
    const char *rest = skip_blank(end + 1);
    if (*rest != 0 && *rest != ';' && *rest != '#') {
        look_at(r, rest);
        tell(r, "text behind a section: put it into the next line");
    }
    size_t len = (size_t)(end - start - 1);
    while (len > 0 && strcspn(start + 1, " \t") < len && is_blank(start[len]))
        len--; /* behind a name; a section without one is what it is */
    char *name = strndup(start + 1, len);
    look_at(r, start);
    if (name != NULL)
        enter(r, name);
    free(name);
}

/* Older inih does it in the first line of a value only. */
static void cut_comment(char *line)
{
    for (char *p = line; *p != 0; p++)
        if (is_blank(p[0]) && p[1] == ';') {
            *p = 0;
            return;
        }
}

/* Looks at the line before inih does. Returns what inih shall read: the line, or nothing of it. */
static const char *see_line(struct reader *r, size_t room)
{
    const char *start = skip_blank(r->line);

    look_at(r, start);
    r->continues = false;
    if (*start == 0 || *start == ';' || *start == '#')
        return "";
    size_t most = room - 3; /* a blank, the end of the line, NUL */
    if (strlen(start) > most) {
        char buf[128];
        snprintf(buf, sizeof buf, "line longer than %zu bytes: let it go on in the next line, indented",
                 most);
        look_at(r, start + most);
        r->key = NULL;
        r->after_key = true;
        tell(r, buf);
        return "";
    }
    if (*start == '[') {
        see_section(r, start);
        return start;
    }
    if (start > r->line && !conf_is_assignment(start)) {
        if (!r->after_key) {
            tell(r, "indented, but there is no value above that it could continue: write KEY = VALUE");
            return "";
        }
        cut_comment(r->line + (start - r->line));
        r->continues = true;
    } else {
        r->after_key = true;
        r->key = NULL;
    }
    r->expected = true;
    return r->continues ? start - 1 : start;
}

static void see_missed(struct reader *r)
{
    if (r->expected && r->where != IN_UNKNOWN && !(r->continues && r->key == NULL))
        tell(r, "neither a [SECTION] nor KEY = VALUE");
    r->expected = false;
}

/* inih's reader: like fgets. */
static char *next_line(char *buf, int room, void *stream)
{
    struct reader *r = stream;

    see_missed(r);
    if (*r->at == 0)
        return NULL;
    size_t len = strcspn(r->at, "\n");
    r->line = r->at;
    r->at += len + (r->at[len] == '\n');
    r->line[len] = 0;
    if (len > 0 && r->line[len - 1] == '\r')
        r->line[len - 1] = 0;
    r->number++;
    snprintf(buf, (size_t)room, "%s\n", see_line(r, (size_t)room));
    return buf;
}

/* A file of text: no byte that no editor would have put there. */
static bool is_text(struct reader *r, size_t bytes)
{
    r->number = 1;
    r->line = r->at;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)r->at[i];
        if (c == '\n') {
            r->number++;
            r->line = r->at + i + 1;
        } else if ((c < ' ' && c != '\t' && !(c == '\r' && r->at[i + 1] == '\n')) || c == 0x7f) {
            char buf[96];
            snprintf(buf, sizeof buf, "byte %u: not a text file (UTF-8 or ASCII, lines end with newline)", c);
            look_at(r, r->at + i);
            tell(r, buf);
            return false;
        }
    }
    r->number = 0;
    return true;
}

/* The whole file, NUL-terminated, owned by the caller. 0 or negative errno. */
static int slurp(const char *path, char **ret, size_t *ret_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    char *buf = malloc(FILE_MAX_BYTES + 1);
    size_t len = 0;
    ssize_t n = buf != NULL ? 1 : 0;
    int r = buf != NULL ? 0 : -ENOMEM;

    while (n > 0 && len <= FILE_MAX_BYTES) {
        n = read(fd, buf + len, FILE_MAX_BYTES + 1 - len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            r = -errno;
        else
            len += (size_t)n;
    }
    close(fd);
    if (r == 0 && len > FILE_MAX_BYTES)
        r = -EFBIG;
    if (r < 0) {
        free(buf);
        return r;
    }
    buf[len] = 0;
    *ret = buf;
    *ret_bytes = len;
    return 0;
}

int conf_read_lines(const struct conf_key *keys, size_t n, void *into, const char *path,
                    conf_problem_fn problem, void *ctx, unsigned *ret_lines)
{
    struct reader r = {.keys = keys,
                       .count = n,
                       .into = into,
                       .path = path,
                       .problem = problem,
                       .ctx = ctx,
                       .lines = ret_lines};
    char *text = NULL;
    size_t bytes = 0;

    memset(ret_lines, 0, n * sizeof *ret_lines);
    int error = slurp(path, &text, &bytes);
    if (error < 0)
        return error == -EINVAL ? -EIO : error; /* -EINVAL says that something was told */
    size_t mark = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* UTF-8 with a BOM */
    r.at = text + mark;
    if (is_text(&r, bytes - mark))
        ini_parse_stream(next_line, &r, on_value, &r);
    free(text);
    return r.errors ? -EINVAL : 0;
}

int conf_read(const struct conf_key *keys, size_t n, void *into, const char *path, conf_problem_fn problem,
              void *ctx)
{
    unsigned *lines = calloc(n + 1, sizeof *lines);

    if (lines == NULL)
        return -ENOMEM;
    int error = conf_read_lines(keys, n, into, path, problem, ctx, lines);
    free(lines);
    return error;
}
