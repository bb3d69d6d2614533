/* SPDX-License-Identifier: BSD-2-Clause */
/* The jails: every call that an attacker would want is tried in each of them, and what is needed works. */
#include "os/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "os/sandbox_tables.h"

#define TRAPPED_STATUS 159
#define CONTROL_FD     3

#define WORKERS (1u << SANDBOX_WORKER_FILE | 1u << SANDBOX_WORKER_LIVE)
#define JAILS   (WORKERS | 1u << SANDBOX_LOADER)
#define ALL     (JAILS | 1u << SANDBOX_MAIN)

static _Atomic uint32_t *trapped;
static char *executable[] = {(char[]){"/bin/true"}, NULL};
static char scratch[] = "/tmp/bridle-sandbox-XXXXXX";

#define TEXT(s) ((long)(uintptr_t)(s))

/* A call with its arguments, and the jails in which it must not be had. */
struct attempt {
    const char *call;
    long number;
    long arg[6];
    unsigned jails;
    bool sanitized; /* refused under sanitizers too */
};

#define TRY(name, ...)                                                                                       \
#name, SYS_##name,                                                                                       \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static const struct attempt attempts[] = {
    {TRY(openat, AT_FDCWD, TEXT("/etc/passwd"), O_WRONLY), JAILS, true},
    {TRY(openat, AT_FDCWD, TEXT("/etc/passwd"), O_RDWR), JAILS, true},
    {TRY(openat, AT_FDCWD, TEXT("/tmp/bridle-new"), O_RDONLY | O_CREAT, 0600), JAILS, true},
    {TRY(openat, AT_FDCWD, TEXT("/etc/passwd"), O_RDONLY | O_TRUNC), JAILS},
    {TRY(openat, AT_FDCWD, TEXT("/etc/passwd"), O_ACCMODE), JAILS},
    {TRY(openat, AT_FDCWD, TEXT("/etc/passwd"), O_RDONLY), WORKERS},
    {TRY(openat2, AT_FDCWD, TEXT("/etc/passwd"), 0, 0), JAILS},
    {TRY(socket, AF_INET, SOCK_STREAM, 0), JAILS, true},
    {TRY(socket, AF_UNIX, SOCK_DGRAM, 0), JAILS, true},
    {TRY(socketpair, AF_UNIX, SOCK_DGRAM, 0, 0), JAILS},
    {TRY(connect, 0, 0, 0), JAILS, true},
    {TRY(bind, 0, 0, 0), JAILS},
    {TRY(accept4, 0, 0, 0, 0), JAILS},
    {TRY(sendto, 1, 0, 0, 0, 0, 0), JAILS},
    {TRY(sendmsg, CONTROL_FD + 1, 0, 0), WORKERS},
    {TRY(sendmmsg, CONTROL_FD, 0, 0, 0), JAILS},
    {TRY(recvmsg, CONTROL_FD + 1, 0, 0), JAILS},
    {TRY(setsockopt, CONTROL_FD, 0, 0, 0, 0), JAILS},
    {TRY(execve, TEXT("/bin/true"), TEXT(executable), 0), JAILS, true},
    {TRY(execveat, AT_FDCWD, TEXT("/bin/true"), TEXT(executable), 0, 0), JAILS, true},
    {TRY(clone, SIGCHLD, 0, 0, 0, 0), JAILS},
    {TRY(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), ALL, true},
    {TRY(ptrace, 0, 0, 0, 0), ALL},
    {TRY(process_vm_readv, 1, 0, 0, 0, 0, 0), ALL},
    {TRY(process_vm_writev, 1, 0, 0, 0, 0, 0), ALL},
    {TRY(pidfd_open, 1, 0), JAILS},
    {TRY(kill, 1, 0), JAILS},
    {TRY(tgkill, 1, 1, 0), JAILS},
    {TRY(tkill, 1, 0), JAILS},
    {TRY(mount, 0, 0, 0, 0, 0), ALL, true},
    {TRY(umount2, 0, 0), ALL, true},
    {TRY(chroot, TEXT("/")), ALL, true},
    {TRY(unshare, CLONE_NEWUSER), ALL, true},
    {TRY(setns, 0, 0), ALL, true},
    {TRY(init_module, 0, 0, 0), ALL, true},
    {TRY(bpf, 0, 0, 0), ALL, true},
    {TRY(perf_event_open, 0, 0, 0, 0, 0), ALL, true},
    {TRY(userfaultfd, 0), ALL, true},
    {TRY(io_uring_setup, 1, 0), ALL, true},
    {TRY(keyctl, 0, 0, 0, 0, 0), ALL, true},
    {TRY(settimeofday, 0, 0), ALL, true},
    {TRY(personality, 0xffffffff), ALL},
    {TRY(ioctl, 0, TIOCSTI, TEXT("x")), ALL, true},
    {TRY(ioctl, 0, TIOCSTI | 1L << 32, TEXT("x")), ALL, true}, /* the kernel looks at the lower half only */
    {TRY(ioctl, 0, FIONREAD, 0), JAILS},
    {TRY(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), JAILS},
    {TRY(mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), JAILS},
    {TRY(mprotect, 0, 0, PROT_READ | PROT_EXEC), JAILS},
    {TRY(pkey_mprotect, 0, 0, PROT_READ | PROT_EXEC, -1), JAILS},
    {TRY(remap_file_pages, 0, 0, 0, 0, 0), JAILS},
    {TRY(memfd_create, TEXT("x"), 0), WORKERS},
    {TRY(ftruncate, 0, 0), WORKERS},
    {TRY(getdents64, 0, 0, 0), WORKERS},
    {TRY(newfstatat, AT_FDCWD, TEXT("/etc/passwd"), 0, 0), WORKERS},
    {TRY(readlinkat, AT_FDCWD, TEXT("/etc/passwd"), 0, 0), WORKERS},
    {TRY(unlinkat, AT_FDCWD, TEXT("/tmp/bridle-none"), 0), JAILS},
    {TRY(renameat2, AT_FDCWD, TEXT("/tmp/bridle-none"), AT_FDCWD, TEXT("/tmp/bridle-none2"), 0), JAILS},
    {TRY(linkat, AT_FDCWD, TEXT("/tmp/bridle-none"), AT_FDCWD, TEXT("/tmp/bridle-none2"), 0), JAILS},
    {TRY(symlinkat, TEXT("/x"), AT_FDCWD, TEXT("/tmp/bridle/none")), JAILS},
    {TRY(mkdirat, AT_FDCWD, TEXT("/tmp/bridle/none"), 0), JAILS},
    {TRY(mknodat, AT_FDCWD, TEXT("/tmp/bridle/none"), S_IFCHR, 0), ALL, true},
    {TRY(fchmodat, AT_FDCWD, TEXT("/tmp/bridle-none"), 0), JAILS},
    {TRY(fchmod, 0, 0), JAILS},
    {TRY(fchownat, AT_FDCWD, TEXT("/tmp/bridle-none"), 0, 0, 0), JAILS},
    {TRY(truncate, TEXT("/tmp/bridle-none"), 0), JAILS},
    {TRY(fallocate, 0, 0, 0, 0), JAILS},
    {TRY(chdir, TEXT("/")), JAILS},
    {TRY(fcntl, 0, F_SETOWN, 1), JAILS},
    {TRY(fcntl, 0, F_SETSIG, 1), JAILS},
    {TRY(fcntl, 0, F_DUPFD, 0), JAILS},
    {TRY(fcntl, 0, F_SETLEASE, 0), JAILS},
    {TRY(fcntl, 0, F_ADD_SEALS, 0), WORKERS},
    {TRY(dup, 0), JAILS},
    {TRY(setuid, 0), JAILS},
    {TRY(setresuid, 0, 0, 0), JAILS},
    {TRY(capset, 0, 0), JAILS},
    {TRY(prctl, PR_SET_DUMPABLE, 1), JAILS},
    {TRY(seccomp, 0, 0, 0), JAILS},
    {TRY(prlimit64, 0, 0, 0, 0), JAILS},
    {TRY(sched_setscheduler, 0, 0, 0), JAILS},
    {TRY(rt_sigaction, SIGSYS, 0, 0, 8), JAILS},
    {TRY(shmget, 0, 0, 0), JAILS},
    {TRY(inotify_init1, 0), JAILS},
    {TRY(epoll_create1, 0), JAILS},
    {TRY(timer_create, 0, 0, 0), JAILS},
    {TRY(splice, 0, 0, 0, 0, 0, 0), JAILS},
    {TRY(vmsplice, 0, 0, 0, 0), JAILS},
    {TRY(sendfile, 0, 0, 0, 0), JAILS},
