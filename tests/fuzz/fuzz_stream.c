/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ClientHello cut, shuffled, repeated and overlapped as the input says, then delivered once more from its
 * first to its last byte: its name is found, and found once, whatever came before. The oracle is the hello
 * itself.
 */
#include <stdlib.h>

#include "worker/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const listed[] = {"evil.example", NULL};
    static const struct rig_end client = {"10.0.0.5", 40000}, server = {"192.0.2.7", 443};
    static uint8_t hello[16384];

    if (size < 4)
        return 0;
    struct rig *rig = rig_new(listed);
    bool opened = data[2] & 1;
    /* Pieces of many small records may themselves look like hellos: without its opening a stream has no sure
     * beginning, and two readings of it are all that is kept. */
    size_t record = opened ? 1 + (size_t)data[1] * 8 : sizeof hello;
    size_t len = rig_hello(hello, sizeof hello, "evil.example", (size_t)data[0] * 4, record, 1);
    if (opened)
        rig_tcp(rig, client, server, 999, 0, TCP_SYN, NULL, 0);
    for (size_t i = 3; i + 2 < size; i += 3) {
        size_t from = ((size_t)data[i] << 4 | data[i + 2] >> 4) % len, n = data[i + 1];
        n = from + n > len ? len - from : n;
        rig_tcp(rig, client, server, 1000 + (uint32_t)from, 1, TCP_ACK, hello + from, n);
    }
    for (size_t from = 0; from < len; from += 500)
        rig_tcp(rig, client, server, 1000 + (uint32_t)from, 1, TCP_ACK, hello + from,
                len - from < 500 ? len - from : 500);
    rig_finish(rig);
    if (rig_count(rig, RECORD_OBSERVATION, VIA_TLS_SNI, "evil.example", NULL) != 1)
        abort();
    rig_free(rig);
    return 0;
}
