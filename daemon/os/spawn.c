/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting our own executables by descriptor (execveat(2), AT_EMPTY_PATH). */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

/* First descriptor that a child gets from `fds`. */
#define FIRST_FD 3

static int open_in(const char *dir, const char *below, const char *name)
{
    char path[PATH_MAX];

    int n = snprintf(path, sizeof path, "%s%s/%s", dir, below, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, O_PATH | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int spawn_open(const char *name)
{
    char dir[PATH_MAX];

    ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);
    if (n > 0) {
        dir[n] = 0;
        *strrchr(dir, '/') = 0;
        int fd = open_in(dir, "", name);
        if (fd < 0)
            fd = open_in(dir, "/../libexec/bridle", name);
        /* Only a program of the build tree looks there: for an installed one it is a stranger's folder. */
        size_t build = strlen(BRIDLE_BUILD_DAEMONDIR);
        if (fd < 0 && strncmp(dir, BRIDLE_BUILD_DAEMONDIR, build) == 0 &&
            (dir[build] == '/' || dir[build] == 0))
            fd = open_in(BRIDLE_BUILD_DAEMONDIR, "", name);
        if (fd >= 0)
            return fd;
    }
    return open_in(BRIDLE_LIBEXECDIR, "", name);
}

static void signals_reset(void)
{
    sigset_t none;

    for (int i = 1; i <= SIGRTMAX; i++)
        signal(i, SIG_DFL); /* an ignored signal would stay ignored over exec */
    /* A terminal or a service manager sends these to all of us; the end of a child is its parent's business.
     */
    static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    for (unsigned i = 0; i < sizeof ours / sizeof *ours; i++)
        signal(ours[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_from(unsigned first)
{
    struct rlimit limit;

    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
    /* Before Linux 5.9. */
    unsigned end =
        getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (unsigned)limit.rlim_cur : 65536;
    for (unsigned fd = first; fd < end; fd++)
        close((int)fd);
}

/*
 * Puts fds[0…] at FIRST_FD…, then *report and *exe behind them, and closes the rest. Everything is moved out
 * of the way first, since a descriptor may stand where another one goes. 0 or negative errno.
 */
static int arrange(const int *fds, int count, int *exe, int *report)
{
    int moved[SPAWN_FDS_MAX + 2];
    int end = FIRST_FD + count + 2;

    for (int i = 0; i < count + 2; i++) {
        int from = i < count ? fds[i] : i == count ? *report : *exe;
        moved[i] = fcntl(from, F_DUPFD_CLOEXEC, end);
        if (moved[i] < 0)
            return -errno;
    }
    *report = moved[count];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    int r = dup2(null, STDIN_FILENO) < 0 ? -errno : 0;
    for (int i = 0; i < count + 2 && r == 0; i++)
        if (dup3(moved[i], FIRST_FD + i, i < count ? 0 : O_CLOEXEC) < 0)
            r = -errno;
    if (r < 0)
        return r;
    *report = FIRST_FD + count;
    *exe = FIRST_FD + count + 1;
    close_from((unsigned)end);
    return 0;
}

/* The child's side. Returns only the error that kept it from running, to be sent through `report`. */
static int run_child(pid_t parent, int exe, char *const argv[], const int *fds, int count, int *report)
{
    signals_reset();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return -errno;
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    int r = arrange(fds, count, &exe, report);
    if (r < 0)
        return r;
    syscall(SYS_execveat, exe, "", argv, environ, AT_EMPTY_PATH);
    return -errno;
}

pid_t spawn_run(int exe, char *const argv[], const int *fds, int count)
{
    int report[2];
    int failure = 0;
    pid_t parent = getpid();

    if (count < 0 || count > SPAWN_FDS_MAX)
        return -EINVAL;
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0) {
        failure = run_child(parent, exe, argv, fds, count, &report[1]);
        ssize_t ignored = write(report[1], &failure, sizeof failure);
        _exit(ignored == sizeof failure ? 127 : 126);
    }
    failure = pid < 0 ? -errno : 0;
    close(report[1]);
    /* Ends with nothing read when the exec closed the other side. */
    while (pid > 0 && read(report[0], &failure, sizeof failure) < 0 && errno == EINTR)
        ;
    close(report[0]);
    if (failure != 0 && pid > 0)
        waitpid(pid, NULL, 0);
    return failure != 0 ? failure : pid;
}
