/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists of system calls.
 *
 * Worker and loader are strict: what is not listed traps. Main is not: its filter is inherited by every
 * worker and loader that it starts, so a strict list would have to hold all that the dynamic linker,
 * libpcap's opening of a capture and libseccomp itself do, and would forbid main little that it is not denied
 * anyway by having no privileges. Main's list names what none of the three has any use for and what kernel
 * exploits like.
 */
#include "os/sandbox_tables.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define INT 0xffffffffu /* arguments that the kernel takes as int: the upper half is ignored */
#define IS(i, v)                                                                                             \
    {                                                                                                        \
        (i), ARG_BITS, UINT64_MAX, (uint64_t)(v)                                                             \
    }
#define IS_INT(i, v)                                                                                         \
    {                                                                                                        \
        (i), ARG_BITS, INT, (uint64_t)(v)                                                                    \
    }
#define HAS(i, bits)                                                                                         \
    {                                                                                                        \
        (i), ARG_BITS, (bits), (bits)                                                                        \
    }
#define NONE(i, bits)                                                                                        \
    {                                                                                                        \
        (i), ARG_BITS, (bits), 0                                                                             \
    }
#define OWN_PID(i)                                                                                           \
    {                                                                                                        \
        (i), ARG_PID, 0, 0                                                                                   \
    }

/* The worker's control socket (worker/shm.h). */
#define CONTROL_FD 3

/* Bits of open(2) by which something could be written or created. */
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

/* What every program needs to compute and to end. */
static const struct sandbox_rule common[] = {
    {"exit_group", {{0}}, "ending"},
    {"exit", {{0}}, "ending"},
    {"brk", {{0}}, "malloc"},
    {"mmap", {NONE(2, PROT_EXEC)}, "malloc; the image; never code"},
    {"mmap2", {NONE(2, PROT_EXEC)}, "the same on 32-bit machines"},
    {"munmap", {{0}}, "malloc; the old image"},
    {"mremap", {{0}}, "realloc of large blocks; it cannot change the protection"},
    {"madvise", {{0}}, "malloc gives memory back"},
    {"read", {{0}}, "capture and rule files: descriptors that are already open"},
    {"readv", {{0}}, "the same, by stdio of musl"},
    {"write", {{0}}, "waking main by its eventfd; the image; messages on stderr"},
    {"writev", {{0}}, "messages on stderr, by assert and stdio"},
    {"close", {{0}}, "descriptors that are done with"},
    {"fstat", {{0}}, "size of the image; buffer size of stdio"},
    {"fstat64", {{0}}, "the same on 32-bit machines"},
    {"newfstatat", {HAS(3, AT_EMPTY_PATH)}, "fstat since glibc 2.33"},
    {"fstatat64", {HAS(3, AT_EMPTY_PATH)}, "the same on 32-bit machines"},
    {"statx", {HAS(2, AT_EMPTY_PATH)}, "fstat where time_t is 64 bits wide on 32-bit machines"},
    {"lseek", {{0}}, "stdio"},
    {"_llseek", {{0}}, "the same on 32-bit machines"},
    {"fcntl", {IS(1, F_GETFL)}, "how a descriptor was opened"},
    {"fcntl64", {IS(1, F_GETFL)}, "the same on 32-bit machines"},
    {"fcntl", {IS(1, F_GET_SEALS)}, "that the image can no longer change"},
    {"fcntl64", {IS(1, F_GET_SEALS)}, "the same on 32-bit machines"},
    {"clock_gettime", {{0}}, "time, where the vDSO does not give it"},
    {"clock_gettime64", {{0}}, "the same on 32-bit machines"},
    {"gettimeofday", {{0}}, "time, by libcrypto"},
    {"getrandom", {{0}}, "keys of hashes; malloc's own secrets"},
    {"futex", {{0}}, "locks of libcrypto and stdio"},
    {"sched_yield", {{0}}, "locks of libcrypto"},
    {"restart_syscall", {{0}}, "going on after a stop"},
    {"rt_sigreturn", {{0}}, "leaving a signal handler"},
    {"sigreturn", {{0}}, "the same on 32-bit machines"},
    {"rt_sigaction", {IS_INT(0, SIGBUS)}, "a SIGBUS that is not about the image ends the process after all"},
    {"rt_sigprocmask", {{0}}, "abort"},
    {"getpid", {{0}}, "abort"},
    {"gettid", {{0}}, "abort"},
    {"tgkill", {OWN_PID(0)}, "abort: a failed assertion shall be seen as one"},
};

