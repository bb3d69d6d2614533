/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of a load's report. */
#include "intel/load_report.h"

#include <inttypes.h>

#include "base/text.h"

/* Room for each field once it is escaped; together with numbers and tabs less than LOAD_LINE_MAX. */
#define PATH_ROOM  768
#define VALUE_ROOM 512
#define TEXT_ROOM  640

const char *const load_count_names[LOAD_COUNTS] = {
#define X(id, name, class) name,
    BRIDLE_LOAD_COUNTS(X)
#undef X
};

static const enum class {
    OUTCOME,
    PROBLEM,
    DETAIL
} class_of[LOAD_COUNTS] = {
#define X(id, name, class) class,
    BRIDLE_LOAD_COUNTS(X)
#undef X
};

bool load_count_is_outcome(enum load_count what)
{
    return class_of[what] != DETAIL;
}

bool load_count_is_problem(enum load_count what)
{
    return class_of[what] == PROBLEM;
}

const char *const load_trust_names[LOAD_TRUSTS] = {
#define X(id, name) name,
    BRIDLE_LOAD_TRUSTS(X)
#undef X
};

/* Adds an escaped field that takes at most `room` bytes; says with "..." that it was cut. */
static void add_field(struct text *t, struct span s, size_t room)
{
    char buf[PATH_ROOM + 1];
    struct text field = text_on(buf, room - 3 < sizeof(buf) ? room - 3 : sizeof(buf));

    text_escaped(&field, s);
    text_char(t, '\t');
    text_raw(t, text_span(&field));
    if (field.full)
        text_str(t, "...");
}

void load_report_note(const struct load_report *r, struct span path, uint32_t line, uint32_t column,
                      const char *kind, struct span value, const char *text, const char *reason)
{
    char buf[LOAD_LINE_MAX];
    struct text t = text_on(buf, sizeof(buf));

    text_str(&t, "note");
    add_field(&t, path, PATH_ROOM);
    text_fmt(&t, "\t%" PRIu32 "\t%" PRIu32 "\t%s", line, column, kind);
    add_field(&t, value, VALUE_ROOM);
    add_field(&t, span_str(text), TEXT_ROOM);
    text_fmt(&t, "\t%s", reason);
    r->line(r->ctx, buf);
}

void load_report_file(const struct load_report *r, struct span path, const char *format,
                      const uint64_t count[LOAD_COUNTS])
{
    char buf[LOAD_LINE_MAX];
    struct text t = text_on(buf, sizeof(buf));

    text_str(&t, "file");
    add_field(&t, path, PATH_ROOM);
    text_fmt(&t, "\t%s", format);
    for (unsigned i = 0; i < LOAD_COUNTS; i++)
        text_fmt(&t, "\t%" PRIu64, count[i]);
    r->line(r->ctx, buf);
}

void load_report_progress(const struct load_report *r, uint64_t bytes, uint64_t of, uint64_t entries)
{
    char buf[128];
    struct text t = text_on(buf, sizeof(buf));

    text_fmt(&t, "progress\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, bytes, of, entries);
    r->line(r->ctx, buf);
}

void load_report_total(const struct load_report *r, uint64_t indicators)
{
    char buf[64];
    struct text t = text_on(buf, sizeof(buf));

    text_fmt(&t, "total\t%" PRIu64, indicators);
    r->line(r->ctx, buf);
}

void load_report_kept(const struct load_report *r, struct span path, uint64_t now, uint64_t before)
{
    char buf[LOAD_LINE_MAX];
    struct text t = text_on(buf, sizeof(buf));

    text_str(&t, "kept");
    add_field(&t, path, PATH_ROOM);
    text_fmt(&t, "\t%" PRIu64 "\t%" PRIu64, now, before);
    r->line(r->ctx, buf);
}

void load_report_change(const struct load_report *r, const char *what, const char *type, struct span value,
                        struct span feed)
{
    char buf[LOAD_LINE_MAX];
    struct text t = text_on(buf, sizeof(buf));

    text_fmt(&t, "change\t%s\t%s", what, type);
    add_field(&t, value, VALUE_ROOM);
    add_field(&t, feed, PATH_ROOM);
    r->line(r->ctx, buf);
}

void load_report_diff(const struct load_report *r, uint64_t added, uint64_t removed, uint64_t changed)
{
    char buf[128];
    struct text t = text_on(buf, sizeof(buf));

    text_fmt(&t, "diff\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, added, removed, changed);
    r->line(r->ctx, buf);
}

void load_report_expires(const struct load_report *r, int64_t at_s)
{
    char buf[64];
    struct text t = text_on(buf, sizeof(buf));

    text_fmt(&t, "expires\t%" PRId64, at_s);
    r->line(r->ctx, buf);
}
