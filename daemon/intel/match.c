/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking values up: the line that decides a match is in `names_at`, `addr_at` and `match_value`. */
#include "intel/match.h"

#include "intel/digest.h"
#include "intel/image_format.h"

const char *const match_names[MATCH_EXCEPTION + 1] = {
    [MATCH_NONE] = "none",     [MATCH_EXACT] = "exact",         [MATCH_BELOW] = "below",
    [MATCH_PREFIX] = "prefix", [MATCH_EXCEPTION] = "exception",
};

/* What decides when several entries have the same name; 0: does not apply. */
static unsigned rank(uint8_t type, bool whole)
{
    switch (type) {
    case IOC_EXCEPTION:
        return 3;
    case IOC_NAME:
        return whole ? 2 : 0;
    case IOC_DOMAIN:
        return 1;
    default:
        return 0;
    }
}

/* The entries for exactly `suffix`; `whole`: it is the full name that was asked for. */
static bool names_at(const struct image *im, struct span suffix, uint64_t hash, bool whole, struct match *ret)
{
    struct table_walk walk = table_walk(&im->names, hash);
    unsigned best = 0;
    uint32_t id;

    while (table_next(&walk, &id)) {
        struct image_record rec;
        if (!image_record(im, id, &rec) || !span_eq(rec.text, suffix))
            continue;
        unsigned r = rank(rec.meta[META_AT_TYPE], whole);
        if (r <= best)
            continue;
        best = r;
        ret->ioc = id;
        ret->how = r == 3 ? MATCH_EXCEPTION : whole ? MATCH_EXACT : MATCH_BELOW;
    }
    return best > 0;
}

struct match match_name(const struct image *im, struct span name)
{
    struct {
        uint64_t hash;
        size_t start;
    } suffix[IMAGE_LABELS_MAX]; /* of as many labels as something listed has, shortest first */
    struct name_walk walk = name_walk(&im->key, name);
    size_t start = name.len;
    unsigned n = 0;
    uint64_t h;
    struct match found = {0};

    if (name.len == 0 || im->name_filter.n == 0)
        return found;
    /* All words of the filter are called for before the first is looked at: a name that is not listed costs
     * the time of one cache miss, not of one a label. */
    for (unsigned depth = 1; depth <= IMAGE_LABELS_MAX && start > 0; depth++) {
        start = name_next(&im->key, &walk, &h);
        if ((im->depths[depth / 64] >> depth % 64 & 1) == 0)
            continue;
        filter_prefetch(&im->name_filter, h);
        suffix[n].hash = h;
        suffix[n++].start = start;
    }
    while (n-- > 0) {
        start = suffix[n].start;
        if (filter_has(&im->name_filter, suffix[n].hash) &&
            names_at(im, span_of(name.at + start, name.len - start), suffix[n].hash, start == 0, &found))
            return found;
    }
    return (struct match){0};
}

/* The entry for the prefix of `bits` around the address. */
static bool addr_at(const struct image *im, const struct addr *a, unsigned bits, uint64_t hash,
                    struct match *ret)
{
    struct addr net = addr_mask(a, bits);
    struct table_walk walk = table_walk(&im->addrs, hash);
    struct span rows = im->section[IMAGE_ADDRS];
    uint32_t i;

    while (table_next(&walk, &i)) {
        if (i >= rows.len / IMAGE_ADDR_ROW)
            continue;
        const uint8_t *row = rows.at + (size_t)IMAGE_ADDR_ROW * i;
        uint32_t id = le32(row + 20);
        if (row[16] != bits || memcmp(row, net.b, 16) != 0 || id >= im->iocs)
            continue;
        *ret = (struct match){.ioc = id, .how = bits == 128 ? MATCH_EXACT : MATCH_PREFIX};
        return true;
    }
    return false;
}

struct match match_addr(const struct image *im, const struct addr *a)
{
    const struct image_levels *l = &im->levels[addr_is_v4(a)];
    uint64_t hash[129];
    struct match found = {0};

    for (unsigned i = 0; i < l->count; i++) {
        unsigned from = l->level[i].from, to = l->level[i].to;
        if (!filter_has(&im->addr_filter, addr_hash(&im->key, a, l->level[i].bits)))
            continue;
        for (unsigned k = from; k < to; k++) {
            hash[k] = addr_hash(&im->key, a, l->length[k]);
            table_prefetch(&im->addrs, hash[k]);
        }
        for (unsigned k = from; k < to; k++)
            if (addr_at(im, a, l->length[k], hash[k], &found))
                return found;
    }
    return found;
}

/* The row of ADDRS for exactly this prefix. */
static bool find_prefix(const struct image *im, const struct prefix *p, uint32_t *ret_id)
{
    struct match found;

    if (!addr_at(im, &p->addr, p->bits, addr_hash(&im->key, &p->addr, p->bits), &found))
        return false;
    *ret_id = found.ioc;
    return true;
}

bool image_find(const struct image *im, uint8_t type, struct span text, uint32_t *ret_id)
{
    struct prefix p;
    uint32_t id;

    if (ioc_is_address(type))
        return prefix_parse(text, &p, NULL) && find_prefix(im, &p, ret_id);
    uint64_t hash =
        ioc_is_digest(type) ? digest_hash(&im->key, type, text) : text_hash(&im->key, im->key.k[0], text);
    if (!filter_has(&im->name_filter, hash))
        return false;
    struct table_walk walk = table_walk(&im->names, hash);
    while (table_next(&walk, &id)) {
        struct image_record rec;
        if (image_record(im, id, &rec) && rec.meta[META_AT_TYPE] == type && span_eq(rec.text, text))
            return *ret_id = id, true;
    }
    return false;
}

bool image_has_type(const struct image *im, enum ioc_type type)
{
    return type < IOC_TYPES && (im->types >> type & 1);
}

struct match match_value(const struct image *im, enum ioc_type type, struct span text)
{
    uint8_t folded[DIGEST_TEXT_MAX];
    uint32_t id;

    if (!ioc_is_digest((uint8_t)type) || !image_has_type(im, type) || text.len > sizeof folded)
        return (struct match){0};
    for (size_t i = 0; i < text.len; i++)
        folded[i] = (uint8_t)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + 32 : text.at[i]);
    text = span_of(folded, text.len);
    if (image_find(im, (uint8_t)type, text, &id))
        return (struct match){.ioc = id, .how = MATCH_EXACT};
    return (struct match){0};
}
