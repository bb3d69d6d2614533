/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-published geofeeds (RFC 8805), as hosters have them: `prefix,country,region,city,postal code`. They
 * are ranges of the hoster, tagged with the region, or the country where there is none.
 */
#include "base/text.h"
#include "intel/load_ranges.h"
#include "intel/load_text.h"

/* At most so many lines are looked at to recognise the format. */
#define LINES_TRIED 100
#define FIELDS      3 /* that matter; city and postal code are more than an alert needs */

struct geo_line {
    struct span prefix, country, region;
    unsigned commas;
};

/* RFC 8805 §2.1.1: fields are separated by commas and may be quoted as in RFC 4180; none of ours holds a
 * comma. */
static struct span unquoted(struct span s)
{
    s = load_trim(s);
    if (s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"')
        s = load_trim(span_of(s.at + 1, s.len - 2));
    return s;
}

/* False for empty lines and comments (RFC 8805 §2.1: behind `#`). */
static bool take_line(struct span line, struct geo_line *ret)
{
    struct span field[FIELDS] = {{0}};
    const uint8_t *comment = line.len > 0 ? memchr(line.at, '#', line.len) : NULL;

    *ret = (struct geo_line){0};
    line = load_trim(comment ? span_of(line.at, (size_t)(comment - line.at)) : line);
    if (line.len == 0)
        return false;
    size_t start = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.at[i] != ',')
            continue;
        if (ret->commas < FIELDS)
            field[ret->commas] = unquoted(span_of(line.at + start, i - start));
        ret->commas += i < line.len;
        start = i + 1;
    }
    ret->prefix = field[0];
    ret->country = field[1];
    ret->region = field[2];
    return true;
}

static bool is_letters(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.at[i] | 0x20) < 'a' || (s.at[i] | 0x20) > 'z')
            return false;
    return true;
}

/* ISO 3166-1 alpha-2 (RFC 8805 §2.1.1.2). */
static bool is_country(struct span s)
{
    return s.len == 2 && is_letters(s);
}

/* ISO 3166-2 (RFC 8805 §2.1.1.3): the country, a hyphen, one to three letters or digits. */
static bool is_region(struct span s)
{
    if (s.len < 4 || s.len > 6 || !is_country(span_of(s.at, 2)) || s.at[2] != '-')
        return false;
    for (size_t i = 3; i < s.len; i++)
        if (!is_letters(span_of(s.at + i, 1)) && (s.at[i] < '0' || s.at[i] > '9'))
            return false;
    return true;
}

static bool is_range(struct span s)
{
    struct prefix p;
    bool host_bits;

    return addr_parse(s, &p.addr) || prefix_parse(s, &p, &host_bits);
}

/* All five fields, as RFC 8805 §2.1.1 wants them: a list of indicators with their country has fewer. */
static bool is_row(const struct geo_line *g)
{
    return g->commas == 4 && (g->country.len == 0 || is_country(g->country)) &&
           (g->region.len == 0 || is_region(g->region)) && is_range(g->prefix);
}

/* Two of three lines must be rows, and one at least must say where. */
static bool is_geofeed(struct span head)
{
    unsigned good = 0, bad = 0, placed = 0;

    while (head.len > 0 && good + bad < LINES_TRIED) {
        const uint8_t *nl = memchr(head.at, '\n', head.len);
        size_t len = nl ? (size_t)(nl - head.at) : head.len;
        struct geo_line g;
        if (take_line(span_of(head.at, len), &g)) {
            good += is_row(&g);
            bad += !is_row(&g);
            placed += is_row(&g) && g.country.len > 0;
        }
        len += nl ? 1 : 0;
        head = span_of(head.at + len, head.len - len);
    }
    return placed > 0 && good >= bad * 2;
}

/* Codes are compared without case (RFC 8805 §2.1.1.2); in a tag they are capitals. */
static void add_code(struct text *tag, struct span code)
{
    char capitals[8];
    size_t n = code.len < sizeof(capitals) ? code.len : sizeof(capitals);

    for (size_t i = 0; i < n; i++)
        capitals[i] = (char)(code.at[i] >= 'a' && code.at[i] <= 'z' ? code.at[i] - 0x20 : code.at[i]);
    load_ranges_part(tag, span_of(capitals, n));
}

static void warn(struct load_file *f, struct load_place at, const struct geo_line *g, struct span part,
                 const char *text)
{
    at.column += (uint32_t)(part.at - g->prefix.at);
    load_warning(f, at, part, "%s", text);
}

static void load_row(struct load_file *f, struct load_ranges *r, struct load_place at,
                     const struct geo_line *g)
{
    char buf[LOAD_RANGE_TAG_MAX];
    struct text tag = text_on(buf, sizeof(buf));
    struct load_range range = {.value = g->prefix, .place = at};

    load_ranges_part(&tag, load_ranges_hoster(f, NULL));
    if (is_region(g->region)) {
        range.rank = 2;
        add_code(&tag, g->region);
    } else if (is_country(g->country)) {
        range.rank = 1;
        add_code(&tag, g->country);
    }
    if (g->region.len > 0 && range.rank < 2)
        warn(f, at, g, g->region, "is no region of ISO 3166-2, such as NL-NH: left out");
    else if (g->country.len > 0 && range.rank < 1)
        warn(f, at, g, g->country, "is no country of ISO 3166-1, such as NL: left out");
    range.tag = text_span(&tag);
    load_ranges_add(r, &range);
}

static bool load_geofeed(struct load_file *f, struct load_input *in)
{
    struct load_ranges *r = load_ranges_new(f);
    struct geo_line g;
    struct span line;

    while (r && load_goes_on(f) && load_line(f, in, &line))
        if (take_line(line, &g))
            load_row(f, r, (struct load_place){in->line, (uint32_t)(g.prefix.at - line.at) + 1}, &g);
    load_ranges_end(r);
    return r != NULL;
}

const struct load_format load_format_geofeed = {"geofeed", is_geofeed, load_geofeed};