#ifdef SYS_open
    {TRY(open, TEXT("/etc/passwd"), O_RDWR), JAILS, true},
    {TRY(open, TEXT("/etc/passwd"), O_RDONLY), WORKERS},
    {TRY(creat, TEXT("/tmp/bridle-new"), 0600), JAILS, true},
    {TRY(fork, 0), JAILS},
    {TRY(vfork, 0), JAILS},
#endif
};

/* Runs `what` in the jail; its exit status, or 128 + signal. */
static int in_jail(enum sandbox_profile profile, int (*what)(const void *), const void *arg)
{
    int status;

    atomic_store(trapped, 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka catches it */
        if (sandbox_enter(profile, trapped) != 0)
            _exit(99);
        _exit(what(arg));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int attempt_it(const void *arg)
{
    const struct attempt *a = arg;

    long r = syscall(a->number, a->arg[0], a->arg[1], a->arg[2], a->arg[3], a->arg[4], a->arg[5]);
    return r == -1 && errno == EPERM ? 7 : 8;
}

/* What the process itself says of it: 159 and the call's name, or EPERM where the jail is not strict. */
static void refused(const struct attempt *a, enum sandbox_profile profile)
{
    bool strict = sandbox_tables[profile].strict && !BRIDLE_SANITIZED;
    int status = in_jail(profile, attempt_it, a);
    uint32_t call = atomic_load(trapped);

    if (status != (strict ? TRAPPED_STATUS : 7))
        fail_msg("%s was not refused in jail %d: status %d", a->call, profile, status);
    assert_int_equal(call, strict ? (uint32_t)a->number + 1 : 0);
    if (strict)
        assert_string_equal(sandbox_syscall_name(call - 1), a->call);
}

static void test_refused(void **state)
{
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        for (unsigned p = SANDBOX_MAIN; p <= SANDBOX_WORKER_LIVE; p++)
            if ((attempts[i].jails & 1u << p) != 0 && (attempts[i].sanitized || !BRIDLE_SANITIZED))
                refused(&attempts[i], (enum sandbox_profile)p);
}

/* The loop of a worker. `pipe_fd` is prepared outside. */
static int pipe_fds[2], control[2], memory_fd, event_fd;

#define CHECK(x)                                                                                             \
    if (!(x))                                                                                                \
    return __LINE__ % 100 + 10

static int worker_needs(const void *arg)
{
    char byte;
    struct stat st;
    struct timespec t = {0, 1000};
    struct iovec iov = {&byte, 1};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};

    CHECK(write(pipe_fds[1], "x", 1) == 1 && poll(&p, 1, 0) == 1 && read(pipe_fds[0], &byte, 1) == 1);
    CHECK(sendmsg(CONTROL_FD, &message, MSG_NOSIGNAL) == 1);
    CHECK(recvmsg(CONTROL_FD, &message, MSG_CMSG_CLOEXEC) == 1);
    CHECK(fstat(memory_fd, &st) == 0 && st.st_size == 4096);
    CHECK(fcntl(memory_fd, F_GET_SEALS) == 0);
    void *image = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memory_fd, 0);
    CHECK(image != MAP_FAILED && munmap(image, 4096) == 0);
    for (size_t n = 1; n < 100u << 20; n *= 3) {
        char *m = malloc(n);
        CHECK(m != NULL);
        m[n - 1] = 1;
        m = realloc(m, n * 2);
        CHECK(m != NULL);
        free(m);
    }
    CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) == 0);
    t = (struct timespec){0, 1000};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL) == 0);
    CHECK(syscall(SYS_getrandom, &byte, 1, 0) == 1);
    CHECK(eventfd_write(event_fd, 1) == 0);
    fprintf(stderr, "# a message on stderr\n");
    CHECK(close(memory_fd) == 0);
    return 0;
}

