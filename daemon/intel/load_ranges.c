/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosting ranges of one file: of equal ones the one that says most. */
#include "intel/load_ranges.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"
#include "intel/guard.h"
#include "intel/load.h"
#include "intel/pool.h"

/* So many are kept, in some 6 MiB; the longest real list, that of Azure, has 100,000. */
#define HELD_MAX 131072u
/* And so many bytes of tags. */
#define TAGS_MAX (4u << 20)

/* A range as it is kept; its tag by number. */
struct held {
    struct prefix prefix;
    struct load_place place;
    uint32_t tag;
    uint32_t order; /* of arrival */
    uint8_t rank;
    bool shared, generic;
};

struct load_ranges {
    struct load_file *f; /* borrowed */
    struct held *list;   /* owned */
    size_t count, cap;
    size_t tag_bytes;
    struct pool tags;
    struct hash_key key;
    uint64_t merged; /* listed more than once */
};

static void no_memory(struct load_file *f)
{
    load_error(f, (struct load_place){0}, span_of(NULL, 0), "was not read: there is no memory left");
}

struct load_ranges *load_ranges_new(struct load_file *f)
{
    struct load_ranges *r = calloc(1, sizeof(*r));

    if (!r || getrandom(&r->key, sizeof(r->key), 0) != sizeof(r->key)) {
        free(r);
        no_memory(f);
        return NULL;
    }
    r->f = f;
    pool_init(&r->tags, &r->key);
    return r;
}

/* By place, the widest first; of equal ones what says most, then what came first. */
static int compare(const void *va, const void *vb)
{
    const struct held *a = va, *b = vb;
    int c = memcmp(a->prefix.addr.b, b->prefix.addr.b, sizeof(a->prefix.addr.b));

    if (c == 0)
        c = a->prefix.bits - b->prefix.bits;
    if (c == 0)
        c = b->rank - a->rank;
    return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

static bool same_prefix(const struct held *a, const struct held *b)
{
    return a->prefix.bits == b->prefix.bits && addr_eq(&a->prefix.addr, &b->prefix.addr);
}

static void hand_on(const struct load_ranges *r, const struct held *h, bool shared)
{
    char buf[PREFIX_TEXT_MAX];

    load_range(r->f, h->place, span_str(prefix_text(&h->prefix, buf)), pool_get(&r->tags, h->tag), shared);
}

/* Hands on what is kept and forgets it. */
static void flush(struct load_ranges *r)
{
    const struct held *open[129]; /* the ranges around the current one, each inside the one before */
    bool shared[129];             /* what became of them */
    unsigned depth = 0;

    if (r->count > 0)
        qsort(r->list, r->count, sizeof(*r->list), compare);
    for (size_t i = 0, end; i < r->count && load_goes_on(r->f); i = end) {
        const struct held *h = &r->list[i];
        bool is_shared = h->shared;
        for (end = i + 1; end < r->count && same_prefix(h, &r->list[end]); end++)
            is_shared |= r->list[end].shared;
        r->merged += end - i - 1;
        while (depth > 0 && !prefix_has(&open[depth - 1]->prefix, &h->prefix.addr))
            depth--;
        is_shared |= h->generic && depth > 0 && shared[depth - 1];
        hand_on(r, h, is_shared);
        open[depth] = h;
        shared[depth++] = is_shared;
    }
    r->count = r->tag_bytes = 0;
    pool_done(&r->tags);
    pool_init(&r->tags, &r->key);
}

/* Room for one more and its tag. False without memory, which was reported. */
static bool make_room(struct load_ranges *r, struct span tag, uint32_t *ret_tag)
{
    uint32_t known = r->tags.count;

    if (r->count == HELD_MAX || r->tag_bytes >= TAGS_MAX)
        flush(r);
    if (grow(&r->list, &r->cap, r->count + 1, sizeof(*r->list)) < 0 || pool_add(&r->tags, tag, ret_tag) < 0) {
        no_memory(r->f);
        return false;
    }
    r->tag_bytes += r->tags.count > known ? tag.len : 0;
    return true;
}

void load_ranges_add(struct load_ranges *r, const struct load_range *range)
{
    struct normal n;
    uint32_t tag;

    normalise(range->value, NORMAL_WANT_ANY, &n);
    if ((n.kind != NORMAL_PREFIX && n.kind != NORMAL_ADDRESS) || guard_wide(&n.prefix)) {
        load_range(r->f, range->place, range->value, range->tag, range->shared); /* says what is wrong */
        return;
    }
    if (n.had_host_bits)
        load_warning(r->f, range->place, range->value, "bits behind the prefix length were cleared");
    if (!make_room(r, range->tag, &tag))
        return;
    r->list[r->count] = (struct held){.prefix = n.prefix,
                                      .place = range->place,
                                      .tag = tag,
                                      .order = (uint32_t)r->count,
                                      .rank = range->rank,
                                      .shared = range->shared,
                                      .generic = range->generic};
    r->count++;
}

void load_ranges_end(struct load_ranges *r)
{
    if (!r)
        return;
    flush(r);
    load_merged(r->f, r->merged);
    pool_done(&r->tags);
    free(r->list);
    free(r);
}

struct span load_ranges_hoster(const struct load_file *f, const char *own)
{
    const char *told = load_options(f)->hosting;

    return own ? span_str(own) : told ? span_str(told) : load_file_stem(f);
}

void load_ranges_part(struct text *tag, struct span part)
{
    if (part.len > LOAD_RANGE_PART_MAX)
        part.len = LOAD_RANGE_PART_MAX;
    if (part.len > 0 && tag->len > 0)
        text_char(tag, '/');
    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        text_char(tag, plain || (c && strchr("-._+", c)) ? (char)c : '_');
    }
}
