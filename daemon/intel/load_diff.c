/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing what was built with the image before, whose bytes may be hostile. */
#include "intel/load_diff.h"

#include <errno.h>

#include "intel/load_wire.h"

#define REMOVED_ROOM 200u /* of the lines that may be told, for what was removed: it is known last */

int load_diff_init(struct load_diff *d, const struct image *old, const struct build *b,
                   const struct load_report *r)
{
    *d = (struct load_diff){.old = old, .build = b, .report = r, .ahead_id = UINT32_MAX};
    return region_grow(&d->found, old->iocs / 8 + 1);
}

void load_diff_done(struct load_diff *d)
{
    region_done(&d->found);
}

static bool is_found(const struct load_diff *d, uint32_t id)
{
    return d->found.at[id / 8] >> id % 8 & 1;
}

/* Whether this is the entry behind the last that was found. */
static bool is_next(struct load_diff *d, uint8_t type, struct span text)
{
    if (d->ahead_id != d->next) {
        d->ahead_id = d->next;
        d->has_ahead = image_walk(d->old, &d->walk, d->next, &d->ahead);
    }
    return d->has_ahead && d->ahead.meta[META_AT_TYPE] == type && span_eq(d->ahead.text, text);
}

static bool has_text(const struct span *list, unsigned n, struct span text)
{
    for (unsigned i = 0; i < n; i++)
        if (span_eq(list[i], text))
            return true;
    return false;
}

/* Whether two sets hold the same texts, in whatever order. */
static bool same_set(const struct load_diff *d, const uint8_t *old, const uint8_t *new, unsigned at)
{
    struct span list[IMAGE_CAMPAIGNS_MAX], set = pool_get(&d->build->sets, le32(new + at));
    unsigned n;

    _Static_assert(IMAGE_CAMPAIGNS_MAX == IMAGE_SOURCES_MAX, "both kinds of sets fit");
    if (!image_set(d->old, le32(old + at), list, IMAGE_CAMPAIGNS_MAX, &n) || n != set.len / 4)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (!has_text(list, n, pool_get(&d->build->strings, le32(set.at + (size_t)4 * i))))
            return false;
    return true;
}

static bool same_row(const struct load_diff *d, const uint8_t *old, const uint8_t *new)
{
    return old[META_AT_TIER] == new[META_AT_TIER] &&
           ((old[META_AT_FLAGS] ^ new[META_AT_FLAGS]) & META_LOW_TRUST) == 0 &&
           le64(old + META_AT_FROM) == le64(new + META_AT_FROM) &&
           le64(old + META_AT_UNTIL) == le64(new + META_AT_UNTIL) &&
           same_set(d, old, new, META_AT_CAMPAIGNS) && same_set(d, old, new, META_AT_SOURCES);
}

/* Whether a row of METAS says the same as one before: asked again and again of few pairs. */
static bool same_meta(struct load_diff *d, const uint8_t *old, uint32_t meta)
{
    uint64_t row = (uint64_t)(old - d->old->section[IMAGE_METAS].at) / META_BYTES;
    uint64_t rows = (row << 32 | meta) + 1;
    unsigned slot = (unsigned)((row * 31 + meta) % LOAD_DIFF_PAIRS);

    if (d->pair[slot].rows != rows) {
        d->pair[slot].rows = rows;
        d->pair[slot].same = same_row(d, old, pool_get(&d->build->metas, meta).at);
    }
    return d->pair[slot].same;
}

static void tell(struct load_diff *d, const char *what, uint8_t type, struct span value, struct span feed)
{
    d->told++;
    load_report_change(d->report, what, ioc_type_names[type], value, feed);
}

/* Tells of an entry that was changed, or is new: then without `meta`, the row of before. */
static void judge(struct load_diff *d, const struct build_entry *e, const uint8_t *meta)
{
    const uint8_t *row = pool_get(&d->build->metas, e->meta).at;
    struct span feed = pool_get(&d->build->strings, le32(row + META_AT_FEED));

    if (meta != NULL && same_meta(d, meta, e->meta))
        return;
    ++*(meta == NULL ? &d->added : &d->changed);
    if (d->told < LOADER_CHANGES_MAX - REMOVED_ROOM)
        tell(d, meta == NULL ? "added" : "changed", row[META_AT_TYPE], e->text, feed);
}

static void take_found(struct load_diff *d, struct load_diff_entry *e, uint32_t id)
{
    e->id = id;
    e->day = image_first_day(d->old, id);
    d->found.at[id / 8] |= (uint8_t)(1u << id % 8);
}

void load_diff_entries(struct load_diff *d, struct load_diff_entry *list, unsigned count)
{
    unsigned searches = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct build_entry *e = &list[i].entry;
        uint8_t type = build_meta_type(d->build, e->meta);
        list[i].id = UINT32_MAX;
        list[i].day = 0;
        if (is_next(d, type, e->text)) {
            take_found(d, &list[i], d->next++);
            judge(d, e, d->ahead.meta);
        } else {
            d->place[searches] = (uint8_t)i;
            d->search[searches++] = (struct image_search){.text = e->text, .type = type};
        }
    }
    image_find(d->old, d->search, searches);
    for (unsigned i = 0; i < searches; i++) {
        const struct image_search *s = &d->search[i];
        struct load_diff_entry *e = &list[d->place[i]];
        if (s->found)
            take_found(d, e, s->id);
        judge(d, &e->entry, s->found ? s->record.meta : NULL);
    }
    if (searches > 0 && d->search[searches - 1].found)
        d->next = d->search[searches - 1].id + 1;
}

void load_diff_finish(struct load_diff *d)
{
    struct image_walk walk = {0};
    struct image_record rec;
    struct span feed;

    for (uint32_t id = 0; id < d->old->iocs; id++) {
        if (is_found(d, id) || !image_walk(d->old, &walk, id, &rec) || rec.meta[META_AT_TYPE] >= IOC_TYPES)
            continue;
        d->removed++;
        if (d->told < LOADER_CHANGES_MAX && image_string(d->old, le32(rec.meta + META_AT_FEED), &feed))
            tell(d, "removed", rec.meta[META_AT_TYPE], rec.text, feed);
    }
    load_report_diff(d->report, d->added, d->removed, d->changed);
}
