/* SPDX-License-Identifier: BSD-2-Clause */
/* The image in use and the file of known values, as the next load sees them. */
#include "intel/load_before.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/text.h"
#include "intel/load_diff.h"
#include "intel/load_known.h"
#include "intel/load_store.h"

#define FEED_SLOTS   4096u /* string ids of feeds that were asked for lately */
#define FEED_UNKNOWN UINT32_MAX

/* A file of this load, by the name that indicators carry. */
struct feed {
    uint64_t now, before;             /* entries in all files of this name; in the image before */
    const struct load_source *source; /* borrowed: the last of them */
    bool kept;
};

struct load_before {
    const struct load_report *report; /* borrowed */
    struct image *old;                /* owned, or NULL */
    struct load_known *known;         /* owned, or NULL */
    bool take_shrunk;
    struct pool names;  /* of feeds; their ids are rows of `feeds` */
    struct feed *feeds; /* owned */
    size_t room;
    bool no_memory;
    struct {
        uint32_t string; /* id in `old`, + 1 */
        uint32_t feed;   /* or FEED_UNKNOWN */
    } slot[FEED_SLOTS];
};

static void warn(const struct load_before *b, const char *path, const char *why)
{
    load_report_note(b->report, span_str(path), 0, 0, "warning", span_of(NULL, 0), why, "");
}

static void open_image(struct load_before *b, int fd)
{
    const char *why;
    char text[256];

    b->old = image_map(fd, false, &why);
    if (b->old != NULL)
        return;
    struct text t = text_on(text, sizeof text);
    text_fmt(&t, "what changed cannot be told: %s", why);
    warn(b, "image in use", text);
}

static void open_known(struct load_before *b, int fd)
{
    const char *why = NULL;

    b->known = load_known_new(fd, &why);
    if (b->known == NULL)
        b->no_memory = true;
    else if (why != NULL)
        warn(b, "known values", why);
}

struct load_before *load_before_new(int image, int known, bool take_shrunk, const struct load_report *r)
{
    struct load_before *b = calloc(1, sizeof *b);
    struct hash_key key = {{0}}; /* names of files are the operator's, not an attacker's */

    if (b == NULL)
        return NULL;
    b->report = r;
    b->take_shrunk = take_shrunk;
    pool_init(&b->names, &key);
    if (image >= 0)
        open_image(b, image);
    if (known >= 0)
        open_known(b, known);
    if (!b->no_memory)
        return b;
    load_before_free(b);
    return NULL;
}

void load_before_free(struct load_before *b)
{
    if (b == NULL)
        return;
    image_unmap(b->old);
    load_known_free(b->known);
    pool_done(&b->names);
    free(b->feeds);
    free(b);
}

void loader_before(struct loader *l, struct load_before *b)
{
    l->before = b;
}

void load_before_file(struct load_before *b, const struct load_source *s, const struct load_file *f)
{
    uint32_t id, count = b == NULL ? 0 : b->names.count;

    if (b == NULL || b->old == NULL)
        return;
    if (pool_add(&b->names, span_str(s->feed), &id) < 0 ||
        grow(&b->feeds, &b->room, (size_t)id + 1, sizeof *b->feeds) < 0) {
        b->no_memory = true;
        return;
    }
    if (id == count)
        b->feeds[id] = (struct feed){0};
    b->feeds[id].source = s;
    /* What is left out on purpose was listed all the same. */
    b->feeds[id].now +=
        f->count[LOAD_LOADED] + f->count[LOAD_DUPLICATE] + f->count[LOAD_ALLOWED] + f->count[LOAD_WITHDRAWN];
}

/* The feed of a row of METAS of the image before. */
static struct feed *feed_of(struct load_before *b, const uint8_t *meta)
{
    uint32_t string = le32(meta + META_AT_FEED), id = FEED_UNKNOWN;
    unsigned slot = string % FEED_SLOTS;
    struct span name;

    if (b->slot[slot].string != string + 1) {
        if (image_string(b->old, string, &name) && name.len < PATH_MAX)
            pool_find(&b->names, name, &id);
        b->slot[slot].string = string + 1;
        b->slot[slot].feed = id;
    }
    id = b->slot[slot].feed;
    return id == FEED_UNKNOWN ? NULL : &b->feeds[id];
}

