/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a seccomp(2) filter of a table and enters it. */
#include "os/sandbox.h"

#include "config.h"

#if HAVE_SECCOMP

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/sandbox_tables.h"

/* Exit status of a process that made a call that it may not make: 128 + SIGSYS. */
#define TRAPPED_STATUS 159

/* A signal handler has no argument of ours. */
static _Atomic uint32_t *trapped_at; /* borrowed; may be NULL */

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    if (trapped_at != NULL)
        atomic_store(trapped_at, (uint32_t)info->si_syscall + 1);
    _exit(TRAPPED_STATUS);
}

static int trap_catch(_Atomic uint32_t *trapped)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigset_t own;

    trapped_at = trapped;
    sigemptyset(&own);
    sigaddset(&own, SIGSYS);
    if (sigaction(SIGSYS, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &own, NULL) != 0)
        return -errno;
    return 0;
}

static int rule_add(scmp_filter_ctx filter, uint32_t action, const struct sandbox_rule *rule)
{
    struct scmp_arg_cmp cmp[2];
    unsigned n = 0;
    int number = seccomp_syscall_resolve_name(rule->call);

    if (number == __NR_SCMP_ERROR) /* newer than this libseccomp: it cannot be named, strict lists trap it */
        return 0;
    for (size_t i = 0; i < 2; i++) {
        const struct sandbox_arg *a = &rule->arg[i];
        if (a->test == ARG_BITS)
            cmp[n++] = SCMP_CMP64(a->index, SCMP_CMP_MASKED_EQ, a->mask, a->value);
        else if (a->test == ARG_PID)
            cmp[n++] = SCMP_CMP64(a->index, SCMP_CMP_EQ, (uint64_t)getpid());
    }
    int r = seccomp_rule_add_array(filter, action, number, n, cmp);
    /* -EINVAL for a negative number: an old machine's multiplexer (socketcall) hides the arguments. */
    return r == -EINVAL && number < 0 ? 0 : r;
}

static int rules_add(scmp_filter_ctx filter, const struct sandbox_table *table)
{
    for (size_t l = 0; l < SANDBOX_LISTS_MAX; l++)
        for (size_t i = 0; i < table->list[l].rules; i++) {
            const struct sandbox_rule *rule = &table->list[l].rule[i];
            uint32_t action = table->strict                       ? SCMP_ACT_ALLOW
                              : strcmp(rule->call, "clone3") == 0 ? SCMP_ACT_ERRNO(ENOSYS)
                                                                  : SCMP_ACT_ERRNO(EPERM);
            int r = rule_add(filter, action, rule);
            if (r < 0)
                return r;
        }
    return 0;
}

static int load(scmp_filter_ctx filter)
{
    int r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);

    if (r == 0)
        r = seccomp_load(filter); /* sets no_new_privs too */
    /* A kernel without filters knows the call or its mode not. */
    return r == -EINVAL ? -ENOSYS : r;
}

int sandbox_enter(enum sandbox_profile profile, _Atomic uint32_t *trapped)
{
    const struct sandbox_table *table = &sandbox_tables[profile];

    if (BRIDLE_SANITIZED)
        table = table->strict ? &sandbox_sanitized_jail : &sandbox_sanitized_main;
    scmp_filter_ctx filter = seccomp_init(table->strict ? SCMP_ACT_TRAP : SCMP_ACT_ALLOW);
    if (filter == NULL)
        return -ENOMEM;
    int r = rules_add(filter, table);
    if (r == 0 && table->strict)
        r = trap_catch(trapped);
    if (r == 0)
        r = load(filter);
    seccomp_release(filter);
    return r;
}

const char *sandbox_syscall_name(uint32_t number)
{
    static char name[48];
    char *found = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number);

    if (found == NULL)
        return "?";
    strncpy(name, found, sizeof name - 1);
    free(found);
    return name;
}

#else

#include <errno.h>

int sandbox_enter(enum sandbox_profile profile, _Atomic uint32_t *trapped)
{
    return -ENOSYS;
}

const char *sandbox_syscall_name(uint32_t number)
{
    return "?";
}

#endif
