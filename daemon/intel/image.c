/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping an image and reading what it says of an indicator or an address. */
#include "intel/image_format.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "intel/observation.h"
#include "os/bus.h"

static const uint32_t row_bytes[IMAGE_SECTIONS] = {
#define X(id, row) row,
    IMAGE_SECTION_ROWS(X)
#undef X
};

/* A key that never changes: ioc.key must be the same on all machines and in all versions. */
static const struct hash_key value_key = {{0x627269646c652069u, 0x6f63206b65792031u}};

static bool sections_ok(struct image *im)
{
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
        const uint8_t *row = im->base + IMAGE_AT_SECTIONS + 8 * i;
        uint32_t off = le32(row), len = le32(row + 4);
        if (off < IMAGE_HEADER_BYTES || off > im->bytes || len > im->bytes - off || len % row_bytes[i] != 0)
            return false;
        im->section[i] = span_of(im->base + off, len);
    }
    return true;
}

/* Four lanes, so that a machine with a fast multiplier is held up by its memory alone. */
uint64_t image_checksum(uint64_t sum, struct span block)
{
    static const struct hash_key key = {{0x9e3779b97f4a7c15u, 0xd1342543de82ef95u}};
    uint64_t lane[4] = {sum, sum + 1, sum + 2, block.len}, last = 0;
    size_t i = 0;

    for (; i + 32 <= block.len; i += 32)
        for (unsigned k = 0; k < 4; k++)
            lane[k] = hash_word(&key, lane[k], le64(block.at + i + 8 * k));
    for (; i + 8 <= block.len; i += 8)
        lane[0] = hash_word(&key, lane[0], le64(block.at + i));
    for (; i < block.len; i++)
        last = last << 8 | block.at[i];
    for (unsigned k = 0; k < 4; k++)
        last = hash_word(&key, last, lane[k]);
    return last;
}

static bool head_sum_ok(const struct image *im)
{
    uint8_t head[IMAGE_HEADER_BYTES];

    memcpy(head, im->base, sizeof head);
    memset(head + IMAGE_AT_HEAD_SUM, 0, 8);
    return image_checksum(0, span_of(head, sizeof head)) == le64(im->base + IMAGE_AT_HEAD_SUM);
}

static bool body_sum_ok(const struct image *im)
{
    uint64_t sum = 0;

    for (size_t at = IMAGE_HEADER_BYTES, n; at < im->bytes; at += n) {
        n = im->bytes - at < IMAGE_SUM_BYTES ? im->bytes - at : IMAGE_SUM_BYTES;
        sum = image_checksum(sum, span_of(im->base + at, n));
    }
    return sum == le64(im->base + IMAGE_AT_BODY_SUM);
}

/* The first of the lengths that are taken together with this one. */
static unsigned together_from(unsigned bits, bool v4)
{
    static const uint8_t v4_from[] = {120, 112, 104, 96}, v6_from[] = {48, 32, 0};
    const uint8_t *from = v4 ? v4_from : v6_from;

    while (*from > bits)
        from++;
    return *from;
}

void image_levels(const uint8_t *set, bool v4, struct image_levels *ret)
{
    unsigned shift = v4 ? 96 : 0, n = 0, from = 129;

    *ret = (struct image_levels){0};
    for (unsigned bits = 129; bits-- > shift;) {
        unsigned bit = bits - shift;
        if ((le64(set + bit / 64 * 8) >> bit % 64 & 1) == 0)
            continue;
        if (bits < from) {
            from = together_from(bits, v4);
            ret->level[ret->count++].from = (uint8_t)n;
        }
        ret->length[n++] = (uint8_t)bits;
        ret->level[ret->count - 1].bits = (uint8_t)bits;
        ret->level[ret->count - 1].to = (uint8_t)n;
    }
}

static struct image_table table_on(struct span slots, uint32_t count)
{
    return (struct image_table){slots.at, (uint32_t)(slots.len / 64), table_index_mask(count)};
}

static void read_header(struct image *im)
{
    const uint8_t *base = im->base;

    im->key = (struct hash_key){{le64(base + IMAGE_AT_KEY), le64(base + IMAGE_AT_KEY + 8)}};
    im->iocs = le32(base + IMAGE_AT_IOCS);
    im->depths[0] = le64(base + IMAGE_AT_DEPTHS);
    im->depths[1] = le64(base + IMAGE_AT_DEPTHS + 8);
    im->types = le64(base + IMAGE_AT_TYPES);
    image_levels(base + IMAGE_AT_V6_BITS, false, &im->levels[0]);
    image_levels(base + IMAGE_AT_V4_BITS, true, &im->levels[1]);
    struct span names = im->section[IMAGE_NAME_FILTER], addrs = im->section[IMAGE_ADDR_FILTER];
    im->name_filter = (struct image_filter){names.at, (uint32_t)(names.len / 8)};
    im->addr_filter = (struct image_filter){addrs.at, (uint32_t)(addrs.len / 8)};
    im->names = table_on(im->section[IMAGE_NAME_SLOTS], im->iocs);
    im->addrs =
        table_on(im->section[IMAGE_ADDR_SLOTS], (uint32_t)(im->section[IMAGE_ADDRS].len / IMAGE_ADDR_ROW));
}

