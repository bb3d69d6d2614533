/* SPDX-License-Identifier: BSD-2-Clause */
/* The project's own text format; bridle.ioc(5) specifies it. */
#include "intel/load_entry.h"
#include "intel/load_text.h"

#include "base/text.h"

#define VERSION  1
#define TEXT_MAX 1024
#define NAME_MAX 64

/* What the lines below the last @campaign, @hosting, @guard ... are. */
enum block { INDICATORS, HOSTING, GUARD, RESOLVER, SINKHOLE, PARKING, UNSURE };

struct ioc_reader {
    struct load_file *f; /* borrowed */
    struct span line;    /* borrowed: the line in hand */
    struct span part;    /* of that line: the text that is looked at, for the column */
    uint32_t number;
    enum block block;
    uint32_t block_line;       /* where it began */
    struct load_origin origin; /* spans into the buffers below */
    char campaign[TEXT_MAX], source[TEXT_MAX], reference[TEXT_MAX], licence[TEXT_MAX];
    char block_text[NAME_MAX]; /* hosting, sinkhole, parking: whose; guard: why */
    uint8_t tier;
    int64_t from_s, until_s;
};

/* A value's attributes; they begin as what the headers said. */
struct attributes {
    const struct load_origin *origin; /* borrowed: what the headers said, or `own` */
    struct load_origin own;
    char campaign[TEXT_MAX], comment[TEXT_MAX], tag[NAME_MAX];
    uint8_t tier;
    int64_t from_s, until_s;
    bool shared;
};

static struct load_place place_of(const struct ioc_reader *c, struct span part)
{
    return (struct load_place){c->number, (uint32_t)(part.at - c->line.at) + 1};
}

/* Copies text into a buffer, cut at its end. */
static struct span copy(char *to, size_t room, struct span s)
{
    struct text t = text_on(to, room);
    text_raw(&t, s);
    return text_span(&t);
}

static void warn_unknown(struct ioc_reader *c, struct span word, const char *what, const char *const *known)
{
    const char *like = load_closest(word, known);
    load_warning(c->f, place_of(c, c->part), word, "unknown %s%s%s%s", what, like ? "; is it \"" : "",
                 like ? like : "", like ? "\"?" : "");
}

static void set_tier(struct ioc_reader *c, struct span word, uint8_t *ret)
{
    const char *known[TIERS + 1] = {NULL};

    for (unsigned i = 0; i < TIERS; i++) {
        known[i] = tier_names[i];
        if (span_eq(word, span_str(tier_names[i]))) {
            *ret = (uint8_t)i;
            return;
        }
    }
    warn_unknown(c, word, "tier", known);
}

/* An empty word takes the date back. */
static void set_date(struct ioc_reader *c, struct span word, bool last, int64_t *ret)
{
    if (word.len == 0)
        *ret = 0;
    else if (!load_date(word, last, ret))
        load_warning(c->f, place_of(c, c->part), word, "is no date; write YYYY-MM-DD");
}

