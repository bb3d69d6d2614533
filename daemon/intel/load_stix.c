/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STIX bundles (STIX 2.0, 2.1, OASIS): indicators with patterns, and the names of what they indicate. A
 * bundle is read twice, for names and dates stand anywhere in it, and so that nothing is loaded of one that
 * is broken.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "intel/load_dates.h"
#include "intel/load_entry.h"
#include "intel/load_json.h"
#include "intel/load_stix_names.h"
#include "intel/load_stix_object.h"
#include "intel/load_stix_terms.h"
#include "intel/load_text.h"
#include "intel/stix_pattern.h"

/* So many patterns of a file are told one by one of which more is matched than they say; the rest is counted.
 */
#define LOOSE_TOLD_MAX 5u

struct bundle {
    struct load_file *f;      /* borrowed */
    struct load_input *in;    /* borrowed */
    struct stix_names *names; /* owned */
    struct load_dates dates;
    uint64_t indicators, sightings, strange;
    uint64_t loose;        /* patterns that demand more than is matched */
    struct span source;    /* of indicators without an author */
    const char *withdrawn; /* why the indicator in hand is none any more, or NULL */
    uint8_t scratch[JSON_TEXT_MAX];
    struct stix_pattern pattern;
    struct stix_walk walk;
};

static const struct load_place nowhere = {0};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* JSON of no other format ends here, too, and is told why it is none. */
static bool is_stix(struct span head)
{
    size_t i = 0;

    while (i < head.len && is_blank(head.at[i]))
        i++;
    if (i < head.len && head.at[i] == '[')
        for (i++; i < head.len && is_blank(head.at[i]); i++)
            ;
    return i < head.len && (head.at[i] == '{' || (i > 0 && head.at[i] == ']'));
}

static bool is_type(const struct stix_object *o, const char *type)
{
    return span_eq(o->text[STIX_TYPE], span_str(type));
}

static uint64_t id_of(const struct bundle *b, enum stix_text which)
{
    const struct stix_object *o = &b->walk.object;

    return o->cut[which] ? 0 : stix_names_id(b->names, o->text[which]);
}

static void collect_relationship(struct bundle *b, const struct stix_object *o)
{
    enum stix_kind kind = stix_kind_of_id(o->text[STIX_TARGET]);

    if (span_eq(o->text[STIX_RELATIONSHIP], span_str("indicates")) &&
        (kind == STIX_KIND_CAMPAIGN || kind == STIX_KIND_REPORT))
        stix_names_link(b->names, id_of(b, STIX_SOURCE), id_of(b, STIX_TARGET));
}

static void collect_indicator(struct bundle *b, const struct stix_object *o)
{
    struct span from = o->text[STIX_VALID_FROM];
    int64_t from_s;

    b->indicators++;
    if (o->revoked)
        stix_names_revoke(b->names, id_of(b, STIX_ID));
    if (load_date(from, false, &from_s))
        load_dates_add(&b->dates, from_s, span_eq(from, o->text[STIX_CREATED]));
}

/* The first reading. */
static bool collect(struct stix_walk *w, void *ctx)
{
    struct bundle *b = ctx;
    const struct stix_object *o = &w->object;
    enum stix_kind kind = stix_kind_of(o->text[STIX_TYPE]);

    if (kind != STIX_KIND_NONE)
        stix_names_add(b->names, id_of(b, STIX_ID), kind, o->text[STIX_NAME]);
    else if (is_type(o, "relationship"))
        collect_relationship(b, o);
    else if (is_type(o, "indicator"))
        collect_indicator(b, o);
    else
        b->sightings += is_type(o, "sighting") || is_type(o, "observed-data");
    return true;
}

static void refuse(struct bundle *b, struct span value, const char *why)
{
    load_refused(b->f, LOAD_MALFORMED, b->walk.object.place, value, "%s", why);
}

static void refuse_blind(struct bundle *b, struct span value, const struct stix_comparison *blind)
{
    char path[128];
    struct text t = text_on(path, sizeof(path));

    text_escaped(&t, blind->path);
    load_quarantined(
        b->f, LOAD_CONDITIONS, b->walk.object.place, value,
        "the pattern also demands %s, which is not seen on a network or not so: alone it is broader "
        "than what was listed",
        path);
}

