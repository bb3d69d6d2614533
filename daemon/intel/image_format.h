/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout of the matcher image, shared by the one who writes it (build_write.c) and those who read it
 * (image.c, match.c). All numbers are little-endian and are read byte order aware, so an image built on one
 * machine works on every other.
 *
 * An indicator's id is its place in RECORDS. A name is found through NAME_FILTER (one word says "no"), then
 * NAME_SLOTS (buckets of one cache line; a slot is a tag of the hash and an id), then by comparing the text
 * in its record. A digest is found likewise, by a hash that no name has; an address through ADDR_FILTER, once
 * for each of the few levels at which something is listed (image_levels), then in ADDR_SLOTS by each length
 * of that level. What many indicators have in common (campaigns, source, feed ...) is one row of METAS.
 */
#ifndef BRIDLE_INTEL_IMAGE_FORMAT_H
#define BRIDLE_INTEL_IMAGE_FORMAT_H

#include <endian.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "intel/image.h"

#define IMAGE_MAGIC      "BRIDLEIM"
#define IMAGE_VERSION    6u
#define IMAGE_ALIGN      64u
#define IMAGE_TEXT_PARTS 4u

/* X(identifier, bytes of one row: the section's length is a multiple), in the order of the file */
#define IMAGE_SECTION_ROWS(X)                                                                                \
    X(RECORDS, 1)     /* text length, text, row of METAS, line (zigzag difference); QUIC varints */          \
    X(GROUPS, 4)      /* where in RECORDS every eighth record begins */                                      \
    X(METAS, 44)      /* see enum image_meta */                                                              \
    X(SETS_AT, 4)     /* where set i begins in SETS; one row more than there are sets */                     \
    X(SETS, 4)        /* string ids */                                                                       \
    X(STRINGS_AT, 4)  /* likewise for STRINGS */                                                             \
    X(STRINGS, 1)     /* UTF-8 without any end mark */                                                       \
    X(NAME_FILTER, 8) /* 64-bit words, four bits a name */                                                   \
    X(NAME_SLOTS, 64) /* buckets of sixteen 32-bit slots: tag and id + 1; 0 is empty */                      \
    X(ADDR_FILTER, 8) /* likewise: the network of its level around every listed prefix */                    \
    X(ADDR_SLOTS, 64) /* as NAME_SLOTS; the number is a row of ADDRS + 1 */                                  \
    X(ADDRS, 24)      /* 16 bytes address (host bits zero), prefix length, three zero bytes, id */           \
    X(HOSTING, 20)    /* 16 bytes first address, string id of the tag (0: none), top bit: shared; sorted */  \
    X(RESOLVERS, 4)   /* string ids of names, sorted from their ends; none is below another */               \
    X(RESOLVER_NETS, 20) /* as HOSTING; no tags, the top bit alone says that it is one */                    \
    X(ANSWERS, 20)       /* as HOSTING; string id of who answers there, top two bits: enum answer_kind */    \
    X(FIRST_DAYS, 2)     /* by id: days since IMAGE_DAY_ZERO, 0: not known; or there is no row at all */

enum image_section {
#define X(id, row) IMAGE_##id,
    IMAGE_SECTION_ROWS(X)
#undef X
        IMAGE_SECTIONS
};

/* Offsets in the header. One checksum is over the header (with itself as zero), one over what follows. */
enum {
    IMAGE_AT_MAGIC = 0,
    IMAGE_AT_VERSION = 8,
    IMAGE_AT_BYTES = 12, /* of the whole image */
    IMAGE_AT_HEAD_SUM = 16,
    IMAGE_AT_KEY = 24,
    IMAGE_AT_IOCS = 40,
    IMAGE_AT_DEPTHS = 48,    /* bit n: names of n labels are listed (1 to 127) */
    IMAGE_AT_V4_BITS = 64,   /* bit n: IPv4 prefixes of n bits are listed (0 to 32) */
    IMAGE_AT_V6_BITS = 72,   /* likewise (0 to 128) */
    IMAGE_AT_TYPES = 96,     /* bit n: there is an indicator of enum ioc_type n */
    IMAGE_AT_SECTIONS = 104, /* for each: offset, bytes */
    IMAGE_AT_BODY_SUM = 248,
    IMAGE_HEADER_BYTES = 256,
};

_Static_assert(IMAGE_AT_SECTIONS + 8 * IMAGE_SECTIONS <= IMAGE_AT_BODY_SUM, "sections fit into the header");

