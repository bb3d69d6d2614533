/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the image (image_format.h): sections are made one by one, then written in order. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "intel/build_private.h"

#define NAME_FILTER_BITS 12u         /* a name: one suffix in thirty passes the filter by chance */
#define FILTER_WORDS_MAX (16u << 17) /* 16 MiB: beyond ten million names the filter lets more pass */
#define ADDR_FILTER_BITS 24u         /* a network */
#define NETS_MAX         256u        /* networks that one prefix may take in the address filter */
#define BUCKET_FILL      12u         /* slots of sixteen that are used on average */
#define RECORD_EXTRA     14u         /* bytes of a record's three varints: length, row of METAS, line */

struct out {
    const struct build *b;
    uint8_t head[IMAGE_HEADER_BYTES];
    struct build_section s[IMAGE_SECTIONS];
    uint32_t names, addrs;
};

static uint8_t type_of(const struct build *b, uint32_t id)
{
    return pool_get(&b->entries, id).at[0];
}

static bool is_address(const struct build *b, uint32_t id)
{
    return ioc_is_address(type_of(b, id));
}

static struct span value(const struct build *b, uint32_t id)
{
    struct span e = pool_get(&b->entries, id);
    return span_of(e.at + 1, e.len - 1);
}

static int make(struct build_section *s, size_t len)
{
    s->own = calloc(1, len ? len : 1);
    s->at = s->own;
    s->len = len;
    return s->own ? 0 : -ENOMEM;
}

static void head_bit(struct out *o, unsigned at, unsigned bit)
{
    uint8_t *word = o->head + at + bit / 64 * 8;
    put_le64(word, le64(word) | 1ull << bit % 64);
}

/* QUIC's variable-length integer (RFC 9000 §16), as cur_varint reads it. */
static size_t put_varint(uint8_t *to, uint64_t v)
{
    unsigned log = v < 1u << 6 ? 0 : v < 1u << 14 ? 1 : v < 1u << 30 ? 2 : 3, n = 1u << log;

    for (unsigned i = 0; i < n; i++)
        to[i] = (uint8_t)(v >> 8 * (n - 1 - i));
    to[0] |= (uint8_t)(log << 6);
    return n;
}

static int make_records(struct out *o)
{
    const struct build *b = o->b;
    uint32_t n = b->entries.count;
    struct build_section *groups = &o->s[IMAGE_GROUPS], *recs = &o->s[IMAGE_RECORDS];
    int64_t last = 0;

    size_t most = (n ? b->entries.start[n] : 0) + (size_t)n * RECORD_EXTRA;
    if (make(groups, ((size_t)n + IMAGE_GROUP - 1) / IMAGE_GROUP * 4) < 0 || make(recs, most) < 0)
        return -ENOMEM;
    uint8_t *to = recs->own;
    for (uint32_t id = 0; id < n; id++) {
        struct span text = value(b, id);
        head_bit(o, IMAGE_AT_TYPES, type_of(b, id));
        if (id % IMAGE_GROUP == 0) {
            put_le32(groups->own + id / IMAGE_GROUP * 4, (uint32_t)(to - recs->own));
            last = 0;
        }
        int64_t step = (int64_t)b->line[id] - last;
        last = b->line[id];
        to += put_varint(to, text.len);
        if (text.len > 0)
            memcpy(to, text.at, text.len);
        to += text.len;
        to += put_varint(to, b->meta[id]);
        to += put_varint(to, (uint64_t)step << 1 ^ (uint64_t)(step >> 63));
    }
    recs->len = (size_t)(to - recs->own);
    return 0;
}

/* The pool's elements as they are, and where each begins if they differ in length. */
static int take_pool(struct out *o, const struct pool *p, enum image_section in, enum image_section at)
{
    o->s[in].at = p->bytes;
    o->s[in].len = p->count ? p->start[p->count] : 0;
    if (at == in || p->count == 0)
        return 0;
    if (make(&o->s[at], ((size_t)p->count + 1) * 4) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i <= p->count; i++)
        put_le32(o->s[at].own + (size_t)4 * i, p->start[i]);
    return 0;
}

static void filter_set(struct build_section *s, uint64_t hash)
{
    uint8_t *word = s->own + (size_t)8 * hash_place(hash, (uint32_t)(s->len / 8));
    put_le64(word, le64(word) | filter_mask(hash));
}

static size_t filter_bytes(uint64_t things, unsigned bits)
{
    uint64_t words = things * bits / 64 + 1;
    return things == 0 ? 0 : (size_t)(words < FILTER_WORDS_MAX ? words : FILTER_WORDS_MAX) * 8;
}

