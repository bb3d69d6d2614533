/* SPDX-License-Identifier: BSD-2-Clause */
/* What the visibility meters of all workers say together. Numbers of a hostile worker are wrong, but only
 * numbers: sums wrap, addresses are printed as addresses. */
#include "report/meter.h"

#include <inttypes.h>
#include <stdlib.h>

/* A client's share counts as if it had so many flows with a name besides. */
#define FEW_FLOWS 10u

static const struct {
    const char *key, *words;
} kinds[SEEN_KINDS] = {
#define X(id, key, words) {key, words},
    BRIDLE_SEEN(X)
#undef X
};

static uint64_t flows_of(const struct visibility_client *c)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < SEEN_KINDS; i++)
        n += c->flows[i];
    return n;
}

static uint64_t dark_of(const struct visibility_client *c)
{
    return c->flows[SEEN_OUTER] + c->flows[SEEN_NAMELESS];
}

static int by_addr(const void *a, const void *b)
{
    const struct visibility_client *x = a, *y = b;
    return memcmp(x->addr.b, y->addr.b, sizeof x->addr.b);
}

static int by_flows(const void *a, const void *b)
{
    uint64_t x = flows_of(a), y = flows_of(b);
    return x != y ? (x < y ? 1 : -1) : by_addr(a, b);
}

static int by_darkness(const void *a, const void *b)
{
    double x = (double)dark_of(a) / ((double)flows_of(a) + FEW_FLOWS);
    double y = (double)dark_of(b) / ((double)flows_of(b) + FEW_FLOWS);
    return x < y ? 1 : x > y ? -1 : by_flows(a, b);
}

static void add(struct visibility_client *to, const struct visibility_client *c)
{
    for (unsigned i = 0; i < SEEN_KINDS; i++)
        to->flows[i] += c->flows[i];
    to->dns += c->dns;
    to->encrypted_dns += c->encrypted_dns;
}

/* Copies a row unless the worker gives it to another client meanwhile. */
static bool copy_row(const struct visibility_row *row, struct visibility_client *ret)
{
    uint32_t turn = atomic_load(&row->turn);

    if (turn == 0 || (turn & 1) != 0)
        return false;
    const volatile uint8_t *from = (const volatile uint8_t *)&row->client;
    for (size_t i = 0; i < sizeof *ret; i++)
        ((uint8_t *)ret)[i] = from[i];
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load(&row->turn) == turn;
}

void meter_add(struct meter *m, const struct visibility_page *page)
{
    struct visibility_client all[2 * VISIBILITY_CLIENTS];
    unsigned n = m->clients, kept = 0;

    memcpy(all, m->client, n * sizeof *all);
    for (unsigned i = 0; i < VISIBILITY_CLIENTS; i++)
        n += copy_row(&page->row[i], &all[n]);
    qsort(all, n, sizeof *all, by_addr);
    for (unsigned i = 0; i < n; i++) {
        if (kept > 0 && addr_eq(&all[kept - 1].addr, &all[i].addr))
            add(&all[kept - 1], &all[i]);
        else
            all[kept++] = all[i];
    }
    qsort(all, kept, sizeof *all, by_flows);
    m->clients = kept < VISIBILITY_CLIENTS ? kept : VISIBILITY_CLIENTS;
    memcpy(m->client, all, m->clients * sizeof *all);
}

struct visibility_client meter_total(const uint64_t counters[COUNTERS])
{
    struct visibility_client total = {.dns = counters[COUNT_VISIBLE_DNS],
                                      .encrypted_dns = counters[COUNT_VISIBLE_ENCRYPTED_DNS]};

    memcpy(total.flows, &counters[COUNT_VISIBLE_SNI], sizeof total.flows);
    return total;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

struct visibility_client meter_others(const struct meter *m, const uint64_t counters[COUNTERS])
{
    struct visibility_client rest = meter_total(counters), known = {.dns = 0};

