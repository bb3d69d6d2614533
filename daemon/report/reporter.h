/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From records to what people and programs are told. The reporter keeps incidents, decides when to alert, and
 * hands events to the outputs. It lives in main, trusts no record (record_unpack has checked its form; ids
 * are checked here against the image), and escapes all text at the output.
 */
#ifndef BRIDLE_REPORT_REPORTER_H
#define BRIDLE_REPORT_REPORTER_H

#include <stdio.h>

#include "base/counters.h"
#include "intel/image.h"
#include "report/meter.h"
#include "report/settings.h"
#include "worker/record.h"

struct reporter;

struct reporter_options {
    const struct settings *settings; /* borrowed; settings->syslog alone decides about syslog */
    bool replay;                     /* packet time; due summaries and `closed` events at the end */
    bool human;                      /* one line per alert for people on stdout */
    bool observe;                    /* observation events wanted */
    const char *eve_path;            /* NULL: none; "-": stdout */
    const char *state_dir;           /* NULL: none; replay never touches it */
    const char *sensor;              /* for incident ids */
};

/* Where a packet came from: file or interface number -> its name, NULL when there is none. Borrowed strings;
 * called while an event is told. */
typedef const char *(*reporter_source_fn)(void *ctx, uint32_t source);

/* Opens the outputs, reads the state. 0 or negative errno with a logged message. */
int reporter_new(const struct reporter_options *o, reporter_source_fn source, void *ctx,
                 struct reporter **ret);
/* A checked record: observation or sighting. `im` is the image of rec->generation. */
void reporter_record(struct reporter *r, const struct image *im, const struct record *rec);
/* An operational event: never counted as an alert. `kind` as "worker-died"; text for people. */
void reporter_engine(struct reporter *r, uint64_t ts_ns, const char *kind, const char *text);
/* Counters, and clients with what was visible of them: a `stats` event. */
void reporter_stats(struct reporter *r, uint64_t ts_ns, const uint64_t counters[COUNTERS],
                    const struct meter *meter);
/* Time passed: summaries that are due, incidents to close, state to write. Live: about once a second with the
 * wall clock, first of all before the first record; a clock that is set does no harm. Replay needs none: time
 * is that of the records. */
void reporter_tick(struct reporter *r, uint64_t now_ns);
/* Opens files again (log rotation). */
void reporter_reopen(struct reporter *r);
/* Replay: due summaries, then `closed` for each incident in order of first sighting. Live: writes the state.
 */
void reporter_finish(struct reporter *r);
void reporter_free(struct reporter *r);

struct reporter_totals {
    uint64_t incidents, alerts, sightings, observations;
    uint64_t output_errors;     /* events that an output could not deliver */
    uint64_t incidents_evicted; /* closed early for a new one: alerts.incidents-max was reached */
    uint64_t bad_records;       /* sightings of no indicator: ignored */
};
struct reporter_totals reporter_totals(const struct reporter *r);
/* Replay's closing summary, for people: incidents, clients, campaigns, and what could not be seen. */
void reporter_summary(const struct reporter *r, const uint64_t counters[COUNTERS], FILE *to);

#endif
