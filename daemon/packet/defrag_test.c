/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of reassembly: every order, overlaps, limits, and a comparison with a model over random fragments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "packet/defrag.h"

#define SECOND_NS 1000000000u

static uint64_t counters[COUNTERS];
static uint8_t data[65536];

static void fill_data(void)
{
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 8));
}

static struct fragment fragment(uint32_t id, uint32_t from, uint32_t to, bool more)
{
    static const uint8_t src[4] = {192, 0, 2, 1}, dst[4] = {192, 0, 2, 2};

    return (struct fragment){.ts_ns = SECOND_NS,
                             .src = addr_v4(src),
                             .dst = addr_v4(dst),
                             .id = id,
                             .proto = 17,
                             .offset = from,
                             .more = more,
                             .bytes = span_of(data + from, to - from)};
}

static bool add(struct defrag *d, uint32_t id, uint32_t from, uint32_t to, bool more, struct span *ret)
{
    struct fragment f = fragment(id, from, to, more);
    uint8_t proto;

    /* In memory of exactly its size, for the sanitizer. */
    uint8_t *copy = malloc(f.bytes.len + 1);
    assert_non_null(copy);
    memcpy(copy, f.bytes.at, f.bytes.len);
    f.bytes.at = copy;
    bool whole = defrag_add(d, &f, ret, &proto);
    free(copy);
    if (whole)
        assert_int_equal(proto, 17);
    return whole;
}

static int setup(void **state)
{
    fill_data();
    memset(counters, 0, sizeof counters);
    *state = defrag_new(4, 65535, 30ull * SECOND_NS, counters);
    return *state == NULL;
}

static int teardown(void **state)
{
    defrag_free(*state);
    return 0;
}

/* Five fragments in all of their 120 orders, each also with one sent twice. */
static void every_order(void **state)
{
    static const uint32_t ends[] = {0, 8, 24, 1504, 1512, 1515};

    for (unsigned order = 0; order < 120 * 6; order++) {
        unsigned left[5] = {0, 1, 2, 3, 4}, rest = order % 120, twice = order / 120;
        struct span whole;
        for (unsigned n = 5; n > 0; n--) {
            unsigned pick = rest % n, i = left[pick];
            rest /= n;
            memmove(left + pick, left + pick + 1, (n - 1 - pick) * sizeof *left);
            if (i == twice && n > 1)
                assert_false(add(*state, order, ends[i], ends[i + 1], i < 4, &whole));
            assert_int_equal(add(*state, order, ends[i], ends[i + 1], i < 4, &whole), n == 1);
        }
        assert_int_equal(whole.len, 1515);
        assert_memory_equal(whole.at, data, 1515);
    }
    assert_int_equal(counters[COUNT_FRAGMENTS_DONE], 720);
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST] + counters[COUNT_FRAGMENTS_CONFLICT], 0);
}

/* Bytes that came first stay; the contradiction is counted once. */
static void overlaps(void **state)
{
    struct span whole;
    uint8_t other[64];
    struct fragment f = fragment(1, 8, 40, true);
    uint8_t proto;

    memset(other, 0xff, sizeof other);
    assert_false(add(*state, 1, 0, 16, true, &whole));
    assert_false(add(*state, 1, 24, 32, true, &whole));
    f.bytes.at = other;
    assert_false(defrag_add(*state, &f, &whole, &proto)); /* fills 16..24 and 32..40 */
    assert_false(defrag_add(*state, &f, &whole, &proto));
    assert_true(add(*state, 1, 40, 45, false, &whole));
    assert_int_equal(whole.len, 45);
    assert_memory_equal(whole.at, data, 16);
    assert_memory_equal(whole.at + 16, other, 8);
    assert_memory_equal(whole.at + 24, data + 24, 8);
    assert_memory_equal(whole.at + 32, other, 8);
    assert_memory_equal(whole.at + 40, data + 40, 5);
    assert_int_equal(counters[COUNT_FRAGMENTS_CONFLICT], 1);
    assert_int_equal(counters[COUNT_FRAGMENTS_DONE], 1);
}

