/* SPDX-License-Identifier: BSD-2-Clause */
/* Running bridle-loader. */
#include "serve/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "config.h"
#include "intel/indicator.h"
#include "os/spawn.h"
#include "serve/clock.h"

#define TELL_NS 1000000000u /* between two words about how far a load is */

/* The arguments as they grow; a failure shows at the end. */
struct arguments {
    const char **at; /* owned; borrowed words */
    size_t count, room;
};

static void add(struct arguments *a, const char *word)
{
    if (a->count < a->room)
        a->at[a->count++] = word;
}

static void add_pair(struct arguments *a, const char *option, const char *value)
{
    if (value != NULL && value[0] != 0) {
        add(a, option);
        add(a, value);
    }
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void add_source(struct arguments *a, const struct settings_source *source, const char *path)
{
    uint32_t trust = source->trust;
    /* An index is bridle-update's business; what it put into the folder tells its format by itself. */
    bool known = strcmp(source->format, "auto") != 0 && strcmp(source->format, SOURCE_FORMAT_INDEX) != 0;

    if (trust == SOURCE_TRUST_AUTO)
        trust = source->url[0] != 0 ? SOURCE_TRUST_INDICATORS : SOURCE_TRUST_FULL;
    add_pair(a, "--source", source->named.name);
    add_pair(a, "--format", known ? source->format : NULL);
    add_pair(a, "--columns", source->columns);
    /* In a folder, names of files say more. */
    add_pair(a, "--campaign",
             source->campaign[0] == 0 && !is_folder(path) ? source->named.name : source->campaign);
    add_pair(a, "--hosting", source->hosting);
    add_pair(a, "--tier", source->tier == SOURCE_TIER_AUTO ? NULL : tier_names[source->tier - 1]);
    add_pair(a, "--trust", load_trust_names[trust - 1]);
    for (size_t i = 0; i < source->allow.words; i++)
        add_pair(a, "--allow", source->allow.word[i]);
    for (size_t i = 0; i < source->force.words; i++)
        add_pair(a, "--force", source->force.word[i]);
}

static size_t room_for(const struct load_paths *paths)
{
    size_t room = 16;

    for (size_t i = 0; i < paths->count; i++) {
        const struct settings_source *source = paths->at[i].source;
        room += 1 + (source == NULL ? 0 : 14 + 2 * (source->allow.words + source->force.words));
    }
    return room;
}

static void add_limit(struct arguments *a, const char *option, uint64_t limit, char text[24])
{
    snprintf(text, 24, "%" PRIu64, limit);
    add_pair(a, option, limit > 0 ? text : NULL);
}

static int spawn(struct load *l, int exe, const struct load_paths *paths, int theirs)
{
    const struct load_with none = {-1, -1, -1, false}, *with = l->with != NULL ? l->with : &none;
    struct arguments a = {.room = room_for(paths)};
    char entries[24], memory[24];
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int fds[] = {theirs, with->before >= 0 ? with->before : null, with->known >= 0 ? with->known : null,
                       with->known >= 0 ? with->next : null};

    a.at = calloc(a.room + 1, sizeof *a.at);
    if (a.at == NULL || null < 0) {
        free(a.at);
        if (null >= 0)
            close(null);
        return -ENOMEM;
    }
    add(&a, "bridle-loader");
    add_limit(&a, "--entries", paths->entries_max, entries);
    add_limit(&a, "--memory", paths->memory_bytes_max, memory);
    if (with->before >= 0)
        add(&a, "--before");
    if (with->known >= 0)
        add(&a, "--known");
    if (with->take_shrunk)
        add(&a, "--take-shrunk");
    add_pair(&a, "--guard", paths->guard);
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->at[i].optional && !paths->at[i].there)
            continue;
        if (paths->at[i].source != NULL)
            add_source(&a, paths->at[i].source, paths->at[i].at);
        add(&a, paths->at[i].at);
    }
    pid_t pid = spawn_run(exe, (char *const *)(uintptr_t)a.at, fds, 4);
    free(a.at);
    close(null);
    if (pid < 0)
        return pid;
    l->pid = pid;
    return 0;
}