/* Magic and version stand where they stand in all versions; of anything else nothing is known before. */
static const char *check_header(const struct image *im)
{
    uint32_t version = le32(im->base + IMAGE_AT_VERSION), bytes = le32(im->base + IMAGE_AT_BYTES);

    if (memcmp(im->base, IMAGE_MAGIC, 8) != 0)
        return "not a compiled image: make one with bridlectl compile";
    if (version < IMAGE_VERSION)
        return "image of another version of bridle, an older one: compile it again with the bridlectl of "
               "this "
               "one";
    if (version > IMAGE_VERSION)
        return "image of another version of bridle, a newer one: install that version here, or compile it "
               "again with the bridlectl of this one";
    if (!head_sum_ok(im))
        return "image is damaged (its header): copy it anew, or compile it again";
    if (bytes > im->bytes)
        return "image is cut off: copy it anew, or compile it again";
    return bytes < im->bytes
               ? "image is damaged (it is longer than it was): copy it anew, or compile it again"
               : NULL;
}

static const char *check(struct image *im, bool verify)
{
    const char *why = check_header(im);

    if (why != NULL)
        return why;
    if (!sections_ok(im))
        return "image is damaged (its sections): copy it anew, or compile it again";
    if (verify && !body_sum_ok(im))
        return "image is damaged (its checksum): copy it anew, or compile it again";
    read_header(im);
    if (im->section[IMAGE_GROUPS].len / 4 < ((uint64_t)im->iocs + IMAGE_GROUP - 1) / IMAGE_GROUP)
        return "image is damaged (its groups): copy it anew, or compile it again";
    return NULL;
}

static void read_resolver_tails(struct image *im);

struct image *image_map(int fd, bool verify, const char **ret_why)
{
    struct stat st;
    struct image *im;

    *ret_why = "cannot be read";
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    *ret_why = "not a compiled image: make one with bridlectl compile";
    if (st.st_size < IMAGE_HEADER_BYTES || (uint64_t)st.st_size > UINT32_MAX ||
        (uint64_t)st.st_size > SIZE_MAX)
        return NULL;
    im = calloc(1, sizeof *im);
    /* Private: a shared mapping of a memfd that is sealed against writing is refused before Linux 6.7. */
    void *at = im ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED) {
        *ret_why = "no memory to map the image";
        free(im);
        return NULL;
    }
    im->base = at;
    im->bytes = (size_t)st.st_size;
    int guarded = bus_guard(im->base, im->bytes);
    *ret_why = guarded < 0 ? "too many images at once" : check(im, verify);
    if (*ret_why == NULL) {
        read_resolver_tails(im);
        return im;
    }
    image_unmap(im);
    return NULL;
}

void image_unmap(struct image *im)
{
    if (im == NULL)
        return;
    bus_unguard(im->base);
    munmap((void *)(uintptr_t)im->base, im->bytes);
    free(im);
}

size_t image_bytes(const struct image *im)
{
    return im->bytes;
}

uint32_t image_iocs(const struct image *im)
{
    return im->iocs;
}

double image_bytes_each(const struct image *im)
{
    return im->iocs == 0 ? 0 : (double)im->bytes / im->iocs;
}

static bool row(const struct image *im, enum image_section s, uint64_t i, const uint8_t **ret)
{
    if (i >= im->section[s].len / row_bytes[s])
        return false;
    *ret = im->section[s].at + i * row_bytes[s];
    return true;
}

/* The next record; its line is added to what it differs from. */
static inline void read_record(struct cur *c, struct span *ret_text, uint64_t *ret_meta, uint64_t *line)
{
    uint64_t len = cur_varint(c);
    *ret_text = cur_take(c, len > NAME_TEXT_MAX ? UINT32_MAX : (uint32_t)len);
    *ret_meta = cur_varint(c);
    uint64_t step = cur_varint(c);
    *line += step >> 1 ^ (0 - (step & 1));
}