/* False when the buckets in reach are full: the table is too small for this key. */
static bool slot_set(struct build_section *s, uint32_t mask, uint64_t hash, uint32_t index)
{
    uint32_t buckets = (uint32_t)(s->len / 64), bucket = hash_place(hash, buckets);

    for (unsigned i = 0; i < IMAGE_BUCKET * IMAGE_PROBES_MAX; i++) {
        uint8_t *slot = s->own + (size_t)64 * bucket + 4 * (i % IMAGE_BUCKET);
        if (le32(slot) == 0) {
            put_le32(slot, table_tag(hash, mask) | (index + 1));
            return true;
        }
        if (i % IMAGE_BUCKET == IMAGE_BUCKET - 1 && ++bucket == buckets)
            bucket = 0;
    }
    return false;
}

/* Empty buckets for `things`, more of them on each new try. */
static int make_slots(struct build_section *s, uint32_t things, unsigned attempt)
{
    free(s->own);
    s->own = NULL;
    return make(s, ((size_t)things * (1 + attempt) / BUCKET_FILL + 1) * 64);
}

static uint64_t name_hash(const struct out *o, struct span name, unsigned *ret_labels)
{
    uint64_t h = o->b->key.k[0];

    *ret_labels = 0;
    for (size_t to = name.len;; to--) {
        size_t from = name_label(name, to);
        h = name_hash_label(&o->b->key, h, name, from, to);
        ++*ret_labels;
        if (from == 0)
            return h;
        to = from;
    }
}

static bool place_names(struct out *o)
{
    uint32_t n = o->b->entries.count, mask = table_index_mask(n);
    unsigned labels;

    for (uint32_t id = 0; id < n; id++) {
        uint8_t type = type_of(o->b, id);
        uint64_t h;
        if (ioc_is_address(type))
            continue;
        if (ioc_is_digest(type)) {
            h = digest_hash(&o->b->key, type, value(o->b, id));
        } else {
            h = name_hash(o, value(o->b, id), &labels);
            if (labels > IMAGE_LABELS_MAX)
                continue; /* no name of DNS is that deep */
            head_bit(o, IMAGE_AT_DEPTHS, labels);
        }
        filter_set(&o->s[IMAGE_NAME_FILTER], h);
        if (!slot_set(&o->s[IMAGE_NAME_SLOTS], mask, h, id))
            return false;
    }
    return true;
}

static int make_names(struct out *o)
{
    if (o->names == 0)
        return 0;
    if (make(&o->s[IMAGE_NAME_FILTER], filter_bytes(o->names, NAME_FILTER_BITS)) < 0)
        return -ENOMEM;
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        if (make_slots(&o->s[IMAGE_NAME_SLOTS], o->names, attempt) < 0)
            return -ENOMEM;
        if (place_names(o))
            return 0;
    }
    return -EOVERFLOW;
}

/* How many networks of the filter's size a prefix takes; 0: too many, the filter is then left out. */
static uint32_t nets(const struct prefix *p, bool v4)
{
    unsigned bits = v4 ? 120 : 48;
    unsigned below = p->bits < bits ? bits - p->bits : 0;
    return below < 31 && 1u << below <= NETS_MAX ? 1u << below : 0;
}

static void filter_prefix(struct out *o, const struct prefix *p, bool v4)
{
    struct addr a = p->addr;
    uint32_t n = nets(p, v4);

    if (n == 0)
        put_le32(o->head + IMAGE_AT_WIDE,
                 le32(o->head + IMAGE_AT_WIDE) | (v4 ? IMAGE_WIDE_V4 : IMAGE_WIDE_V6));
    for (uint32_t i = 0; i < n; i++) {
        filter_set(&o->s[IMAGE_ADDR_FILTER], addr_filter_hash(&o->b->key, &a, v4));
        a.b[v4 ? 14 : 5]++; /* a prefix of at most 256 networks never carries */
    }
}

/* The prefix of an indicator, from the text that we made of it. */
static struct prefix prefix_of(const struct out *o, uint32_t id, bool *ret_v4)
{
    struct prefix p = {0};
    prefix_parse(value(o->b, id), &p, NULL);
    *ret_v4 = addr_is_v4(&p.addr) && p.bits >= 96;
    return p;
}

