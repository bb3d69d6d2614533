/* SPDX-License-Identifier: BSD-2-Clause */
/* SSL 2.0's ClientHello: the input is the start of a stream, whose prefixes agree with it. */
#include "proto/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct proto *sslv2 = collect_proto("sslv2");
    enum proto_starts before = STARTS_MAYBE;

    for (size_t n = 0; n <= size && n < 64; n++) {
        enum proto_starts starts = sslv2->tcp_starts(span_of(data, n), false);
        if (before != STARTS_MAYBE && starts != before)
            abort();
        before = starts;
    }
    collect_prefixes(sslv2->tcp, data, size, size / 64 + 1);
    return 0;
}
