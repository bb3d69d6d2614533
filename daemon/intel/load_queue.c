/* SPDX-License-Identifier: BSD-2-Clause */
/* The few entries between reading and building. With millions of them the builder waits for memory at each;
 * told of them before, it does not. */
#include <inttypes.h>

#include "intel/load_store.h"

/* As much as is kept of a text; never half a UTF-8 character. */
static struct span kept(struct span s)
{
    if (s.len > LOAD_TEXT_BYTES_MAX)
        for (s.len = LOAD_TEXT_BYTES_MAX; s.len > 0 && (s.at[s.len] & 0xc0) == 0x80; s.len--)
            ;
    return s;
}

static struct span copy(void *to, struct span s)
{
    s = kept(s);
    if (s.len > 0)
        memcpy(to, s.at, s.len);
    return span_of(to, s.len);
}

static bool same(struct span a, struct span b)
{
    return span_eq(a, kept(b));
}

/* The feed knows best whose it is, else the configuration. */
static struct span source_of(const struct load_file *f, const struct load_origin *o)
{
    const char *source = f->config->o.source;

    return o->source.len > 0 || !source ? o->source : span_str(source);
}

/* Whether what the entries in the queue have in common is that of another one, too. */
static bool same_origin(const struct load_queue *q, const struct load_origin *o, struct span source)
{
    if (q->origin.campaigns != o->campaigns || !same(q->origin.source, source) ||
        !same(q->origin.reference, o->reference) || !same(q->origin.licence, o->licence))
        return false;
    for (unsigned i = 0; i < o->campaigns; i++)
        if (!same(q->origin.campaign[i], o->campaign[i]))
            return false;
    return true;
}

static void take_origin(struct load_queue *q, const struct load_origin *o, struct span source)
{
    q->origin.campaigns = o->campaigns;
    for (unsigned i = 0; i < o->campaigns; i++)
        q->origin.campaign[i] = copy(q->text[i], o->campaign[i]);
    q->origin.source = copy(q->text[IMAGE_CAMPAIGNS_MAX], source);
    q->origin.reference = copy(q->text[IMAGE_CAMPAIGNS_MAX + 1], o->reference);
    q->origin.licence = copy(q->text[IMAGE_CAMPAIGNS_MAX + 2], o->licence);
}

static void tell_merged(struct load_file *f, const struct load_waiting *w, const struct indicator *first)
{
    char buf[PREFIX_TEXT_MAX], where[256];
    struct span value = w->ind.name.len > 0 ? w->ind.name : span_str(prefix_text(&w->ind.prefix, buf));
    struct text t = text_on(where, sizeof(where));

    text_raw(&t, first->feed);
    if (first->line > 0)
        text_fmt(&t, ":%" PRIu32, first->line);
    struct span id = f->id;
    f->id = span_of(NULL, 0); /* that of another entry, which came later */
    load_note(f, LOAD_DUPLICATE, w->place, value, "listed before in %s; the campaigns are merged", where);
    f->id = id;
}

/* Gives the oldest to the builder, once for each campaign. */
static void build_oldest(struct load_file *f)
{
    struct loader *l = f->loader;
    struct load_queue *q = &l->queue;
    struct load_waiting *w = &q->at[q->first];
    struct indicator first;

    q->first = (q->first + 1) % LOAD_QUEUE_MAX;
    q->count--;
    for (unsigned i = 0; i == 0 || i < q->origin.campaigns; i++) {
        w->ind.campaign = q->origin.campaigns > 0 ? q->origin.campaign[i] : f->campaign;
        enum build_added added = build_expected(l->build, &w->ind, w->hash, &first);
        if (added == BUILD_NO_MEMORY) {
            l->no_memory = true;
            return;
        }
        if (i == 0 && added == BUILD_MERGED)
            tell_merged(f, w, &first);
        else if (i == 0)
            f->count[LOAD_LOADED]++;
    }
}

void load_queue_flush(struct load_file *f)
{
    while (f->loader->queue.count > 0)
        build_oldest(f);
}

struct load_waiting *load_queue_slot(struct load_file *f, const struct load_origin *o)
{
    struct load_queue *q = &f->loader->queue;
    struct span source = source_of(f, o);

    if (q->count == LOAD_QUEUE_MAX)
        build_oldest(f);
    if (!same_origin(q, o, source)) {
        load_queue_flush(f);
        take_origin(q, o, source);
    }
    return &q->at[(q->first + q->count) % LOAD_QUEUE_MAX];
}

void load_queue_put(struct load_file *f, struct load_waiting *w, struct span comment)
{
    struct load_queue *q = &f->loader->queue;

    w->ind.comment = copy(w->comment, comment);
    w->ind.source = q->origin.source;
    w->ind.reference = q->origin.reference;
    w->ind.licence = q->origin.licence;
    w->hash = build_expect(f->loader->build, &w->ind);
    q->count++;
}