static bool place_addrs(struct out *o)
{
    uint32_t row = 0, mask = table_index_mask(o->addrs);
    bool v4;

    for (uint32_t id = 0; id < o->b->entries.count; id++) {
        if (!is_address(o->b, id))
            continue;
        struct prefix p = prefix_of(o, id, &v4);
        uint8_t *to = o->s[IMAGE_ADDRS].own + (size_t)IMAGE_ADDR_ROW * row;
        memcpy(to, p.addr.b, 16);
        to[16] = p.bits;
        put_le32(to + 20, id);
        filter_prefix(o, &p, v4);
        head_bit(o, v4 ? IMAGE_AT_V4_BITS : IMAGE_AT_V6_BITS, v4 ? p.bits - 96u : p.bits);
        if (!slot_set(&o->s[IMAGE_ADDR_SLOTS], mask, addr_hash(&o->b->key, &p.addr, p.bits), row++))
            return false;
    }
    return true;
}

static int make_addrs(struct out *o)
{
    uint64_t in_filter = 0;
    bool v4;

    if (o->addrs == 0)
        return 0;
    for (uint32_t id = 0; id < o->b->entries.count; id++) {
        if (!is_address(o->b, id))
            continue;
        struct prefix p = prefix_of(o, id, &v4);
        in_filter += nets(&p, v4);
    }
    if (make(&o->s[IMAGE_ADDR_FILTER], filter_bytes(in_filter, ADDR_FILTER_BITS)) < 0 ||
        make(&o->s[IMAGE_ADDRS], (size_t)IMAGE_ADDR_ROW * o->addrs) < 0)
        return -ENOMEM;
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        if (make_slots(&o->s[IMAGE_ADDR_SLOTS], o->addrs, attempt) < 0)
            return -ENOMEM;
        if (place_addrs(o))
            return 0;
    }
    return -EOVERFLOW;
}

static int write_all(int fd, const void *at, size_t len)
{
    for (const uint8_t *p = at; len > 0;) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static size_t padded(size_t len)
{
    return (len + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
}

static int finish_head(struct out *o)
{
    uint64_t total = IMAGE_HEADER_BYTES, sum;

    memcpy(o->head + IMAGE_AT_MAGIC, IMAGE_MAGIC, 8);
    put_le32(o->head + IMAGE_AT_VERSION, IMAGE_VERSION);
    put_le64(o->head + IMAGE_AT_KEY, o->b->key.k[0]);
    put_le64(o->head + IMAGE_AT_KEY + 8, o->b->key.k[1]);
    put_le32(o->head + IMAGE_AT_IOCS, o->b->entries.count);
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
        put_le32(o->head + IMAGE_AT_SECTIONS + 8 * i, (uint32_t)total);
        put_le32(o->head + IMAGE_AT_SECTIONS + 8 * i + 4, (uint32_t)o->s[i].len);
        total += padded(o->s[i].len);
        if (total > UINT32_MAX)
            return -EFBIG;
    }
    put_le32(o->head + IMAGE_AT_BYTES, (uint32_t)total);
    sum = image_checksum(0, span_of(o->head, sizeof o->head));
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++)
        sum = image_checksum(sum, span_of(o->s[i].at, o->s[i].len));
    put_le64(o->head + IMAGE_AT_CHECKSUM, sum);
    return 0;
}

static int write_sections(struct out *o, int fd)
{
    static const uint8_t zeros[IMAGE_ALIGN];
    int err = write_all(fd, o->head, sizeof o->head);

    for (unsigned i = 0; i < IMAGE_SECTIONS && err == 0; i++) {
        err = write_all(fd, o->s[i].at, o->s[i].len);
        if (err == 0)
            err = write_all(fd, zeros, padded(o->s[i].len) - o->s[i].len);
    }
    return err;
}

static int make_all(struct out *o, struct build *b)
{
    int err = make_records(o);

    if (err == 0)
        err = take_pool(o, &b->metas, IMAGE_METAS, IMAGE_METAS);
    if (err == 0)
        err = take_pool(o, &b->sets, IMAGE_SETS, IMAGE_SETS_AT);
    if (err == 0)
        err = take_pool(o, &b->strings, IMAGE_STRINGS, IMAGE_STRINGS_AT);
    if (err == 0)
        err = make_names(o);
    if (err == 0)
        err = make_addrs(o);
    if (err == 0)
        err = build_ranges(b, &b->hosting, &o->s[IMAGE_HOSTING]);
    if (err == 0)
        err = build_ranges(b, &b->resolver_nets, &o->s[IMAGE_RESOLVER_NETS]);
    if (err == 0)
        err = build_resolvers(b, &o->s[IMAGE_RESOLVERS]);
    return err == 0 ? finish_head(o) : err;
}

int build_write(struct build *b, int fd)
{
    struct out o = {.b = b};

    for (uint32_t id = 0; id < b->entries.count; id++)
        o.addrs += is_address(b, id);
    o.names = b->entries.count - o.addrs;
    int err = make_all(&o, b);
    if (err == 0)
        err = write_sections(&o, fd);
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++)
        free(o.s[i].own);
    return err;
}
