/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a file of our own format, and as whatever they are recognised as. */
#include "fuzz_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char marker[] = "# bridle-ioc 1\n";
    uint8_t *file = malloc(sizeof(marker) - 1 + size);

    require(file != NULL);
    memcpy(file, marker, sizeof(marker) - 1);
    if (size > 0)
        memcpy(file + sizeof(marker) - 1, data, size);
    load_bytes(file, sizeof(marker) - 1 + size);
    load_bytes(data, size);
    free(file);
    return 0;
}