    for (unsigned i = 0; i < m->clients; i++)
        add(&known, &m->client[i]);
    for (unsigned i = 0; i < SEEN_KINDS; i++)
        rest.flows[i] = less(rest.flows[i], known.flows[i]);
    rest.dns = less(rest.dns, known.dns);
    rest.encrypted_dns = less(rest.encrypted_dns, known.encrypted_dns);
    return rest;
}

/* "12 %"; what is more than nothing is never "0 %". */
static void percent(struct text *t, uint64_t part, uint64_t of)
{
    unsigned rounded = part >= of ? (of > 0 ? 100 : 0) : (unsigned)((double)part / (double)of * 100 + 0.5);

    if (part > 0 && rounded == 0)
        text_str(t, "<1 %");
    else
        text_fmt(t, "%u %%", rounded);
}

static void named_by(struct text *t, const struct visibility_client *total, uint64_t flows)
{
    const char *before = " (";

    for (unsigned i = 0; i < SEEN_OUTER; i++) {
        if (total->flows[i] == 0)
            continue;
        text_fmt(t, "%s%s ", before, kinds[i].words);
        percent(t, total->flows[i], flows);
        before = ", ";
    }
    if (before[0] == ',')
        text_char(t, ')');
}

bool meter_line(struct text *t, const struct visibility_client *total)
{
    uint64_t flows = flows_of(total), dns = total->dns + total->encrypted_dns;

    if (flows > 0) {
        percent(t, less(flows, dark_of(total)), flows);
        text_fmt(t, " of %" PRIu64 " new flows named", flows);
        named_by(t, total, flows);
        text_str(t, "; ");
        percent(t, total->flows[SEEN_NAMELESS], flows);
        text_str(t, " nameless, ");
        percent(t, total->flows[SEEN_OUTER], flows);
        text_str(t, " ECH outer only");
    }
    if (dns > 0) {
        text_str(t, flows > 0 ? "; DNS: " : "DNS: ");
        percent(t, total->encrypted_dns, dns);
        text_str(t, " encrypted");
    }
    return flows > 0 || dns > 0;
}

void meter_darkest_first(struct meter *m)
{
    qsort(m->client, m->clients, sizeof *m->client, by_darkness);
}

static void cell(struct text *t, unsigned width, uint64_t part, uint64_t of)
{
    char buf[32];
    struct text c = text_on(buf, sizeof buf);

    if (of > 0)
        percent(&c, part, of);
    else
        text_char(&c, '-');
    text_fmt(t, " %*s", (int)width, buf);
}

void meter_table(struct text *t, struct meter *m, unsigned most)
{
    char addr[ADDR_TEXT_MAX];

    if (m->clients == 0)
        return;
    meter_darkest_first(m);
    text_fmt(t, "\n%-39s %10s %8s %8s %8s %8s %13s\n", "client", "new flows", "named", "by DNS", "outer",
             "nameless", "encrypted DNS");
    for (unsigned i = 0; i < m->clients && i < most; i++) {
        const struct visibility_client *c = &m->client[i];
        uint64_t flows = flows_of(c);
        text_fmt(t, "%-39s %10" PRIu64, addr_text(&c->addr, addr), flows);
        cell(t, 8, less(flows, dark_of(c) + c->flows[SEEN_DNS_ADDRESS]), flows);
        cell(t, 8, c->flows[SEEN_DNS_ADDRESS], flows);
        cell(t, 8, c->flows[SEEN_OUTER], flows);
        cell(t, 8, c->flows[SEEN_NAMELESS], flows);
        cell(t, 13, c->encrypted_dns, c->dns + c->encrypted_dns);
        text_char(t, '\n');
    }
}

void meter_json_counts(struct json *j, const struct visibility_client *c)
{
    json_u64(j, "flows", flows_of(c));
    for (unsigned i = 0; i < SEEN_KINDS; i++)
        json_u64(j, kinds[i].key, c->flows[i]);
    json_u64(j, "dns", c->dns);
    json_u64(j, "encrypted_dns", c->encrypted_dns);
}

void meter_json_clients(struct json *j, const struct meter *m, unsigned most)
{
    char addr[ADDR_TEXT_MAX];

    json_open_array(j, "clients");
    for (unsigned i = 0; i < m->clients && i < most; i++) {
        json_open(j, NULL);
        json_str(j, "ip", addr_text(&m->client[i].addr, addr));
        meter_json_counts(j, &m->client[i]);
        json_close(j);
    }
    json_close_array(j);
}
