/* SPDX-License-Identifier: BSD-2-Clause */
/* A plain list of the indicators that captures are drawn from, and of as many more as wanted. */
#ifndef BRIDLE_BENCH_GEN_RULES_H
#define BRIDLE_BENCH_GEN_RULES_H

#include <stdint.h>

/* 0 or negative errno. */
int rules_write(const char *path, uint32_t names, uint32_t addresses);

#endif
