/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager's socket: path, abstract name, nobody there, nonsense. */
#include "os/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int listen_at(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    memcpy(at.sun_path, name, strlen(name));
    if (name[0] == '@')
        at.sun_path[0] = 0;
    assert_int_equal(bind(fd, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    return fd;
}

static void hears(const char *name)
{
    char buf[64] = "";
    int fd = listen_at(name);

    setenv("NOTIFY_SOCKET", name, 1);
    notify_send("READY=1\nSTATUS=well");
    assert_int_equal(recv(fd, buf, sizeof buf, 0), 19);
    assert_string_equal(buf, "READY=1\nSTATUS=well");
    /* A manager that does not read must not stop us. */
    for (int i = 0; i < 1000; i++)
        notify_send("WATCHDOG=1");
    close(fd);
    notify_send("STOPPING=1");
}

static void test_send(void **state)
{
    char name[64];

    snprintf(name, sizeof name, "@bridle-test-%d", getpid());
    hears(name);
    snprintf(name, sizeof name, "/tmp/bridle-notify-%d", getpid());
    hears(name);
    unlink(name);
}

static void test_send_nowhere(void **state)
{
    char longest[200];

    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = 0;
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    const char *const nonsense[] = {"", "@", "relative", longest, "vsock:1:2"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        setenv("NOTIFY_SOCKET", nonsense[i], 1);
        notify_send("READY=1");
    }
}

static void test_watchdog(void **state)
{
    char pid[32];

    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_watchdog_ns(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_ns(), 15000000000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_ns(), 0);
    snprintf(pid, sizeof pid, "%d", getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ns(), 15000000000);
    const char *const nonsense[] = {"", "-1", "1s", " 5", "18446744073709551615"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        setenv("WATCHDOG_USEC", nonsense[i], 1);
        assert_int_equal(notify_watchdog_ns(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_send_nowhere),
        cmocka_unit_test(test_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
