/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling dates of a build from those of what is listed. */
#include "intel/load_dates.h"

#define DAY_S 86400

/* From so many entries on, one day for all of them is no chance. With fewer, they must be what the generator
 * took for the entry itself, too. */
#define MANY 10

static int64_t day_of(int64_t s)
{
    return s / DAY_S - (s % DAY_S < 0);
}

/* A build may last over midnight. */
static bool same_build(int64_t a, int64_t b)
{
    return a - b <= 1 && b - a <= 1;
}

void load_dates_add(struct load_dates *d, int64_t from_s, bool own)
{
    int64_t day = day_of(from_s);

    d->count++;
    d->own += own;
    if (d->lead == 0)
        d->day = day;
    if (same_build(day, d->day))
        d->lead++;
    else
        d->lead--;
}

/*
 * A day that nine tenths have leads by eight tenths in the end, whatever the order; one that leads by eight
 * tenths has as many at least.
 */
int64_t load_dates_true(const struct load_dates *d, int64_t from_s)
{
    bool one_day = d->count > 0 && d->lead >= d->count - d->count / 5;
    bool rebuilt = one_day && (d->count >= MANY || d->own == d->count);

    return rebuilt && same_build(day_of(from_s), d->day) ? 0 : from_s;
}
