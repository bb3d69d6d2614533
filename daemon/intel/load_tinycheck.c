/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of TinyCheck and SpyGuard: {"iocs": [{"type": "domain", "tag": "stalkerware", "value": ...}]}. */
#include <stdlib.h>

#include "base/text.h"
#include "intel/load_json.h"
#include "intel/load_misp.h"

#define FIELD_MAX 1024

struct check_ioc {
    struct text type, tag, value;
    struct load_place place;
    char buf[3][FIELD_MAX];
};

/* Types that say what a network sensor sees. Others are hints for people: "ns" a name server, "freedns" a
 * host that gives names away. */
static const struct {
    const char *type;
    enum normal_want want;
} types[] = {
    {"domain", NORMAL_WANT_HOST}, {"ip4addr", NORMAL_WANT_ANY},   {"ip6addr", NORMAL_WANT_ANY},
    {"cidr", NORMAL_WANT_ANY},    {"sha1cert", NORMAL_WANT_CERT},
};

static bool known(const struct load_json *w, void *ctx)
{
    return w->read.token == JSON_STRING && load_json_at(w, "iocs[].value");
}

static bool is_tinycheck(struct span head)
{
    return load_json_is(head, known, NULL);
}

static void forget(struct check_ioc *ioc)
{
    ioc->type = text_on(ioc->buf[0], FIELD_MAX);
    ioc->tag = text_on(ioc->buf[1], FIELD_MAX);
    ioc->value = text_on(ioc->buf[2], FIELD_MAX);
}

static void take_member(struct check_ioc *ioc, const struct load_json *w)
{
    struct text *to = load_json_at(w, "iocs[].type")    ? &ioc->type
                      : load_json_at(w, "iocs[].tag")   ? &ioc->tag
                      : load_json_at(w, "iocs[].value") ? &ioc->value
                                                        : NULL;

    if (!to)
        return;
    to->len = 0;
    text_raw(to, w->read.text);
    if (to == &ioc->value)
        ioc->place = load_json_place(w);
}

static void end_ioc(struct load_file *f, const struct check_ioc *ioc, struct load_place end)
{
    struct span type = text_span(&ioc->type), value = text_span(&ioc->value);
    struct load_origin origin = {.campaign = {text_span(&ioc->tag)}, .campaigns = ioc->tag.len > 0};
    size_t i = 0;

    while (i < sizeof(types) / sizeof(*types) && !span_eq(type, span_str(types[i].type)))
        i++;
    if (type.len == 0 || value.len == 0)
        load_refused(f, LOAD_MALFORMED, end, type, "an entry without type or value");
    else if (ioc->value.full)
        load_refused(f, LOAD_MALFORMED, ioc->place, span_of(value.at, 64),
                     "is too long for a name or address");
    else if (i == sizeof(types) / sizeof(*types))
        load_not_network(f, type);
    else
        load_entry(f, &(struct load_entry){.value = value,
                                           .place = ioc->place,
                                           .want = (uint8_t)types[i].want,
                                           .origin = &origin});
}

static bool load_tinycheck(struct load_file *f, struct load_input *in)
{
    struct load_json *w = load_json_whole(f, in) ? load_json_new(f, in) : NULL;
    struct check_ioc *ioc = w ? calloc(1, sizeof(*ioc)) : NULL;

    if (!ioc) {
        load_json_free(w);
        return false;
    }
    forget(ioc);
    for (enum json_token t = load_json_next(w); t != JSON_END && t != JSON_BROKEN; t = load_json_next(w)) {
        if (t == JSON_OBJECT_END && load_json_at(w, "iocs[]")) {
            end_ioc(f, ioc, load_json_place(w));
            forget(ioc);
        } else if (t == JSON_STRING) {
            take_member(ioc, w);
        }
    }
    free(ioc);
    load_json_free(w);
    return true;
}

const struct load_format load_format_tinycheck = {"tinycheck", is_tinycheck, load_tinycheck};
