/* SPDX-License-Identifier: BSD-2-Clause */
/* One line per alert on standard output, for people: when, how severe, who, what, where, whose. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/line_file.h"
#include "report/output.h"
#include "report/phrase.h"

/* Names and campaigns at their longest, every byte as \DDD. */
#define LINE_MAX_BYTES 16384

struct human {
    struct line_file file;
    uint64_t too_long;
};

static int human_open(const struct output_context *context, void **ret)
{
    if (!context->options->human)
        return 0;
    struct human *h = calloc(1, sizeof *h);
    if (h == NULL)
        return -ENOMEM;
    line_file_open(&h->file, "-", context->options->replay);
    *ret = h;
    return 1;
}

static void put_how_much(struct text *t, const struct alert *a)
{
    const struct incident *in = a->incident;

    if (in->stage == STAGE_EXCHANGED && (in->bytes_out > 0 || in->bytes_in > 0))
        text_fmt(t, ", %" PRIu64 " bytes out, %" PRIu64 " in", in->bytes_out, in->bytes_in);
    phrase_blocked(t, in->blocked, in->blocked_by);
    if (a->why == WHY_REPEAT && !(a->record != NULL && a->record->blocked != BLOCKED_NOT)) {
        text_str(t, ", again: ");
        phrase_count(t, in->count, "sighting", "sightings");
        text_str(t, " since ");
        text_time_human(t, in->first_ns);
    }
}

static void put_doubts(struct text *t, unsigned flags)
{
    if (flags & RECORD_MIDSTREAM)
        text_str(t, ", start of the stream not seen");
    if (flags & RECORD_CONFLICT)
        text_str(t, ", one of several readings");
    if (flags & RECORD_VIA_RESOLVER)
        text_str(t, ", asked for through a resolver");
}

static void put_sources(struct text *t, const struct ioc_copy *ioc)
{
    for (unsigned i = 0; i < ioc->sources; i++)
        text_fmt(t, i == 0 ? " [%s" : ", %s", ioc->source[i]);
    if (ioc->sources > 0)
        text_char(t, ']');
}

static void human_alert(void *self, const struct alert *a)
{
    struct human *h = self;
    const struct ioc_copy *ioc = a->incident->ioc;
    char buf[LINE_MAX_BYTES], client[ADDR_TEXT_MAX];
    struct text t = text_on(buf, sizeof buf);

    if (a->why == WHY_CLOSED || a->at_end)
        return; /* the closing summary tells it */
    text_time_human(&t, a->ts_ns);
    text_fmt(&t, " UTC  ALERT %u  %-15s %s ", a->severity, addr_text(&a->where.client, client),
             phrase_verb(a->stage, a->where.via, a->where.flags));
    phrase_object(&t, a);
    phrase_place(&t, a);
    put_how_much(&t, a);
    text_str(&t, " — ");
    alert_campaigns(&t, ioc);
    if (ioc->tier != TIER_UNKNOWN)
        text_fmt(&t, ", %s", tier_words[ioc->tier]);
    text_fmt(&t, ", %s", via_names[a->where.via]);
    put_doubts(&t, a->where.flags);
    phrase_grade(&t, a);
    put_sources(&t, ioc);
    text_char(&t, '\n');
    if (t.full)
        h->too_long++;
    else
        line_file_write(&h->file, t.at, t.len);
}

static uint64_t human_errors(const void *self)
{
    const struct human *h = self;
    return h->file.lost + h->too_long;
}

const struct output output_human = {
    .name = "human",
    .open = human_open,
    .alert = human_alert,
    .errors = human_errors,
    .close = free,
};