static void count_before(struct load_before *b)
{
    struct image_walk walk = {0};
    struct image_record rec;

    for (uint32_t id = 0; id < b->old->iocs; id++) {
        struct feed *feed = image_walk(b->old, &walk, id, &rec) ? feed_of(b, rec.meta) : NULL;
        /* Who takes exceptions away wants to be told again: they are not missed. */
        if (feed != NULL && rec.meta[META_AT_TYPE] != IOC_EXCEPTION)
            feed->before++;
    }
}

/* The value as a feed would write it. */
static struct span written(const struct ioc *ioc, char *buf, size_t bytes)
{
    struct text t = text_on(buf, bytes);

    if (ioc->type != IOC_JA3)
        return ioc->value;
    text_str(&t, "ja3:");
    text_raw(&t, ioc->value);
    return text_span(&t);
}

/* Loads an indicator of the image before again, once for each source. Guards and options of today hold; an
 * address was judged, or meant although it looks wrong. */
static void load_again(struct load_file *f, const struct ioc *ioc)
{
    struct load_origin origin = {.campaigns = ioc->campaigns,
                                 .reference = ioc->reference,
                                 .licence = ioc->licence};
    char buf[NAME_TEXT_MAX + 8];
    struct load_entry e = {.value = written(ioc, buf, sizeof buf),
                           .place = {.line = ioc->line},
                           .want = ioc->type == IOC_CERT ? NORMAL_WANT_CERT : NORMAL_WANT_ANY,
                           .exact = ioc->type == IOC_NAME || ioc_is_address(ioc->type),
                           .exception = ioc->type == IOC_EXCEPTION,
                           .tier = ioc->tier,
                           .origin = &origin,
                           .comment = ioc->comment,
                           .from_s = ioc->from_s,
                           .until_s = ioc->until_s,
                           .rebuilt = ioc->rebuilt};

    memcpy(origin.campaign, ioc->campaign, sizeof origin.campaign);
    for (unsigned i = 0; i == 0 || i < ioc->sources; i++) {
        origin.source = ioc->source[i];
        load_entry(f, &e);
    }
}

/* Ends the file whose entries were loaded again; they are not in its counts. */
static void end_file(struct load_before *b, struct load_file *f)
{
    load_queue_flush(f);
    if (f->gave_up)
        load_report_note(b->report, span_str(f->path), 0, 0, "error", span_of(NULL, 0),
                         "not all of its entries could be kept: there is no room", "");
}

/* Loads again what stood in kept feeds. An image holds entries file by file. */
static void keep_entries(struct load_before *b, struct loader *l)
{
    struct image_walk walk = {0};
    struct image_record rec;
    struct load_file f = {0};
    const struct feed *in = NULL;
    uint32_t notes = (uint32_t)l->notes;
    struct ioc ioc;

    for (uint32_t id = 0; id < b->old->iocs; id++) {
        const struct feed *feed = image_walk(b->old, &walk, id, &rec) ? feed_of(b, rec.meta) : NULL;
        if (feed == NULL || !feed->kept || !image_ioc(b->old, id, &ioc))
            continue;
        if (feed != in) {
            if (in != NULL)
                end_file(b, &f);
            load_file_begin(&f, l, feed->source);
            f.silent = true;
            in = feed;
        }
        if (!f.gave_up && load_goes_on(&f))
            load_again(&f, &ioc);
    }
    if (in != NULL)
        end_file(b, &f);
    l->notes = notes; /* nothing was told */
}

void load_before_keep(struct load_before *b, struct loader *l)
{
    bool any = false;

    if (b != NULL && b->no_memory)
        l->no_memory = true;
    if (b == NULL || b->old == NULL || b->take_shrunk || l->no_memory)
        return;
    count_before(b);
    for (uint32_t i = 0; i < b->names.count; i++) {
        struct feed *feed = &b->feeds[i];
        feed->kept = feed->now * 2 < feed->before;
        if (feed->kept)
            load_report_kept(b->report, span_str(feed->source->path), feed->now, feed->before);
        any |= feed->kept;
    }
    if (any)
        keep_entries(b, l);
}

