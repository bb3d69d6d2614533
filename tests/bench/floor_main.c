/* SPDX-License-Identifier: BSD-2-Clause */
/* bench-floor KIND FILE [--repeat N]: prints what one packet costs at least, as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "floor.h"

static const char usage[] =
    "usage: bench-floor read|walk|pcap|crypto|tries FILE [--repeat N]\n"
    "       bench-floor crypto COUNT [--repeat N]\n"
    "  read    read() of 1 MiB into one buffer, 64 bytes of each packet touched\n"
    "  walk    the same, headers parsed and classified\n"
    "  pcap    libpcap with an empty callback\n"
    "  crypto  key derivation and decryption of FILE's QUIC Initial packets of clients that open with their\n"
    "          connection ID, or of COUNT made ones\n"
    "  tries   the same of all Initial packets of clients, whether they open or not\n";

_Noreturn void floor_fail(const char *path, const char *why)
{
    fprintf(stderr, "bench-floor: %s: %s\n", path, why);
    exit(1);
}

uint64_t floor_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* All digits: a number of made packets. */
static bool is_count(const char *text)
{
    return text[0] != 0 && text[strspn(text, "0123456789")] == 0;
}

static uint64_t measure_crypto(const char *what, bool all, unsigned long repeat, struct floor_count *ret)
{
    struct floor_initials *in =
        is_count(what) ? floor_initials_made(strtoul(what, NULL, 10)) : floor_initials_of(what, all, ret);
    struct floor_count each = {0};
    uint64_t start = floor_cpu_ns();

    for (unsigned long i = 0; i < repeat; i++) {
        each = (struct floor_count){0};
        floor_crypto(in, &each);
    }
    uint64_t cost = floor_cpu_ns() - start;
    if (is_count(what))
        ret->packets = each.initials;
    ret->packets *= repeat;
    ret->bytes *= repeat;
    ret->initials = each.initials * repeat;
    ret->keys = each.keys * repeat;
    ret->check = each.check;
    floor_initials_free(in);
    return cost;
}

static uint64_t measure(const char *kind, const char *path, unsigned long repeat, struct floor_count *ret)
{
    static const struct {
        const char *name;
        void (*run)(const char *path, struct floor_count *ret);
    } kinds[] = {{"read", floor_read}, {"walk", floor_walk}, {"pcap", floor_pcap}};

    bool all = strcmp(kind, "tries") == 0;

    if (all || strcmp(kind, "crypto") == 0)
        return measure_crypto(path, all, repeat, ret);
    for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (strcmp(kind, kinds[k].name) != 0)
            continue;
        uint64_t start = floor_cpu_ns();
        for (unsigned long i = 0; i < repeat; i++)
            kinds[k].run(path, ret);
        return floor_cpu_ns() - start;
    }
    fputs(usage, stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    struct floor_count count = {0};
    unsigned long repeat = 1;

    if (argc == 5 && strcmp(argv[3], "--repeat") == 0 && is_count(argv[4]))
        repeat = strtoul(argv[4], NULL, 10);
    else if (argc != 3) {
        fputs(usage, stderr);
        return 2;
    }
    uint64_t cost = measure(argv[1], argv[2], repeat, &count);
    printf("{\"kind\":\"%s\",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"initials\":%" PRIu64
           ",\"keys\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 ",\"ns_per_packet\":%.2f,\"check\":%" PRIu64 "}\n",
           argv[1], count.packets, count.bytes, count.initials, count.keys, cost,
           count.packets > 0 ? (double)cost / (double)count.packets : 0.0, count.check);
    return 0;
}
