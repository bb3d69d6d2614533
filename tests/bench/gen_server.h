/* SPDX-License-Identifier: BSD-2-Clause */
/* What TLS servers of the traffic generator answer: RFC 8446 §4.1.3, RFC 5246 §7.4, RFC 5280. */
#ifndef BRIDLE_BENCH_GEN_SERVER_H
#define BRIDLE_BENCH_GEN_SERVER_H

#include "gen_bytes.h"
#include "gen_names.h"

/* A ServerHello without a record, of TLS 1.3. */
void server_put_hello(struct bytes *b, uint64_t seed, bool quantum, bool quic);
/* ServerHello, then all is encrypted: TLS 1.3. */
void server_put_flight_13(struct bytes *b, uint64_t seed, bool quantum);
/* ServerHello, Certificate, ServerKeyExchange, ServerHelloDone in clear: TLS 1.2. */
void server_put_flight_12(struct bytes *b, uint64_t seed, const struct name *name);

#endif
