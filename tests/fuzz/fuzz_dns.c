/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS: the input is a datagram. Oracle: ldns; where it reads the message, ours says the same, or says that
 * the message is malformed and tells part of it. Then the same as a stream, and as a datagram cut by the
 * capture.
 */
#include "proto/dns_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a cut datagram says, the whole one says too, first. */
static void check_cut(struct collect *part, struct collect *whole, const uint8_t *data, size_t captured,
                      size_t size)
{
    part->p.whole = (uint32_t)size;
    part->p.cut = true;
    collect_clear(part);
    collect_run(part, collect_proto("dns")->udp, data, captured);
    if (part->result == PARSE_MORE || part->result == PARSE_NEXT)
        abort();
    if (part->len > whole->len || memcmp(part->lines, whole->lines, part->len) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct collect whole = {.values_only = true}, part = {.values_only = true};
    static uint8_t framed[65537];

    if (size > 65535)
        return 0;
    if (dns_oracle_compare(data, size) == ORACLE_DIFFERS)
        abort();
    collect_proto("dns")->udp_starts(span_of(data, size), true);
    collect_proto("dns")->tcp_starts(span_of(data, size), true);
    oracle_ours(&whole, data, size);
    if (whole.result == PARSE_MORE || whole.result == PARSE_NEXT)
        abort();
    check_cut(&part, &whole, data, size / 2, size);
    check_cut(&part, &whole, data, size - size / 4, size);
    framed[0] = (uint8_t)(size >> 8);
    framed[1] = (uint8_t)size;
    memcpy(framed + 2, data, size);
    collect_prefixes(collect_proto("dns")->tcp, framed, size + 2, size / 16 + 1);
    collect_done(&whole);
    collect_done(&part);
    return 0;
}
