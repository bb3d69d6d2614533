/* SPDX-License-Identifier: BSD-2-Clause */
/* HPACK: RFC 7541. */
#include "proto/hpack.h"

#include "proto/hpack_tables.h"

#define ENTRY_OVERHEAD 32u /* §4.1 */

/*
 * §5.2. Writes as far as `cap` goes; the length of all of it, or -1: the coding is wrong. What is left at the
 * end is padding: less than a byte, all ones, the begin of EOS.
 */
static int64_t huffman(struct span coded, uint8_t *buf, size_t cap)
{
    uint32_t code = 0, first = 0; /* the bits so far; the first code of that many bits */
    unsigned bits = 0, index = 0; /* how many they are; where its symbol stands */
    int64_t len = 0;
    bool ones = true;

    for (size_t i = 0; i < coded.len * 8; i++) {
        bool bit = (coded.at[i / 8] & 0x80 >> i % 8) != 0;
        code = code << 1 | bit;
        first = (first + hpack_huffman_codes[bits]) << 1;
        index += hpack_huffman_codes[bits];
        bits++;
        ones &= bit;
        if (code - first >= hpack_huffman_codes[bits])
            continue; /* no code of that many bits */
        uint16_t symbol = hpack_huffman_symbols[index + code - first];
        if (symbol == HPACK_EOS)
            return -1;
        if ((uint64_t)len < cap)
            buf[len] = (uint8_t)symbol;
        len++;
        code = first = bits = index = 0;
        ones = true;
    }
    return bits < 8 && ones ? len : -1;
}

struct span hpack_text(struct hpack_string s, uint8_t *buf, size_t cap)
{
    if (!s.huffman)
        return s.raw;
    if (s.len > cap)
        return span_of(NULL, 0);
    int64_t len = huffman(s.raw, buf, cap);
    return len > 0 && (uint64_t)len <= cap ? span_of(buf, (size_t)len) : span_of(NULL, 0);
}

/* §5.1: `bits` of the byte `first`, and what follows if they are all ones. */
static uint32_t read_integer(struct cur *c, uint8_t first, unsigned bits)
{
    uint32_t most = (1u << bits) - 1;
    uint64_t v = first & most;
    uint8_t more = 0x80;

    for (unsigned shift = 0; v >= most && (more & 0x80) != 0 && cur_ok(c); shift += 7) {
        more = cur_u8(c);
        v += (uint64_t)(more & 0x7f) << shift;
        if (shift > 28 || v > UINT32_MAX)
            cur_fail(c);
    }
    return (uint32_t)v;
}

/* §5.2. */
static struct hpack_string read_string(struct cur *c)
{
    uint8_t first = cur_u8(c);
    uint32_t coded = read_integer(c, first, 7);
    struct hpack_string s = {.raw = cur_take(c, coded), .huffman = (first & 0x80) != 0};
    int64_t len = s.huffman && cur_ok(c) ? huffman(s.raw, NULL, 0) : (int64_t)s.raw.len;

    if (len < 0)
        cur_fail(c);
    s.len = len < 0 ? 0 : (uint32_t)len;
    return s;
}

static void evict(struct hpack *h, uint32_t most)
{
    while (h->bytes > most) {
        unsigned oldest = (h->newest + HPACK_ENTRIES_MAX - --h->entries) % HPACK_ENTRIES_MAX;
        h->bytes -= h->entry[oldest].bytes;
    }
}

/* §4.4: an entry larger than the table empties it. */
static void insert(struct hpack *h, const struct hpack_field *field, uint32_t bytes)
{
    evict(h, bytes <= h->bytes_max ? h->bytes_max - bytes : 0);
    if (bytes > h->bytes_max)
        return;
    h->newest = (h->newest + 1) % HPACK_ENTRIES_MAX;
    h->entry[h->newest].field = *field;
    h->entry[h->newest].bytes = bytes;
    h->entries++;
    h->bytes += bytes;
}

static struct hpack_string plain(const char *text)
{
    return (struct hpack_string){.raw = span_str(text), .len = (uint32_t)strlen(text)};
}

/* §2.3.3: one index over both tables. */
static struct hpack_field look_up(struct hpack *h, uint32_t index)
{
    struct hpack_field none = {.name.huffman = false};

    if (index > HPACK_STATIC && index - HPACK_STATIC <= h->entries) {
        unsigned back = index - HPACK_STATIC - 1;
        return h->entry[(h->newest + HPACK_ENTRIES_MAX - back) % HPACK_ENTRIES_MAX].field;
    }
    if (index == 0 || index > HPACK_STATIC) {
        cur_fail(&h->c);
        return none;
    }
    return (struct hpack_field){plain(hpack_static[index - 1].name), plain(hpack_static[index - 1].value)};
}

/* §6.3. More than what we keep is taken for that: nothing is evicted from the table of one block by it. */
static void resize(struct hpack *h, uint32_t most)
{
    if (h->begun)
        cur_fail(&h->c);
    h->bytes_max = most < HPACK_TABLE_BYTES ? most : HPACK_TABLE_BYTES;
    evict(h, h->bytes_max);
}

/* §6.2: `bits` of the index of the name; 0: the name is a literal, too. */
static struct hpack_field read_literal(struct hpack *h, uint8_t first, unsigned bits, bool keep)
{
    uint32_t index = read_integer(&h->c, first, bits);
    struct hpack_field field;

    if (index != 0)
        field = look_up(h, index);
    else
        field.name = read_string(&h->c);
    field.value = read_string(&h->c);
    if (keep && cur_ok(&h->c))
        insert(h, &field, field.name.len + field.value.len + ENTRY_OVERHEAD);
    return field;
}

void hpack_begin(struct hpack *h, struct cur block)
{
    h->c = block;
    h->newest = h->entries = h->bytes = 0;
    h->bytes_max = HPACK_TABLE_BYTES;
    h->begun = false;
}

bool hpack_next(struct hpack *h, struct hpack_field *ret)
{
    while (cur_ok(&h->c) && cur_left(&h->c) > 0) {
        uint8_t first = cur_u8(&h->c);
        if ((first & 0xe0) == 0x20) { /* §6.3 */
            resize(h, read_integer(&h->c, first, 5));
            continue;
        }
        h->begun = true;
        if ((first & 0x80) != 0) /* §6.1 */
            *ret = look_up(h, read_integer(&h->c, first, 7));
        else if ((first & 0x40) != 0) /* §6.2.1 */
            *ret = read_literal(h, first, 6, true);
        else /* §6.2.2, §6.2.3 */
            *ret = read_literal(h, first, 4, false);
        return cur_ok(&h->c);
    }
    return false;
}