bool load_before_kept(const struct load_before *b, const char *feed)
{
    uint32_t id;

    return b != NULL && pool_find(&b->names, span_str(feed), &id) && b->feeds[id].kept;
}

/* A pass over all entries that were built. */
struct pass {
    struct load_before *before;
    struct build *build;
    uint16_t today; /* 0: the clock cannot be right */
};

static uint16_t day_of(int64_t now_s)
{
    int64_t day = now_s / DAY_SECONDS - IMAGE_DAY_ZERO;
    return day < 0 ? 0 : day > UINT16_MAX ? UINT16_MAX : (uint16_t)day;
}

/* The earlier of two days, of which either may not be known; none lies in the future. */
static uint16_t earlier(const struct pass *p, uint16_t a, uint16_t b)
{
    uint16_t day = a == 0 || (b != 0 && b < a) ? b : a;
    return p->today != 0 && day > p->today ? p->today : day;
}

/* Its day so far is that of the image before, or today if that has not got the value, or is not known. */
static uint16_t judge(void *ctx, uint32_t id, enum load_known_says says, uint16_t known)
{
    struct pass *p = ctx;
    uint16_t day = build_day_of(p->build, id);

    if (says == LOAD_KNOWN_NEW && day == 0)
        day = p->today;
    else if (says == LOAD_KNOWN_ROW && known == 0 && day == p->today)
        day = 0; /* it was loaded before, nobody knows when */
    day = earlier(p, day, known);
    build_day(p->build, id, day);
    return day;
}

/* The day of an entry by the image before alone. */
static uint16_t day_before(const struct pass *p, const struct load_diff_entry *e)
{
    return p->before->old == NULL ? 0 : e->id == UINT32_MAX ? p->today : earlier(p, e->day, 0);
}

static void pass_over(struct pass *p, struct load_diff *diff)
{
    struct load_known *known = p->before->known;
    struct load_diff_entry list[LOAD_DIFF_MANY] = {0};
    struct build_entry e = BUILD_ENTRIES_START;
    bool more = build_count(p->build) > 0;

    while (more) {
        unsigned n = 0;
        while (n < LOAD_DIFF_MANY && (more = build_entries_next(&p->build->entries, &e)))
            list[n++].entry = e;
        if (diff != NULL)
            load_diff_entries(diff, list, n);
        for (unsigned i = 0; i < n; i++) {
            uint8_t type = build_meta_type(p->build, list[i].entry.meta);
            build_day(p->build, list[i].entry.id, day_before(p, &list[i]));
            if (known != NULL)
                load_known_add(known, image_value_key(type, list[i].entry.text), list[i].entry.id);
        }
    }
}

int load_before_compare(struct load_before *b, struct build *build, int64_t now_s, int fd, int64_t *ret_known)
{
    struct pass p = {b, build, day_of(now_s)};
    struct load_diff *diff = NULL;
    bool same = true;
    uint32_t rows;

    *ret_known = -1;
    build_end(build);
    if (b->old == NULL && b->known == NULL)
        return 0;
    if (b->old != NULL && (diff = calloc(1, sizeof *diff)) == NULL)
        return -ENOMEM;
    int err = build_days(build);
    if (p.today == 0 && b->known != NULL)
        p.today = load_known_last_day(b->known);
    if (err == 0 && diff != NULL)
        err = load_diff_init(diff, b->old, build, b->report);
    if (err == 0 && b->known != NULL)
        err = load_known_expect(b->known, build_count(build));
    if (err == 0)
        pass_over(&p, diff);
    if (err == 0 && diff != NULL)
        load_diff_finish(diff);
    if (err == 0 && b->known != NULL)
        err = load_known_write(b->known, p.today, judge, &p, fd, &same, &rows);
    if (err == 0 && b->known != NULL && !same)
        *ret_known = rows;
    if (diff != NULL)
        load_diff_done(diff);
    free(diff);
    return err;
}
