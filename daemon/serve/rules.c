/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules in use. */
#include "serve/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "config.h"
#include "os/notify.h"
#include "serve/changes.h"
#include "serve/clock.h"
#include "serve/known.h"
#include "serve/reread.h"
#include "serve/watch.h"

/* Problems told one by one; `bridlectl check` tells all. */
#define TOLD_MAX 20
/* A load that takes longer is ended: the loader may be hostile. */
#define LOAD_SECONDS 600
#define WAITING_MAX  32
/* A worker that does not take a new image for so long is not waited for. */
#define TAKEN_NS 5000000000u

struct waiting {
    rules_done_fn done;
    void *ctx;
};

struct rules {
    struct serve *serve; /* borrowed */
    struct load_paths paths;
    struct load load;
    struct load_with with;                  /* of the load that runs */
    struct event *readable, *limit, *offer; /* owned; `readable` lives as long as a load */
    struct watch *watch;                    /* owned; NULL: nothing is watched */
    struct changes changes;                 /* of the load that runs */
    struct rules_kept kept[RULES_KEPT_MAX], found[RULES_KEPT_MAX]; /* in use; of the load that runs */
    uint64_t kept_count, found_count;
    uint64_t expires_s, next_expires_s; /* wall clock: when an exception ends; 0: none does */
    uint64_t offered_ns;                /* monotonic: when the new image was offered */
    uint64_t told;
    char text[8192]; /* the problems told, one a line */
    size_t text_len;
    uint64_t broken_files, files, problems; /* of the generation in use */
    uint64_t failures;
    struct waiting now[WAITING_MAX], next[WAITING_MAX];
    unsigned now_count, next_count;
    bool busy;              /* a reload runs, or its answer waits for workers */
    bool again;             /* another reload was asked for while one runs */
    unsigned how, next_how; /* enum rules_how: of the reload that runs, of the next */
};

static void tell(struct rules *r, const char *line)
{
    int n = snprintf(r->text + r->text_len, sizeof r->text - r->text_len, "%s\n", line);

    if (n > 0 && (size_t)n < sizeof r->text - r->text_len)
        r->text_len += (size_t)n;
    else
        r->text[r->text_len] = 0;
}

/* Where what is known between loads lies; NULL: a replay knows nothing. */
static const char *state_folder(const struct rules *r)
{
    return r->serve->options.mode == MODE_LIVE ? r->serve->settings.state_dir : NULL;
}

static void note_kept(struct rules *r, const struct load_line *l)
{
    if (r->found_count < RULES_KEPT_MAX) {
        struct rules_kept *k = &r->found[r->found_count];
        struct text t = text_on(k->path, sizeof k->path);
        text_raw(&t, l->path); /* the loader escapes it, which load_read has checked */
        k->now = l->now;
        k->before = l->before;
    }
    r->found_count++;
}

static void tell_forgotten(const struct rules *r, int error)
{
    log_warning("rules: the days on which indicators were first loaded cannot be kept in %s: %s",
                r->serve->settings.state_dir, strerror(error));
}

/* Should the load be refused then, nothing is lost: a value is known that is not in use yet. */
static void take_known(const struct rules *r)
{
    int rc = known_take(state_folder(r));

    if (rc < 0)
        tell_forgotten(r, -rc);
}

static void on_line(void *ctx, const struct load_line *l)
{
    struct rules *r = ctx;
    char text[LOAD_LINE_MAX];

    if (l->kind == LOAD_LINE_KNOWN)
        take_known(r);
    changes_take(&r->changes, l, clock_wall_ns());
    if (l->kind == LOAD_LINE_KEPT)
        note_kept(r, l);
    if (l->kind == LOAD_LINE_EXPIRES)
        r->next_expires_s = l->expires_s;
    if (!load_problem_text(l, text, sizeof text))
        return;
    if (r->told++ < TOLD_MAX) {
        log_warning("%s", text);
        tell(r, text);
    }
}

static void on_missing(void *ctx, const char *path, int error)
{
    struct rules *r = ctx;
    char text[512];

    snprintf(text, sizeof text, "%s: cannot be read: %s", path, strerror(error));
    log_error("%s", text);
    tell(r, text);
}

