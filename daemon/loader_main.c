/* SPDX-License-Identifier: BSD-2-Clause */
/* bridle-loader: reads indicator files in a jail and hands the sealed matcher image over (intel/load_wire.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "intel/load.h"
#include "intel/load_wire.h"
#include "intel/suffix.h"
#include "os/privilege.h"
#include "os/sandbox.h"

/* Hostile JSON grows when it is read, and lists have no end; the machine must not feel it. */
#define MEMORY_BYTES_MAX ((uint64_t)1 << 30)

/* What stands before the paths: --entries NUMBER, --memory BYTES. */
struct limits {
    uint64_t entries, memory_bytes;
};

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

/* Takes the limits off the front of argv; gives the index of what follows, or 0 when they are wrong. */
static int take_limits(int argc, char **argv, struct limits *ret)
{
    int i = 1;

    *ret = (struct limits){LOAD_ENTRIES_MAX, MEMORY_BYTES_MAX};
    for (; i + 1 < argc; i += 2) {
        bool entries = strcmp(argv[i], "--entries") == 0;
        char *end;
        if (!entries && strcmp(argv[i], "--memory") != 0)
            break;
        uint64_t n = strtoull(argv[i + 1], &end, 10);
        if (*end != 0 || n == 0)
            return 0;
        *(entries ? &ret->entries : &ret->memory_bytes) = n;
    }
    return i < argc ? i : 0;
}

/* As much as was given, but at most half of the machine's. */
static int limit_memory(uint64_t bytes)
{
    uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) / 2 * (uint64_t)sysconf(_SC_PAGESIZE);
    struct rlimit memory;

    memory.rlim_cur = memory.rlim_max = (rlim_t)(bytes < half ? bytes : half);
    return !BRIDLE_SANITIZED && setrlimit(RLIMIT_AS, &memory) < 0 ? -errno : 0;
}

/* Gives up what a loader does not need. A kernel without seccomp is main's to tell. */
static int jail(uint64_t memory_bytes)
{
    char why[256];

    int err = limit_memory(memory_bytes);
    if (err == 0)
        err = privilege_drop(NULL, KEEP_NOTHING, why, sizeof(why));
    if (err == 0)
        err = mute();
    if (err == 0)
        err = sandbox_enter(SANDBOX_LOADER, NULL);
    return err == -ENOSYS ? 0 : err;
}

/* Writes the image, makes it unchangeable, and sends it. 0 or negative errno. */
static int hand_over(struct build *b)
{
    char line[32];
    int fd = memfd_create("bridle-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    int err = build_write(b, fd);
    if (err == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        err = -errno;
    snprintf(line, sizeof(line), "image\t%u", build_count(b));
    if (err == 0)
        err = loader_line_send(LOADER_WIRE_FD, line, fd);
    close(fd);
    return err;
}

/* Everything between the jail and the end. An enum loader_exit. */
static int load(char **argv, int argc, uint64_t entries_max)
{
    struct load_report report = {.line = send_line};
    struct build *b = build_new();
    struct loader *l = b ? loader_new(b, &report, SUFFIXES_FILE) : NULL;
    bool incomplete = false;
    int err = l ? 0 : -ENOMEM;

    if (l)
        loader_limit(l, entries_max);
    for (int i = 0; l && i < argc; i++) {
        if (strcmp(argv[i], "--guard") == 0 && i + 1 < argc)
            loader_guards(l, argv[++i]);
        else
            incomplete |= loader_path(l, argv[i]) < 0;
    }
    if (l)
        err = loader_finish(l);
    if (err == 0)
        err = hand_over(b);
    if (err < 0)
        load_report_note(&report, span_str(argv[argc - 1]), 0, 0, "error", span_of(NULL, 0),
                         err == -ENOMEM ? "no image was made: more memory is needed (limits.loader-memory)"
                                        : strerror(-err),
                         "");
    incomplete |= b && build_count(b) == 0;
    loader_free(l);
    build_free(b);
    return err < 0 ? LOADER_FAILED : incomplete ? LOADER_INCOMPLETE : LOADER_OK;
}

int main(int argc, char **argv)
{
    struct limits limits;
    int first = take_limits(argc, argv, &limits);

    if (first == 0)
        return fail("started by bridled and bridlectl, not by hand", -EINVAL);
    int err = jail(limits.memory_bytes);
    if (err < 0)
        return fail("sandbox", err);
    return load(argv + first, argc - first, limits.entries);
}
