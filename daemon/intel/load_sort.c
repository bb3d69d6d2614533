/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First by the top bits of keys, each row swapped to where its share begins (American flag sort: McIlroy,
 * Bostic, McIlroy, Engineering Radix Sort, 1993), then each share by the bits behind, and the few rows that
 * are left by insertion. Keys are hashes; where somebody chose values so that many are left, they are sorted
 * by heap.
 */
#include "intel/load_sort.h"

#include "intel/image_format.h"

#define ROW        LOAD_SORT_ROW_BYTES
#define SHARE_BITS 12u
#define SHARES     (1u << SHARE_BITS)
#define PART_BITS  8u
#define PARTS      (1u << PART_BITS)
#define FEW_ROWS   32u /* are sorted by insertion */

static inline uint64_t key_of(const uint8_t *rows, size_t i)
{
    return le64(rows + i * ROW);
}

static inline void swap(uint8_t *rows, size_t i, size_t k)
{
    uint8_t row[ROW];

    memcpy(row, rows + i * ROW, ROW);
    memcpy(rows + i * ROW, rows + k * ROW, ROW);
    memcpy(rows + k * ROW, row, ROW);
}

static void sift(uint8_t *rows, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && key_of(rows, child) < key_of(rows, child + 1))
            child++;
        if (key_of(rows, at) >= key_of(rows, child))
            return;
        swap(rows, at, child);
    }
}

static void heap_sort(uint8_t *rows, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sift(rows, at, count);
    for (size_t end = count; end-- > 1;) {
        swap(rows, 0, end);
        sift(rows, 0, end);
    }
}

static void insertion_sort(uint8_t *rows, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && key_of(rows, k) < key_of(rows, k - 1); k--)
            swap(rows, k, k - 1);
}

/* Puts each row among those whose keys have the same bits from `shift` on; ret[s] is where share s ends. */
static void share_out(uint8_t *rows, size_t count, unsigned shift, unsigned bits, size_t *ret)
{
    size_t next[SHARES] = {0}, at = 0, shares = (size_t)1 << bits;

    for (size_t i = 0; i < count; i++)
        next[key_of(rows, i) >> shift & (shares - 1)]++;
    for (size_t s = 0; s < shares; s++) {
        ret[s] = at + next[s];
        next[s] = at;
        at = ret[s];
    }
    for (size_t s = 0; s < shares; s++)
        while (next[s] < ret[s]) {
            size_t to = key_of(rows, next[s]) >> shift & (shares - 1);
            if (to == s)
                next[s]++;
            else
                swap(rows, next[s], next[to]++);
        }
}

/* A share that fits into the cache, once more by the bits behind. */
static void sort_share(uint8_t *rows, size_t count)
{
    size_t end[PARTS], at = 0;

    if (count <= FEW_ROWS) {
        insertion_sort(rows, count);
        return;
    }
    share_out(rows, count, 64 - SHARE_BITS - PART_BITS, PART_BITS, end);
    for (unsigned s = 0; s < PARTS; at = end[s++]) {
        if (end[s] - at <= FEW_ROWS)
            insertion_sort(rows + at * ROW, end[s] - at);
        else
            heap_sort(rows + at * ROW, end[s] - at);
    }
}

void load_sort(uint8_t *rows, size_t count)
{
    size_t end[SHARES], at = 0;

    if (count <= FEW_ROWS) {
        insertion_sort(rows, count);
        return;
    }
    share_out(rows, count, 64 - SHARE_BITS, SHARE_BITS, end);
    for (unsigned s = 0; s < SHARES; at = end[s++])
        sort_share(rows + at * ROW, end[s] - at);
}
