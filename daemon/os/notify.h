/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the service manager: sd_notify(3)'s protocol, without its library. */
#ifndef BRIDLE_OS_NOTIFY_H
#define BRIDLE_OS_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1", "STATUS=…", "RELOADING=1\nMONOTONIC_USEC=…", "STOPPING=1", "WATCHDOG=1"; does nothing
 * without NOTIFY_SOCKET. */
void notify_send(const char *state);
/* Half of WATCHDOG_USEC in ns when it is meant for this process, else 0. */
uint64_t notify_watchdog_ns(void);

#endif
