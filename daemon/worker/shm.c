/* SPDX-License-Identifier: BSD-2-Clause */
/* Layout of the shared memory, and messages with descriptors (unix(7), SCM_RIGHTS). */
#include "worker/shm.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t aligned(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t worker_shm_bytes(uint32_t sightings_size, uint32_t observations_size)
{
    return aligned(sizeof(struct worker_shm)) + aligned(ring_memory(sightings_size)) +
           aligned(ring_memory(observations_size));
}

void *worker_shm_sightings(struct worker_shm *shm)
{
    return (uint8_t *)shm + aligned(sizeof *shm);
}

void *worker_shm_observations(struct worker_shm *shm, uint32_t sightings_size)
{
    return (uint8_t *)worker_shm_sightings(shm) + aligned(ring_memory(sightings_size));
}

int worker_message_send(int socket, const struct worker_message *m, int fd)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)m, .iov_len = sizeof *m};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fd >= 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof control.space;
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t n;
    do
        n = sendmsg(socket, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* Takes the first descriptor out of a message and closes all others, so that a hostile peer cannot fill our
 * table. */
static int take_fd(struct msghdr *msg)
{
    int kept = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (kept < 0)
                kept = fd;
            else
                close(fd);
        }
    }
    return kept;
}

int worker_message_receive(int socket, struct worker_message *ret, int *ret_fd)
{
    union {
        char space[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = ret, .iov_len = sizeof *ret};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof control.space};
    ssize_t n;

    do
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    int fd = take_fd(&msg);
    if (n == 0 || n != sizeof *ret || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        if (fd >= 0)
            close(fd);
        return n == 0 ? 0 : -EBADMSG;
    }
    ret->learned.name[sizeof ret->learned.name - 1] = 0;
    *ret_fd = fd;
    return 1;
}