/* The rest of the line without its trailing comment, and without the quotes around it. */
static struct span header_text(struct span s)
{
    s = load_trim(s);
    if (s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"')
        s = span_of(s.at + 1, s.len - 2);
    return s;
}

static void header_campaign(struct ioc_reader *c, struct span s)
{
    c->block = INDICATORS;
    c->origin.campaign[0] = copy(c->campaign, sizeof(c->campaign), s);
    c->origin.campaigns = s.len > 0;
}

static void header_source(struct ioc_reader *c, struct span s)
{
    c->origin.source = copy(c->source, sizeof(c->source), s);
}

static void header_reference(struct ioc_reader *c, struct span s)
{
    c->origin.reference = copy(c->reference, sizeof(c->reference), s);
}

static void header_licence(struct ioc_reader *c, struct span s)
{
    c->origin.licence = copy(c->licence, sizeof(c->licence), s);
}

static void header_tier(struct ioc_reader *c, struct span s)
{
    if (s.len > 0)
        set_tier(c, s, &c->tier);
    else
        c->tier = TIER_UNKNOWN;
}

static void header_from(struct ioc_reader *c, struct span s)
{
    set_date(c, s, false, &c->from_s);
}

static void header_until(struct ioc_reader *c, struct span s)
{
    set_date(c, s, true, &c->until_s);
}

static void header_hosting(struct ioc_reader *c, struct span s)
{
    c->block = s.len > 0 ? HOSTING : UNSURE;
    copy(c->block_text, sizeof(c->block_text), s);
    if (s.len == 0)
        load_warning(c->f, place_of(c, c->line), s,
                     "@hosting needs the name of who hosts: its lines are not loaded");
}

static void header_guard(struct ioc_reader *c, struct span s)
{
    c->block = GUARD;
    copy(c->block_text, sizeof(c->block_text), s.len > 0 ? s : span_str("guard"));
}

static void header_resolver(struct ioc_reader *c, struct span s)
{
    c->block = RESOLVER; /* whose they are is for who reads the file */
}

static void header_sinkhole(struct ioc_reader *c, struct span s)
{
    c->block = SINKHOLE;
    copy(c->block_text, sizeof(c->block_text), s);
}

static void header_parking(struct ioc_reader *c, struct span s)
{
    c->block = PARKING;
    copy(c->block_text, sizeof(c->block_text), s);
}

static const struct {
    const char *name;
    void (*set)(struct ioc_reader *c, struct span text);
    bool begins_block; /* misspelt, it leaves open what the lines below are: they are not loaded */
} headers[] = {
    {"campaign", header_campaign, true},    {"hosting", header_hosting, true},
    {"guard", header_guard, true},          {"source", header_source, false},
    {"reference", header_reference, false}, {"licence", header_licence, false},
    {"tier", header_tier, false},           {"from", header_from, false},
    {"until", header_until, false},         {"resolver", header_resolver, true},
    {"sinkhole", header_sinkhole, true},    {"parking", header_parking, true},
};

#define HEADERS (sizeof(headers) / sizeof(*headers))

static void unknown_header(struct ioc_reader *c, struct span name)
{
    const char *known[HEADERS + 1] = {NULL};

    for (size_t i = 0; i < HEADERS; i++)
        known[i] = headers[i].name;
    warn_unknown(c, name, "header", known);
    const char *like = load_closest(name, known);
    for (size_t i = 0; i < HEADERS; i++)
        if (like == headers[i].name && headers[i].begins_block)
            c->block = UNSURE;
}

static void read_header(struct ioc_reader *c, struct span line)
{
    struct span rest = span_of(line.at + 1, line.len - 1);
    struct span name = load_word(&rest);

    c->part = name;
    for (size_t i = 0; i < HEADERS; i++) {
        if (!span_eq(name, span_str(headers[i].name)))
            continue;
        if (headers[i].begins_block)
            c->block_line = c->number;
        c->part = load_trim(rest);
        headers[i].set(c, header_text(rest));
        return;
    }
    c->block_line = c->number;
    unknown_header(c, name);
}

static void attr_from(struct ioc_reader *c, struct attributes *a, struct span s)
{
    set_date(c, s, false, &a->from_s);
}

static void attr_until(struct ioc_reader *c, struct attributes *a, struct span s)
{
    set_date(c, s, true, &a->until_s);
}

static void attr_comment(struct ioc_reader *c, struct attributes *a, struct span s)
{
    copy(a->comment, sizeof(a->comment), s);
}

static void attr_campaign(struct ioc_reader *c, struct attributes *a, struct span s)
{
    a->own = c->origin;
    a->own.campaign[0] = copy(a->campaign, sizeof(a->campaign), s);
    a->own.campaigns = s.len > 0;
    a->origin = &a->own;
}

static void attr_tier(struct ioc_reader *c, struct attributes *a, struct span s)
{
    set_tier(c, s, &a->tier);
}

static void attr_tag(struct ioc_reader *c, struct attributes *a, struct span s)
{
    copy(a->tag, sizeof(a->tag), s);
}

static void attr_shared(struct ioc_reader *c, struct attributes *a, struct span s)
{
    static const char *const known[] = {"yes", "no", NULL};

    if (!span_eq(s, span_str("yes")) && !span_eq(s, span_str("no")))
        warn_unknown(c, s, "value of shared=", known);
    a->shared = span_eq(s, span_str("yes"));
}

/* Which blocks an attribute means something in. */
#define IN(block) (1u << (block))
#define IN_ALL    (IN(UNSURE) - 1)

static const struct {
    const char *name;
    void (*set)(struct ioc_reader *c, struct attributes *a, struct span text);
    unsigned blocks;
} attribute_rows[] = {
    {"from", attr_from, IN(INDICATORS)},  {"until", attr_until, IN(INDICATORS)},
    {"comment", attr_comment, IN_ALL},    {"campaign", attr_campaign, IN(INDICATORS)},
    {"tier", attr_tier, IN(INDICATORS)},  {"tag", attr_tag, IN(HOSTING)},
    {"shared", attr_shared, IN(HOSTING)},
};

#define ATTRIBUTES (sizeof(attribute_rows) / sizeof(*attribute_rows))

static void set_attribute(struct ioc_reader *c, struct attributes *a, struct span name, struct span at,
                          struct span text)
{
    const char *known[ATTRIBUTES + 1];
    size_t n = 0;

