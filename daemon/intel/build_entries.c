/* SPDX-License-Identifier: BSD-2-Clause */
/* Records and where every eighth of them begins, appended to what will be written. */
#include "intel/build_entries.h"

#include <errno.h>

#include "intel/image_format.h"
#include "intel/observation.h"

#define RECORD_BYTES_MAX (NAME_TEXT_MAX + 24u) /* three varints */

void build_entries_done(struct build_entries *e)
{
    region_done(&e->records);
    region_done(&e->groups);
    region_done(&e->changed);
    *e = (struct build_entries){0};
}

size_t build_varint(uint8_t to[8], uint64_t v)
{
    if (v < 1u << 6) {
        *to = (uint8_t)v;
        return 1;
    }
    unsigned log = v < 1u << 14 ? 1 : v < 1u << 30 ? 2 : 3, n = 1u << log;

    for (unsigned i = 0; i < n; i++)
        to[i] = (uint8_t)(v >> 8 * (n - 1 - i));
    to[0] |= (uint8_t)(log << 6);
    return n;
}

/* What build_varint wrote. */
static uint64_t read_varint(const uint8_t **at)
{
    const uint8_t *p = *at;

    if (*p < 1u << 6) {
        *at = p + 1;
        return *p;
    }
    unsigned n = 1u << (*p >> 6);
    uint64_t v = *p & 0x3f;

    for (unsigned i = 1; i < n; i++)
        v = v << 8 | p[i];
    *at = p + n;
    return v;
}

int build_entries_add(struct build_entries *e, struct span text, uint32_t meta, uint32_t line)
{
    size_t group = e->count / IMAGE_GROUP;
    bool first = e->count % IMAGE_GROUP == 0;

    if (e->count >= UINT32_MAX - 1 || e->len + RECORD_BYTES_MAX > UINT32_MAX)
        return -EFBIG;
    if (region_grow(&e->records, e->len + RECORD_BYTES_MAX) < 0 ||
        region_grow(&e->groups, 4 * (group + 1)) < 0)
        return -ENOMEM;
    int64_t step = (int64_t)line - (first ? 0 : e->last_line);
    uint8_t *to = e->records.at + e->len;
    if (first)
        put_le32(e->groups.at + 4 * group, (uint32_t)e->len);
    to += build_varint(to, text.len);
    if (text.len > 0)
        memcpy(to, text.at, text.len);
    to += text.len;
    to += build_varint(to, meta);
    to += build_varint(to, (uint64_t)step << 1 ^ (uint64_t)(step >> 63));
    e->len = (size_t)(to - e->records.at);
    e->last_line = line;
    e->count++;
    return 0;
}

int build_entries_change(struct build_entries *e, uint32_t id, uint32_t meta)
{
    if (region_grow(&e->changed, (size_t)4 * (id + 1)) < 0)
        return -ENOMEM;
    put_le32(e->changed.at + (size_t)4 * id, meta + 1);
    return 0;
}

/* The record behind that of `at`. */
static void read_record(const struct build_entries *e, const uint8_t *from, struct build_entry *at)
{
    const uint8_t *p = from;
    size_t len = (size_t)read_varint(&p);

    at->text = span_of(p, len);
    at->front = span_of(from, (size_t)(p - from) + len);
    p += len;
    at->meta = (uint32_t)read_varint(&p);
    from = p;
    uint64_t step = read_varint(&p);
    at->back = span_of(from, (size_t)(p - from));
    at->id++;
    at->line = (uint32_t)((at->id % IMAGE_GROUP == 0 ? 0 : at->line) + (step >> 1 ^ (0 - (step & 1))));
    if (e->changed.cap > (size_t)4 * at->id && le32(e->changed.at + (size_t)4 * at->id) != 0)
        at->meta = le32(e->changed.at + (size_t)4 * at->id) - 1;
}

struct build_entry build_entries_get(const struct build_entries *e, uint32_t id)
{
    uint32_t group = id / IMAGE_GROUP;
    struct build_entry at = {.id = group * IMAGE_GROUP - 1};

    read_record(e, e->records.at + le32(e->groups.at + (size_t)4 * group), &at);
    while (at.id != id)
        read_record(e, at.back.at + at.back.len, &at);
    return at;
}

bool build_entries_next(const struct build_entries *e, struct build_entry *at)
{
    if (at->id + 1 == e->count)
        return false;
    read_record(e, at->back.at != NULL ? at->back.at + at->back.len : e->records.at, at);
    return true;
}
