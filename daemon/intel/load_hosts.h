/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of hosts(5) that block names: other lists have some among their own. */
#ifndef BRIDLE_INTEL_LOAD_HOSTS_H
#define BRIDLE_INTEL_LOAD_HOSTS_H

#include "intel/load_entry.h"

/* Whether an address is where lists that block send names: 0.0.0.0, 127.0.0.0/8, ::, ::1. */
bool load_is_sink(struct span word);
/* Reads a line if it is an address with a name behind it; false: it is not. */
bool load_hosts_line(struct load_file *f, uint32_t number, struct span line);

#endif