enum image_meta {
    META_AT_TYPE = 0,
    META_AT_TIER = 1,
    META_AT_FLAGS = 2,     /* enum image_meta_flag */
    META_AT_CAMPAIGNS = 4, /* numbers of sets */
    META_AT_SOURCES = 8,
    META_AT_TEXT = 12, /* string ids: reference, licence, comment, feed */
    META_AT_FROM = 28,
    META_AT_UNTIL = 36,
    META_BYTES = 44,
};

enum image_meta_flag {
    META_LOW_TRUST = 1, /* only sources of low trust */
    META_REBUILT = 2,   /* a source gave only the day on which it was made anew */
};

#define META_AT_FEED   (META_AT_TEXT + 4 * (IMAGE_TEXT_PARTS - 1))
#define IMAGE_DAY_ZERO 16800 /* of FIRST_DAYS: 2015-12-31, in days since 1970 */
#define DAY_SECONDS    86400

#define IMAGE_GROUP  8u /* records a row of GROUPS */
#define IMAGE_BUCKET 16u
#define IMAGE_PROBES_MAX                                                                                     \
    32u /* buckets that a look-up visits at most: three quarters full, none needs more                       \
         */
#define IMAGE_LABELS_MAX  127u
#define IMAGE_SHARED      0x80000000u
#define IMAGE_ANSWER_BITS 30u /* above: enum answer_kind */
#define IMAGE_ANSWER_MASK (3u << IMAGE_ANSWER_BITS)
#define IMAGE_HOSTING_ROW 20u
#define IMAGE_ADDR_ROW    24u
#define IMAGE_LEVELS_MAX  4u
#define IMAGE_SUM_BYTES   65536u /* the body's checksum goes by blocks of this size from the header's end */

struct image_filter {
    const uint8_t *words; /* borrowed from the image */
    uint32_t n;
};

struct image_table {
    const uint8_t *slots; /* borrowed from the image */
    uint32_t buckets;
    uint32_t index_mask; /* bits of a slot that hold the number; the others hold the tag */
};

/*
 * The prefix lengths of one family that are listed, in the 128-bit space. Lengths are taken together (IPv4:
 * /24 to /32, /16 to /23 ..., IPv6: /48 to /128 ...); the shortest that is listed of them is their level. The
 * filter knows the network of that length around each listed prefix, so that an address needs one question a
 * level, mostly one at all, whatever the number of lengths.
 */
struct image_levels {
    unsigned count;
    struct {
        uint8_t bits;
        uint8_t from, to;      /* its lengths in `length` */
    } level[IMAGE_LEVELS_MAX]; /* longest first */
    uint8_t length[129];       /* longest first */
};

/* The header as it was checked when mapped: what it says is not read again from memory that others share. */
#define IMAGE_TAIL_WORDS 32u

struct image {
    const uint8_t *base; /* owned mapping */
    size_t bytes;
    struct span section[IMAGE_SECTIONS];
    struct image_filter name_filter, addr_filter;
    struct image_table names, addrs;
    struct hash_key key;
    uint64_t depths[2], types;
    uint32_t iocs;
    struct image_levels levels[2]; /* IPv6, IPv4 */
    /* A bit for each end of a resolver's name that there is, by hash: nearly all other names are told by it.
     */
    uint64_t resolver_tails[IMAGE_TAIL_WORDS];
};

/* One indicator's record. */
struct image_record {
    struct span text;    /* borrowed from the image */
    const uint8_t *meta; /* META_BYTES, borrowed */
    uint32_t line;
};

/* The levels of a bit set in the header: IMAGE_AT_V4_BITS or IMAGE_AT_V6_BITS. */
void image_levels(const uint8_t *set, bool v4, struct image_levels *ret);

/* False when there is no such id or the image is broken there. */
bool image_record(const struct image *im, uint32_t id, struct image_record *ret);

/* A walk over records, which reads each once where they are asked for in order. */
struct image_walk {
    struct cur c;
    uint32_t next; /* id of the record at the cursor; 0 at first */
    uint64_t line;
};

/* Reads record `id`; false as image_record. */
bool image_walk(const struct image *im, struct image_walk *w, uint32_t id, struct image_record *ret);
/* The day on which an indicator was first loaded, as FIRST_DAYS has it. */
uint16_t image_first_day(const struct image *im, uint32_t id);
/* The text of that number; false when there is none. */
bool image_string(const struct image *im, uint32_t id, struct span *ret);
/* The texts of a set of METAS; false when it is broken or has more than `most`. */
bool image_set(const struct image *im, uint32_t id, struct span *ret, unsigned most, unsigned *ret_n);

static inline uint32_t le32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return le32toh(v);
}

static inline uint64_t le64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return le64toh(v);
}

static inline uint16_t le16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return le16toh(v);
}

