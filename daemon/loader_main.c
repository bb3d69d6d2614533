/* SPDX-License-Identifier: BSD-2-Clause */
/* bridle-loader: gives up what it does not need, then reads indicator files (intel/load_run.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "intel/load_run.h"
#include "intel/load_wire.h"
#include "os/bus.h"
#include "os/privilege.h"
#include "os/sandbox.h"

/* Hostile JSON grows when it is read, and lists have no end; the machine must not feel it. */
#define MEMORY_BYTES_MAX ((uint64_t)1 << 30)

static void send_line(void *ctx, const char *line)
{
    if (loader_line_send(LOADER_WIRE_FD, line, -1) < 0)
        _exit(LOADER_FAILED); /* nobody listens any more */
}

static int fail(const char *what, int err)
{
    fprintf(stderr, "bridle-loader: %s: %s\n", what, strerror(-err));
    return LOADER_FAILED;
}

/* Whatever a feed makes of us, it must not write to somebody's terminal. Sanitizers report there. */
static int mute(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || (!BRIDLE_SANITIZED && dup2(null, STDERR_FILENO) < 0))
        return -errno;
    close(null);
    return 0;
}

/* Of a descriptor that is mapped besides; 0 when it is no file. */
static uint64_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

/* As much as was given, but at most half of the machine's; what main gives us to look at comes on top. */
static int limit_memory(const struct load_args *a)
{
    uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t bytes = a->memory_bytes > 0 ? a->memory_bytes : MEMORY_BYTES_MAX;
    struct rlimit memory;

    bytes = bytes < half ? bytes : half;
    bytes += (a->before ? size_of(LOADER_BEFORE_FD) : 0) + (a->known ? size_of(LOADER_KNOWN_FD) : 0);
    memory.rlim_cur = memory.rlim_max = (rlim_t)bytes;
    return !BRIDLE_SANITIZED && setrlimit(RLIMIT_AS, &memory) < 0 ? -errno : 0;
}

/* Gives up what a loader does not need. A kernel without seccomp is main's to tell. */
static int jail(const struct load_args *a)
{
    char why[256];

    bus_init();
    int err = limit_memory(a);
    if (err == 0)
        err = privilege_drop(NULL, KEEP_NOTHING, why, sizeof(why));
    if (err == 0)
        err = mute();
    if (err == 0)
        err = sandbox_enter(SANDBOX_LOADER, NULL);
    return err == -ENOSYS ? 0 : err;
}

int main(int argc, char **argv)
{
    struct load_report report = {.line = send_line};
    struct load_args args;
    int err = load_args_init(&args, argc, argv);

    int done = err < 0 ? fail("started by bridled and bridlectl, not by hand", err) : 0;
    if (err == 0 && (err = jail(&args)) < 0)
        done = fail("sandbox", err);
    if (err == 0)
        done = load_run(&args, &report);
    load_args_done(&args);
    return done;
}
