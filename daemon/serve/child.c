/* SPDX-License-Identifier: BSD-2-Clause */
/* One worker process. */
#include "serve/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "os/sandbox.h"
#include "os/spawn.h"

/* Exit code of a process whose filter trapped a call: os/sandbox.h. */
#define EXIT_TRAPPED 159

static size_t shm_bytes(const struct child *c)
{
    return worker_shm_bytes(c->sightings_bytes, CHILD_OBSERVATIONS_BYTES);
}

/* The size is sealed: a hostile worker could otherwise cut the memory and kill us by SIGBUS. */
static int make_shm(struct child *c, const struct worker_config *config)
{
    int fd = memfd_create("bridle-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)shm_bytes(c)) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        goto fail;
    void *at = mmap(NULL, shm_bytes(c), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        goto fail;
    c->shm = at;
    c->shm->config = *config;
    c->shm->config.abi = BRIDLE_ABI;
    c->shm->sightings_size = c->sightings_bytes;
    c->shm->observations_size = CHILD_OBSERVATIONS_BYTES;
    drain_init(&c->drain, c->shm, c->sightings_bytes, CHILD_OBSERVATIONS_BYTES);
    return fd;
fail:;
    int rc = -errno;
    close(fd);
    return rc;
}

static int start(struct child *c, int exe, int theirs, int shm)
{
    char *const argv[] = {(char *)(uintptr_t) "bridle-worker", NULL};
    int fds[2] = {theirs, shm}; /* WORKER_CONTROL_FD, WORKER_SHM_FD */
    const struct worker_message wake = {.kind = WORKER_MSG_WAKE_FD};

    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake < 0 || fcntl(c->socket, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    pid_t pid = spawn_run(exe, argv, fds, 2);
    if (pid < 0)
        return pid;
    c->pid = pid;
    /* Fails only when it is dead already, which waitpid will tell. */
    (void)worker_message_send(c->socket, &wake, c->wake);
    return 0;
}

int child_start(struct child *c, int exe, const struct worker_config *config, bool held)
{
    int pair[2];

    c->pid = 0;
    c->wake = -1;
    c->socket = -1;
    c->shm = NULL;
    c->sightings_bytes = held ? CHILD_HELD_BYTES : CHILD_SIGHTINGS_BYTES;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    c->socket = pair[0];
    int shm = make_shm(c, config);
    int rc = shm < 0 ? shm : start(c, exe, pair[1], shm);
    close(pair[1]);
    if (shm >= 0)
        close(shm);
    if (rc < 0)
        child_release(c);
    return rc;
}

void child_read_end(const struct child *c, int wait_status, struct child_end *ret)
{
    struct worker_status *st = &c->shm->status;

    *ret = (struct child_end){
        .signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0,
        .code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0,
        .trapped = atomic_load(&st->trapped),
        .source = atomic_load(&st->source),
        .packet = atomic_load(&st->packet),
        .failed = atomic_load(&st->state) == WORKER_FAILED,
    };
    if (ret->code == EXIT_TRAPPED) {
        ret->signal = SIGSYS;
        ret->code = 0;
    } else {
        ret->trapped = 0;
    }
    if (ret->failed) {
        char copy[sizeof st->why];
        memcpy(copy, st->why, sizeof copy);
        struct text t = text_on(ret->why, sizeof ret->why);
        text_escaped(&t, span_of(copy, strnlen(copy, sizeof copy)));
    }
}

void child_end_text(const struct child_end *end, char *ret, size_t bytes)
{
    struct text t = text_on(ret, bytes);

    if (end->trapped != 0)
        text_fmt(&t, "was stopped by its system call filter at %s()", sandbox_syscall_name(end->trapped - 1));
    else if (end->signal != 0)
        text_fmt(&t, "died of signal %d (%s)", end->signal, strsignal(end->signal));
    else if (end->failed)
        text_fmt(&t, "gave up: %s", end->why);
    else
        text_fmt(&t, "exited with status %d", end->code);
    if (end->packet > 0)
        text_fmt(&t, " at packet %llu", (unsigned long long)end->packet);
}

void child_hang_up(struct child *c)
{
    if (c->socket >= 0)
        close(c->socket);
    if (c->wake >= 0)
        close(c->wake);
    c->socket = c->wake = -1;
}

void child_release(struct child *c)
{
    child_hang_up(c);
    if (c->shm != NULL)
        munmap(c->shm, shm_bytes(c));
    c->shm = NULL;
    c->pid = 0;
}

uint64_t child_counter(const struct child *c, enum counter which)
{
    return *(const volatile uint64_t *)&c->shm->status.counter[which];
}
