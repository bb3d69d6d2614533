/* SPDX-License-Identifier: BSD-2-Clause */
/* The set of workers. */
#include "serve/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/clock.h"

/* Records handled in one turn of the loop. */
#define TURN 4096u
/* For all workers to end. */
#define STOP_NS 3000000000u

const char *const phase_names[PHASES] = {
    [PHASE_IDLE] = "idle",       [PHASE_STARTING] = "starting", [PHASE_RUNNING] = "running",
    [PHASE_STOPPING] = "ending", [PHASE_WAITING] = "waiting",   [PHASE_AWAY] = "interface away",
    [PHASE_ENDED] = "ended",
};

struct worker *workers_add(struct workers *ws, const struct worker_config *config)
{
    struct worker *w = ws->count < WORKERS_MAX ? calloc(1, sizeof *w) : NULL;

    if (w == NULL)
        return NULL;
    w->set = ws;
    w->index = ws->count;
    w->config = *config;
    w->child.socket = w->child.wake = -1;
    ws->at[ws->count++] = w;
    return w;
}

static void misbehave(struct worker *w)
{
    w->misbehaved = true;
    worker_kill(w, SIGKILL);
}

/* Passes an address that one worker learned on to the others. */
static void pass_on(struct worker *from, const struct record *r)
{
    struct worker_message m = {.kind = WORKER_MSG_LEARN,
                               .number = r->ttl_s,
                               .learned = {.addr = r->value_addr, .client = r->client}};

    if (r->value.len >= sizeof m.learned.name)
        return; /* only a name of escapes is so long: the worker that learned it knows it */
    memcpy(m.learned.name, r->value.at, r->value.len);
    for (unsigned i = 0; i < from->set->count; i++) {
        struct worker *w = from->set->at[i];
        if (w != from && worker_alive(w) && worker_message_send(w->child.socket, &m, -1) < 0)
            from->set->learn_lost++;
    }
}

static int take_record(void *ctx, const struct record *r)
{
    struct worker *w = ctx;
    struct workers *ws = w->set;

    w->last_ns = r->ts_ns;
    ws->last_ns = r->ts_ns > ws->last_ns ? r->ts_ns : ws->last_ns;
    if (r->kind == RECORD_NOTICE) {
        ws->policy->notice(ws->ctx, w, r);
        return 0;
    }
    if (r->generation > w->offered)
        return -EBADMSG;
    const struct generation *g = images_find(ws->images, r->generation);
    if (g == NULL) /* late, not wicked: it has acknowledged a newer one meanwhile */
        return 0;
    bool none = r->kind == RECORD_OBSERVATION && r->ioc == RECORD_NO_IOC;
    if (!none && r->ioc >= image_iocs(g->map))
        return -EBADMSG;
    if (r->kind != RECORD_LEARNED)
        reporter_record(ws->reporter, g->map, r);
    else if (ws->policy->shares_learned)
        pass_on(w, r);
    return 0;
}

/* More records than both rings can hold. */
static unsigned everything(const struct worker *w)
{
    return (w->child.sightings_bytes + CHILD_OBSERVATIONS_BYTES) / 8;
}

static int drain(struct worker *w, unsigned budget)
{
    if (w->set->policy->records != NULL)
        w->set->policy->records(w->set->ctx);
    int rc = drain_run(&w->child.drain, budget, take_record, w);
    if (rc < 0 && !w->misbehaved)
        misbehave(w);
    return rc;
}

void worker_drain(struct worker *w)
{
    uint64_t ignored;

    if (!worker_alive(w) || w->misbehaved || w->held)
        return;
    int rc = drain(w, TURN);
    if (rc == 0) {
        (void)!read(w->child.wake, &ignored, sizeof ignored);
        rc = drain_sleep(&w->child.drain) ? 1 : 0;
    }
    if (rc > 0) /* the loop comes back after everybody else had a turn */
        eventfd_write(w->child.wake, 1);
    else if (rc < 0)
        (void)!read(w->child.wake, &ignored, sizeof ignored);
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    worker_drain(ctx);
}

static void drop_old_images(struct workers *ws)
{
    uint32_t oldest = ws->images->newest;

    for (unsigned i = 0; i < ws->count; i++)
        if (worker_alive(ws->at[i]) && ws->at[i]->acked < oldest)
            oldest = ws->at[i]->acked;
    images_drop_before(ws->images, oldest);
}