/* For the load after a restart: a list that shrinks meanwhile is one that shrank. */
static void keep_image(struct rules *r)
{
    const struct changes *c = &r->changes;
    const struct generation *g = images_newest(&r->serve->images);

    if (state_folder(r) == NULL || (c->told && c->added + c->removed + c->changed == 0))
        return;
    int rc = known_store_image(state_folder(r), g->fd);
    if (rc < 0 && rc != -ENOENT && rc != -EFBIG)
        log_warning("rules: the indicators in use cannot be kept in %s for the next start: %s",
                    r->serve->settings.state_dir, strerror(-rc));
}

/* A path that is not there is an error of its own: nothing else says that a rule file was forgotten. */
static int check_paths(struct rules *r)
{
    int rc = load_paths_look(&r->paths, on_missing, r);

    for (size_t i = 0; i < r->paths.count; i++)
        if (!r->paths.at[i].there && r->paths.at[i].source != NULL && rc == 0)
            log_notice("[source %s]: %s is not there yet: bridle-update fetches it",
                       r->paths.at[i].source->named.name, r->paths.at[i].at);
    return rc;
}

/* Says of a path why the rules cannot be used. */
static int refuse(struct rules *r, const char *path, const char *why)
{
    char text[512];

    snprintf(text, sizeof text, "%s: %s", path, why);
    log_error("%s", text);
    tell(r, text);
    return -EINVAL;
}

/* A compiled image is used as it is, without a loader, and so alone. 1: it was one; 0: there is none;
 * negative: told.
 */
static int compiled(struct rules *r)
{
    const size_t given = r->paths.words, sources = r->serve->settings.sources.count;
    const char *why = NULL;

    if (!HAVE_LOADER && check_paths(r) < 0)
        return -ENOENT;
    for (size_t i = 0; i < given; i++) {
        int fd = images_open_file(r->paths.at[i].at, &why);
        if (fd == -ENOENT && !HAVE_LOADER)
            why = "is no compiled image, and this build reads nothing else: make one with `bridlectl compile "
                  "-o FILE RULES...` on any machine that has a whole bridle";
        else if (fd == -ENOENT)
            continue;
        if (fd >= 0 && given + sources > 1) {
            close(fd);
            why = "is a compiled image, which stands alone: name no other rules, or compile all into one";
        } else if (fd >= 0 && images_add(&r->serve->images, fd, false, clock_wall_ns(), 0, &why) == 0) {
            r->problems = r->files = r->broken_files = r->kept_count = r->expires_s = 0;
            return 1;
        }
        return refuse(r, r->paths.at[i].at, why);
    }
    return 0;
}

static int begin(struct rules *r)
{
    const struct generation *old = images_newest(&r->serve->images);
    int stored = HAVE_LOADER && old == NULL ? known_image(state_folder(r)) : -1;

    if (!HAVE_LOADER)
        return -ENOSYS; /* never: compiled() found an image, or told that there is none */
    r->with = (struct load_with){
        .before = old == NULL    ? stored
                  : old->damaged ? -1
                                 : old->fd,
        .known = known_open(state_folder(r)),
        .next = -1,
        .take_shrunk = (r->how & RULES_TAKE_SHRUNK) != 0,
    };
    if (r->with.known >= 0 && (r->with.next = known_begin(state_folder(r))) < 0) {
        tell_forgotten(r, -r->with.next);
        close(r->with.known);
        r->with.known = -1;
    }
    r->found_count = r->next_expires_s = 0;
    changes_drop(&r->changes);
    r->load = (struct load){.line = on_line, .ctx = r, .image = -1, .socket = -1, .with = &r->with};
    int rc = check_paths(r);
    if (rc == 0)
        rc = load_start(&r->load, r->serve->loader_exe, &r->paths);
    if (r->with.known >= 0) { /* the loader has all of them */
        close(r->with.known);
        close(r->with.next);
    }
    if (stored >= 0)
        close(stored);
    return rc;
}

