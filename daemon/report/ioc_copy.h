/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is told about an indicator, copied out of the image: incidents outlive images and restarts. All
 * incidents of one indicator share one copy. Image text is nobody's word: it is bounded here and made valid
 * UTF-8 without controls.
 */
#ifndef BRIDLE_REPORT_IOC_COPY_H
#define BRIDLE_REPORT_IOC_COPY_H

#include "base/hash.h"
#include "intel/image.h"
#include "report/chains.h"

/* Most bytes kept of each text. */
#define IOC_VALUE_MAX     1020
#define IOC_CAMPAIGN_MAX  200
#define IOC_SOURCE_MAX    300
#define IOC_REFERENCE_MAX 600
#define IOC_FEED_MAX      300

#define IOC_NO_GENERATION UINT32_MAX

struct ioc_copy {
    struct chains_node node;
    uint64_t key;
    uint32_t users;      /* who holds it */
    uint32_t generation; /* of the image that it was last copied from, or IOC_NO_GENERATION */
    uint32_t line;
    uint32_t saved; /* state.c: the last writing that holds it */
    uint8_t type, tier, campaigns;
    uint8_t sources; /* 0: source[0] is empty */
    bool low_trust, rebuilt;
    int64_t from_s, until_s, first_s; /* as in struct ioc */
    char *value;                      /* owned */
    char *texts;                      /* owned: the bytes of the following */
    const char *reference, *feed;     /* borrowed from `texts` */
    const char *source[IMAGE_SOURCES_MAX], *campaign[IMAGE_CAMPAIGNS_MAX];
};

struct ioc_copies {
    struct chains table;
    struct hash_key key;
};

/* The copy of `ioc`, made, or brought up to date when the image is another one. The caller holds it until
 * ioc_copy_release. NULL without memory. */
struct ioc_copy *ioc_copy_get(struct ioc_copies *c, const struct ioc *ioc, uint32_t generation);
void ioc_copy_release(struct ioc_copies *c, struct ioc_copy *copy);
/* One that exists, not held for the caller; NULL when there is none. */
struct ioc_copy *ioc_copy_find(const struct ioc_copies *c, uint64_t key, uint8_t type, const char *value);
/* Frees the table; all copies must have been released. */
void ioc_copies_done(struct ioc_copies *c);

#endif
