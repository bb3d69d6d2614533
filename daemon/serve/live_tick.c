/* SPDX-License-Identifier: BSD-2-Clause */
/* What main does by the clock while it watches. */
#include "serve/live_tick.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include "os/notify.h"
#include "serve/clock.h"
#include "serve/rules.h"

/* A worker turns its loop at least once a second; one that stands still this long hangs. */
#define HUNG_NS      (10 * SECOND_NS)
#define KILL_NS      (12 * SECOND_NS)
#define RATE_SECONDS 5
#define LOSS_SECONDS 60
/* Lost packets in a hundred, within a minute, that are worth a warning. */
#define LOSS_PERCENT 1

struct live_tick {
    struct serve *serve;                     /* borrowed */
    struct event *second, *stats, *watchdog; /* owned; NULL: not wanted */
    uint64_t seconds;
    uint64_t packets, drops; /* at the last look at losses */
};

/* A hung worker first gets SIGABRT, so that a sanitizer or a debugger tells where, then SIGKILL; also one
 * that hangs while it opens its capture, or when it was told to end. */
static void check_beat(struct worker *w, uint64_t now_ns)
{
    if (!worker_alive(w))
        return;
    uint64_t beats = atomic_load(&w->child.shm->status.beats);
    if (beats != w->beats) {
        w->beats = beats;
        w->beat_ns = now_ns;
    } else if (now_ns - w->beat_ns > KILL_NS) {
        worker_kill(w, SIGKILL);
    } else if (now_ns - w->beat_ns > HUNG_NS && !w->aborted) {
        w->aborted = true;
        worker_kill(w, SIGABRT);
    }
}

static void rate(struct worker *w)
{
    uint64_t packets = worker_counter(w, COUNT_PACKETS);

    /* A hostile worker may count backwards. */
    w->rate = packets > w->rate_packets ? (packets - w->rate_packets) / RATE_SECONDS : 0;
    w->rate_packets = packets;
}

static void check_losses(struct live_tick *t)
{
    uint64_t sum[COUNTERS];

    workers_sum(&t->serve->workers, sum);
    uint64_t drops = sum[COUNT_KERNEL_DROPS] - t->drops, packets = sum[COUNT_PACKETS] - t->packets;
    if (sum[COUNT_KERNEL_DROPS] > t->drops && drops >= (drops + packets) / 100 * LOSS_PERCENT && drops > 10)
        serve_engine(t->serve, LOG_LEVEL_WARNING, 0, "packets-lost",
                     "%" PRIu64 " packets were lost within a minute, %" PRIu64
                     " were read: a larger [capture] ring-size or more workers may help",
                     drops, packets);
    t->drops = sum[COUNT_KERNEL_DROPS];
    t->packets = sum[COUNT_PACKETS];
}

static void on_second(evutil_socket_t fd, short what, void *ctx)
{
    struct live_tick *t = ctx;
    struct workers *ws = &t->serve->workers;
    uint64_t now_ns = clock_mono_ns();

    t->seconds++;
    for (unsigned i = 0; i < ws->count; i++) {
        worker_drain(ws->at[i]); /* in case a wake-up was lost */
        check_beat(ws->at[i], now_ns);
        if (t->seconds % RATE_SECONDS == 0)
            rate(ws->at[i]);
    }
    if (t->seconds % LOSS_SECONDS == 0)
        check_losses(t);
    rules_watch(t->serve);
    reporter_tick(t->serve->reporter, clock_wall_ns());
}

static void on_stats(evutil_socket_t fd, short what, void *ctx)
{
    struct live_tick *t = ctx;

    serve_stats(t->serve, clock_wall_ns());
}

static void on_watchdog(evutil_socket_t fd, short what, void *ctx)
{
    notify_send("WATCHDOG=1");
}

static int every(struct live_tick *t, uint64_t ns, event_callback_fn fn, struct event **ret)
{
    struct timeval interval = clock_timeval(ns);

    if (ns == 0)
        return 0;
    *ret = event_new(t->serve->base, -1, EV_PERSIST, fn, t);
    return *ret == NULL || event_add(*ret, &interval) < 0 ? -ENOMEM : 0;
}

int live_tick_new(struct serve *s, struct live_tick **ret)
{
    struct live_tick *t = calloc(1, sizeof *t);

    if (t == NULL)
        return -ENOMEM;
    *ret = t;
    t->serve = s;
    int rc = every(t, SECOND_NS, on_second, &t->second);
    if (rc == 0)
        rc = every(t, s->settings.stats_interval, on_stats, &t->stats);
    if (rc == 0)
        rc = every(t, notify_watchdog_ns(), on_watchdog, &t->watchdog);
    return rc;
}

void live_tick_free(struct live_tick *t)
{
    if (t == NULL)
        return;
    struct event *events[] = {t->second, t->stats, t->watchdog};
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    free(t);
}
