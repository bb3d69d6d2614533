/* SPDX-License-Identifier: BSD-2-Clause */
/* What the columns of a table mean: by its header, by the configuration, or by what stands in them. */
#ifndef BRIDLE_INTEL_LOAD_CSV_H
#define BRIDLE_INTEL_LOAD_CSV_H

#include "intel/load_kind.h"

#define CSV_COLUMNS_MAX 64u

enum csv_role {
    CSV_NONE,
    CSV_VALUE,
    CSV_TYPE, /* of the values whose column does not say it */
    CSV_CAMPAIGN,
    CSV_COMMENT,
    CSV_REFERENCE,
    CSV_SOURCE,
    CSV_FROM,
    CSV_UNTIL,
    CSV_TO_IDS,
    CSV_TIER,
    CSV_ROLES
};

struct csv_columns {
    uint8_t delimiter;
    unsigned count;
    uint8_t role[CSV_COLUMNS_MAX]; /* enum csv_role */
    uint8_t kind[CSV_COLUMNS_MAX]; /* enum load_kind of a CSV_VALUE; UNKNOWN: the column CSV_TYPE says it */
    uint32_t header;               /* line of the header, from 1; 0: there is none */
};

struct csv_record {
    unsigned cells;
    struct span cell[CSV_COLUMNS_MAX]; /* into the buffer; those beyond are left out */
};

/* Whether a quote is still open at the end (RFC 4180 §2.6): the next line belongs to the record, too. */
bool csv_is_open(const char *at, size_t len, uint8_t delimiter);
/* Takes a record apart, in place; `quotes` false: quotes are characters as all others. */
void csv_split(char *at, size_t len, uint8_t delimiter, bool quotes, struct csv_record *ret);
/* What the columns are called, or hold. False: it is no table, or nothing in it is a value. */
bool csv_find_columns(struct span head, struct csv_columns *ret);
/* As the configuration names them, "value,type,campaign,-"; the delimiter and the header are those of `head`.
 * False: `ret_word` is not known, or there is no value. */
bool csv_name_columns(struct span spec, struct span head, struct csv_columns *ret, struct span *ret_word);

#endif
