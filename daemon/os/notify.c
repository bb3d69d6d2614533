/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's datagram socket, sd_notify(3). */
#include "os/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_send(const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path != NULL ? strlen(path) : 0;

    /* A path, or `@` and an abstract name (unix(7)). */
    if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* A manager that does not listen is no reason to wait or to fail. */
    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    close(fd);
}

/* A decimal number and nothing else, or 0. */
static uint64_t number(const char *text)
{
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    unsigned long long n = strtoull(text, &end, 10);
    return *end == 0 ? n : 0;
}

uint64_t notify_watchdog_ns(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t us = number(getenv("WATCHDOG_USEC"));

    if ((pid != NULL && number(pid) != (uint64_t)getpid()) || us > UINT64_MAX / 1000)
        return 0;
    return us * 1000 / 2;
}
