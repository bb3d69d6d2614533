/* SPDX-License-Identifier: BSD-2-Clause */
/* inotify(7). */
#include "os/watch.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#define NAMES   (IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF)
#define WRITING (IN_ATTRIB | IN_CLOSE_WRITE | IN_MODIFY)

int watch_open(void)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

int watch_folder(int fd, const char *path, bool names)
{
    return inotify_add_watch(fd, path, (names ? NAMES : NAMES | WRITING) | IN_ONLYDIR | IN_MASK_ADD) < 0
               ? -errno
               : 0;
}

bool watch_take(int fd)
{
    char events[4096] __attribute__((aligned(8)));
    bool some = false;

    for (unsigned i = 0; i < 256 && read(fd, events, sizeof events) > 0; i++)
        some = true;
    return some;
}
