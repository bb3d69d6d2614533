/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the dates in a feed are true. Many generators write the moment of the build as the date since when
 * each entry counts, and a rebuild makes old infrastructure new. Such a file gives itself away: nearly all
 * its dates are of one day. They say nothing then, and the day on which we first loaded the value counts
 * instead. So a file is read twice, or its dates are told before its entries are.
 */
#ifndef BRIDLE_INTEL_LOAD_DATES_H
#define BRIDLE_INTEL_LOAD_DATES_H

#include <stdbool.h>
#include <stdint.h>

/* Zeros: no dates yet. */
struct load_dates {
    uint64_t count; /* of all dates */
    uint64_t own;   /* of those, the moment at which the entry itself was written */
    uint64_t lead;  /* by how much `day` leads (Boyer and Moore's majority vote) */
    int64_t day;
};

/* A date of one entry; `own`: it is the same as that of the entry's creation. */
void load_dates_add(struct load_dates *d, int64_t from_s, bool own);
/* When all were added: `from_s`, or 0 if it is a date of the build. */
int64_t load_dates_true(const struct load_dates *d, int64_t from_s);

#endif
