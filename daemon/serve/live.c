/* SPDX-License-Identifier: BSD-2-Clause */
/* Watching interfaces, and the supervision of the workers that do. */
#include "serve/live.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "os/netif.h"
#include "os/privilege.h"
#include "serve/clock.h"
#include "serve/live_tick.h"
#include "serve/notice.h"
#include "serve/worker_settings.h"

/* A worker has so long to open its capture at start. */
#define START_SECONDS 15
/* Notices of one worker that are passed on, and in what time. */
#define NOTICES_MAX 32u
#define NOTICES_NS  60000000000u
/* Links change in bursts. */
#define SETTLE_NS 200000000u

struct live {
    struct serve *serve; /* borrowed */
    struct live_interface interface[LIVE_INTERFACES_MAX];
    unsigned interfaces;
    char reason[256];
    int netlink; /* owned; -1: none */
    bool automatic, starting, start_failed;
    struct event *links, *settle; /* owned */
    struct live_tick *tick;       /* owned */
};

static int start(struct worker *w);
static void look_again(struct live *l, uint64_t after_ns);

const char *live_interface(const struct live *l, uint32_t number)
{
    return number < l->interfaces ? l->interface[number].name : NULL;
}

const struct live_interface *live_interface_at(const struct live *l, unsigned number)
{
    return number < l->interfaces ? &l->interface[number] : NULL;
}

const char *live_reason(const struct live *l)
{
    return l->reason;
}

/* Starts what waited. */
static void on_restart(evutil_socket_t fd, short what, void *ctx)
{
    struct worker *w = ctx;

    if (w->phase != PHASE_WAITING || w->set->policy == NULL)
        return;
    w->restarts++;
    start(w);
}

/* Starts again, now or after a while. */
static void restart(struct worker *w)
{
    uint64_t delay_ns = backoff_delay(&w->backoff, w->started_ns, clock_mono_ns());
    struct timeval delay = clock_timeval(delay_ns);

    w->phase = PHASE_WAITING;
    if (delay_ns > 0)
        log_notice("%s: worker %u starts again in %" PRIu64 " s", w->config.capture.interface, w->index,
                   delay_ns / 1000000000u);
    event_add(w->timer, &delay);
}

/* Keys are new for each process, and addresses of interfaces may have changed. */
static int start(struct worker *w)
{
    struct live *l = w->set->ctx;
    struct worker_config fresh;
    int rc = worker_settings(&l->serve->settings, true, &fresh);

    if (rc == 0) {
        fresh.source = w->config.source;
        memcpy(fresh.capture.interface, w->config.capture.interface, sizeof fresh.capture.interface);
        fresh.capture.fanout = w->config.capture.fanout;
        w->config = fresh;
        rc = worker_start(w);
    }
    if (rc < 0) {
        log_error("%s: a worker cannot be started: %s", w->config.capture.interface, strerror(-rc));
        w->started_ns = clock_mono_ns();
        restart(w);
    }
    return rc;
}

static void on_ready(void *ctx, struct worker *w)
{
    struct live *l = ctx;
    struct live_interface *i = &l->interface[w->group];

    log_info("%s: worker %u (process %d) watches", i->name, w->index, (int)w->child.pid);
    if (i->down)
        serve_engine(l->serve, LOG_LEVEL_NOTICE, 0, "interface-up", "interface %s is back", i->name);
    i->down = false;
    if (l->serve->stopping || !i->wanted)
        worker_stop(w);
}

static void on_file_read(void *ctx, struct worker *w, uint32_t number) {}

static bool said_before(struct live_interface *i, uint8_t notice)
{
    uint32_t bit = notice_once(notice) ? 1u << notice : 0;
    bool before = (i->said & bit) != 0;

    i->said |= bit;
    return before;
}

static void on_notice(void *ctx, struct worker *w, const struct record *rec)
{
    struct live *l = ctx;
    char text[1024];
    bool event;
    enum log_level level = notice_level(rec->notice, &event);
    uint64_t now_ns = clock_mono_ns();

    if (now_ns - w->notices_ns > NOTICES_NS) {
        w->notices_ns = now_ns;
        w->notices = 0;
    }
    if (++w->notices > NOTICES_MAX) {
        if (w->notices == NOTICES_MAX + 1)
            log_warning("worker %u says too much: its notices are left out for a while", w->index);
        return;
    }
    if (said_before(&l->interface[w->group], rec->notice))
        return;
    serve_notice_text(l->serve, rec, text, sizeof text);
    if (event)
        serve_engine(l->serve, level, 0, notice_names[rec->notice], "%s", text);
}

