/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STIX bundles (STIX 2.0, 2.1, OASIS): indicators with patterns, and the names of what they indicate, which
 * are found only through relationship objects.
 */
#include "intel/load_entry.h"

#include "config.h"

/* JSON takes some twenty times its size in memory while it is read; the largest real bundle has 2 MB. */
#define JSON_BYTES_MAX ((size_t)64 << 20)

static bool is_stix(struct span head)
{
    size_t i = 0;

    while (i < head.len && strchr(" \t\r\n", head.at[i]) && head.at[i])
        i++;
    return i < head.len && head.at[i] == '{';
}

#if HAVE_JANSSON

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "intel/load_text.h"
#include "intel/stix_pattern.h"

/* What a comparison's object path means to us. What is not here cannot be seen on a network. */
enum meaning { UNSEEN, HOST, ADDRESS, URL, CERT, NO_MATTER };

/* Quotes in a path do not count: they only allow for a hyphen. */
static const struct {
    const char *path;
    enum meaning meaning;
} paths[] = {
    {"domain-name:value", HOST},
    {"hostname:value", HOST},
    {"ipv4-addr:value", ADDRESS},
    {"ipv6-addr:value", ADDRESS},
    {"url:value", URL},
    {"domain-name:resolves_to_refs[*].value", ADDRESS},
    {"network-traffic:dst_ref.value", ADDRESS},
    {"network-traffic:src_ref.value", ADDRESS},
    {"x509-certificate:hashes.SHA-256", CERT},
    {"x509-certificate:hashes.SHA-1", CERT},
    {"x509-certificate:hashes.MD5", CERT},
    {"x509-certificate:hashes.SHA256", CERT}, /* as STIX 2.0's users wrote it */
    {"x509-certificate:hashes.SHA1", CERT},
    {"network-traffic:dst_ref.type", NO_MATTER},
    {"network-traffic:src_ref.type", NO_MATTER},
};

/* What an indicator may indicate that has a name which tells people who is after them. */
static const char *const named_types[] = {"malware", "campaign", "threat-actor", "intrusion-set", "tool"};

/* Words of labels, indicator_types and kill chain phases that say what a host is for. */
static const struct {
    const char *word;
    enum tier tier;
} tier_words_stix[] = {
    {"c2", TIER_C2},
    {"c&c", TIER_C2},
    {"command-and-control", TIER_C2},
    {"delivery", TIER_DELIVERY},
    {"watering-hole", TIER_WATERING_HOLE},
    {"exploitation", TIER_INFECTION},
    {"infection", TIER_INFECTION},
    {"exploit-kit", TIER_INFECTION},
    {"validation", TIER_VALIDATION},
};

/* An object by its id, or a relationship by its source. Both borrowed from the document. */
struct link {
    const char *id;
    size_t order; /* in the document */
    const json_t *object;
};

#define LINKS_FOLLOWED_MAX 256 /* of one indicator */

struct links {
    struct link *list; /* owned, sorted by id */
    size_t count;
};

struct bundle {
    struct load_file *f;
    json_t *objects; /* borrowed */
    struct links by_id, by_source;
    struct span publisher; /* the bundle's only identity, or the file's name */
    uint8_t *scratch;      /* owned; for unescaped values of one pattern */
    size_t scratch_bytes;
    struct stix_pattern pattern;
};

static struct span text_of(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : span_of(NULL, 0);
}

static bool has_type(const json_t *object, const char *type)
{
    return span_eq(text_of(object, "type"), span_str(type));
}

static int compare_links(const void *va, const void *vb)
{
    const struct link *a = va, *b = vb;
    int c = strcmp(a->id, b->id);
    return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* All objects of `type` (NULL: of any) by the text of `key`. False without memory. */
static bool links_make(const json_t *objects, const char *type, const char *key, struct links *ret)
{
    size_t n = json_array_size(objects);

    *ret = (struct links){.list = calloc(n + 1, sizeof(*ret->list))};
    if (!ret->list)
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(objects, i);
        const char *id = json_string_value(json_object_get(o, key));
        if (id && (!type || has_type(o, type)))
            ret->list[ret->count++] = (struct link){id, i, o};
    }
    qsort(ret->list, ret->count, sizeof(*ret->list), compare_links);
    return true;
}

/* Index of the first link with that id; `count` when there is none. */
static size_t links_find(const struct links *l, const char *id)
{
    size_t low = 0, high = l->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(l->list[mid].id, id) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->count && strcmp(l->list[low].id, id) == 0 ? low : l->count;
}

static bool is_named_type(const json_t *o)
{
    for (size_t i = 0; i < sizeof(named_types) / sizeof(*named_types); i++)
        if (has_type(o, named_types[i]))
            return true;
    return false;
}

static void add_campaign(struct load_origin *origin, struct span name)
{
    if (name.len == 0 || origin->campaigns == IMAGE_CAMPAIGNS_MAX)
        return;
    for (unsigned i = 0; i < origin->campaigns; i++)
        if (span_eq(origin->campaign[i], name))
            return;
    origin->campaign[origin->campaigns++] = name;
}

