/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared hosts, public suffixes (suffix.h) and special addresses (RFC 6890). */
#include "intel/guard.h"

#include <errno.h>
#include <stdlib.h>

#include "intel/name_set.h"
#include "intel/observation.h"
#include "intel/suffix.h"

/* A prefix may be this wide at most: /8 of IPv4, /19 of IPv6, the largest that one party was ever given. */
#define V4_BITS_LEAST (96 + 8)
#define V6_BITS_LEAST 19

#define LABEL_END '\1' /* lower than any octet of a name's text */

struct guard {
    char *name, *why; /* one block, owned through `name`; the name backwards */
    size_t len;
    size_t order; /* of adding: the first reason given is the one that counts */
};

struct guards {
    struct guard *list; /* owned; sorted once sealed */
    size_t count, room;
    struct name_set guarded;   /* the guards and all names above them, once sealed: most names are none */
    struct suffixes *suffixes; /* owned */
};

struct guards *guards_new(const char *suffix_file)
{
    struct guards *g = calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    g->suffixes = suffixes_new(suffix_file);
    if (name_set_init(&g->guarded) == 0 && g->suffixes)
        return g;
    guards_free(g);
    return NULL;
}

void guards_free(struct guards *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->count; i++)
        free(g->list[i].name);
    free(g->list);
    name_set_done(&g->guarded);
    suffixes_free(g->suffixes);
    free(g);
}

/* As memcmp, the shorter first. */
static int compare(struct span a, struct span b)
{
    int c = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static int compare_guards(const void *va, const void *vb)
{
    const struct guard *a = va, *b = vb;
    int c = compare(span_of(a->name, a->len), span_of(b->name, b->len));
    return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* Writes a name backwards, its dots as the lowest octet, so that what is below a name sorts right behind it.
 */
static void reverse(char *to, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = (char)s.at[s.len - 1 - i];
        to[i] = c == '.' ? LABEL_END : c;
    }
}

int guards_add(struct guards *g, struct span name, struct span why)
{
    if (g->count == g->room) {
        size_t room = g->room ? g->room * 2 : 512;
        struct guard *list = reallocarray(g->list, room, sizeof(*list));
        if (!list)
            return -ENOMEM;
        g->list = list;
        g->room = room;
    }
    char *block = malloc(name.len + why.len + 2);
    if (!block)
        return -ENOMEM;
    struct guard *new = &g->list[g->count];
    *new = (struct guard){.name = block, .why = block + name.len + 1, .len = name.len, .order = g->count};
    reverse(block, name);
    block[name.len] = 0;
    if (why.len > 0)
        memcpy(new->why, why.at, why.len);
    new->why[why.len] = 0;
    g->count++;
    return 0;
}

/* The name of a guard and those above it, but single labels, which are refused anyway. */
static int add_guarded(struct guards *g, const struct guard *guard)
{
    char name[NAME_TEXT_MAX];

    for (size_t i = 0; i < guard->len; i++) {
        char c = guard->name[guard->len - 1 - i];
        name[i] = c == LABEL_END ? '.' : c;
    }
    struct span s = span_of(name, guard->len);
    for (const uint8_t *dot; (dot = memchr(s.at, '.', s.len)) != NULL;) {
        int err = name_set_add(&g->guarded, s, 1);
        if (err < 0)
            return err;
        s = span_of(dot + 1, s.len - (size_t)(dot + 1 - s.at));
    }
    return 0;
}

int guards_seal(struct guards *g)
{
    if (g->count > 0)
        qsort(g->list, g->count, sizeof(*g->list), compare_guards);
    for (size_t i = 0; i < g->count; i++)
        if (add_guarded(g, &g->list[i]) < 0)
            return -ENOMEM;
    return 0;
}

/* The first guard that is `name` or stands below it, or NULL. */
static const struct guard *find(const struct guards *g, struct span name)
{
    char key[NAME_TEXT_MAX + 1];
    size_t low = 0, high = g->count;

    reverse(key, name);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare(span_of(g->list[mid].name, g->list[mid].len), span_of(key, name.len)) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == g->count)
        return NULL;
    const struct guard *at = &g->list[low];
    bool below = at->len >= name.len && memcmp(at->name, key, name.len) == 0 &&
                 (at->len == name.len || at->name[name.len] == LABEL_END);
    return below ? at : NULL;
}

bool guard_name(const struct guards *g, struct span name, bool alone, struct text *ret_why)
{
    if (!memchr(name.at, '.', name.len)) {
        text_str(ret_why, "a single label is no host on the internet; list the full name");
        return true;
    }
    if (alone)
        return false;
    const struct guard *guard = name_set_marks(&g->guarded, name) ? find(g, name) : NULL;
    if (guard) {
        bool same = guard->len == name.len;
        text_fmt(ret_why,
                 "%s a shared host (%s): names below it belong to unrelated people; list the full "
                 "name below it, or =NAME for this name alone",
                 same ? "is" : "stands above", guard->why);
        return true;
    }
    if (suffixes_has(g->suffixes, name)) {
        text_str(ret_why, "is a public suffix: names below it belong to unrelated people; list the full name "
                          "below it, or =NAME for this name alone");
        return true;
    }
    return false;
}

bool guard_wide(const struct prefix *p)
{
    bool v4 = p->bits >= 96 && addr_is_v4(&p->addr);
    return p->bits < (v4 ? V4_BITS_LEAST : V6_BITS_LEAST);
}

bool guard_prefix(const struct prefix *p, struct text *ret_why)
{
    static const struct prefix reserved[] = {
        {{.b = {[10] = 0xff, [11] = 0xff}}, 96 + 8},               /* 0.0.0.0/8, "this network" */
        {{.b = {[10] = 0xff, [11] = 0xff, [12] = 0xf0}}, 96 + 4},  /* 240.0.0.0/4 */
        {{.b = {[10] = 0xff, [11] = 0xff, [12] = 0xc0}}, 96 + 24}, /* 192.0.0.0/24, protocol assignments */
        {{.b = {0x01}}, 64},                                       /* 100::/64, discard */
        {{.b = {0}}, 96}, /* ::/96: IPv4-compatible, loopback, unspecified */
    };

    if (guard_wide(p)) {
        text_str(ret_why,
                 "a prefix wider than /8 (IPv4) or /19 (IPv6) is no indicator; list what it really is");
        return true;
    }
    bool special = addr_is_private(&p->addr) || addr_is_group(&p->addr);
    for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
        special |= p->bits >= reserved[i].bits && prefix_has(&reserved[i], &p->addr);
    if (special)
        text_str(ret_why, "a private or reserved address means another host in every network; write =ADDRESS "
                          "in a .ioc file if it is meant for this one");
    return special;
}
