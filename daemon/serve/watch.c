/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading again by itself. */
#include "serve/watch.h"

#include <stdlib.h>
#include <unistd.h>

#include "os/watch.h"
#include "serve/clock.h"
#include "serve/files.h"
#include "serve/rules.h"

/* After something was heard; more comes with it, and most of it may be others' business. */
#define SOON_NS  100000000u
#define LATER_NS 1000000000u
/* In case nothing can be heard: file systems of other machines, too many folders. */
#define ANYWAY_NS 60000000000u
/* What is written without end must not hold back all else: so many times `rules.settle` at the longest. */
#define PATIENCE 20u

struct watch {
    struct serve *serve;            /* borrowed */
    const struct load_paths *paths; /* borrowed */
    int fd;                         /* owned */
    struct event *heard, *look;     /* owned */
    bool soon;                      /* `look` comes soon, not anyway */
    uint64_t looked_ns;             /* monotonic: when it was looked last */
    bool full;                      /* that a folder cannot be listened to was told */
    uint64_t loaded, seen;          /* marks: when a load began last; at the last look */
    uint64_t since_ns, changed_ns;  /* monotonic: since when `seen` is so; since when it is not `loaded` */
};

static void listen_to(void *ctx, const char *path, bool names)
{
    struct watch *w = ctx;
    int rc = w->fd >= 0 ? watch_folder(w->fd, path, names) : 0;

    if (rc == -ENOSPC && !w->full) {
        w->full = true;
        log_warning(
            "%s and others: changes are noticed once a minute only: fs.inotify.max_user_watches is too "
            "small",
            path);
    }
}

static uint64_t mark(struct watch *w)
{
    struct files f = {.folder = listen_to, .ctx = w};

    for (size_t i = 0; i < w->paths->count; i++)
        files_add(&f, w->paths->at[i].at);
    return f.mark;
}

static void look_after(struct watch *w, uint64_t ns)
{
    const struct timeval after = clock_timeval(ns);

    w->soon = ns < ANYWAY_NS;
    event_add(w->look, &after);
}

static void on_look(evutil_socket_t fd, short what, void *ctx)
{
    struct watch *w = ctx;
    const uint64_t settle_ns = w->serve->settings.rules_settle, now_ns = clock_mono_ns(), seen = mark(w);

    w->looked_ns = now_ns;
    if (seen == w->loaded) {
        w->seen = seen;
        w->changed_ns = 0;
        look_after(w, ANYWAY_NS);
        return;
    }
    if (w->changed_ns == 0)
        w->changed_ns = now_ns;
    if (seen != w->seen) {
        w->seen = seen;
        w->since_ns = now_ns;
    }
    if (now_ns - w->since_ns < settle_ns && now_ns - w->changed_ns < PATIENCE * settle_ns) {
        look_after(w, settle_ns - (now_ns - w->since_ns));
        return;
    }
    log_notice("rules: files have changed: loading again");
    look_after(w, ANYWAY_NS);
    if (rules_reload(w->serve, 0, NULL, NULL) < 0)
        log_error("a reload cannot be started");
}

static void on_heard(evutil_socket_t fd, short what, void *ctx)
{
    struct watch *w = ctx;

    if (watch_take(fd) && !w->soon)
        look_after(w, clock_mono_ns() - w->looked_ns < LATER_NS ? LATER_NS : SOON_NS);
}

struct watch *watch_new(struct serve *s, const struct load_paths *paths)
{
    struct watch *w = calloc(1, sizeof *w);

    if (w == NULL)
        return NULL;
    w->serve = s;
    w->paths = paths;
    w->fd = watch_open();
    if (w->fd < 0)
        log_warning("changes of files are noticed once a minute only: %s", strerror(-w->fd));
    w->look = evtimer_new(s->base, on_look, w);
    w->heard = w->fd >= 0 ? event_new(s->base, w->fd, EV_READ | EV_PERSIST, on_heard, w) : NULL;
    if (w->look == NULL || (w->fd >= 0 && (w->heard == NULL || event_add(w->heard, NULL) < 0))) {
        watch_free(w);
        return NULL;
    }
    look_after(w, ANYWAY_NS);
    return w;
}

void watch_loads(struct watch *w)
{
    w->loaded = w->seen = mark(w);
    w->changed_ns = 0;
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    if (w->heard != NULL)
        event_free(w->heard);
    if (w->look != NULL)
        event_free(w->look);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
