/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-1 and SHA-256 (FIPS 180-4): both work on blocks of 64 bytes and words of 32 bits. */
#include "base/sha.h"

#include <endian.h>

#define BLOCK_BYTES 64u
#define WORDS_MAX   8u

static uint32_t rotate_left(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) ^ (~x & z);
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) ^ (x & z) ^ (y & z);
}

static void load(uint32_t *w, const uint8_t *block)
{
    memcpy(w, block, BLOCK_BYTES);
    for (unsigned t = 0; t < 16; t++)
        w[t] = be32toh(w[t]);
}

/* Section 6.1.2 */
static void sha1_block(uint32_t *h, const uint8_t *block)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    load(w, block);
    for (unsigned t = 16; t < 80; t++)
        w[t] = rotate_left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (unsigned t = 0; t < 80; t++) {
        uint32_t f = t < 20   ? choose(b, c, d) + 0x5a827999u
                     : t < 40 ? (b ^ c ^ d) + 0x6ed9eba1u
                     : t < 60 ? majority(b, c, d) + 0x8f1bbcdcu
                              : (b ^ c ^ d) + 0xca62c1d6u;
        uint32_t first = rotate_left(a, 5) + f + e + w[t];
        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = first;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

/* Section 4.2.2 */
static const uint32_t sha256_k[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};

/* Section 6.2.2; v[0] to v[7] are a to h. */
static void sha256_block(uint32_t *h, const uint8_t *block)
{
    uint32_t w[64], v[8];

    load(w, block);
    for (unsigned t = 16; t < 64; t++) {
        uint32_t s0 = rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    memcpy(v, h, sizeof v);
    for (unsigned t = 0; t < 64; t++) {
        uint32_t s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        uint32_t s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        uint32_t t1 = v[7] + s1 + choose(v[4], v[5], v[6]) + sha256_k[t] + w[t];
        uint32_t t2 = s0 + majority(v[0], v[1], v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        h[i] += v[i];
}

/* Whole blocks, then one or two that hold the rest, a one bit, zeros and the length in bits (section 5.1.1).
 */
static void digest(void (*block)(uint32_t *, const uint8_t *), uint32_t h[WORDS_MAX], unsigned words,
                   struct span message, uint8_t *ret)
{
    uint8_t last[2 * BLOCK_BYTES] = {0};
    uint64_t bits = htobe64((uint64_t)message.len * 8);
    size_t whole = message.len / BLOCK_BYTES, rest = message.len % BLOCK_BYTES;
    size_t end = rest < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES;

    for (size_t i = 0; i < whole; i++)
        block(h, (const uint8_t *)message.at + i * BLOCK_BYTES);
    if (rest > 0)
        memcpy(last, (const uint8_t *)message.at + whole * BLOCK_BYTES, rest);
    last[rest] = 0x80;
    memcpy(last + end - 8, &bits, 8);
    for (size_t i = 0; i < end; i += BLOCK_BYTES)
        block(h, last + i);
    for (unsigned i = 0; i < words; i++) {
        uint32_t word = htobe32(h[i]);
        memcpy(ret + (size_t)4 * i, &word, 4);
    }
}

void sha1(struct span message, uint8_t ret[SHA1_BYTES])
{
    uint32_t h[WORDS_MAX] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};

    digest(sha1_block, h, SHA1_BYTES / 4, message, ret);
}

void sha256(struct span message, uint8_t ret[SHA256_BYTES])
{
    uint32_t h[WORDS_MAX] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                             0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};

    digest(sha256_block, h, SHA256_BYTES / 4, message, ret);
}
