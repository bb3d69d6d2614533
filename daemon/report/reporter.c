/* SPDX-License-Identifier: BSD-2-Clause */
/* From records to alerts: the middle between incidents, which decide, and outputs, which tell. */
#include "report/reporter.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "intel/match.h"
#include "report/output.h"
#include "report/phrase.h"
#include "report/state.h"
#include "report/summary.h"

/* The state is written so long after the last time, and a millisecond more for each incident in it. */
#define SAVE_INTERVAL_NS (2 * SECOND_NS)
#define SAVE_EACH_NS     1000000u
/* Time that goes back by more than this is another capture, or a clock that was set: timers then go on from
 * where they were. Less is disorder, and timers wait. */
#define STEP_BACK_NS   (3600 * SECOND_NS)
#define TIME_MAX_NS    (UINT64_C(1) << 62)
#define WHOSE_TEXT_MAX 100

/* X(field, "name in stats events") besides what workers count */
#define REPORT_COUNTERS(X)                                                                                   \
    X(incidents, "report.incidents")                                                                         \
    X(alerts, "report.alerts")                                                                               \
    X(sightings, "report.sightings")                                                                         \
    X(observations, "report.observations")                                                                   \
    X(output_errors, "report.output_errors")                                                                 \
    X(incidents_evicted, "report.incidents_limit")                                                           \
    X(bad_records, "report.bad_records")

enum {
#define X(output) OUTPUT_##output,
    OUTPUTS(X)
#undef X
        OUTPUT_COUNT
};

static const struct output *const outputs[OUTPUT_COUNT] = {
#define X(output) &output,
    OUTPUTS(X)
#undef X
};

struct reporter {
    struct reporter_options options;
    struct output_context context;
    void *output[OUTPUT_COUNT]; /* owned; NULL: not wanted */
    struct incidents incidents;
    struct summary summary;
    struct reporter_totals totals;
    uint64_t clock_ns;  /* never goes back; 0: no time was seen yet */
    uint64_t offset_ns; /* what the clock is ahead of wall or packet time */
    uint64_t saved_at;
    bool changed, save_failed; /* since the state was written; the last writing failed */
};

static int open_outputs(struct reporter *r)
{
    for (unsigned i = 0; i < OUTPUT_COUNT; i++) {
        int e = outputs[i]->open(&r->context, &r->output[i]);
        if (e < 0)
            return e;
    }
    return 0;
}

/* Replay has its own time: it neither reads nor changes what live capture remembers. */
static bool has_state(const struct reporter *r)
{
    return !r->options.replay && r->options.state_dir != NULL && r->options.state_dir[0] != 0;
}

static void load_state(struct reporter *r)
{
    if (!has_state(r))
        return;
    int e = state_load(&r->incidents, r->options.state_dir);
    if (e != 0)
        log_warning("%s: cannot read open incidents: %s; they will alert again", r->options.state_dir,
                    strerror(-e));
}

int reporter_new(const struct reporter_options *o, reporter_source_fn source, void *ctx,
                 struct reporter **ret)
{
    struct reporter *r = calloc(1, sizeof *r);
    struct hash_key key;

    if (r == NULL)
        return -ENOMEM;
    r->options = *o;
    r->context = (struct output_context){&r->options, source, ctx};
    if (getrandom(&key, sizeof key, 0) != sizeof key) {
        free(r);
        return -EIO;
    }
    incidents_init(&r->incidents, &key, o->settings->incidents_max, o->settings->repeat_interval,
                   o->settings->close_after);
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error to count, not the end */
    int e = open_outputs(r);
    if (e != 0) {
        reporter_free(r);
        return e;
    }
    load_state(r);
    *ret = r;
    return 0;
}

void reporter_free(struct reporter *r)
{
    if (r == NULL)
        return;
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL)
            outputs[i]->close(r->output[i]);
    incidents_done(&r->incidents);
    summary_done(&r->summary);
    free(r);
}

static void tell(struct reporter *r, const struct alert *a)
{
    if (a->why != WHY_CLOSED)
        r->totals.alerts++;
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL)
            outputs[i]->alert(r->output[i], a);
}

/* Tells about an incident as a whole: a summary of repeats, or its end. */
static void tell_incident(struct reporter *r, const struct incident *in, enum why why, uint64_t ts_ns,
                          bool at_end)
{
    struct ageing age = ageing_of(r->options.settings, in->ioc, in->last_ns);
    struct alert a = {
        .ts_ns = ts_ns,
        .why = why,
        .severity = age.aged ? SEVERITY_LEAST : in->severity,
        .at_end = at_end,
        .incident = in,
        .age = age,
        .where = in->face,
        .stage = in->stage,
        .observed = in->observed,
        .hosting = in->hosting,
    };
    tell(r, &a);
}

static void close_incident(struct reporter *r, struct incident *in, uint64_t ts_ns, bool at_end)
{
    tell_incident(r, in, WHY_CLOSED, ts_ns, at_end);
    if (r->options.replay)
        summary_add(&r->summary, in);
    incidents_remove(&r->incidents, in);
    r->changed = true;
}

