/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MISP events (the MISP core format, draft-dulaunoy-misp-core-format) in whatever they are wrapped. What is
 * said of an event stands before or behind its attributes, as the exporter liked: a file is read twice, first
 * for its events, then for their attributes.
 */
#ifndef BRIDLE_INTEL_LOAD_MISP_H
#define BRIDLE_INTEL_LOAD_MISP_H

#include "intel/load_dates.h"
#include "intel/load_json.h"

#define MISP_TEXT_MAX 512u /* of a name, date or title */

/* The value's path from the event on: "" is the event itself. */
struct span misp_path(const struct load_json *w);
/* Takes a path to an attribute's member apart: "Attribute[].type", "Object[].Attribute[].type" are "type";
 * the attribute itself is "". False: it is none. */
bool misp_attribute_path(struct span path, struct span *ret_member);

/* Whether something that matters may stand in the object or list of that path. */
bool misp_path_matters(struct span path);
/* Whether the object at hand is an event, or wraps one: each event is counted once. */
bool misp_is_event(const struct load_json *w);

/* The name of an actor, a tool or malware, or nothing: `misp-galaxy:threat-actor="NAME"`. Borrowed. */
struct span misp_tag_campaign(struct span tag);
/* Whether a galaxy's type is of that kind: others are techniques, countries, sectors. */
bool misp_galaxy_names(struct span type);
/* `kill-chain:Delivery`: a tier; TIER_UNKNOWN: it says nothing of the kind. */
uint8_t misp_tag_tier(struct span tag);

/* Whether a member at hand says yes, or no: older instances write "1" or 1, others "true". */
bool misp_says(const struct load_json *w, bool yes);
/* A date in Unix seconds, or in ISO 8601. False: it is neither. Zero is none. */
bool misp_date(struct span text, int64_t *ret_s);

/* What holds for all attributes of an event. Texts are borrowed from the events. */
struct misp_event {
    struct load_origin origin; /* campaigns are those of galaxies, else the event's title */
    int64_t date_s;
    uint8_t tier;
};

struct misp_events;

/* Reads the file for its events, in silence. NULL without memory, which was reported. */
struct misp_events *misp_events_read(struct load_file *f, struct load_input *in);
void misp_events_free(struct misp_events *e);
/* The event that was opened as number `i`, from 0; all zeros for one that there was no room for. */
void misp_events_get(const struct misp_events *e, size_t i, struct misp_event *ret);
/* Whether the object that was opened as number `i`, from 0, was deleted. Ask in order. */
bool misp_events_object_deleted(struct misp_events *e, size_t i);
/* Deleted objects that there was no room for. */
size_t misp_events_deletions_lost(const struct misp_events *e);
/* Of all attributes. */
const struct load_dates *misp_events_dates(const struct misp_events *e);
/* Events that there was no room for. */
size_t misp_events_lost(const struct misp_events *e);

#endif