/* More is matched than the pattern says; the alternative is to match nothing. */
static void tell_loose(struct bundle *b, const struct stix_group *g)
{
    const char *what = g->loose
                           ? "a port, protocol or time, which are not matched: loaded for all traffic with it"
                       : g->resolved ? "an address of that name: loaded is the name, whatever its address"
                                     : "something else at the same time: each is loaded by itself";

    b->loose++;
    if (b->loose <= LOOSE_TOLD_MAX)
        load_warning(b->f, b->walk.object.place, g->value, "the pattern also demands %s", what);
}

static void hand_term(struct bundle *b, const struct stix_group *g, unsigned i, struct load_entry *e)
{
    const struct stix_comparison *c = &b->pattern.comparison[i];
    struct stix_term term;

    stix_term(&b->pattern, g, i, &term);
    if (term.use == STIX_USE_UNSEEN) {
        load_not_network(b->f, c->path);
    } else if (term.use == STIX_USE_REFUSED) {
        refuse(b, c->value.len > 0 ? c->value : c->path, term.why);
    } else if (term.use == STIX_USE_VALUE && g->blind) {
        refuse_blind(b, term.value, g->blind);
    } else if (term.use == STIX_USE_VALUE) {
        e->value = term.value;
        e->want = term.want;
        if (b->withdrawn) {
            load_withdrawn(b->f, e, b->withdrawn);
            return;
        }
        if (term.why)
            load_warning(b->f, e->place, c->value, "%s", term.why);
        load_entry(b->f, e);
    }
}

static void hand_pattern(struct bundle *b, struct load_entry *e)
{
    struct stix_group g;

    for (unsigned i = 0; i < b->pattern.comparisons; i = g.to) {
        stix_group(&b->pattern, i, &g);
        if (!g.blind && !b->withdrawn && g.values > 0 && (g.values > 1 || g.loose || g.resolved))
            tell_loose(b, &g);
        for (unsigned at = g.from; at < g.to; at++)
            hand_term(b, &g, at, e);
    }
}

static bool read_pattern(struct bundle *b, const struct stix_object *o)
{
    struct span text = o->text[STIX_PATTERN];
    char why[128];

    if (o->cut[STIX_PATTERN])
        snprintf(why, sizeof(why), "the pattern is longer than %u bytes: split it", JSON_TEXT_MAX);
    else if (text.len == 0)
        snprintf(why, sizeof(why), "the indicator has no pattern");
    else if (stix_pattern_read(text, b->scratch, &b->pattern))
        return true;
    else
        snprintf(why, sizeof(why), "the pattern is wrong at its character %zu: %s", b->pattern.where + 1,
                 b->pattern.why);
    refuse(b, text.len < 200 ? text : span_of(text.at, 200), why);
    return false;
}

static void read_dates(struct bundle *b, const struct stix_object *o, struct load_entry *e)
{
    struct span from = o->text[STIX_VALID_FROM], until = o->text[STIX_VALID_UNTIL];

    if (from.len > 0 && !load_date(from, false, &e->from_s))
        load_warning(b->f, e->place, from, "valid_from is no date");
    if (until.len > 0 && !load_date(until, true, &e->until_s))
        load_warning(b->f, e->place, until, "valid_until is no date");
    e->rebuilt = e->from_s != 0 && load_dates_true(&b->dates, e->from_s) == 0;
}

/* A name that only repeats the value tells nobody anything. */
static struct span comment_of(const struct stix_object *o)
{
    struct span s = o->text[o->text[STIX_DESCRIPTION].len > 0 ? STIX_DESCRIPTION : STIX_NAME];
    struct span pattern = o->text[STIX_PATTERN];

    return s.len > 0 && pattern.len > 0 && memmem(pattern.at, pattern.len, s.at, s.len) ? span_of(NULL, 0)
                                                                                        : s;
}

