/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of STIX 2.0 and 2.1 (STIX 2.1 §3.2, §4.7, §5.1) out of JSON. */
#include "intel/load_stix_object.h"

#include <stddef.h>

static const struct {
    const char *key;
    size_t key_len, offset, room;
} texts[STIX_TEXTS] = {
#define X(id, key, bytes) {key, sizeof(key) - 1, offsetof(struct stix_object, store.id), bytes},
    BRIDLE_STIX_TEXTS(X)
#undef X
};

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

static void keep_text(struct stix_object *o, enum stix_text which, const struct json_read *r)
{
    uint8_t *to = (uint8_t *)o + texts[which].offset;
    size_t n = r->text.len;

    o->cut[which] = r->cut || n > texts[which].room;
    if (n > texts[which].room) /* never half a character */
        for (n = texts[which].room; n > 0 && (r->text.at[n] & 0xc0) == 0x80; n--)
            ;
    if (n > 0)
        memcpy(to, r->text.at, n);
    o->text[which] = span_of(to, n);
}

static void read_text(struct stix_walk *w, enum stix_text which)
{
    struct span s;

    if (!json_read_string(&w->json, &s))
        return;
    keep_text(&w->object, which, &w->json);
    if (which == STIX_PATTERN)
        w->object.place = (struct load_place){w->json.line, w->json.column};
}

/* The first word that says something counts. */
static void take_word(struct stix_object *o, const struct json_read *r)
{
    o->benign |= json_read_is(r, "benign");
    for (size_t i = 0; o->tier == TIER_UNKNOWN && i < sizeof(tier_words_stix) / sizeof(*tier_words_stix); i++)
        if (json_read_is(r, tier_words_stix[i].word))
            o->tier = (uint8_t)tier_words_stix[i].tier;
}

static void read_words(struct stix_walk *w)
{
    if (!json_read_open(&w->json, JSON_ARRAY))
        return;
    while (json_read_item(&w->json)) {
        if (w->json.token == JSON_STRING)
            take_word(&w->object, &w->json);
        json_read_skip(&w->json);
    }
}

/* An array of objects, of which one member is wanted. */
static void read_members(struct stix_walk *w, const char *key,
                         void (*take)(struct stix_object *, const struct json_read *))
{
    struct span s;

    if (!json_read_open(&w->json, JSON_ARRAY))
        return;
    while (json_read_item(&w->json)) {
        if (w->json.token != JSON_OBJECT) {
            json_read_skip(&w->json);
            continue;
        }
        while (json_read_key(&w->json))
            if (json_read_is(&w->json, key) && json_read_string(&w->json, &s))
                take(&w->object, &w->json);
    }
}

static void take_reference(struct stix_object *o, const struct json_read *r)
{
    if (o->text[STIX_REFERENCE].len == 0)
        keep_text(o, STIX_REFERENCE, r);
}

/* What a report is about; that it is one may be said behind it. */
static void read_refers(struct stix_walk *w)
{
    static const char indicator[] = "indicator--";

    if (!w->refer || !json_read_open(&w->json, JSON_ARRAY))
        return;
    while (json_read_item(&w->json)) {
        struct span id = w->json.text;
        if (w->json.token != JSON_STRING)
            json_read_skip(&w->json);
        else if (id.len >= sizeof(indicator) && memcmp(id.at, indicator, sizeof(indicator) - 1) == 0)
            stix_names_refer(w->refer, stix_names_id(w->refer, id));
    }
}

static void read_revoked(struct stix_walk *w)
{
    w->object.revoked = json_read_next(&w->json) == JSON_TRUE;
    json_read_skip(&w->json);
}