/* The end is where the first "last" fragment put it, whatever else is claimed. */
static void lying_ends(void **state)
{
    struct span whole;

    assert_false(add(*state, 1, 16, 32, false, &whole)); /* teardrop: the last lies within the first */
    assert_true(add(*state, 1, 0, 40, true, &whole));
    assert_int_equal(whole.len, 32);
    assert_false(add(*state, 2, 16, 32, false, &whole));
    assert_false(add(*state, 2, 24, 48, false, &whole));
    assert_true(add(*state, 2, 0, 16, true, &whole));
    assert_int_equal(whole.len, 32);
    assert_false(add(*state, 3, 0, 40, true, &whole));
    assert_true(add(*state, 3, 16, 32, false, &whole));
    assert_int_equal(whole.len, 32);
    assert_memory_equal(whole.at, data, 32);
    assert_int_equal(counters[COUNT_FRAGMENTS_CONFLICT], 3);
}

static void odd_sizes(void **state)
{
    struct span whole;

    assert_false(add(*state, 1, 0, 15, true, &whole)); /* counts as 8 bytes */
    assert_false(add(*state, 1, 0, 7, true, &whole));
    assert_false(add(*state, 1, 8, 8, false, &whole));
    assert_false(add(*state, 1, 16, 20, false, &whole));
    assert_true(add(*state, 1, 8, 16, true, &whole));
    assert_int_equal(whole.len, 20);
    assert_false(add(*state, 2, 0, 65528, true, &whole));
    assert_true(add(*state, 2, 65528, 65535, false, &whole)); /* the most there can be */
    assert_int_equal(whole.len, 65535);
    assert_memory_equal(whole.at, data, 65535);
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 0);
    assert_false(add(*state, 3, 0, 8, true, &whole));
    assert_false(add(*state, 3, 65528, 65536, false, &whole)); /* ping of death */
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 1);
    assert_false(add(*state, 3, 8, 16, false, &whole)); /* the start is gone */
    struct fragment f = fragment(4, 65528, 65528, false);
    uint8_t proto;
    f.bytes = span_of(data, 65535);
    assert_false(defrag_add(*state, &f, &whole, &proto));
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 2);
}

/* 64 pieces are held apart; who sends more of them loses the datagram. */
static void many_pieces(void **state)
{
    struct span whole;

    for (uint32_t id = 0; id < 2; id++) {
        unsigned pieces = 64 + id;
        for (unsigned i = pieces; i > 0; i--)
            assert_false(add(*state, id, i * 16, i * 16 + 8, true, &whole));
        assert_int_equal(counters[COUNT_FRAGMENTS_LOST], id);
        for (unsigned i = 0; i < pieces; i++)
            assert_false(add(*state, id, i * 16 + 8, i * 16 + 16, true, &whole));
        assert_false(add(*state, id, pieces * 16 + 8, pieces * 16 + 12, false, &whole));
        assert_int_equal(add(*state, id, 0, 8, true, &whole), id == 0);
    }
}

static void limit_and_timeout(void **state)
{
    struct span whole;
    struct fragment f;
    uint8_t proto;

    for (uint32_t id = 1; id <= 5; id++)
        assert_false(add(*state, id, 0, 8, true, &whole));
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 1); /* the oldest had to go */
    assert_false(add(*state, 1, 8, 9, false, &whole));   /* and now the next */
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 2);
    assert_true(add(*state, 5, 8, 9, false, &whole));
    assert_true(add(*state, 3, 8, 9, false, &whole));
    f = fragment(4, 8, 9, false);
    f.ts_ns = 0; /* time runs backwards */
    assert_true(defrag_add(*state, &f, &whole, &proto));
    assert_false(add(*state, 7, 0, 8, true, &whole));
    f = fragment(7, 8, 9, false);
    f.ts_ns += 30ull * SECOND_NS + 1;
    assert_false(defrag_add(*state, &f, &whole, &proto));
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 4);
    f.ts_ns = INT64_MAX;
    f.id = 8;
    assert_false(defrag_add(*state, &f, &whole, &proto));
    assert_int_equal(counters[COUNT_FRAGMENTS_LOST], 5);
}

