/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One object of a STIX bundle: what we want of it, in bounded memory, whatever the order of its members; and
 * the walk over all objects of a document.
 */
#ifndef BRIDLE_INTEL_LOAD_STIX_OBJECT_H
#define BRIDLE_INTEL_LOAD_STIX_OBJECT_H

#include "base/json_read.h"
#include "intel/load_entry.h"
#include "intel/load_stix_names.h"

/* X(identifier, "key", bytes that are kept) members that are texts */
#define BRIDLE_STIX_TEXTS(X)                                                                                 \
    X(TYPE, "type", 64)                                                                                      \
    X(ID, "id", 256)                                                                                         \
    X(NAME, "name", STIX_NAME_MAX)                                                                           \
    X(DESCRIPTION, "description", 1024)                                                                      \
    X(CREATED, "created", 64)                                                                                \
    X(CREATED_BY, "created_by_ref", 256)                                                                     \
    X(PATTERN, "pattern", JSON_TEXT_MAX)                                                                     \
    X(PATTERN_TYPE, "pattern_type", 64)                                                                      \
    X(VALID_FROM, "valid_from", 64)                                                                          \
    X(VALID_UNTIL, "valid_until", 64)                                                                        \
    X(RELATIONSHIP, "relationship_type", 64)                                                                 \
    X(SOURCE, "source_ref", 256)                                                                             \
    X(TARGET, "target_ref", 256)                                                                             \
    X(REFERENCE, "url", 1024) /* of the first of external_references that has one */

enum stix_text {
#define X(id, key, bytes) STIX_##id,
    BRIDLE_STIX_TEXTS(X)
#undef X
        STIX_TEXTS
};

struct stix_object {
    struct load_place place;      /* of its pattern; without, where it begins */
    struct span text[STIX_TEXTS]; /* into `store`; empty: not given, or no text */
    bool cut[STIX_TEXTS];         /* it was longer */
    bool revoked, benign;         /* indicator_types says that it is no threat */
    uint8_t tier;                 /* enum tier, from labels, types and kill chain phases */
    struct {
#define X(id, key, bytes) uint8_t id[bytes];
        BRIDLE_STIX_TEXTS(X)
#undef X
    } store;
};

/* A document, read once. */
struct stix_walk {
    struct json_read json;
    struct load_input *in;       /* borrowed */
    struct stix_names *refer;    /* borrowed; NULL, or who is told what reports refer to */
    struct stix_object object;   /* the one in hand */
    uint64_t documents, foreign; /* of them: neither a bundle nor the like */
    uint64_t objects;
    uint64_t strange;                              /* values where objects should be */
    bool (*visit)(struct stix_walk *w, void *ctx); /* with each object; false: that was enough */
    void *ctx;
};

/*
 * Reads the rest of `w->in`: bundles, TAXII envelopes (TAXII 2.1 §3.7: the same without a type), arrays of
 * objects, and objects by themselves, one behind the other. True: it was read to its end, or `visit` had
 * enough. False: `w->json` says why not.
 */
bool stix_walk(struct stix_walk *w);

#endif