/* The loop of a worker: wait, read packets, talk to main. */
static const struct sandbox_rule worker[] = {
    {"poll", {{0}}, "waiting for packets and for main"},
    {"ppoll", {{0}}, "the same where there is no poll"},
    {"ppoll_time64", {{0}}, "the same on 32-bit machines"},
    {"recvmsg", {IS(0, CONTROL_FD)}, "orders, images and files from main"},
    {"sendmsg", {IS(0, CONTROL_FD)}, "answers to main"},
    {"clock_nanosleep", {{0}}, "waiting for room in a full ring"},
    {"clock_nanosleep_time64", {{0}}, "the same on 32-bit machines"},
    {"nanosleep", {{0}}, "the same, by musl"},
};

/* What libpcap's non-blocking read does besides poll. */
static const struct sandbox_rule live[] = {
    {"getsockopt", {IS_INT(1, SOL_PACKET), IS_INT(2, PACKET_STATISTICS)}, "packets that the kernel dropped"},
    {"getsockopt", {IS_INT(1, SOL_SOCKET), IS_INT(2, SO_ERROR)}, "why poll says POLLERR"},
    {"ioctl", {IS_INT(1, SIOCGIFFLAGS)}, "libpcap asks whether an interface that went down is still there"},
    {"getsockname", {{0}}, "the same: whether the capture is still bound to an interface"},
    {"recvfrom", {{0}}, "reading, where the kernel has no TPACKET_V3"},
    {"recvmmsg", {{0}}, "reading TZSP"},
    {"recvmmsg_time64", {{0}}, "the same on 32-bit machines"},
};

/* Rules in, sealed image out. */
static const struct sandbox_rule loader[] = {
    {"open", {NONE(1, WRITING)}, "rules, for reading"},
    {"openat", {NONE(2, WRITING)}, "rules, for reading"},
    {"pread64", {{0}}, "rules"},
    {"sysinfo", {{0}}, "qsort asks how much memory there is"},
    {"getdents", {{0}}, "folders of rules"},
    {"getdents64", {{0}}, "folders of rules"},
    {"stat", {{0}}, "file or folder; folders that were seen before"},
    {"stat64", {{0}}, "the same on 32-bit machines"},
    {"lstat", {{0}}, "the same for links"},
    {"lstat64", {{0}}, "the same on 32-bit machines"},
    {"newfstatat", {{0}}, "the same, by name"},
    {"fstatat64", {{0}}, "the same on 32-bit machines"},
    {"statx", {{0}}, "the same where time_t is 64 bits wide on 32-bit machines"},
    {"readlink", {{0}}, "links between folders"},
    {"readlinkat", {{0}}, "links between folders"},
    {"fcntl", {IS(1, F_SETFD)}, "opendir"},
    {"fcntl64", {IS(1, F_SETFD)}, "the same on 32-bit machines"},
    {"fcntl", {IS(1, F_ADD_SEALS)}, "the image can no longer change"},
    {"fcntl64", {IS(1, F_ADD_SEALS)}, "the same on 32-bit machines"},
    {"memfd_create", {{0}}, "the image"},
    {"ftruncate", {{0}}, "size of the image"},
    {"ftruncate64", {{0}}, "the same on 32-bit machines"},
    {"pwrite64", {{0}}, "the image"},
    {"mprotect", {NONE(2, PROT_EXEC)}, "malloc when brk finds no room"},
    {"sendmsg", {{0}}, "the image and the report to main"},
    {"poll", {{0}}, "waiting until main has taken the report so far"},
    {"ppoll", {{0}}, "the same where there is no poll"},
    {"ppoll_time64", {{0}}, "the same on 32-bit machines"},
    {"ioctl", {IS_INT(1, TCGETS)}, "stdio asks whether its file is a terminal"},
};

/* Nobody's business but a debugger's, and a leak checker's at the end of a process. */
static const struct sandbox_rule tracing[] = {
    {"ptrace", {{0}}, "other processes' memory"},
    {"process_vm_readv", {{0}}, "other processes' memory"},
    {"process_vm_writev", {{0}}, "other processes' memory"},
    {"personality", {{0}}, "would turn address randomisation off"},
};

