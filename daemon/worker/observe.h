/* SPDX-License-Identifier: BSD-2-Clause */
/* From an observation to records: it is matched, and what is done with it depends on its kind. */
#ifndef BRIDLE_WORKER_OBSERVE_H
#define BRIDLE_WORKER_OBSERVE_H

#include "worker/worker.h"

/* Looks a value up: an address if `addr` is not NULL, else the text as the kind of thing that `via` shows. */
struct match observe_match(const struct worker *w, enum via via, struct span text, const struct addr *addr);
/* Fills a record from an observation. */
void observe_record(struct record *r, const struct message *m, struct observation *o);
/* Records a sighting that no flow needs to be followed for. */
void observe_sighting(const struct message *m, struct observation *o, struct match hit, enum stage stage,
                      uint16_t flags);

/* resolve.c */
/* A name in DNS that is not listed; an address in DNS that is not, nor is any name of its message. */
void resolve_name_unlisted(struct message *m, const struct observation *o);
void resolve_address_unlisted(struct message *m, const struct observation *o);
/* A name in DNS; an address in a DNS answer; the message ended (`result`: of its parse). */
void resolve_name(struct message *m, struct observation *o, struct match hit);
void resolve_address(struct message *m, struct observation *o, struct match hit);
void resolve_end(struct message *m, enum parse_result result);

/* named.c: the name that a client gives its server; one that a server sends its client to; what a certificate
 * says; a client's fingerprint. */
void named_server(struct message *m, struct observation *o, struct match hit);
void named_elsewhere(struct message *m, struct observation *o, struct match hit);
void named_certificate(struct message *m, struct observation *o, struct match hit);
void named_client(struct message *m, struct observation *o, struct match hit);
/* Whether the flow has shown this value before: by a copy of the same hello, whole or in part, or by the
 * other reading of a stream. Remembers it. */
bool named_before(struct message *m, const struct observation *o);

#endif
