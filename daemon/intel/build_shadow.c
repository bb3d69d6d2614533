/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking every entry's broader names and prefixes up in the table that finds equal values. The memory of
 * some entries is called for ahead, for with millions of them each look-up is a cache miss. */
#include "intel/build_shadow.h"

#include "intel/build_private.h"
#include "intel/observation.h"

#define AHEAD        16u
#define SUFFIXES_MAX 16u      /* of a name: the shortest ones */
#define NETS_MAX     4000000u /* look-ups for addresses: they are slower, and hardly ever find anything */
#define ENTRIES_MAX  4000000u /* ten millions would take as long as half of their load */

/* An entry, and the hashes of what could stand above it. */
struct candidate {
    struct build_entry entry;
    unsigned suffixes;
    struct {
        uint64_t hash;
        size_t start;
    } suffix[SUFFIXES_MAX]; /* shortest first */
};

struct shadows {
    const struct build *b; /* borrowed */
    void (*tell)(void *ctx, const struct build_shadow *s);
    void *ctx;
    struct candidate ahead[AHEAD];
    unsigned first, count;
    uint64_t lengths[3]; /* bits: prefixes of that length are listed */
    unsigned length_count;
};

static const uint8_t *meta_of(const struct shadows *s, const struct build_entry *e)
{
    return pool_get(&s->b->metas, e->meta).at;
}

/* Whether what the broader one says makes the other one superfluous. */
static bool covers(const uint8_t *broad, const uint8_t *narrow)
{
    int64_t until = (int64_t)le64(broad + META_AT_UNTIL),
            narrow_until = (int64_t)le64(narrow + META_AT_UNTIL);
    bool low = (broad[META_AT_FLAGS] & META_LOW_TRUST) != 0;

    return tier_severity[broad[META_AT_TIER] % TIERS] <= tier_severity[narrow[META_AT_TIER] % TIERS] &&
           (!low || (narrow[META_AT_FLAGS] & META_LOW_TRUST) != 0) &&
           (until == 0 || (narrow_until != 0 && narrow_until <= until));
}

/* Of the entries of that text, an exception before all others. False: there is none that is broader. */
static bool find(const struct shadows *s, struct span text, uint64_t hash, bool names,
                 struct build_entry *ret)
{
    struct table_walk walk = build_table_find(&s->b->known, hash);
    bool found = false;
    uint32_t id;

    while (table_next(&walk, &id)) {
        struct build_entry e = build_entries_get(&s->b->entries, id);
        uint8_t type = meta_of(s, &e)[META_AT_TYPE];
        bool broad = names ? type == IOC_DOMAIN || type == IOC_EXCEPTION : type == IOC_PREFIX;
        if (!broad || !span_eq(e.text, text))
            continue;
        *ret = e;
        found = true;
        if (type == IOC_EXCEPTION)
            break;
    }
    return found;
}

static struct span feed_of(const struct shadows *s, const struct build_entry *e)
{
    return pool_get(&s->b->strings, le32(meta_of(s, e) + META_AT_FEED));
}

static void tell(const struct shadows *s, const struct build_entry *e, const struct build_entry *by)
{
    struct build_shadow found = {
        .value = e->text,
        .feed = feed_of(s, e),
        .line = e->line,
        .by_value = by->text,
        .by_feed = feed_of(s, by),
        .by_line = by->line,
    };

    s->tell(s->ctx, &found);
}

/* Looks the oldest one's names up, from the narrowest on. */
static void judge_oldest(struct shadows *s)
{
    const struct candidate *c = &s->ahead[s->first];
    struct span text = c->entry.text;
    struct build_entry by;

    s->first = (s->first + 1) % AHEAD;
    s->count--;
    for (unsigned n = c->suffixes; n-- > 0;) {
        size_t start = c->suffix[n].start;
        if (!find(s, span_of(text.at + start, text.len - start), c->suffix[n].hash, true, &by))
            continue;
        if (meta_of(s, &by)[META_AT_TYPE] == IOC_EXCEPTION)
            return;
        if (covers(meta_of(s, &by), meta_of(s, &c->entry))) {
            tell(s, &c->entry, &by);
            return;
        }
    }
}

