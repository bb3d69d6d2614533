/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of indicator types and tiers. */
#include "intel/indicator.h"

const char *const ioc_type_names[IOC_TYPES] = {
#define X(id, name) name,
    BRIDLE_IOC_TYPES(X)
#undef X
};

const char *const tier_names[TIERS] = {
#define X(id, name, severity, words) name,
    BRIDLE_TIERS(X)
#undef X
};

const char *const tier_words[TIERS] = {
#define X(id, name, severity, words) words,
    BRIDLE_TIERS(X)
#undef X
};

const uint8_t tier_severity[TIERS] = {
#define X(id, name, severity, words) severity,
    BRIDLE_TIERS(X)
#undef X
};