/* Whatever of the key differs, parts are not joined; what is not of the key does not matter. */
static void keys(void **state)
{
    struct span whole;
    uint8_t proto = 0;

    for (unsigned i = 0; i < 6; i++) {
        struct fragment f = fragment(1, 0, 8, true);
        f.ts_ns += i * 60ull * SECOND_NS;
        assert_false(defrag_add(*state, &f, &whole, &proto));
        f.offset = 8;
        f.more = false;
        f.src.b[15] = (uint8_t)(f.src.b[15] + (i == 0));
        f.dst.b[15] = (uint8_t)(f.dst.b[15] + (i == 1));
        f.path += i == 2;
        f.id += i == 3;
        f.proto = (uint8_t)(f.proto + (i == 4));
        assert_int_equal(defrag_add(*state, &f, &whole, &proto), i == 5);
    }
    /* IPv6: the next header of the first fragment counts (RFC 8200 §4.5) */
    struct fragment f = fragment(9, 8, 9, false);
    f.src.b[0] = f.dst.b[0] = 0x20;
    f.proto = 60;
    assert_false(defrag_add(*state, &f, &whole, &proto));
    f.offset = 0;
    f.more = true;
    f.proto = 6;
    f.bytes = span_of(data, 8);
    assert_true(defrag_add(*state, &f, &whole, &proto));
    assert_int_equal(proto, 6);
}

/* A fragment inside of the datagram that was handed out, over and over, with room for one. */
static void nested(void **state)
{
    struct defrag *d = defrag_new(1, 4096, SECOND_NS, counters);
    struct span whole = span_of(data, 4096);
    uint8_t proto;

    for (uint32_t i = 0; i < 200; i++) {
        struct fragment f = fragment(i, 0, 8, true);
        struct span inside = whole;
        f.bytes = span_of(inside.at, 8);
        assert_false(defrag_add(d, &f, &whole, &proto));
        f = fragment(i, 8, 4096, false);
        assert_true(defrag_add(d, &f, &whole, &proto));
        f = fragment(i + 1000, 0, 4096, false);
        f.bytes = whole;
        assert_true(defrag_add(d, &f, &whole, &proto));
        assert_memory_equal(whole.at, data, 4096);
    }
    defrag_free(d);
    defrag_free(NULL);
}

/* Random fragments of one small datagram against a model that keeps a mark for each byte. */
static void model(void **state)
{
    uint32_t seed = 1;

    for (uint32_t id = 0; id < 5000; id++) {
        uint8_t bytes[96] = {0}, there[96] = {0}, body[96];
        uint32_t total = 0;
        bool whole = false;
        for (unsigned n = 0; n < 40 && !whole; n++) {
            struct fragment f = fragment(id, 0, 8, true);
            struct span got;
            uint8_t proto;
            seed = seed * 1664525 + 1013904223;
            f.offset = (seed >> 8) % 8 * 8;
            f.more = (seed >> 16) % 4 != 0;
            uint32_t len = (1 + (seed >> 20) % 3) * 8 - (f.more ? 0 : (seed >> 24) % 8);
            memset(body, (int)n + 1, sizeof body);
            f.bytes = span_of(body, len);
            for (uint32_t i = 0; i < len; i++)
                if (!there[f.offset + i]) {
                    there[f.offset + i] = 1;
                    bytes[f.offset + i] = body[i];
                }
            if (!f.more && total == 0)
                total = f.offset + len;
            whole = total > 0 && memchr(there, 0, total) == NULL;
            assert_int_equal(defrag_add(*state, &f, &got, &proto), whole);
            if (whole) {
                assert_int_equal(got.len, total);
                assert_memory_equal(got.at, bytes, total);
            }
        }
    }
    assert_true(counters[COUNT_FRAGMENTS_DONE] > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_order, setup, teardown),
        cmocka_unit_test_setup_teardown(overlaps, setup, teardown),
        cmocka_unit_test_setup_teardown(lying_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(many_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(limit_and_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(keys, setup, teardown),
        cmocka_unit_test_setup_teardown(nested, setup, teardown),
        cmocka_unit_test_setup_teardown(model, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
