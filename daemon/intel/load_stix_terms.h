/* SPDX-License-Identifier: BSD-2-Clause */
/* What the comparisons of a STIX pattern mean to a network sensor, alone and together. */
#ifndef BRIDLE_INTEL_LOAD_STIX_TERMS_H
#define BRIDLE_INTEL_LOAD_STIX_TERMS_H

#include "intel/normalise.h"
#include "intel/stix_pattern.h"

/* Comparisons [from, to) that must all hold. */
struct stix_group {
    unsigned from, to;
    unsigned values;                     /* of them that name what to look for */
    struct span value;                   /* borrowed: of the first of those */
    bool named;                          /* one is a name */
    bool resolved;                       /* one is an address of that name */
    bool loose;                          /* one is a port or protocol, which is not matched */
    const struct stix_comparison *blind; /* borrowed; NULL, or one that nobody can check on a network */
};

enum stix_use {
    STIX_USE_VALUE,   /* it is what to look for */
    STIX_USE_NOTHING, /* it says nothing by itself: a type, a port, an address of a name that is there, too */
    STIX_USE_UNSEEN,  /* about something that no network sensor can see */
    STIX_USE_REFUSED, /* it could be seen, but is not written so that it can be looked for: `why` */
};

struct stix_term {
    uint8_t use;       /* enum stix_use */
    uint8_t want;      /* VALUE: enum normal_want */
    struct span value; /* VALUE: borrowed from the comparison; of LIKE without its % */
    const char *why;   /* REFUSED: static text, with a hint; VALUE: NULL, or what is less than was listed */
};

/* The group that begins with comparison `from`. */
void stix_group(const struct stix_pattern *p, unsigned from, struct stix_group *ret);
/* What comparison `i` of the group is. */
void stix_term(const struct stix_pattern *p, const struct stix_group *g, unsigned i, struct stix_term *ret);

#endif