static void tell_rest(struct rules *r)
{
    char more[96];

    if (r->told <= TOLD_MAX)
        return;
    snprintf(more, sizeof more, "%" PRIu64 " more problems: `bridlectl check` tells all", r->told - TOLD_MAX);
    log_warning("%s", more);
    tell(r, more);
}

static void tell_kept(struct rules *r, const struct rules_kept *k)
{
    char text[sizeof k->path + 200];

    snprintf(text, sizeof text,
             "%s has %" PRIu64 " entries, and had %" PRIu64 ": the old ones stay in force; "
             "`bridlectl reload --take-shrunk` takes it as it is",
             k->path, k->now, k->before);
    tell(r, text);
    serve_engine(r->serve, LOG_LEVEL_ERROR, 0, "list-kept", "%s", text);
}

/* The image is in use: what else came of the load counts from now on. */
static void take_over(struct rules *r)
{
    struct serve *s = r->serve;

    memcpy(r->kept, r->found, sizeof r->kept);
    r->kept_count = r->found_count;
    r->expires_s = r->next_expires_s;
    for (unsigned i = 0; i < r->kept_count && i < RULES_KEPT_MAX; i++)
        tell_kept(r, &r->kept[i]);
    if (r->changes.told && r->changes.added + r->changes.removed + r->changes.changed > 0)
        serve_engine(s, LOG_LEVEL_NOTICE, 0, "rules-diff",
                     "rules: %" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " changed: bridlectl changes",
                     r->changes.added, r->changes.removed, r->changes.changed);
    keep_image(r);
    int rc = changes_keep(&r->changes, state_folder(r), s->images.newest, clock_wall_ns());
    if (rc < 0)
        log_warning("rules: what changed cannot be kept in %s: %s", s->settings.state_dir, strerror(-rc));
    r->broken_files = r->load.broken_files;
    r->files = r->load.files;
    r->problems = r->load.problems;
}

/* Judges a load that ended, and takes its image; `first`: there are no older rules to fall back to. */
static int judge(struct rules *r, int spoke, bool first)
{
    char text[256] = "";
    const char *why = text;
    int rc = load_finish(&r->load, text, sizeof text);

    tell_rest(r);
    if (spoke < 0) {
        rc = spoke;
        why = spoke == -ETIMEDOUT ? "the loader did not end" : "the loader spoke nonsense";
    } else if (rc == -ENOENT && first && r->load.indicators == 0 && r->serve->settings.observe) {
        rc = 0; /* only names are wanted */
    } else if (rc == 0 && !first && r->found_count == 0 && r->load.broken_files > r->broken_files) {
        rc = -EBADMSG; /* one of which the old entries were kept is told as such */
        why = "a file of the rules is broken";
    }
    if (rc == 0) {
        rc = images_add(&r->serve->images, r->load.image, true, clock_wall_ns(), r->load.problems, &why);
        r->load.image = -1;
    }
    if (rc == 0)
        take_over(r);
    load_abort(&r->load);
    known_end(state_folder(r));
    if (rc < 0) {
        tell(r, why);
        log_error("rules: %s", why);
        return rc;
    }
    return 0;
}

/* systemd must not take a long load for a start that hangs. */
static void tell_progress(struct rules *r)
{
    char text[96];

    if (r->serve->options.mode == MODE_REPLAY)
        load_progress_show(&r->load);
    if (r->serve->options.mode == MODE_REPLAY || !load_progress_due(&r->load, clock_mono_ns()))
        return;
    load_progress_text(&r->load, text, sizeof text);
    log_notice("rules: %s", text);
    notify_send("EXTEND_TIMEOUT_USEC=30000000");
}

static int load_and_wait(struct rules *r)
{
    int rc = begin(r);

    if (rc < 0)
        return rc;
    const uint64_t limit_ns = clock_mono_ns() + LOAD_SECONDS * 1000000000ull;
    for (;;) {
        struct pollfd p = {.fd = r->load.socket, .events = POLLIN};
        uint64_t now_ns = clock_mono_ns();
        int n = now_ns < limit_ns ? poll(&p, 1, (int)((limit_ns - now_ns) / 1000000) + 1) : 0;
        rc = n == 0 ? -ETIMEDOUT : load_read(&r->load);
        tell_progress(r);
        if (rc > 0)
            continue;
        load_progress_clear(&r->load);
        return judge(r, rc, true);
    }
}