/* What neither main nor any process that it starts has a use for. */
static const struct sandbox_rule never[] = {
    {"process_madvise", {{0}}, "other processes' memory"},
    {"kcmp", {{0}}, "other processes"},
    {"pidfd_getfd", {{0}}, "other processes' descriptors"},
    {"mount", {{0}}, "file systems"},
    {"umount", {{0}}, "file systems"},
    {"umount2", {{0}}, "file systems"},
    {"pivot_root", {{0}}, "file systems"},
    {"chroot", {{0}}, "file systems"},
    {"open_tree", {{0}}, "file systems"},
    {"move_mount", {{0}}, "file systems"},
    {"fsopen", {{0}}, "file systems"},
    {"fsconfig", {{0}}, "file systems"},
    {"fsmount", {{0}}, "file systems"},
    {"fspick", {{0}}, "file systems"},
    {"mount_setattr", {{0}}, "file systems"},
    {"quotactl", {{0}}, "file systems"},
    {"quotactl_fd", {{0}}, "file systems"},
    {"swapon", {{0}}, "file systems"},
    {"swapoff", {{0}}, "file systems"},
    {"mknod", {HAS(1, 0020000)}, "devices"},
    {"mknodat", {HAS(2, 0020000)}, "devices"},
    {"open_by_handle_at", {{0}}, "files past their folders' permissions"},
    {"name_to_handle_at", {{0}}, "files past their folders' permissions"},
    {"unshare", {{0}}, "namespaces: kernel code that only root should reach"},
    {"setns", {{0}}, "namespaces"},
    {"clone", {HAS(0, CLONE_NEWUSER)}, "namespaces"},
    {"clone", {HAS(0, CLONE_NEWNS)}, "namespaces"},
    {"clone", {HAS(0, CLONE_NEWNET)}, "namespaces"},
    {"clone3", {{0}}, "its flags cannot be seen by a filter; libc goes on with clone"},
    {"init_module", {{0}}, "kernel modules"},
    {"finit_module", {{0}}, "kernel modules"},
    {"delete_module", {{0}}, "kernel modules"},
    {"kexec_load", {{0}}, "another kernel"},
    {"kexec_file_load", {{0}}, "another kernel"},
    {"reboot", {{0}}, "another kernel"},
    {"bpf", {{0}}, "programs in the kernel; packet filters are set by setsockopt"},
    {"perf_event_open", {{0}}, "a wide way into the kernel"},
    {"userfaultfd", {{0}}, "stops the kernel halfway: for exploits"},
    {"io_uring_setup", {{0}}, "does calls that no filter sees"},
    {"io_uring_enter", {{0}}, "does calls that no filter sees"},
    {"io_uring_register", {{0}}, "does calls that no filter sees"},
    {"add_key", {{0}}, "the kernel's key rings"},
    {"request_key", {{0}}, "the kernel's key rings"},
    {"keyctl", {{0}}, "the kernel's key rings"},
    {"acct", {{0}}, "the machine"},
    {"syslog", {{0}}, "the kernel's log and its addresses"},
    {"settimeofday", {{0}}, "the clock"},
    {"clock_settime", {{0}}, "the clock"},
    {"clock_settime64", {{0}}, "the clock"},
    {"stime", {{0}}, "the clock"},
    {"adjtimex", {{0}}, "the clock"},
    {"clock_adjtime", {{0}}, "the clock"},
    {"sethostname", {{0}}, "the machine's name"},
    {"setdomainname", {{0}}, "the machine's name"},
    {"iopl", {{0}}, "the hardware"},
    {"ioperm", {{0}}, "the hardware"},
    {"modify_ldt", {{0}}, "old programs only"},
    {"vm86", {{0}}, "old programs only"},
    {"vm86old", {{0}}, "old programs only"},
    {"vhangup", {{0}}, "terminals"},
    {"ioctl", {IS_INT(1, TIOCSTI)}, "types into the terminal that we were started from"},
};

/* What a worker or loader is refused even when the strict list cannot be used. */
static const struct sandbox_rule sanitized[] = {
    {"execve", {{0}}, "other programs"},
    {"execveat", {{0}}, "other programs"},
    {"socket", {{0}}, "the network"},
    {"connect", {{0}}, "the network"},
    {"open", {HAS(1, O_WRONLY)}, "writing files"},
    {"open", {HAS(1, O_RDWR)}, "writing files"},
    {"open", {HAS(1, O_CREAT)}, "writing files"},
    {"openat", {HAS(2, O_WRONLY)}, "writing files"},
    {"openat", {HAS(2, O_RDWR)}, "writing files"},
    {"openat", {HAS(2, O_CREAT)}, "writing files"},
    {"creat", {{0}}, "writing files"},
};

#define LIST(l)                                                                                              \
    {                                                                                                        \
        (l), sizeof(l) / sizeof *(l)                                                                         \
    }

const struct sandbox_table sandbox_tables[] = {
    [SANDBOX_MAIN] = {false, {LIST(tracing), LIST(never)}},
    [SANDBOX_LOADER] = {true, {LIST(common), LIST(loader)}},
    [SANDBOX_WORKER_FILE] = {true, {LIST(common), LIST(worker)}},
    [SANDBOX_WORKER_LIVE] = {true, {LIST(common), LIST(worker), LIST(live)}},
};

const struct sandbox_table sandbox_sanitized_main = {false, {LIST(never)}};
const struct sandbox_table sandbox_sanitized_jail = {false, {LIST(never), LIST(sanitized)}};
