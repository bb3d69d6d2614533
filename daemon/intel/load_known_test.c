/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of known values: over many loads, against a plain reference; damaged; too small for all. */
#include <stdio.h>

#include "intel/image_test.h"
#include "intel/load_known.h"
#include "intel/load_sort.h"

#define DAY 4000

/* What a load gives the values it adds: their day in the file, or today. */
struct load {
    uint16_t today;
    unsigned rows, new, nothing;
};

static uint16_t judge(void *ctx, uint32_t id, enum load_known_says says, uint16_t day)
{
    struct load *l = ctx;

    l->rows += says == LOAD_KNOWN_ROW;
    l->new += says == LOAD_KNOWN_NEW;
    l->nothing += says == LOAD_KNOWN_NOTHING;
    return says == LOAD_KNOWN_ROW ? day : says == LOAD_KNOWN_NEW ? l->today : 0;
}

static int empty(void)
{
    int fd = memfd_create("known", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static struct load_known *open_good(int fd)
{
    const char *why = "untouched";
    struct load_known *k = load_known_new(fd, &why);

    assert_non_null(k);
    if (why != NULL)
        fail_msg("%s", why);
    return k;
}

/* One load of these keys; the next file takes the place of `*fd`. */
static struct load load(int *fd, uint16_t today, const uint64_t *keys, unsigned count, bool *ret_same)
{
    struct load_known *k = open_good(*fd);
    struct load l = {.today = today};
    int next = empty();
    uint32_t rows = UINT32_MAX;

    assert_int_equal(load_known_expect(k, count), 0);
    for (unsigned i = 0; i < count; i++)
        assert_true(load_known_add(k, keys[i], i));
    assert_int_equal(load_known_write(k, today, judge, &l, next, ret_same, &rows), 0);
    load_known_free(k);
    struct load_known *again = open_good(next);
    assert_int_equal(load_known_rows(again), rows);
    load_known_free(again);
    close(*fd);
    *fd = next;
    return l;
}

static uint16_t first_of(int fd, uint64_t key)
{
    uint8_t row[LOAD_KNOWN_ROW_BYTES];

    for (off_t at = LOAD_KNOWN_HEAD_BYTES; pread(fd, row, sizeof row, at) == sizeof row; at += sizeof row)
        if (le64(row) == key)
            return le16(row + 8);
    return 0;
}

static void days_stay_over_loads(void **state)
{
    enum { N = 20000 };
    static uint64_t keys[N];
    static uint16_t first[N];
    uint64_t seed = 3;
    int fd = empty();
    bool same;

    for (unsigned day = 0; day < 30; day++) {
        unsigned from = day * 300, count = 5000 + day * 200;
        for (unsigned i = 0; i < count; i++) {
            keys[i] = (uint64_t)(from + i) * 0x9e3779b97f4a7c15u;
            if (first[from + i] == 0)
                first[from + i] = (uint16_t)(DAY + day);
        }
        for (unsigned i = count; i-- > 1;) { /* in any order */
            unsigned k = test_random(&seed, i + 1);
            uint64_t key = keys[i];
            keys[i] = keys[k];
            keys[k] = key;
        }
        struct load l = load(&fd, (uint16_t)(DAY + day), keys, count, &same);
        assert_false(same);
        assert_int_equal(l.rows + l.new, count);
        assert_true(day == 0 ? l.rows == 0 : l.new == 500);
        l = load(&fd, (uint16_t)(DAY + day), keys, count, &same);
        assert_true(same && l.rows == count); /* nothing to store */
    }
    for (unsigned i = 0; i < N; i += 97)
        assert_int_equal(first_of(fd, i * 0x9e3779b97f4a7c15u), first[i]);
    close(fd);
}

static void what_is_long_gone_is_dropped(void **state)
{
    uint64_t keys[] = {5, 7, 9};
    int fd = empty();
    bool same;

    load(&fd, DAY, keys, 3, &same);
    load(&fd, DAY + LOAD_KNOWN_DAYS, keys + 1, 1, &same);
    assert_int_equal(first_of(fd, 5), DAY);
    load(&fd, DAY + LOAD_KNOWN_DAYS + 1, keys + 2, 1, &same);
    assert_int_equal(first_of(fd, 5), 0);
    assert_int_equal(first_of(fd, 7), DAY);
    assert_int_equal(first_of(fd, 9), DAY);
    /* A clock that was wrong for a day harms nothing that is listed, nor what was lately. */
    load(&fd, UINT16_MAX, keys + 2, 1, &same);
    load(&fd, DAY + 402, keys + 2, 1, &same);
    assert_int_equal(first_of(fd, 9), DAY);
    load(&fd, 0, keys, 3, &same);
    assert_int_equal(first_of(fd, 9), DAY);
    close(fd);
}

static const char *why_not(const uint8_t *bytes, size_t len)
{
    const char *why = NULL;
    int fd = empty();

    assert_int_equal(write(fd, bytes, len), len);
    struct load_known *k = load_known_new(fd, &why);
    assert_non_null(k);
    assert_true(why == NULL || load_known_rows(k) == 0);
    load_known_free(k);
    close(fd);
    return why;
}

static void damage_begins_anew(void **state)
{
    uint64_t keys[] = {500, 7, 1u << 30, UINT64_MAX - 1};
    uint8_t bytes[LOAD_KNOWN_HEAD_BYTES + 4 * LOAD_KNOWN_ROW_BYTES + 1] = {0};
    size_t len = sizeof bytes - 1;
    const char *why;
    int fd = empty();
    bool same;

    load(&fd, DAY, keys, 4, &same);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), len);
    assert_null(why_not(bytes, len));
    assert_null(why_not(bytes, 0)); /* none yet */
    for (size_t cut = 1; cut < len; cut++)
        assert_non_null(why_not(bytes, cut));
    assert_non_null(why_not(bytes, len + 1));
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 4;
        if (i < LOAD_KNOWN_AT_LIMIT || i >= LOAD_KNOWN_AT_SUM)
            assert_non_null(why_not(bytes, len));
        bytes[i] ^= 4;
    }
    /* Rows out of order, with a right checksum. */
    memcpy(bytes + LOAD_KNOWN_HEAD_BYTES, bytes + LOAD_KNOWN_HEAD_BYTES + LOAD_KNOWN_ROW_BYTES,
           LOAD_KNOWN_ROW_BYTES);
    put_le64(bytes + LOAD_KNOWN_AT_SUM,
             image_checksum(0, span_of(bytes + LOAD_KNOWN_HEAD_BYTES, len - LOAD_KNOWN_HEAD_BYTES)));
    assert_non_null(why_not(bytes, len));
    struct load_known *k = load_known_new(-1, &why);
    assert_non_null(why);
    load_known_free(k);
    close(fd);
}