static void read_member(struct stix_walk *w)
{
    const struct json_read *r = &w->json;

    for (size_t i = 0; i < STIX_REFERENCE; i++)
        if (span_eq(r->text, span_of(texts[i].key, texts[i].key_len))) {
            read_text(w, (enum stix_text)i);
            return;
        }
    if (json_read_is(r, "revoked"))
        read_revoked(w);
    else if (json_read_is(r, "labels") || json_read_is(r, "indicator_types"))
        read_words(w);
    else if (json_read_is(r, "kill_chain_phases"))
        read_members(w, "phase_name", take_word);
    else if (json_read_is(r, "external_references"))
        read_members(w, texts[STIX_REFERENCE].key, take_reference);
    else if (json_read_is(r, "object_refs"))
        read_refers(w);
}

static void begin_object(struct stix_walk *w)
{
    memset(&w->object, 0, offsetof(struct stix_object, store));
    w->object.place = (struct load_place){w->json.line, w->json.column};
    if (w->refer)
        stix_names_begin(w->refer);
}

/* False: `visit` had enough. */
static bool end_object(struct stix_walk *w)
{
    struct stix_object *o = &w->object;

    if (w->json.token == JSON_BROKEN)
        return true;
    w->objects++;
    if (w->refer) {
        struct span id = o->cut[STIX_ID] ? span_of(NULL, 0) : o->text[STIX_ID];
        bool report = stix_kind_of(o->text[STIX_TYPE]) == STIX_KIND_REPORT;
        stix_names_end(w->refer, report ? stix_names_id(w->refer, id) : 0);
    }
    return w->visit(w, w->ctx);
}

static bool read_object(struct stix_walk *w)
{
    begin_object(w);
    while (json_read_key(&w->json))
        read_member(w);
    return end_object(w);
}

/* Behind the beginning of an array of objects. */
static bool read_objects(struct stix_walk *w)
{
    while (json_read_item(&w->json)) {
        if (w->json.token == JSON_OBJECT) {
            if (!read_object(w))
                return false;
        } else {
            w->strange++;
            json_read_skip(&w->json);
        }
    }
    return true;
}

/* An id is `type--UUID` (STIX 2.1 §2.9): nothing else in JSON looks like that. */
static bool is_object(const struct stix_object *o)
{
    struct span type = o->text[STIX_TYPE], id = o->text[STIX_ID];

    return type.len > 0 && id.len > type.len + 2 && memcmp(id.at, type.at, type.len) == 0 &&
           memcmp(id.at + type.len, "--", 2) == 0;
}

/* The members of a bundle, or of an object by itself: which of them may be said last. */
static bool read_top(struct stix_walk *w)
{
    bool typed = false, bundle = false, listed = false;

    begin_object(w);
    while (json_read_key(&w->json)) {
        bool type = json_read_is(&w->json, "type");
        if (json_read_is(&w->json, "objects") && json_read_open(&w->json, JSON_ARRAY)) {
            listed = true;
            if (!read_objects(w))
                return false;
        } else if (w->json.token == JSON_KEY) {
            read_member(w);
        }
        typed |= type;
        bundle |= type && span_eq(w->object.text[STIX_TYPE], span_str("bundle"));
    }
    if (!listed && !bundle && is_object(&w->object))
        return end_object(w);
    w->foreign += !listed || (typed && !bundle);
    return true;
}

static bool read_document(struct stix_walk *w)
{
    w->documents++;
    if (w->json.token == JSON_ARRAY)
        return read_objects(w);
    if (w->json.token == JSON_OBJECT)
        return read_top(w);
    w->foreign++;
    return true;
}

/* A block stays where it is until the next one is asked for. */
static struct span next_block(void *ctx)
{
    struct stix_walk *w = ctx;
    struct span block = load_input_head(w->in);

    load_input_skip(w->in, block.len);
    return block;
}

bool stix_walk(struct stix_walk *w)
{
    w->documents = w->foreign = w->objects = w->strange = 0;
    json_read_init(&w->json, next_block, w);
    w->json.mends = w->json.many = true;
    while (json_read_next(&w->json) != JSON_END)
        if (w->json.token == JSON_BROKEN || !read_document(w))
            return w->json.token != JSON_BROKEN;
    return true;
}
