/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing the file of known values. Values are added in the order of an image and sorted in
 * place; the old file is in order: so both are walked through once, beside each other, and nothing is looked
 * up.
 */
#include "intel/load_known.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intel/build_region.h"
#include "intel/image_format.h"
#include "intel/load_sort.h"
#include "os/bus.h"

#define ROW             LOAD_KNOWN_ROW_BYTES
#define GIVE_BACK_BYTES (1 << 20)

_Static_assert(ROW == LOAD_SORT_ROW_BYTES, "rows are sorted as they are");

struct load_known {
    uint8_t *map; /* owned mapping of the old file, or NULL */
    size_t map_bytes;
    const uint8_t *old; /* its rows */
    uint32_t old_count;
    uint64_t old_limit;
    uint16_t old_last;  /* the latest day in it */
    struct region rows; /* key, id; when they are judged key, first day, today */
    uint32_t count, room;
    uint64_t limit; /* no key from here on is in the new file */
};

/* Both files beside each other, in order of keys. */
struct merge {
    uint32_t old, new; /* rows that were passed */
};

struct writer {
    int fd, error;
    uint32_t rows;
    uint64_t sum;
    size_t used;
    uint8_t block[LOAD_KNOWN_SUM_BYTES];
};

static uint64_t sum_of(const uint8_t *rows, size_t bytes)
{
    uint64_t sum = 0;

    for (size_t at = 0, n; at < bytes; at += n) {
        n = bytes - at < LOAD_KNOWN_SUM_BYTES ? bytes - at : LOAD_KNOWN_SUM_BYTES;
        sum = image_checksum(sum, span_of(rows + at, n));
    }
    return sum;
}

/* Rows must ascend: the walk along them relies on it. */
static bool rows_ok(struct load_known *k)
{
    for (uint32_t i = 0; i < k->old_count; i++) {
        const uint8_t *row = k->old + (size_t)ROW * i;
        if (i > 0 && le64(row) <= le64(row - ROW))
            return false;
        if (le16(row + 10) > k->old_last)
            k->old_last = le16(row + 10);
    }
    return true;
}

static const char *check(struct load_known *k)
{
    const uint8_t *head = k->map;

    if (k->map_bytes < LOAD_KNOWN_HEAD_BYTES || memcmp(head, LOAD_KNOWN_MAGIC, 8) != 0)
        return "is no file of known values: it begins anew";
    if (le32(head + LOAD_KNOWN_AT_VERSION) != LOAD_KNOWN_VERSION)
        return "the file of known values is of another version of bridle: it begins anew";
    uint32_t count = le32(head + LOAD_KNOWN_AT_COUNT);
    size_t bytes = k->map_bytes - LOAD_KNOWN_HEAD_BYTES;
    if (count > LOAD_KNOWN_MAX || bytes != (size_t)count * ROW)
        return "the file of known values is cut off or damaged: it begins anew";
    k->old = head + LOAD_KNOWN_HEAD_BYTES;
    k->old_count = count;
    k->old_limit = le64(head + LOAD_KNOWN_AT_LIMIT);
    if (sum_of(k->old, bytes) != le64(head + LOAD_KNOWN_AT_SUM) || !rows_ok(k))
        return "the file of known values is damaged: it begins anew";
    return NULL;
}

/* Maps the file; an empty one needs none. */
static const char *map_file(struct load_known *k, int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size > (off_t)LOAD_KNOWN_MAX * ROW + LOAD_KNOWN_HEAD_BYTES)
        return "the file of known values cannot be read: it begins anew";
    if (st.st_size == 0)
        return NULL;
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return "the file of known values cannot be read: it begins anew";
    k->map = at;
    k->map_bytes = (size_t)st.st_size;
    return bus_guard(at, k->map_bytes) < 0 ? "too many files at once" : check(k);
}

static void unmap(struct load_known *k)
{
    if (k->map != NULL) {
        bus_unguard(k->map);
        munmap(k->map, k->map_bytes);
    }
    k->map = NULL;
    k->old = NULL;
    k->old_count = 0;
    k->old_last = 0;
    k->old_limit = UINT64_MAX;
}

struct load_known *load_known_new(int fd, const char **ret_why)
{
    struct load_known *k = calloc(1, sizeof *k);

    if (k == NULL)
        return NULL;
    k->old_limit = k->limit = UINT64_MAX;
    *ret_why = map_file(k, fd);
    if (*ret_why != NULL)
        unmap(k);
    return k;
}

void load_known_free(struct load_known *k)
{
    if (k == NULL)
        return;
    unmap(k);
    region_done(&k->rows);
    free(k);
}

uint32_t load_known_rows(const struct load_known *k)
{
    return k->old_count;
}

uint16_t load_known_last_day(const struct load_known *k)
{
    return k->old_last;
}

int load_known_expect(struct load_known *k, uint32_t count)
{
    k->room = count < LOAD_KNOWN_MAX ? count : LOAD_KNOWN_MAX;
    if (count > LOAD_KNOWN_MAX) /* a little less: keys are spread evenly, not perfectly */
        k->limit = UINT64_MAX / count * (LOAD_KNOWN_MAX - LOAD_KNOWN_MAX / 64);
    return k->room == 0 ? 0 : region_grow(&k->rows, (size_t)ROW * k->room);
}

bool load_known_add(struct load_known *k, uint64_t key, uint32_t id)
{
    if (key >= k->limit)
        return false;
    if (k->count == k->room) { /* values were chosen so that their keys crowd */
        k->limit = key;
        return false;
    }
    uint8_t *row = k->rows.at + (size_t)ROW * k->count++;
    put_le64(row, key);
    put_le32(row + 8, id);
    return true;
}