int load_start(struct load *l, int exe, const struct load_paths *paths)
{
    int pair[2];

    l->pid = 0;
    l->image = -1;
    l->socket = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    int rc = spawn(l, exe, paths, pair[1]);
    close(pair[1]);
    if (rc == 0 && fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
        rc = -errno;
    if (rc < 0) {
        close(pair[0]);
        return rc;
    }
    l->socket = pair[0];
    l->told_ns = clock_mono_ns();
    return 0;
}

void load_progress_text(const struct load *l, char *ret, size_t bytes)
{
    uint64_t percent = l->bytes < l->bytes_of ? l->bytes * 100 / l->bytes_of : 100;

    if (l->bytes == 0)
        snprintf(ret, bytes, "files are read");
    else
        snprintf(ret, bytes, "%" PRIu64 " %% of %" PRIu64 " MiB read, %" PRIu64 " entries", percent,
                 l->bytes_of >> 20, l->entries);
}

bool load_progress_due(struct load *l, uint64_t now_ns)
{
    if (l->bytes == l->told_bytes || now_ns - l->told_ns < TELL_NS)
        return false;
    l->told_ns = now_ns;
    l->told_bytes = l->bytes;
    return true;
}

void load_progress_show(struct load *l)
{
    char text[96];

    if (!isatty(STDERR_FILENO) || !load_progress_due(l, clock_mono_ns()))
        return;
    load_progress_text(l, text, sizeof text);
    fprintf(stderr, "\r\033[Kindicators: %s", text);
    l->on_terminal = true;
}

void load_progress_clear(struct load *l)
{
    if (l->on_terminal)
        fputs("\r\033[K", stderr);
    l->on_terminal = false;
}

bool load_problem_text(const struct load_line *l, char *ret, size_t bytes)
{
    struct text t = text_on(ret, bytes);

    if (l->kind != LOAD_LINE_NOTE)
        return false;
    text_raw(&t, l->path);
    if (l->line != 0)
        text_fmt(&t, ":%u", l->line);
    if (l->line != 0 && l->column != 0)
        text_fmt(&t, ":%u", l->column);
    text_str(&t, ": ");
    text_raw(&t, l->note);
    if (l->value.len > 0) {
        text_str(&t, ": ");
        text_raw(&t, l->value);
    }
    text_str(&t, ": ");
    text_raw(&t, l->text);
    return load_note_is_problem(l);
}

static void take_line(struct load *l, const struct load_line *line)
{
    bool useful = false;

    switch (line->kind) {
    case LOAD_LINE_FILE:
        l->files++;
        for (unsigned i = 0; i < LOAD_COUNTS; i++) {
            l->count[i] += line->count[i];
            useful |= i != LOAD_MALFORMED && line->count[i] > 0;
        }
        if (!useful && line->count[LOAD_MALFORMED] > 0)
            l->broken_files++;
        break;
    case LOAD_LINE_NOTE:
        if (span_eq(line->note, span_str("error"))) {
            l->broken_files++;
            l->problems++;
        } else if (load_note_is_problem(line)) {
            l->problems++;
        }
        break;
    case LOAD_LINE_PROGRESS:
        l->bytes = line->bytes;
        l->bytes_of = line->bytes_of;
        l->entries = line->indicators;
        break;
    case LOAD_LINE_TOTAL:
    case LOAD_LINE_IMAGE:
        l->indicators = line->indicators;
        break;
    default: /* what changed: whoever asked for it takes it from the line */
        break;
    }
    if (l->line != NULL)
        l->line(l->ctx, line);
}

/* The loader escapes all text; one that does not is hostile. So what it says can be printed as it is. */
static bool is_plain(const char *text)
{
    for (; *text != 0; text++)
        if (*text != '\t' && (*text < 0x20 || *text >= 0x7f))
            return false;
    return true;
}

int load_read(struct load *l)
{
    char text[LOAD_LINE_MAX];
    struct load_line line;

    /* a bounded turn: main has other work */
    for (unsigned i = 0; i < 1000; i++) {
        int fd, rc = loader_line_receive(l->socket, text, &fd);
        if (rc == -EAGAIN)
            return 1;
        if (rc <= 0)
            return rc;
        bool good =
            !l->complete && ++l->lines <= LOADER_LINES_MAX && is_plain(text) && load_line_parse(text, &line);
        if (fd >= 0 && good && line.kind == LOAD_LINE_IMAGE && l->image < 0)
            l->image = fd;
        else if (fd >= 0)
            close(fd);
        if (!good)
            return -EBADMSG;
        take_line(l, &line);
        l->complete = line.kind == LOAD_LINE_IMAGE;
    }
    return 1;
}

/* Its end of the socket is closed, so it has exited or is about to. A hostile one need not: it is killed. */
static int reap(struct load *l)
{
    int status = 0;

    if (l->socket >= 0)
        close(l->socket);
    l->socket = -1;
    for (unsigned ms = 0; l->pid > 0 && ms < 200; ms++) {
        if (waitpid(l->pid, &status, WNOHANG) == l->pid)
            l->pid = 0;
        else
            usleep(1000);
    }
    if (l->pid > 0) {
        kill(l->pid, SIGKILL);
        waitpid(l->pid, &status, 0);
        l->pid = 0;
    }
    return status;
}

int load_finish(struct load *l, char *ret_why, size_t why_bytes)
{
    int status = reap(l);

    if (WIFSIGNALED(status)) {
        snprintf(ret_why, why_bytes, "the loader died: signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        return -ECHILD;
    }
    if (WEXITSTATUS(status) > LOADER_INCOMPLETE || l->image < 0) {
        snprintf(ret_why, why_bytes, "the loader failed with exit status %d", WEXITSTATUS(status));
        return -ECHILD;
    }
    if (WEXITSTATUS(status) == LOADER_INCOMPLETE || l->indicators == 0) {
        snprintf(ret_why, why_bytes, "%s",
                 l->indicators == 0 ? "no indicator could be loaded" : "a path of the rules cannot be read");
        return -ENOENT;
    }
    return 0;
}

void load_abort(struct load *l)
{
    if (l->pid > 0)
        kill(l->pid, SIGKILL);
    reap(l);
    if (l->image >= 0)
        close(l->image);
    l->image = -1;
}
