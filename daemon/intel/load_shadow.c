/* SPDX-License-Identifier: BSD-2-Clause */
/* What a broader entry makes superfluous is known when all files were read, and told to the file that has it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "intel/build_shadow.h"
#include "intel/load_store.h"

struct finder {
    struct loader *l;
    struct load_source **by_feed; /* owned: sorted */
    struct load_source *last;     /* the one found last: the next is mostly the same */
};

static int compare(const void *va, const void *vb)
{
    const struct load_source *const *a = va, *const *b = vb;

    return strcmp((*a)->feed, (*b)->feed);
}

static struct load_source *source_of(struct finder *f, struct span feed)
{
    size_t low = 0, high = f->l->source_count;

    if (f->last && span_eq(span_str(f->last->feed), feed))
        return f->last;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct load_source *s = f->by_feed[mid];
        size_t len = strlen(s->feed);
        int c = memcmp(s->feed, feed.at, len < feed.len ? len : feed.len);
        if (c == 0 && len == feed.len)
            return f->last = s;
        if (c < 0 || (c == 0 && len < feed.len))
            low = mid + 1;
        else
            high = mid;
    }
    return NULL; /* of an earlier load: its list shrank and it was kept */
}

static void tell(void *ctx, const struct build_shadow *shadow)
{
    struct finder *f = ctx;
    struct load_source *s = source_of(f, shadow->feed);
    char text[512];
    struct text t = text_on(text, sizeof(text));

    if (!s || ++s->count[LOAD_SHADOWED] > LOAD_FEW_MAX || f->l->notes >= LOAD_NOTES_TOTAL_MAX)
        return;
    f->l->notes++;
    text_str(&t, "covered by ");
    text_raw(&t, shadow->by_value);
    text_str(&t, " in ");
    text_raw(&t, shadow->by_feed);
    if (shadow->by_line > 0)
        text_fmt(&t, ":%" PRIu32, shadow->by_line);
    text_str(&t, ", which is as grave: this one adds nothing");
    load_report_note(f->l->report, span_str(s->path), shadow->line, 0, load_count_names[LOAD_SHADOWED],
                     shadow->value, text, "");
}

void load_shadows(struct loader *l)
{
    struct finder f = {.l = l, .by_feed = calloc(l->source_count + 1, sizeof(*f.by_feed))};

    if (!f.by_feed) {
        l->no_memory = true;
        return;
    }
    for (size_t i = 0; i < l->source_count; i++)
        f.by_feed[i] = &l->sources[i];
    qsort(f.by_feed, l->source_count, sizeof(*f.by_feed), compare);
    if (!build_shadows(l->build, tell, &f) && l->source_count > 0)
        load_report_note(l->report, span_str(l->sources[0].path), 0, 0, "advice", span_of(NULL, 0),
                         "what broader entries make superfluous was not looked for: there are too many", "");
    for (size_t i = 0; i < l->source_count; i++)
        if (l->sources[i].count[LOAD_SHADOWED] > LOAD_FEW_MAX)
            load_note_more(l, l->sources[i].path, load_count_names[LOAD_SHADOWED],
                           l->sources[i].count[LOAD_SHADOWED] - LOAD_FEW_MAX);
    free(f.by_feed);
}
