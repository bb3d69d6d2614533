/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS messages of the traffic generator: RFC 1035, EDNS (RFC 6891), HTTPS records (RFC 9460). */
#ifndef BRIDLE_BENCH_GEN_DNS_H
#define BRIDLE_BENCH_GEN_DNS_H

#include "gen_bytes.h"
#include "gen_names.h"

enum { DNS_A = 1, DNS_CNAME = 5, DNS_SOA = 6, DNS_AAAA = 28, DNS_OPT = 41, DNS_HTTPS = 65 };

struct dns_talk {
    uint64_t seed;    /* of this question */
    struct name name; /* asked for */
    uint32_t number;  /* of the name whose addresses are told */
    uint16_t id, type;
    bool chained;   /* the addresses are those of `target`, behind aliases */
    bool no_domain; /* NXDOMAIN */
    struct name target;
};

void dns_query(struct bytes *b, const struct dns_talk *t);
void dns_answer(struct bytes *b, const struct dns_talk *t);

#endif
