/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that is cut while it is mapped. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/bus.h"

#define PAGES 8u

static size_t page;

/* A file full of ones, mapped. */
static uint8_t *mapped(int *ret_fd)
{
    int fd = memfd_create("bus", MFD_CLOEXEC);
    uint8_t *ones = malloc(PAGES * page);

    assert_non_null(ones);
    memset(ones, 1, PAGES * page);
    assert_int_equal(write(fd, ones, PAGES * page), (ssize_t)(PAGES * page));
    free(ones);
    uint8_t *at = mmap(NULL, PAGES * page, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_true(at != MAP_FAILED);
    *ret_fd = fd;
    return at;
}

static unsigned value(const uint8_t *at)
{
    return *(const volatile uint8_t *)at;
}

static void what_is_cut_off_reads_as_zeros(void **state)
{
    int fd;
    uint8_t *at = mapped(&fd);

    bus_init(); /* here, for cmocka has handlers of its own */
    assert_int_equal(bus_guard(at, PAGES * page), 0);
    assert_int_equal(value(at + 7 * page), 1);
    assert_int_equal(ftruncate(fd, (off_t)(3 * page + 1)), 0);
    assert_int_equal(value(at + 5 * page + 7), 0); /* the first read is not at the cut */
    assert_int_equal(value(at + 4 * page), 0);
    assert_int_equal(value(at + 8 * page - 1), 0);
    assert_int_equal(value(at + 3 * page), 1);
    assert_int_equal(value(at), 1);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(value(at), 0);
    bus_unguard(at);
    munmap(at, PAGES * page);
    close(fd);
}

/* How a child that did it ended: the number of the signal. */
static int end_of(void (*what)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        bus_init();
        what();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void read_unguarded(void)
{
    int fd;
    uint8_t *at = mapped(&fd);

    if (bus_guard(at, PAGES * page) == 0)
        bus_unguard(at);
    if (ftruncate(fd, 0) == 0)
        (void)value(at);
}

static void send_one(void)
{
    raise(SIGBUS);
}

static void others_still_end_the_process(void **state)
{
    assert_int_equal(end_of(read_unguarded), SIGBUS);
    assert_int_equal(end_of(send_one), SIGBUS);
}

static void there_is_an_end_to_guards(void **state)
{
    static uint8_t bytes[64];
    unsigned n = 0;

    while (n < sizeof bytes && bus_guard(bytes + n, 1) == 0)
        n++;
    assert_in_range(n, 8, 63);
    assert_int_equal(bus_guard(bytes, 1), -ENOSPC);
    for (unsigned i = 0; i < n; i++)
        bus_unguard(bytes + i);
    assert_int_equal(bus_guard(bytes, 1), 0);
    bus_unguard(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_cut_off_reads_as_zeros),
        cmocka_unit_test(others_still_end_the_process),
        cmocka_unit_test(there_is_an_end_to_guards),
    };

    page = (size_t)sysconf(_SC_PAGESIZE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
