/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates of TLS: the input is one octet of settings and a server's or client's handshake bytes, which
 * must say the same in records of any size, and prefix after prefix what they say as a whole.
 */
#include "proto/collect.h"
#include "proto/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t sizes[] = {16384, 100, 14, 1};
    static struct crypto *crypto;
    static struct writer records;
    struct collect k[2] = {{.result = PARSE_MORE}, {.result = PARSE_MORE}};

    if (size < 2 || size > INPUT_MAX)
        return 0;
    if (crypto == NULL)
        crypto = crypto_new();
    struct parse settings = {.crypto = data[0] & 1 ? crypto : NULL,
                             .digests = (data[0] & 2) != 0,
                             .sender = data[0] & 4 ? SIDE_CLIENT : SIDE_UNKNOWN};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct collect *now = &k[i > 0];
        records.len = 0;
        add_records(&records, span_of(data + 1, size - 1), sizes[i]);
        collect_clear(now);
        now->p = settings;
        now->p.last = true;
        collect_run(now, collect_proto("tls")->tcp, records.at, records.len);
        if (now->result != k[0].result || strcmp(now->lines, k[0].lines) != 0)
            abort();
    }
    records.len = 0;
    add_records(&records, span_of(data + 1, size - 1), (data[0] >> 3) * 40u + 20);
    collect_prefixes_set(&settings, collect_proto("tls")->tcp, records.at, records.len, records.len / 16 + 1);
    collect_done(&k[0]);
    collect_done(&k[1]);
    return 0;
}