/* Whether a name has three labels or more: what stands above others is never listed, but by force. */
static bool is_deep(struct span name)
{
    const uint8_t *dot = memchr(name.at, '.', name.len);

    return dot && memchr(dot + 1, '.', name.len - (size_t)(dot + 1 - name.at));
}

/* Takes a name whose broader ones are to be looked up. */
static void take_name(struct shadows *s, const struct build_entry *e, bool alone)
{
    struct name_walk walk = name_walk(&s->b->key, e->text);
    size_t start = e->text.len;

    if (s->count == AHEAD)
        judge_oldest(s);
    struct candidate *c = &s->ahead[(s->first + s->count) % AHEAD];
    c->suffixes = 0;
    for (unsigned labels = 1; start > 0 && c->suffixes < SUFFIXES_MAX; labels++) {
        uint64_t hash;
        start = name_next(&s->b->key, &walk, &hash);
        if ((start == 0 && !alone) || labels < 2) /* a single label is never listed, but by force */
            continue;
        build_table_prefetch(&s->b->known, hash);
        c->suffix[c->suffixes].hash = hash;
        c->suffix[c->suffixes++].start = start;
    }
    if (c->suffixes == 0)
        return;
    c->entry = *e;
    s->count++;
}

/* Looks the prefixes around an address or prefix up. */
static void judge_net(const struct shadows *s, const struct build_entry *e)
{
    char buf[PREFIX_TEXT_MAX];
    struct build_entry by;
    struct prefix p;

    if (!prefix_parse(e->text, &p, NULL))
        return;
    for (unsigned bits = p.bits; bits-- > 0;) {
        if ((s->lengths[bits / 64] >> bits % 64 & 1) == 0)
            continue;
        struct prefix net = {addr_mask(&p.addr, bits), (uint8_t)bits};
        struct span text = span_str(prefix_text(&net, buf));
        if (find(s, text, build_hash(s->b, IOC_PREFIX, text), false, &by) &&
            covers(meta_of(s, &by), meta_of(s, e))) {
            tell(s, e, &by);
            return;
        }
    }
}

static void learn_lengths(struct shadows *s)
{
    struct build_entry e = BUILD_ENTRIES_START;
    struct prefix p;

    while (build_entries_next(&s->b->entries, &e)) {
        if (build_meta_type(s->b, e.meta) != IOC_PREFIX || !prefix_parse(e.text, &p, NULL))
            continue;
        s->length_count += (s->lengths[p.bits / 64] >> p.bits % 64 & 1) == 0;
        s->lengths[p.bits / 64] |= 1ull << p.bits % 64;
    }
}

bool build_shadows(const struct build *b, void (*tell_one)(void *ctx, const struct build_shadow *s),
                   void *ctx)
{
    struct shadows s = {.b = b, .tell = tell_one, .ctx = ctx};
    struct build_entry e = BUILD_ENTRIES_START;
    uint64_t nets = (uint64_t)b->of_type[IOC_ADDRESS] + b->of_type[IOC_PREFIX];
    bool names = b->of_type[IOC_DOMAIN] > 0;

    if (b->entries.count > ENTRIES_MAX)
        return false;
    if (b->of_type[IOC_PREFIX] > 0)
        learn_lengths(&s);
    bool look_at_nets = s.length_count > 0 && nets * s.length_count <= NETS_MAX;
    if (!names && !look_at_nets)
        return s.length_count == 0;
    while (build_entries_next(&b->entries, &e)) {
        uint8_t type = build_meta_type(b, e.meta);
        if (names && ((type == IOC_DOMAIN && is_deep(e.text)) || type == IOC_NAME))
            take_name(&s, &e, type == IOC_NAME);
        else if (look_at_nets && ioc_is_address(type))
            judge_net(&s, &e);
    }
    while (s.count > 0)
        judge_oldest(&s);
    return look_at_nets || s.length_count == 0;
}
