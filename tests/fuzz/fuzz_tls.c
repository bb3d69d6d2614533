/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLS: the input is the start of a stream. Prefix after prefix must give what the whole gives; and the
 * handshake bytes torn into other records must give the same as they gave before. Fingerprints are those that
 * a second implementation computes.
 */
#include "proto/collect.h"
#include "proto/fingerprint_oracle.h"
#include "proto/tls_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 8192u

/* The input again as a message in records of `bytes` each. */
static void check_torn(const uint8_t *data, size_t size, size_t bytes)
{
    static uint8_t torn[2][INPUT_MAX * 6 + 6];
    size_t len[2] = {0, 0};
    struct collect k[2] = {{.result = PARSE_MORE}, {.result = PARSE_MORE}};

    for (unsigned way = 0; way < 2; way++) {
        size_t step = way == 0 ? INPUT_MAX : bytes;
        for (size_t at = 0; at < size; at += step) {
            size_t n = size - at < step ? size - at : step;
            uint8_t header[5] = {22, 3, 1, (uint8_t)(n >> 8), (uint8_t)n};
            memcpy(torn[way] + len[way], header, 5);
            memcpy(torn[way] + len[way] + 5, data + at, n);
            len[way] += 5 + n;
        }
        collect_clear(&k[way]);
        k[way].p.last = true;
        collect_run(&k[way], collect_proto("tls")->tcp, torn[way], len[way]);
    }
    if (k[0].result != k[1].result || strcmp(k[0].lines, k[1].lines) != 0)
        abort();
    collect_done(&k[0]);
    collect_done(&k[1]);
}

/* The input as a message in one record. */
static void check_fingerprints(const uint8_t *data, size_t size)
{
    static uint8_t record[INPUT_MAX];
    static struct crypto *crypto;
    struct collect k = {.p.last = true, .p.fingerprints = true, .values_only = true};

    if (crypto == NULL)
        crypto = crypto_new();
    memcpy(record, (uint8_t[]){22, 3, 1, (uint8_t)(size >> 8), (uint8_t)size}, 5);
    memcpy(record + 5, data, size);
    k.p.crypto = crypto;
    collect_clear(&k);
    collect_run(&k, collect_proto("tls")->tcp, record, size + 5);
    size_t body = size > 4 ? (size_t)(data[1] << 16 | data[2] << 8 | data[3]) : size;
    if (k.result == PARSE_DONE && body <= size - 4) {
        if (!oracle_agrees(k.lines, 't', data + 4, body))
            abort();
    } else if (strncmp(k.lines, "tls-ja", 6) == 0 || strstr(k.lines, "\ntls-ja") != NULL) {
        abort();
    }
    collect_done(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    for (size_t n = 0; n <= size && n < 16; n++) {
        enum proto_starts before = collect_proto("tls")->tcp_starts(span_of(data, n), false);
        enum proto_starts after = collect_proto("tls")->tcp_starts(span_of(data, size), false);
        if (before == STARTS_NO && after != STARTS_NO)
            abort();
    }
    collect_prefixes(collect_proto("tls")->tcp, data, size, size / 64 + 1);
    if (size > TLS_RECORD_HEADER_BYTES) {
        check_torn(data + TLS_RECORD_HEADER_BYTES, size - TLS_RECORD_HEADER_BYTES, 1);
        check_torn(data + TLS_RECORD_HEADER_BYTES, size - TLS_RECORD_HEADER_BYTES, 100);
        check_fingerprints(data + TLS_RECORD_HEADER_BYTES, size - TLS_RECORD_HEADER_BYTES);
    }
    return 0;
}
