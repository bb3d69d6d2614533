/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and addresses of the traffic generator. A number stands for each; benign and listed ones never meet,
 * neither as names nor as addresses, whatever their count.
 */
#ifndef BRIDLE_BENCH_GEN_NAMES_H
#define BRIDLE_BENCH_GEN_NAMES_H

#include "base/addr.h"
#include "gen_random.h"

#define NAME_TEXT_MAX 128u
#define NAMES_BENIGN  200000u
/* Numbers from here on are names of indicators. */
#define NAMES_LISTED 0x1000000u
/* As many of those appear in captures. */
#define NAMES_LISTED_USED 5000u

struct name {
    char text[NAME_TEXT_MAX];
    size_t len;
};

/* By a Zipf law: the n-th name is asked for 1/n as often as the first. */
uint32_t name_benign(struct rng *r);
struct name name_text(uint32_t number);
/* Where a name's servers are; `which` of them. */
struct addr name_address(uint32_t number, bool v6, unsigned which);
/* Address of a client, of about four million. */
struct addr client_address(uint32_t number, bool v6);
/* Any address that is no indicator. */
struct addr random_address(struct rng *r, bool v6);
/* A prefix of an address indicator, distinct for each number; never around one of the addresses above. */
struct prefix listed_prefix(uint32_t number);

#endif
