/* SPDX-License-Identifier: BSD-2-Clause */
/* The transitions of an incident, and its sums of bytes. */
#include "report/incident.h"

#include "report/report_test.h"

#define U RECORD_UPDATE
#define C RECORD_COPY

struct books {
    struct incidents s;
    struct incident *in;
};

static void open_books(struct books *b)
{
    struct hash_key key = {{1, 2}};
    struct ioc ioc = {.type = IOC_DOMAIN, .value = span_str("a.example"), .key = 5};
    struct addr client = ip("10.0.0.5");

    incidents_init(&b->s, &key, 100, 60, 1000);
    b->in = incidents_open(&b->s, ioc_copy_get(&b->s.copies, &ioc, 1), &client, 1);
    assert_non_null(b->in);
}

static enum why step(struct books *b, const struct incident_step *step)
{
    enum why why = incident_step(&b->s, b->in, step);
    if (why != WHY_NOTHING)
        incident_told(&b->s, b->in, step->at);
    return why;
}

static void transitions(void **state)
{
    static const struct {
        enum stage stage;
        uint8_t severity;
        unsigned flags;
        uint64_t at;
        enum why why;
        unsigned count;
        enum stage stage_then;
    } rows[] = {
        {STAGE_QUERIED, 2, 0, 1, WHY_NEW, 1, STAGE_QUERIED},
        {STAGE_QUERIED, 2, 0, 1, WHY_NOTHING, 2, STAGE_QUERIED},
        {STAGE_RESOLVED, 2, U, 2, WHY_RAISED, 2, STAGE_RESOLVED},
        {STAGE_QUERIED, 2, 0, 2, WHY_NOTHING, 3, STAGE_RESOLVED},    /* lower: counted */
        {STAGE_CONNECTED, 2, C, 3, WHY_RAISED, 3, STAGE_CONNECTED},  /* a copy raises, too */
        {STAGE_CONNECTED, 1, 0, 4, WHY_RAISED, 4, STAGE_CONNECTED},  /* now certain: midstream before */
        {STAGE_CONNECTED, 2, 0, 5, WHY_NOTHING, 5, STAGE_CONNECTED}, /* and stays so */
        {STAGE_SCANNED, 3, 0, 6, WHY_NOTHING, 6, STAGE_CONNECTED},
        {STAGE_EXCHANGED, 1, U, 7, WHY_RAISED, 6, STAGE_EXCHANGED},
        {STAGE_EXCHANGED, 1, U, 66, WHY_NOTHING, 6, STAGE_EXCHANGED},
        {STAGE_EXCHANGED, 1, U, 500, WHY_NOTHING, 6, STAGE_EXCHANGED}, /* nothing grew */
        {STAGE_EXCHANGED, 1, 0, 501, WHY_REPEAT, 7, STAGE_EXCHANGED},  /* the interval is long over */
        {STAGE_EXCHANGED, 1, 0, 502, WHY_NOTHING, 8, STAGE_EXCHANGED},
    };
    struct books b;

    open_books(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct incident_step s = {.where.flags = (uint16_t)rows[i].flags,
                                  .where.client = b.in->face.client,
                                  .ts_ns = rows[i].at,
                                  .at = rows[i].at,
                                  .stage = (uint8_t)rows[i].stage,
                                  .severity = rows[i].severity};
        assert_null(incidents_due(&b.s, rows[i].at).incident);
        enum why why = step(&b, &s);
        if (why != rows[i].why || b.in->count != rows[i].count || b.in->stage != rows[i].stage_then)
            fail_msg("row %zu: %s, count %llu, %s", i, why_names[why], (unsigned long long)b.in->count,
                     stage_names[b.in->stage]);
    }
    assert_int_equal(b.in->severity, 1);
    struct incident_due due = incidents_due(&b.s, 5000);
    assert_int_equal(due.why, WHY_REPEAT);
    assert_int_equal(due.at, 561);
    incident_told(&b.s, due.incident, due.at);
    due = incidents_due(&b.s, 5000);
    assert_int_equal(due.why, WHY_CLOSED);
    assert_int_equal(due.at, 1502);
    incidents_done(&b.s);
}

#define NX   BLOCKED_NXDOMAIN
#define SINK BLOCKED_SINKHOLE

