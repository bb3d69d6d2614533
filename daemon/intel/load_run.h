/* SPDX-License-Identifier: BSD-2-Clause */
/* What bridle-loader does once it is in its jail: reads what it was given, tells what became of it, and hands
 * the sealed matcher image over, by the descriptors that load_wire.h names. */
#ifndef BRIDLE_INTEL_LOAD_RUN_H
#define BRIDLE_INTEL_LOAD_RUN_H

#include "intel/load_args.h"

/* All but the image goes to `report` (borrowed). An enum loader_exit. */
int load_run(struct load_args *args, struct load_report *report);

#endif
