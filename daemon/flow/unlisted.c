/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that are known not to be listed. */
#include "flow/unlisted.h"

struct unlisted_name *unlisted_row(struct unlisted *u, const struct hash_key *key, struct span wire)
{
    if (wire.len > UNLISTED_BYTES_MAX)
        return NULL;
    return &u->row[hash_run(key, key->k[1], wire) >> 32 & (UNLISTED_ROWS - 1)];
}

/* Of the same length, at least 8: eight at a time, the last eight perhaps twice. */
static inline bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint64_t differ = hash_load(a + len - 8) ^ hash_load(b + len - 8);

    for (size_t i = 0; i + 8 < len; i += 8)
        differ |= hash_load(a + i) ^ hash_load(b + i);
    return differ == 0;
}

bool unlisted_is(const struct unlisted_name *row, struct span wire)
{
    if (row->len != wire.len)
        return false;
    return wire.len >= 8 ? same(row->wire, wire.at, wire.len) : memcmp(row->wire, wire.at, wire.len) == 0;
}

void unlisted_keep(struct unlisted_name *row, struct span wire, uint64_t text_hash)
{
    row->text_hash = text_hash;
    row->len = (uint8_t)wire.len;
    memcpy(row->wire, wire.at, wire.len);
}

void unlisted_forget(struct unlisted *u)
{
    memset(u, 0, sizeof *u);
}