static void away(struct live *l, struct worker *w)
{
    struct live_interface *i = &l->interface[w->group];

    w->phase = PHASE_AWAY;
    if (!i->down)
        serve_engine(l->serve, LOG_LEVEL_WARNING, 0, "interface-down", "interface %s is down or gone",
                     i->name);
    i->down = true;
    look_again(l, SETTLE_NS);
}

static void on_ended(void *ctx, struct worker *w, const struct child_end *end)
{
    struct live *l = ctx;
    const char *name = l->interface[w->group].name;
    char how[640];

    if (l->serve->stopping)
        return;
    if (w->phase == PHASE_IDLE) { /* it was told to end */
        if (l->interface[w->group].wanted)
            start(w);
        return;
    }
    if (end->signal == 0 && end->code == EXIT_WORKER_INTERFACE) {
        away(l, w);
        return;
    }
    child_end_text(end, how, sizeof how);
    if (l->starting && !w->ready) {
        log_error("%s: the worker %s", name, how);
        l->start_failed = true;
        return;
    }
    if (w->misbehaved)
        serve_engine(l->serve, LOG_LEVEL_ERROR, 0, "worker-misbehaved",
                     "worker %u on %s wrote nonsense and was ended", w->index, name);
    else
        serve_engine(l->serve, LOG_LEVEL_ERROR, 0, "worker-died", "worker %u on %s %s%s", w->index, name, how,
                     w->aborted ? ": it hung" : "");
    restart(w);
}

static const struct workers_policy policy = {
    .shares_learned = true,
    .ready = on_ready,
    .file_read = on_file_read,
    .notice = on_notice,
    .ended = on_ended,
};

