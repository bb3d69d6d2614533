/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SOCKS and the PROXY protocol: the input is the start of a stream. Prefix after prefix must say what the
 * whole says, and a name that is told stands in the input with its length before it, or a NUL behind it.
 */
#include <strings.h>

#include "proto/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 6144u

/* Only names that no octet of which is written otherwise than it came. */
static void check_name(const uint8_t *data, size_t size, const struct collect *k)
{
    static const char via[] = "proxy-target ";
    const char *name = k->lines + sizeof via - 1;
    size_t len = strcspn(name, "\n");
    struct addr addr;

    if (k->observations != 1 || strncmp(k->lines, via, sizeof via - 1) != 0)
        abort();
    if (memchr(name, '\\', len) != NULL || addr_parse(span_of(name, len), &addr))
        return;
    for (size_t at = 1; at + len <= size; at++) {
        if (strncasecmp((const char *)data + at, name, len) != 0)
            continue;
        /* The root's dot is not told; one behind a name may also be another field. */
        size_t most = len + (at + len < size && data[at + len] == '.');
        for (size_t n = len; n <= most; n++)
            if (data[at - 1] == n || (at + n < size && data[at + n] == 0))
                return;
    }
    abort();
}

static void check(const struct proto *proto, const uint8_t *data, size_t size)
{
    struct collect whole = {.values_only = true}, part = {.p.last = false};

    enum proto_starts starts = proto->tcp_starts(span_of(data, size), true);
    for (size_t n = 0; n <= size && n < 48; n++)
        if (proto->tcp_starts(span_of(data, n), true) == STARTS_NO && starts != STARTS_NO)
            abort();
    collect_prefixes(proto->tcp, data, size, size / 64 + 1);
    collect_clear(&whole);
    collect_run(&whole, proto->tcp, data, size);
    if (starts == STARTS_NO && whole.result != PARSE_NOT)
        abort();
    if (whole.observations > 0)
        check_name(data, size, &whole);
    for (size_t n = whole.p.consumed; whole.result == PARSE_NEXT && n < size; n += size / 16 + 1) {
        collect_run(&part, proto->tcp, data, n);
        if (part.result != PARSE_MORE && part.p.consumed != whole.p.consumed)
            abort();
    }
    collect_done(&whole);
    collect_done(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    check(collect_proto("socks"), data, size);
    check(collect_proto("proxy-protocol"), data, size);
    return 0;
}
