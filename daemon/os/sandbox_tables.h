/* SPDX-License-Identifier: BSD-2-Clause */
/* The lists of system calls, as data: what each process may do once it is in its jail, and why. */
#ifndef BRIDLE_OS_SANDBOX_TABLES_H
#define BRIDLE_OS_SANDBOX_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/sandbox.h"

enum sandbox_test {
    ARG_ANY,  /* no condition: the row's other test, or the whole call */
    ARG_BITS, /* the bits of `mask` in the argument equal `value` */
    ARG_PID,  /* the argument is the process itself */
};

struct sandbox_arg {
    unsigned index;
    enum sandbox_test test;
    uint64_t mask, value;
};

/* One system call by its name in libseccomp; it applies when both conditions hold. What a machine does not
 * have is left out. */
struct sandbox_rule {
    const char *call;
    struct sandbox_arg arg[2];
    const char *why;
};

struct sandbox_list {
    const struct sandbox_rule *rule;
    size_t rules;
};

#define SANDBOX_LISTS_MAX 3

struct sandbox_table {
    /* True: the lists are what is allowed, everything else traps. False: the lists are what is refused
     * (EPERM; ENOSYS for clone3), everything else is allowed. */
    bool strict;
    struct sandbox_list list[SANDBOX_LISTS_MAX];
};

extern const struct sandbox_table sandbox_tables[];
/* In place of main's and of the strict ones under sanitizers, whose run-time needs more calls than can be
 * listed. */
extern const struct sandbox_table sandbox_sanitized_main, sandbox_sanitized_jail;

#endif
