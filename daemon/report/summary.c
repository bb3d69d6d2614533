/* SPDX-License-Identifier: BSD-2-Clause */
/* The closing words of a replay. */
#include "report/summary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/phrase.h"

#define ROWS_MAX    10000 /* kept */
#define PRINTED_MAX 200   /* printed: more is for programs, which read events */

struct summary_row {
    struct addr client;
    uint64_t serial, client_serial; /* order of first sighting; of the client's first incident */
    uint64_t first_ns, last_ns, count, bytes_out, bytes_in;
    uint8_t stage, blocked;
    char *campaigns, *value, *blocked_by; /* owned */
};

/* What `put` writes, owned by the caller; NULL without memory. */
static char *text_of(void (*put)(struct text *t, const struct ioc_copy *ioc), const struct ioc_copy *ioc)
{
    char buf[IOC_VALUE_MAX + IMAGE_CAMPAIGNS_MAX * (IOC_CAMPAIGN_MAX + 2) + 1];
    struct text t = text_on(buf, sizeof buf);

    put(&t, ioc);
    return strdup(buf);
}

void summary_add(struct summary *s, const struct incident *in)
{
    if (s->rows == s->room && s->rows < ROWS_MAX) {
        size_t room = s->room > 0 ? s->room * 2 : 64;
        struct summary_row *more = realloc(s->row, room * sizeof *more);
        if (more != NULL) {
            s->row = more;
            s->room = room;
        }
    }
    char *campaigns = text_of(alert_campaigns, in->ioc), *value = text_of(alert_value, in->ioc);
    char *blocked_by =
        strndup(in->blocked_by.len > 0 ? (const char *)in->blocked_by.at : "", in->blocked_by.len);
    if (s->rows == s->room || campaigns == NULL || value == NULL || blocked_by == NULL) {
        free(campaigns);
        free(value);
        free(blocked_by);
        s->left_out++;
        return;
    }
    s->row[s->rows++] = (struct summary_row){
        .client = in->face.client,
        .serial = in->serial,
        .first_ns = in->first_ns,
        .last_ns = in->last_ns,
        .count = in->count,
        .bytes_out = in->bytes_out,
        .bytes_in = in->bytes_in,
        .stage = in->stage,
        .blocked = in->blocked,
        .blocked_by = blocked_by,
        .campaigns = campaigns,
        .value = value,
    };
}

void summary_done(struct summary *s)
{
    for (size_t i = 0; i < s->rows; i++) {
        free(s->row[i].campaigns);
        free(s->row[i].value);
        free(s->row[i].blocked_by);
    }
    free(s->row);
    *s = (struct summary){0};
}

static int by_client(const void *a, const void *b)
{
    const struct summary_row *x = a, *y = b;
    int c = memcmp(x->client.b, y->client.b, sizeof x->client.b);
    return c != 0 ? c : x->serial < y->serial ? -1 : x->serial > y->serial;
}

static int by_first_sighting(const void *a, const void *b)
{
    const struct summary_row *x = a, *y = b;
    if (x->client_serial != y->client_serial)
        return x->client_serial < y->client_serial ? -1 : 1;
    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

/* Rows of one client together, clients in order of their first incident. Returns the number of clients. */
static size_t group(struct summary_row *row, size_t rows)
{
    size_t clients = 0;

    qsort(row, rows, sizeof *row, by_client);
    for (size_t i = 0; i < rows; i++) {
        bool same = i > 0 && addr_eq(&row[i].client, &row[i - 1].client);
        row[i].client_serial = same ? row[i - 1].client_serial : row[i].serial;
        clients += !same;
    }
    qsort(row, rows, sizeof *row, by_first_sighting);
    return clients;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t count_campaigns(const struct summary_row *row, size_t rows)
{
    char **all = calloc(rows, sizeof(char *));
    size_t n = 0;

    if (all == NULL)
        return 0;
    for (size_t i = 0; i < rows; i++)
        all[i] = row[i].campaigns;
    qsort(all, rows, sizeof(char *), by_text);
    for (size_t i = 0; i < rows; i++)
        n += i == 0 || strcmp(all[i], all[i - 1]) != 0;
    free(all);
    return n;
}

static const char *const stage_words[STAGES] = {
    [STAGE_SCANNED] = "contacted the client, which did not answer",
    [STAGE_QUERIED] = "asked for in DNS",
    [STAGE_RESOLVED] = "found in DNS",
    [STAGE_ATTEMPTED] = "connection tried",
    [STAGE_CONNECTED] = "connected",
    [STAGE_EXCHANGED] = "data exchanged",
};

static void print_row(const struct summary_row *row, FILE *to)
{
    char buf[4096];
    struct text t = text_on(buf, sizeof buf);

    text_fmt(&t, "  %s — %s: %s", row->value, row->campaigns, stage_words[row->stage]);
    phrase_blocked(&t, row->blocked, span_str(row->blocked_by));
    if (row->bytes_out > 0 || row->bytes_in > 0)
        text_fmt(&t, ", %" PRIu64 " bytes out, %" PRIu64 " in", row->bytes_out, row->bytes_in);
    text_str(&t, "; ");
    phrase_count(&t, row->count, "sighting", "sightings");
    text_str(&t, ", ");
    text_time_human(&t, row->first_ns);
    if (row->last_ns / SECOND_NS != row->first_ns / SECOND_NS) {
        text_str(&t, " to ");
        text_time_human(&t, row->last_ns);
    }
    fprintf(to, "%s UTC\n", t.at);
}

static void print_nothing(FILE *to)
{
    fputs("Nothing found: no name and no address in this traffic is on the lists that were loaded.\n"
          "That is no proof that a device is clean. Not seen is what was not captured, what encryption hides "
          "(DNS over HTTPS, ECH, VPN),\nand what no list names yet.\n",
          to);
}

void summary_print(const struct summary *s, const struct reporter_totals *totals, FILE *to)
{
    char buf[512], client[ADDR_TEXT_MAX];
    struct text t = text_on(buf, sizeof buf);
    struct summary_row *row = calloc(s->rows + 1, sizeof *row);

    if (totals->incidents == 0)
        print_nothing(to);
    if (totals->incidents == 0 || row == NULL) {
        free(row);
        return;
    }
    memcpy(row, s->row, s->rows * sizeof *row);
    size_t clients = group(row, s->rows);
    text_str(&t, "Found ");
    phrase_count(&t, totals->incidents, "incident", "incidents");
    text_str(&t, ": ");
    phrase_count(&t, clients, "client", "clients");
    text_str(&t, ", ");
    phrase_count(&t, count_campaigns(row, s->rows), "campaign", "campaigns");
    text_str(&t, ", ");
    phrase_count(&t, totals->sightings, "sighting", "sightings");
    fprintf(to, "%s.\n", t.at);
    for (size_t i = 0; i < s->rows && i < PRINTED_MAX; i++) {
        if (i == 0 || row[i].client_serial != row[i - 1].client_serial)
            fprintf(to, "%s\n", addr_text(&row[i].client, client));
        print_row(&row[i], to);
    }
    uint64_t more = s->left_out + (s->rows > PRINTED_MAX ? s->rows - PRINTED_MAX : 0);
    if (more > 0)
        fprintf(to, "... and %" PRIu64 " more: --eve writes them all.\n", more);
    free(row);
}
