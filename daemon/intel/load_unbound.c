/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings of unbound.conf(5) that block: `local-zone: "NAME" always_nxdomain` is the name and all below it,
 * `local-data: "NAME A 0.0.0.0"` the name alone unless a zone before it says more.
 */
#include "intel/load_hosts.h"
#include "intel/load_text.h"

enum zone { ZONE_BLOCKS, ZONE_EXCEPTION, ZONE_BY_DATA };

static const struct {
    const char *type;
    enum zone zone;
} zones[] = {
    {"always_nxdomain", ZONE_BLOCKS}, {"always_nodata", ZONE_BLOCKS},
    {"always_null", ZONE_BLOCKS},     {"always_refuse", ZONE_BLOCKS},
    {"always_deny", ZONE_BLOCKS},     {"static", ZONE_BLOCKS},
    {"refuse", ZONE_BLOCKS},          {"deny", ZONE_BLOCKS},
    {"redirect", ZONE_BLOCKS},        {"inform", ZONE_BLOCKS},
    {"inform_deny", ZONE_BLOCKS},     {"inform_redirect", ZONE_BLOCKS},
    {"nodefault", ZONE_BY_DATA},      {"always_transparent", ZONE_EXCEPTION},
    {"transparent", ZONE_BY_DATA},    {"typetransparent", ZONE_BY_DATA},
};

#define ZONES (sizeof(zones) / sizeof(*zones))

struct reader {
    struct load_file *f; /* borrowed */
    struct span line;    /* borrowed */
    uint32_t number;
    char zone[NAME_TEXT_MAX + 1]; /* of the last one that was taken, or name, in lower case */
};

/* Takes the name of a setting off, with its colon; what is set may stand right behind it. */
static struct span take_setting(struct span *rest)
{
    struct span word = load_word(rest);
    const uint8_t *colon = word.len > 0 ? memchr(word.at, ':', word.len) : NULL;

    if (colon && colon + 1 < word.at + word.len) {
        size_t len = (size_t)(colon + 1 - word.at);
        *rest = span_of(word.at + len, (size_t)(rest->at + rest->len - word.at) - len);
        word.len = len;
    }
    return word;
}

static enum load_vote vote(struct span line)
{
    struct span word = take_setting(&line);

    if (word.at[0] == '#')
        return LOAD_VOTE_NONE;
    if (load_same(word, "local-zone:") || load_same(word, "local-data:"))
        return LOAD_VOTE_YES;
    return word.at[word.len - 1] == ':' ? LOAD_VOTE_NONE : LOAD_VOTE_NO;
}

static bool is_unbound(struct span head)
{
    return load_votes(head, vote, 1);
}

static struct load_place place_of(const struct reader *r, struct span part)
{
    return (struct load_place){r->number, (uint32_t)(part.at - r->line.at) + 1};
}

static void take(struct reader *r, struct span name, bool exact, bool exception)
{
    static const struct load_origin origin = {0};
    load_entry(r->f, &(struct load_entry){.value = name,
                                          .place = place_of(r, name),
                                          .want = NORMAL_WANT_HOST,
                                          .exact = exact,
                                          .exception = exception,
                                          .origin = &origin});
}

/* In lower case and without the last dot; empty if it is too long to be one. */
static void zone_name(struct span name, char to[NAME_TEXT_MAX + 1])
{
    size_t n = name.len > 0 && name.at[name.len - 1] == '.' ? name.len - 1 : name.len;

    n = n <= NAME_TEXT_MAX ? n : 0;
    for (size_t i = 0; i < n; i++)
        to[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + 32 : name.at[i]);
    to[n] = 0;
}

static void read_zone(struct reader *r, struct span rest)
{
    struct span name = load_unquoted(load_word(&rest)), type = load_unquoted(load_list_word(&rest));
    size_t i = 0;

    while (i < ZONES && !load_same(type, zones[i].type))
        i++;
    if (i == ZONES) {
        load_refused(r->f, LOAD_MALFORMED, place_of(r, name), name,
                     "what unbound does with this zone is not known, e.g. always_nxdomain");
        return;
    }
    if (zones[i].zone == ZONE_BY_DATA) { /* names without data are asked about as all others */
        r->zone[0] = 0;
        return;
    }
    zone_name(name, r->zone);
    take(r, name, false, zones[i].zone == ZONE_EXCEPTION);
}

/* `NAME [TTL] [CLASS] TYPE DATA`: what it answers. */
static struct span last_word(struct span s)
{
    struct span word = {0}, next;

    while ((next = load_word(&s)).len > 0)
        word = next;
    return word;
}

static void read_data(struct reader *r, struct span rest)
{
    struct span data = load_trim(load_unquoted(load_trim(rest)));
    struct span answer = last_word(data), name = load_word(&data);
    char zone[NAME_TEXT_MAX + 1];

    zone_name(name, zone);
    if (zone[0] && strcmp(zone, r->zone) == 0)
        return; /* it is taken already; this is what it is sent to */
    memcpy(r->zone, zone, sizeof(zone));
    if (load_is_sink(answer))
        take(r, name, true, false);
    else
        load_quarantined(r->f, LOAD_CONDITIONS, place_of(r, name), name,
                         "this name is not blocked but given data: if it is meant as an indicator, write "
                         "local-zone: \"NAME\" always_nxdomain");
}

static bool load_unbound(struct load_file *f, struct load_input *in)
{
    struct reader r = {.f = f};

    while (load_goes_on(f) && load_line(f, in, &r.line)) {
        struct span rest = r.line, word = take_setting(&rest);
        r.number = in->line;
        if (word.len == 0 || word.at[0] == '#' || load_same(word, "server:"))
            continue;
        if (load_same(word, "local-zone:"))
            read_zone(&r, rest);
        else if (load_same(word, "local-data:"))
            read_data(&r, rest);
        else
            load_not_network(f, span_str("other setting of unbound"));
    }
    return true;
}

const struct load_format load_format_unbound = {"unbound", is_unbound, load_unbound};
