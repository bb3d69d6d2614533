/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading captures. The files are dealt out in parts, each read by a worker process of its own: all files are
 * one part, or, with several workers, each file is one. Parts run side by side, but what they say is told one
 * part after the other, in the order of the files, so that no two runs differ.
 */
#include "serve/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/notice.h"
#include "serve/worker_settings.h"

/* Files that were handed over and not read yet: descriptors are few, files may be many. */
#define WINDOW 2
/* Parts that were read and wait for their turn: each keeps the memory that its worker shared with us. */
#define WAITING_MAX 32u

struct part {
    struct worker *worker; /* borrowed from the set */
    size_t next, end;      /* files to open next, and behind the last */
    unsigned handed;       /* over and not read yet */
    uint64_t given, read;  /* files that its worker was handed, and that it says it has read */
    int unreadable;        /* errno of its file, to be told in its turn */
    bool end_said, released, ended;
};

struct replay {
    struct serve *serve;    /* borrowed */
    struct event *progress; /* owned; NULL: stderr is no terminal */
    struct part *part;      /* owned */
    size_t parts, started;
    size_t turn;           /* the part that is told */
    unsigned workers;      /* at once */
    size_t opened, handed; /* files, over all parts */
    bool advancing, over;  /* over: no part is started any more */
    bool progress_shown;
    int signal;
};

static void tell_unreadable(struct serve *s, const char *name, int error)
{
    log_error("%s: cannot be read: %s", name, error == EISDIR ? "it is a folder" : strerror(error));
    s->failed = true;
}

/* An open descriptor or negative errno. */
static int open_file(const char *name)
{
    struct stat st;
    int fd =
        strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
        return fd;
    close(fd);
    return -EISDIR;
}

static void hand_over(struct replay *r, struct part *p)
{
    struct serve *s = r->serve;

    while (p->handed < WINDOW && p->next < p->end && !s->stopping) {
        uint32_t index = (uint32_t)p->next++;
        const char *name = s->options.files.at[index];
        int fd = open_file(name);
        r->opened++;
        if (fd >= 0 && worker_send(p->worker, WORKER_MSG_FILE, index, fd) == 0) {
            p->handed++; /* else it is dead, and its end will be told */
            p->given++;
            r->handed++;
        }
        if (fd >= 0)
            close(fd);
        else if (p == &r->part[r->turn])
            tell_unreadable(s, name, -fd);
        else
            p->unreadable = -fd;
    }
    if (p->next == p->end && !p->end_said) {
        p->end_said = true;
        worker_send(p->worker, WORKER_MSG_END, 0, -1);
    }
}

static struct part *part_of(const struct replay *r, const struct worker *w)
{
    return &r->part[w->group];
}

/* A member of the set that has no process and nothing to say, or a new one. */
static struct worker *free_worker(struct replay *r)
{
    struct workers *ws = &r->serve->workers;
    struct worker_config config;

    for (unsigned i = 0; i < ws->count; i++)
        if (!worker_alive(ws->at[i]) && !ws->at[i]->held)
            return ws->at[i];
    if (ws->count >= r->workers + WAITING_MAX || worker_settings(&r->serve->settings, false, &config) < 0)
        return NULL;
    return workers_add(ws, &config);
}

/* 0, or negative errno. */
static int start_part(struct replay *r)
{
    struct part *p = &r->part[r->started];
    struct worker *w = free_worker(r);

    if (w == NULL)
        return -ENOMEM;
    p->worker = w;
    w->group = (unsigned)r->started;
    worker_hold(w);
    int rc = worker_start(w);
    if (rc < 0) {
        w->held = false;
        return rc;
    }
    r->started++;
    hand_over(r, p);
    return 0;
}

/* Lets those parts speak whose turn it is; one that was read says everything at once, and the next one
 * follows. */
static void advance(struct replay *r)
{
    if (r->advancing)
        return;
    r->advancing = true;
    for (;;) {
        while (r->turn < r->started && r->part[r->turn].ended)
            r->turn++;
        struct part *p = &r->part[r->turn];
        if (r->turn == r->started || p->released)
            break;
        p->released = true;
        if (p->unreadable != 0)
            tell_unreadable(r->serve, r->serve->options.files.at[p->end - 1], p->unreadable);
        worker_release(p->worker);
    }
    r->advancing = false;
}

/* Starts what may be started. 0, or negative errno when nothing runs and nothing can be started. */
static int go_on(struct replay *r)
{
    struct workers *ws = &r->serve->workers;
    int rc = 0;

    advance(r);
    while (rc == 0 && !r->over && !r->serve->stopping && r->started < r->parts &&
           workers_alive(ws) < r->workers) {
        rc = start_part(r);
        advance(r);
    }
    return workers_alive(ws) > 0 ? 0 : rc;
}

/* After the end of a process: what follows is started; the loop ends with the last part. */
static void follow(struct replay *r)
{
    int rc = go_on(r);

    if (rc < 0) {
        log_error("a worker cannot be started: %s", strerror(-rc));
        r->serve->failed = true;
    } else if (r->turn < r->parts && !r->serve->stopping) {
        return;
    }
    r->over = true;
    event_base_loopbreak(r->serve->base);
}

static void on_ready(void *ctx, struct worker *w) {}

static void on_file_read(void *ctx, struct worker *w, uint32_t number)
{
    struct replay *r = ctx;
    struct part *p = part_of(r, w);

    if (p->handed > 0) {
        p->handed--;
        r->handed--;
    }
    hand_over(r, p);
}

