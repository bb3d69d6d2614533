/* SPDX-License-Identifier: BSD-2-Clause */
/* An output is one file out_X.c and one row in the table: it is handed events and delivers them, never
 * blocks the rest, never fails loudly. Strings of the wire and of images are escaped here and nowhere else.
 */
#ifndef BRIDLE_REPORT_OUTPUT_H
#define BRIDLE_REPORT_OUTPUT_H

#include "report/alert.h"
#include "report/meter.h"
#include "report/reporter.h"

/* What an output may ask of the reporter while it handles an event. */
struct output_context {
    const struct reporter_options *options; /* borrowed, valid as long as the output */
    reporter_source_fn source;
    void *source_ctx;
};

struct output_counter {
    const char *name; /* "group.name" */
    uint64_t value;
};

struct output_stats {
    const struct output_counter *counter; /* borrowed */
    size_t counters;
    const struct meter *meter;       /* borrowed */
    struct visibility_client others; /* clients that are not in the meter */
};

struct output {
    const char *name;
    /* 1 and `*ret` when it is wanted and open, 0 when it is not wanted, negative errno (logged). */
    int (*open)(const struct output_context *context, void **ret);
    /* Each may be NULL: the output does not care. */
    void (*alert)(void *self, const struct alert *a);
    void (*observation)(void *self, const struct record *rec);
    void (*engine)(void *self, uint64_t ts_ns, const char *kind, const char *text);
    void (*stats)(void *self, uint64_t ts_ns, const struct output_stats *stats);
    void (*tick)(void *self); /* about once a second, live: deliver what was held back */
    void (*reopen)(void *self);
    uint64_t (*errors)(const void *self); /* events that were not delivered */
    void (*close)(void *self);
};

extern const struct output output_human, output_syslog, output_eve;

/* Every output, in the order in which events are handed out. */
#define OUTPUTS(X)                                                                                           \
    X(output_human)                                                                                          \
    X(output_eve)                                                                                            \
    X(output_syslog)

#endif
