/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: what a worker with a listed name saw of one client and one server. */
#ifndef BRIDLE_WORKER_MESSAGES_TEST_H
#define BRIDLE_WORKER_MESSAGES_TEST_H

#include "worker/rig.h"

#define EVIL "www.evil.example"

static const char *const listed[] = {"evil.example", "198.51.100.9", NULL};
static const struct rig_end client = {"10.0.0.5", 40000}, server = {"192.0.2.7", 443};
static uint8_t hello[70000];

static inline unsigned seen(struct rig *rig, enum via via, const char *value)
{
    return rig_count(rig, RECORD_OBSERVATION, via, value, NULL);
}

/* Sightings that count. */
static inline unsigned alerts(struct rig *rig)
{
    unsigned n = 0;

    rig_drain(rig);
    for (unsigned i = 0; i < rig->records; i++)
        n += rig->record[i].r.kind == RECORD_SIGHTING && (rig->record[i].r.flags & RECORD_UPDATE) == 0;
    return n;
}

static inline const struct record *alert(struct rig *rig, enum via via)
{
    const struct record *r = NULL;

    if (rig_count(rig, RECORD_SIGHTING, via, NULL, &r) == 0)
        fail_msg("no sighting");
    return r;
}

/* Its ends are ours, whoever sent what was seen. */
static inline void expect_ends(const struct record *r)
{
    char text[ADDR_TEXT_MAX];

    assert_string_equal(addr_text(&r->client, text), client.addr);
    assert_string_equal(addr_text(&r->server, text), server.addr);
    assert_int_equal(r->client_port, client.port);
    assert_int_equal(r->server_port, server.port);
}

static inline size_t make_hello(const char *name)
{
    return rig_hello(hello, sizeof hello, name, 20, 100000, 1);
}

#endif
