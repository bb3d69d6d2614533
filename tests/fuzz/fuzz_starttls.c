/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes before TLS: the input is a side of a dialogue. Messages follow one another to the same places
 * whether bytes come one by one or at once, none is told before its end is there, and none says a name.
 */
#include "proto/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX    12288u
#define MESSAGES_MAX 8u

static const struct proto *starttls;

/* The least prefix of a message that has an end; the whole has the same. */
static void check_end(struct collect *whole, const uint8_t *data, size_t size, size_t step)
{
    static struct collect part;
    size_t n = 0;

    memset(part.counters, 0, sizeof part.counters);
    do {
        n = n + step < size ? n + step : size;
        collect_run(&part, starttls->tcp, data, n);
        collect_check_more(&part, n);
    } while (part.result == PARSE_MORE && n < size);
    if (part.result != whole->result || part.p.consumed != whole->p.consumed || part.observations > 0)
        abort();
    if (part.counters[COUNT_PREAMBLE] != (part.result == PARSE_NEXT))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct collect whole;
    size_t at = 0;
    unsigned messages = 0;

    if (size > INPUT_MAX)
        return 0;
    starttls = collect_proto("starttls");
    collect_prefixes(starttls->tcp, data, size, size / 24 + 1);
    do {
        const uint8_t *message = data + at;
        size_t left = size - at;
        enum proto_starts starts = starttls->tcp_starts(span_of(message, left), false);
        for (size_t n = 0; n <= left && n < 48; n++)
            if (starttls->tcp_starts(span_of(message, n), false) == STARTS_NO && starts != STARTS_NO)
                abort();
        collect_run(&whole, starttls->tcp, message, left);
        if ((starts == STARTS_NO && whole.result != PARSE_NOT) ||
            (starts == STARTS_MAYBE && whole.result != PARSE_MORE))
            abort();
        check_end(&whole, message, left, left / 16 + 1);
        at += whole.p.consumed;
    } while (whole.result == PARSE_NEXT && at < size && ++messages < MESSAGES_MAX);
    return 0;
}
