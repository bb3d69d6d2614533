/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns of tables. A column that is named as no value is none, even if names stand in it: tables also tell
 * name servers, registrars and mail hosts. */
#include "intel/load_csv.h"
#include "intel/load_text.h"

/* What is looked at to know a table by. */
#define ROWS_TRIED 100u
#define ROW_MAX    4096u

#define NAME LOAD_KIND_NAME
#define ADDR LOAD_KIND_ADDRESS

/* Words of headers, with a blank where they have `_` or `-`. */
static const struct {
    const char *word;
    uint8_t role, kind;
} words[] = {
    {"value", CSV_VALUE, 0},
    {"indicator", CSV_VALUE, 0},
    {"indicator value", CSV_VALUE, 0},
    {"ioc", CSV_VALUE, 0},
    {"ioc value", CSV_VALUE, 0},
    {"observable", CSV_VALUE, 0},
    {"domain", CSV_VALUE, NAME},
    {"domains", CSV_VALUE, NAME},
    {"domain name", CSV_VALUE, NAME},
    {"hostname", CSV_VALUE, NAME},
    {"host", CSV_VALUE, NAME},
    {"fqdn", CSV_VALUE, NAME},
    {"ip", CSV_VALUE, ADDR},
    {"ips", CSV_VALUE, ADDR},
    {"ip address", CSV_VALUE, ADDR},
    {"ip addresses", CSV_VALUE, ADDR},
    {"ipaddress", CSV_VALUE, ADDR},
    {"ipv4", CSV_VALUE, ADDR},
    {"ipv6", CSV_VALUE, ADDR},
    {"dst ip", CSV_VALUE, ADDR},
    {"dest ip", CSV_VALUE, ADDR},
    {"relevant resolution", CSV_VALUE, ADDR},
    {"resolution", CSV_VALUE, ADDR},
    {"c2", CSV_VALUE, ADDR},
    {"server", CSV_VALUE, ADDR},
    {"cidr", CSV_VALUE, ADDR},
    {"subnet", CSV_VALUE, ADDR},
    {"url", CSV_VALUE, LOAD_KIND_URL},
    {"uri", CSV_VALUE, LOAD_KIND_URL},
    {"certificate", CSV_VALUE, LOAD_KIND_CERT},
    {"cert sha1", CSV_VALUE, LOAD_KIND_CERT},
    {"cert sha256", CSV_VALUE, LOAD_KIND_CERT},
    {"ja3", CSV_VALUE, LOAD_KIND_JA3},
    {"ja3 md5", CSV_VALUE, LOAD_KIND_JA3},
    {"ja4", CSV_VALUE, LOAD_KIND_JA4},
    {"type", CSV_TYPE, 0},
    {"ioc type", CSV_TYPE, 0},
    {"indicator type", CSV_TYPE, 0},
    {"campaign", CSV_CAMPAIGN, 0},
    {"app", CSV_CAMPAIGN, 0},
    {"malware", CSV_CAMPAIGN, 0},
    {"malware printable", CSV_CAMPAIGN, 0},
    {"malware family", CSV_CAMPAIGN, 0},
    {"family", CSV_CAMPAIGN, 0},
    {"actor", CSV_CAMPAIGN, 0},
    {"threat actor", CSV_CAMPAIGN, 0},
    {"group", CSV_CAMPAIGN, 0},
    {"cluster", CSV_CAMPAIGN, 0},
    {"comment", CSV_COMMENT, 0},
    {"comments", CSV_COMMENT, 0},
    {"description", CSV_COMMENT, 0},
    {"note", CSV_COMMENT, 0},
    {"notes", CSV_COMMENT, 0},
    {"listingreason", CSV_COMMENT, 0},
    {"reference", CSV_REFERENCE, 0},
    {"references", CSV_REFERENCE, 0},
    {"link", CSV_REFERENCE, 0},
    {"source", CSV_SOURCE, 0},
    {"provider", CSV_SOURCE, 0},
    {"date", CSV_FROM, 0},
    {"first seen", CSV_FROM, 0},
    {"firstseen", CSV_FROM, 0},
    {"first seen utc", CSV_FROM, 0},
    {"valid from", CSV_FROM, 0},
    {"relevant date", CSV_FROM, 0},
    {"created", CSV_FROM, 0},
    {"created at", CSV_FROM, 0},
    {"listingdate", CSV_FROM, 0},
    {"date added", CSV_FROM, 0},
    {"dateadded", CSV_FROM, 0},
    {"valid until", CSV_UNTIL, 0},
    {"until", CSV_UNTIL, 0},
    {"expires", CSV_UNTIL, 0},
    {"to ids", CSV_TO_IDS, 0},
    {"tier", CSV_TIER, 0},
};

#define WORDS (sizeof(words) / sizeof(*words))