static void on_message(struct worker *w, const struct worker_message *m)
{
    struct workers *ws = w->set;

    switch (m->kind) {
    case WORKER_MSG_READY:
        if (w->phase != PHASE_STARTING)
            break;
        w->phase = PHASE_RUNNING;
        w->ready = true;
        w->beat_ns = clock_mono_ns();
        ws->policy->ready(ws->ctx, w);
        break;
    case WORKER_MSG_FILE_ACK:
        ws->policy->file_read(ws->ctx, w, m->number);
        break;
    case WORKER_MSG_IMAGE_ACK:
        if (m->number > w->offered || m->number < w->acked) {
            misbehave(w);
            break;
        }
        if (m->number == w->acked)
            break;
        /* What it said of the older image is in the rings already. */
        if (!w->misbehaved && !w->held)
            drain(w, everything(w));
        w->acked = m->number;
        drop_old_images(ws);
        break;
    default:
        misbehave(w);
    }
}

static void on_control(evutil_socket_t fd, short what, void *ctx)
{
    struct worker *w = ctx;
    struct worker_message m;

    for (unsigned i = 0; i < 64 && worker_alive(w); i++) {
        int got, rc = worker_message_receive(w->child.socket, &m, &got);
        if (rc == -EAGAIN)
            return;
        if (rc <= 0) {
            event_del(w->control); /* SIGCHLD tells the rest */
            if (rc == -EBADMSG)
                misbehave(w);
            return;
        }
        if (got >= 0)
            close(got); /* nobody sends us any */
        if (!w->misbehaved)
            on_message(w, &m);
    }
}

static void free_events(struct worker *w)
{
    if (w->control != NULL)
        event_free(w->control);
    if (w->wake != NULL)
        event_free(w->wake);
    w->control = w->wake = NULL;
}

static int make_events(struct worker *w)
{
    struct event_base *base = w->set->base;

    w->control = event_new(base, w->child.socket, EV_READ | EV_PERSIST, on_control, w);
    w->wake = event_new(base, w->child.wake, EV_READ | EV_PERSIST, on_wake, w);
    if (w->control == NULL || w->wake == NULL || event_add(w->control, NULL) < 0 ||
        (!w->held && event_add(w->wake, NULL) < 0))
        return -ENOMEM;
    return 0;
}

static void offer(struct worker *w, const struct generation *g)
{
    if (worker_send(w, WORKER_MSG_IMAGE, g->number, g->fd) == 0)
        w->offered = g->number;
}

int worker_start(struct worker *w)
{
    struct workers *ws = w->set;
    const struct generation *g = images_newest(ws->images);

    w->ready = w->misbehaved = w->aborted = false;
    w->started_ns = w->beat_ns = clock_mono_ns();
    w->beats = 0;
    w->offered = w->acked = 0;
    int rc = child_start(&w->child, ws->exe, &w->config, w->held);
    if (rc < 0)
        return rc;
    w->phase = PHASE_STARTING;
    rc = make_events(w);
    if (rc < 0) {
        worker_kill(w, SIGKILL);
        return rc;
    }
    offer(w, g);
    /* It has no older one, so nothing else must be kept for it. */
    w->acked = g->number;
    drain_sleep(&w->child.drain);
    return 0;
}

int worker_send(struct worker *w, enum worker_message_kind kind, uint32_t number, int fd)
{
    const struct worker_message m = {.kind = kind, .number = number};

    return worker_message_send(w->child.socket, &m, fd);
}

static void put_home(struct worker_config *c, const struct prefix *home, unsigned homes)
{
    memcpy(c->home, home, homes * sizeof *home);
    c->homes = homes;
}

void worker_home(struct worker *w, const struct prefix *home, unsigned homes)
{
    if (homes == w->config.homes && memcmp(home, w->config.home, homes * sizeof *home) == 0)
        return;
    put_home(&w->config, home, homes);
    if (!worker_alive(w))
        return;
    put_home(&w->child.shm->config, home, homes);
    worker_send(w, WORKER_MSG_HOME, 0, -1); /* one that does not take it now guesses as before */
}

void worker_stop(struct worker *w)
{
    if (!worker_alive(w) || w->phase == PHASE_STOPPING)
        return;
    w->phase = PHASE_STOPPING;
    if (worker_send(w, WORKER_MSG_STOP, 0, -1) < 0)
        worker_kill(w, SIGKILL);
}

void worker_kill(struct worker *w, int signal)
{
    if (worker_alive(w))
        kill(w->child.pid, signal);
}