/* The names of everything that the indicator indicates. */
static void find_campaigns(const struct bundle *b, const json_t *indicator, struct load_origin *origin)
{
    const char *id = json_string_value(json_object_get(indicator, "id"));

    if (!id)
        return;
    size_t first = links_find(&b->by_source, id);
    for (size_t i = first;
         i < b->by_source.count && i - first < LINKS_FOLLOWED_MAX && strcmp(b->by_source.list[i].id, id) == 0;
         i++) {
        const json_t *relationship = b->by_source.list[i].object;
        const char *target = json_string_value(json_object_get(relationship, "target_ref"));
        size_t at = target ? links_find(&b->by_id, target) : b->by_id.count;
        bool indicates = span_eq(text_of(relationship, "relationship_type"), span_str("indicates"));
        if (indicates && at < b->by_id.count && is_named_type(b->by_id.list[at].object))
            add_campaign(origin, text_of(b->by_id.list[at].object, "name"));
    }
}

static void tier_from_words(const json_t *list, const char *key, uint8_t *ret)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *word = json_string_value(key ? json_object_get(item, key) : item);
        for (size_t w = 0; word && w < sizeof(tier_words_stix) / sizeof(*tier_words_stix); w++)
            if (strcmp(word, tier_words_stix[w].word) == 0)
                *ret = (uint8_t)tier_words_stix[w].tier;
    }
}

static bool same_path(struct span path, const char *known)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.at[i] == '\'')
            continue;
        if (*known == 0 || path.at[i] != (uint8_t)*known++)
            return false;
    }
    return *known == 0;
}

/* What one comparison is to us; an address or a name only with an operator that lists values. */
static enum meaning meaning_of(const struct stix_comparison *c)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (same_path(c->path, paths[i].path))
            return paths[i].meaning;
    return UNSEEN;
}

static bool usable(const struct stix_comparison *c, enum meaning m)
{
    return c->is_text && (c->op == STIX_EQUAL || (c->op == STIX_SUBSET && m == ADDRESS));
}

/* The first comparison that must hold together with `c` and that we cannot check, or NULL. */
static const struct stix_comparison *blind_spot(const struct stix_pattern *p, const struct stix_comparison *c)
{
    for (unsigned i = c->tied_from; i < c->tied_to; i++) {
        const struct stix_comparison *other = &p->comparison[i];
        enum meaning m = meaning_of(other);
        if (m == UNSEEN || (m != NO_MATTER && !usable(other, m)))
            return other;
    }
    return NULL;
}

static void refuse_blind(struct bundle *b, const struct stix_comparison *c,
                         const struct stix_comparison *blind)
{
    char path[128];
    struct text t = text_on(path, sizeof(path));

    text_raw(&t, blind->path);
    load_refused(
        b->f, LOAD_QUARANTINED, (struct load_place){0}, c->value,
        "the pattern also demands %s, which is not seen on a network: alone it is broader than what was "
        "listed",
        path);
}

static void hand_comparison(struct bundle *b, const struct stix_comparison *c, struct load_entry *e)
{
    static const struct load_place nowhere = {0};
    enum meaning m = meaning_of(c);

    if (m == UNSEEN) {
        load_not_network(b->f, c->path);
    } else if (m != NO_MATTER && !usable(c, m)) {
        load_refused(b->f, LOAD_MALFORMED, nowhere, c->path,
                     "only =, IN and, for addresses, ISSUBSET are understood here");
    } else if (m != NO_MATTER) {
        const struct stix_comparison *blind = blind_spot(&b->pattern, c);
        e->value = c->value;
        e->want = m == HOST ? NORMAL_WANT_HOST : m == CERT ? NORMAL_WANT_CERT : NORMAL_WANT_ANY;
        if (blind)
            refuse_blind(b, c, blind);
        else
            load_entry(b->f, e);
    }
}

/* When the indicator counts. A valid_from that is the date of creation only says when the file was generated.
 */
static void read_dates(struct bundle *b, const json_t *indicator, struct load_entry *e)
{
    struct span from = text_of(indicator, "valid_from"), until = text_of(indicator, "valid_until");

    if (from.len > 0 && !span_eq(from, text_of(indicator, "created")) && !load_date(from, false, &e->from_s))
        load_warning(b->f, e->place, from, "valid_from is no date");
    if (until.len > 0 && !load_date(until, true, &e->until_s))
        load_warning(b->f, e->place, until, "valid_until is no date");
}

/* A name that only repeats the value tells nobody anything. */
static struct span comment_of(const json_t *indicator, struct span pattern)
{
    struct span s = text_of(indicator, "description");

    if (s.len == 0)
        s = text_of(indicator, "name");
    bool repeats = s.len > 0 && memmem(pattern.at, pattern.len, s.at, s.len);
    return repeats ? span_of(NULL, 0) : s;
}