static void load_indicator(struct bundle *b, const struct stix_object *o)
{
    struct load_origin origin = {.reference = o->text[STIX_REFERENCE]};
    struct load_entry e = {.origin = &origin, .place = o->place, .tier = o->tier, .comment = comment_of(o)};
    struct span language = o->text[STIX_PATTERN_TYPE];

    if (language.len > 0 && !span_eq(language, span_str("stix"))) {
        load_not_network(b->f, language);
        return;
    }
    b->withdrawn = o->benign ? "its publisher says that it is benign"
                   : stix_names_revoked(b->names, id_of(b, STIX_ID)) || o->revoked
                       ? "was revoked by its publisher"
                       : NULL;
    if ((b->withdrawn && o->text[STIX_PATTERN].len == 0) || !read_pattern(b, o))
        return;
    origin.campaigns = stix_names_campaigns(b->names, id_of(b, STIX_ID), origin.campaign);
    origin.source = stix_names_identity(b->names, id_of(b, STIX_CREATED_BY));
    if (origin.source.len == 0)
        origin.source = b->source;
    read_dates(b, o, &e);
    hand_pattern(b, &e);
}

/* The second reading. */
static bool hand(struct stix_walk *w, void *ctx)
{
    struct bundle *b = ctx;

    if (is_type(&w->object, "indicator")) {
        load_entry_id(b->f, w->object.text[STIX_ID]);
        load_indicator(b, &w->object);
        load_entry_id(b->f, span_of(NULL, 0));
    }
    return load_goes_on(b->f);
}

static bool walk(struct bundle *b, bool (*visit)(struct stix_walk *, void *), struct stix_names *refer)
{
    b->walk.in = b->in;
    b->walk.refer = refer;
    b->walk.visit = visit;
    b->walk.ctx = b;
    return stix_walk(&b->walk);
}

/* `lost` says what was not loaded. */
static void tell_broken(struct bundle *b, const char *lost)
{
    const struct json_read *r = &b->walk.json;
    struct span none = span_of(NULL, 0);

    if (b->in->error != 0)
        load_error(b->f, nowhere, none, "cannot be read further, %s: %s", lost, load_input_why(b->in));
    else
        load_error(b->f, (struct load_place){r->line, r->column}, none, "is broken JSON, %s: %s", lost,
                   r->why ? r->why : "it cannot be read again");
}

static void tell_rest(struct bundle *b)
{
    struct span none = span_of(NULL, 0);
    uint64_t left_out = stix_names_left_out(b->names);

    if (b->loose > LOOSE_TOLD_MAX)
        load_warning(b->f, nowhere, none, "%" PRIu64 " patterns in all demand more than is matched",
                     b->loose);
    if (left_out > 0)
        load_warning(b->f, nowhere, none,
                     "%" PRIu64
                     " names or relationships are more than one bundle may have: campaigns are missing",
                     left_out);
    if (b->strange > 0)
        load_warning(b->f, nowhere, none, "%" PRIu64 " values stand where objects should be", b->strange);
    if (b->indicators == 0 && b->sightings > 0)
        load_warning(b->f, nowhere, none,
                     "has no indicators; what was seen (%" PRIu64
                     " sightings and observed data) is not what to look for",
                     b->sightings);
    else if (b->indicators == 0)
        load_warning(b->f, nowhere, none, "the bundle has no indicators");
}

/* False: it is no bundle, or broken, which was told. */
static bool first_reading(struct bundle *b)
{
    if (!walk(b, collect, b->names)) {
        tell_broken(b, "nothing of it was loaded");
        return false;
    }
    if (b->walk.foreign == b->walk.documents) {
        load_error(b->f, nowhere, span_of(NULL, 0),
                   "is JSON, but no STIX bundle, nor of another known format");
        return false;
    }
    b->strange = b->walk.foreign + b->walk.strange;
    load_json_tell_mended(b->f, &b->walk.json);
    stix_names_seal(b->names);
    return true;
}

static bool read_bundle(struct bundle *b)
{
    if (!first_reading(b))
        return false;
    if (load_input_rewind(b->in) < 0 || !walk(b, hand, NULL))
        tell_broken(b, "the rest was not loaded, for it changed while it was read");
    tell_rest(b);
    return true;
}

static bool load_stix(struct load_file *f, struct load_input *in)
{
    struct bundle *b = calloc(1, sizeof(*b));
    struct stix_names *names = b ? stix_names_new() : NULL;
    bool read = false;

    if (names) {
        b->f = f;
        b->in = in;
        b->names = names;
        b->source = load_options(f)->source ? span_str(load_options(f)->source) : load_file_name(f);
        read = read_bundle(b);
    } else {
        load_error(f, nowhere, span_of(NULL, 0), "was not read: there is no memory left");
    }
    stix_names_free(names);
    free(b);
    return read;
}

const struct load_format load_format_stix = {"stix", is_stix, load_stix};
