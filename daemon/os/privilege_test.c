/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileges: given up for good, from every state in which we may be started. */
#include "os/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

/* Somebody who is in no user database. */
#define STRANGER      64999
#define STRANGER_TEXT "64999"

#define NET_RAW (UINT64_C(1) << CAP_NET_RAW)

/* A line of /proc/self/status, as a hexadecimal number. */
static uint64_t status(const char *name)
{
    char line[256];
    uint64_t value = UINT64_MAX;
    FILE *f = fopen("/proc/self/status", "r");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtoull(line + strlen(name) + 1, NULL, 16);
    if (f != NULL)
        fclose(f);
    return value;
}

/* Runs in a process of its own, since it is for good. 0: as it should be; else a line of this file. */
#define CHECK(x)                                                                                             \
    if (!(x))                                                                                                \
    return __LINE__

static int in_process(int (*what)(void))
{
    int report[2], line = 0;

    assert_int_equal(pipe(report), 0);
    pid_t pid = fork();
    if (pid == 0) {
        line = what();
        _exit(write(report[1], &line, sizeof line) != sizeof line);
    }
    close(report[1]);
    assert_int_equal(read(report[0], &line, sizeof line), sizeof line);
    close(report[0]);
    waitpid(pid, NULL, 0);
    return line;
}

static int drop(const char *user, enum privilege_keep keep)
{
    char why[256] = "";
    int r = privilege_drop(user, keep, why, sizeof why);
    if (r < 0)
        print_message("# %s\n", why);
    return r;
}

static int check_locked(uint64_t caps)
{
    struct rlimit core;

    CHECK(status("CapPrm") == caps && status("CapEff") == caps && status("CapInh") == caps);
    CHECK(status("CapAmb") == caps);
    CHECK(status("NoNewPrivs") == 1);
    CHECK(BRIDLE_SANITIZED || prctl(PR_GET_DUMPABLE) == 0);
    CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
    CHECK(privilege_has_net_raw() == (caps != 0));
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    CHECK((fd >= 0) == (caps != 0));
    return 0;
}

static int as_root_to_user(void)
{
    gid_t groups[1] = {4};

    setgroups(1, groups);
    CHECK(drop(STRANGER_TEXT, KEEP_NET_RAW) == 0);
    CHECK(getuid() == STRANGER && geteuid() == STRANGER && getgid() == STRANGER && getegid() == STRANGER);
    CHECK(getgroups(0, NULL) == 0);
    CHECK(setuid(0) != 0 && setgid(0) != 0 && setgroups(1, groups) != 0);
    CHECK(status("CapBnd") == NET_RAW);
    return check_locked(NET_RAW);
}

static int as_root_to_nothing(void)
{
    CHECK(drop("nobody", KEEP_NOTHING) == 0);
    CHECK(getuid() != 0 && setuid(0) != 0);
    CHECK(status("CapBnd") == 0);
    return check_locked(0);
}

static int as_root_staying(void)
{
    CHECK(drop("", KEEP_NET_RAW) == 0);
    CHECK(getuid() == 0);
    CHECK(check_locked(NET_RAW) == 0);
    /* Being user 0 gives nothing back at exec: grep finds no capability but the one that was kept. */
    pid_t pid = fork();
    if (pid == 0) {
        execlp("grep", "grep", "-q", "^CapEff:.*0000000000002000", "/proc/self/status", NULL);
        _exit(1);
    }
    int s;
    CHECK(waitpid(pid, &s, 0) == pid && s == 0);
    CHECK(drop(NULL, KEEP_NOTHING) == 0);
    return check_locked(0);
}

static int as_ordinary_user(void)
{
    CHECK(setgroups(0, NULL) == 0 && setgid(STRANGER) == 0 && setuid(STRANGER) == 0);
    CHECK(drop("nobody", KEEP_NET_RAW) == 0);
    CHECK(getuid() == STRANGER);
    return check_locked(0);
}

static int as_user_with_capability(void)
{
    CHECK(drop(STRANGER_TEXT, KEEP_NET_RAW) == 0); /* as the service manager would leave us */
    CHECK(drop("nobody", KEEP_NET_RAW) == 0);
    CHECK(check_locked(NET_RAW) == 0);
    CHECK(drop(NULL, KEEP_NOTHING) == 0);
    return check_locked(0);
}

static int to_nobody_known(void)
{
    char why[256];

    CHECK(privilege_drop("no-such-user", KEEP_NOTHING, why, sizeof why) == -ENOENT);
    CHECK(strstr(why, "\"no-such-user\"") != NULL);
    CHECK(privilege_drop("12x", KEEP_NOTHING, why, sizeof why) == -ENOENT);
    CHECK(privilege_drop("4294967295", KEEP_NOTHING, why, sizeof why) == -ENOENT);
    CHECK(status("NoNewPrivs") == 0);
    return 0;
}

#define TEST_AS_ROOT(name)                                                                                   \
    static void test_##name(void **state)                                                                    \
    {                                                                                                        \
        if (geteuid() != 0)                                                                                  \
            skip();                                                                                          \
        assert_int_equal(in_process(name), 0);                                                               \
    }

TEST_AS_ROOT(as_root_to_user)
TEST_AS_ROOT(as_root_to_nothing)
TEST_AS_ROOT(as_root_staying)
TEST_AS_ROOT(as_ordinary_user)
TEST_AS_ROOT(as_user_with_capability)
TEST_AS_ROOT(to_nobody_known)

static int as_we_are(void)
{
    CHECK(drop(NULL, KEEP_NOTHING) == 0);
    return check_locked(0);
}

static void test_as_we_are(void **state)
{
    assert_int_equal(in_process(as_we_are), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_root_to_user),
        cmocka_unit_test(test_as_root_to_nothing),
        cmocka_unit_test(test_as_root_staying),
        cmocka_unit_test(test_as_ordinary_user),
        cmocka_unit_test(test_as_user_with_capability),
        cmocka_unit_test(test_to_nobody_known),
        cmocka_unit_test(test_as_we_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
