/* SPDX-License-Identifier: BSD-2-Clause */
/* What `bridlectl status` shows. Names of interfaces and whatever came from a feed are escaped. */
#include "serve/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "config.h"
#include "serve/clock.h"
#include "serve/live.h"
#include "serve/rules.h"

/* Clients whose traffic shows least. */
#define METER_SHOWN 10u

/* Resident memory that the process does not share, in bytes; 0: not to be known. */
static uint64_t own_memory(pid_t pid)
{
    char path[64];
    unsigned long long total, resident = 0, shared = 0;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%llu %llu %llu", &total, &resident, &shared) != 3 || shared > resident)
        resident = shared = 0;
    fclose(f);
    return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Copies among all packets, in tenths of a percent. */
static unsigned permille(uint64_t part, uint64_t of)
{
    return of > 0 && part <= of ? (unsigned)(part * 1000 / of) : 0;
}

static void line_about_rules(const struct serve *s, struct text *t)
{
    const struct generation *g = images_newest(&s->images);
    struct rules_state st = rules_state(s->rules);

    text_fmt(t, "rules       %u indicators, generation %u of ", image_iocs(g->map), g->number);
    text_time_human(t, g->loaded_ns);
    text_fmt(t, " UTC, %zu bytes (%.1f each)\n", image_bytes(g->map), image_bytes_each(g->map));
    if (st.loading)
        text_fmt(t, "            a reload runs: %s\n", st.progress);
    if (st.problems + st.failures > 0)
        text_fmt(t, "            %" PRIu64 " problems in %" PRIu64 " files, %" PRIu64 " reloads refused\n",
                 st.problems, st.files, st.failures);
    const struct rules_kept *k;
    for (unsigned n = 0; (k = rules_kept(s->rules, n)) != NULL; n++)
        text_fmt(t, "            old entries stay in force: %s has %" PRIu64 ", and had %" PRIu64 "\n",
                 k->path, k->now, k->before);
}

/* Sum over the workers of an interface. */
static uint64_t interface_counter(const struct serve *s, unsigned number, enum counter which)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < s->workers.count; i++)
        if (s->workers.at[i]->group == number)
            sum += worker_counter(s->workers.at[i], which);
    return sum;
}

static unsigned interface_workers(const struct serve *s, unsigned number)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->workers.count; i++)
        n += s->workers.at[i]->group == number;
    return n;
}

static void row_of_worker(const struct serve *s, const struct worker *w, struct text *t)
{
    char name[64];
    struct text n = text_on(name, sizeof name);

    text_escaped(&n, span_str(live_interface(s->live, w->group)));
    text_fmt(t, "%-15s %7d %-14s %12" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %5" PRIu64 " KiB\n",
             name, (int)w->child.pid, phase_names[w->phase], worker_counter(w, COUNT_PACKETS),
             worker_counter(w, COUNT_KERNEL_DROPS), w->rate, w->restarts,
             worker_alive(w) ? own_memory(w->child.pid) / 1024 : 0);
}

static void table_of_workers(const struct serve *s, struct text *t)
{
    text_fmt(t, "\n%-15s %7s %-14s %12s %10s %8s %8s %9s\n", "interface", "pid", "state", "packets",
             "dropped", "rate/s", "restarts", "memory");
    for (unsigned n = 0; live_interface_at(s->live, n) != NULL; n++) {
        unsigned workers = interface_workers(s, n);
        for (unsigned i = 0; i < s->workers.count; i++)
            if (s->workers.at[i]->group == n)
                row_of_worker(s, s->workers.at[i], t);
        if (workers > 1)
            text_fmt(t, "  all %-33u %12" PRIu64 " %10" PRIu64 "\n", workers,
                     interface_counter(s, n, COUNT_PACKETS), interface_counter(s, n, COUNT_KERNEL_DROPS));
    }
}

static void table_of_counters(const uint64_t sum[COUNTERS], struct text *t)
{
    text_str(t, "\n");
    for (unsigned i = 0; i < COUNTERS; i++)
        if (sum[i] > 0)
            text_fmt(t, "%-24s %14" PRIu64 "  %s\n", counter_infos[i].name, sum[i], counter_infos[i].help);
}

static void line_about_visibility(const uint64_t sum[COUNTERS], struct text *t)
{
    const struct visibility_client total = meter_total(sum);

    text_str(t, "visibility  ");
    if (!meter_line(t, &total))
        text_str(t, "no new flow was seen yet");
    text_char(t, '\n');
}

void status_text(const struct serve *s, struct text *t)
{
    struct meter meter;
    uint64_t sum[COUNTERS], up_s = (clock_mono_ns() - s->started_ns) / 1000000000u;
    struct reporter_totals r = reporter_totals(s->reporter);

    workers_sum(&s->workers, sum);
    text_fmt(t,
             "bridled     %s, process %d, up %" PRIu64 "d %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ", %" PRIu64
             " KiB\n",
             BRIDLE_VERSION, (int)getpid(), up_s / 86400, up_s / 3600 % 24, up_s / 60 % 60, up_s % 60,
             own_memory(getpid()) / 1024);
    line_about_rules(s, t);
    text_str(t, "interfaces  ");
    const struct live_interface *i;
    for (unsigned n = 0; (i = live_interface_at(s->live, n)) != NULL; n++) {
        if (!i->wanted)
            continue;
        text_escaped(t, span_str(i->name));
        text_str(t, i->down ? " (away) " : " ");
    }
    text_str(t, "- ");
    text_escaped(t, span_str(live_reason(s->live)));
    text_fmt(t, "\nsandbox     %s\n", s->sandbox);
    text_fmt(t,
             "found       %" PRIu64 " incidents, %" PRIu64 " alerts, %" PRIu64 " sightings; %" PRIu64
             " events not delivered\n",
             r.incidents, r.alerts, r.sightings, r.output_errors);
    unsigned copies = permille(sum[COUNT_DUPLICATES], sum[COUNT_COMPARED]);
    text_fmt(t, "copies      %u.%u %% of the packets came twice and were counted once\n", copies / 10,
             copies % 10);
    line_about_visibility(sum, t);
    table_of_workers(s, t);
    workers_meter(&s->workers, &meter);
    meter_table(t, &meter, METER_SHOWN);
    table_of_counters(sum, t);
}