bool workers_offer_image(struct workers *ws)
{
    const struct generation *g = images_newest(ws->images);
    bool again = false;

    for (unsigned i = 0; i < ws->count; i++) {
        struct worker *w = ws->at[i];
        if (!worker_alive(w) || w->offered >= g->number)
            continue;
        offer(w, g);
        again |= w->offered < g->number;
    }
    drop_old_images(ws); /* with no worker alive nobody will acknowledge */
    return again;
}

bool workers_use_newest(const struct workers *ws)
{
    for (unsigned i = 0; i < ws->count; i++)
        if (worker_alive(ws->at[i]) && ws->at[i]->acked < ws->images->newest)
            return false;
    return true;
}

/* Its process is gone, and nobody waits for its turn. */
static void finish(struct worker *w)
{
    struct workers *ws = w->set;
    struct child_end end;

    if (!w->misbehaved)
        drain(w, everything(w));
    child_read_end(&w->child, w->wait_status, &end);
    for (unsigned i = 0; i < COUNTERS; i++)
        w->dead[i] += child_counter(&w->child, i);
    meter_add(&ws->meter, &w->child.shm->status.visibility);
    child_release(&w->child);
    enum worker_phase before = w->phase;
    w->phase = before == PHASE_STOPPING ? PHASE_IDLE : PHASE_ENDED;
    drop_old_images(ws);
    ws->policy->ended(ws->ctx, w, &end);
}

void workers_reap(struct workers *ws)
{
    for (unsigned i = 0; i < ws->count; i++) {
        struct worker *w = ws->at[i];
        if (!worker_alive(w) || waitpid(w->child.pid, &w->wait_status, WNOHANG) != w->child.pid)
            continue;
        free_events(w);
        w->child.pid = 0; /* the number may soon be somebody else's */
        child_hang_up(&w->child);
        if (w->held)
            ws->policy->waits(ws->ctx, w);
        else
            finish(w);
    }
}

void worker_hold(struct worker *w)
{
    w->held = true;
}

void worker_release(struct worker *w)
{
    if (!w->held)
        return;
    w->held = false;
    if (worker_alive(w)) {
        event_add(w->wake, NULL); /* if that fails, the end of its process tells what it said */
        worker_drain(w);
    } else if (w->child.shm != NULL) {
        finish(w);
    }
}

unsigned workers_alive(const struct workers *ws)
{
    unsigned n = 0;

    for (unsigned i = 0; i < ws->count; i++)
        n += worker_alive(ws->at[i]);
    return n;
}

uint64_t worker_counter(const struct worker *w, enum counter which)
{
    return w->dead[which] + (w->child.shm != NULL ? child_counter(&w->child, which) : 0);
}

void workers_sum(const struct workers *ws, uint64_t ret[COUNTERS])
{
    for (unsigned c = 0; c < COUNTERS; c++) {
        ret[c] = ws->gone[c];
        for (unsigned i = 0; i < ws->count; i++)
            ret[c] += worker_counter(ws->at[i], c);
    }
}

void workers_meter(const struct workers *ws, struct meter *ret)
{
    *ret = ws->meter;
    for (unsigned i = 0; i < ws->count; i++)
        if (worker_alive(ws->at[i]))
            meter_add(ret, &ws->at[i]->child.shm->status.visibility);
}

void workers_stop(struct workers *ws)
{
    uint64_t limit_ns = clock_mono_ns() + STOP_NS;
    const struct timeval step = {.tv_usec = 100000};

    for (unsigned i = 0; i < ws->count; i++) {
        worker_release(ws->at[i]);
        worker_stop(ws->at[i]);
    }
    while (workers_alive(ws) > 0 && clock_mono_ns() < limit_ns) {
        event_base_loopexit(ws->base, &step); /* in case no signal comes */
        event_base_loop(ws->base, EVLOOP_ONCE);
        workers_reap(ws);
    }
    if (workers_alive(ws) > 0)
        log_warning("%u workers did not end and are killed", workers_alive(ws));
}

void workers_done(struct workers *ws)
{
    for (unsigned i = 0; i < ws->count; i++) {
        struct worker *w = ws->at[i];
        if (worker_alive(w)) {
            kill(w->child.pid, SIGKILL);
            waitpid(w->child.pid, NULL, 0);
        }
        free_events(w);
        child_release(&w->child);
        if (w->timer != NULL)
            event_free(w->timer);
        for (unsigned c = 0; c < COUNTERS; c++)
            ws->gone[c] += w->dead[c];
        free(w);
    }
    ws->count = 0;
}
