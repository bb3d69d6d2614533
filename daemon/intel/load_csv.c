/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables: values between commas, semicolons, TABs or bars, with quotes (RFC 4180). All values of a row share
 * what it says about them. MISP's rows with to_ids 0 are for reading only.
 */
#include "intel/load_csv.h"

#include <inttypes.h>

#include "intel/load_text.h"

/* So many lines may a quoted cell have: a stray quote must not swallow the file. */
#define RECORD_LINES_MAX 16u

struct reader {
    struct load_file *f;   /* borrowed */
    struct load_input *in; /* borrowed */
    struct csv_columns columns;
    struct csv_record record;
    struct load_place dated; /* of the first date that is none */
    uint64_t bad_dates;
    uint32_t number; /* of the record's first line */
    size_t len;
    char text[LOAD_LINE_BYTES_MAX + 1u];
};

static bool is_csv(struct span head)
{
    struct csv_columns columns;
    struct span text = load_trim(head);

    /* JSON has commas and words as well, and so has the page of an error. */
    return text.len > 0 && !strchr("{[<", text.at[0]) && csv_find_columns(head, &columns);
}

static struct load_place place_of(const struct reader *r, struct span cell)
{
    size_t at = (size_t)((const char *)cell.at - r->text);
    bool later = memchr(r->text, '\n', at) != NULL; /* in a further line of the record: no column is given */

    return (struct load_place){r->number, later ? 0 : (uint32_t)at + 1};
}

/* The first cell with that role that says something. */
static struct span cell_of(const struct reader *r, enum csv_role role)
{
    static const char *const nothing[] = {"", "-", "n/a", "none", "null", "unknown"};

    for (unsigned i = 0; i < r->columns.count && i < r->record.cells; i++) {
        struct span cell = load_trim(r->record.cell[i]);
        if (r->columns.role[i] != role)
            continue;
        for (size_t k = 0; k < sizeof(nothing) / sizeof(*nothing); k++)
            if (load_same(cell, nothing[k]))
                cell.len = 0;
        return cell;
    }
    return span_of(NULL, 0);
}

static int64_t date_of(struct reader *r, enum csv_role role)
{
    struct span cell = cell_of(r, role);
    int64_t when_s = 0;

    if (cell.len > 0 && !load_date_any(cell, role == CSV_UNTIL, &when_s) && r->bad_dates++ == 0)
        r->dated = place_of(r, cell);
    return when_s;
}

static uint8_t tier_of(const struct reader *r)
{
    struct span cell = cell_of(r, CSV_TIER);

    for (unsigned i = 0; i < TIERS; i++)
        if (load_same(cell, tier_names[i]))
            return (uint8_t)i;
    return TIER_UNKNOWN;
}

static void hand(struct reader *r, struct load_entry *e, enum load_kind kind, struct span type, bool meant)
{
    e->place = place_of(r, e->value);
    e->want = load_kind_want(kind, e->value);
    if (!meant && kind != LOAD_KIND_UNKNOWN)
        load_withdrawn(r->f, e, "its row says that it is not for detection (to_ids 0)");
    else
        load_kind_entry(r->f, kind, type, e);
}

/* The values of a cell: people write several hosts into one. True: there was one. */
static bool read_cell(struct reader *r, struct load_entry *e, unsigned column, bool meant)
{
    enum load_kind kind = (enum load_kind)r->columns.kind[column];
    struct span rest = load_trim(r->record.cell[column]), type = span_of(NULL, 0);

    if (kind == LOAD_KIND_UNKNOWN) {
        type = cell_of(r, CSV_TYPE);
        kind = type.len > 0 ? load_kind_of(type) : LOAD_KIND_URL;
    }
    if (rest.len == 0 || load_same(rest, "-") || load_same(rest, "n/a") || load_same(rest, "none"))
        return false;
    if ((kind != LOAD_KIND_NAME && kind != LOAD_KIND_ADDRESS) || memmem(rest.at, rest.len, "://", 3)) {
        e->value = rest;
        hand(r, e, kind, type, meant);
        return true;
    }
    while (rest.len > 0) {
        size_t n = 0;
        while (n < rest.len && rest.at[n] > ' ' && !strchr(",;|", rest.at[n]))
            n++;
        e->value = span_of(rest.at, n);
        if (n > 0)
            hand(r, e, kind, type, meant);
        n += n < rest.len;
        rest = span_of(rest.at + n, rest.len - n);
    }
    return true;
}

