/* SPDX-License-Identifier: BSD-2-Clause */
/* bench-gen: writes captures whose content is known, and the list of indicators that belongs to them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "gen_quic.h"
#include "gen_rules.h"
#include "gen_wheel.h"

#define LISTED_EVERY 2000u /* packets */
#define EXTRA_FLOWS  4096u /* listed ones, beside those of the mix */

struct arguments {
    const char *what, *out, *truth;
    uint64_t packets, seed, names, addresses;
};

static int usage(void)
{
    fputs("usage: bench-gen MIX -o FILE.pcap [--packets N] [--seed S] [--truth FILE]\n"
          "       bench-gen rules -o FILE [--names N] [--addresses M]\nmixes:",
          stderr);
    for (unsigned i = 0; i < mix_count; i++)
        fprintf(stderr, " %s", mixes[i].name);
    fputc('\n', stderr);
    return 2;
}

static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    const struct {
        const char *name;
        uint64_t *number;
    } options[] = {{"--packets", &a->packets},
                   {"--seed", &a->seed},
                   {"--names", &a->names},
                   {"--addresses", &a->addresses}};

    if (argc < 2 || argc % 2)
        return false;
    a->what = argv[1];
    for (int i = 2; i < argc; i += 2) {
        unsigned o = 0;
        char *end = argv[i + 1];
        if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--truth") == 0) {
            *(argv[i][1] == 'o' ? &a->out : &a->truth) = argv[i + 1];
            continue;
        }
        while (o < 4 && strcmp(argv[i], options[o].name) != 0)
            o++;
        if (o == 4)
            return false;
        *options[o].number = strtoull(argv[i + 1], &end, 10);
        if (end == argv[i + 1] || *end)
            return false;
    }
    return a->out != NULL;
}

/* Where the next listed name is said: each place of the mix in turn. */
static enum listed_via next_via(const struct gen *g)
{
    uint32_t left = g->mix->vias;

    for (uint64_t skip = g->incidents % (unsigned)__builtin_popcount(left); skip > 0; skip--)
        left &= left - 1;
    return (enum listed_via)__builtin_ctz(left);
}

struct run {
    struct gen gen;
    struct quic quic;
    struct wheel wheel;
    struct flow *flows; /* owned: those of the mix, then EXTRA_FLOWS */
    uint32_t free;      /* list of extra flows, by `next` */
    uint32_t listed;    /* at work */
};

static void start_listed(struct run *run)
{
    uint32_t i = run->free;

    if (i == FLOW_NONE)
        return;
    run->free = run->flows[i].next;
    flow_begin(&run->gen, &run->flows[i], next_via(&run->gen));
    flow_after(&run->gen, &run->flows[i], 1000000);
    wheel_add(&run->wheel, i);
    run->listed++;
}

/* Sends the next packet of a flow that is due. Towards the end only the listed ones go on. */
static void step(struct run *run, bool ending)
{
    struct gen *g = &run->gen;
    uint32_t i = wheel_next(&run->wheel);
    struct flow *f = &run->flows[i];
    bool listed = f->via != VIA_NONE;

    if (ending && !listed)
        return;
    if (f->due_ns > g->now_ns)
        g->now_ns = f->due_ns;
    if (!flow_step(g, f)) {
        if (listed) {
            f->next = run->free;
            run->free = i;
            run->listed--;
            return;
        }
        flow_begin(g, f, VIA_NONE);
        flow_after(g, f, f->pace_us * 1000ull);
    }
    wheel_add(&run->wheel, i);
}

static void start_flows(struct run *run)
{
    const struct mix *m = run->gen.mix;

    for (uint32_t i = 0; i < m->live; i++) {
        struct flow *f = &run->flows[i];
        flow_begin(&run->gen, f, VIA_NONE);
        if (rng_percent(&run->gen.rng, m->midlife_percent))
            flow_midlife(&run->gen, f);
        f->due_ns = (rng_u64(&run->gen.rng) >> 32) * f->pace_us / ((1ull << 32) / 1000);
        wheel_add(&run->wheel, i);
    }
    run->free = FLOW_NONE;
    for (uint32_t i = m->live; i < m->live + EXTRA_FLOWS; i++) {
        run->flows[i].next = run->free;
        run->free = i;
    }
}

static void print(const struct gen *g)
{
    static const char *const vias[] = {
#define X(id, name, kind) name,
        LISTED_VIAS(X)
#undef X
    };
    char room[1024];
    struct text t = text_on(room, sizeof room);
    struct json j = json_on(&t);

    json_open(&j, NULL);
    json_str(&j, "mix", g->mix->name);
    json_u64(&j, "packets", g->sink.packets);
    json_u64(&j, "bytes", g->sink.bytes);
    json_u64(&j, "flows", g->flows);
    json_u64(&j, "incidents", g->incidents);
    json_open(&j, "listed");
    for (unsigned i = 0; i < VIA_COUNT; i++)
        if (g->listed[i] > 0)
            json_u64(&j, vias[i], g->listed[i]);
    json_close(&j);
    json_close(&j);
    puts(room);
}

static int generate(const struct mix *m, const struct arguments *a)
{
    struct run run = {.gen = {.mix = m, .rng = rng_for(a->seed, 1)}};
    uint64_t packets = a->packets ? a->packets : m->packets, next_listed = LISTED_EVERY / 2;

    run.gen.pool = malloc(POOL_BYTES);
    run.flows = calloc(m->live + EXTRA_FLOWS, sizeof *run.flows);
    run.gen.quic = &run.quic;
    if (a->truth) {
        run.gen.truth = fopen(a->truth, "w");
        if (!run.gen.truth)
            return -errno;
    }
    if (!run.gen.pool || !run.flows || quic_init(&run.quic) != 0 ||
        wheel_init(&run.wheel, run.flows, m->tick_ns) != 0)
        return -ENOMEM;
    rng_fill(&run.gen.rng, run.gen.pool, POOL_BYTES);
    int failed = sink_open(&run.gen.sink, a->out, a->seed, m->trouble_percent);
    if (failed)
        return failed;
    start_flows(&run);
    while (run.gen.sink.packets < packets && run.gen.sink.fd >= 0) {
        if (run.gen.sink.packets >= next_listed) {
            next_listed += LISTED_EVERY;
            start_listed(&run);
        }
        step(&run, false);
    }
    while (run.listed > 0)
        step(&run, true);
    failed = sink_close(&run.gen.sink);
    if (run.gen.truth && fclose(run.gen.truth) != 0 && !failed)
        failed = -errno;
    if (!failed)
        print(&run.gen);
    quic_done(&run.quic);
    wheel_done(&run.wheel);
    free(run.flows);
    free(run.gen.pool);
    return failed;
}

int main(int argc, char **argv)
{
    struct arguments a = {.seed = 1, .names = 5000};
    int failed = 1;

    if (!read_arguments(argc, argv, &a))
        return usage();
    if (strcmp(a.what, "rules") == 0)
        failed = rules_write(a.out, (uint32_t)a.names, (uint32_t)a.addresses);
    for (unsigned i = 0; i < mix_count; i++)
        if (strcmp(a.what, mixes[i].name) == 0)
            failed = generate(&mixes[i], &a);
    if (failed > 0)
        return usage();
    if (failed < 0)
        fprintf(stderr, "bench-gen: %s: %s\n", a.out, strerror(-failed));
    return failed ? 1 : 0;
}
