/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the observation kinds and attributes. */
#include "intel/observation.h"

#include "intel/indicator.h"

const char *const via_names[VIAS] = {
#define X(id, name, type, words) name,
    BRIDLE_VIAS(X)
#undef X
};

const uint8_t via_types[VIAS] = {
#define X(id, name, type, words) IOC_##type,
    BRIDLE_VIAS(X)
#undef X
};

const char *const via_words[VIAS] = {
#define X(id, name, type, words) words,
    BRIDLE_VIAS(X)
#undef X
};

const char *const attr_names[ATTRS] = {
#define X(id, name) name,
    BRIDLE_ATTRS(X)
#undef X
};
