/* SPDX-License-Identifier: BSD-2-Clause */
/* The words in which people are told: what a client did with what. */
#ifndef BRIDLE_REPORT_PHRASE_H
#define BRIDLE_REPORT_PHRASE_H

#include "report/alert.h"

/* Whether the server of such a sighting is the one that was contacted, and not a resolver. */
bool phrase_contacted(enum via via);
/* "connected to", "asked DNS for" */
const char *phrase_verb(enum stage stage, enum via via, unsigned flags);
/* What was seen: "img.301-redirecting.com", "203.0.113.5, an address of 301-redirecting.com". */
void phrase_object(struct text *t, const struct alert *a);
/* " (203.0.113.5, aws/CLOUDFRONT)": the server, unless it stands in the object, and who hosts it; nothing
 * when neither is known. */
void phrase_place(struct text *t, const struct alert *a);
/* ", blocked by Cisco OpenDNS (sinkhole)": why nothing was reached; nothing when something was, or nothing is
 * known of it. */
void phrase_blocked(struct text *t, enum blocked blocked, struct span by);
/* ", aged: listed until 2018-12-31, addresses age after 90 days; its source is trusted little": why an alert
 * is less severe than its tier. */
void phrase_grade(struct text *t, const struct alert *a);
/* "1 sighting", "3 sightings" */
void phrase_count(struct text *t, uint64_t n, const char *singular, const char *plural);

#endif
