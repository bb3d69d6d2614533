/* SPDX-License-Identifier: BSD-2-Clause */
/* What loads changed. */
#include "serve/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

#define FILE_NAME  "changes.jsonl"
#define OLD_NAME   "changes.old.jsonl"
#define CHANGE_MAX 8192

static void begin_line(struct json *j, struct text *t, uint64_t now_ns)
{
    char when[40];
    struct text w = text_on(when, sizeof when);

    text_time_eve(&w, now_ns);
    *j = json_on(t);
    json_open(j, NULL);
    json_str(j, "time", when);
}

/* A line that does not fit is left out: the numbers say that there were more. */
static void append(struct changes *c, struct text *line)
{
    if (c->at == NULL)
        c->at = malloc(CHANGES_BYTES);
    if (c->at == NULL || line->full || c->len + line->len + 1 + 256 > CHANGES_BYTES)
        return;
    memcpy(c->at + c->len, line->at, line->len);
    c->len += line->len;
    c->at[c->len++] = '\n';
}

void changes_take(struct changes *c, const struct load_line *l, uint64_t now_ns)
{
    char buf[CHANGE_MAX];
    struct text t = text_on(buf, sizeof buf);
    struct json j;

    if (l->kind == LOAD_LINE_DIFF) {
        c->added = l->added;
        c->removed = l->removed;
        c->changed = l->changed;
        c->told = true;
    } else if (l->kind == LOAD_LINE_CHANGE) {
        begin_line(&j, &t, now_ns);
        json_span(&j, "change", l->change);
        json_span(&j, "type", l->type);
        json_span(&j, "value", l->value);
        json_span(&j, "feed", l->feed);
        json_close(&j);
        append(c, &t);
    }
}

static void append_total(struct changes *c, uint32_t generation, uint64_t now_ns)
{
    char buf[256];
    struct text t = text_on(buf, sizeof buf);
    struct json j;

    begin_line(&j, &t, now_ns);
    json_u64(&j, "generation", generation);
    json_u64(&j, "added", c->added);
    json_u64(&j, "removed", c->removed);
    json_u64(&j, "changed", c->changed);
    json_close(&j);
    if (c->at == NULL || c->len + t.len + 1 > CHANGES_BYTES)
        return;
    memcpy(c->at + c->len, t.at, t.len);
    c->len += t.len;
    c->at[c->len++] = '\n';
}

static bool path_of(const char *folder, const char *name, char ret[PATH_MAX])
{
    return folder != NULL && folder[0] != 0 && snprintf(ret, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

int changes_keep(struct changes *c, const char *folder, uint32_t generation, uint64_t now_ns)
{
    char path[PATH_MAX], old[PATH_MAX];
    struct stat st;
    int rc = 0;

    if (c->told && c->added + c->removed + c->changed > 0 && path_of(folder, FILE_NAME, path) &&
        path_of(folder, OLD_NAME, old)) {
        if (c->at == NULL)
            c->at = malloc(CHANGES_BYTES);
        append_total(c, generation, now_ns);
        if (stat(path, &st) == 0 && (uint64_t)st.st_size + c->len > CHANGES_BYTES && rename(path, old) < 0)
            rc = -errno;
        int fd = rc == 0 ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
        if (rc == 0 && (fd < 0 || write(fd, c->at, c->len) != (ssize_t)c->len))
            rc = fd < 0 ? -errno : -EIO;
        if (fd >= 0)
            close(fd);
    }
    changes_drop(c);
    return rc;
}

void changes_drop(struct changes *c)
{
    free(c->at);
    *c = (struct changes){0};
}

/* The value of `"key":` in a line of ours, without its quotes and their escapes; false: there is none. */
static bool field(const char *line, const char *key, char *ret, size_t room)
{
    char mark[32];
    size_t n = 0;

    snprintf(mark, sizeof mark, "\"%s\":", key);
    const char *p = strstr(line, mark);
    if (p == NULL)
        return false;
    p += strlen(mark);
    bool text = *p == '"';
    for (p += text; *p != 0 && n + 1 < room && (text ? *p != '"' : *p != ',' && *p != '}'); p++) {
        p += text && *p == '\\' && p[1] != 0;
        ret[n++] = *p;
    }
    ret[n] = 0;
    return true;
}

static void add_field(struct text *t, const char *before, const char *line, const char *key,
                      const char *after)
{
    char value[LOAD_LINE_MAX];

    if (!field(line, key, value, sizeof value))
        return;
    text_str(t, before);
    text_name(t, span_str(value));
    text_str(t, after);
}

static void for_people(struct text *t, const char *line)
{
    char change[16];

    add_field(t, "", line, "time", "  ");
    if (field(line, "change", change, sizeof change)) {
        text_str(t, change[0] == 'a' ? "+ " : change[0] == 'r' ? "- " : "~ ");
        add_field(t, "", line, "type", " ");
        add_field(t, "", line, "value", "");
        add_field(t, "  (", line, "feed", ")");
    } else {
        add_field(t, "generation ", line, "generation", ": ");
        add_field(t, "", line, "added", " added, ");
        add_field(t, "", line, "removed", " removed, ");
        add_field(t, "", line, "changed", " changed");
    }
    text_char(t, '\n');
}

static void print_file(const char *folder, const char *name, bool json, struct text *t)
{
    char path[PATH_MAX], line[CHANGE_MAX];
    FILE *f = path_of(folder, name, path) ? fopen(path, "re") : NULL;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        size_t len = strlen(line);
        if (len == 0 || line[len - 1] != '\n' || line[0] != '{') /* of a write that was cut */
            continue;
        line[len - 1] = 0;
        if (json) {
            text_str(t, line);
            text_char(t, '\n');
        } else {
            for_people(t, line);
        }
    }
    if (f != NULL)
        fclose(f);
}

void changes_print(const char *folder, bool json, struct text *t)
{
    print_file(folder, OLD_NAME, json, t);
    print_file(folder, FILE_NAME, json, t);
}