static void handle_due(struct reporter *r)
{
    struct incident_due due;

    while ((due = incidents_due(&r->incidents, r->clock_ns)).incident != NULL) {
        uint64_t ts_ns = due.at - r->offset_ns;
        if (due.why == WHY_CLOSED) {
            close_incident(r, due.incident, ts_ns, false);
        } else {
            tell_incident(r, due.incident, WHY_REPEAT, ts_ns, false);
            incident_told(&r->incidents, due.incident, due.at);
            r->changed = true;
        }
    }
}

static void advance(struct reporter *r, uint64_t now_ns)
{
    uint64_t now = (now_ns < TIME_MAX_NS ? now_ns : TIME_MAX_NS) + r->offset_ns;

    if (r->clock_ns == 0) {
        r->clock_ns = r->saved_at = now;
        incidents_settle(&r->incidents, now);
    }
    if (now + STEP_BACK_NS < r->clock_ns && r->clock_ns < TIME_MAX_NS) {
        r->offset_ns += r->clock_ns - now;
        now = r->clock_ns;
    }
    if (now > r->clock_ns)
        r->clock_ns = now;
    handle_due(r);
}

/* The incident that a sighting belongs to; NULL when it belongs to none and opens none. */
static struct incident *incident_of(struct reporter *r, const struct ioc *ioc, const struct record *rec)
{
    struct ioc_copy *copy = ioc_copy_get(&r->incidents.copies, ioc, rec->generation);

    if (copy == NULL)
        return NULL;
    struct incident *in = incidents_find(&r->incidents, copy, &rec->client);
    if (in != NULL || rec->flags & RECORD_UPDATE) {
        ioc_copy_release(&r->incidents.copies, copy);
        return in;
    }
    if (r->incidents.table.count >= r->incidents.max) {
        r->totals.incidents_evicted++;
        close_incident(r, incidents_oldest(&r->incidents), rec->ts_ns, false);
    }
    in = incidents_open(&r->incidents, copy, &rec->client, r->clock_ns);
    if (in == NULL)
        return NULL;
    alert_incident_id(copy, &rec->client, rec->ts_ns, r->options.sensor != NULL ? r->options.sensor : "",
                      in->id);
    r->totals.incidents++;
    return in;
}

/* Texts of an image have no bounds: of this one so much is told. */
static struct span some_of(struct span text)
{
    return text.len <= WHOSE_TEXT_MAX ? text : span_of(text.at, WHOSE_TEXT_MAX);
}

/* Where the listed thing is hosted, as text; empty when that is not known or was not contacted. */
static struct span hosting_of(const struct image *im, const struct record *rec)
{
    const struct addr *a = phrase_contacted(rec->via) ? &rec->server : rec->is_addr ? &rec->value_addr : NULL;
    struct span tag = span_of(NULL, 0);

    if (a == NULL || !image_hosting(im, a, &tag, NULL))
        return span_of(NULL, 0);
    return some_of(tag);
}

/*
 * Says in the step what stood in the way, and who. A connection to a blocker's page is none to what is
 * listed: it was tried, no more.
 */
static void see_blocked(const struct image *im, const struct record *rec, struct incident_step *step,
                        char text[ADDR_TEXT_MAX])
{
    bool contacted = phrase_contacted(rec->via);
    uint8_t kind = contacted ? image_answer(im, &rec->server, NULL) : ANSWER_REAL;

    step->blocked = !contacted                ? rec->blocked
                    : kind == ANSWER_SINKHOLE ? BLOCKED_SINKHOLE
                    : kind == ANSWER_PARKED   ? BLOCKED_PARKED
                                              : BLOCKED_NOT;
    if (step->blocked == BLOCKED_NOT)
        return;
    if (contacted) {
        step->stage = step->stage < STAGE_ATTEMPTED ? step->stage : STAGE_ATTEMPTED;
        step->bytes_out = step->bytes_in = 0;
    }
    image_answer(im, contacted ? &rec->server : &rec->value_addr, &step->blocked_by);
    step->blocked_by = some_of(step->blocked_by);
    if (step->blocked < BLOCKED_PARKED || step->blocked_by.len == 0)
        step->blocked_by = span_str(addr_text(&rec->server, text));
}

static void handle_sighting(struct reporter *r, const struct image *im, const struct record *rec)
{
    char address[ADDR_TEXT_MAX], blocker[ADDR_TEXT_MAX];
    struct ioc ioc;
    bool match = rec->match != MATCH_NONE && rec->match != MATCH_EXCEPTION;

    if (!match || im == NULL || rec->ioc == RECORD_NO_IOC || !image_ioc(im, rec->ioc, &ioc) ||
        ioc.type == IOC_EXCEPTION) {
        r->totals.bad_records++;
        return;
    }
    struct incident *in = incident_of(r, &ioc, rec);
    if (in == NULL)
        return;
    struct incident_step step = {
        .where = sighting_of(rec),
        .observed = rec->is_addr ? span_str(addr_text(&rec->value_addr, address)) : rec->value,
        .hosting = hosting_of(im, rec),
        .ts_ns = rec->ts_ns,
        .at = r->clock_ns,
        .bytes_out = rec->bytes_out,
        .bytes_in = rec->bytes_in,
        .stage = rec->stage,
    };
    struct ageing age = ageing_of(r->options.settings, in->ioc, rec->ts_ns);
    see_blocked(im, rec, &step, blocker);
    step.severity = alert_severity(in->ioc, step.stage, age.aged, rec->flags);
    uint64_t before = in->count;
    enum why why = incident_step(&r->incidents, in, &step);
    r->totals.sightings += in->count - before;
    r->changed = true;
    if (why == WHY_NOTHING)
        return;
    tell(r, &(struct alert){
                .ts_ns = rec->ts_ns,
                .why = why,
                .severity = age.aged ? SEVERITY_LEAST : in->severity,
                .incident = in,
                .age = age,
                .where = step.where,
                .stage = step.stage,
                .observed = step.observed.len > 0 ? step.observed : in->observed,
                .hosting = step.hosting,
                .record = rec,
            });
    incident_told(&r->incidents, in, r->clock_ns);
}

