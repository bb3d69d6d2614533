/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AES-128-GCM by the instructions that x86 has for it: FIPS 197, NIST SP 800-38D. The multiplication is that
 * of Gueron and Kounavis ("Intel Carry-Less Multiplication Instruction and its Usage for Computing the GCM
 * Mode"): eight blocks are multiplied by powers of the hash key, and reduced together.
 */
#include "proto/crypto_x86.h"

#if CRYPTO_X86
#include <immintrin.h>

#include "proto/crypto_private.h"

#define ROUNDS 10u /* of AES-128 */
#define WIDE   8u  /* blocks at once: the instructions' latency in their throughput */

#define USES __attribute__((target("aes,pclmul,ssse3")))
#define PART static inline __attribute__((always_inline)) USES

struct gcm {
    __m128i round[ROUNDS + 1];
    __m128i power[WIDE]; /* of the hash key, the first first; times x, as multiply() wants one side */
};

/* A product before its reduction. */
struct product {
    __m128i low, middle, high;
};

bool crypto_x86_can(void)
{
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("ssse3");
}

PART __m128i load(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i_u *)at);
}

PART void store(uint8_t *at, __m128i v)
{
    _mm_storeu_si128((__m128i_u *)at, v);
}

/* The first octet becomes the highest, and back. */
PART __m128i turned(__m128i v)
{
    return _mm_shuffle_epi8(v, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/* --- AES --- */

/* FIPS 197 §5.2. */
PART __m128i next_key(__m128i key, __m128i assist)
{
    key ^= _mm_slli_si128(key, 4);
    key ^= _mm_slli_si128(key, 8);
    return key ^ _mm_shuffle_epi32(assist, 0xff);
}

PART void expand(__m128i *round, const uint8_t *key)
{
    round[0] = load(key);
#define EXPAND(i, constant)                                                                                  \
    round[i] = next_key(round[i - 1], _mm_aeskeygenassist_si128(round[i - 1], constant))
    EXPAND(1, 0x01);
    EXPAND(2, 0x02);
    EXPAND(3, 0x04);
    EXPAND(4, 0x08);
    EXPAND(5, 0x10);
    EXPAND(6, 0x20);
    EXPAND(7, 0x40);
    EXPAND(8, 0x80);
    EXPAND(9, 0x1b);
    EXPAND(10, 0x36);
#undef EXPAND
}

PART __m128i encrypt(const __m128i *round, __m128i block)
{
    block ^= round[0];
    for (unsigned i = 1; i < ROUNDS; i++)
        block = _mm_aesenc_si128(block, round[i]);
    return _mm_aesenclast_si128(block, round[ROUNDS]);
}

/* --- GHASH: SP 800-38D §6.3 and §6.4, of blocks whose octets were turned --- */

PART void add_product(struct product *sum, __m128i a, __m128i b)
{
    sum->low ^= _mm_clmulepi64_si128(a, b, 0x00);
    sum->middle ^= _mm_clmulepi64_si128(a, b, 0x01) ^ _mm_clmulepi64_si128(a, b, 0x10);
    sum->high ^= _mm_clmulepi64_si128(a, b, 0x11);
}

/* Modulo x^128 + x^7 + x^2 + x + 1, whose bits stand turned. */
PART __m128i reduce(struct product p)
{
    const __m128i poly = _mm_set_epi64x(0, (long long)0xc200000000000000u);

    p.middle ^= _mm_shuffle_epi32(p.low, 0x4e) ^ _mm_clmulepi64_si128(p.low, poly, 0x00);
    return p.high ^ _mm_shuffle_epi32(p.middle, 0x4e) ^ _mm_clmulepi64_si128(p.middle, poly, 0x00);
}

PART __m128i multiply(__m128i a, __m128i b)
{
    struct product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};

    add_product(&p, a, b);
    return reduce(p);
}

/* In turned bits a multiplication by x is a shift to the left. */
PART __m128i times_x(__m128i v)
{
    const __m128i poly = _mm_set_epi64x((long long)0xc200000000000000u, 1);
    __m128i carry = _mm_shuffle_epi32(_mm_srai_epi32(v, 31), 0xff);
    __m128i across = _mm_slli_si128(_mm_srli_epi64(v, 63), 8);

    return _mm_slli_epi64(v, 1) ^ across ^ (carry & poly);
}

PART void set_powers(struct gcm *g)
{
    __m128i *p = g->power;

    p[0] = times_x(turned(encrypt(g->round, _mm_setzero_si128())));
    p[1] = multiply(p[0], p[0]);
    p[2] = multiply(p[1], p[0]);
    p[3] = multiply(p[1], p[1]);
    for (unsigned i = 0; i < 4; i++)
        p[4 + i] = multiply(p[3], p[i]);
}

/* Up to sixteen octets, zeros behind them. */
PART __m128i load_part(const uint8_t *at, size_t len)
{
    uint8_t block[CRYPTO_AES_BYTES] = {0};

    memcpy(block, at, len < sizeof block ? len : sizeof block);
    return load(block);
}

PART __m128i hash_part(const struct gcm *g, __m128i hash, __m128i block)
{
    return multiply(hash ^ turned(block), g->power[0]);
}

/* --- both --- */

/* Eight blocks: decrypted with the counters behind `counter`, and hashed. */
PART __m128i open_wide(const struct gcm *g, __m128i hash, __m128i *counter, const uint8_t *at, uint8_t *plain)
{
    struct product sum = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    __m128i stream[WIDE], block[WIDE];

    for (unsigned i = 0; i < WIDE; i++) {
        *counter = _mm_add_epi32(*counter, _mm_set_epi32(0, 0, 0, 1));
        stream[i] = turned(*counter) ^ g->round[0];
        block[i] = load(at + i * CRYPTO_AES_BYTES);
    }
    for (unsigned r = 1; r < ROUNDS; r++)
        for (unsigned i = 0; i < WIDE; i++)
            stream[i] = _mm_aesenc_si128(stream[i], g->round[r]);
    for (unsigned i = 0; i < WIDE; i++) {
        __m128i last = _mm_aesenclast_si128(stream[i], g->round[ROUNDS]);
        store(plain + i * CRYPTO_AES_BYTES, last ^ block[i]);
        add_product(&sum, turned(block[i]) ^ hash, g->power[WIDE - 1 - i]);
        hash = _mm_setzero_si128();
    }
    return reduce(sum);
}

/* A block, or what is there of it. */
PART __m128i open_part(const struct gcm *g, __m128i hash, __m128i *counter, struct span there, uint8_t *plain)
{
    __m128i block = load_part(there.at, there.len);
    uint8_t out[CRYPTO_AES_BYTES];

    *counter = _mm_add_epi32(*counter, _mm_set_epi32(0, 0, 0, 1));
    store(out, encrypt(g->round, turned(*counter)) ^ block);
    memcpy(plain, out, there.len);
    return hash_part(g, hash, block);
}

USES void crypto_x86_block(const uint8_t *key, const uint8_t *in, uint8_t *ret)
{
    __m128i round[ROUNDS + 1];

    expand(round, key);
    store(ret, encrypt(round, load(in)));
}

/* SP 800-38D §7.2. */
USES bool crypto_x86_open(uint8_t *plain, const uint8_t *key, const uint8_t *nonce, struct span aad,
                          struct span sealed, const uint8_t *tag)
{
    struct gcm g;
    uint8_t first[CRYPTO_AES_BYTES] = {[CRYPTO_AES_BYTES - 1] = 1};
    __m128i hash = _mm_setzero_si128();
    size_t at = 0;

    memcpy(first, nonce, CRYPTO_NONCE_BYTES);
    __m128i counter = turned(load(first));
    expand(g.round, key);
    set_powers(&g);
    for (size_t i = 0; i < aad.len; i += CRYPTO_AES_BYTES)
        hash = hash_part(&g, hash, load_part(aad.at + i, aad.len - i));
    for (; at + WIDE * CRYPTO_AES_BYTES <= sealed.len; at += WIDE * CRYPTO_AES_BYTES)
        hash = open_wide(&g, hash, &counter, sealed.at + at, plain + at);
    for (; at < sealed.len; at += CRYPTO_AES_BYTES) {
        size_t len = sealed.len - at < CRYPTO_AES_BYTES ? sealed.len - at : CRYPTO_AES_BYTES;
        hash = open_part(&g, hash, &counter, span_of(sealed.at + at, len), plain + at);
    }
    if (tag == NULL)
        return true;
    hash ^= _mm_set_epi64x((long long)aad.len * 8, (long long)sealed.len * 8);
    hash = turned(multiply(hash, g.power[0])) ^ encrypt(g.round, load(first)) ^ load(tag);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(hash, _mm_setzero_si128())) == 0xffff;
}
#endif
