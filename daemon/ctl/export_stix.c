/* SPDX-License-Identifier: BSD-2-Clause */
/* Export as a bundle of STIX 2.1: indicators, malware, and relationships between them. */
#include "base/json.h"
#include "base/sha.h"
#include "ctl/export.h"

#define ID_TEXT_MAX 64

/* Objects have the same ids in every run and on every machine: UUIDs of version 5 (RFC 9562 §5.5) of their
 * content in this namespace of ours. */
static const uint8_t namespace[16] = {0x7d, 0x1e, 0x3a, 0x52, 0x9c, 0x0b, 0x4f, 0x6e,
                                      0x8a, 0x47, 0x16, 0xf0, 0x5b, 0xd9, 0x2c, 0x83};

/* `kind--UUID` of a text, of which no more than its head is used. */
static void make_id(char ret[ID_TEXT_MAX], const char *kind, struct span a, struct span b)
{
    uint8_t message[sizeof namespace + 2 * EXPORT_TEXT_MAX + 64], digest[SHA1_BYTES];
    struct text t = text_on((char *)message, sizeof message), id = text_on(ret, ID_TEXT_MAX);

    text_raw(&t, span_of(namespace, sizeof namespace));
    text_str(&t, kind);
    text_char(&t, '\n');
    text_raw(&t, export_cut(a));
    text_char(&t, '\n');
    text_raw(&t, export_cut(b));
    sha1(text_span(&t), digest);
    digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x50);
    digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
    text_str(&id, kind);
    text_str(&id, "--");
    for (unsigned i = 0; i < 16; i++)
        text_fmt(&id, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", digest[i]);
}

/* §3.2. A time that nobody knows is the beginning of Unix time, so that all runs say the same. */
static void common(struct json *j, const char *type, const char *id, const char *created)
{
    json_str(j, "type", type);
    json_str(j, "spec_version", "2.1");
    json_str(j, "id", id);
    json_str(j, "created", created);
    json_str(j, "modified", created);
}

static void time_text(char ret[32], int64_t when_s)
{
    struct text t = text_on(ret, 32);
    /* `2021-07-18T10:00:00.000000+0000`: the last part is another in RFC 3339. */
    text_time_eve(&t, when_s > 0 ? (uint64_t)when_s * 1000000000u : 0);
    t.len = 23;
    text_char(&t, 'Z');
}

/* What stands between the objects of the bundle. */
static void between(struct export *x)
{
    text_str(&x->text, x->written > 0 || x->text.len > 0 ? ",\n" : "\n");
}

/* Malware, for that is what lists for phones call it and what their readers look for. */
static void malware(struct export *x, struct span name, const char *id)
{
    struct json j = json_on(&x->text);
    char created[32];

    time_text(created, 0);
    between(x);
    json_open(&j, NULL);
    common(&j, "malware", id, created);
    json_span(&j, "name", export_cut(name));
    json_bool(&j, "is_family", true);
    json_close(&j);
}

/* Whether the campaign's object stands already; notes that it does. */
static bool was_told(struct export *x, struct span name)
{
    size_t at = (size_t)(name.at - x->im->section[IMAGE_STRINGS].at);
    bool was = x->told[at / 8] >> at % 8 & 1;

    x->told[at / 8] |= (uint8_t)(1u << at % 8);
    return was;
}

static const char *object_path(const struct export_entry *e)
{
    bool v4 = addr_is_v4(&e->prefix.addr);

    switch (e->ioc.type) {
    case IOC_ADDRESS:
    case IOC_PREFIX:
        return v4 ? "ipv4-addr:value" : "ipv6-addr:value";
    case IOC_CERT:
        return e->ioc.value.len == 64   ? "x509-certificate:hashes.'SHA-256'"
               : e->ioc.value.len == 40 ? "x509-certificate:hashes.'SHA-1'"
                                        : "x509-certificate:hashes.MD5";
    default:
        return "domain-name:value";
    }
}

/* Who lists it; the reference is of the first of them. */
static void references(struct json *j, const struct ioc *i)
{
    const struct span *name = i->sources > 0 ? i->source : &i->feed, r = i->reference;
    bool url = r.len > 8 && memcmp(r.at, "http", 4) == 0;

    if (r.len == 0 && i->sources == 0)
        return;
    json_open_array(j, "external_references");
    for (unsigned k = 0; k == 0 || k < i->sources; k++) {
        json_open(j, NULL);
        json_span(j, "source_name", export_cut(name[k]));
        if (k == 0 && r.len > 0)
            json_span(j, url ? "url" : "description", export_cut(r));
        json_close(j);
    }
    json_close_array(j);
}

static void indicator(struct export *x, const struct export_entry *e, const char *id, const char *created)
{
    struct json j = json_on(&x->text);
    const struct ioc *i = &e->ioc;
    struct span value = ioc_is_address(i->type) ? span_str(e->addr) : i->value;
    char pattern[512], until[32];
    struct text p = text_on(pattern, sizeof pattern);

    text_fmt(&p, "[%s = '", object_path(e)); /* the value has no quote: it is sound */
    text_raw(&p, value);
    text_str(&p, "']");
    between(x);
    json_open(&j, NULL);
    common(&j, "indicator", id, created);
    json_span(&j, "name", value);
    if (i->comment.len > 0)
        json_span(&j, "description", export_cut(i->comment));
    json_open_array(&j, "indicator_types");
    json_str(&j, NULL, "malicious-activity");
    json_close_array(&j);
    json_span(&j, "pattern", text_span(&p));
    json_str(&j, "pattern_type", "stix");
    json_str(&j, "valid_from", created);
    time_text(until, i->until_s);
    if (i->until_s > i->from_s)
        json_str(&j, "valid_until", until);
    if (i->tier != TIER_UNKNOWN) {
        json_open_array(&j, "labels");
        json_str(&j, NULL, tier_names[i->tier]);
        json_close_array(&j);
    }
    references(&j, i);
    json_close(&j);
}

static void relationship(struct export *x, const char *from, const char *to, const char *created)
{
    struct json j = json_on(&x->text);
    char id[ID_TEXT_MAX];

    make_id(id, "relationship", span_str(from), span_str(to));
    between(x);
    json_open(&j, NULL);
    common(&j, "relationship", id, created);
    json_str(&j, "relationship_type", "indicates");
    json_str(&j, "source_ref", from);
    json_str(&j, "target_ref", to);
    json_close(&j);
}

void export_begin_stix(struct export *x)
{
    char id[ID_TEXT_MAX];

    make_id(id, "bundle", span_str("bridle"), span_str(""));
    text_fmt(&x->text, "{\"type\":\"bundle\",\"id\":\"%s\",\"objects\":[", id);
}

bool export_stix(struct export *x, const struct export_entry *e)
{
    char id[ID_TEXT_MAX], campaign[ID_TEXT_MAX], created[32];
    const struct ioc *i = &e->ioc;

    make_id(id, "indicator", span_str(ioc_type_names[i->type]), i->value);
    time_text(created, i->from_s);
    indicator(x, e, id, created);
    for (unsigned k = 0; k < i->campaigns; k++) {
        if (i->campaign[k].len == 0)
            continue;
        make_id(campaign, "malware", i->campaign[k], span_str(""));
        if (!was_told(x, i->campaign[k]))
            malware(x, i->campaign[k], campaign);
        relationship(x, id, campaign, created);
    }
    return true;
}

void export_end_stix(struct export *x)
{
    text_str(&x->text, "\n]}\n");
}
