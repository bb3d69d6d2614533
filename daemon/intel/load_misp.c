/* SPDX-License-Identifier: BSD-2-Clause */
/* The attributes of MISP events: what a network sensor can see of them, and why the others are not loaded. */
#include "intel/load_misp.h"

#include <stdlib.h>

#include "base/text.h"

#define VALUE_MAX 4096u
#define TEXTS     7 /* of an attribute, beside its campaigns */

/* How an attribute's value is read. */
enum shape {
    UNSEEN,
    HOST,
    URL,
    ADDRESS,
    CERT,
    JA3,
    WITH_PORT, /* host|port: the port is not matched */
    PAIR,      /* domain|address: two indicators */
};

/* Types of attributes (MISP core format §2.4.2.2) that say what a network sensor sees. */
static const struct {
    const char *type;
    enum shape shape;
} types[] = {
    {"domain", HOST},
    {"hostname", HOST},
    {"ip-src", ADDRESS},
    {"ip-dst", ADDRESS},
    {"ip-src|port", WITH_PORT},
    {"ip-dst|port", WITH_PORT},
    {"hostname|port", WITH_PORT},
    {"domain|ip", PAIR},
    {"url", URL},
    {"uri", URL},
    {"x509-fingerprint-md5", CERT},
    {"x509-fingerprint-sha1", CERT},
    {"x509-fingerprint-sha256", CERT},
    {"ja3-fingerprint-md5", JA3},
};

struct attribute {
    struct load_place place;
    size_t value_len;
    bool value_long, off, deleted; /* off: to_ids is false */
    bool of_deleted;               /* its object was deleted */
    struct text type, category, comment, title, org, last_seen, uuid;
    int64_t first_s, stamp_s;
    uint8_t tier;
    unsigned campaigns;
    struct text campaign[IMAGE_CAMPAIGNS_MAX];
    struct text cluster_type, cluster_value;
    char value[VALUE_MAX];
    char buf[TEXTS + IMAGE_CAMPAIGNS_MAX][MISP_TEXT_MAX]; /* what the texts stand in */
    char cluster_buf[2][MISP_TEXT_MAX];
};

struct misp_reader {
    struct load_file *f;
    struct load_json *w;
    struct misp_events *events;
    size_t opened, objects; /* events and objects so far */
    bool object_deleted;    /* the one in hand */
    struct misp_event event;
    struct attribute a;
};

static bool is(struct span s, const char *text)
{
    return span_eq(s, span_str(text));
}

static void forget(struct attribute *a)
{
    struct text *texts[TEXTS] = {&a->type, &a->category,  &a->comment, &a->title,
                                 &a->org,  &a->last_seen, &a->uuid};

    for (size_t i = 0; i < TEXTS; i++)
        *texts[i] = text_on(a->buf[i], sizeof(a->buf[i]));
    a->cluster_type = text_on(a->cluster_buf[0], sizeof(a->cluster_buf[0]));
    a->cluster_value = text_on(a->cluster_buf[1], sizeof(a->cluster_buf[1]));
    a->value_len = 0;
    a->value_long = a->off = a->deleted = a->of_deleted = false;
    a->first_s = a->stamp_s = 0;
    a->tier = TIER_UNKNOWN;
    a->campaigns = 0;
}

static void add_campaign(struct attribute *a, struct span name)
{
    if (name.len == 0 || a->campaigns == IMAGE_CAMPAIGNS_MAX)
        return;
    for (unsigned i = 0; i < a->campaigns; i++)
        if (span_eq(text_span(&a->campaign[i]), name))
            return;
    struct text *t = &a->campaign[a->campaigns];
    *t = text_on(a->buf[TEXTS + a->campaigns], sizeof(a->buf[0]));
    text_raw(t, name);
    a->campaigns++;
}

static void take_tag(struct attribute *a, struct span tag)
{
    uint8_t tier = misp_tag_tier(tag);

    add_campaign(a, misp_tag_campaign(tag));
    a->tier = tier != TIER_UNKNOWN ? tier : a->tier;
}

static void take_value(struct attribute *a, const struct load_json *w)
{
    a->value_long = w->read.text.len > sizeof(a->value);
    a->value_len = a->value_long ? sizeof(a->value) : w->read.text.len;
    memcpy(a->value, w->read.text.at, a->value_len);
    a->place = load_json_place(w);
}

static void take_text(struct text *t, const char *at_member, struct span member, struct span text)
{
    if (is(member, at_member))
        text_raw(t, text);
}

