/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known from earlier loads. */
#include "serve/known.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)
/* More than the loader ever makes of the values; and two million names. */
#define BYTES_MAX (64l << 20)
#define VALUES    "known"
#define IMAGE     "known.img"
#define NEXT      ".next" /* behind the name of a file that is to take its place */

static int path_of(const char *folder, const char *name, char ret[PATH_MAX])
{
    if (folder == NULL || folder[0] == 0)
        return -ENOENT;
    return snprintf(ret, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int open_it(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int rc = path_of(folder, name, path);

    if (rc < 0)
        return rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    rc = fd < 0 ? -errno : -EINVAL;
    if (fd >= 0)
        close(fd);
    return rc;
}

int known_open(const char *folder)
{
    int fd = open_it(folder, VALUES);

    if (fd >= 0 || folder == NULL || folder[0] == 0)
        return fd;
    fd = memfd_create("bridle-known", MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int known_image(const char *folder)
{
    return open_it(folder, IMAGE);
}

/* A new file that nobody else has open. */
static int create(const char *folder, const char *name)
{
    char path[PATH_MAX];
    int rc = path_of(folder, name, path);

    if (rc < 0)
        return rc;
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

static int replace(const char *folder, const char *next, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX];
    int rc = path_of(folder, next, from);

    if (rc == 0)
        rc = path_of(folder, name, to);
    return rc < 0 ? rc : rename(from, to) < 0 ? -errno : 0;
}

static void take_away(const char *folder, const char *name)
{
    char path[PATH_MAX];

    if (path_of(folder, name, path) == 0)
        unlink(path);
}

int known_begin(const char *folder)
{
    return create(folder, VALUES NEXT);
}

int known_take(const char *folder)
{
    char next[PATH_MAX];
    struct stat st;
    int rc = path_of(folder, VALUES NEXT, next);

    if (rc < 0)
        return rc;
    if (lstat(next, &st) < 0)
        return -errno;
    return st.st_size > BYTES_MAX ? -EFBIG : replace(folder, VALUES NEXT, VALUES);
}

void known_end(const char *folder)
{
    take_away(folder, VALUES NEXT);
}

static int copy(int from, int to, off_t bytes)
{
    off_t at = 0;

    while (at < bytes) {
        ssize_t n = sendfile(to, from, &at, (size_t)(bytes - at));
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
    }
    return 0;
}

static int store_image(const char *folder, int fd)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
        return -EPERM;
    if (st.st_size > BYTES_MAX)
        return -EFBIG;
    int to = create(folder, IMAGE NEXT);
    if (to < 0)
        return to;
    int rc = copy(fd, to, st.st_size);
    if (close(to) < 0 && rc == 0)
        rc = -errno;
    /* Not synced to the disk: that could take longer than main may stand still, and the loader finds a
     * damaged one. */
    if (rc == 0)
        rc = replace(folder, IMAGE NEXT, IMAGE);
    if (rc < 0)
        take_away(folder, IMAGE NEXT);
    return rc;
}

int known_store_image(const char *folder, int fd)
{
    int rc = store_image(folder, fd);

    if (rc < 0) /* an older one would bring back what was taken away since */
        take_away(folder, IMAGE);
    return rc;
}
