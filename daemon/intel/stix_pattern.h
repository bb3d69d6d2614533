/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a pattern (STIX 2.1 §9): the comparisons in it, in order, and which of them are tied together by
 * AND or FOLLOWEDBY. What a comparison means is the caller's table.
 */
#ifndef BRIDLE_INTEL_STIX_PATTERN_H
#define BRIDLE_INTEL_STIX_PATTERN_H

#include "base/span.h"

#define STIX_COMPARISONS_MAX 4096
#define STIX_DEPTH_MAX       32

enum stix_op {
    STIX_EQUAL,   /* = or ==, and each value of IN */
    STIX_SUBSET,  /* ISSUBSET: an address within a prefix */
    STIX_LIKE,    /* with % for any text and _ for any character */
    STIX_MATCHES, /* a regular expression */
    STIX_OTHER,   /* !=, <, EXISTS ...; and any of them behind NOT */
};

struct stix_comparison {
    struct span path;  /* borrowed from the pattern: "domain-name:value", "file:hashes.'SHA-256'" */
    struct span value; /* borrowed from the scratch: unescaped; empty unless `is_text` */
    bool is_text;
    uint8_t op;                  /* enum stix_op */
    uint16_t tied_from, tied_to; /* comparisons [from, to) must all hold; itself alone if nothing is tied */
};

struct stix_pattern {
    struct stix_comparison comparison[STIX_COMPARISONS_MAX];
    unsigned comparisons;
    const char *why; /* static text: what is wrong, if so */
    size_t where;    /* offset in the pattern */
};

/* `scratch` has room for as many bytes as the pattern has. False: `why` and `where` say what is wrong. */
bool stix_pattern_read(struct span pattern, uint8_t *scratch, struct stix_pattern *ret);

#endif
