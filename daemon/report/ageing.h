/* SPDX-License-Identifier: BSD-2-Clause */
/* How old an indicator's word is. What was said of an address years ago may hold for its next owner: it is
 * told all the same, at the least severity, and why. */
#ifndef BRIDLE_REPORT_AGEING_H
#define BRIDLE_REPORT_AGEING_H

#include "base/text.h"
#include "report/ioc_copy.h"
#include "report/settings.h"

struct ageing {
    bool aged;
    bool ended;        /* its source said how long it holds, and that is over */
    bool loaded;       /* nobody said since when it holds: `since_s` is when it was first loaded here */
    int64_t since_s;   /* the latest date for which somebody vouched; 0: not known, or not aged */
    uint64_t days;     /* from then to the alert */
    uint64_t limit_ns; /* what its type is given; 0: it never ages */
};

/* At the time `ts_ns`. */
struct ageing ageing_of(const struct settings *s, const struct ioc_copy *ioc, uint64_t ts_ns);
/* "listed until 2018-12-31, addresses age after 90 days"; nothing when it is not aged. */
void ageing_words(struct text *t, const struct ageing *a, const struct ioc_copy *ioc);
/* "2018-12-31"; nothing for a time that nobody can mean. */
void ageing_date(struct text *t, int64_t s);

#endif
