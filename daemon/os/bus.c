/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads behind the end of a file that was cut. */
#include "os/bus.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARDS_MAX 16

/* A handler has no other way to know; written by the one thread that there is, outside of the handler. */
static struct {
    _Atomic uintptr_t from; /* 0: free */
    _Atomic uintptr_t to;
} guard[GUARDS_MAX];
static _Atomic unsigned missed;
static uintptr_t page_bytes;

/* What lies behind the missing page is missing, too: one mapping of zeros for all of it. mmap is a bare
 * system call and so safe here, if not on the list of signal-safety(7). */
static int put_zeros(uintptr_t at)
{
    for (unsigned i = 0; i < GUARDS_MAX; i++) {
        uintptr_t from = atomic_load(&guard[i].from), to = atomic_load(&guard[i].to);
        if (from == 0 || at < from || at >= to)
            continue;
        at &= ~(page_bytes - 1);
        void *zeros = mmap((void *)at, to - at, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        atomic_fetch_add(&missed, 1);
        return zeros == MAP_FAILED ? -1 : 0;
    }
    return -1;
}

static void on_bus(int signum, siginfo_t *info, void *context)
{
    int saved = errno;

    if (info->si_code != BUS_ADRERR || put_zeros((uintptr_t)info->si_addr) < 0) {
        signal(SIGBUS, SIG_DFL);
        raise(SIGBUS);
    }
    errno = saved;
}

void bus_init(void)
{
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};

    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

int bus_guard(const void *at, size_t bytes)
{
    for (unsigned i = 0; i < GUARDS_MAX; i++) {
        if (atomic_load(&guard[i].from) != 0)
            continue;
        atomic_store(&guard[i].to, (uintptr_t)at + bytes);
        atomic_store(&guard[i].from, (uintptr_t)at);
        return 0;
    }
    return -ENOSPC;
}

unsigned bus_missed(void)
{
    return atomic_load(&missed);
}

void bus_unguard(const void *at)
{
    for (unsigned i = 0; i < GUARDS_MAX; i++)
        if (atomic_load(&guard[i].from) == (uintptr_t)at)
            atomic_store(&guard[i].from, 0);
}
