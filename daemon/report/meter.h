/* SPDX-License-Identifier: BSD-2-Clause */
/* What the visibility meters of all workers say together, for people and as JSON. */
#ifndef BRIDLE_REPORT_METER_H
#define BRIDLE_REPORT_METER_H

#include "base/json.h"
#include "base/text.h"
#include "worker/visibility.h"

/* Room for a client as JSON, whatever a hostile worker counts. */
#define METER_CLIENT_JSON_MAX 400u

/* Clients with their counts; the one with most flows first. */
struct meter {
    unsigned clients;
    struct visibility_client client[VISIBILITY_CLIENTS];
};

/* Adds a worker's rows, which it may be writing; what it writes is its own business. Where there are too
 * many, those with fewest flows are left out. */
void meter_add(struct meter *m, const struct visibility_page *page);

/* What all workers counted, as if it were one client. */
struct visibility_client meter_total(const uint64_t counters[COUNTERS]);
/* The part of it that belongs to clients that are not in `m`. */
struct visibility_client meter_others(const struct meter *m, const uint64_t counters[COUNTERS]);

/* "83 % of 1234 new flows named (SNI 60 %, QUIC 23 %); 12 % nameless, 5 % ECH outer only; DNS: 40 %
 * encrypted". False, and nothing, when there is nothing to say. */
bool meter_line(struct text *t, const struct visibility_client *total);
/* A table of at most `most` clients, those with the largest share of flows without a name first; of few
 * flows a share means less. Sorts `m` so. */
void meter_table(struct text *t, struct meter *m, unsigned most);

/* `flows`, each kind of them, `dns` and `encrypted_dns`, as members of the object that is open. */
void meter_json_counts(struct json *j, const struct visibility_client *c);
/* An array `clients` of at most `most`, in their order. */
void meter_json_clients(struct json *j, const struct meter *m, unsigned most);
/* Sorts as meter_table does. */
void meter_darkest_first(struct meter *m);

#endif
