/* SPDX-License-Identifier: BSD-2-Clause */
/* An indicator (STIX 2.1 §4.7): what we look for, as loaders hand it to the image builder. */
#ifndef BRIDLE_INTEL_INDICATOR_H
#define BRIDLE_INTEL_INDICATOR_H

#include "base/addr.h"
#include "base/span.h"

/* X(identifier, "type as events print it"); their order never changes: ioc.key hangs on it */
#define BRIDLE_IOC_TYPES(X)                                                                                  \
    X(DOMAIN, "domain")       /* the name and everything below it */                                         \
    X(NAME, "name")           /* this name alone: =name */                                                   \
    X(EXCEPTION, "exception") /* !name: the name and everything below it is never a match */                 \
    X(ADDRESS, "address")                                                                                    \
    X(PREFIX, "prefix")                                                                                      \
    X(CERT, "certificate") /* MD5, SHA-1 or SHA-256 of the DER, in hex */                                    \
    X(JA3, "ja3")          /* fingerprints of a ClientHello */                                               \
    X(JA4, "ja4")

enum ioc_type {
#define X(id, name) IOC_##id,
    BRIDLE_IOC_TYPES(X)
#undef X
        IOC_TYPES
};

/* X(identifier, "name", severity of an incident when the host was reached, words for people) */
#define BRIDLE_TIERS(X)                                                                                      \
    X(UNKNOWN, "unknown", 1, "spyware infrastructure")                                                       \
    X(INFECTION, "infection", 1, "infection server")                                                         \
    X(C2, "c2", 1, "command and control")                                                                    \
    X(VALIDATION, "validation", 1, "validation server")                                                      \
    X(DELIVERY, "delivery", 2, "message delivery")                                                           \
    X(WATERING_HOLE, "watering-hole", 3, "victim's site used as watering hole")

enum tier {
#define X(id, name, severity, words) TIER_##id,
    BRIDLE_TIERS(X)
#undef X
        TIERS
};

/* What an answer of DNS says with an address. */
enum answer_kind {
    ANSWER_REAL,     /* nothing is known against it */
    ANSWER_BLOCKED,  /* nobody: 0.0.0.0, ::, the machine itself; a resolver's way to refuse */
    ANSWER_SINKHOLE, /* a blocker's page, or those who took the name from its owner */
    ANSWER_PARKED,   /* a page for names that are for sale */
    ANSWER_KINDS
};

struct indicator {
    uint8_t type;         /* enum ioc_type */
    uint8_t tier;         /* enum tier */
    struct span name;     /* borrowed, normalised; for all types but ADDRESS and PREFIX */
    struct prefix prefix; /* for ADDRESS (bits = 128) and PREFIX */
    struct span campaign, source, reference, licence, comment; /* borrowed, UTF-8, may be empty */
    struct span feed;        /* borrowed: file that it came from, as given or relative to the folder given */
    uint32_t line;           /* in that file, from 1; 0 where lines mean nothing */
    int64_t from_s, until_s; /* Unix seconds; 0: not given */
    bool low_trust;          /* its source is trusted little */
    bool rebuilt;            /* from_s is only the day on which the feed was made anew: it is not kept */
};

static inline bool ioc_is_address(uint8_t type)
{
    return type == IOC_ADDRESS || type == IOC_PREFIX;
}

/* Digests and fingerprints: found by match_value alone, never by a name. */
static inline bool ioc_is_digest(uint8_t type)
{
    return type == IOC_CERT || type == IOC_JA3 || type == IOC_JA4;
}

extern const char *const ioc_type_names[IOC_TYPES], *const tier_names[TIERS], *const tier_words[TIERS];
extern const uint8_t tier_severity[TIERS];

#endif
