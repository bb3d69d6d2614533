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

/* The entry for the prefix of `bits` around the address. In line: on the way of each packet. */
static inline __attribute__((always_inline)) bool addr_at(const struct image *im, const struct addr *a,
                                                          unsigned bits, uint64_t hash, struct match *ret)
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

/* What is asked for next is called for, one step a call: the filter's word and the bucket; where the record's
 * group begins; the record. False: there is no such record. */
static bool call_for(const struct image *im, struct image_search *s)
{
    struct span groups = im->section[IMAGE_GROUPS], records = im->section[IMAGE_RECORDS];

    switch (s->steps++) {
    case 0:
        s->hash = ioc_is_digest(s->type) ? digest_hash(&im->key, s->type, s->text)
                                         : text_hash(&im->key, im->key.k[0], s->text);
        filter_prefetch(&im->name_filter, s->hash);
        table_prefetch(&im->names, s->hash);
        return true;
    case 1:
        s->walk = table_walk(&im->names, s->hash);
        if (!filter_has(&im->name_filter, s->hash) || !table_next(&s->walk, &s->id))
            return false;
        __builtin_prefetch(groups.at + (s->id < im->iocs ? s->id / IMAGE_GROUP * 4 : 0));
        return true;
    default: {
        uint32_t at = s->id < im->iocs ? le32(groups.at + s->id / IMAGE_GROUP * 4) : 0;
        __builtin_prefetch(records.at + (at < records.len ? at : 0));
        __builtin_prefetch(records.at + (at < records.len ? at : 0) + 64);
        return true;
    }
    }
}

/* Of what was called for, the one record that it is. */
static bool verify(const struct image *im, struct image_search *s)
{
    do
        if (image_record(im, s->id, &s->record) && s->record.meta[META_AT_TYPE] == s->type &&
            span_eq(s->record.text, s->text))
            return true;
    while (table_next(&s->walk, &s->id));
    return false;
}

static bool find_address(const struct image *im, struct image_search *s)
{
    struct prefix p;

    return prefix_parse(s->text, &p, NULL) && find_prefix(im, &p, &s->id) &&
           image_record(im, s->id, &s->record) && s->record.meta[META_AT_TYPE] == s->type;
}

void image_find(const struct image *im, struct image_search *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        list[i].found = !ioc_is_address(list[i].type) && im->name_filter.n > 0 && im->names.buckets > 0;
    for (unsigned step = 0; step < IMAGE_SEARCH_STEPS; step++)
        for (unsigned i = 0; i < count; i++)
            list[i].found = list[i].found && call_for(im, &list[i]);
    for (unsigned i = 0; i < count; i++)
        list[i].found =
            ioc_is_address(list[i].type) ? find_address(im, &list[i]) : list[i].found && verify(im, &list[i]);
}

bool image_has_type(const struct image *im, enum ioc_type type)
{
    return type < IOC_TYPES && (im->types >> type & 1);
}

struct match match_value(const struct image *im, enum ioc_type type, struct span text)
{
    uint8_t folded[DIGEST_TEXT_MAX];
    struct image_search search = {.type = (uint8_t)type};

    if (!ioc_is_digest((uint8_t)type) || !image_has_type(im, type) || text.len > sizeof folded)
        return (struct match){0};
    for (size_t i = 0; i < text.len; i++)
        folded[i] = (uint8_t)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + 32 : text.at[i]);
    search.text = span_of(folded, text.len);
    image_find(im, &search, 1);
    if (search.found)
        return (struct match){.ioc = search.id, .how = MATCH_EXACT};
    return (struct match){0};
}
