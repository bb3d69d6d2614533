/* SPDX-License-Identifier: BSD-2-Clause */
/* Collecting indicators: equal values become one entry, and what entries have in common is held once. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "intel/build_private.h"
#include "intel/observation.h"

#define TABLE_PROBES 256u /* so full, some buckets overflow far */
#define TABLE_FILL   14u  /* slots of a bucket's sixteen that are used before the table grows */
#define HOPE_FILL    12u  /* that are to be used in the end */
#define HOPE_TIMES   64u  /* so many times the entries that there are may be hoped for */

static void init_pools(struct build *b)
{
    pool_init(&b->metas, &b->key);
    pool_init(&b->sets, &b->key);
    pool_init(&b->strings, &b->key);
}

struct build *build_new(void)
{
    struct build *b = calloc(1, sizeof *b);
    uint32_t id;

    if (b == NULL)
        return NULL;
    if (getrandom(&b->key, sizeof b->key, 0) != sizeof b->key) {
        free(b);
        return NULL;
    }
    init_pools(b);
    /* String 0 is empty, which is also "no tag". */
    if (pool_add(&b->strings, span_of(NULL, 0), &id) == 0)
        return b;
    build_free(b);
    return NULL;
}

void build_set_key(struct build *b, const struct hash_key *key)
{
    assert(b->entries.count == 0);
    b->key = *key; /* the pools keep theirs: it does not show in what is written */
}

void build_free(struct build *b)
{
    if (b == NULL)
        return;
    build_entries_done(&b->entries);
    build_table_done(&b->known);
    pool_done(&b->metas);
    pool_done(&b->sets);
    pool_done(&b->strings);
    free(b->hosting.list);
    free(b->resolver_nets.list);
    free(b->answers.list);
    region_done(&b->days);
    free(b->resolver);
    free(b);
}

uint32_t build_count(const struct build *b)
{
    return b->entries.count;
}

/* The set `of` with `text` in it. A full set stays as it is: the limit of an event, not of the match. */
static int set_with(struct build *b, uint32_t of, struct span text, uint32_t *ret_set)
{
    uint8_t set[4 * IMAGE_CAMPAIGNS_MAX];
    size_t len = 0;
    uint32_t name;

    if (of != UINT32_MAX) {
        struct span old = pool_get(&b->sets, of);
        len = old.len;
        memcpy(set, old.at, len);
    }
    if (text.len > 0) {
        if (pool_add(&b->strings, text, &name) < 0)
            return -ENOMEM;
        for (size_t i = 0; i < len; i += 4)
            if (le32(set + i) == name)
                return *ret_set = of, 0;
        if (len < sizeof set) {
            put_le32(set + len, name);
            len += 4;
        }
    }
    return pool_add(&b->sets, span_of(set, len), ret_set);
}

/* What an indicator says besides its value and line, in the order of META_AT_TEXT. */
static void texts_of(const struct indicator *ind, struct span ret[IMAGE_TEXT_PARTS])
{
    ret[0] = ind->reference;
    ret[1] = ind->licence;
    ret[2] = ind->comment;
    ret[3] = ind->feed;
}

static uint8_t flags_of(const struct indicator *ind)
{
    return (uint8_t)((ind->low_trust ? META_LOW_TRUST : 0) | (ind->rebuilt ? META_REBUILT : 0));
}

static int64_t from_of(const struct indicator *ind)
{
    return ind->rebuilt ? 0 : ind->from_s;
}

/* Whether a set holds nothing but this text. */
static bool set_says(const struct build *b, uint32_t id, struct span text)
{
    struct span set = pool_get(&b->sets, id);

    return text.len == 0 ? set.len == 0 : set.len == 4 && span_eq(pool_get(&b->strings, le32(set.at)), text);
}

/* Whether a row of METAS says what the indicator says. */
static bool meta_says(const struct build *b, uint32_t meta, const struct indicator *ind)
{
    const uint8_t *row = pool_get(&b->metas, meta).at;
    struct span text[IMAGE_TEXT_PARTS];

    if (row[META_AT_TIER] != ind->tier || row[META_AT_FLAGS] != flags_of(ind) ||
        le64(row + META_AT_FROM) != (uint64_t)from_of(ind) ||
        le64(row + META_AT_UNTIL) != (uint64_t)ind->until_s ||
        !set_says(b, le32(row + META_AT_CAMPAIGNS), ind->campaign) ||
        !set_says(b, le32(row + META_AT_SOURCES), ind->source))
        return false;
    texts_of(ind, text);
    for (unsigned i = 0; i < IMAGE_TEXT_PARTS; i++)
        if (!span_eq(pool_get(&b->strings, le32(row + META_AT_TEXT + 4 * i)), text[i]))
            return false;
    return true;
}

