/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing the image (image_format.h): sections are made one by one, then written in order. */
#include <errno.h>

#include "intel/build_private.h"
#include "intel/build_sink.h"

#define FILTER_BITS     12u /* for each thing: one in a hundred others passes by chance */
#define BUCKET_FILL     12u /* slots of sixteen that are used on average */
#define GIVE_BACK_BYTES (1 << 20)

struct out {
    struct build *b;
    uint8_t head[IMAGE_HEADER_BYTES];
    struct build_section s[IMAGE_SECTIONS];
    uint32_t names, addrs;
};

static int make(struct build_section *s, size_t len)
{
    if (region_grow(&s->memory, len) < 0)
        return -ENOMEM;
    s->at = s->memory.at;
    s->len = len;
    return 0;
}

static void head_bit(struct out *o, unsigned at, unsigned bit)
{
    uint8_t *word = o->head + at + bit / 64 * 8;
    put_le64(word, le64(word) | 1ull << bit % 64);
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
        put_le32(o->s[at].memory.at + (size_t)4 * i, p->start[i]);
    return 0;
}

static int make_filter(struct build_section *s, uint64_t things)
{
    return make(s, (size_t)(things * FILTER_BITS / 64 + 1) * 8);
}

/* Gives the table to the section, or makes the caller try again with a larger one. */
static bool take_table(struct build_section *s, struct build_table *t)
{
    if (!build_table_finish(t)) {
        build_table_done(t);
        return false;
    }
    s->memory = t->memory;
    s->at = s->memory.at;
    s->len = (size_t)t->buckets * 64;
    return true;
}

static int init_table(struct build_table *t, uint32_t things, uint32_t most, unsigned attempt)
{
    return build_table_init(t, (uint32_t)((uint64_t)things * (1 + attempt) / BUCKET_FILL + 1), most,
                            IMAGE_PROBES_MAX);
}

static unsigned count_labels(struct span name)
{
    unsigned n = 1;

    for (size_t to = name.len; to > 0; to = to > 8 ? to - 8 : 0)
        n += (unsigned)((word_dots(name_word(name, to)) >> 7) * 0x0101010101010101u >> 56);
    return n;
}

static void place_names(struct out *o, struct build_table *t)
{
    struct build_entry e = BUILD_ENTRIES_START;
    uint64_t depths[2] = {0};

    while (build_entries_next(&o->b->entries, &e)) {
        uint8_t type = build_meta_type(o->b, e.meta);
        if (ioc_is_address(type))
            continue;
        unsigned labels = ioc_is_digest(type) ? 0 : count_labels(e.text);
        if (labels > IMAGE_LABELS_MAX)
            continue; /* no name of DNS is that deep */
        depths[labels / 64] |= 1ull << labels % 64;
        build_table_add(t, build_hash(o->b, type, e.text), e.id);
    }
    put_le64(o->head + IMAGE_AT_DEPTHS, depths[0] & ~1ull); /* digests have none */
    put_le64(o->head + IMAGE_AT_DEPTHS + 8, depths[1]);
}

static int make_names(struct out *o)
{
    struct build_section *filter = &o->s[IMAGE_NAME_FILTER];
    struct build_table t;

    if (o->names == 0)
        return 0;
    if (make_filter(filter, o->names) < 0)
        return -ENOMEM;
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        if (init_table(&t, o->names, o->b->entries.count, attempt) < 0)
            return -ENOMEM;
        t.filter = filter->memory.at;
        t.filter_words = (uint32_t)(filter->len / 8);
        place_names(o, &t);
        if (take_table(&o->s[IMAGE_NAME_SLOTS], &t))
            return 0;
    }
    return -EOVERFLOW;
}

/* ADDRS, and which lengths there are. */
static void make_rows(struct out *o)
{
    struct build_entry e = BUILD_ENTRIES_START;
    struct build_section *rows = &o->s[IMAGE_ADDRS];
    struct prefix p;

    rows->len = 0;
    while (build_entries_next(&o->b->entries, &e)) {
        if (!ioc_is_address(build_meta_type(o->b, e.meta)) || !prefix_parse(e.text, &p, NULL))
            continue;
        uint8_t *to = rows->memory.at + rows->len;
        bool v4 = addr_is_v4(&p.addr) && p.bits >= 96;
        memcpy(to, p.addr.b, 16);
        to[16] = p.bits;
        put_le32(to + 20, e.id);
        rows->len += IMAGE_ADDR_ROW;
        head_bit(o, v4 ? IMAGE_AT_V4_BITS : IMAGE_AT_V6_BITS, v4 ? p.bits - 96u : p.bits);
    }
}

static unsigned level_of(const struct image_levels *l, unsigned bits)
{
    unsigned i = 0;

    while (l->level[i].bits > bits)
        i++;
    return l->level[i].bits;
}

static void place_addrs(struct out *o, struct build_table *t)
{
    const struct build_section *filter = &o->s[IMAGE_ADDR_FILTER], *rows = &o->s[IMAGE_ADDRS];
    struct image_levels levels[2];

    image_levels(o->head + IMAGE_AT_V6_BITS, false, &levels[0]);
    image_levels(o->head + IMAGE_AT_V4_BITS, true, &levels[1]);
    for (uint32_t row = 0; row < rows->len / IMAGE_ADDR_ROW; row++) {
        const uint8_t *at = rows->memory.at + (size_t)IMAGE_ADDR_ROW * row;
        struct addr a = addr_v6(at);
        bool v4 = addr_is_v4(&a) && at[16] >= 96;
        build_filter_set(filter->memory.at, (uint32_t)(filter->len / 8),
                         addr_hash(&o->b->key, &a, level_of(&levels[v4], at[16])));
        build_table_add(t, addr_hash(&o->b->key, &a, at[16]), row);
    }
}