static void handle_observation(struct reporter *r, const struct record *rec)
{
    r->totals.observations++;
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL && outputs[i]->observation != NULL)
            outputs[i]->observation(r->output[i], rec);
}

void reporter_record(struct reporter *r, const struct image *im, const struct record *rec)
{
    if (r->options.replay || r->clock_ns == 0)
        advance(r, rec->ts_ns);
    if (rec->kind == RECORD_SIGHTING)
        handle_sighting(r, im, rec);
    else if (rec->kind == RECORD_OBSERVATION)
        handle_observation(r, rec);
}

void reporter_engine(struct reporter *r, uint64_t ts_ns, const char *kind, const char *text)
{
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL && outputs[i]->engine != NULL)
            outputs[i]->engine(r->output[i], ts_ns, kind, text);
}

void reporter_stats(struct reporter *r, uint64_t ts_ns, const uint64_t counters[COUNTERS],
                    const struct meter *meter)
{
    const struct reporter_totals totals = reporter_totals(r);
    const struct output_counter own[] = {
#define X(field, name) {name, totals.field},
        REPORT_COUNTERS(X)
#undef X
    };
    enum { OWN = sizeof own / sizeof *own };
    struct output_counter all[COUNTERS + OWN];
    const struct output_stats stats = {.counter = all,
                                       .counters = COUNTERS + OWN,
                                       .meter = meter,
                                       .others = meter_others(meter, counters)};

    for (unsigned i = 0; i < COUNTERS; i++)
        all[i] = (struct output_counter){counter_infos[i].name, counters[i]};
    memcpy(all + COUNTERS, own, sizeof own);
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL && outputs[i]->stats != NULL)
            outputs[i]->stats(r->output[i], ts_ns, &stats);
}

static void save_state(struct reporter *r)
{
    if (!has_state(r) || !r->changed)
        return;
    int e = state_save(&r->incidents, r->options.state_dir, r->offset_ns);
    if (e != 0 && !r->save_failed)
        log_error("%s: cannot write open incidents: %s; a restart would alert again", r->options.state_dir,
                  strerror(-e));
    r->save_failed = e != 0;
    r->changed = e != 0;
    r->saved_at = r->clock_ns;
}

void reporter_tick(struct reporter *r, uint64_t now_ns)
{
    if (r->options.replay)
        return;
    advance(r, now_ns);
    if (r->clock_ns - r->saved_at >= SAVE_INTERVAL_NS + r->incidents.table.count * SAVE_EACH_NS)
        save_state(r);
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL && outputs[i]->tick != NULL)
            outputs[i]->tick(r->output[i]);
}

void reporter_reopen(struct reporter *r)
{
    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL && outputs[i]->reopen != NULL)
            outputs[i]->reopen(r->output[i]);
}

void reporter_finish(struct reporter *r)
{
    size_t n;
    uint64_t ts_ns = r->clock_ns - r->offset_ns;

    if (!r->options.replay) {
        save_state(r);
        return;
    }
    struct incident **all = incidents_sorted(&r->incidents, &n);
    for (size_t i = 0; i < n; i++)
        if (all[i]->count > all[i]->told_count) {
            tell_incident(r, all[i], WHY_REPEAT, ts_ns, true);
            incident_told(&r->incidents, all[i], r->clock_ns);
        }
    for (size_t i = 0; i < n; i++)
        close_incident(r, all[i], ts_ns, true);
    free(all);
}

struct reporter_totals reporter_totals(const struct reporter *r)
{
    struct reporter_totals totals = r->totals;

    for (unsigned i = 0; i < OUTPUT_COUNT; i++)
        if (r->output[i] != NULL && outputs[i]->errors != NULL)
            totals.output_errors += outputs[i]->errors(r->output[i]);
    return totals;
}

void reporter_summary(const struct reporter *r, const uint64_t counters[COUNTERS], FILE *to)
{
    const struct reporter_totals totals = reporter_totals(r);
    const struct visibility_client seen = meter_total(counters);
    char line[512];
    struct text t = text_on(line, sizeof line);

    summary_print(&r->summary, &totals, to);
    if (meter_line(&t, &seen))
        fprintf(to, "visibility: %s\n", line);
}