static int meta_of(struct build *b, const struct indicator *ind, uint8_t type, uint32_t *ret_meta)
{
    struct span text[IMAGE_TEXT_PARTS];
    uint8_t row[META_BYTES] = {
        [META_AT_TYPE] = type, [META_AT_TIER] = ind->tier, [META_AT_FLAGS] = flags_of(ind)};
    uint32_t id, sources;

    if (b->last_meta[type] > 0 && meta_says(b, b->last_meta[type] - 1, ind))
        return *ret_meta = b->last_meta[type] - 1, 0;
    if (set_with(b, UINT32_MAX, ind->campaign, &id) < 0 || set_with(b, UINT32_MAX, ind->source, &sources) < 0)
        return -ENOMEM;
    put_le32(row + META_AT_CAMPAIGNS, id);
    put_le32(row + META_AT_SOURCES, sources);
    texts_of(ind, text);
    for (unsigned i = 0; i < IMAGE_TEXT_PARTS; i++) {
        if (pool_add(&b->strings, text[i], &id) < 0)
            return -ENOMEM;
        put_le32(row + META_AT_TEXT + 4 * i, id);
    }
    put_le64(row + META_AT_FROM, (uint64_t)from_of(ind));
    put_le64(row + META_AT_UNTIL, (uint64_t)ind->until_s);
    if (pool_add(&b->metas, span_of(row, sizeof row), ret_meta) < 0)
        return -ENOMEM;
    b->last_meta[type] = *ret_meta + 1;
    return 0;
}

static uint8_t worse_tier(uint8_t a, uint8_t b)
{
    if (a == TIER_UNKNOWN || b == TIER_UNKNOWN)
        return a == TIER_UNKNOWN ? b : a;
    return tier_severity[b] < tier_severity[a] ? b : a;
}

/* A source of low trust can make an indicator known, but not worse than others say that it is. */
static uint8_t merged_tier(const uint8_t *row, const struct indicator *ind)
{
    uint8_t old = row[META_AT_TIER];
    bool low = (row[META_AT_FLAGS] & META_LOW_TRUST) != 0;

    if (low == ind->low_trust || old == TIER_UNKNOWN || ind->tier == TIER_UNKNOWN)
        return worse_tier(old, ind->tier);
    return low ? ind->tier : old;
}

/* The latest day on which a source says that it began; no end where one source gives none. */
static void merge_dates(uint8_t row[META_BYTES], const struct indicator *ind)
{
    int64_t from = (int64_t)le64(row + META_AT_FROM), until = (int64_t)le64(row + META_AT_UNTIL);

    if (from_of(ind) != 0 && (from == 0 || from_of(ind) > from))
        put_le64(row + META_AT_FROM, (uint64_t)from_of(ind));
    if (until != 0 && (ind->until_s == 0 || ind->until_s > until))
        put_le64(row + META_AT_UNTIL, (uint64_t)ind->until_s);
}

static int merge(struct build *b, const struct build_entry *e, const struct indicator *ind)
{
    uint8_t row[META_BYTES];
    uint32_t set, meta;

    memcpy(row, pool_get(&b->metas, e->meta).at, sizeof row);
    if (set_with(b, le32(row + META_AT_CAMPAIGNS), ind->campaign, &set) < 0)
        return -ENOMEM;
    put_le32(row + META_AT_CAMPAIGNS, set);
    if (set_with(b, le32(row + META_AT_SOURCES), ind->source, &set) < 0)
        return -ENOMEM;
    put_le32(row + META_AT_SOURCES, set);
    row[META_AT_TIER] = merged_tier(row, ind);
    merge_dates(row, ind);
    if (!ind->low_trust)
        row[META_AT_FLAGS] &= (uint8_t)~META_LOW_TRUST;
    if (ind->rebuilt)
        row[META_AT_FLAGS] |= META_REBUILT;
    if (pool_add(&b->metas, span_of(row, sizeof row), &meta) < 0)
        return -ENOMEM;
    return meta == e->meta ? 0 : build_entries_change(&b->entries, e->id, meta);
}

uint64_t build_hash(const struct build *b, uint8_t type, struct span text)
{
    if (ioc_is_address(type) || ioc_is_digest(type))
        return digest_hash(&b->key, type, text);
    return text_hash(&b->key, b->key.k[0], text);
}

void build_hope(struct build *b, uint64_t entries)
{
    uint64_t most = (uint64_t)b->entries.count * HOPE_TIMES;

    b->hoped = (uint32_t)(entries < most ? entries : most) / HOPE_FILL;
}

/* Makes the table of all entries anew, with half as much room again or as much as is hoped for; with more if
 * they find no place. It is not doubled: memory counts, and making it anew costs little. */
static int make_table(struct build *b)
{
    uint32_t buckets = b->known.buckets;

    do {
        struct build_entry e = BUILD_ENTRIES_START;
        buckets += buckets / 4 * 3 + 4;
        buckets = buckets < b->hoped ? b->hoped : buckets;
        b->room = buckets * TABLE_FILL;
        build_table_done(&b->known);
        if (build_table_init(&b->known, buckets, b->room, TABLE_PROBES) < 0)
            return -ENOMEM;
        while (build_entries_next(&b->entries, &e))
            build_table_add(&b->known, build_hash(b, build_meta_type(b, e.meta), e.text), e.id);
    } while (!build_table_finish(&b->known));
    return 0;
}

