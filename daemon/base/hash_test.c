/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes: vectors, keys, spread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"

/* SipHash-1-3 of 00 01 02 ... under the key 00 01 ... 0f: from a separate implementation that also gives the
 * published vectors of SipHash-2-4. */
static void siphash_vectors(void **state)
{
    static const struct hash_key key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    static const struct {
        size_t len;
        uint64_t hash;
    } rows[] = {
        {0, 0xabac0158050fc4dcu},  {1, 0xc9f49bf37d57ca93u},  {7, 0xd3927d989bb11140u},
        {8, 0x369095118d299a8eu},  {15, 0xd320d86d2a519956u}, {16, 0xcc4fdd1a7d908b66u},
        {63, 0x9d199062b7bbb3a8u},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t shift = 0; shift < 8; shift++) { /* whatever the alignment */
            uint8_t *at = malloc(rows[i].len + shift + 1);
            for (size_t k = 0; k < rows[i].len; k++)
                at[shift + k] = (uint8_t)k;
            assert_true(hash_bytes(&key, at + shift, rows[i].len) == rows[i].hash);
            free(at);
        }
}

static void halves_make_the_same_product(void **state)
{
    uint64_t a = 0x9e3779b97f4a7c15u, b = 0xd1342543de82ef95u;
    static const uint64_t edges[] = {0, 1, UINT32_MAX, 1ull << 32, UINT64_MAX, UINT64_MAX - 1, 1ull << 63};

    for (unsigned i = 0; i < 7; i++)
        for (unsigned k = 0; k < 7; k++)
            assert_true(hash_fold(edges[i], edges[k]) == hash_fold_halves(edges[i], edges[k]));
    for (unsigned i = 0; i < 100000; i++) {
        assert_true(hash_fold(a, b) == hash_fold_halves(a, b));
        a = a * 6364136223846793005u + 1442695040888963407u;
        b = hash_fold(a, b) + i;
    }
    assert_true(hash_fold(UINT64_MAX, UINT64_MAX) == (1 ^ (UINT64_MAX - 1)));
}

/* Every bit of a run, its length and its order count, whatever lies behind it. */
static void runs_differ(void **state)
{
    static const struct hash_key key = {{0x243f6a8885a308d3u, 0x13198a2e03707344u}};
    static uint64_t seen[20000];
    unsigned n = 0;

    for (size_t len = 0; len <= 40; len++)
        for (size_t bit = 0; bit <= 8 * len; bit++) { /* the last one: no bit */
            uint8_t *at = calloc(len + 1, 1);
            if (bit < 8 * len)
                at[bit / 8] = (uint8_t)(1 << bit % 8);
            uint64_t h = hash_run(&key, key.k[0], span_of(at, len));
            at[len] = 0xff;
            assert_true(hash_run(&key, key.k[0], span_of(at, len)) == h);
            for (unsigned i = 0; i < n; i++)
                assert_true(seen[i] != h);
            seen[n++] = h;
            free(at);
        }
    assert_true(hash_run(&key, 1, span_str("name")) != hash_run(&key, 2, span_str("name")));
}

/* Counters, the worst ordinary input, spread over few and many places, from both ends of the hash. */
static void words_spread(void **state)
{
    static const struct hash_key key = {{0x243f6a8885a308d3u, 0x13198a2e03707344u}};
    enum { PLACES = 1024, EACH = 100 };
    static unsigned high[PLACES], low[PLACES];

    for (uint64_t i = 0; i < (uint64_t)PLACES * EACH; i++) {
        uint64_t h = hash_word(&key, key.k[0], i << (i & 1 ? 32 : 0));
        high[h >> 54]++;
        low[h & (PLACES - 1)]++;
    }
    for (unsigned i = 0; i < PLACES; i++)
        if (high[i] > 2 * EACH || high[i] < EACH / 4 || low[i] > 2 * EACH || low[i] < EACH / 4)
            fail_msg("place %u: %u from above, %u from below", i, high[i], low[i]);
}

static void the_key_counts(void **state)
{
    const struct hash_key a = {{1, 0x1234567890abcdefu}}, b = {{2, 0x1234567890abcdefu}},
                          c = {{1, 0x1234567890abcdebu}};

    assert_true(hash_bytes(&a, "x", 1) != hash_bytes(&b, "x", 1));
    assert_true(hash_bytes(&a, "x", 1) != hash_bytes(&c, "x", 1));
    assert_true(hash_bytes(&a, "x\0", 2) != hash_bytes(&a, "x", 1));
    assert_true(hash_word(&a, a.k[0], 5) != hash_word(&b, b.k[0], 5));
    assert_true(hash_word(&a, a.k[0], 5) != hash_word(&c, c.k[0], 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_vectors),
        cmocka_unit_test(runs_differ),
        cmocka_unit_test(halves_make_the_same_product),
        cmocka_unit_test(words_spread),
        cmocka_unit_test(the_key_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
