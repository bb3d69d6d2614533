/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System call filters (seccomp(2), by libseccomp) from tables that can be read: sandbox_tables.c. What is not
 * in a process's table traps: the handler writes the call's number to `trapped` and exits with 159. Under
 * sanitizers the filter only denies exec, socket, connect and opening for writing.
 */
#ifndef BRIDLE_OS_SANDBOX_H
#define BRIDLE_OS_SANDBOX_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_profile { SANDBOX_MAIN, SANDBOX_LOADER, SANDBOX_WORKER_FILE, SANDBOX_WORKER_LIVE };

/* 0: on. -ENOSYS: this kernel or build has none (said in status, not refused). Another negative errno:
 * failed. `trapped` may be NULL; it gets the call's number + 1. */
int sandbox_enter(enum sandbox_profile profile, _Atomic uint32_t *trapped);
/* "read" for 0 on x86-64; "?" for what has no name here. Valid until the next call. */
const char *sandbox_syscall_name(uint32_t number);

#endif
