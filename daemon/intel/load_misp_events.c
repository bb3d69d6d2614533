/* SPDX-License-Identifier: BSD-2-Clause */
/* The events of a MISP file: titles, organisations, galaxies, dates. */
#include "intel/load_misp.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"
#include "intel/pool.h"

/* Limits against hostile files: an export of a whole instance has some thousand events. */
#define EVENTS_MAX     32768u
#define TEXT_BYTES_MAX (4u << 20)
#define DELETED_MAX    (1u << 18) /* objects */

/* Texts by their number in the pool; 0 is the empty one. */
struct event {
    uint32_t info, org, reference;
    uint32_t campaign[IMAGE_CAMPAIGNS_MAX];
    uint8_t campaigns, tier;
    bool has_creator;
    int64_t date_s;
};

struct misp_events {
    struct event *list; /* owned */
    size_t count, cap, lost;
    size_t *deleted; /* owned: numbers of deleted objects, in order */
    size_t deletions, deletions_lost, deleted_cap, asked, objects;
    struct pool texts;
    size_t text_bytes;
    struct hash_key key;
    struct load_dates dates;
    bool no_memory;
};

/* What is known of the cluster or attribute in hand. */
struct scrap {
    char at[MISP_TEXT_MAX];
    size_t len;
};

struct reader {
    struct load_json *w;
    struct misp_events *events;
    struct scrap type, value;
    int64_t first_s, stamp_s;
};

static struct event *current(struct misp_events *e)
{
    return e->count > 0 && e->lost == 0 ? &e->list[e->count - 1] : NULL;
}

static void keep(struct scrap *s, struct span text)
{
    s->len = text.len <= sizeof(s->at) ? text.len : 0;
    memcpy(s->at, text.at, s->len);
}

static struct span text_of(const struct scrap *s)
{
    return span_of(s->at, s->len);
}

/* The number of a text, cut where it is too long; 0 when there is no room. */
static uint32_t number_of(struct misp_events *e, struct span text)
{
    uint32_t id;

    if (text.len > MISP_TEXT_MAX)
        for (text.len = MISP_TEXT_MAX; text.len > 0 && (text.at[text.len] & 0xc0) == 0x80; text.len--)
            ;
    if (pool_find(&e->texts, text, &id))
        return id;
    if (e->text_bytes + text.len > TEXT_BYTES_MAX)
        return 0;
    if (pool_add(&e->texts, text, &id) < 0) {
        e->no_memory = true;
        return 0;
    }
    e->text_bytes += text.len;
    return id;
}

static void delete_object(struct misp_events *e)
{
    if (e->objects == 0 || (e->deletions > 0 && e->deleted[e->deletions - 1] == e->objects - 1))
        return;
    if (e->deletions == DELETED_MAX)
        e->deletions_lost++;
    else if (grow(&e->deleted, &e->deleted_cap, e->deletions + 1, sizeof(*e->deleted)) < 0)
        e->no_memory = true;
    else
        e->deleted[e->deletions++] = e->objects - 1;
}

static void open_event(struct misp_events *e)
{
    if (e->lost > 0 || e->count == EVENTS_MAX) {
        e->lost++;
        return;
    }
    if (grow(&e->list, &e->cap, e->count + 1, sizeof(*e->list)) < 0) {
        e->no_memory = true;
        e->lost++;
        return;
    }
    e->list[e->count++] = (struct event){.info = 0};
}

static void add_campaign(struct misp_events *e, struct event *event, struct span name)
{
    uint32_t id = name.len > 0 ? number_of(e, name) : 0;

    for (unsigned i = 0; i < event->campaigns; i++)
        if (event->campaign[i] == id)
            return;
    if (id > 0 && event->campaigns < IMAGE_CAMPAIGNS_MAX)
        event->campaign[event->campaigns++] = id;
}

static bool is(struct span path, const char *text)
{
    return span_eq(path, span_str(text));
}

/* What an event's own member says. */
static void take_member(struct reader *r, struct event *event, struct span path, struct span text)
{
    int64_t date_s;

    if (is(path, "info"))
        event->info = number_of(r->events, text);
    else if (is(path, "date") && misp_date(text, &date_s))
        event->date_s = date_s;
    else if (is(path, "Orgc.name") && text.len > 0) {
        event->org = number_of(r->events, text);
        event->has_creator = true;
    } else if (is(path, "Org.name") && !event->has_creator) {
        event->org = number_of(r->events, text);
    } else if (is(path, "Tag[].name") || is(path, "EventTag[].Tag.name")) {
        add_campaign(r->events, event, misp_tag_campaign(text));
        if (misp_tag_tier(text) != TIER_UNKNOWN)
            event->tier = misp_tag_tier(text);
    } else if (is(path, "Galaxy[].GalaxyCluster[].type")) {
        keep(&r->type, text);
    } else if (is(path, "Galaxy[].GalaxyCluster[].value")) {
        keep(&r->value, text);
    }
}

