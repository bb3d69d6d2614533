/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet path as a whole: a sequence of raw IP packets, each with a 16-bit length before it, through one
 * worker. */
#include "worker/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const listed[] = {"example", "!fine.example", "192.0.2.66", "shared 203.0.113.0/24",
                                         NULL};
    struct rig *rig = rig_new(listed);

    while (size >= 2) {
        size_t len = (size_t)data[0] << 8 | data[1];
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        if (len == 0) {
            rig_wait(rig, 1500000000u);
            continue;
        }
        rig_ip(rig, data, len);
        data += len;
        size -= len;
    }
    rig_finish(rig);
    rig_drain(rig);
    rig_free(rig);
    return 0;
}
