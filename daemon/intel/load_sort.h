/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorting millions of short rows in place: no second array beside the first, and no case that is slow. */
#ifndef BRIDLE_INTEL_LOAD_SORT_H
#define BRIDLE_INTEL_LOAD_SORT_H

#include "base/span.h"

#define LOAD_SORT_ROW_BYTES 12u

/* Rows by their first eight bytes, a little-endian number. Rows with equal ones come in any order, always the
 * same for the same rows. */
void load_sort(uint8_t *rows, size_t count);

#endif