/* Queries and answers until something was reached. */
static void blocked_until_found(void **state)
{
    static const struct {
        enum stage stage;
        unsigned flags;
        enum blocked blocked;
        enum why why;
        enum stage stage_then;
        enum blocked blocked_then;
    } rows[] = {
        {STAGE_QUERIED, 0, 0, WHY_NEW, STAGE_QUERIED, 0},
        {STAGE_QUERIED, U, 0, WHY_NOTHING, STAGE_QUERIED, 0},
        {STAGE_QUERIED, U, NX, WHY_REPEAT, STAGE_QUERIED, NX},
        {STAGE_QUERIED, U, NX, WHY_NOTHING, STAGE_QUERIED, NX},
        {STAGE_QUERIED, 0, 0, WHY_NOTHING, STAGE_QUERIED, NX}, /* asked again: no answer yet */
        {STAGE_QUERIED, U, SINK, WHY_NOTHING, STAGE_QUERIED, SINK},
        {STAGE_ATTEMPTED, 0, SINK, WHY_RAISED, STAGE_ATTEMPTED, SINK}, /* went to the block page */
        {STAGE_QUERIED, U, NX, WHY_NOTHING, STAGE_ATTEMPTED, NX},
        {STAGE_SCANNED, 0, 0, WHY_NOTHING, STAGE_ATTEMPTED, NX},
        {STAGE_RESOLVED, U, 0, WHY_RAISED, STAGE_ATTEMPTED, 0},  /* a lower stage, but not blocked now */
        {STAGE_QUERIED, U, NX, WHY_NOTHING, STAGE_ATTEMPTED, 0}, /* too late */
        {STAGE_ATTEMPTED, 0, SINK, WHY_NOTHING, STAGE_ATTEMPTED, 0},
        {STAGE_CONNECTED, 0, 0, WHY_RAISED, STAGE_CONNECTED, 0},
    };
    struct books b;

    open_books(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct incident_step s = {.where.flags = (uint16_t)rows[i].flags,
                                  .where.client = b.in->face.client,
                                  .ts_ns = i,
                                  .at = 2,
                                  .stage = (uint8_t)rows[i].stage,
                                  .blocked = (uint8_t)rows[i].blocked,
                                  .blocked_by = span_str(rows[i].blocked ? "somebody" : ""),
                                  .severity = 2};
        enum why why = step(&b, &s);
        if (why != rows[i].why || b.in->stage != rows[i].stage_then || b.in->blocked != rows[i].blocked_then)
            fail_msg("row %zu: %s, %s, %s", i, why_names[why], stage_names[b.in->stage],
                     blocked_names[b.in->blocked]);
        assert_int_equal(b.in->blocked_by.len > 0, b.in->blocked != BLOCKED_NOT);
    }
    incidents_done(&b.s);
}

/* Whatever comes first: blocked at once, or found at once. */
static void the_first_says_what_it_is(void **state)
{
    for (unsigned found = 0; found < 2; found++) {
        struct books b;
        open_books(&b);
        struct incident_step s = {.where.client = b.in->face.client,
                                  .at = 1,
                                  .stage = found ? STAGE_RESOLVED : STAGE_QUERIED,
                                  .blocked = found ? BLOCKED_NOT : SINK,
                                  .severity = 2};
        assert_int_equal(step(&b, &s), WHY_NEW);
        assert_int_equal(b.in->blocked, found ? BLOCKED_NOT : SINK);
        s.blocked = found ? SINK : BLOCKED_NOT;
        s.stage = found ? STAGE_QUERIED : STAGE_RESOLVED;
        assert_int_equal(step(&b, &s), found ? WHY_NOTHING : WHY_RAISED);
        assert_int_equal(b.in->blocked, BLOCKED_NOT);
        incidents_done(&b.s);
    }
}

static void bytes(struct books *b, uint64_t flow, uint64_t out, uint64_t in)
{
    struct incident_step s = {.where = {.flow_id = flow,
                                        .flags = RECORD_UPDATE,
                                        .client = b->in->face.client},
                              .bytes_out = out,
                              .bytes_in = in,
                              .stage = STAGE_EXCHANGED,
                              .severity = 1};
    incident_step(&b->s, b->in, &s);
}

static void bytes_are_summed_over_flows_and_never_twice(void **state)
{
    struct books b;

    open_books(&b);
    bytes(&b, 1, 0, 0);
    assert_null(b.in->flow); /* nothing seen costs nothing */
    bytes(&b, 1, 100, 10);
    bytes(&b, 2, 50, 5);
    bytes(&b, 1, 120, 10); /* so far, not more */
    bytes(&b, 1, 120, 10);
    assert_int_equal(b.in->bytes_out, 170);
    assert_int_equal(b.in->bytes_in, 15);
    bytes(&b, 1, 7, 1); /* the same ends again: another flow */
    assert_int_equal(b.in->bytes_out, 177);
    assert_int_equal(b.in->bytes_in, 16);
    for (uint64_t flow = 3; flow <= INCIDENT_FLOWS_MAX + 1; flow++)
        bytes(&b, flow, 1, 1); /* the last one pushes out flow 2, least recently heard of */
    uint64_t sum = b.in->bytes_out;
    assert_int_equal(sum, 177 + INCIDENT_FLOWS_MAX - 1);
    bytes(&b, 2, 50, 5); /* known once: must not count again */
    assert_int_equal(b.in->bytes_out, sum);
    bytes(&b, 2, 60, 5); /* but what it grows by from now on */
    assert_int_equal(b.in->bytes_out, sum + 10);
    incidents_done(&b.s);
}

