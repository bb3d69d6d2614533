/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and help of the counters. */
#include "base/counters.h"

const struct counter_info counter_infos[COUNTERS] = {
#define X(id, name, help) {name, help},
    BRIDLE_COUNTERS(X)
#undef X
};
