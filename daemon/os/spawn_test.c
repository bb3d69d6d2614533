/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting executables: what the child gets, what it does not get, and what happens when it cannot start. */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHILD_FAILED 9

/* The started program is this one again. */
static int as_child(void)
{
    struct sigaction action;
    sigset_t mask;
    char byte;

    for (int s = 1; s < 32; s++)
        if (s != SIGKILL && s != SIGSTOP &&
            (sigaction(s, NULL, &action) != 0 ||
             (action.sa_handler == SIG_IGN) != (s == SIGTERM || s == SIGINT || s == SIGHUP || s == SIGUSR1)))
            return CHILD_FAILED + 1;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (sigismember(&mask, SIGTERM) != 0)
        return CHILD_FAILED + 2;
    if (read(0, &byte, 1) != 0)
        return CHILD_FAILED + 3;
    if (read(3, &byte, 1) != 1 || byte != 'a' || read(4, &byte, 1) != 1 || byte != 'b')
        return CHILD_FAILED + 4;
    for (int fd = 5; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            return CHILD_FAILED + 5;
    return 0;
}

static int status_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int pipe_with(char byte)
{
    int fds[2];
    assert_int_equal(pipe2(fds, 0), 0);
    assert_int_equal(write(fds[1], &byte, 1), 1);
    close(fds[1]);
    return fds[0];
}

static char *child_argv[] = {(char[]){"child"}, (char[]){"check"}, NULL};

static void test_child_gets(void **state)
{
    int exe = spawn_open("spawn_test"), low[16];
    sigset_t mask, old;

    assert_true(exe >= 0);
    for (int i = 0; i < 16; i++) /* so that moving cannot rely on free places */
        low[i] = dup(0);
    int fds[2] = {pipe_with('a'), pipe_with('b')};
    /* They shall come as 3 and 4 whatever stands there; here the other way round. */
    int a = fcntl(fds[0], F_DUPFD, 100), b = fcntl(fds[1], F_DUPFD, 100);
    int at3 = fcntl(3, F_GETFD) != -1 ? fcntl(3, F_DUPFD, 200) : -1;
    int at4 = fcntl(4, F_GETFD) != -1 ? fcntl(4, F_DUPFD, 200) : -1;
    if (exe == 3 || exe == 4)
        exe = fcntl(exe, F_DUPFD_CLOEXEC, 200);
    assert_int_equal(dup2(b, 3), 3);
    assert_int_equal(dup2(a, 4), 4);
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&mask);
    sigprocmask(SIG_SETMASK, &mask, &old);
    pid_t pid = spawn_run(exe, child_argv, (const int[]){4, 3}, 2);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGPIPE, SIG_DFL);
    assert_true(pid > 0);
    assert_int_equal(status_of(pid), 0);
    if (at3 >= 0)
        dup2(at3, 3);
    if (at4 >= 0)
        dup2(at4, 4);
    for (int i = 0; i < 16; i++)
        if (low[i] > 4)
            close(low[i]);
    close(a);
    close(b);
}

/* What a running program is does not change when the file does. */
static void test_errors(void **state)
{
    char path[] = "/tmp/bridle-spawn-XXXXXX";

    assert_int_equal(spawn_open("no-such-program"), -ENOENT);
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "not a program", 13), 13);
    close(fd);
    fd = open(path, O_PATH | O_CLOEXEC);
    assert_int_equal(spawn_run(fd, child_argv, NULL, 0), -EACCES);
    chmod(path, 0700);
    assert_int_equal(spawn_run(fd, child_argv, NULL, 0), -ENOEXEC);
    close(fd);
    unlink(path);
    assert_int_equal(spawn_run(-1, child_argv, NULL, 0), -EBADF);
    assert_int_equal(spawn_run(0, child_argv, NULL, SPAWN_FDS_MAX + 1), -EINVAL);
    assert_int_equal(spawn_run(0, child_argv, (const int[]){-1}, 1), -EBADF);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to be waited for */
}

/* A child ends with its parent, here one that is killed. */
static void test_dies_with_parent(void **state)
{
    int alive[2];
    char byte;

    assert_int_equal(pipe(alive), 0);
    pid_t parent = fork();
    if (parent == 0) {
        char *sleeper[] = {(char[]){"child"}, (char[]){"sleep"}, NULL};
        pid_t pid = spawn_run(spawn_open("spawn_test"), sleeper, &alive[1], 1);
        close(alive[1]);
        raise(pid > 0 ? SIGKILL : SIGTERM);
    }
    close(alive[1]);
    assert_int_equal(status_of(parent), 128 + SIGKILL);
    struct pollfd p = {.fd = alive[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(read(alive[0], &byte, 1), 0); /* its last holder is gone */
    close(alive[0]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child_gets),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_dies_with_parent),
    };
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return as_child();
    if (argc > 1 && strcmp(argv[1], "sleep") == 0)
        return (int)sleep(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