static void json_rules(const struct serve *s, struct json *j)
{
    char when[40];
    const struct generation *g = images_newest(&s->images);
    struct rules_state st = rules_state(s->rules);
    struct text t = text_on(when, sizeof when);

    text_time_eve(&t, g->loaded_ns);
    json_open(j, "rules");
    json_u64(j, "indicators", image_iocs(g->map));
    json_u64(j, "generation", g->number);
    json_str(j, "loaded", when);
    json_u64(j, "bytes", image_bytes(g->map));
    json_u64(j, "bytes_each", (uint64_t)(image_bytes_each(g->map) + 0.5));
    json_u64(j, "problems", st.problems);
    json_u64(j, "refused", st.failures);
    json_open_array(j, "kept");
    const struct rules_kept *k;
    for (unsigned n = 0; (k = rules_kept(s->rules, n)) != NULL; n++) {
        json_open(j, NULL);
        json_str(j, "file", k->path);
        json_u64(j, "now", k->now);
        json_u64(j, "before", k->before);
        json_close(j);
    }
    json_close_array(j);
    json_bool(j, "loading", st.loading);
    if (st.loading) {
        json_open(j, "progress");
        json_u64(j, "bytes", st.bytes);
        json_u64(j, "of", st.bytes_of);
        json_u64(j, "entries", st.entries);
        json_close(j);
    }
    json_close(j);
}

static void json_interfaces(const struct serve *s, struct json *j)
{
    const struct live_interface *i;

    json_open_array(j, "interfaces");
    for (unsigned n = 0; (i = live_interface_at(s->live, n)) != NULL; n++) {
        if (!i->wanted)
            continue;
        json_open(j, NULL);
        json_str(j, "name", i->name);
        json_bool(j, "up", !i->down);
        json_u64(j, "packets", interface_counter(s, n, COUNT_PACKETS));
        json_u64(j, "kernel_drops", interface_counter(s, n, COUNT_KERNEL_DROPS));
        json_close(j);
    }
    json_close_array(j);
    json_str(j, "interfaces_reason", live_reason(s->live));
}

static void json_visibility(const struct serve *s, const uint64_t sum[COUNTERS], struct json *j)
{
    const struct visibility_client total = meter_total(sum);
    struct meter meter;

    workers_meter(&s->workers, &meter);
    meter_darkest_first(&meter);
    json_open(j, "visibility");
    meter_json_counts(j, &total);
    meter_json_clients(j, &meter, METER_SHOWN);
    json_close(j);
}

static void json_workers(const struct serve *s, struct json *j)
{
    json_open_array(j, "workers");
    for (unsigned i = 0; i < s->workers.count; i++) {
        const struct worker *w = s->workers.at[i];
        json_open(j, NULL);
        json_str(j, "interface", live_interface(s->live, w->group));
        json_i64(j, "pid", w->child.pid);
        json_str(j, "state", phase_names[w->phase]);
        json_u64(j, "packets", worker_counter(w, COUNT_PACKETS));
        json_u64(j, "kernel_drops", worker_counter(w, COUNT_KERNEL_DROPS));
        json_u64(j, "packet_rate", w->rate);
        json_u64(j, "restarts", w->restarts);
        json_u64(j, "generation", w->acked);
        json_u64(j, "memory_bytes", worker_alive(w) ? own_memory(w->child.pid) : 0);
        json_close(j);
    }
    json_close_array(j);
}

void status_json(const struct serve *s, struct text *t)
{
    struct json j = json_on(t);
    uint64_t sum[COUNTERS];
    struct reporter_totals r = reporter_totals(s->reporter);

    workers_sum(&s->workers, sum);
    json_open(&j, NULL);
    json_str(&j, "version", BRIDLE_VERSION);
    json_i64(&j, "pid", getpid());
    json_u64(&j, "uptime_seconds", (clock_mono_ns() - s->started_ns) / 1000000000u);
    json_u64(&j, "memory_bytes", own_memory(getpid()));
    json_str(&j, "sandbox", s->sandbox);
    json_rules(s, &j);
    json_interfaces(s, &j);
    json_workers(s, &j);
    json_u64(&j, "copies_permille", permille(sum[COUNT_DUPLICATES], sum[COUNT_COMPARED]));
    json_visibility(s, sum, &j);
    json_u64(&j, "incidents", r.incidents);
    json_u64(&j, "alerts", r.alerts);
    json_u64(&j, "sightings", r.sightings);
    json_u64(&j, "output_errors", r.output_errors);
    json_open(&j, "counters");
    for (unsigned i = 0; i < COUNTERS; i++)
        json_u64(&j, counter_infos[i].name, sum[i]);
    json_close(&j);
    json_close(&j);
    text_str(t, "\n");
}