static bool read_pattern(struct bundle *b, struct span text)
{
    if (text.len > b->scratch_bytes) {
        uint8_t *scratch = realloc(b->scratch, text.len);
        if (!scratch)
            return false;
        b->scratch = scratch;
        b->scratch_bytes = text.len;
    }
    if (stix_pattern_read(text, b->scratch, &b->pattern))
        return true;
    load_refused(b->f, LOAD_MALFORMED, (struct load_place){0}, text,
                 "the pattern is wrong at its character %zu: %s", b->pattern.where + 1, b->pattern.why);
    return false;
}

static void load_indicator(struct bundle *b, const json_t *indicator)
{
    struct load_origin origin = {.source = b->publisher};
    struct load_entry e = {.origin = &origin};
    struct span pattern = text_of(indicator, "pattern"), language = text_of(indicator, "pattern_type");

    if (json_is_true(json_object_get(indicator, "revoked"))) {
        load_warning(b->f, e.place, pattern, "was revoked by its publisher: not loaded");
        return;
    }
    if (language.len > 0 && !span_eq(language, span_str("stix"))) {
        load_not_network(b->f, language);
        return;
    }
    if (!read_pattern(b, pattern))
        return;
    find_campaigns(b, indicator, &origin);
    origin.reference = text_of(json_array_get(json_object_get(indicator, "external_references"), 0), "url");
    tier_from_words(json_object_get(indicator, "labels"), NULL, &e.tier);
    tier_from_words(json_object_get(indicator, "indicator_types"), NULL, &e.tier);
    tier_from_words(json_object_get(indicator, "kill_chain_phases"), "phase_name", &e.tier);
    read_dates(b, indicator, &e);
    e.comment = comment_of(indicator, pattern);
    for (unsigned i = 0; i < b->pattern.comparisons; i++)
        hand_comparison(b, &b->pattern.comparison[i], &e);
}

static void load_objects(struct bundle *b)
{
    size_t n = json_array_size(b->objects), indicators = 0;

    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(b->objects, i);
        if (has_type(o, "identity") && b->publisher.len == 0)
            b->publisher = text_of(o, "name");
    }
    if (b->publisher.len == 0)
        b->publisher = load_file_name(b->f);
    for (size_t i = 0; i < n && load_goes_on(b->f); i++) {
        const json_t *o = json_array_get(b->objects, i);
        if (!has_type(o, "indicator"))
            continue;
        indicators++;
        load_indicator(b, o);
    }
    if (indicators == 0)
        load_warning(b->f, (struct load_place){0}, span_of(NULL, 0), "the bundle has no indicators");
}

static size_t read_some(void *buf, size_t max, void *in)
{
    return load_input_read(in, buf, max);
}

/* Reads the whole document; NULL when it cannot be, which was reported. The caller owns it. */
static json_t *read_document(struct load_file *f, struct load_input *in)
{
    struct load_place nowhere = {0};
    struct span none = span_of(NULL, 0);
    json_error_t err;

    in->room = in->room < JSON_BYTES_MAX ? in->room : JSON_BYTES_MAX;
    json_t *doc = json_load_callback(read_some, in, JSON_ALLOW_NUL, &err);
    if (in->error == -EFBIG)
        load_error(f, nowhere, none, "is too large for JSON: the limit is %zu bytes", JSON_BYTES_MAX);
    else if (in->error)
        load_error(f, nowhere, none, "cannot be read further: %s", strerror(-in->error));
    else if (!doc && err.line < 0)
        load_error(f, nowhere, none, "was not read: there is not memory enough for so much JSON");
    else if (!doc)
        load_error(f, (struct load_place){(uint32_t)err.line, (uint32_t)err.column}, none,
                   "is broken JSON, nothing of it was loaded: %s", err.text);
    else if (has_type(doc, "bundle") && json_is_array(json_object_get(doc, "objects")))
        return doc;
    else
        load_error(f, nowhere, none, "is JSON, but no STIX bundle");
    json_decref(doc);
    return NULL;
}

static bool load_stix(struct load_file *f, struct load_input *in)
{
    json_t *doc = read_document(f, in);
    struct bundle *b = calloc(1, sizeof(*b));

    if (!doc) {
        free(b);
        return false;
    }
    if (b) {
        b->f = f;
        b->objects = json_object_get(doc, "objects");
    }
    if (b && links_make(b->objects, NULL, "id", &b->by_id) &&
        links_make(b->objects, "relationship", "source_ref", &b->by_source))
        load_objects(b);
    else
        load_error(f, (struct load_place){0}, span_of(NULL, 0), "was not read: there is no memory left");
    if (b) {
        free(b->by_id.list);
        free(b->by_source.list);
        free(b->scratch);
    }
    free(b);
    json_decref(doc);
    return true;
}

#else

static bool load_stix(struct load_file *f, struct load_input *in)
{
    load_error(f, (struct load_place){0}, span_of(NULL, 0),
               "is JSON, which this build cannot read: it was made without jansson");
    return false;
}

#endif

const struct load_format load_format_stix = {"stix", is_stix, load_stix};
