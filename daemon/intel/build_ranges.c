/* SPDX-License-Identifier: BSD-2-Clause */
/* Flattening nested ranges into disjoint intervals, so that a look-up is one binary search. */
#include "intel/build_private.h"

#include <errno.h>
#include <stdlib.h>

/* A range holds its first address before any range inside it; equal ranges keep their order of arrival. */
static int by_place(const void *a, const void *b)
{
    const struct build_range *x = a, *y = b;
    int c = memcmp(x->prefix.addr.b, y->prefix.addr.b, 16);

    if (c == 0)
        c = x->prefix.bits - y->prefix.bits;
    return c;
}

/* Whether `b` names a part of what `a` names: "aws/EC2", "aws". */
static bool is_part(const struct build *build, uint32_t a, uint32_t b, uint32_t flags)
{
    struct span old = pool_get(&build->strings, a & ~flags);
    struct span new = pool_get(&build->strings, b & ~flags);

    return new.len > old.len &&new.at[old.len] == '/' && span_eq(span_of(new.at, old.len), old);
}

/* Whether `b` says more than `a` about the same range: by its flags, such as that it is shared, or a part. */
static bool says_more(const struct build *build, uint32_t a, uint32_t b, uint32_t flags)
{
    return (a ^ b) & flags ? (b & flags) > (a & flags) : is_part(build, a, b, flags);
}

/* What labels a range inside another one: its own tag, unless the wider one names a part of the same: in a
 * list that was put together by addresses alone, ranges may be smaller than in one that tells parts apart. */
static uint32_t tag_within(const struct build *build, uint32_t tag, uint32_t around, uint32_t flags)
{
    return (tag & flags) <= (around & flags) && is_part(build, tag, around, flags) ? around : tag;
}

/* Sorts, and leaves one of equal ranges. The order of arrival is kept by a merge sort (glibc's and musl's
 * qsort differ), done bottom up over a second array. */
static int sort_ranges(const struct build *b, struct build_ranges *ranges, uint32_t flags)
{
    struct build_range *from = ranges->list, *to = calloc(ranges->count, sizeof *to);
    size_t n = ranges->count;

    if (to == NULL)
        return -ENOMEM;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t l = start, lend = start + width < n ? start + width : n;
            size_t r = lend, rend = lend + width < n ? lend + width : n;
            for (size_t k = start; k < rend; k++)
                to[k] = r == rend || (l < lend && by_place(&from[l], &from[r]) <= 0) ? from[l++] : from[r++];
        }
        struct build_range *swap = from;
        from = to;
        to = swap;
    }
    free(to);
    ranges->list = from;
    ranges->cap = n;
    ranges->count = 0;
    for (size_t i = 0; i < n; i++) {
        struct build_range *last = ranges->count ? &ranges->list[ranges->count - 1] : NULL;
        if (last == NULL || by_place(last, &from[i]) != 0)
            ranges->list[ranges->count++] = from[i];
        else if (says_more(b, last->tag, from[i].tag, flags))
            last->tag = from[i].tag;
    }
    return 0;
}

/* The address behind the last of a prefix; false when there is none. */
static bool behind(const struct prefix *p, struct addr *ret)
{
    unsigned carry = 1;

    *ret = p->addr;
    for (unsigned i = 16; i-- > 0;) {
        unsigned keep = p->bits > i * 8 ? p->bits - i * 8 : 0;
        unsigned v = (ret->b[i] | (keep < 8 ? 0xffu >> keep : 0)) + carry;
        ret->b[i] = (uint8_t)v;
        carry = v >> 8;
    }
    return carry == 0;
}

/* From `start` on, `tag` holds. A row at the same address takes the place of the one before. */
static void emit(struct build_section *s, const struct addr *start, uint32_t tag)
{
    uint8_t *row = s->memory.at + s->len;

    if (s->len > 0 && memcmp(row - IMAGE_HOSTING_ROW, start->b, 16) == 0)
        row -= IMAGE_HOSTING_ROW;
    else
        s->len += IMAGE_HOSTING_ROW;
    memcpy(row, start->b, 16);
    put_le32(row + 16, tag);
}

int build_ranges(const struct build *b, struct build_ranges *ranges, uint32_t flags,
                 struct build_section *ret)
{
    uint32_t open[129]; /* ranges around the current place; each is inside the one before */
    uint32_t tag[129];  /* what labels them */
    unsigned depth = 0;
    struct addr end;

    if (ranges->count == 0)
        return 0;
    if (sort_ranges(b, ranges, flags) < 0)
        return -ENOMEM;
    if (region_grow(&ret->memory, ranges->count * 2 * IMAGE_HOSTING_ROW) < 0)
        return -ENOMEM;
    for (size_t i = 0; i <= ranges->count; i++) {
        while (depth > 0) {
            const struct prefix *top = &ranges->list[open[depth - 1]].prefix;
            if (i < ranges->count && prefix_has(top, &ranges->list[i].prefix.addr))
                break;
            depth--;
            if (behind(top, &end))
                emit(ret, &end, depth ? tag[depth - 1] : 0);
        }
        if (i < ranges->count) {
            uint32_t own = ranges->list[i].tag;
            open[depth] = (uint32_t)i;
            tag[depth] = depth > 0 ? tag_within(b, own, tag[depth - 1], flags) : own;
            emit(ret, &ranges->list[i].prefix.addr, tag[depth++]);
        }
    }
    ret->at = ret->memory.at;
    return 0;
}