/* The row of a header's word, or WORDS. */
static size_t word_row(struct span cell)
{
    char same[32];
    size_t i = 0;

    cell = load_trim(cell);
    if (cell.len >= sizeof(same))
        return WORDS;
    for (size_t k = 0; k < cell.len; k++)
        same[k] = (char)(cell.at[k] == '_' || cell.at[k] == '-' ? ' ' : cell.at[k]);
    while (i < WORDS && !load_same(span_of(same, cell.len), words[i].word))
        i++;
    return i;
}

bool csv_is_open(const char *at, size_t len, uint8_t delimiter)
{
    bool open = false, begin = true;

    for (size_t i = 0; i < len; i++) {
        if (open && at[i] == '"' && i + 1 < len && at[i + 1] == '"')
            i++;
        else if (at[i] == '"' && (open || begin))
            open = !open;
        else if (!open && at[i] != ' ') /* blanks before the quote are common, though not allowed */
            begin = (uint8_t)at[i] == delimiter || at[i] == '\n';
    }
    return open;
}

/* Takes a quoted cell off; `i` is behind the quote. Where its delimiter is, or the end. */
static size_t take_quoted(char *at, size_t i, size_t len, uint8_t delimiter, struct span *ret)
{
    size_t to = i, from = i;

    for (; i < len; i++) {
        if (at[i] == '"' && (i + 1 == len || at[i + 1] != '"'))
            break;
        i += at[i] == '"';
        at[to++] = at[i];
    }
    *ret = span_of(at + from, to - from);
    while (i < len && (uint8_t)at[i] != delimiter)
        i++;
    return i;
}

void csv_split(char *at, size_t len, uint8_t delimiter, bool quotes, struct csv_record *ret)
{
    size_t i = 0;

    for (ret->cells = 0; ret->cells < CSV_COLUMNS_MAX; i++) {
        struct span *cell = &ret->cell[ret->cells++];
        size_t from = i;
        while (i < len && at[i] == ' ')
            i++;
        if (quotes && i < len && at[i] == '"') {
            i = take_quoted(at, i + 1, len, delimiter, cell);
        } else {
            while (i < len && (uint8_t)at[i] != delimiter)
                i++;
            *cell = span_of(at + from, i - from);
        }
        if (i >= len)
            return;
    }
}

/* What stands most often outside of quotes; 0: nothing that separates. */
static uint8_t delimiter_of(struct span line)
{
    static const char among[] = ",;\t|";
    unsigned count[sizeof(among)] = {0}, best = 0;
    bool quoted = false;

    for (size_t i = 0; i < line.len; i++) {
        const char *c = line.at[i] ? strchr(among, line.at[i]) : NULL;
        quoted ^= line.at[i] == '"';
        if (c && !quoted)
            count[c - among]++;
    }
    for (unsigned i = 1; i < sizeof(among) - 1; i++)
        if (count[i] > count[best])
            best = i;
    return count[best] > 0 ? (uint8_t)among[best] : 0;
}

/* Names with a dot and addresses; a URL is one that its path keeps from being loaded. */
static bool is_value(struct span cell)
{
    struct normal n;

    normalise(cell, NORMAL_WANT_ANY, &n);
    return n.kind == NORMAL_ADDRESS || n.kind == NORMAL_PREFIX || n.had_path ||
           (n.kind == NORMAL_NAME && strchr(n.name, '.'));
}

/* Whether a record names columns, a value among them, and holds no values itself. */
static bool is_header(const struct csv_record *r, struct csv_columns *ret)
{
    bool value = false, once[CSV_ROLES] = {false};

    for (unsigned i = 0; i < r->cells; i++) {
        size_t row = word_row(r->cell[i]);
        uint8_t role = row < WORDS ? words[row].role : CSV_NONE;
        if (is_value(r->cell[i]))
            return false;
        if (role != CSV_VALUE && once[role])
            role = CSV_NONE; /* the first of two is meant */
        once[role] = true;
        ret->role[i] = role;
        ret->kind[i] = row < WORDS ? words[row].kind : 0;
        value |= role == CSV_VALUE;
    }
    ret->count = r->cells;
    return value && r->cells > 1;
}

/* The first lines of a file, one after the other, comments too. */
struct rows {
    struct span head;
    uint32_t number;
    struct span line; /* without white space around it */
    char text[ROW_MAX];
    struct csv_record record;
};

/* The next line that is not empty, nor too long to be looked at. */
static bool next_row(struct rows *r)
{
    while (r->head.len > 0) {
        r->line = load_trim(load_split(&r->head, '\n'));
        r->number++;
        if (r->line.len > 0 && r->line.len < sizeof(r->text))
            return true;
    }
    return false;
}

static void split_row(struct rows *r, uint8_t delimiter)
{
    memcpy(r->text, r->line.at, r->line.len);
    csv_split(r->text, r->line.len, delimiter, true, &r->record);
}