static int append(struct build *b, uint8_t type, struct span text, uint64_t hash, const struct indicator *ind)
{
    uint32_t meta, id = b->entries.count;

    if (id == b->room && make_table(b) < 0)
        return -ENOMEM;
    if (meta_of(b, ind, type, &meta) < 0 || build_entries_add(&b->entries, text, meta, ind->line) < 0)
        return -ENOMEM;
    b->of_type[type]++;
    return build_table_place(&b->known, hash, id) ? 0 : make_table(b);
}

/* The value as text. A prefix of full length is an address. */
static struct span value_of(const struct indicator *ind, char buf[PREFIX_TEXT_MAX], uint8_t *ret_type)
{
    *ret_type = ind->type;
    if (ioc_is_address(ind->type)) {
        *ret_type = ind->prefix.bits == 128 ? IOC_ADDRESS : IOC_PREFIX;
        return span_str(prefix_text(&ind->prefix, buf));
    }
    assert(ind->type < IOC_TYPES && ind->name.len <= NAME_TEXT_MAX);
    return ind->name;
}

uint64_t build_expect(const struct build *b, const struct indicator *ind)
{
    char buf[PREFIX_TEXT_MAX];
    uint8_t type;
    struct span text = value_of(ind, buf, &type);
    uint64_t hash = build_hash(b, type, text);

    build_table_prefetch(&b->known, hash);
    return hash;
}

/* The entry with this type and value. */
static bool find(const struct build *b, uint8_t type, struct span text, uint64_t hash,
                 struct build_entry *ret)
{
    struct table_walk walk = build_table_find(&b->known, hash);
    uint32_t id;

    while (table_next(&walk, &id)) {
        *ret = build_entries_get(&b->entries, id);
        if (span_eq(ret->text, text) && build_meta_type(b, ret->meta) == type)
            return true;
    }
    return false;
}

enum build_added build_indicator(struct build *b, const struct indicator *ind, struct indicator *ret_first)
{
    return build_expected(b, ind, build_expect(b, ind), ret_first);
}

enum build_added build_expected(struct build *b, const struct indicator *ind, uint64_t hash,
                                struct indicator *ret_first)
{
    char buf[PREFIX_TEXT_MAX];
    uint8_t type;
    struct span text = value_of(ind, buf, &type);
    struct build_entry e;

    assert(ind->tier < TIERS && !b->ended);
    if (!find(b, type, text, hash, &e))
        return append(b, type, text, hash, ind) == 0 ? BUILD_NEW : BUILD_NO_MEMORY;
    if (merge(b, &e, ind) < 0)
        return BUILD_NO_MEMORY;
    if (ret_first != NULL) {
        const uint8_t *row = pool_get(&b->metas, e.meta).at;
        ret_first->feed = pool_get(&b->strings, le32(row + META_AT_FEED));
        ret_first->line = e.line;
    }
    return BUILD_MERGED;
}

void build_end(struct build *b)
{
    b->ended = true;
    build_table_done(&b->known);
}

int build_days(struct build *b)
{
    return region_grow(&b->days, (size_t)2 * b->entries.count + 1);
}

void build_day(struct build *b, uint32_t id, uint16_t day)
{
    assert(id < b->entries.count);
    put_le16(b->days.at + (size_t)2 * id, day);
}

uint16_t build_day_of(const struct build *b, uint32_t id)
{
    assert(id < b->entries.count);
    return le16(b->days.at + (size_t)2 * id);
}

static int add_range(struct build_ranges *to, const struct prefix *range, uint32_t tag)
{
    if (grow(&to->list, &to->cap, to->count + 1, sizeof *to->list) < 0)
        return -ENOMEM;
    to->list[to->count++] = (struct build_range){*range, tag};
    return 0;
}

int build_range(struct build *b, const struct prefix *range, struct span tag, bool shared)
{
    uint32_t id;

    if (pool_add(&b->strings, tag, &id) < 0)
        return -ENOMEM;
    return add_range(&b->hosting, range, id | (shared ? IMAGE_SHARED : 0));
}

int build_answer(struct build *b, const struct prefix *net, enum answer_kind kind, struct span who)
{
    uint32_t id;

    assert(kind < ANSWER_KINDS);
    if (pool_add(&b->strings, who, &id) < 0)
        return -ENOMEM;
    if (id & IMAGE_ANSWER_MASK)
        return -EFBIG;
    return add_range(&b->answers, net, id | (uint32_t)kind << IMAGE_ANSWER_BITS);
}

int build_resolver_net(struct build *b, const struct prefix *net)
{
    return add_range(&b->resolver_nets, net, IMAGE_SHARED);
}

int build_resolver_name(struct build *b, struct span name)
{
    uint32_t id;

    if (grow(&b->resolver, &b->resolver_cap, b->resolvers + 1, sizeof *b->resolver) < 0 ||
        pool_add(&b->strings, name, &id) < 0)
        return -ENOMEM;
    b->resolver[b->resolvers++] = id;
    return 0;
}