/* The next row; NULL at the end. `*ret_new` is the value listed today, `*ret_old` what the file has; one of
 * them may be NULL. */
static bool merge_next(const struct load_known *k, struct merge *m, uint8_t **ret_new,
                       const uint8_t **ret_old)
{
    uint8_t *new = m->new < k->count ? k->rows.at + (size_t)ROW * m->new : NULL;
    const uint8_t *old = m->old < k->old_count ? k->old + (size_t)ROW * m->old : NULL;

    if (new != NULL && old != NULL) {
        uint64_t a = le64(new), b = le64(old);
        if (a < b)
            old = NULL;
        else if (b < a)
            new = NULL;
    }
    m->new += new != NULL;
    m->old += old != NULL;
    *ret_new = new;
    *ret_old = old;
    return new != NULL || old != NULL;
}

/* How long a value was not listed; one from the future (the clock was wrong) was listed today. */
static unsigned days_since(const uint8_t *old, uint16_t today)
{
    uint16_t last = le16(old + 10);
    return last < today ? (unsigned)(today - last) : 0;
}

/* How many days a value that is no longer listed may be missing for its row to be kept, so that all have
 * room. */
static int unlisted_days(const struct load_known *k, uint16_t today)
{
    uint32_t missing[LOAD_KNOWN_DAYS + 1] = {0}, rows = k->count;
    struct merge m = {0};
    const uint8_t *old;
    uint8_t *new;
    int days;

    while (merge_next(k, &m, &new, &old))
        if (new == NULL && le64(old) < k->limit &&days_since(old, today) <= LOAD_KNOWN_DAYS)
            missing[days_since(old, today)]++;
    for (days = 0; days <= LOAD_KNOWN_DAYS && missing[days] <= LOAD_KNOWN_MAX - rows; days++)
        rows += missing[days];
    return days - 1;
}

static void write_all(struct writer *w, const uint8_t *at, size_t len)
{
    while (len > 0 && w->error == 0) {
        ssize_t n = write(w->fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            w->error = n < 0 ? -errno : -EIO;
            return;
        }
        at += n;
        len -= (size_t)n;
    }
}

static void write_block(struct writer *w)
{
    w->sum = image_checksum(w->sum, span_of(w->block, w->used));
    write_all(w, w->block, w->used);
    w->used = 0;
}

static void put_row(struct writer *w, uint64_t key, uint16_t first, uint16_t last)
{
    uint8_t *row = w->block + w->used;

    put_le64(row, key);
    put_le16(row + 8, first);
    put_le16(row + 10, last);
    w->rows++;
    w->used += ROW;
    if (w->used == sizeof w->block)
        write_block(w);
}

static void put_head(struct writer *w, uint64_t limit)
{
    uint8_t head[LOAD_KNOWN_HEAD_BYTES] = LOAD_KNOWN_MAGIC;

    put_le32(head + LOAD_KNOWN_AT_VERSION, LOAD_KNOWN_VERSION);
    put_le32(head + LOAD_KNOWN_AT_COUNT, w->rows);
    put_le64(head + LOAD_KNOWN_AT_LIMIT, limit);
    put_le64(head + LOAD_KNOWN_AT_SUM, w->sum);
    if (w->error == 0 && lseek(w->fd, 0, SEEK_SET) < 0)
        w->error = -errno;
    write_all(w, head, sizeof head);
}

/* All rows of the new file. Whether it is the old one again. */
static bool write_rows(struct load_known *k, struct writer *w, uint16_t today, load_known_judge *judge,
                       void *ctx)
{
    int unlisted = unlisted_days(k, today);
    struct merge m = {0};
    const uint8_t *old, *kept = k->rows.at;
    uint64_t key, before = 0;
    bool same = k->map != NULL && k->limit == k->old_limit;
    uint8_t *new;

    while (merge_next(k, &m, &new, &old)) {
        if (new != NULL &&new - kept > GIVE_BACK_BYTES) {
            region_give_back(kept, new);
            kept = new;
        }
        key = le64(new != NULL ? new : old);
        uint16_t first = old != NULL ? le16(old + 8) : 0, last = old != NULL ? le16(old + 10) : 0;
        if (new != NULL) {
            enum load_known_says says = old != NULL          ? LOAD_KNOWN_ROW
                                        : key < k->old_limit ? LOAD_KNOWN_NEW
                                                             : LOAD_KNOWN_NOTHING;
            uint16_t judged = judge(ctx, le32(new + 8), says, first);
            same = same && judged == first && last == today;
            first = judged;
            last = today;
        } else if (key >= k->limit || (int)days_since(old, today) > unlisted) {
            same = false;
            continue;
        }
        same = same && old != NULL;
        if (w->rows == 0 || key != before) /* two values of one key: not by chance */
            put_row(w, key, first, today != 0 && last > today ? today : last);
        before = key;
    }
    return same;
}

int load_known_write(struct load_known *k, uint16_t today, load_known_judge *judge, void *ctx, int fd,
                     bool *ret_same, uint32_t *ret_rows)
{
    struct writer *w = calloc(1, sizeof *w);
    static const uint8_t zeros[LOAD_KNOWN_HEAD_BYTES];

    if (w == NULL)
        return -ENOMEM;
    w->fd = fd;
    write_all(w, zeros, sizeof zeros);
    load_sort(k->rows.at, k->count);
    bool same = write_rows(k, w, today, judge, ctx);
    write_block(w);
    put_head(w, k->limit);
    region_done(&k->rows);
    int err = w->error;
    if (err == 0) {
        *ret_same = same;
        *ret_rows = w->rows;
    }
    free(w);
    return err;
}
