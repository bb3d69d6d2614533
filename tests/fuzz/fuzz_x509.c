/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * X.509: the input is a certificate. Oracle: OpenSSL; where it accepts the certificate, ours tells the same
 * names, or says that it is malformed and tells some of them. And a part tells what the whole tells, first.
 */
#include "proto/x509_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct collect whole = {.p.whole = (uint32_t)size, .values_only = true};
    struct collect part = {.p.whole = (uint32_t)size, .values_only = true};

    if (size > 65535)
        return 0;
    if (x509_oracle_compare(data, size) == X509_DIFFERS)
        abort();
    collect_clear(&whole);
    if (collect_run(&whole, x509_oracle_parser, data, size) == PARSE_CUT)
        abort();
    for (size_t i = 1; i < 8; i++) {
        collect_clear(&part);
        collect_run(&part, x509_oracle_parser, data, size * i / 8);
        if (part.len > whole.len || memcmp(part.lines, whole.lines, part.len) != 0)
            abort();
    }
    collect_done(&whole);
    collect_done(&part);
    return 0;
}