static int make_addrs(struct out *o)
{
    struct build_table t;

    if (o->addrs == 0)
        return 0;
    if (make_filter(&o->s[IMAGE_ADDR_FILTER], o->addrs) < 0 ||
        make(&o->s[IMAGE_ADDRS], (size_t)IMAGE_ADDR_ROW * o->addrs) < 0)
        return -ENOMEM;
    make_rows(o);
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        if (init_table(&t, o->addrs, o->addrs, attempt) < 0)
            return -ENOMEM;
        place_addrs(o, &t);
        if (take_table(&o->s[IMAGE_ADDR_SLOTS], &t))
            return 0;
    }
    return -EOVERFLOW;
}

/* The records with what changed later; where every eighth begins follows from it. */
static void write_records(struct out *o, struct build_sink *sink)
{
    const struct build_entries *entries = &o->b->entries;
    struct build_entry e = BUILD_ENTRIES_START;
    const uint8_t *kept = entries->records.at;
    uint64_t start = sink->bytes;
    uint8_t meta[8];

    if (entries->changed.at == NULL) {
        build_sink_move(sink, span_of(entries->records.at, entries->len));
        return;
    }
    while (build_entries_next(entries, &e)) {
        if (e.id % IMAGE_GROUP == 0)
            put_le32(entries->groups.at + e.id / IMAGE_GROUP * 4, (uint32_t)(sink->bytes - start));
        build_sink_put(sink, e.front);
        build_sink_put(sink, span_of(meta, build_varint(meta, e.meta)));
        build_sink_put(sink, e.back);
        if (e.back.at - kept > GIVE_BACK_BYTES) {
            region_give_back(kept, e.back.at);
            kept = e.back.at;
        }
    }
}

static void write_sections(struct out *o, struct build_sink *sink)
{
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
        uint64_t start = sink->bytes;
        if (i == IMAGE_RECORDS)
            write_records(o, sink);
        else
            build_sink_move(sink, span_of(o->s[i].at, o->s[i].len));
        put_le32(o->head + IMAGE_AT_SECTIONS + 8 * i, (uint32_t)start);
        put_le32(o->head + IMAGE_AT_SECTIONS + 8 * i + 4, (uint32_t)(sink->bytes - start));
        build_sink_align(sink);
    }
}

static void make_head(struct out *o)
{
    memcpy(o->head + IMAGE_AT_MAGIC, IMAGE_MAGIC, 8);
    put_le32(o->head + IMAGE_AT_VERSION, IMAGE_VERSION);
    put_le64(o->head + IMAGE_AT_KEY, o->b->key.k[0]);
    put_le64(o->head + IMAGE_AT_KEY + 8, o->b->key.k[1]);
    put_le32(o->head + IMAGE_AT_IOCS, o->b->entries.count);
    for (unsigned type = 0; type < IOC_TYPES; type++)
        if (o->b->of_type[type] > 0)
            head_bit(o, IMAGE_AT_TYPES, type);
}

static int make_all(struct out *o)
{
    struct build *b = o->b;
    int err = take_pool(o, &b->metas, IMAGE_METAS, IMAGE_METAS);

    o->s[IMAGE_GROUPS].at = b->entries.groups.at;
    o->s[IMAGE_GROUPS].len = ((size_t)b->entries.count + IMAGE_GROUP - 1) / IMAGE_GROUP * 4;
    if (b->days.at != NULL) {
        o->s[IMAGE_FIRST_DAYS].at = b->days.at;
        o->s[IMAGE_FIRST_DAYS].len = (size_t)2 * b->entries.count;
    }
    if (err == 0)
        err = take_pool(o, &b->sets, IMAGE_SETS, IMAGE_SETS_AT);
    if (err == 0)
        err = take_pool(o, &b->strings, IMAGE_STRINGS, IMAGE_STRINGS_AT);
    if (err == 0)
        err = make_names(o);
    if (err == 0)
        err = make_addrs(o);
    if (err == 0)
        err = build_ranges(b, &b->hosting, IMAGE_SHARED, &o->s[IMAGE_HOSTING]);
    if (err == 0)
        err = build_ranges(b, &b->resolver_nets, IMAGE_SHARED, &o->s[IMAGE_RESOLVER_NETS]);
    if (err == 0)
        err = build_ranges(b, &b->answers, IMAGE_ANSWER_MASK, &o->s[IMAGE_ANSWERS]);
    return err == 0 ? build_resolvers(b, &o->s[IMAGE_RESOLVERS]) : err;
}

int build_write(struct build *b, int fd)
{
    struct out o = {.b = b};
    struct build_sink sink;

    if (b->written)
        return -EINVAL;
    b->written = true;
    build_end(b);
    o.addrs = b->of_type[IOC_ADDRESS] + b->of_type[IOC_PREFIX];
    o.names = b->entries.count - o.addrs;
    int err = make_all(&o);
    if (err == 0) {
        make_head(&o);
        build_sink_init(&sink, fd);
        write_sections(&o, &sink);
        err = build_sink_finish(&sink, o.head);
    }
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++)
        region_done(&o.s[i].memory);
    return err;
}