static inline void put_le16(uint8_t *p, uint16_t v)
{
    v = htole16(v);
    memcpy(p, &v, 2);
}

static inline void put_le32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, 4);
}

static inline void put_le64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, 8);
}

/* The checksum's next step: over one more block. */
uint64_t image_checksum(uint64_t sum, struct span block);

/* Number in [0, n) from the upper half of a hash. */
static inline uint32_t hash_place(uint64_t hash, uint32_t n)
{
    return (uint32_t)((hash >> 32) * n >> 32);
}

static inline uint64_t filter_mask(uint64_t hash)
{
    return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63) | 1ull << (hash >> 12 & 63) |
           1ull << (hash >> 18 & 63);
}

static inline void filter_prefetch(const struct image_filter *f, uint64_t hash)
{
    __builtin_prefetch(f->words + (size_t)8 * hash_place(hash, f->n));
}

static inline bool filter_has(const struct image_filter *f, uint64_t hash)
{
    uint64_t mask = filter_mask(hash);
    return f->n > 0 && (le64(f->words + (size_t)8 * hash_place(hash, f->n)) & mask) == mask;
}

/* Slots hold numbers from 1 to `count`. */
static inline uint32_t table_index_mask(uint32_t count)
{
    return count == 0 ? 0 : UINT32_MAX >> __builtin_clz(count);
}

/* The part of a slot that is not the number. The filter has used the low bits, the bucket the high ones. */
static inline uint32_t table_tag(uint64_t hash, uint32_t index_mask)
{
    return (uint32_t)(hash * 0x9e3779b97f4a7c15u >> 32) & ~index_mask;
}

/* The eight octets of `name` before `to`, the last one highest; zeros where there are fewer. */
static inline uint64_t name_word(struct span name, size_t to)
{
    uint64_t w = 0;

    if (to >= 8)
        return le64(name.at + to - 8);
    if (name.len >= 8)
        return to == 0 ? 0 : le64(name.at) << 8 * (8 - to);
    for (size_t i = 0; i < to; i++)
        w |= (uint64_t)name.at[i] << 8 * (8 - to + i);
    return w;
}

/* The highest bit of each octet of the word that is a dot. */
static inline uint64_t word_dots(uint64_t w)
{
    const uint64_t low7 = 0x7f7f7f7f7f7f7f7fu;
    uint64_t x = w ^ 0x2e2e2e2e2e2e2e2eu;

    return ~(((x & low7) + low7) | x | low7);
}

/*
 * A text is hashed in words of eight octets from its end, so that what is common to two suffixes of a name is
 * mixed once. The last word is never full: its free octet carries the length, so that no text is taken for
 * what it ends with.
 */
static inline uint64_t text_hash_end(const struct hash_key *key, uint64_t h, uint64_t word, size_t n,
                                     size_t len)
{
    return hash_word(key, h, (n == 0 ? 0 : word >> (64 - 8 * n)) | (uint64_t)len << 56);
}

/* `h` of a name is key->k[0]. */
static inline uint64_t text_hash(const struct hash_key *key, uint64_t h, struct span text)
{
    size_t to = text.len;

    for (; to >= 8; to -= 8)
        h = hash_word(key, h, le64(text.at + to - 8));
    return text_hash_end(key, h, name_word(text, to), to, text.len);
}

/* A digest's type goes first, so that no name and no digest of another kind meets it. */
static inline uint64_t digest_hash(const struct hash_key *key, unsigned type, struct span text)
{
    return text_hash(key, hash_word(key, key->k[0], type), text);
}

/* A walk over the suffixes of a name at label boundaries, the shortest first, the whole name last. */
struct name_walk {
    struct span name;    /* borrowed */
    size_t to;           /* where the current word ends */
    uint64_t mixed;      /* hash of the words behind it */
    uint64_t word, dots; /* dots of it that were not met yet */
};

static inline struct name_walk name_walk(const struct hash_key *key, struct span name)
{
    uint64_t w = name_word(name, name.len);
    return (struct name_walk){name, name.len, key->k[0], w, word_dots(w)};
}

/* Where the next suffix begins, and its hash as text_hash has it; 0: it is the whole name, the last one. */
static inline size_t name_next(const struct hash_key *key, struct name_walk *w, uint64_t *ret_hash)
{
    size_t n;

    while (w->dots == 0 && w->to >= 8) {
        w->mixed = hash_word(key, w->mixed, w->word);
        w->to -= 8;
        w->word = name_word(w->name, w->to);
        w->dots = word_dots(w->word);
    }
    n = w->to;
    if (w->dots != 0) {
        unsigned bit = (unsigned)__builtin_clzll(w->dots);
        n = bit / 8;
        w->dots &= UINT64_MAX >> 1 >> bit;
    }
    *ret_hash = text_hash_end(key, w->mixed, w->word, n, w->name.len - w->to + n);
    return w->to - n;
}

