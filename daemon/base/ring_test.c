/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring between two processes, and against a producer and a consumer that lie. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ring.h"

#define SIZE    16384u
#define RECORDS 100000u

static void *new_memory(void)
{
    void *at = aligned_alloc(64, ring_memory(SIZE)); /* exact, so that ASan sees one byte too many */
    assert_non_null(at);
    memset(at, 0, ring_memory(SIZE));
    return at;
}

/* Record `n` has a length of its own and bytes that tell its number. */
static uint32_t fill(uint8_t *to, uint32_t n)
{
    uint32_t len = n % 97 == 0 ? RING_RECORD_MAX - n % 7 : 1 + n * 31 % 300;
    for (uint32_t i = 0; i < len; i++)
        to[i] = (uint8_t)(n + i * 7);
    return len;
}

static void produce(void *memory)
{
    static uint8_t record[RING_RECORD_MAX];
    struct ring r;

    ring_attach(&r, memory, SIZE);
    for (uint32_t n = 0; n < RECORDS; n++) {
        uint32_t len = fill(record, n);
        while (!ring_put(&r, record, len))
            sched_yield();
        ring_wants_wake(&r);
    }
}

static void two_processes(void **state)
{
    static uint8_t want[RING_RECORD_MAX], got[RING_RECORD_MAX];
    size_t bytes = ring_memory(SIZE);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct ring r;
    int status;

    assert_true(memory != MAP_FAILED);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        produce(memory);
        _exit(0);
    }
    ring_attach(&r, memory, SIZE);
    for (uint32_t n = 0; n < RECORDS;) {
        int len = ring_take(&r, got);
        if (len == 0) {
            sched_yield();
            continue;
        }
        assert_int_equal(len, fill(want, n));
        assert_memory_equal(want, got, (size_t)len);
        n++;
    }
    assert_int_equal(ring_take(&r, got), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    munmap(memory, bytes);
}

static void full_and_empty(void **state)
{
    static uint8_t record[RING_RECORD_MAX], got[RING_RECORD_MAX];
    void *memory = new_memory();
    struct ring in, out;
    unsigned put = 0;

    ring_attach(&in, memory, SIZE);
    ring_attach(&out, memory, SIZE);
    assert_int_equal(ring_take(&out, got), 0);
    assert_false(ring_put(&in, record, 0));
    assert_false(ring_put(&in, record, RING_RECORD_MAX + 1));
    assert_true(ring_put(&in, record, RING_RECORD_MAX));
    assert_int_equal(ring_take(&out, got), RING_RECORD_MAX);
    while (ring_put(&in, record, 12))
        put++;
    assert_int_equal(put, SIZE / 16); /* to the last byte */
    assert_int_equal(ring_take(&out, got), 12);
    assert_false(ring_put(&in, record, 13));
    assert_true(ring_put(&in, record, 12));
    assert_false(ring_put(&in, record, 1));
    for (; put > 0; put--)
        assert_int_equal(ring_take(&out, got), 12);
    assert_int_equal(ring_take(&out, got), 0);
    free(memory);
}

static void sleeping_is_told_once(void **state)
{
    static uint8_t got[RING_RECORD_MAX];
    void *memory = new_memory();
    struct ring in, out;

    ring_attach(&in, memory, SIZE);
    ring_attach(&out, memory, SIZE);
    assert_true(ring_put(&in, "x", 1));
    assert_false(ring_wants_wake(&in));
    ring_sleep(&out);
    assert_int_equal(ring_take(&out, got), 1);
    assert_true(ring_put(&in, "y", 1));
    assert_true(ring_wants_wake(&in));
    assert_false(ring_wants_wake(&in));
    free(memory);
}

/* Whatever the producer writes, the consumer reads only inside the ring, gives lengths that fit, and comes to
 * an end. */
static void a_hostile_producer(void **state)
{
    static uint8_t got[RING_RECORD_MAX];
    uint8_t *memory = new_memory();
    struct ring_head *head = (struct ring_head *)memory;
    uint64_t rnd = 12345;
    unsigned taken = 0, refused = 0;

    for (unsigned round = 0; round < 20000; round++) {
        struct ring out;
        ring_attach(&out, memory, SIZE);
        out.own = (rnd >> 20) & ~7ull;
        for (unsigned i = 0; i < 32; i++) {
            rnd = rnd * 6364136223846793005u + 1442695040888963407u;
            uint32_t at = (uint32_t)(rnd >> 33) % SIZE;
            memory[sizeof *head + at] = (uint8_t)(rnd >> 24 & (i % 4 ? 0 : 0xff));
        }
        uint64_t ahead = round % 3 == 0 ? rnd : round % 3 == 1 ? rnd % SIZE & ~7ull : SIZE;
        atomic_store(&head->written, out.own + ahead);
        unsigned steps = 0;
        int len;
        while ((len = ring_take(&out, got)) > 0) {
            assert_true(len <= (int)RING_RECORD_MAX);
            taken++;
            assert_true(++steps <= SIZE / 8);
        }
        assert_true(len == 0 || len == -EBADMSG);
        refused += len != 0;
    }
    assert_true(taken > 0 && refused > 0);
    free(memory);
}

static void a_hostile_consumer(void **state)
{
    uint8_t *memory = new_memory();
    struct ring_head *head = (struct ring_head *)memory;
    struct ring in;
    uint64_t rnd = 99;

    ring_attach(&in, memory, SIZE);
    for (unsigned i = 0; i < 100000; i++) {
        static const uint8_t record[RING_RECORD_MAX];
        rnd = rnd * 6364136223846793005u + 1442695040888963407u;
        atomic_store(&head->read, i % 2 ? rnd : in.own - rnd % (2 * SIZE));
        ring_put(&in, record, (uint32_t)(rnd >> 40) % (RING_RECORD_MAX + 2));
    }
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes),         cmocka_unit_test(full_and_empty),
        cmocka_unit_test(sleeping_is_told_once), cmocka_unit_test(a_hostile_producer),
        cmocka_unit_test(a_hostile_consumer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
