/* SPDX-License-Identifier: BSD-2-Clause */
/* An alert: what people are told about an incident; how severe it is and what it is called. */
#ifndef BRIDLE_REPORT_ALERT_H
#define BRIDLE_REPORT_ALERT_H

#include "base/text.h"
#include "report/ageing.h"
#include "report/incident.h"

/* Generator id of all our alerts in EVE, so that signature ids of other tools do not clash with ours. */
#define ALERT_GID 2107

#define SEVERITY_LEAST 3u

struct alert {
    uint64_t ts_ns; /* for people: packet time, or wall time when a summary became due */
    enum why why;
    uint8_t severity; /* 1 highest .. 3 */
    bool at_end;      /* replay ended: the closing summary tells the same */
    const struct incident *incident;
    /* The sighting that is told; for summaries and closing the one that stands for the incident. */
    struct sighting where;
    enum stage stage;
    struct ageing age;
    struct span observed, hosting; /* borrowed: text as it came from the wire or the image */
    const struct record *record;   /* borrowed; NULL for summaries and closing */
};

/*
 * Severity of a sighting: 1 infection or command and control reached; 2 resolved or attempted; 3 watering
 * hole, aged, inbound scan. One lower for a client's fingerprint, which all who use that software share; when
 * only sources of low trust list it; when it was seen midstream (anybody can plant a hello inside a POST
 * body), and when the name was asked for by a resolver on behalf of others.
 */
uint8_t alert_severity(const struct ioc_copy *ioc, enum stage stage, bool aged, unsigned flags);
/* Stable over runs, machines and image loads; 31 bits, never 0. */
uint32_t alert_signature_id(uint64_t ioc_key);
/* What is listed, and what it is where that does not show: "301-redirecting.com", "certificate 5a0b…" */
void alert_value(struct text *t, const struct ioc_copy *ioc);
/* "Pegasus (NSO Group) v4: 301-redirecting.com" */
void alert_signature(struct text *t, const struct ioc_copy *ioc);
/* "Spyware infrastructure: infection server" */
void alert_category(struct text *t, const struct ioc_copy *ioc);
/* The campaigns, comma-separated; "unnamed campaign" when there is none. */
void alert_campaigns(struct text *t, const struct ioc_copy *ioc);
/* 16 hex digits of SHA-256 over indicator, client, first time and sensor; NUL-terminated. */
void alert_incident_id(const struct ioc_copy *ioc, const struct addr *client, uint64_t first_ns,
                       const char *sensor, char ret[17]);

#endif
