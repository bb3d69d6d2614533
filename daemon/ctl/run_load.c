/* SPDX-License-Identifier: BSD-2-Clause */
/* Running the loader to its end. */
#include "ctl/run_load.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "os/spawn.h"
#include "serve/images.h"

void run_load_tell_none(void)
{
    log_error("this build reads compiled images alone: use `bridlectl` of a whole bridle, on any machine");
}

int run_load_paths(const struct load_paths *paths, void (*line)(void *ctx, const struct load_line *l),
                   void *ctx, struct load *ret)
{
    char why[256];

    *ret = (struct load){.line = line, .ctx = ctx, .image = -1, .socket = -1};
    if (!run_load_possible())
        return -ENOSYS;
    int exe = spawn_open("bridle-loader");
    if (exe < 0) {
        log_error("bridle-loader cannot be found: %s", strerror(-exe));
        return -ENOEXEC;
    }
    int rc = load_start(ret, exe, paths);
    close(exe);
    if (rc < 0) {
        log_error("the loader cannot be started: %s", strerror(-rc));
        return rc == -ENOENT ? -EIO : rc;
    }
    do {
        struct pollfd p = {.fd = ret->socket, .events = POLLIN};
        poll(&p, 1, -1);
        rc = load_read(ret);
        load_progress_show(ret);
    } while (rc > 0);
    load_progress_clear(ret);
    int end = load_finish(ret, why, sizeof why);
    if (rc < 0 && end == 0) {
        log_error("the loader spoke nonsense");
        return rc;
    }
    if (end < 0)
        log_error("%s", why);
    return end;
}

static void on_line(void *ctx, const struct load_line *l)
{
    char text[LOAD_LINE_MAX];

    if (load_problem_text(l, text, sizeof text))
        log_warning("%s", text);
}

int run_load_paths_image(const struct load_paths *paths)
{
    struct load load;
    int rc = run_load_paths(paths, on_line, NULL, &load);

    if (rc < 0) {
        load_abort(&load);
        return rc;
    }
    return load.image;
}

int run_load_image(char *const *words, size_t count)
{
    struct load_paths paths;
    const char *why;
    int fd = count == 1 ? images_open_file(words[0], &why) : -ENOENT;

    if (fd >= 0)
        return fd;
    if (fd != -ENOENT) {
        log_error("%s: %s", words[0], why);
        return fd;
    }
    int rc = load_paths_make(&paths, words, count, true);
    if (rc < 0) {
        log_error("%s", strerror(-rc));
        return rc;
    }
    fd = run_load_paths_image(&paths);
    load_paths_free(&paths);
    return fd;
}
