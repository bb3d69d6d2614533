/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a file that may be a MISP warninglist. */
#include "fuzz_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load_bytes(data, size);
    return 0;
}