static void clear_progress(void *ctx)
{
    struct replay *r = ctx;

    if (r->progress_shown)
        fputs("\r\033[K", stderr);
    r->progress_shown = false;
}

static void on_notice(void *ctx, struct worker *w, const struct record *rec)
{
    struct replay *r = ctx;
    char text[1024];
    bool event;
    enum log_level level = notice_level(rec->notice, &event);

    if (rec->notice == NOTICE_DONE)
        part_of(r, w)->read = rec->number[0];
    serve_notice_text(r->serve, rec, text, sizeof text);
    if (level == LOG_LEVEL_ERROR)
        r->serve->failed = true;
    if (event)
        serve_engine(r->serve, level, rec->ts_ns, notice_names[rec->notice], "%s", text);
    else
        log_line(level, "%s", text);
}

static void on_waits(void *ctx, struct worker *w)
{
    follow(ctx);
}

static void tell_death(struct replay *r, const struct worker *w, const struct child_end *end, int signal)
{
    struct serve *s = r->serve;
    char how[640];
    const char *file = serve_source(s, end->source) != NULL ? serve_source(s, end->source) : "no file";

    child_end_text(end, how, sizeof how);
    if (r->signal == 0)
        r->signal = signal;
    fprintf(stderr, "worker died: signal %d at packet %" PRIu64 " of %s\n", signal, end->packet, file);
    serve_engine(s, LOG_LEVEL_ERROR, w->last_ns, w->misbehaved ? "worker-misbehaved" : "worker-died",
                 "the worker %s of %s%s", how, file,
                 w->misbehaved ? ": it was ended because it wrote nonsense" : "");
}

static void on_ended(void *ctx, struct worker *w, const struct child_end *end)
{
    struct replay *r = ctx;
    struct part *p = part_of(r, w);
    struct serve *s = r->serve;
    char how[640];
    /* One whose nonsense was found when it had ended would have been killed for it. */
    int signal = end->signal == 0 && w->misbehaved ? SIGKILL : end->signal;

    clear_progress(r);
    if (signal != 0) {
        tell_death(r, w, end, signal);
    } else if (end->failed || end->code != 0) {
        child_end_text(end, how, sizeof how);
        s->failed = true;
        log_error("the worker %s", how);
    } else if ((!p->end_said || p->read != p->given) && !s->stopping) {
        s->failed = true;
        log_error("the worker ended before everything was read");
    }
    p->ended = true;
    r->handed -= p->handed;
    if (!r->advancing)
        follow(r);
}

static const struct workers_policy policy = {
    .ready = on_ready,
    .file_read = on_file_read,
    .notice = on_notice,
    .records = clear_progress,
    .waits = on_waits,
    .ended = on_ended,
};

static void on_progress(evutil_socket_t fd, short what, void *ctx)
{
    struct replay *r = ctx;
    struct serve *s = r->serve;
    struct reporter_totals t = reporter_totals(s->reporter);
    uint64_t sum[COUNTERS];

    workers_sum(&s->workers, sum);
    fprintf(stderr, "\r\033[Kfile %zu of %zu, %" PRIu64 " packets, %" PRIu64 " alerts",
            r->opened - r->handed + 1, s->options.files.count, sum[COUNT_PACKETS], t.alerts);
    fflush(stderr);
    r->progress_shown = true;
}

static void start_progress(struct replay *r)
{
    const struct timeval half = {.tv_usec = 500000};

    if (!isatty(STDERR_FILENO))
        return;
    r->progress = event_new(r->serve->base, -1, EV_PERSIST, on_progress, r);
    if (r->progress != NULL)
        event_add(r->progress, &half);
}

/* Deals files out. Only who asks for it on the command line has each file read as a capture of its own: a
 * configuration file speaks of interfaces. */
static int deal(struct replay *r, size_t files)
{
    bool apart = r->serve->options.workers != NULL && r->serve->settings.workers > 1 && files > 1;

    r->workers = apart ? (unsigned)r->serve->settings.workers : 1;
    r->parts = apart ? files : 1;
    r->part = calloc(r->parts, sizeof *r->part);
    if (r->part == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < r->parts; i++) {
        r->part[i].next = apart ? i : 0;
        r->part[i].end = apart ? i + 1 : files;
    }
    return 0;
}

static int start(struct serve *s, size_t files)
{
    struct replay *r = calloc(1, sizeof *r);

    s->replay = r;
    if (r == NULL)
        return -ENOMEM;
    r->serve = s;
    s->workers.policy = &policy;
    s->workers.ctx = r;
    int rc = deal(r, files);
    if (rc == 0)
        rc = go_on(r);
    if (rc == 0)
        return 0;
    log_error("the worker cannot be started: %s", strerror(-rc));
    return -EINVAL;
}

int replay_start(struct serve *s)
{
    int rc = start(s, s->options.files.count);

    if (rc == 0)
        start_progress(s->replay);
    return rc;
}

int replay_check_filter(struct serve *s)
{
    if (start(s, 0) < 0)
        return -EINVAL;
    event_base_dispatch(s->base);
    return s->failed || s->replay->signal != 0 ? -EINVAL : 0;
}

int replay_signal(const struct replay *r)
{
    return r != NULL ? r->signal : 0;
}

void replay_free(struct replay *r)
{
    if (r == NULL)
        return;
    if (r->progress != NULL)
        event_free(r->progress);
    free(r->part);
    free(r);
}
