/* SPDX-License-Identifier: BSD-2-Clause */
/* The lists: every name is a system call's, and every machine takes every row. */
#include "os/sandbox_tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <seccomp.h>

#include <cmocka.h>

static const struct sandbox_table *const tables[] = {
    &sandbox_tables[SANDBOX_MAIN],
    &sandbox_tables[SANDBOX_LOADER],
    &sandbox_tables[SANDBOX_WORKER_FILE],
    &sandbox_tables[SANDBOX_WORKER_LIVE],
    &sandbox_sanitized_main,
    &sandbox_sanitized_jail,
};
#define TABLES (sizeof tables / sizeof *tables)

static void each_rule(void (*fn)(const struct sandbox_rule *rule, void *arg), size_t table, void *arg)
{
    for (size_t l = 0; l < SANDBOX_LISTS_MAX; l++)
        for (size_t i = 0; i < tables[table]->list[l].rules; i++)
            fn(&tables[table]->list[l].rule[i], arg);
}

static void check_names(const struct sandbox_rule *rule, void *arg)
{
    if (seccomp_syscall_resolve_name(rule->call) == __NR_SCMP_ERROR)
        fail_msg("no system call is called %s", rule->call);
    assert_non_null(rule->why);
    assert_true(rule->why[0] != 0);
}

static void test_names(void **state)
{
    for (size_t t = 0; t < TABLES; t++)
        each_rule(check_names, t, NULL);
}

static void add_rule(const struct sandbox_rule *rule, void *arg)
{
    scmp_filter_ctx filter = arg;
    struct scmp_arg_cmp cmp[2];
    unsigned n = 0;

    for (size_t i = 0; i < 2; i++)
        if (rule->arg[i].test != ARG_ANY)
            cmp[n++] =
                SCMP_CMP64(rule->arg[i].index, SCMP_CMP_MASKED_EQ, rule->arg[i].mask, rule->arg[i].value);
    int number = seccomp_syscall_resolve_name(rule->call);
    int r = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(1), number, n, cmp);
    if (r != 0 && !(r == -EINVAL && number < 0))
        fail_msg("%s: %s", rule->call, strerror(-r));
}

static void test_machines(void **state)
{
    static const uint32_t machines[] = {SCMP_ARCH_X86,     SCMP_ARCH_X86_64,  SCMP_ARCH_ARM,
                                        SCMP_ARCH_AARCH64, SCMP_ARCH_MIPSEL,  SCMP_ARCH_MIPS,
                                        SCMP_ARCH_PPC64LE, SCMP_ARCH_RISCV64, SCMP_ARCH_S390X};

    for (size_t m = 0; m < sizeof machines / sizeof *machines; m++)
        for (size_t t = 0; t < TABLES; t++) {
            scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
            assert_non_null(filter);
            if (machines[m] != seccomp_arch_native()) {
                assert_int_equal(seccomp_arch_remove(filter, SCMP_ARCH_NATIVE), 0);
                assert_int_equal(seccomp_arch_add(filter, machines[m]), 0);
            }
            each_rule(add_rule, t, filter);
            seccomp_release(filter);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