static int loader_needs(const void *arg)
{
    char line[64];
    struct stat st;
    struct iovec iov = {line, 1};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    unsigned entries = 0;

    FILE *f = fopen("/proc/self/status", "re");
    CHECK(f != NULL && fgets(line, sizeof line, f) != NULL && fseek(f, 0, SEEK_SET) == 0);
    fclose(f);
    DIR *d = opendir("/etc");
    CHECK(d != NULL);
    while (readdir(d) != NULL)
        entries++;
    closedir(d);
    CHECK(entries > 2 && stat("/etc/passwd", &st) == 0 && lstat("/etc/passwd", &st) == 0);
    char *real = realpath("/proc/self/cwd", NULL);
    CHECK(real != NULL);
    free(real);
    int fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(fd >= 0 && ftruncate(fd, 8192) == 0 && pwrite(fd, "x", 1, 5) == 1 && write(fd, "y", 1) == 1);
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(m != MAP_FAILED && munmap(m, 8192) == 0);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0);
    CHECK(sendmsg(CONTROL_FD, &message, MSG_NOSIGNAL) == 1);
    fprintf(stderr, "# a message on stderr\n");
    printf("# a message on stdout\n");
    CHECK(fflush(stdout) == 0);
    return 0;
}

/* Main runs everything else, and its children can enter jails of their own. */
static int main_needs(const void *arg)
{
    int fd = open(scratch, O_WRONLY | O_APPEND);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1);
    CHECK(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0 && socket(AF_INET, SOCK_STREAM, 0) >= 0);
    pid_t pid = fork();
    if (pid == 0) {
        execv(executable[0], executable);
        _exit(99);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    if (BRIDLE_SANITIZED)
        return 0;
    CHECK(sandbox_enter(SANDBOX_WORKER_FILE, trapped) == 0);
    syscall(SYS_ptrace, 0, 0, 0, 0); /* EPERM for main, but the stricter list decides */
    return 5;
}