/*
 * Order of names from their ends, a dot being the lowest octet: what is below a name stands right behind it.
 * Where none of the names is below another, only the last one that does not come after X can stand above X.
 */
static inline int name_order(struct span a, struct span b)
{
    for (size_t i = 1; i <= a.len && i <= b.len; i++) {
        int x = a.at[a.len - i], y = b.at[b.len - i];
        if (x != y)
            return (x == '.' ? -1 : x) - (y == '.' ? -1 : y);
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* Whether `name` is `above` or a name below it. */
static inline bool name_within(struct span name, struct span above)
{
    return above.len > 0 && name.len >= above.len &&
           memcmp(name.at + name.len - above.len, above.at, above.len) == 0 &&
           (name.len == above.len || name.at[name.len - above.len - 1] == '.');
}

static inline uint64_t addr_hash(const struct hash_key *key, const struct addr *a, unsigned bits)
{
    struct addr net = addr_mask(a, bits);
    return hash_fold(le64toh(net.w[0]) ^ key->k[0],
                     le64toh(net.w[1]) ^ key->k[1] ^ bits * 0x9e3779b97f4a7c15u);
}

/* Bit i: slot i of the bucket, where `bits` says, is `want`. */
static inline uint32_t bucket_slots(const uint8_t *bucket, uint32_t want, uint32_t bits)
{
    typedef uint32_t four
        __attribute__((vector_size(16))); /* compilers do without where the machine has none */
    four found = {0}, bit = {1, 2, 4, 8}, v;

    want = htole32(want);
    bits = htole32(bits);
    for (unsigned i = 0; i < 4; i++, bit <<= 4) {
        memcpy(&v, bucket + 16 * i, sizeof v);
        found |= (four)((v & bits) == want) & bit;
    }
    return found[0] | found[1] | found[2] | found[3];
}

static inline void table_prefetch(const struct image_table *t, uint64_t hash)
{
    __builtin_prefetch(t->slots + (size_t)64 * hash_place(hash, t->buckets));
}

/* Walk over the slots whose tag fits a hash; ends after IMAGE_PROBES_MAX buckets whatever the image holds. */
struct table_walk {
    const uint8_t *slots;
    uint32_t buckets, bucket, index_mask, tag;
    uint32_t left; /* buckets that may still be looked at, the current one included */
    uint32_t fits; /* slots of the current bucket that were not handed out yet */
};

static inline void table_look(struct table_walk *w)
{
    w->fits = bucket_slots(w->slots + (size_t)64 * w->bucket, w->tag, ~w->index_mask);
}

static inline struct table_walk table_walk(const struct image_table *t, uint64_t hash)
{
    struct table_walk w = {.slots = t->slots,
                           .buckets = t->buckets,
                           .bucket = hash_place(hash, t->buckets),
                           .index_mask = t->index_mask,
                           .tag = table_tag(hash, t->index_mask),
                           .left = t->buckets > 0 ? IMAGE_PROBES_MAX : 0};

    if (w.left > 0)
        table_look(&w);
    return w;
}

/* False at the end; the number found may be wrong by hash and must be verified. Slots of a bucket are used
 * from the first on: one that is not full is the last to be looked at. */
static inline bool table_next(struct table_walk *w, uint32_t *ret_index)
{
    while (w->left > 0) {
        const uint8_t *bucket = w->slots + (size_t)64 * w->bucket;
        while (w->fits != 0) {
            uint32_t v = le32(bucket + 4 * (unsigned)__builtin_ctz(w->fits)) & w->index_mask;
            w->fits &= w->fits - 1;
            *ret_index = v - 1;
            if (v != 0)
                return true;
        }
        if (--w->left == 0 || le32(bucket + 4 * (IMAGE_BUCKET - 1)) == 0)
            break;
        if (++w->bucket == w->buckets)
            w->bucket = 0;
        table_look(w);
    }
    w->left = 0;
    return false;
}

/* A search for the indicator of this type with exactly this value. */
struct image_search {
    struct span text; /* borrowed */
    uint8_t type;
    bool found;
    uint32_t id;                /* if found */
    struct image_record record; /* if found */
    uint8_t steps;              /* 0 at first; from here on private */
    uint64_t hash;
    struct table_walk walk;
};

#define IMAGE_SEARCH_STEPS 3u

/* Several searches at once wait for memory together: a dozen take little longer than one. */
void image_find(const struct image *im, struct image_search *list, unsigned count);

#endif