int rules_start(struct serve *s)
{
    struct rules *r = calloc(1, sizeof *r);

    if (r == NULL)
        return -ENOMEM;
    s->rules = r;
    r->serve = s;
    r->load = (struct load){.image = -1, .socket = -1};
    int rc = load_paths_configured(&r->paths, &s->settings);
    if (rc < 0)
        return rc;
    if (s->options.mode == MODE_LIVE && s->settings.rules_watch)
        r->watch = watch_new(s, &r->paths);
    if (r->watch != NULL)
        watch_loads(r->watch);
    rc = compiled(r);
    return rc > 0 ? 0 : rc < 0 ? -EINVAL : load_and_wait(r) < 0 ? -EINVAL : 0;
}

static void begin_reload(struct rules *r);

/* Those who asked hear of it, and the next reload begins if one was asked for meanwhile. */
static void answer(struct rules *r, bool good)
{
    for (unsigned i = 0; i < r->now_count; i++)
        if (r->now[i].done != NULL)
            r->now[i].done(r->now[i].ctx, good, r->text);
    r->now_count = 0;
    r->busy = false;
    notify_send("READY=1");
    if (r->again)
        begin_reload(r);
}

/* Offers the new image until all workers have it and use it. */
static void on_offer(evutil_socket_t fd, short what, void *ctx)
{
    struct rules *r = ctx;
    const struct timeval soon = {.tv_usec = 5000};
    bool late = clock_mono_ns() - r->offered_ns > TAKEN_NS;

    if (workers_offer_image(&r->serve->workers) ||
        (r->busy && !late && !workers_use_newest(&r->serve->workers)))
        event_add(r->offer, &soon);
    else if (r->busy && r->readable == NULL)
        answer(r, r->kept_count == 0);
}

static void offer(struct rules *r)
{
    r->offered_ns = clock_mono_ns();
    on_offer(-1, 0, r);
}

static void finish_reload(struct rules *r, int rc)
{
    char text[512];
    struct serve *s = r->serve;

    if (rc == 0) {
        const struct generation *g = images_newest(&s->images);
        snprintf(text, sizeof text, "%u indicators in use (generation %u)", image_iocs(g->map), g->number);
        tell(r, text);
        serve_engine(s, LOG_LEVEL_NOTICE, 0, "rules-loaded", "%s", text);
        offer(r);
    } else {
        r->failures++;
        /* problems stand before what follows from them */
        struct text t = text_on(text, sizeof text);
        text_raw(&t, span_of(r->text, strcspn(r->text, "\n")));
        serve_engine(s, LOG_LEVEL_ERROR, 0, "rules-refused", "reload failed, the rules stay as they were: %s",
                     text);
        bool back = images_fall_back(&s->images, clock_wall_ns()) == 0;
        tell(r, back ? "the rules before those are in use again" : "the rules stay as they were");
        answer(r, false);
        if (back)
            offer(r);
    }
}

static void end_reload(struct rules *r, int spoke)
{
    event_free(r->readable);
    r->readable = NULL;
    event_del(r->limit);
    finish_reload(r, judge(r, spoke, false));
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct rules *r = ctx;
    int rc = load_read(&r->load);

    tell_progress(r);
    if (rc <= 0)
        end_reload(r, rc);
}

static void on_limit(evutil_socket_t fd, short what, void *ctx)
{
    end_reload(ctx, -ETIMEDOUT);
}

/* As begin and load_and_wait, but the loop waits. */
static int begin_beside(struct rules *r)
{
    const struct timeval limit = {.tv_sec = LOAD_SECONDS};
    int rc = compiled(r);

    if (rc != 0) {
        finish_reload(r, rc < 0 ? rc : 0);
        return 0;
    }
    rc = begin(r);
    if (rc < 0)
        return rc;
    r->readable = event_new(r->serve->base, r->load.socket, EV_READ | EV_PERSIST, on_readable, r);
    if (r->readable == NULL || event_add(r->readable, NULL) < 0) {
        load_abort(&r->load);
        return -ENOMEM;
    }
    event_add(r->limit, &limit);
    return 0;
}

