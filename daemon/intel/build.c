/* SPDX-License-Identifier: BSD-2-Clause */
/* Collecting indicators: equal values become one entry, and what entries have in common is held once. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "intel/build_private.h"
#include "intel/observation.h"

static void init_pools(struct build *b)
{
    pool_init(&b->entries, &b->key);
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
    pool_done(&b->entries);
    pool_done(&b->metas);
    pool_done(&b->sets);
    pool_done(&b->strings);
    free(b->meta);
    free(b->line);
    free(b->hosting.list);
    free(b->resolver_nets.list);
    free(b->resolver);
    free(b);
}

uint32_t build_count(const struct build *b)
{
    return b->entries.count;
}

/* The set `of` with `campaign` in it. A full set stays as it is: the limit of an event, not of the match. */
static int set_with(struct build *b, uint32_t of, struct span campaign, uint32_t *ret_set)
{
    uint8_t set[4 * IMAGE_CAMPAIGNS_MAX];
    size_t len = 0;
    uint32_t name;

    if (of != UINT32_MAX) {
        struct span old = pool_get(&b->sets, of);
        len = old.len;
        memcpy(set, old.at, len);
    }
    if (campaign.len > 0) {
        if (pool_add(&b->strings, campaign, &name) < 0)
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

static int meta_of(struct build *b, const struct indicator *ind, uint8_t type, uint32_t *ret_meta)
{
    const struct span text[IMAGE_TEXT_PARTS] = {ind->source, ind->reference, ind->licence, ind->comment,
                                                ind->feed};
    uint8_t row[META_BYTES] = {[META_AT_TYPE] = type, [META_AT_TIER] = ind->tier};
    uint32_t id;

    if (set_with(b, UINT32_MAX, ind->campaign, &id) < 0)
        return -ENOMEM;
    put_le32(row + META_AT_SET, id);
    for (unsigned i = 0; i < IMAGE_TEXT_PARTS; i++) {
        if (pool_add(&b->strings, text[i], &id) < 0)
            return -ENOMEM;
        put_le32(row + META_AT_TEXT + 4 * i, id);
    }
    put_le64(row + META_AT_FROM, (uint64_t)ind->from_s);
    put_le64(row + META_AT_UNTIL, (uint64_t)ind->until_s);
    return pool_add(&b->metas, span_of(row, sizeof row), ret_meta);
}

static uint8_t worse_tier(uint8_t a, uint8_t b)
{
    if (a == TIER_UNKNOWN || b == TIER_UNKNOWN)
        return a == TIER_UNKNOWN ? b : a;
    return tier_severity[b] < tier_severity[a] ? b : a;
}

static int merge(struct build *b, uint32_t id, const struct indicator *ind)
{
    uint8_t row[META_BYTES];
    uint32_t set;

    memcpy(row, pool_get(&b->metas, b->meta[id]).at, sizeof row);
    if (set_with(b, le32(row + META_AT_SET), ind->campaign, &set) < 0)
        return -ENOMEM;
    put_le32(row + META_AT_SET, set);
    row[META_AT_TIER] = worse_tier(row[META_AT_TIER], ind->tier);
    return pool_add(&b->metas, span_of(row, sizeof row), &b->meta[id]);
}

static int append(struct build *b, struct span entry, const struct indicator *ind)
{
    size_t n = (size_t)b->entries.count + 1;
    uint32_t meta, id;

    if (grow(&b->meta, &b->meta_cap, n, sizeof *b->meta) < 0 ||
        grow(&b->line, &b->line_cap, n, sizeof *b->line) < 0 || meta_of(b, ind, entry.at[0], &meta) < 0 ||
        pool_add(&b->entries, entry, &id) < 0)
        return -ENOMEM;
    b->meta[id] = meta;
    b->line[id] = ind->line;
    return 0;
}

/* Type and value as one string: what makes two indicators the same. A prefix of full length is an address. */
static struct span entry_key(const struct indicator *ind, uint8_t ret[1 + NAME_TEXT_MAX])
{
    if (ioc_is_address(ind->type)) {
        char *text = (char *)ret + 1;
        ret[0] = ind->prefix.bits == 128 ? IOC_ADDRESS : IOC_PREFIX;
        return span_of(ret, 1 + strlen(prefix_text(&ind->prefix, text)));
    }
    assert(ind->type < IOC_TYPES && ind->name.len <= NAME_TEXT_MAX);
    ret[0] = ind->type;
    if (ind->name.len > 0)
        memcpy(ret + 1, ind->name.at, ind->name.len);
    return span_of(ret, 1 + ind->name.len);
}

void build_expect(const struct build *b, const struct indicator *ind)
{
    uint8_t buf[1 + NAME_TEXT_MAX];

    pool_prefetch(&b->entries, entry_key(ind, buf));
}

enum build_added build_indicator(struct build *b, const struct indicator *ind, struct indicator *ret_first)
{
    uint8_t buf[1 + NAME_TEXT_MAX];
    struct span entry = entry_key(ind, buf);
    uint32_t id;

    assert(ind->tier < TIERS);
    if (!pool_find(&b->entries, entry, &id))
        return append(b, entry, ind) == 0 ? BUILD_NEW : BUILD_NO_MEMORY;
    if (merge(b, id, ind) < 0)
        return BUILD_NO_MEMORY;
    if (ret_first != NULL) {
        const uint8_t *row = pool_get(&b->metas, b->meta[id]).at;
        ret_first->feed = pool_get(&b->strings, le32(row + META_AT_TEXT + 16));
        ret_first->line = b->line[id];
    }
    return BUILD_MERGED;
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
