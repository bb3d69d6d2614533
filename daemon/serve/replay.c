/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading captures. */
#include "serve/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/notice.h"
#include "serve/worker_settings.h"

/* Files that were handed over and not read yet: descriptors are few, files may be many. */
#define WINDOW 2

struct replay {
    struct serve *serve;    /* borrowed */
    struct worker *worker;  /* borrowed from the set */
    struct event *progress; /* owned; NULL: stderr is no terminal */
    size_t next;            /* file to open next */
    unsigned handed;        /* over and not read yet */
    bool end_said;
    bool progress_shown;
    int signal;
};

/* An open descriptor, or -1 after a message. */
static int open_file(struct serve *s, const char *name)
{
    struct stat st;
    int fd =
        strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)))
        return fd;
    log_error("%s: cannot be read: %s", name, fd >= 0 ? "it is a folder" : strerror(errno));
    s->failed = true;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void hand_over(struct replay *r)
{
    struct serve *s = r->serve;

    while (r->handed < WINDOW && r->next < s->options.files.count && !s->stopping) {
        uint32_t index = (uint32_t)r->next++;
        int fd = open_file(s, s->options.files.at[index]);
        if (fd < 0)
            continue;
        if (worker_send(r->worker, WORKER_MSG_FILE, index, fd) == 0)
            r->handed++; /* else it is dead, and its end will be told */
        close(fd);
    }
    if (r->next == s->options.files.count && !r->end_said) {
        r->end_said = true;
        worker_send(r->worker, WORKER_MSG_END, 0, -1);
    }
}

static void on_ready(void *ctx, struct worker *w) {}

static void on_file_read(void *ctx, struct worker *w, uint32_t number)
{
    struct replay *r = ctx;

    if (r->handed > 0)
        r->handed--;
    hand_over(r);
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

    serve_notice_text(r->serve, rec, text, sizeof text);
    if (level == LOG_LEVEL_ERROR)
        r->serve->failed = true;
    if (event)
        serve_engine(r->serve, level, rec->ts_ns, notice_names[rec->notice], "%s", text);
    else
        log_line(level, "%s", text);
}

static void on_ended(void *ctx, struct worker *w, const struct child_end *end)
{
    struct replay *r = ctx;
    struct serve *s = r->serve;
    char how[640];
    const char *file = serve_source(s, end->source) != NULL ? serve_source(s, end->source) : "no file";

    clear_progress(r);
    child_end_text(end, how, sizeof how);
    if (end->signal != 0) {
        r->signal = end->signal;
        fprintf(stderr, "worker died: signal %d at packet %" PRIu64 " of %s\n", end->signal, end->packet,
                file);
        serve_engine(s, LOG_LEVEL_ERROR, w->last_ns, w->misbehaved ? "worker-misbehaved" : "worker-died",
                     "the worker %s of %s%s", how, file,
                     w->misbehaved ? ": it was ended because it wrote nonsense" : "");
    } else if (end->failed || end->code != 0) {
        s->failed = true;
        log_error("the worker %s", how);
    } else if (!r->end_said && !s->stopping) {
        s->failed = true;
        log_error("the worker ended before everything was read");
    }
    event_base_loopbreak(s->base);
}

static const struct workers_policy policy = {
    .ready = on_ready,
    .file_read = on_file_read,
    .notice = on_notice,
    .records = clear_progress,
    .ended = on_ended,
};

static void on_progress(evutil_socket_t fd, short what, void *ctx)
{
    struct replay *r = ctx;
    struct serve *s = r->serve;
    struct reporter_totals t = reporter_totals(s->reporter);

    fprintf(stderr, "\r\033[Kfile %zu of %zu, %" PRIu64 " packets, %" PRIu64 " alerts",
            r->next - r->handed + 1, s->options.files.count, worker_counter(r->worker, COUNT_PACKETS),
            t.alerts);
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

static int start_worker(struct serve *s, struct replay **ret)
{
    struct worker_config config;
    struct replay *r = calloc(1, sizeof *r);

    if (r == NULL)
        return -ENOMEM;
    *ret = r;
    r->serve = s;
    s->workers.policy = &policy;
    s->workers.ctx = r;
    int rc = worker_settings(&s->settings, false, &config);
    if (rc < 0)
        return rc;
    r->worker = workers_add(&s->workers, &config);
    return r->worker == NULL ? -ENOMEM : worker_start(r->worker);
}

int replay_start(struct serve *s)
{
    int rc = start_worker(s, &s->replay);

    if (rc < 0) {
        log_error("the worker cannot be started: %s", strerror(-rc));
        return -EINVAL;
    }
    hand_over(s->replay);
    start_progress(s->replay);
    return 0;
}

int replay_check_filter(struct serve *s)
{
    int rc = start_worker(s, &s->replay);

    if (rc < 0) {
        log_error("the worker cannot be started: %s", strerror(-rc));
        return -EINVAL;
    }
    s->replay->next = s->options.files.count; /* nothing is read */
    hand_over(s->replay);
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
    free(r);
}
