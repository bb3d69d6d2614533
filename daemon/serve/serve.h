/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of main share. Each part owns its own state; this is how they find each other. */
#ifndef BRIDLE_SERVE_SERVE_H
#define BRIDLE_SERVE_SERVE_H

#include "base/log.h"
#include "serve/load.h"
#include "serve/options.h"
#include "serve/workers.h"

struct serve {
    struct options options;
    struct settings settings;
    struct event_base *base;    /* owned */
    struct event *signal[8];    /* owned: main.c */
    int worker_exe, loader_exe; /* owned; -1: not open */
    struct images images;
    struct reporter *reporter; /* owned */
    struct workers workers;
    struct rules *rules;     /* owned: rules.c */
    struct live *live;       /* owned: live.c */
    struct replay *replay;   /* owned: replay.c */
    struct control *control; /* owned: control.c */
    const char *sandbox;     /* static text for `status`: "on", or why not */
    uint64_t started_ns;     /* monotonic */
    bool failed;             /* exit 1 */
    bool matched;            /* something was sighted */
    bool stopping;           /* SIGTERM or SIGINT came */
};

/* Logs, and tells programs by an engine event of that kind. `ts_ns` 0: now (live). */
void serve_engine(struct serve *s, enum log_level level, uint64_t ts_ns, const char *kind, const char *fmt,
                  ...) __attribute__((format(printf, 5, 6)));
/* The text of a worker's notice, for people. */
void serve_notice_text(struct serve *s, const struct record *r, char *ret, size_t bytes);
/* A `stats` event with what all workers counted. */
void serve_stats(struct serve *s, uint64_t ts_ns);
/* Name of a file or interface by its number, NULL when there is none. */
const char *serve_source(void *serve, uint32_t source);

#endif
