/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First by the top bits of keys, each row swapped to where its share begins (American flag sort: McIlroy,
 * Bostic, McIlroy, Engineering Radix Sort, 1993), then each share by heap. Keys are hashes, so shares are
 * small and lie in the cache; whoever chooses values so that they are not makes it a heap sort of all.
 */
#include "intel/load_sort.h"

#include "intel/image_format.h"

#define ROW        LOAD_SORT_ROW_BYTES
#define SHARE_BITS 12u
#define SHARES     (1u << SHARE_BITS)
#define FEW_ROWS   4096u /* need no shares */

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

void load_sort(uint8_t *rows, size_t count)
{
    size_t next[SHARES] = {0}, end[SHARES], at = 0;

    if (count <= FEW_ROWS) {
        heap_sort(rows, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        next[key_of(rows, i) >> (64 - SHARE_BITS)]++;
    for (unsigned s = 0; s < SHARES; s++) {
        end[s] = at + next[s];
        next[s] = at;
        at = end[s];
    }
    at = 0;
    for (unsigned s = 0; s < SHARES; s++) {
        while (next[s] < end[s]) {
            unsigned to = (unsigned)(key_of(rows, next[s]) >> (64 - SHARE_BITS));
            if (to == s)
                next[s]++;
            else
                swap(rows, next[s], next[to]++);
        }
        heap_sort(rows + at * ROW, end[s] - at);
        at = end[s];
    }
}
