/* SPDX-License-Identifier: BSD-2-Clause */
/* The closing words of a replay: what was found, by client, and what cannot be seen. */
#ifndef BRIDLE_REPORT_SUMMARY_H
#define BRIDLE_REPORT_SUMMARY_H

#include <stdio.h>

#include "report/incident.h"
#include "report/reporter.h"

struct summary_row;

struct summary {
    struct summary_row *row; /* owned: incidents that were closed */
    size_t rows, room;
    uint64_t left_out; /* past the limit */
};

/* Remembers an incident that is about to go. */
void summary_add(struct summary *s, const struct incident *in);
void summary_print(const struct summary *s, const struct reporter_totals *totals, FILE *to);
void summary_done(struct summary *s);

#endif
