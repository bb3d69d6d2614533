/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridled: from the command line to one table of stages. Each stage is started in order; when one fails,
 * those before it are stopped in reverse, and so they are at the end. Which stages there are depends on what
 * is to be done: watch, read captures, or check.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "os/bus.h"
#include "os/memory.h"
#include "os/notify.h"
#include "os/privilege.h"
#include "os/sandbox.h"
#include "os/spawn.h"
#include "serve/clock.h"
#include "serve/control.h"
#include "serve/live.h"
#include "serve/replay.h"
#include "serve/rules.h"
#include "serve/user.h"

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_ALERT = 3, EXIT_SIGNAL = 128 };

static void problem(void *ctx, bool error, const char *text)
{
    log_line(error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s", text);
}

/* --- configuration --- */

static int start_settings(struct serve *s)
{
    int rc = options_settings(&s->options, &s->settings, problem, NULL);

    return rc == 0 ? 0 : rc == -EDOM ? EXIT_USAGE : EXIT_FAILED;
}

static void stop_settings(struct serve *s)
{
    conf_free(settings_keys, settings_count, &s->settings);
}

/* --- executables: opened once, so that an upgrade on disk never mixes versions --- */

static int start_executables(struct serve *s)
{
    const struct {
        const char *name;
        int *fd;
    } exe[] = {{"bridle-worker", &s->worker_exe}, {"bridle-loader", &s->loader_exe}};

    for (unsigned i = 0; i < 1 + HAVE_LOADER; i++) {
        *exe[i].fd = spawn_open(exe[i].name);
        if (*exe[i].fd >= 0)
            continue;
        log_error("%s cannot be found: %s", exe[i].name, strerror(-*exe[i].fd));
        return EXIT_FAILED;
    }
    s->workers.exe = s->worker_exe;
    return 0;
}

static void stop_executables(struct serve *s)
{
    if (s->worker_exe >= 0)
        close(s->worker_exe);
    if (s->loader_exe >= 0)
        close(s->loader_exe);
}

/* --- the loop and its signals --- */

static void on_child(evutil_socket_t signal, short what, void *ctx)
{
    struct serve *s = ctx;

    workers_reap(&s->workers);
}

static void on_end(evutil_socket_t signal, short what, void *ctx)
{
    struct serve *s = ctx;

    s->stopping = true;
    event_base_loopbreak(s->base);
}

static void on_reload(evutil_socket_t signal, short what, void *ctx)
{
    struct serve *s = ctx;

    if (s->live == NULL || s->reporter == NULL)
        return;
    reporter_reopen(s->reporter);
    if (signal == SIGHUP && rules_reload(s, RULES_REREAD, NULL, NULL) < 0)
        log_error("a reload cannot be started");
}

static const struct {
    int signal;
    event_callback_fn fn;
} signals[] = {
    {SIGCHLD, on_child}, {SIGTERM, on_end}, {SIGINT, on_end}, {SIGHUP, on_reload}, {SIGUSR1, on_reload}};

#define SIGNALS (sizeof signals / sizeof *signals)

static int start_loop(struct serve *s)
{
    signal(SIGPIPE, SIG_IGN);
    s->base = event_base_new();
    if (s->base == NULL)
        return EXIT_FAILED;
    s->workers.base = s->base;
    s->workers.images = &s->images;
    for (unsigned i = 0; i < SIGNALS; i++) {
        if (s->options.mode != MODE_LIVE && (signals[i].signal == SIGHUP || signals[i].signal == SIGUSR1))
            continue;
        s->signal[i] = evsignal_new(s->base, signals[i].signal, signals[i].fn, s);
        if (s->signal[i] == NULL || event_add(s->signal[i], NULL) < 0)
            return EXIT_FAILED;
    }
    return 0;
}

static void stop_loop(struct serve *s)
{
    for (unsigned i = 0; i < SIGNALS; i++)
        if (s->signal[i] != NULL)
            event_free(s->signal[i]);
    if (s->base != NULL)
        event_base_free(s->base);
}

/* --- what needs privileges, and their end --- */

static int start_user(struct serve *s)
{
    return user_choose(s) < 0 ? EXIT_FAILED : 0;
}

static int start_control(struct serve *s)
{
    return control_open(s) < 0 ? EXIT_FAILED : 0;
}

static void stop_control(struct serve *s)
{
    control_free(s->control);
}

static int start_interfaces(struct serve *s)
{
    return live_prepare(s) < 0 ? EXIT_FAILED : 0;
}

static void stop_interfaces(struct serve *s)
{
    live_free(s->live);
}

static int start_unprivileged(struct serve *s)
{
    char why[256] = "";

    if (privilege_drop(s->settings.user, KEEP_NET_RAW, why, sizeof why) == 0)
        return 0;
    log_error("privileges cannot be given up: %s", why);
    return EXIT_FAILED;
}

/* --- rules --- */

static int start_rules(struct serve *s)
{
    return rules_start(s) < 0 ? EXIT_FAILED : 0;
}

static void stop_rules(struct serve *s)
{
    rules_free(s->rules);
    images_done(&s->images);
}

/* --- outputs --- */

static int open_outputs(struct serve *s)
{
    char host[256] = "";
    bool replay = s->options.mode == MODE_REPLAY;
    const struct settings *set = &s->settings;
    const char *eve = set->eve_path[0] != 0 ? set->eve_path : NULL;

    if (!replay && gethostname(host, sizeof host - 1) < 0)
        host[0] = 0;
    const struct reporter_options o = {
        .settings = set,
        .replay = replay,
        .human = eve == NULL && (replay || s->options.interfaces.count > 0),
        .observe = set->observe,
        .eve_path = eve,
        .state_dir = !replay && set->state_dir[0] != 0 ? set->state_dir : NULL,
        .sensor = set->sensor[0] != 0 ? set->sensor
                  : replay            ? "replay"
                                      : host,
    };
    int rc = reporter_new(&o, serve_source, s, &s->reporter);
    s->workers.reporter = s->reporter;
    if (rc == 0 && !replay)
        reporter_tick(s->reporter, clock_wall_ns());
    return rc < 0 ? EXIT_FAILED : 0;
}

/* A path on the command line is opened with the rights of whoever gave it, like a redirection of the shell.
 */
static int start_outputs_by_hand(struct serve *s)
{
    return user_by_hand(&s->options) ? open_outputs(s) : 0;
}

static int start_outputs(struct serve *s)
{
    return s->reporter == NULL ? open_outputs(s) : 0;
}

/* The end of a replay: for people what was found, for programs what was counted, if they ask for it. */
static void sum_up(struct serve *s)
{
    uint64_t sum[COUNTERS];

    workers_sum(&s->workers, sum);
    if (s->settings.eve_path[0] == 0)
        reporter_summary(s->reporter, sum, stderr);
    else if (s->settings.stats_interval > 0)
        serve_stats(s, s->workers.last_ns);
}

static void stop_outputs(struct serve *s)
{
    if (s->reporter == NULL)
        return;
    reporter_finish(s->reporter);
    fflush(stdout);
    struct reporter_totals t = reporter_totals(s->reporter);
    s->matched = t.sightings > 0;
    s->failed |= t.output_errors > 0 && s->options.mode == MODE_REPLAY;
    if (s->options.mode == MODE_REPLAY)
        sum_up(s);
    reporter_free(s->reporter);
    s->reporter = NULL;
}

/* --- workers --- */

static int start_watching(struct serve *s)
{
    return live_start(s) < 0 ? EXIT_FAILED : 0;
}

static void stop_watching(struct serve *s)
{
    notify_send("STOPPING=1");
    s->stopping = true;
    workers_stop(&s->workers);
    workers_done(&s->workers);
}

static int start_reading(struct serve *s)
{
    return replay_start(s) < 0 ? EXIT_FAILED : 0;
}

static void stop_reading(struct serve *s)
{
    if (images_changed(&s->images)) {
        log_error("the compiled image was written to while it was in use: some of it was not looked for");
        s->failed = true;
    }
    if (s->stopping)
        log_error("interrupted: not everything was read");
    workers_stop(&s->workers);
    workers_done(&s->workers);
}

static int start_service(struct serve *s)
{
    int rc = sandbox_enter(SANDBOX_MAIN, NULL);

    s->sandbox = rc == 0 ? "on" : "off: this kernel or build has no system call filters";
    if (rc == -ENOSYS)
        log_warning("sandbox %s", s->sandbox);
    else if (rc < 0) {
        log_error("the system call filter cannot be installed: %s", strerror(-rc));
        return EXIT_FAILED;
    }
    if (control_start(s) < 0)
        return EXIT_FAILED;
    memory_trim();
    notify_send("READY=1");
    return 0;
}

static int run(struct serve *s)
{
    event_base_dispatch(s->base);
    return 0;
}

/* -t: what was checked so far was good; the filter is tried, the settings are shown. */
static int show_settings(struct serve *s)
{
    if (s->settings.filter[0] != 0 && replay_check_filter(s) < 0)
        return EXIT_FAILED;
    conf_print(settings_keys, settings_count, &s->settings, stdout);
    log_notice("the configuration is good: %u indicators", image_iocs(images_newest(&s->images)->map));
    return 0;
}

static const struct main_stage {
    unsigned modes; /* enum options_mode */
    const char *name;
    int (*start)(struct serve *s); /* 0 or an exit status; what is wrong was told */
    void (*stop)(struct serve *s); /* may be NULL */
} stages[] = {
    {MODE_LIVE | MODE_REPLAY | MODE_CHECK, "settings", start_settings, stop_settings},
    {MODE_LIVE | MODE_REPLAY | MODE_CHECK, "executables", start_executables, stop_executables},
    {MODE_LIVE | MODE_REPLAY | MODE_CHECK, "loop", start_loop, stop_loop},
    {MODE_LIVE, "user", start_user, NULL},
    {MODE_LIVE, "outputs, by hand", start_outputs_by_hand, stop_outputs},
    {MODE_LIVE, "control socket", start_control, stop_control},
    {MODE_LIVE, "interfaces", start_interfaces, stop_interfaces},
    {MODE_LIVE, "privileges", start_unprivileged, NULL}, /* from here on as an ordinary user */
    {MODE_LIVE | MODE_REPLAY | MODE_CHECK, "rules", start_rules, stop_rules},
    {MODE_LIVE | MODE_REPLAY, "outputs", start_outputs, stop_outputs},
    {MODE_LIVE, "watching", start_watching, stop_watching},
    {MODE_LIVE, "service", start_service, NULL},
    {MODE_REPLAY, "reading", start_reading, stop_reading},
    {MODE_LIVE | MODE_REPLAY, "run", run, NULL},
    {MODE_CHECK, "shown", show_settings, stop_reading},
};

#define STAGES_MAX (sizeof stages / sizeof *stages)

/* A stage that fails is stopped too: it may have got halfway. */
static int run_stages(struct serve *s)
{
    int status = 0;
    unsigned n = 0;

    while (n < STAGES_MAX && status == 0) {
        const struct main_stage *g = &stages[n++];
        if ((g->modes & s->options.mode) == 0)
            continue;
        log_debug("stage: %s", g->name);
        status = g->start(s);
    }
    while (n-- > 0)
        if ((stages[n].modes & s->options.mode) != 0 && stages[n].stop != NULL)
            stages[n].stop(s);
    return status;
}

/* Precedence: a worker's death, usage, failure, alert. */
static int exit_status(const struct serve *s, int status)
{
    int died = replay_signal(s->replay);

    if (died != 0)
        return EXIT_SIGNAL + died;
    if (status == EXIT_USAGE)
        return status;
    if (status != 0 || s->failed || (s->stopping && s->options.mode == MODE_REPLAY))
        return EXIT_FAILED;
    return s->options.fail_on_alert && s->matched ? EXIT_ALERT : EXIT_DONE;
}

/* A standard descriptor that was closed when we were started: nothing else may get its number, or what is
 * printed ends up there. Opened the wrong way round, so that its use still fails. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return;
}

static int watch_or_read(struct serve *s)
{
    s->started_ns = clock_mono_ns();
    s->worker_exe = s->loader_exe = -1;
    int status = exit_status(s, run_stages(s));
    replay_free(s->replay);
    return status;
}

int main(int argc, char **argv)
{
    struct serve s = {.sandbox = "not yet"};
    int status = EXIT_DONE;

    hold_standard_descriptors();
    bus_init();
    switch (options_parse(&s.options, argc, argv)) {
    case OPTIONS_RUN:
        status = watch_or_read(&s);
        break;
    case OPTIONS_HELP:
        options_help(stdout);
        break;
    case OPTIONS_HELP_CONFIG:
        conf_help(settings_keys, settings_count, stdout);
        break;
    case OPTIONS_VERSION:
        puts("bridled " BRIDLE_VERSION);
        break;
    case OPTIONS_USAGE:
        fprintf(stderr, "bridled: %s\nTry `bridled --help`.\n", s.options.why);
        status = EXIT_USAGE;
        break;
    }
    options_free(&s.options);
    if (fflush(stdout) != 0 && status == EXIT_DONE)
        status = EXIT_FAILED;
    return status;
}