static void take_member(struct attribute *a, const struct load_json *w, struct span member)
{
    bool has_text = w->read.token == JSON_STRING || w->read.token == JSON_NUMBER;
    struct span text = has_text ? w->read.text : span_of(NULL, 0);

    if (is(member, "value") && has_text)
        take_value(a, w);
    else if (is(member, "to_ids"))
        a->off = misp_says(w, false);
    else if (is(member, "deleted"))
        a->deleted = misp_says(w, true);
    else if (is(member, "first_seen"))
        misp_date(text, &a->first_s);
    else if (is(member, "timestamp"))
        misp_date(text, &a->stamp_s);
    else if (is(member, "Tag[].name"))
        take_tag(a, text);
    take_text(&a->type, "type", member, text);
    take_text(&a->category, "category", member, text);
    take_text(&a->comment, "comment", member, text);
    take_text(&a->last_seen, "last_seen", member, text);
    take_text(&a->uuid, "uuid", member, text);
    take_text(&a->title, "Event.info", member, text); /* a search for attributes gives their events so */
    take_text(&a->org, "Event.Orgc.name", member, text);
    take_text(&a->cluster_type, "Galaxy[].GalaxyCluster[].type", member, text);
    take_text(&a->cluster_value, "Galaxy[].GalaxyCluster[].value", member, text);
}

static void end_cluster(struct attribute *a)
{
    if (misp_galaxy_names(text_span(&a->cluster_type)))
        add_campaign(a, text_span(&a->cluster_value));
    a->cluster_type.len = a->cluster_value.len = 0;
}

/* Campaigns of its own before those of the event, which are wider. */
static void make_origin(const struct misp_reader *r, struct load_origin *ret)
{
    const struct attribute *a = &r->a;

    *ret = r->event.origin;
    if (a->campaigns > 0) {
        for (unsigned i = 0; i < a->campaigns; i++)
            ret->campaign[i] = text_span(&a->campaign[i]);
        ret->campaigns = a->campaigns;
    } else if (ret->campaigns == 0 && a->title.len > 0) {
        ret->campaign[ret->campaigns++] = text_span(&a->title);
    }
    if (ret->source.len == 0)
        ret->source = text_span(&a->org);
}

/* Its own date, unless that is one of the build; then that of the event, if it is older: an event's date
 * alone may be one of the build, too. */
static void set_dates(const struct misp_reader *r, struct load_entry *e)
{
    int64_t own = r->a.first_s > 0 ? r->a.first_s : r->a.stamp_s, event = r->event.date_s;

    e->from_s = own;
    e->rebuilt = own > 0 && load_dates_true(misp_events_dates(r->events), own) == 0;
    if (e->rebuilt && event > 0 && event / 86400 < own / 86400) {
        e->from_s = event;
        e->rebuilt = false;
    }
}

/* "Category: comment; last seen DATE", as much of it as there is. */
static struct span comment_of(const struct attribute *a, char *buf, size_t room)
{
    struct text t = text_on(buf, room);

    text_raw(&t, text_span(&a->category));
    if (t.len > 0 && a->comment.len > 0)
        text_str(&t, ": ");
    text_raw(&t, text_span(&a->comment));
    if (a->last_seen.len > 0) {
        text_str(&t, t.len > 0 ? "; last seen " : "last seen ");
        text_raw(&t, text_span(&a->last_seen));
    }
    return text_span(&t);
}

static void hand(const struct misp_reader *r, struct load_entry *e, struct span value, uint8_t want)
{
    e->value = value;
    e->want = want;
    if (r->a.deleted || r->a.of_deleted)
        load_withdrawn(r->f, e, "was deleted by its publisher");
    else if (r->a.off)
        load_withdrawn(r->f, e, "is no indicator, says its publisher (to_ids is false)");
    else
        load_entry(r->f, e);
}

/* A value of two parts, `first|second`; MISP writes the bar, some exporters a colon before a port. */
static void hand_parts(const struct misp_reader *r, struct load_entry *e, struct span value, enum shape shape)
{
    char buf[VALUE_MAX + 3];
    struct text t = text_on(buf, sizeof(buf));
    const uint8_t *bar = memchr(value.at, '|', value.len);
    struct span first = bar ? span_of(value.at, (size_t)(bar - value.at)) : value;
    struct span second = bar ? span_of(bar + 1, value.len - first.len - 1) : span_of(NULL, 0);

    if (shape == PAIR || !bar) {
        hand(r, e, first, NORMAL_WANT_HOST);
        if (bar)
            hand(r, e, second, NORMAL_WANT_ANY);
        return;
    }
    bool v6 = memchr(first.at, ':', first.len) != NULL; /* [2001:db8::1]:443, RFC 3986 §3.2.2 */
    text_str(&t, v6 ? "[" : "");
    text_raw(&t, first);
    text_str(&t, v6 ? "]:" : ":");
    text_raw(&t, second);
    hand(r, e, text_span(&t), NORMAL_WANT_ANY);
}

static void hand_ja3(const struct misp_reader *r, struct load_entry *e, struct span value)
{
    char buf[VALUE_MAX + 5];
    struct text t = text_on(buf, sizeof(buf));

    text_str(&t, "ja3:");
    text_raw(&t, value);
    hand(r, e, text_span(&t), NORMAL_WANT_ANY);
}

