/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes reassembly. The input is a row of fragments of six bytes each: id, flags (last; lies about its
 * bytes; time passes), offset in units of eight (16 bits), length (16 bits). All that tell the truth take
 * their bytes from one pattern, so what was put together of them alone must show it.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "packet/defrag.h"

#define BYTES_MAX 2048u
#define IDS       8

enum { FLAG_LAST = 1, FLAG_LIE = 2, FLAG_LATE = 4, FLAG_V6 = 8 };

static uint8_t truth[65536 * 9];

static void one_fragment(struct defrag *d, struct cur *c, uint64_t *now_ns, bool *lied)
{
    struct fragment f = {.id = cur_u8(c) % IDS};
    uint8_t flags = cur_u8(c);
    f.offset = (uint32_t)(cur_u16(c) & 0x1fff) * 8;
    uint32_t len = cur_u16(c) % (2 * BYTES_MAX);
    struct span whole;
    uint8_t proto;

    *now_ns += flags & FLAG_LATE ? 400 : 1;
    f.ts_ns = *now_ns;
    f.more = !(flags & FLAG_LAST);
    if (!(flags & FLAG_V6))
        f.src.b[10] = f.src.b[11] = 0xff;
    lied += (flags & FLAG_V6) ? IDS : 0;
    lied[f.id] |= (flags & FLAG_LIE) != 0;
    uint8_t *copy = malloc(len + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, truth + f.offset, len);
    if (flags & FLAG_LIE && len > 0)
        copy[len / 2] ^= 0x55;
    f.bytes = span_of(copy, len);
    bool done = defrag_add(d, &f, &whole, &proto);
    free(copy);
    if (done && (whole.len > BYTES_MAX || (!lied[f.id] && memcmp(whole.at, truth, whole.len) != 0)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t counters[COUNTERS] = {0}, now_ns = 1;
    bool lied[IDS * 2] = {false};
    struct cur c = cur_datagram(data, size, size);
    struct defrag *d = defrag_new(3, BYTES_MAX, 1000, counters);

    if (d == NULL)
        abort();
    for (size_t i = 0; truth[1] == 0 && i < sizeof truth; i++)
        truth[i] = (uint8_t)(i * 31 + (i >> 8) + 7);
    while (cur_left(&c) >= 6)
        one_fragment(d, &c, &now_ns, lied);
    defrag_free(d);
    return 0;
}
