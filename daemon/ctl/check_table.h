/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of the entries of each file, as a table for people. */
#ifndef BRIDLE_CTL_CHECK_TABLE_H
#define BRIDLE_CTL_CHECK_TABLE_H

#include "intel/load_wire.h"

struct check_table {
    struct check_row *row; /* owned */
    size_t rows, room;
};

/* Takes a line `file`. Without memory it is left out. */
void check_table_add(struct check_table *t, const struct load_line *l);
/* Prints the columns in which something stands, and the sum if there are several files. */
void check_table_print(const struct check_table *t, const uint64_t sum[LOAD_COUNTS]);
void check_table_free(struct check_table *t);

#endif
