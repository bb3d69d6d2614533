/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/2 in clear: the input is what follows the preface and the first SETTINGS. Prefix after prefix must
 * give what the whole gives; and the input as a header block gives the same in one frame as in many.
 */
#include "proto/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 4096u
#define OPENING   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"

enum { HEADERS = 1, CONTINUATION = 9, END_HEADERS = 4 };

/* The input in frames of `bytes` each; the length of all. */
static size_t in_frames(uint8_t *ret, const uint8_t *data, size_t size, size_t bytes)
{
    size_t len = sizeof OPENING - 1;

    memcpy(ret, OPENING, len);
    for (size_t at = 0; at == 0 || at < size; at += bytes) {
        size_t n = size - at < bytes ? size - at : bytes;
        uint8_t header[9] = {0,
                             (uint8_t)(n >> 8),
                             (uint8_t)n,
                             at == 0 ? HEADERS : CONTINUATION,
                             at + n == size ? END_HEADERS : 0,
                             0,
                             0,
                             0,
                             1};
        memcpy(ret + len, header, sizeof header);
        if (n > 0)
            memcpy(ret + len + sizeof header, data + at, n);
        len += sizeof header + n;
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t stream[2][INPUT_MAX * 10 + 64];
    static const size_t sizes[2] = {INPUT_MAX, 1};
    const struct proto *h2c = collect_proto("http2");
    struct collect k[2] = {{.result = PARSE_MORE}, {.result = PARSE_MORE}};

    if (size > INPUT_MAX)
        return 0;
    h2c->tcp_starts(span_of(data, size), false);
    memcpy(stream[0], OPENING, sizeof OPENING - 1);
    if (size > 0)
        memcpy(stream[0] + sizeof OPENING - 1, data, size);
    collect_prefixes(h2c->tcp, stream[0], sizeof OPENING - 1 + size, size / 64 + 1);
    for (unsigned i = 0; i < 2; i++) {
        size_t len = in_frames(stream[i], data, size, sizes[i]);
        collect_clear(&k[i]);
        collect_run(&k[i], h2c->tcp, stream[i], len);
    }
    if (k[0].result != k[1].result || strcmp(k[0].lines, k[1].lines) != 0)
        abort();
    collect_done(&k[0]);
    collect_done(&k[1]);
    return 0;
}