static void prepare(void)
{
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control), 0);
    assert_int_equal(write(control[0], "x", 1), 1);
    event_fd = eventfd(0, EFD_NONBLOCK);
    memory_fd = memfd_create("image", MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(memory_fd, 4096), 0);
}

static void test_needed(void **state)
{
    int kept = dup(CONTROL_FD); /* -1 when nothing is there */
    dup2(STDIN_FILENO, CONTROL_FD);
    prepare();
    dup2(control[1], CONTROL_FD);
    assert_int_equal(in_jail(SANDBOX_LOADER, loader_needs, NULL), 0);
    assert_int_equal(in_jail(SANDBOX_WORKER_FILE, worker_needs, NULL), 0);
    assert_int_equal(write(control[0], "x", 1), 1);
    assert_int_equal(in_jail(SANDBOX_WORKER_LIVE, worker_needs, NULL), 0);
    int status = in_jail(SANDBOX_MAIN, main_needs, NULL);
    if (kept < 0 || dup2(kept, CONTROL_FD) < 0)
        close(CONTROL_FD);
    assert_int_equal(status, BRIDLE_SANITIZED ? 0 : TRAPPED_STATUS);
    if (!BRIDLE_SANITIZED)
        assert_string_equal(sandbox_syscall_name(atomic_load(trapped) - 1), "ptrace");
}

static int aborts(const void *arg)
{
    abort();
}

static int overflows(const void *arg)
{
    raise(SIGSEGV);
    return 0;
}

/* A failed assertion is to be seen as such, not as a call that was trapped on the way. */
static void test_dies_as_it_should(void **state)
{
    if (BRIDLE_SANITIZED)
        skip();
    for (unsigned p = SANDBOX_LOADER; p <= SANDBOX_WORKER_LIVE; p++) {
        assert_int_equal(in_jail((enum sandbox_profile)p, aborts, NULL), 128 + SIGABRT);
        assert_int_equal(atomic_load(trapped), 0);
        assert_int_equal(in_jail((enum sandbox_profile)p, overflows, NULL), 128 + SIGSEGV);
    }
}

static int raises_sigsys_blocked(const void *arg)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    syscall(SYS_dup, 0);
    return 0;
}

/* Blocking the signal does not help: the kernel then kills. */
static void test_signal_blocked(void **state)
{
    if (BRIDLE_SANITIZED)
        skip();
    assert_int_equal(in_jail(SANDBOX_WORKER_FILE, raises_sigsys_blocked, NULL), 128 + SIGSYS);
}

static int nothing(const void *arg)
{
    return 0;
}

static int need_seccomp(void **state)
{
    trapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fd = mkstemp(scratch);
    close(fd);
    if (sandbox_syscall_name(0)[0] == '?' || in_jail(SANDBOX_WORKER_FILE, nothing, NULL) == 99) {
        printf("1..0 # SKIP no seccomp\n");
        exit(0);
    }
    return 0;
}

static int clean(void **state)
{
    munmap((void *)(uintptr_t)trapped, 4096);
    return unlink(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_needed),
        cmocka_unit_test(test_dies_as_it_should),
        cmocka_unit_test(test_signal_blocked),
    };
    return cmocka_run_group_tests(tests, need_seccomp, clean);
}
