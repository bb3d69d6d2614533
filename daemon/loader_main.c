/* SPDX-License-Identifier: BSD-2-Clause */
/* bridle-loader: reads indicator files in a jail and hands the sealed matcher image over (intel/load_wire.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "intel/load.h"
#include "intel/load_wire.h"
#include "os/privilege.h"
#include "os/sandbox.h"

/* Hostile JSON grows when it is read; the machine must not feel it. */
#define MEMORY_BYTES_MAX ((rlim_t)1 << 30)

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

/* Gives up what a loader does not need. A kernel without seccomp is main's to tell. */
static int jail(void)
{
    char why[256];
    struct rlimit memory = {MEMORY_BYTES_MAX, MEMORY_BYTES_MAX};

    if (!BRIDLE_SANITIZED && setrlimit(RLIMIT_AS, &memory) < 0)
        return -errno;
    int err = privilege_drop(NULL, KEEP_NOTHING, why, sizeof(why));
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

int main(int argc, char **argv)
{
    struct load_report report = {.line = send_line};
    bool incomplete = false;

    if (argc < 2)
        return fail("started by bridled and bridlectl, not by hand", -EINVAL);
    int err = jail();
    if (err < 0)
        return fail("sandbox", err);
    struct build *b = build_new();
    struct loader *l = b ? loader_new(b, &report) : NULL;
    if (!l)
        return fail("start", -ENOMEM);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--guard") == 0 && i + 1 < argc)
            loader_guards(l, argv[++i]);
        else
            incomplete |= loader_path(l, argv[i]) < 0;
    }
    err = loader_finish(l);
    if (err == 0)
        err = hand_over(b);
    incomplete |= build_count(b) == 0;
    loader_free(l);
    build_free(b);
    return err < 0 ? fail("load", err) : incomplete ? LOADER_INCOMPLETE : LOADER_OK;
}