bool image_walk(const struct image *im, struct image_walk *w, uint32_t id, struct image_record *ret)
{
    struct span all = im->section[IMAGE_RECORDS];
    const uint8_t *group;
    uint64_t meta = 0;

    if (id >= im->iocs)
        return false;
    if (id != w->next || id % IMAGE_GROUP == 0) {
        if (!row(im, IMAGE_GROUPS, id / IMAGE_GROUP, &group) || le32(group) > all.len)
            return false;
        w->c = cur_datagram(all.at + le32(group), all.len - le32(group), all.len - le32(group));
        w->next = id - id % IMAGE_GROUP;
        w->line = 0;
    }
    for (; w->next <= id; w->next++)
        read_record(&w->c, &ret->text, &meta, &w->line);
    ret->line = (uint32_t)w->line;
    return cur_ok(&w->c) && row(im, IMAGE_METAS, meta, &ret->meta);
}

bool image_record(const struct image *im, uint32_t id, struct image_record *ret)
{
    struct span all = im->section[IMAGE_RECORDS];
    const uint8_t *group;
    struct span text = {0};
    uint64_t meta = 0, line = 0;

    if (id >= im->iocs || !row(im, IMAGE_GROUPS, id / IMAGE_GROUP, &group))
        return false;
    uint32_t start = le32(group);
    if (start > all.len)
        return false;
    struct cur c = cur_datagram(all.at + start, all.len - start, all.len - start);
    for (uint32_t i = id % IMAGE_GROUP + 1; i > 0; i--)
        read_record(&c, &text, &meta, &line);
    if (!cur_ok(&c) || !row(im, IMAGE_METAS, meta, &ret->meta))
        return false;
    ret->text = text;
    ret->line = (uint32_t)line;
    return true;
}

/* Element `i` of a section whose element bounds stand in another. */
static bool element(const struct image *im, enum image_section at, enum image_section in, uint32_t i,
                    struct span *ret)
{
    const uint8_t *from, *to;

    if (!row(im, at, i, &from) || !row(im, at, (uint64_t)i + 1, &to))
        return false;
    uint32_t a = le32(from), b = le32(to);
    if (a > b || b > im->section[in].len)
        return false;
    *ret = span_of(im->section[in].at + a, b - a);
    return true;
}

bool image_string(const struct image *im, uint32_t id, struct span *ret)
{
    return element(im, IMAGE_STRINGS_AT, IMAGE_STRINGS, id, ret);
}

uint64_t image_value_key(uint8_t type, struct span text)
{
    struct hash_key key = value_key;

    key.k[0] += type;
    return hash_bytes(&key, text.at, text.len);
}

bool image_set(const struct image *im, uint32_t id, struct span *ret, unsigned most, unsigned *ret_n)
{
    struct span set;

    if (!element(im, IMAGE_SETS_AT, IMAGE_SETS, id, &set) || set.len % 4 != 0 || set.len / 4 > most)
        return false;
    for (unsigned i = 0; i < set.len / 4; i++)
        if (!image_string(im, le32(set.at + 4 * i), &ret[i]))
            return false;
    *ret_n = (unsigned)(set.len / 4);
    return true;
}

uint16_t image_first_day(const struct image *im, uint32_t id)
{
    const uint8_t *at;

    return row(im, IMAGE_FIRST_DAYS, id, &at) ? le16(at) : 0;
}

bool image_ioc(const struct image *im, uint32_t id, struct ioc *ret)
{
    struct image_record rec;
    struct ioc ioc = {.id = id};
    struct span *const text[IMAGE_TEXT_PARTS] = {&ioc.reference, &ioc.licence, &ioc.comment, &ioc.feed};

    if (!image_record(im, id, &rec) || rec.meta[META_AT_TYPE] >= IOC_TYPES || rec.meta[META_AT_TIER] >= TIERS)
        return false;
    for (unsigned i = 0; i < IMAGE_TEXT_PARTS; i++)
        if (!image_string(im, le32(rec.meta + META_AT_TEXT + 4 * i), text[i]))
            return false;
    if (!image_set(im, le32(rec.meta + META_AT_CAMPAIGNS), ioc.campaign, IMAGE_CAMPAIGNS_MAX,
                   &ioc.campaigns) ||
        !image_set(im, le32(rec.meta + META_AT_SOURCES), ioc.source, IMAGE_SOURCES_MAX, &ioc.sources))
        return false;
    ioc.type = rec.meta[META_AT_TYPE];
    ioc.tier = rec.meta[META_AT_TIER];
    ioc.value = rec.text;
    ioc.key = image_value_key(ioc.type, rec.text);
    ioc.line = rec.line;
    ioc.from_s = (int64_t)le64(rec.meta + META_AT_FROM);
    ioc.until_s = (int64_t)le64(rec.meta + META_AT_UNTIL);
    uint16_t day = image_first_day(im, id);
    ioc.first_s = day == 0 ? 0 : ((int64_t)IMAGE_DAY_ZERO + day) * DAY_SECONDS;
    ioc.low_trust = (rec.meta[META_AT_FLAGS] & META_LOW_TRUST) != 0;
    ioc.rebuilt = (rec.meta[META_AT_FLAGS] & META_REBUILT) != 0;
    *ret = ioc;
    return true;
}

