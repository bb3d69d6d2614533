/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking the daemon by its control socket. */
#include "ctl/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

/* A status is some kilobytes; whatever listens there shall not fill our memory. */
#define ANSWER_MAX (1024u * 1024)

static int connect_to(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof a.sun_path) {
        log_error("%s: too long for a socket", path);
        return -ENAMETOOLONG;
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    int rc = -errno;
    if (rc == -ENOENT || rc == -ECONNREFUSED)
        log_error("bridled does not run: nobody listens on %s", path);
    else if (rc == -EACCES || rc == -EPERM)
        log_error("%s: only root, bridled's own user and the members of its control group may ask it", path);
    else
        log_error("%s: %s", path, strerror(-rc));
    if (fd >= 0)
        close(fd);
    return rc;
}

static int keep_fd(struct msghdr *msg, int *kept)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        int fd;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof fd))
            continue;
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
        if (*kept < 0)
            *kept = fd;
        else
            close(fd);
    }
    return *kept;
}

/* Reads to the end. Length or negative errno. */
static ssize_t read_all(int socket, char *buf, size_t room, int *ret_fd)
{
    size_t len = 0;

    for (;;) {
        union {
            char space[CMSG_SPACE(sizeof(int))];
            struct cmsghdr align;
        } control;
        struct iovec iov = {.iov_base = buf + len, .iov_len = room - len};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
        if (len == room)
            return -EMSGSIZE;
        ssize_t n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != ECONNRESET)
            return -errno;
        if (n <= 0)
            return (ssize_t)len;
        keep_fd(&msg, ret_fd);
        len += (size_t)n;
    }
}

/* Takes the first word off an answer. 0 when it is `ok`. */
static int judge(char *answer, size_t len)
{
    static const char error[] = "error ";

    answer[len] = 0;
    if (strncmp(answer, "ok\n", 3) == 0) {
        memmove(answer, answer + 3, len - 2);
        return 0;
    }
    if (len == 0)
        log_error("the daemon closed the connection: it is ending, or you may not ask it");
    else
        fprintf(stderr, "%s%s",
                strncmp(answer, error, sizeof error - 1) == 0 ? answer + sizeof error - 1 : answer,
                answer[len - 1] == '\n' ? "" : "\n");
    return len == 0 ? -ECONNRESET : -EPROTO;
}

int ask(const char *socket_path, const char *request, char **ret_text, int *ret_fd)
{
    char line[256];
    int got = -1, fd = connect_to(socket_path);

    if (fd < 0)
        return fd;
    char *answer = malloc(ANSWER_MAX + 1);
    int n = snprintf(line, sizeof line, "%s\n", request);
    ssize_t len = answer == NULL ? -ENOMEM : 0;
    if (len == 0 && send(fd, line, (size_t)n, MSG_NOSIGNAL) != n && errno != EPIPE && errno != ECONNRESET)
        len = -errno;
    if (len == 0)
        len = read_all(fd, answer, ANSWER_MAX, &got);
    close(fd);
    int rc = len < 0 ? (int)len : judge(answer, (size_t)len);
    if (len < 0)
        log_error("%s: %s", socket_path, strerror((int)-len));
    if (rc == 0 && ret_fd != NULL)
        *ret_fd = got;
    else if (got >= 0)
        close(got);
    if (rc == 0)
        *ret_text = answer;
    else
        free(answer);
    return rc;
}