static int find(struct live *l, const char *name)
{
    for (unsigned i = 0; i < l->interfaces; i++)
        if (strcmp(l->interface[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* When there is no room: an interface that is not wanted any more gives its place, and its workers, to
 * another one. Its number or -ENOSPC. */
static int take_over(struct live *l, const char *name)
{
    const struct workers *ws = &l->serve->workers;
    bool busy[LIVE_INTERFACES_MAX] = {false};

    for (unsigned i = 0; i < ws->count; i++)
        busy[ws->at[i]->group] |= ws->at[i]->phase != PHASE_IDLE || worker_alive(ws->at[i]);
    for (unsigned n = 0; n < l->interfaces; n++) {
        struct live_interface *i = &l->interface[n];
        if (i->wanted || busy[n])
            continue;
        *i = (struct live_interface){.wanted = true, .fanout = i->fanout};
        snprintf(i->name, sizeof i->name, "%s", name);
        for (unsigned k = 0; k < ws->count; k++)
            if (ws->at[k]->group == n)
                memcpy(ws->at[k]->config.capture.interface, i->name, sizeof i->name);
        return (int)n;
    }
    return -ENOSPC;
}

/* Adds an interface and its workers, not started. Its number or negative errno. */
static int add(struct live *l, const char *name)
{
    struct serve *s = l->serve;
    struct worker_config config;
    unsigned n = l->interfaces;
    int rc = worker_settings(&s->settings, true, &config);

    if (rc < 0)
        return rc;
    if (capture_is_tzsp(name)) /* one socket: a router's datagrams would all come to one of several, too */
        config.capture.workers = 1;
    if (n == LIVE_INTERFACES_MAX || s->workers.count + config.capture.workers > WORKERS_MAX)
        return take_over(l, name);
    struct live_interface *i = &l->interface[n];
    *i = (struct live_interface){.wanted = true};
    snprintf(i->name, sizeof i->name, "%s", name);
    /* Another process on this interface must not share a group with us: it would take half of the packets. */
    if (getrandom(&i->fanout, sizeof i->fanout, 0) != (ssize_t)sizeof i->fanout)
        return -errno;
    config.source = n;
    memcpy(config.capture.interface, i->name, sizeof i->name);
    config.capture.fanout = i->fanout;
    for (unsigned k = 0; k < config.capture.workers; k++) {
        struct worker *w = workers_add(&s->workers, &config);
        if (w == NULL)
            return -ENOMEM;
        w->group = n;
        w->timer = evtimer_new(s->base, on_restart, w);
        if (w->timer == NULL)
            return -ENOMEM;
    }
    l->interfaces++;
    return (int)n;
}

static bool is_up(const char *name, bool *ret_there)
{
    struct netif list[256];
    int n = netif_list(list, 256);

    *ret_there = strcmp(name, "any") == 0 || capture_is_tzsp(name) || n < 0;
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) != 0)
            continue;
        *ret_there = true;
        return list[i].up;
    }
    return *ret_there;
}

static void add_chosen(struct live *l, const char *name, bool tell)
{
    int at = find(l, name) >= 0 ? 0 : add(l, name);

    if (at >= 0)
        return;
    if (tell)
        log_warning("%s: cannot be watched: %s", name,
                    at == -ENOSPC ? "there are too many interfaces" : strerror(-at));
    look_again(l, 2 * SECOND_NS); /* some may be about to end */
}

/* `auto` anew: what is chosen now is wanted, what is up and not chosen any more is not. */
static void choose(struct live *l)
{
    char name[LIVE_INTERFACES_MAX + 1][16], reason[sizeof l->reason] = "";
    int n = netif_choose(name, LIVE_INTERFACES_MAX + 1, reason, sizeof reason);

    if (n < 0)
        return;
    bool changed = strcmp(reason, l->reason) != 0;
    if (changed)
        log_notice("interface = auto: %s", reason);
    snprintf(l->reason, sizeof l->reason, "%s", reason);
    bool chosen[LIVE_INTERFACES_MAX] = {false};
    for (int i = 0; i < n; i++) {
        int at = find(l, name[i]);
        if (at >= 0)
            chosen[at] = true;
    }
    for (unsigned i = 0; i < l->interfaces; i++) {
        struct live_interface *old = &l->interface[i];
        bool there;
        old->wanted = chosen[i] || (old->wanted && n == 0 && !is_up(old->name, &there));
    }
    for (int i = 0; i < n; i++)
        add_chosen(l, name[i], changed);
}

/* Starts workers whose interface is there, ends those whose interface is not wanted. */
static void settle(struct live *l)
{
    struct workers *ws = &l->serve->workers;

    if (l->automatic)
        choose(l);
    for (unsigned i = 0; i < ws->count; i++) {
        struct worker *w = ws->at[i];
        const struct live_interface *on = &l->interface[w->group];
        bool there;
        if (!on->wanted) {
            worker_stop(w);
            if (!worker_alive(w))
                w->phase = PHASE_IDLE;
        } else if (w->phase == PHASE_IDLE || (w->phase == PHASE_AWAY && is_up(on->name, &there))) {
            start(w);
        }
    }
}

/* `home = auto` follows addresses that come later (DHCP, IPv6 prefixes): workers that live are told. */
static void refresh_home(struct live *l)
{
    struct prefix home[WORKER_HOME_MAX];
    unsigned homes = worker_settings_home(&l->serve->settings, true, home);

    for (unsigned i = 0; i < l->serve->workers.count; i++)
        worker_home(l->serve->workers.at[i], home, homes);
}

static void on_settle(evutil_socket_t fd, short what, void *ctx)
{
    struct live *l = ctx;
    bool waits = false;

    if (l->serve->stopping)
        return;
    refresh_home(l);
    settle(l);
    for (unsigned i = 0; i < l->serve->workers.count; i++)
        waits |= l->serve->workers.at[i]->phase == PHASE_AWAY;
    if (waits) /* in case the kernel's message was lost */
        look_again(l, 2 * SECOND_NS);
}

static void look_again(struct live *l, uint64_t after_ns)
{
    struct timeval after = clock_timeval(after_ns), pending;

    if (event_pending(l->settle, EV_TIMEOUT, &pending)) {
        struct timeval now, then;
        event_base_gettimeofday_cached(l->serve->base, &now);
        timeradd(&now, &after, &then);
        if (!timercmp(&then, &pending, <))
            return;
    }
    event_add(l->settle, &after);
}

static void on_links(evutil_socket_t fd, short what, void *ctx)
{
    struct live *l = ctx;

    if (netif_watch_changed(fd))
        look_again(l, SETTLE_NS);
}

/* Interfaces that were named: one that is missing is waited for, unless it was named on the command line. */
static int add_named(struct live *l)
{
    const struct conf_list *named = &l->serve->settings.interfaces;
    bool asked_for = l->serve->options.interfaces.count > 0;

    snprintf(l->reason, sizeof l->reason, "%s",
             asked_for ? "named on the command line" : "named in the configuration");
    for (size_t i = 0; i < named->words; i++) {
        const char *name = named->word[i];
        bool there;
        if (find(l, name) >= 0)
            continue;
        is_up(name, &there);
        if (strlen(name) >= sizeof l->interface[0].name || (!there && asked_for)) {
            log_error("%s: there is no such interface", name);
            return -EINVAL;
        }
        int rc = add(l, name);
        if (rc < 0) {
            log_error("%s: cannot be watched: %s", name, strerror(-rc));
            return -EINVAL;
        }
    }
    return 0;
}

int live_prepare(struct serve *s)
{
    struct live *l = calloc(1, sizeof *l);

    if (l == NULL)
        return -ENOMEM;
    s->live = l;
    l->serve = s;
    s->workers.policy = &policy;
    s->workers.ctx = l;
    l->netlink = netif_watch_open();
    for (size_t i = 0; i < s->settings.interfaces.words; i++)
        l->automatic |= strcmp(s->settings.interfaces.word[i], "auto") == 0;
    l->settle = evtimer_new(s->base, on_settle, l);
    if (l->netlink >= 0)
        l->links = event_new(s->base, l->netlink, EV_READ | EV_PERSIST, on_links, l);
    else
        log_warning("interfaces that come and go will be noticed late: %s", strerror(-l->netlink));
    if (l->settle == NULL || (l->links != NULL && event_add(l->links, NULL) < 0))
        return -ENOMEM;
    return 0;
}

static bool all_settled(const struct workers *ws)
{
    for (unsigned i = 0; i < ws->count; i++)
        if (ws->at[i]->phase == PHASE_STARTING)
            return false;
    return true;
}

static void on_start_limit(evutil_socket_t fd, short what, void *ctx)
{
    struct live *l = ctx;

    log_error("a worker did not open its capture within %d s", START_SECONDS);
    l->start_failed = true;
}

static bool needs_net_raw(const struct settings *s)
{
    for (size_t i = 0; i < s->interfaces.words; i++)
        if (!capture_is_tzsp(s->interfaces.word[i]))
            return true;
    return false;
}

int live_start(struct serve *s)
{
    const struct timeval limit = {.tv_sec = START_SECONDS};
    struct live *l = s->live;

    if (needs_net_raw(&s->settings) && !privilege_has_net_raw()) {
        log_error("watching interfaces needs CAP_NET_RAW: run as root, as a service, or after "
                  "`setcap cap_net_raw+ep` on bridled");
        return -EINVAL;
    }
    if (!l->automatic && add_named(l) < 0)
        return -EINVAL;
    struct event *late = evtimer_new(s->base, on_start_limit, l);
    if (late == NULL || event_add(late, &limit) < 0)
        return -ENOMEM;
    l->starting = true;
    settle(l);
    if (l->interfaces == 0)
        log_warning("no interface to watch yet: %s", l->reason);
    while (!l->start_failed && !s->stopping && !all_settled(&s->workers))
        event_base_loop(s->base, EVLOOP_ONCE);
    l->starting = false;
    event_free(late);
    if (l->start_failed)
        return -EINVAL;
    for (unsigned i = 0; i < l->interfaces; i++)
        log_notice("watching %s%s (%s)", l->interface[i].name, l->interface[i].down ? " when it is up" : "",
                   l->reason);
    return live_tick_new(s, &l->tick);
}

void live_free(struct live *l)
{
    if (l == NULL)
        return;
    live_tick_free(l->tick);
    if (l->links != NULL)
        event_free(l->links);
    if (l->settle != NULL)
        event_free(l->settle);
    if (l->netlink >= 0)
        close(l->netlink);
    free(l);
}