/* What a section of ranges says of an address: the row of the range that holds it; 0: none. */
static uint32_t range_at(const struct image *im, enum image_section section, const struct addr *a)
{
    const uint8_t *rows = im->section[section].at;
    size_t low = 0, high = im->section[section].len / IMAGE_HOSTING_ROW;

    while (low < high) { /* first row that begins behind the address */
        size_t mid = low + (high - low) / 2;
        if (memcmp(rows + mid * IMAGE_HOSTING_ROW, a->b, 16) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low > 0 ? le32(rows + (low - 1) * IMAGE_HOSTING_ROW + 16) : 0;
}

bool image_hosting(const struct image *im, const struct addr *a, struct span *ret_tag, bool *ret_shared)
{
    uint32_t what = range_at(im, IMAGE_HOSTING, a);
    struct span tag;

    if (what == 0 || !image_string(im, what & ~IMAGE_SHARED, &tag))
        return false;
    if (ret_tag != NULL)
        *ret_tag = tag;
    if (ret_shared != NULL)
        *ret_shared = (what & IMAGE_SHARED) != 0;
    return true;
}

/* Addresses of nobody: they are told without any list. */
static bool leads_nowhere(const struct addr *a)
{
    static const uint8_t zeros[16];

    if (addr_is_v4(a))
        return a->b[12] == 127 || memcmp(a->b + 12, zeros, 4) == 0;
    return memcmp(a->b, zeros, 15) == 0 && a->b[15] <= 1; /* :: and ::1 (RFC 4291 §2.5) */
}

uint8_t image_answer(const struct image *im, const struct addr *a, struct span *ret_who)
{
    uint32_t what = range_at(im, IMAGE_ANSWERS, a);
    struct span who = span_of(NULL, 0);
    uint8_t kind = (uint8_t)(what >> IMAGE_ANSWER_BITS);

    if (leads_nowhere(a))
        kind = ANSWER_BLOCKED;
    else if (kind != ANSWER_REAL && !image_string(im, what & ~IMAGE_ANSWER_MASK, &who))
        kind = ANSWER_REAL;
    if (ret_who != NULL)
        *ret_who = who;
    return kind;
}

/* Octets of a name's end that are looked at first, and rows beyond which that does not tell much. */
#define TAIL_BYTES    6u
#define TAIL_ROWS_MAX 1000u

/* The bit for the end of a name of at least TAIL_BYTES octets. */
static unsigned tail_bit(struct span name)
{
    uint64_t word = 0;

    memcpy(&word, name.at + name.len - TAIL_BYTES, TAIL_BYTES);
    return (unsigned)(word * 0x9e3779b97f4a7c15u >> 32) % (64 * IMAGE_TAIL_WORDS);
}

/* All bits where an end is short, or there are too many. */
static void read_resolver_tails(struct image *im)
{
    size_t rows = im->section[IMAGE_RESOLVERS].len / row_bytes[IMAGE_RESOLVERS];
    bool told = rows <= TAIL_ROWS_MAX;

    for (size_t i = 0; i < rows && told; i++) {
        const uint8_t *at;
        struct span name;
        told =
            row(im, IMAGE_RESOLVERS, i, &at) && image_string(im, le32(at), &name) && name.len >= TAIL_BYTES;
        if (!told)
            break;
        unsigned bit = tail_bit(name);
        im->resolver_tails[bit / 64] |= 1ull << bit % 64;
    }
    if (!told)
        memset(im->resolver_tails, 0xff, sizeof im->resolver_tails);
}

bool image_resolver_name(const struct image *im, struct span name)
{
    const uint8_t *at;
    struct span last = span_of(NULL, 0);
    size_t low = 0, high = im->section[IMAGE_RESOLVERS].len / row_bytes[IMAGE_RESOLVERS];

    if (name.len >= TAIL_BYTES) {
        unsigned bit = tail_bit(name);
        if ((im->resolver_tails[bit / 64] >> bit % 64 & 1) == 0)
            return false;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct span listed;
        if (!row(im, IMAGE_RESOLVERS, mid, &at) || !image_string(im, le32(at), &listed))
            return false;
        if (name_order(listed, name) <= 0) {
            last = listed;
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return name_within(name, last);
}

bool image_resolver_addr(const struct image *im, const struct addr *a)
{
    return range_at(im, IMAGE_RESOLVER_NETS, a) != 0;
}
