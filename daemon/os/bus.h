/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are mapped where they lie, and that whoever owns them may cut: a read behind the new end is
 * SIGBUS (mmap(2)). In memory that is guarded it gives zeros instead, from the page that was missed to the
 * end.
 */
#ifndef BRIDLE_OS_BUS_H
#define BRIDLE_OS_BUS_H

#include <stddef.h>

/* Takes over SIGBUS. One that is about anything else still ends the process. Before a jail. */
void bus_init(void);
/* Guards a mapping (of whole pages but for its end). 0, or -ENOSPC when there are too many. */
int bus_guard(const void *at, size_t bytes);
/* How many times zeros were given so far. */
unsigned bus_missed(void);
/* Before it is unmapped. */
void bus_unguard(const void *at);

#endif
