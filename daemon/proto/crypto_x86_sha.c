/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256's compression function (FIPS 180-4 §6.2.2) by the instructions that x86 has for it, of up to three
 * blocks side by side: each step waits for the one before it, so that one block alone leaves the processor
 * idle for half of the time.
 */
#include "proto/crypto_x86.h"

#if CRYPTO_X86
#include <cpuid.h>
#include <immintrin.h>

#define USES __attribute__((target("sha,sse4.1,ssse3")))
#define PART static inline __attribute__((always_inline)) USES

#define QUADS 16u /* of the 64 rounds, four at a time */

/* FIPS 180-4 §4.2.2. */
static const uint32_t constants[4 * QUADS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* One block on its way. The instructions want the words of the state in this order. */
struct lane {
    __m128i abef, cdgh;
    __m128i word[4]; /* the last sixteen of the message's schedule */
};

bool crypto_x86_can_sha(void)
{
    uint32_t a, b, c, d;

    /* gcc 12 cannot ask for it by name */
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3") &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

PART __m128i load(const void *at)
{
    return _mm_loadu_si128((const __m128i_u *)at);
}

PART struct lane begin(const uint32_t *state, const uint8_t *block)
{
    const __m128i turn = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i cdab = _mm_shuffle_epi32(load(state), 0xb1), efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
    struct lane l = {.abef = _mm_alignr_epi8(cdab, efgh, 8), .cdgh = _mm_blend_epi16(efgh, cdab, 0xf0)};

    for (unsigned i = 0; i < 4; i++)
        l.word[i] = _mm_shuffle_epi8(load(block + 16 * i), turn);
    return l;
}

/* The next four words of the schedule, in the place of the oldest. */
PART void schedule(struct lane *l, unsigned quad)
{
    __m128i *w0 = &l->word[quad % 4], w1 = l->word[(quad + 1) % 4], w2 = l->word[(quad + 2) % 4],
            w3 = l->word[(quad + 3) % 4];

    *w0 = _mm_add_epi32(_mm_sha256msg1_epu32(*w0, w1), _mm_alignr_epi8(w3, w2, 4));
    *w0 = _mm_sha256msg2_epu32(*w0, w3);
}

PART void rounds(struct lane *l, unsigned quad)
{
    __m128i words = _mm_add_epi32(l->word[quad % 4], load(constants + 4 * quad));

    l->cdgh = _mm_sha256rnds2_epu32(l->cdgh, l->abef, words);
    l->abef = _mm_sha256rnds2_epu32(l->abef, l->cdgh, _mm_shuffle_epi32(words, 0x0e));
}

PART void end(const struct lane *l, uint32_t *state)
{
    __m128i feba = _mm_shuffle_epi32(l->abef, 0x1b), dchg = _mm_shuffle_epi32(l->cdgh, 0xb1);
    __m128i *to = (__m128i *)(void *)state;

    _mm_storeu_si128(to, _mm_add_epi32(load(state), _mm_blend_epi16(feba, dchg, 0xf0)));
    _mm_storeu_si128(to + 1, _mm_add_epi32(load(state + 4), _mm_alignr_epi8(dchg, feba, 8)));
}

PART void compress(unsigned n, uint32_t (*state)[8], const uint8_t *const *block)
{
    struct lane lane[CRYPTO_LANES];

    for (unsigned i = 0; i < n; i++)
        lane[i] = begin(state[i], block[i]);
#pragma GCC unroll 16
    for (unsigned quad = 0; quad < QUADS; quad++)
        for (unsigned i = 0; i < n; i++) {
            if (quad >= 4)
                schedule(&lane[i], quad);
            rounds(&lane[i], quad);
        }
    for (unsigned i = 0; i < n; i++)
        end(&lane[i], state[i]);
}

USES void crypto_x86_sha256(unsigned n, uint32_t (*state)[8], const uint8_t *const *block)
{
    if (n == 1)
        compress(1, state, block);
    else if (n == 2)
        compress(2, state, block);
    else
        compress(CRYPTO_LANES, state, block);
}
#endif
