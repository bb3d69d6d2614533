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
    uint8_t kind; /* enum load_count */
};

struct guard_net {
    struct prefix prefix;
    size_t order;
    char *why; /* owned */
};

struct guards {
    struct guard *list; /* owned; sorted once sealed */
    size_t count, room;
    struct guard_net *nets; /* owned; sorted once sealed */
    size_t net_count, net_room;
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
    for (size_t i = 0; i < g->net_count; i++)
        free(g->nets[i].why);
    free(g->nets);
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

/* What the first word of a reason says. */
static enum load_count kind_of(struct span why)
{
    static const struct {
        const char *word;
        enum load_count kind;
    } kinds[] = {{"popular", LOAD_POPULAR_SITE}, {"shortener", LOAD_SHORTENER}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (why.len >= strlen(kinds[i].word) && memcmp(why.at, kinds[i].word, strlen(kinds[i].word)) == 0)
            return kinds[i].kind;
    return LOAD_SHARED_HOST;
}

/* Names that everybody uses are too broad even alone. */
static bool by_everybody(enum load_count kind)
{
    return kind == LOAD_POPULAR_SITE || kind == LOAD_SHORTENER;
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
    new->kind = (uint8_t)kind_of(why);
    reverse(block, name);
    block[name.len] = 0;
    if (why.len > 0)
        memcpy(new->why, why.at, why.len);
    new->why[why.len] = 0;
    g->count++;
    return 0;
}

int guards_add_prefix(struct guards *g, const struct prefix *p, struct span why)
{
    int err = grow(&g->nets, &g->net_room, g->net_count + 1, sizeof(*g->nets));
    char *text = err == 0 ? strndup((const char *)why.at, why.len) : NULL;

    if (!text)
        return -ENOMEM;
    g->nets[g->net_count] = (struct guard_net){*p, g->net_count, text};
    g->net_count++;
    return 0;
}

static int compare_nets(const void *va, const void *vb)
{
    const struct guard_net *a = va, *b = vb;
    int c = memcmp(a->prefix.addr.b, b->prefix.addr.b, sizeof(a->prefix.addr.b));

    if (c == 0)
        c = (a->prefix.bits > b->prefix.bits) - (a->prefix.bits < b->prefix.bits);
    return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* The first guard of addresses that is `p` or lies in it, or NULL. */
static const struct guard_net *find_net(const struct guards *g, const struct prefix *p)
{
    struct guard_net key = {.prefix = *p};
    size_t low = 0, high = g->net_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_nets(&g->nets[mid], &key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < g->net_count && prefix_has(p, &g->nets[low].prefix.addr) ? &g->nets[low] : NULL;
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
    if (g->net_count > 0)
        qsort(g->nets, g->net_count, sizeof(*g->nets), compare_nets);
    for (size_t i = 0; i < g->count; i++)
        if (add_guarded(g, &g->list[i]) < 0)
            return -ENOMEM;
    return 0;
}

/* The first guard that is `name`, or stands below it unless only the name itself is asked for, or NULL. */
static const struct guard *find(const struct guards *g, struct span name, bool only_itself)
{
    char key[NAME_TEXT_MAX + 1];
    size_t low = 0, high = g->count;

    if (!name_set_marks(&g->guarded, name))
        return NULL;
    reverse(key, name);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare(span_of(g->list[mid].name, g->list[mid].len), span_of(key, name.len)) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < g->count; low++) {
        const struct guard *at = &g->list[low];
        bool same = at->len == name.len && memcmp(at->name, key, name.len) == 0;
        bool below =
            at->len > name.len && memcmp(at->name, key, name.len) == 0 && at->name[name.len] == LABEL_END;
        if (same ? !only_itself || by_everybody((enum load_count)at->kind) : below && !only_itself)
            return at;
        if (!same)
            return NULL;
    }
    return NULL;
}

/* The host that browsers are led to stands for the name itself. */
static struct span without_www(struct span name)
{
    return name.len > 4 && memcmp(name.at, "www.", 4) == 0 ? span_of(name.at + 4, name.len - 4) : name;
}

static void tell_guard(const struct guard *guard, bool same, enum load_count *ret_kind, struct text *ret_why)
{
    *ret_kind = (enum load_count)guard->kind;
    if (guard->kind == LOAD_SHARED_HOST)
        text_fmt(ret_why,
                 "%s a shared host (%s): names below it belong to unrelated people; list the full name below "
                 "it, or =NAME for this name alone",
                 same ? "is" : "stands above", guard->why);
    else if (guard->kind == LOAD_SHORTENER)
        text_fmt(ret_why,
                 "%s a shortener of links (%s), which everybody follows: list the host that the link led to",
                 same ? "is" : "stands above", guard->why);
    else
        text_fmt(ret_why,
                 "%s a site that everybody uses (%s): this is a mistake of the list; if it is not, list the "
                 "full name below it",
                 same ? "is" : "stands above", guard->why);
}

/* Whether it is below one of the names that mean another host in every network, or none: RFC 6761, RFC 6762
 * §3, RFC 8375, and the reverse tree. */
static bool is_local(struct span name)
{
    static const struct span roots[] = {SPAN_LITERAL("local"), SPAN_LITERAL("localhost"),
                                        SPAN_LITERAL("internal"), SPAN_LITERAL("invalid"),
                                        SPAN_LITERAL("arpa")};
    const uint8_t *dot = memrchr(name.at, '.', name.len);
    size_t from = dot ? (size_t)(dot + 1 - name.at) : 0;
    struct span last = span_of(name.at + from, name.len - from);

    for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
        if (span_eq(last, roots[i]))
            return true;
    return false;
}

bool guard_name(const struct guards *g, struct span name, enum guard_scope scope, enum load_count *ret_kind,
                struct text *ret_why)
{
    if (!memchr(name.at, '.', name.len)) {
        *ret_kind = LOAD_SINGLE_LABEL;
        text_str(ret_why, "a single label is no host on the internet; list the full name");
        return true;
    }
    if (scope == GUARD_EXCEPTION)
        return false;
    if (scope == GUARD_BELOW && is_local(name)) {
        *ret_kind = LOAD_RESERVED_ADDRESS;
        text_str(ret_why,
                 "a name that means another host in every network; write =NAME in a .ioc file if it is "
                 "meant for this one");
        return true;
    }
    const struct guard *guard = find(g, name, scope == GUARD_EXACT);
    struct span bare = without_www(name);
    if (!guard && bare.len < name.len)
        guard = find(g, bare, true);
    if (guard) {
        tell_guard(guard, guard->len == name.len || guard->len == bare.len, ret_kind, ret_why);
        return true;
    }
    if (scope == GUARD_BELOW && suffixes_has(g->suffixes, name)) {
        *ret_kind = LOAD_PUBLIC_SUFFIX;
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

bool guard_prefix(const struct guards *g, const struct prefix *p, enum guard_scope scope,
                  enum load_count *ret_kind, struct text *ret_why)
{
    static const struct prefix reserved[] = {
        {{.b = {[10] = 0xff, [11] = 0xff}}, 96 + 8},               /* 0.0.0.0/8, "this network" */
        {{.b = {[10] = 0xff, [11] = 0xff, [12] = 0xf0}}, 96 + 4},  /* 240.0.0.0/4 */
        {{.b = {[10] = 0xff, [11] = 0xff, [12] = 0xc0}}, 96 + 24}, /* 192.0.0.0/24, protocol assignments */
        {{.b = {0x01}}, 64},                                       /* 100::/64, discard */
        {{.b = {0}}, 96}, /* ::/96: IPv4-compatible, loopback, unspecified */
    };

    if (scope != GUARD_BELOW)
        return false;
    if (guard_wide(p)) {
        *ret_kind = LOAD_WIDE_PREFIX;
        text_str(ret_why,
                 "a prefix wider than /8 (IPv4) or /19 (IPv6) is no indicator; list what it really is");
        return true;
    }
    bool special = addr_is_private(&p->addr) || addr_is_group(&p->addr);
    for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
        special |= p->bits >= reserved[i].bits && prefix_has(&reserved[i], &p->addr);
    if (special) {
        *ret_kind = LOAD_RESERVED_ADDRESS;
        text_str(ret_why, "a private or reserved address means another host in every network; write =ADDRESS "
                          "in a .ioc file if it is meant for this one");
        return true;
    }
    const struct guard_net *net = g->net_count > 0 ? find_net(g, p) : NULL;
    if (net) {
        *ret_kind = kind_of(span_str(net->why));
        text_fmt(ret_why,
                 "%s what unrelated people use (%s): list what it really is, or =ADDRESS in a .ioc file",
                 net->prefix.bits == p->bits ? "is" : "holds", net->why);
    }
    return net != NULL;
}