    for (size_t i = 0; i < ATTRIBUTES; i++) {
        if (!(attribute_rows[i].blocks & IN(c->block)))
            continue;
        if (span_eq(name, span_str(attribute_rows[i].name))) {
            c->part = at;
            attribute_rows[i].set(c, a, text);
            return;
        }
        known[n++] = attribute_rows[i].name;
    }
    known[n] = NULL;
    c->part = name;
    warn_unknown(c, name, "attribute", known);
}

/* Takes `"text"` with \" and \\ off `*rest`, unescaped into `buf`. */
static struct span take_quoted(struct ioc_reader *c, struct span *rest, char *buf, size_t room)
{
    struct text t = text_on(buf, room);
    struct span from = *rest;
    size_t i = 1;

    for (; i < from.len && from.at[i] != '"'; i++) {
        if (from.at[i] == '\\' && i + 1 < from.len && (from.at[i + 1] == '"' || from.at[i + 1] == '\\'))
            i++;
        text_raw(&t, span_of(from.at + i, 1));
    }
    if (i == from.len)
        load_warning(c->f, place_of(c, from), from, "the closing quote is missing");
    i += i < from.len;
    *rest = span_of(from.at + i, from.len - i);
    return text_span(&t);
}

/* Field by field: to clear the buffers of every line would cost more than all else that is done with it. */
static void begin_attributes(const struct ioc_reader *c, struct attributes *a)
{
    a->origin = &c->origin;
    a->campaign[0] = a->comment[0] = a->tag[0] = 0;
    a->tier = c->tier;
    a->from_s = c->from_s;
    a->until_s = c->until_s;
    a->shared = false;
}

static void read_attributes(struct ioc_reader *c, struct span rest, struct attributes *a)
{
    char quoted[TEXT_MAX];

    for (rest = load_trim(rest); rest.len > 0 && rest.at[0] != '#'; rest = load_trim(rest)) {
        size_t n = 0;
        while (n < rest.len && rest.at[n] != '=' && !load_is_space(rest.at[n]))
            n++;
        struct span name = span_of(rest.at, n);
        rest = span_of(rest.at + n, rest.len - n);
        if (rest.len == 0 || rest.at[0] != '=' || n == 0) {
            load_warning(c->f, place_of(c, name), name, "is not read: one value a line, then KEY=VALUE");
            return;
        }
        rest = span_of(rest.at + 1, rest.len - 1);
        struct span text = {0}, at = rest;
        if (rest.len > 0 && rest.at[0] == '"')
            text = take_quoted(c, &rest, quoted, sizeof(quoted));
        else if (rest.len > 0 && !load_is_space(rest.at[0]))
            text = load_word(&rest);
        set_attribute(c, a, name, at, text);
    }
}

static void hand_range(struct ioc_reader *c, struct span value, const struct attributes *a)
{
    char tag[2 * NAME_MAX + 1];
    struct text t = text_on(tag, sizeof(tag));

    text_str(&t, c->block_text);
    if (a->tag[0])
        text_fmt(&t, "/%s", a->tag);
    load_range(c->f, place_of(c, value), value, text_span(&t), a->shared);
}

static void hand_indicator(struct ioc_reader *c, struct span value, const struct attributes *a)
{
    struct load_entry e = {
        .value = value,
        .place = place_of(c, value),
        .want = NORMAL_WANT_ANY,
        .exact = value.at[0] == '=',
        .exception = value.at[0] == '!',
        .tier = a->tier,
        .origin = a->origin,
        .comment = span_str(a->comment),
        .from_s = a->from_s,
        .until_s = a->until_s,
    };

    if (e.exact || e.exception)
        e.value = span_of(value.at + 1, value.len - 1);
    if (e.from_s && e.until_s && e.from_s > e.until_s)
        load_warning(c->f, e.place, value, "ends before it begins");
    load_entry(c->f, &e);
}

static void hand_value(struct ioc_reader *c, struct span value, const struct attributes *a)
{
    struct load_place at = place_of(c, value);
    struct span text = span_str(c->block_text);

    switch (c->block) {
    case HOSTING:
        hand_range(c, value, a);
        break;
    case GUARD:
        load_guard(c->f, at, value, text);
        break;
    case RESOLVER:
        load_resolver(c->f, at, value);
        break;
    case SINKHOLE:
    case PARKING:
        load_sinkhole(c->f, at, value, c->block == SINKHOLE ? ANSWER_SINKHOLE : ANSWER_PARKED, text);
        break;
    default:
        hand_indicator(c, value, a);
    }
}

static void read_value(struct ioc_reader *c, struct span line)
{
    struct attributes a;
    struct span rest = line, value = load_word(&rest);

    if (c->block == UNSURE) {
        load_refused(c->f, LOAD_MALFORMED, place_of(c, value), value,
                     "not loaded: what it is depends on the header in line %u", (unsigned)c->block_line);
        return;
    }
    begin_attributes(c, &a);
    read_attributes(c, rest, &a);
    hand_value(c, value, &a);
}

/* A header's line without its comment: `#` behind white space. Values' lines may have it inside quotes. */
static struct span without_comment(struct span line)
{
    for (size_t i = 1; i < line.len; i++)
        if (line.at[i] == '#' && load_is_space(line.at[i - 1]))
            return load_trim(span_of(line.at, i));
    return line;
}

/* The version that the marker in the first line says; 0: there is none. */
static unsigned version_of(struct span line)
{
    static const char marker[] = "# bridle-ioc ";
    unsigned version = 0;

    if (line.len < sizeof(marker) - 1 || memcmp(line.at, marker, sizeof(marker) - 1) != 0)
        return 0;
    struct span number = load_trim(span_of(line.at + sizeof(marker) - 1, line.len - (sizeof(marker) - 1)));
    for (size_t i = 0; i < number.len; i++) {
        if (number.at[i] < '0' || number.at[i] > '9' || i == 4)
            return 0; /* a comment */
        version = version * 10 + (unsigned)(number.at[i] - '0');
    }
    return version;
}

static bool load_ioc(struct load_file *f, struct load_input *in)
{
    struct ioc_reader c = {.f = f};

    for (;;) {
        if (in->line > 0 && load_guards_only(f) && c.block != GUARD)
            load_input_seek(in, '@'); /* nothing but @guard matters */
        if (!load_goes_on(f) || !load_line(f, in, &c.line))
            return true;
        struct span line = load_trim(c.line);
        c.number = in->line;
        if (c.number == 1 && version_of(c.line) > VERSION) {
            load_error(f, place_of(&c, c.line), c.line, "this version of the format is not known, only 1 is");
            return true;
        }
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (line.at[0] == '@')
            read_header(&c, without_comment(line));
        else
            read_value(&c, line);
    }
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Something that only this format has: a header, `=name`, `!name`, or one of our attributes. */
static bool is_ours(struct span line)
{
    struct span rest = load_trim(line), word = load_word(&rest);

    if (word.len >= 2 && word.at[0] == '@')
        return is_letter(word.at[1]);
    if (word.len >= 4 && (word.at[0] == '=' || word.at[0] == '!'))
        return memchr(word.at, '.', word.len) || memchr(word.at, ':', word.len);
    if (word.len == 0 || word.at[0] == '#')
        return false;
    word = load_word(&rest);
    const uint8_t *equals = word.len > 0 ? memchr(word.at, '=', word.len) : NULL;
    for (size_t i = 0; equals && i < ATTRIBUTES; i++)
        if (span_eq(span_of(word.at, (size_t)(equals - word.at)), span_str(attribute_rows[i].name)))
            return true;
    return false;
}

static bool is_ioc(struct span head)
{
    const uint8_t *end = memchr(head.at, '\n', head.len);

    if (version_of(span_of(head.at, end ? (size_t)(end - head.at) : head.len)) > 0)
        return true;
    while (head.len > 0) {
        const uint8_t *nl = memchr(head.at, '\n', head.len);
        size_t len = nl ? (size_t)(nl - head.at) : head.len;
        if (is_ours(span_of(head.at, len)))
            return true;
        len += nl ? 1 : 0;
        head = span_of(head.at + len, head.len - len);
    }
    return false;
}

const struct load_format load_format_ioc = {"ioc", is_ioc, load_ioc, true};