static void hand_attribute(const struct misp_reader *r, enum shape shape, struct span value)
{
    char comment[MISP_TEXT_MAX * 2];
    struct load_origin origin;
    struct load_entry e = {.place = r->a.place,
                           .origin = &origin,
                           .tier = r->a.tier != TIER_UNKNOWN ? r->a.tier : r->event.tier,
                           .comment = comment_of(&r->a, comment, sizeof(comment))};

    make_origin(r, &origin);
    set_dates(r, &e);
    if (shape == PAIR || shape == WITH_PORT)
        hand_parts(r, &e, value, shape);
    else if (shape == JA3)
        hand_ja3(r, &e, value);
    else
        hand(r, &e, value,
             shape == HOST   ? NORMAL_WANT_HOST
             : shape == CERT ? NORMAL_WANT_CERT
                             : NORMAL_WANT_ANY);
}

static enum shape shape_of(struct span type, struct span value)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (is(type, types[i].type)) /* a URI may be a path on an unknown host */
            return types[i].shape == URL && value.len > 0 && value.at[0] == '/' ? UNSEEN : types[i].shape;
    return UNSEEN;
}

static void end_attribute(struct misp_reader *r)
{
    const struct attribute *a = &r->a;
    struct span value = span_of(a->value, a->value_len), type = text_span(&a->type);
    enum shape shape = shape_of(type, value);

    load_entry_id(r->f, text_span(&a->uuid));
    if (type.len == 0 || (shape != UNSEEN && value.len == 0))
        load_refused(r->f, LOAD_MALFORMED, load_json_place(r->w), type, "an attribute without type or value");
    else if (shape == UNSEEN)
        load_not_network(r->f, type);
    else if (a->value_long)
        load_refused(r->f, LOAD_MALFORMED, a->place, span_of(a->value, 64),
                     "is too long for a name or address");
    else
        hand_attribute(r, shape, value);
    load_entry_id(r->f, span_of(NULL, 0));
}

static void take(struct misp_reader *r, enum json_token token)
{
    struct span path = misp_path(r->w), member;

    if (token == JSON_OBJECT && misp_is_event(r->w))
        misp_events_get(r->events, r->opened++, &r->event);
    if (token == JSON_OBJECT && is(path, "Object[]"))
        r->object_deleted = misp_events_object_deleted(r->events, r->objects++);
    if ((token == JSON_OBJECT || token == JSON_ARRAY) && !misp_path_matters(path)) {
        load_json_skip(r->w);
        return;
    }
    if (!misp_attribute_path(path, &member))
        return;
    if (member.len == 0 && token == JSON_OBJECT) {
        forget(&r->a);
        r->a.of_deleted = path.at[0] == 'O' && r->object_deleted;
    }
    if (member.len == 0 && token == JSON_OBJECT_END)
        end_attribute(r);
    else if (is(member, "Galaxy[].GalaxyCluster[]") && token == JSON_OBJECT_END)
        end_cluster(&r->a);
    else if (member.len > 0)
        take_member(&r->a, r->w, member);
}

static void read_attributes(struct misp_reader *r)
{
    forget(&r->a);
    for (enum json_token t = load_json_next(r->w); t != JSON_END && t != JSON_BROKEN;
         t = load_json_next(r->w))
        take(r, t);
    if (misp_events_deletions_lost(r->events) > 0)
        load_warning(r->f, (struct load_place){0}, span_of(NULL, 0),
                     "more deleted objects than are remembered: attributes of %zu are loaded all the same",
                     misp_events_deletions_lost(r->events));
    if (misp_events_lost(r->events) > 0)
        load_warning(r->f, (struct load_place){0}, span_of(NULL, 0),
                     "more events than are remembered: %zu have neither campaign nor source",
                     misp_events_lost(r->events));
}

static bool load_misp(struct load_file *f, struct load_input *in)
{
    if (!load_json_whole(f, in))
        return false;
    struct misp_events *events = misp_events_read(f, in);
    struct misp_reader *r = calloc(1, sizeof(*r));
    struct load_json *w = r && events && load_input_rewind(in) == 0 ? load_json_new(f, in) : NULL;
    if (w) {
        r->f = f;
        r->events = events;
        r->w = w;
        read_attributes(r);
    }
    load_json_free(w);
    misp_events_free(events);
    free(r);
    return w != NULL;
}

/* An event, or an attribute that has a type. */
static bool known(const struct load_json *w, void *ctx)
{
    struct span whole = load_json_path(w), path = misp_path(w), member;

    if (w->read.token == JSON_OBJECT)
        return path.len == 0 && whole.len >= 5 && memmem(whole.at, whole.len, "Event", 5);
    return w->read.token == JSON_STRING && misp_attribute_path(path, &member) && is(member, "type");
}

static bool is_misp(struct span head)
{
    return load_json_is(head, known, NULL);
}

const struct load_format load_format_misp = {"misp", is_misp, load_misp};