static void read_row(struct reader *r)
{
    struct span campaign = cell_of(r, CSV_CAMPAIGN), to_ids = cell_of(r, CSV_TO_IDS);
    struct load_origin origin = {.source = cell_of(r, CSV_SOURCE), .reference = cell_of(r, CSV_REFERENCE)};
    struct load_entry e = {.origin = &origin, .comment = cell_of(r, CSV_COMMENT), .tier = tier_of(r)};
    bool meant = !load_same(to_ids, "0") && !load_same(to_ids, "false"), any = false;

    origin.campaign[0] = campaign;
    origin.campaigns = campaign.len > 0;
    e.from_s = date_of(r, CSV_FROM);
    e.until_s = date_of(r, CSV_UNTIL);
    for (unsigned i = 0; i < r->columns.count && i < r->record.cells; i++)
        if (r->columns.role[i] == CSV_VALUE)
            any |= read_cell(r, &e, i, meant);
    if (!any)
        load_refused(r->f, LOAD_MALFORMED, (struct load_place){r->number, 1}, span_of(r->text, r->len),
                     "no value stands in this row");
}

/* A quote that is never closed: each line is a row of its own, and quotes mean nothing. */
static void read_lines(struct reader *r)
{
    size_t len = r->len, from = 0;
    uint32_t number = r->number;

    load_refused(r->f, LOAD_MALFORMED, (struct load_place){number, 1}, span_of(r->text, len),
                 "a quote is not closed; the lines are read without quotes");
    for (; from < len; number++) {
        const char *nl = memchr(r->text + from, '\n', len - from);
        size_t n = nl ? (size_t)(nl - r->text) - from : len - from;
        r->number = number;
        memmove(r->text, r->text + from, len - from);
        len -= from;
        from = n + 1;
        r->len = n;
        csv_split(r->text, n, r->columns.delimiter, false, &r->record);
        if (n > 0)
            read_row(r);
    }
}

/* Takes a line into the record; false: there is no room. */
static bool add_line(struct reader *r, struct span line)
{
    size_t nl = r->len > 0;

    if (r->len + nl + line.len > sizeof(r->text) - 1)
        return false;
    if (nl)
        r->text[r->len] = '\n';
    if (line.len > 0)
        memcpy(r->text + r->len + nl, line.at, line.len);
    r->len += nl + line.len;
    return true;
}

/* One record, which may have several lines, and what follows it if it does not end. */
static void read_record(struct reader *r, struct span line)
{
    uint8_t delimiter = r->columns.delimiter;
    unsigned lines = 1;
    bool open;

    r->number = r->in->line;
    r->len = 0;
    add_line(r, line);
    while ((open = csv_is_open(r->text, r->len, delimiter)) && lines++ < RECORD_LINES_MAX &&
           load_line(r->f, r->in, &line))
        if (!add_line(r, line))
            break;
    if (open) {
        read_lines(r);
        return;
    }
    csv_split(r->text, r->len, delimiter, true, &r->record);
    read_row(r);
}

static bool find_columns(struct reader *r)
{
    const char *spec = load_options(r->f)->columns;
    struct span head = load_input_head(r->in), word;

    if (!spec && csv_find_columns(head, &r->columns))
        return true;
    if (spec && csv_name_columns(span_str(spec), head, &r->columns, &word))
        return true;
    load_error(r->f, (struct load_place){.line = 1, .column = 1}, spec ? word : span_of(NULL, 0),
               spec ? "names no column, or none with values (columns = value,type,campaign,comment,-)"
                    : "no column is known to hold values: name them (columns = value,type,-)");
    return false;
}

static bool load_csv(struct load_file *f, struct load_input *in)
{
    struct reader r;
    struct span line;

    r.f = f;
    r.in = in;
    r.bad_dates = 0;
    if (!find_columns(&r))
        return false;
    while (load_goes_on(f) && load_line(f, in, &line)) {
        struct span word = load_trim(line);
        if (word.len > 0 && word.at[0] != '#' && in->line != r.columns.header)
            read_record(&r, line);
    }
    if (r.bad_dates > 0)
        load_warning(f, r.dated, span_of(NULL, 0), "%" PRIu64 " dates are not understood; write YYYY-MM-DD",
                     r.bad_dates);
    return true;
}

const struct load_format load_format_csv = {"csv", is_csv, load_csv};
