/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of loading share: a load whose report is kept, and questions about it. */
#ifndef BRIDLE_INTEL_LOAD_TEST_H
#define BRIDLE_INTEL_LOAD_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "intel/image_test.h"
#include "intel/load.h"
#include "intel/load_wire.h"
#include "intel/suffix.h"

#define LOAD_TEST_LINES 4096
#define LOAD_TEST_NOW   1546300800 /* 2019-01-01: unless a test says otherwise */

struct load_test {
    struct build *b;
    struct load_report report;
    struct loader *l;
    char *line[LOAD_TEST_LINES]; /* owned */
    unsigned lines;
    struct image *im; /* once ended */
};

static inline void load_test_line(void *ctx, const char *line)
{
    struct load_test *t = ctx;

    assert_true(t->lines < LOAD_TEST_LINES);
    assert_true(strlen(line) < LOAD_LINE_MAX);
    t->line[t->lines++] = strdup(line);
}

static inline void load_test_begin(struct load_test *t)
{
    *t = (struct load_test){.b = build_new(), .report = {.line = load_test_line, .ctx = t}};
    t->l = loader_new(t->b, &t->report, SUFFIXES_FILE);
    assert_non_null(t->l);
    loader_clock(t->l, LOAD_TEST_NOW);
}

static inline void load_test_bytes(struct load_test *t, const char *name, const void *bytes, size_t len)
{
    assert_int_equal(loader_bytes(t->l, name, span_of(bytes, len)), 0);
}

static inline void load_test_text(struct load_test *t, const char *name, const char *text)
{
    load_test_bytes(t, name, text, strlen(text));
}

static inline void load_test_finish(struct load_test *t)
{
    assert_int_equal(loader_finish(t->l), 0);
    t->im = test_image(t->b);
}

/* One file alone, from its text to the image. */
static inline void load_test_one(struct load_test *t, const char *name, const char *text)
{
    load_test_begin(t);
    load_test_text(t, name, text);
    load_test_finish(t);
}

static inline void load_test_end(struct load_test *t)
{
    for (unsigned i = 0; i < t->lines; i++)
        free(t->line[i]);
    image_unmap(t->im);
    loader_free(t->l);
    build_free(t->b);
}

/* One file alone under options, on disk: `path` gets its name, ends in XXXXXX and `suffix`. */
static inline void load_test_options(struct load_test *t, char *path, int suffix, const char *text,
                                     const struct load_options *o)
{
    int fd = mkstemps(path, suffix);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    load_test_begin(t);
    assert_int_equal(loader_source(t->l, path, o), 0);
    load_test_finish(t);
    close(fd);
    unlink(path);
}

/* The first line of the report that begins so, or NULL. */
static inline const char *load_test_find(const struct load_test *t, const char *beginning)
{
    for (unsigned i = 0; i < t->lines; i++)
        if (strncmp(t->line[i], beginning, strlen(beginning)) == 0)
            return t->line[i];
    return NULL;
}

/* Fails, showing the report, unless a line begins so and holds `part`. */
static inline void load_test_has(const struct load_test *t, const char *beginning, const char *part)
{
    for (unsigned i = 0; i < t->lines; i++)
        if (strncmp(t->line[i], beginning, strlen(beginning)) == 0 && strstr(t->line[i], part))
            return;
    for (unsigned i = 0; i < t->lines; i++)
        print_error("%s\n", t->line[i]);
    fail_msg("no line begins \"%s\" and has \"%s\"", beginning, part);
}

static inline unsigned load_test_notes(const struct load_test *t)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t->lines; i++)
        n += strncmp(t->line[i], "note\t", 5) == 0;
    return n;
}

/* A number of the `file` line. */
static inline uint64_t load_test_count(const struct load_test *t, const char *path, enum load_count what)
{
    char beginning[128];
    struct load_line parsed;

    snprintf(beginning, sizeof(beginning), "file\t%s\t", path);
    const char *line = load_test_find(t, beginning);
    assert_non_null(line);
    assert_true(load_line_parse(line, &parsed));
    return parsed.count[what];
}

static inline bool load_test_match(const struct load_test *t, const char *name, enum match_how how)
{
    struct match m = match_name(t->im, span_str(name));
    if (m.how != how)
        print_error("%s: %s\n", name, match_names[m.how]);
    return m.how == how;
}

/* The one for a digest; its value is what was asked for. */
static inline struct ioc load_test_digest(const struct load_test *t, enum ioc_type type, const char *value)
{
    struct ioc ioc = {0};
    struct match m = match_value(t->im, type, span_str(value));

    if (m.how != MATCH_EXACT)
        fail_msg("%s", value);
    assert_true(image_ioc(t->im, m.ioc, &ioc));
    assert_true(ioc.type == type && span_eq(ioc.value, span_str(value)));
    return ioc;
}

/* What the image says about the indicator that decides for a name or an address. */
static inline struct ioc load_test_ioc(const struct load_test *t, const char *value)
{
    struct ioc ioc = {0};
    struct addr a;
    struct match m =
        addr_parse(span_str(value), &a) ? match_addr(t->im, &a) : match_name(t->im, span_str(value));

    assert_int_not_equal(m.how, MATCH_NONE);
    assert_true(image_ioc(t->im, m.ioc, &ioc));
    return ioc;
}

#endif