/* abuse.ch writes its headers as comments: `# "first_seen_utc","ioc_value",...`. */
static void strip_comment(struct rows *r)
{
    while (r->line.len > 0 && (r->line.at[0] == '#' || r->line.at[0] == ' '))
        r->line = span_of(r->line.at + 1, r->line.len - 1);
}

/* Looks for the header up to the first row, at which it stops. False: that row is none, nor is there one. */
static bool find_header(struct rows *r, struct csv_columns *ret)
{
    while (next_row(r)) {
        bool comment = r->line.at[0] == '#';
        if (comment && (load_begins(r->line, "#fields") || load_begins(r->line, "#separator")))
            return false; /* a log of Zeek */
        if (comment)
            strip_comment(r);
        uint8_t delimiter = delimiter_of(r->line);
        if (!comment && ret->delimiter == 0)
            ret->delimiter = delimiter;
        if (delimiter)
            split_row(r, delimiter);
        if (delimiter && is_header(&r->record, ret)) {
            ret->delimiter = delimiter;
            ret->header = r->number;
            return true;
        }
        if (!comment)
            return false;
    }
    return false;
}

/* Prefix and country: a list of where addresses are (RFC 8805), not of indicators. */
static bool is_geofeed(const struct csv_record *r)
{
    const struct span *c = r->cell;

    return r->cells > 2 && memchr(c[0].at, '/', c[0].len) && is_value(c[0]) && c[1].len == 2 &&
           c[1].at[0] >= 'A' && c[1].at[0] <= 'Z';
}

struct tally {
    unsigned filled, values, types, dates;
};

static void count_cells(const struct csv_record *r, struct tally tally[CSV_COLUMNS_MAX])
{
    int64_t when_s;

    for (unsigned i = 0; i < r->cells; i++) {
        struct span cell = load_trim(r->cell[i]);
        tally[i].filled += cell.len > 0;
        struct span word = cell; /* several values in one cell are common */
        word = load_word(&word);
        tally[i].values += word.len > 0 && is_value(word);
        tally[i].types += cell.len > 0 && load_kind_of(cell) != LOAD_KIND_UNKNOWN;
        tally[i].dates += load_date_any(cell, false, &when_s);
    }
}

/* Without a header: a column is what more than half of its cells are. The row in hand is the first one. */
static bool infer_columns(struct rows *r, struct csv_columns *ret)
{
    struct tally tally[CSV_COLUMNS_MAX] = {{0}};
    unsigned rows = 0, alike = 0;
    bool value = false, type = false, date = false;

    do {
        if (r->line.at[0] == '#')
            continue;
        split_row(r, ret->delimiter);
        ret->count = rows == 0 ? r->record.cells : ret->count;
        alike += r->record.cells == ret->count;
        if (is_geofeed(&r->record))
            return false;
        if (r->record.cells == ret->count)
            count_cells(&r->record, tally);
    } while (++rows < ROWS_TRIED && next_row(r));
    for (unsigned i = 0; i < ret->count; i++) {
        unsigned half = tally[i].filled / 2;
        ret->kind[i] = LOAD_KIND_UNKNOWN;
        ret->role[i] = tally[i].values > half           ? CSV_VALUE
                       : tally[i].types > half && !type ? CSV_TYPE
                       : tally[i].dates > half && !date ? CSV_FROM
                                                        : CSV_NONE;
        value |= ret->role[i] == CSV_VALUE;
        type |= ret->role[i] == CSV_TYPE;
        date |= ret->role[i] == CSV_FROM;
    }
    for (unsigned i = 0; i < ret->count && !type; i++)
        ret->kind[i] = ADDR; /* no column says what they are */
    return value && ret->count > 1 && alike * 5 >= rows * 4;
}

bool csv_find_columns(struct span head, struct csv_columns *ret)
{
    struct rows r;

    r.head = head;
    r.number = 0;
    r.line = span_of(NULL, 0);
    *ret = (struct csv_columns){0};
    if (find_header(&r, ret))
        return true;
    return r.line.len > 0 && ret->delimiter && infer_columns(&r, ret);
}

bool csv_name_columns(struct span spec, struct span head, struct csv_columns *ret, struct span *ret_word)
{
    struct csv_columns own;
    bool value = false;

    bool found = csv_find_columns(head, &own);
    *ret = (struct csv_columns){.delimiter = own.delimiter, .header = found ? own.header : 0};
    *ret_word = spec;
    while (spec.len > 0 && ret->count < CSV_COLUMNS_MAX) {
        struct span word = load_trim(load_split(&spec, ','));
        size_t row = word_row(word);
        if (row == WORDS && word.len > 0 && !load_same(word, "-")) {
            *ret_word = word;
            return false;
        }
        ret->role[ret->count] = row < WORDS ? words[row].role : CSV_NONE;
        ret->kind[ret->count] = row < WORDS ? words[row].kind : 0;
        value |= ret->role[ret->count++] == CSV_VALUE;
    }
    if (ret->delimiter == 0)
        ret->delimiter = ',';
    return value;
}