static void copies_are_shared_and_told_apart(void **state)
{
    struct hash_key key = {{1, 2}};
    struct ioc_copies c = {.key = key};
    struct ioc a = {.type = IOC_DOMAIN, .value = span_str("a.example"), .key = 5, .campaigns = 1};
    struct ioc b = {.type = IOC_DOMAIN, .value = span_str("b.example"), .key = 5}; /* keys collide */

    a.campaign[0] = span_str(HOSTILE);
    struct ioc_copy *one = ioc_copy_get(&c, &a, 1), *two = ioc_copy_get(&c, &b, 1);
    assert_ptr_not_equal(one, two);
    assert_string_equal(one->campaign[0], "a\"b\\c\\010d\\027[31m\\255\xc3\xb6\\226\\128\\174\\127");
    assert_ptr_equal(ioc_copy_get(&c, &a, 1), one);
    a.campaign[0] = span_str("new name");
    assert_ptr_equal(ioc_copy_get(&c, &a, 2), one);
    assert_string_equal(one->campaign[0], "new name");
    a.type = IOC_TYPES;
    assert_null(ioc_copy_get(&c, &a, 2));
    ioc_copy_release(&c, two);
    for (unsigned i = 0; i < 3; i++)
        ioc_copy_release(&c, one);
    assert_int_equal(c.table.count, 0);
    ioc_copies_done(&c);
}

static void long_texts_are_cut_between_characters(void **state)
{
    struct ioc_copies c = {0};
    struct ioc a = {.type = IOC_DOMAIN, .value = span_str("a.example"), .campaigns = IMAGE_CAMPAIGNS_MAX};
    static char umlauts[8001];

    for (unsigned i = 0; i < 8000; i += 2)
        memcpy(umlauts + i, "\xc3\xb6", 2);
    for (unsigned i = 0; i < IMAGE_CAMPAIGNS_MAX; i++)
        a.campaign[i] = span_of(umlauts, 8000 - i);
    a.sources = UINT32_MAX; /* of an image that lies */
    for (unsigned i = 0; i < IMAGE_SOURCES_MAX; i++)
        a.source[i] = span_of(umlauts, 8000 - i);
    a.reference = a.feed = a.value = span_of(umlauts + 1, 7999);
    struct ioc_copy *copy = ioc_copy_get(&c, &a, 1);
    assert_int_equal(strlen(copy->campaign[IMAGE_CAMPAIGNS_MAX - 1]), IOC_CAMPAIGN_MAX);
    assert_true(strlen(copy->value) <= IOC_VALUE_MAX);
    assert_int_equal(copy->sources, IMAGE_SOURCES_MAX);
    for (unsigned i = 0; i < IMAGE_SOURCES_MAX; i++)
        assert_in_range(strlen(copy->source[i]), 1, IOC_SOURCE_MAX);
    ioc_copy_release(&c, copy);
    ioc_copies_done(&c);
}

/* A long flow: no sighting follows the first, but its bytes grow, and that is summarised. */
static void long_flow(void **state)
{
    struct books b;
    struct incident_step data = {.at = 1, .stage = STAGE_EXCHANGED, .severity = 1, .bytes_in = 1400};

    open_books(&b);
    data.where.flow_id = 9;
    assert_int_equal(step(&b, &data), WHY_NEW);
    data.where.flags = U;
    data.at = 10;
    data.bytes_in = 5000000;
    assert_int_equal(step(&b, &data), WHY_NOTHING);
    struct incident_due due = incidents_due(&b.s, 60);
    assert_null(due.incident);
    due = incidents_due(&b.s, 61);
    assert_ptr_equal(due.incident, b.in);
    assert_int_equal(due.why, WHY_REPEAT);
    incident_told(&b.s, b.in, 61);
    assert_null(incidents_due(&b.s, 200).incident);
    data.at = 300;
    data.bytes_in = 5000001;
    assert_int_equal(step(&b, &data), WHY_REPEAT);
    assert_int_equal(b.in->count, 1);
    incidents_done(&b.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_flow),
        cmocka_unit_test(transitions),
        cmocka_unit_test(blocked_until_found),
        cmocka_unit_test(the_first_says_what_it_is),
        cmocka_unit_test(bytes_are_summed_over_flows_and_never_twice),
        cmocka_unit_test(copies_are_shared_and_told_apart),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
