/* SPDX-License-Identifier: BSD-2-Clause */
/* Both rings of a worker give one order, and nonsense in them is noticed. */
#include "serve/drain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define RING (4 * RING_RECORD_MAX)

struct pair {
    struct worker_shm *shm;
    struct ring producer[2];
    struct drain drain;
    uint64_t seen[64];
    unsigned count;
    int answer;
};

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);

    p->shm = aligned_alloc(64, worker_shm_bytes(RING, RING));
    memset(p->shm, 0, worker_shm_bytes(RING, RING));
    ring_attach(&p->producer[0], worker_shm_sightings(p->shm), RING);
    ring_attach(&p->producer[1], worker_shm_observations(p->shm, RING), RING);
    drain_init(&p->drain, p->shm, RING, RING);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;

    free(p->shm);
    free(p);
    return 0;
}

static void put(struct pair *p, unsigned ring, uint64_t seq)
{
    uint8_t buf[RING_RECORD_MAX];
    struct record r = {.seq = seq, .kind = RECORD_OBSERVATION, .value = span_str("name.example")};

    assert_true(ring_put(&p->producer[ring], buf, record_pack(&r, buf)));
}

static int take(void *ctx, const struct record *r)
{
    struct pair *p = ctx;

    assert_true(span_eq(r->value, span_str("name.example")));
    p->seen[p->count++] = r->seq;
    return p->answer;
}

static void one_order(void **state)
{
    static const unsigned ring[] = {1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 1};
    struct pair *p = *state;

    for (unsigned i = 0; i < sizeof ring / sizeof *ring; i++)
        put(p, ring[i], i + 1);
    assert_int_equal(drain_run(&p->drain, 4, take, p), 1); /* budget */
    assert_int_equal(p->count, 4);
    assert_int_equal(drain_run(&p->drain, 100, take, p), 0);
    assert_int_equal(p->count, sizeof ring / sizeof *ring);
    for (unsigned i = 0; i < p->count; i++)
        assert_int_equal(p->seen[i], i + 1);
}

/* A record that was taken while the other ring was empty must wait when an older one shows up there. */
static void held_record_waits(void **state)
{
    struct pair *p = *state;

    put(p, 1, 1);
    put(p, 1, 3);
    assert_int_equal(drain_run(&p->drain, 1, take, p), 1);
    put(p, 0, 2);
    put(p, 0, 4);
    assert_int_equal(drain_run(&p->drain, 100, take, p), 0);
    assert_int_equal(p->count, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(p->seen[i], i + 1);
}

static void sleeping_sees_what_came(void **state)
{
    struct pair *p = *state;

    assert_false(drain_sleep(&p->drain));
    assert_true(ring_wants_wake(&p->producer[1]));
    put(p, 1, 1);
    assert_true(drain_sleep(&p->drain));
}

static void nonsense_is_noticed(void **state)
{
    struct pair *p = *state;
    struct ring_head *head = worker_shm_sightings(p->shm);

    atomic_store(&head->written, UINT64_MAX - 7);
    assert_int_equal(drain_run(&p->drain, 10, take, p), -EBADMSG);
    atomic_store(&head->written, 16); /* a length of zero */
    assert_int_equal(drain_run(&p->drain, 10, take, p), -EBADMSG);
    assert_int_equal(p->count, 0);
}

static void a_broken_record_is_noticed(void **state)
{
    struct pair *p = *state;
    uint8_t bytes[64] = {0xff};

    memset(bytes, 0xff, sizeof bytes);
    assert_true(ring_put(&p->producer[1], bytes, sizeof bytes));
    assert_int_equal(drain_run(&p->drain, 10, take, p), -EBADMSG);
}

static void the_callers_doubt_stops(void **state)
{
    struct pair *p = *state;

    put(p, 0, 1);
    put(p, 0, 2);
    p->answer = -EPERM;
    assert_int_equal(drain_run(&p->drain, 10, take, p), -EPERM);
    assert_int_equal(p->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_order, setup, teardown),
        cmocka_unit_test_setup_teardown(held_record_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(sleeping_sees_what_came, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_record_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(the_callers_doubt_stops, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
