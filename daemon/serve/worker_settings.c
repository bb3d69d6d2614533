/* SPDX-License-Identifier: BSD-2-Clause */
/* From the settings to what a worker is told. */
#include "serve/worker_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "os/netif.h"
#include "proto/infos.h"

static unsigned automatic(bool live, struct prefix *ret, unsigned room)
{
    int n = live ? netif_home(ret, (int)room) : 0;

    if (n > 0)
        return (unsigned)n;
    unsigned count = addr_private_ranges < room ? addr_private_ranges : room;
    memcpy(ret, addr_private_range, count * sizeof *ret);
    return count;
}

unsigned worker_settings_home(const struct settings *s, bool live, struct prefix ret[WORKER_HOME_MAX])
{
    unsigned n = 0;

    for (size_t i = 0; i < s->home.words && n < WORKER_HOME_MAX; i++) {
        if (strcmp(s->home.word[i], "auto") == 0)
            n += automatic(live, ret + n, WORKER_HOME_MAX - n);
        else if (prefix_parse(span_str(s->home.word[i]), &ret[n], NULL))
            n++;
    }
    return n;
}

/* A row of ports, from words; zero-terminated, so one fewer than there is room for. */
static void ports_add(uint16_t row[WORKER_PORTS_MAX], const char *word)
{
    unsigned long port = strtoul(word, NULL, 10);

    for (unsigned i = 0; port > 0 && port <= UINT16_MAX && i + 1 < WORKER_PORTS_MAX; i++) {
        if (row[i] == 0) {
            row[i] = (uint16_t)port;
            return;
        }
    }
}

static void ports_of(const struct settings *s, const struct proto_info *p, uint16_t row[WORKER_PORTS_MAX])
{
    char words[128], *save = NULL;

    if (strcmp(p->name, "dns") == 0) {
        for (size_t i = 0; i < s->dns_ports.words; i++)
            ports_add(row, s->dns_ports.word[i]);
        return;
    }
    snprintf(words, sizeof words, "%s", p->ports);
    for (char *w = strtok_r(words, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
        ports_add(row, w);
}

int worker_settings(const struct settings *s, bool live, struct worker_config *ret)
{
    *ret = (struct worker_config){
        .live = live,
        .observe = s->observe,
        .wait = !live,
        .key = {{0x62726964, 0x6c650001}},
        .capture = {.snaplen_bytes = (uint32_t)s->snaplen,
                    .ring_bytes = (uint32_t)s->ring_bytes,
                    .block_timeout_ms = (uint32_t)(s->block_timeout / 1000000u),
                    .busy_poll_us = (uint32_t)(s->busy_poll / 1000u),
                    .workers = live ? (uint32_t)s->workers : 1,
                    .promiscuous = s->promiscuous},
        .flow_entries_log2 = (uint32_t)s->flow_entries_log2,
        .streams = (uint32_t)s->streams,
        .stream_bytes_max = (uint32_t)s->stream_bytes_max,
        .fragments = (uint32_t)s->fragments,
        .watches = (uint32_t)s->watches,
        .learned = (uint32_t)s->learned,
    };
    if (live && getrandom(&ret->key, sizeof ret->key, 0) != (ssize_t)sizeof ret->key)
        return -errno;
    if (s->filter != NULL) {
        if (strlen(s->filter) >= sizeof ret->capture.filter)
            return -E2BIG;
        memcpy(ret->capture.filter, s->filter, strlen(s->filter) + 1);
    }
    ret->homes = worker_settings_home(s, live, ret->home);
    for (unsigned i = 0; i < proto_count && i < WORKER_PROTOS_MAX; i++)
        ports_of(s, &proto_infos[i], ret->ports[i]);
    return 0;
}
