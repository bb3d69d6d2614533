/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole lines into a file, a pipe or standard output. */
#include "report/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define SECOND         1000000000ull
#define QUIET_FIRST_NS (60 * SECOND)
#define QUIET_MOST_NS  (3600 * SECOND)
#define RETRY_NS       (5 * SECOND)
#define SLOW_READER_MS 1000

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static bool is_stdout(const struct line_file *f)
{
    return strcmp(f->path, "-") == 0;
}

/* Says it once, then at growing intervals, with the number of lines that were lost. */
static void complain(struct line_file *f, int error)
{
    uint64_t now = now_ns();

    if (now < f->quiet_until_ns)
        return;
    f->quiet_ns = f->quiet_ns == 0 ? QUIET_FIRST_NS : f->quiet_ns * 2;
    if (f->quiet_ns > QUIET_MOST_NS)
        f->quiet_ns = QUIET_MOST_NS;
    f->quiet_until_ns = now + f->quiet_ns; /* before logging, which may end up here again */
    log_error("%s: cannot write: %s; %llu events lost so far", is_stdout(f) ? "standard output" : f->path,
              error == EAGAIN ? "its reader is too slow" : strerror(error), (unsigned long long)f->lost);
}

/* Whether the file ends within a line, as after a crash on a full disk. */
static bool ends_torn(const char *path, int fd)
{
    struct stat st;
    char last = '\n';

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return false;
    int in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in < 0)
        return false;
    bool torn = pread(in, &last, 1, st.st_size - 1) == 1 && last != '\n';
    close(in);
    return torn;
}

static int open_path(struct line_file *f)
{
    if (is_stdout(f)) {
        f->fd = STDOUT_FILENO;
        return 0;
    }
    /* Non-blocking: a pipe without a reader must not hold us up. */
    int fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    f->fd = fd;
    f->torn = ends_torn(f->path, fd);
    return 0;
}

int line_file_open(struct line_file *f, const char *path, bool patient)
{
    *f = (struct line_file){.path = path, .fd = -1, .patient = patient};
    return open_path(f);
}

void line_file_close(struct line_file *f)
{
    if (f->fd >= 0 && !is_stdout(f))
        close(f->fd);
    f->fd = -1;
}

void line_file_reopen(struct line_file *f)
{
    struct line_file old = *f;

    if (is_stdout(f))
        return;
    f->fd = -1;
    int r = open_path(f);
    if (r == 0) {
        line_file_close(&old);
    } else {
        *f = old; /* better the renamed file than none */
        log_error("%s: cannot open it again: %s", f->path, strerror(-r));
    }
}

/* Waits for room in a pipe. False when the reader is too slow: from then on it gets what it has room for,
 * since a wait for each line would stop everything else. */
static bool wait_for_room(struct line_file *f)
{
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    int r;

    do
        r = poll(&p, 1, f->patient ? -1 : f->stuck ? 0 : SLOW_READER_MS);
    while (r < 0 && errno == EINTR);
    f->stuck = r <= 0;
    return r > 0;
}

/* How much may be written now. Standard output is shared and so left blocking: a pipe that has any room takes
 * PIPE_BUF bytes without blocking. 0: the reader is too slow. */
static size_t room(struct line_file *f, size_t len)
{
    if (!is_stdout(f) || f->patient)
        return len;
    if (!wait_for_room(f))
        return 0;
    return len < PIPE_BUF ? len : PIPE_BUF;
}

/* 0 or the errno; `*ret_done` bytes were written in either case. */
static int write_all(struct line_file *f, const char *at, size_t len, size_t *ret_done)
{
    size_t done = 0;
    int error = 0;

    while (done < len && error == 0) {
        size_t part = room(f, len - done);
        if (part == 0) {
            error = EAGAIN;
            break;
        }
        ssize_t n = write(f->fd, at + done, part);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0)
            error = EIO;
        else if ((errno == EAGAIN || errno == EWOULDBLOCK) && !wait_for_room(f))
            error = EAGAIN;
        else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
            error = errno;
    }
    *ret_done = done;
    return error;
}

static bool ready(struct line_file *f)
{
    uint64_t now;

    if (f->fd >= 0)
        return true;
    if ((now = now_ns()) < f->retry_at_ns)
        return false;
    f->retry_at_ns = now + RETRY_NS;
    return open_path(f) == 0;
}

void line_file_write(struct line_file *f, const char *at, size_t len)
{
    size_t done = 0;
    int error = ready(f) ? 0 : ENOENT;

    if (error == 0 && f->torn) {
        error = write_all(f, "\n", 1, &done);
        f->torn = done == 0;
    }
    if (error == 0) {
        error = write_all(f, at, len, &done);
        f->torn = done > 0 && done < len;
    }
    if (error == 0)
        return;
    f->lost++;
    complain(f, error);
    if (error == EPIPE && !is_stdout(f)) {
        line_file_close(f); /* a named pipe may find a new reader */
        f->torn = false;
    }
}