/* More values than rows: an even share of them is known, always the same, and of no other anything is said.
 */
static void more_values_than_rows(void **state)
{
    const uint32_t count = LOAD_KNOWN_MAX + LOAD_KNOWN_MAX / 2;
    int fd = empty();
    unsigned rows = 0;

    for (unsigned round = 0; round < 2; round++) {
        struct load_known *k = open_good(fd);
        struct load l = {.today = (uint16_t)(DAY + round)};
        int next = empty();
        uint32_t written;
        bool same;
        unsigned taken = 0;
        assert_int_equal(load_known_expect(k, count), 0);
        for (uint32_t i = 0; i < count; i++)
            taken += load_known_add(k, (i + 1) * 0x9e3779b97f4a7c15u, i);
        assert_int_equal(load_known_write(k, l.today, judge, &l, next, &same, &written), 0);
        load_known_free(k);
        close(fd);
        fd = next;
        assert_int_equal(written, taken);
        assert_true(taken <= LOAD_KNOWN_MAX && taken > LOAD_KNOWN_MAX / 10 * 9);
        assert_true(round == 0 ? l.new == taken : l.rows == rows &&l.new == 0);
        rows = taken;
    }
    /* Few again: nothing can be said of those that had no row. */
    struct load_known *k = open_good(fd);
    struct load l = {.today = DAY + 2};
    uint32_t written;
    bool same;
    int next = empty();
    assert_int_equal(load_known_expect(k, 1000), 0);
    for (uint32_t i = 0; i < 1000; i++)
        load_known_add(k, (i + 1) * 0x9e3779b97f4a7c15u, i);
    assert_int_equal(load_known_write(k, l.today, judge, &l, next, &same, &written), 0);
    assert_true(l.new == 0 && l.nothing > 300 && l.rows > 600);
    assert_true(written <= LOAD_KNOWN_MAX);
    load_known_free(k);
    close(next);
    close(fd);
}

/* Keys that somebody chose so that they crowd. */
static void crowded_keys(void **state)
{
    enum { N = 100000 };
    int file = empty();
    struct load_known *k = open_good(file);
    struct load l = {.today = DAY};
    int next = empty();
    uint32_t rows;
    bool same;

    assert_int_equal(load_known_expect(k, N), 0);
    for (unsigned i = 0; i < N; i++)
        assert_true(load_known_add(k, i % 100, i));
    assert_false(load_known_add(k, 1, N)); /* more than was said */
    assert_int_equal(load_known_write(k, DAY, judge, &l, next, &same, &rows), 0);
    assert_true(rows == 100 && l.new == N);
    load_known_free(k);
    close(next);
    close(file);
}

static void sorting_sorts(void **state)
{
    static const unsigned counts[] = {0, 1, 2, 3, 100, 4095, 4097, 60000};
    uint64_t seed = 9;

    for (unsigned shape = 0; shape < 4; shape++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            unsigned n = counts[c];
            uint8_t *rows = malloc((size_t)LOAD_SORT_ROW_BYTES * (n + 1));
            uint64_t sum = 0;
            for (unsigned i = 0; i < n; i++) {
                uint64_t key =
                    (uint64_t)test_random(&seed, UINT32_MAX) << 32 | test_random(&seed, UINT32_MAX);
                key = shape == 0 ? key : shape == 1 ? i : shape == 2 ? n - i : key % 7;
                put_le64(rows + (size_t)LOAD_SORT_ROW_BYTES * i, key);
                put_le32(rows + (size_t)LOAD_SORT_ROW_BYTES * i + 8, (uint32_t)key);
                sum += key;
            }
            load_sort(rows, n);
            for (unsigned i = 0; i < n; i++) {
                const uint8_t *row = rows + (size_t)LOAD_SORT_ROW_BYTES * i;
                assert_true(i == 0 || le64(row) >= le64(row - LOAD_SORT_ROW_BYTES));
                assert_int_equal(le32(row + 8), (uint32_t)le64(row));
                sum -= le64(row);
            }
            assert_true(sum == 0);
            free(rows);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_stay_over_loads), cmocka_unit_test(what_is_long_gone_is_dropped),
        cmocka_unit_test(damage_begins_anew),   cmocka_unit_test(more_values_than_rows),
        cmocka_unit_test(crowded_keys),         cmocka_unit_test(sorting_sorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