static void take_attribute(struct reader *r, struct span member, struct span text)
{
    if (is(member, "type"))
        keep(&r->type, text);
    else if (is(member, "value"))
        keep(&r->value, text);
    else if (is(member, "first_seen"))
        misp_date(text, &r->first_s);
    else if (is(member, "timestamp"))
        misp_date(text, &r->stamp_s);
}

static void forget(struct reader *r)
{
    r->type.len = r->value.len = 0;
    r->first_s = r->stamp_s = 0;
}

/* The end of an object: what it was is known now. */
static void leave(struct reader *r, struct event *event, struct span path)
{
    struct span member;

    if (is(path, "Galaxy[].GalaxyCluster[]")) {
        if (misp_galaxy_names(text_of(&r->type)))
            add_campaign(r->events, event, text_of(&r->value));
        forget(r);
    } else if (misp_attribute_path(path, &member) && member.len == 0) {
        if (r->first_s > 0 || r->stamp_s > 0)
            load_dates_add(&r->events->dates, r->first_s > 0 ? r->first_s : r->stamp_s, false);
        if (event->reference == 0 && is(text_of(&r->type), "link"))
            event->reference = number_of(r->events, text_of(&r->value));
        forget(r);
    }
}

static void read_events(struct reader *r)
{
    struct event *event;
    struct span member;

    for (enum json_token t = load_json_next(r->w); t != JSON_END && t != JSON_BROKEN;
         t = load_json_next(r->w)) {
        struct span path = misp_path(r->w);
        if (t == JSON_OBJECT && misp_is_event(r->w))
            open_event(r->events);
        r->events->objects += t == JSON_OBJECT && is(path, "Object[]");
        if (is(path, "Object[].deleted") && misp_says(r->w, true))
            delete_object(r->events);
        else if ((t == JSON_OBJECT || t == JSON_ARRAY) && !misp_path_matters(path))
            load_json_skip(r->w);
        else if (!(event = current(r->events)))
            continue;
        else if (t == JSON_OBJECT_END)
            leave(r, event, path);
        else if (t != JSON_STRING && t != JSON_NUMBER)
            continue;
        else if (misp_attribute_path(path, &member))
            take_attribute(r, member, r->w->read.text);
        else
            take_member(r, event, path, r->w->read.text);
    }
}

struct misp_events *misp_events_read(struct load_file *f, struct load_input *in)
{
    struct misp_events *e = calloc(1, sizeof(*e));
    struct reader *r = calloc(1, sizeof(*r));
    struct load_json *w = load_json_silent(in);
    uint32_t empty;

    bool good = e && r && w && getrandom(&e->key, sizeof(e->key), 0) == sizeof(e->key);
    if (good) {
        pool_init(&e->texts, &e->key);
        good = pool_add(&e->texts, span_of("", 0), &empty) == 0;
    }
    if (good) {
        r->w = w;
        r->events = e;
        read_events(r);
        good = !e->no_memory;
    }
    load_json_free(w);
    free(r);
    if (good)
        return e;
    load_error(f, (struct load_place){0}, span_of(NULL, 0), "was not read: there is no memory left");
    misp_events_free(e);
    return NULL;
}

bool misp_events_object_deleted(struct misp_events *e, size_t i)
{
    while (e->asked < e->deletions && e->deleted[e->asked] < i)
        e->asked++;
    return e->asked < e->deletions && e->deleted[e->asked] == i;
}

void misp_events_free(struct misp_events *e)
{
    if (!e)
        return;
    free(e->deleted);
    pool_done(&e->texts);
    free(e->list);
    free(e);
}

void misp_events_get(const struct misp_events *e, size_t i, struct misp_event *ret)
{
    *ret = (struct misp_event){.date_s = 0};
    if (i >= e->count)
        return;
    const struct event *event = &e->list[i];
    ret->origin.source = pool_get(&e->texts, event->org);
    ret->origin.reference = pool_get(&e->texts, event->reference);
    for (unsigned c = 0; c < event->campaigns; c++)
        ret->origin.campaign[c] = pool_get(&e->texts, event->campaign[c]);
    ret->origin.campaigns = event->campaigns;
    if (event->campaigns == 0 && event->info > 0)
        ret->origin.campaign[ret->origin.campaigns++] = pool_get(&e->texts, event->info);
    ret->date_s = event->date_s;
    ret->tier = event->tier;
}

const struct load_dates *misp_events_dates(const struct misp_events *e)
{
    return &e->dates;
}

size_t misp_events_deletions_lost(const struct misp_events *e)
{
    return e->deletions_lost;
}

size_t misp_events_lost(const struct misp_events *e)
{
    return e->lost;
}