static void on_setting(void *ctx, bool error, const char *text)
{
    log_line(error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s", text);
    if (error)
        tell(ctx, text);
}

static void begin_reload(struct rules *r)
{
    char state[64];

    r->again = false;
    r->busy = true;
    r->how = r->next_how;
    r->next_how = 0;
    memcpy(r->now, r->next, sizeof r->now);
    r->now_count = r->next_count;
    r->next_count = 0;
    r->told = 0;
    r->text_len = 0;
    r->text[0] = 0;
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_ns() / 1000);
    notify_send(state);
    int rc = (r->how & RULES_REREAD) != 0 ? reread_settings(r->serve, &r->paths, on_setting, r) : 0;
    if (r->watch != NULL)
        watch_loads(r->watch);
    if (rc >= 0)
        rc = begin_beside(r);
    if (rc < 0)
        finish_reload(r, rc);
}

int rules_reload(struct serve *s, unsigned how, rules_done_fn done, void *ctx)
{
    struct rules *r = s->rules;

    if (r->limit == NULL) {
        r->limit = evtimer_new(s->base, on_limit, r);
        r->offer = evtimer_new(s->base, on_offer, r);
        if (r->limit == NULL || r->offer == NULL)
            return -ENOMEM;
    }
    if (r->next_count == WAITING_MAX)
        return -EBUSY;
    if (done != NULL)
        r->next[r->next_count++] = (struct waiting){done, ctx};
    r->again = true;
    r->next_how |= how;
    if (!r->busy)
        begin_reload(r);
    return 0;
}

void rules_watch(struct serve *s)
{
    struct rules *r = s->rules;

    if (r->expires_s > 0 && clock_wall_ns() / 1000000000u >= r->expires_s) {
        r->expires_s = 0;
        log_notice("rules: an exception has ended: loading again");
        if (rules_reload(s, 0, NULL, NULL) < 0)
            log_error("a reload cannot be started");
    }
    if (!images_changed(&s->images))
        return;
    serve_engine(s, LOG_LEVEL_ERROR, 0, "rules-changed",
                 "the compiled image was written to while it is in use, so that what it lists may be missed: "
                 "put a new "
                 "one in its place by renaming it, as `bridlectl compile` does");
    if (rules_reload(s, 0, NULL, NULL) < 0)
        log_error("a reload cannot be started");
}

static void forget(struct waiting *w, unsigned n, const void *ctx)
{
    for (unsigned i = 0; i < n; i++)
        if (w[i].ctx == ctx)
            w[i].done = NULL;
}

void rules_forget(struct rules *r, const void *ctx)
{
    if (r == NULL)
        return;
    forget(r->now, r->now_count, ctx);
    forget(r->next, r->next_count, ctx);
}

struct rules_state rules_state(const struct rules *r)
{
    struct rules_state st = {.problems = r->problems,
                             .files = r->files,
                             .failures = r->failures,
                             .loading = r->readable != NULL,
                             .bytes = r->load.bytes,
                             .bytes_of = r->load.bytes_of,
                             .entries = r->load.entries,
                             .kept = r->kept_count};
    if (st.loading)
        load_progress_text(&r->load, st.progress, sizeof st.progress);
    return st;
}

const struct rules_kept *rules_kept(const struct rules *r, unsigned number)
{
    return number < r->kept_count && number < RULES_KEPT_MAX ? &r->kept[number] : NULL;
}

void rules_free(struct rules *r)
{
    if (r == NULL)
        return;
    if (r->load.pid > 0)
        load_abort(&r->load);
    struct event *events[] = {r->readable, r->limit, r->offer};
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    watch_free(r->watch);
    changes_drop(&r->changes);
    load_paths_free(&r->paths);
    free(r);
}
