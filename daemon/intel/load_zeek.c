/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of Zeek's intelligence framework: columns between TABs, named by a line `#fields`. An Intel::DOMAIN
 * is taken with all names below it, as in every other list, although Zeek itself compares whole names.
 */
#include <inttypes.h>

#include "base/text.h"
#include "intel/load_kind.h"
#include "intel/load_text.h"

#define COLUMNS_MAX 32u

enum role {
    ROLE_NONE,
    ROLE_VALUE,
    ROLE_TYPE,
    ROLE_SOURCE,
    ROLE_DESC,
    ROLE_URL,
    ROLE_NOTICE,
    ROLE_CAMPAIGN,
    ROLES
};

static const struct {
    const char *field;
    enum role role;
} fields[] = {
    {"indicator", ROLE_VALUE},        {"indicator_type", ROLE_TYPE}, {"meta.source", ROLE_SOURCE},
    {"meta.desc", ROLE_DESC},         {"meta.url", ROLE_URL},        {"meta.do_notice", ROLE_NOTICE},
    {"meta.campaign", ROLE_CAMPAIGN},
};

struct reader {
    struct load_file *f;
    struct span line;
    uint32_t number;
    uint8_t separator;
    uint8_t role[COLUMNS_MAX]; /* of each column */
    unsigned columns;          /* 0: no line of names yet */
    uint64_t no_notice;
};

/* The line that names the columns, without `#fields`; `ret->at` NULL: it is another one. */
static struct span names_of(struct span line)
{
    if (!load_begins(line, "#fields") || line.len < 9)
        return span_of(NULL, 0);
    return span_of(line.at + 8, line.len - 8);
}

static bool is_zeek(struct span head)
{
    while (head.len > 0) {
        struct span names = names_of(load_split(&head, '\n'));
        if (names.at && memmem(names.at, names.len, "indicator", 9))
            return true;
    }
    return false;
}

static void take_names(struct reader *r, struct span names)
{
    memset(r->role, ROLE_NONE, sizeof(r->role));
    r->columns = 0;
    while (names.len > 0 && r->columns < COLUMNS_MAX) {
        struct span name = load_trim(load_split(&names, r->separator));
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
            if (load_same(name, fields[i].field))
                r->role[r->columns] = (uint8_t)fields[i].role;
        r->columns++;
    }
}

/* `\x2d` at the beginning; -1: it is something else. */
static int escape(struct span s)
{
    if (s.len < 4 || s.at[0] != '\\' || s.at[1] != 'x')
        return -1;
    int high = text_hex_digit(s.at[2]), low = text_hex_digit(s.at[3]);
    return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

/* `#fields`, `#separator \x09`; other lines of this kind are comments. */
static void take_directive(struct reader *r)
{
    struct span names = names_of(r->line);

    if (names.at) {
        take_names(r, names);
    } else if (load_begins(r->line, "#separator \\x")) {
        int byte = escape(span_of(r->line.at + 11, r->line.len - 11));
        r->separator = byte >= 0 ? (uint8_t)byte : r->separator;
    }
}

/* Zeek writes what could be taken for something else as \xHH. What is too long for a name is left as it is.
 */
static struct span unescaped(struct span s, char *buf, size_t room)
{
    struct text t = text_on(buf, room);

    if (s.len == 0 || !memchr(s.at, '\\', s.len))
        return s;
    for (struct span rest = s; rest.len > 0;) {
        int byte = escape(rest);
        size_t n = byte >= 0 ? 4 : 1;
        text_char(&t, byte >= 0 ? (char)byte : (char)rest.at[0]);
        rest = span_of(rest.at + n, rest.len - n);
    }
    return t.full ? s : text_span(&t);
}

static void take_row(struct reader *r)
{
    struct span cell[ROLES] = {{0}}, rest = r->line;
    char name[NAME_TEXT_MAX + 1], comment[512];

    for (unsigned i = 0; i < r->columns && rest.len > 0; i++) {
        struct span s = load_trim(load_split(&rest, r->separator));
        if (!load_same(s, "-") && !load_same(s, "(empty)"))
            cell[r->role[i]] = s;
    }
    struct span value = cell[ROLE_VALUE], type = cell[ROLE_TYPE];
    struct load_origin origin = {.source = cell[ROLE_SOURCE], .reference = cell[ROLE_URL]};
    struct load_entry e = {.value = value,
                           .place = {r->number, 1},
                           .origin = &origin,
                           .comment = unescaped(cell[ROLE_DESC], comment, sizeof(comment))};
    origin.campaign[0] = cell[ROLE_CAMPAIGN];
    origin.campaigns = cell[ROLE_CAMPAIGN].len > 0;
    if (value.len == 0 || type.len == 0) {
        load_refused(r->f, LOAD_MALFORMED, e.place, r->line,
                     "a row without an indicator or its type: columns are separated by one TAB");
        return;
    }
    e.place.column = (uint32_t)(value.at - r->line.at) + 1;
    e.value = unescaped(value, name, sizeof(name));
    r->no_notice += load_same(cell[ROLE_NOTICE], "f");
    load_kind_entry(r->f, load_kind_of(type), type, &e);
}

static bool load_zeek(struct load_file *f, struct load_input *in)
{
    struct reader r = {.f = f, .separator = '\t'};

    while (load_goes_on(f) && load_line(f, in, &r.line)) {
        r.number = in->line;
        if (r.line.len == 0)
            continue;
        if (r.line.at[0] == '#')
            take_directive(&r);
        else if (r.columns > 0)
            take_row(&r);
        else
            load_refused(f, LOAD_MALFORMED, (struct load_place){r.number, 1}, r.line,
                         "a row before the line #fields, which names the columns");
    }
    if (r.no_notice > 0)
        load_warning(f, (struct load_place){0}, span_str("meta.do_notice"),
                     "%" PRIu64 " entries ask for no notice (F): they are loaded as all others", r.no_notice);
    return true;
}

const struct load_format load_format_zeek = {"zeek-intel", is_zeek, load_zeek};
