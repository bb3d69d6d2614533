/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a capture file where it lies in the page cache, through a window of its mapping: most of a packet
 * is never looked at, so copying it costs more than all that is done with the rest.
 *
 * Only files that nobody but root and us may write to: whoever could change bytes that were checked already
 * would be past every check. Should one be cut all the same, os/bus.h gives zeros where the kernel would
 * kill.
 */
#include "packet/capture_format.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/bus.h"

/* Larger ones save no time, smaller ones cost system calls. */
#define WINDOW_BYTES ((size_t)4 << 20)
/* Below this the two or three system calls are not worth it. */
#define MAPPED_BYTES_MIN ((uint64_t)1 << 20)

/* A fault makes the kernel map what is there of the 64 KiB around it, too. */
#define AROUND_BYTES ((size_t)64 << 10)

_Static_assert(CAPTURE_BUFFER_BYTES < WINDOW_BYTES, "a window holds the largest block, wherever it begins");

bool capture_window_init(struct capture_window *w)
{
    *w = (struct capture_window){0};
    w->at = mmap(NULL, WINDOW_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (w->at == MAP_FAILED || bus_guard(w->at, WINDOW_BYTES) < 0) {
        capture_window_done(w);
        return false;
    }
    w->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    w->uid = geteuid();
    return true;
}

void capture_window_done(struct capture_window *w)
{
    if (w->at != MAP_FAILED && w->at != NULL) {
        bus_unguard(w->at);
        munmap(w->at, WINDOW_BYTES);
    }
    w->at = NULL;
}

bool capture_window_use(struct capture_window *w, int fd)
{
    struct stat st;
    off_t from = lseek(fd, 0, SEEK_CUR);

    w->in_use = w->at != NULL && from >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                (uint64_t)st.st_size >= MAPPED_BYTES_MIN && (st.st_uid == 0 || st.st_uid == w->uid) &&
                (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    w->from = w->in_use ? (uint64_t)from : 0;
    w->missed = bus_missed();
    return w->in_use;
}

/* Has all of it mapped: to call for memory that is not does nothing. One look into each part costs a third
 * less than MADV_POPULATE_READ, for which the kernel goes from page to page. */
static void look_around(const uint8_t *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += AROUND_BYTES)
        (void)*(const volatile uint8_t *)(at + i);
    (void)*(const volatile uint8_t *)(at + bytes - 1);
}

bool capture_window_move(struct capture_window *w, int fd, uint64_t to, size_t *ret_bytes)
{
    struct stat st;
    uint64_t from = to & ~(uint64_t)(w->page_bytes - 1);

    if (fstat(fd, &st) < 0)
        return false;
    if ((uint64_t)st.st_size <= to) {
        w->from = to;
        *ret_bytes = 0;
        return true;
    }
    uint64_t left = (uint64_t)st.st_size - from;
    size_t bytes = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
    if (mmap(w->at, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (off_t)from) == MAP_FAILED)
        return false;
    w->from = from;
    *ret_bytes = (size_t)(from + bytes - to);
    look_around(w->at, bytes);
    return bus_missed() == w->missed;
}
