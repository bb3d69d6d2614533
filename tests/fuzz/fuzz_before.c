/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A load behind a hostile image and a hostile file of known values: two bytes say how long the latter is, it
 * follows, then the image. Nothing that they say may make a load crash, run on, lose what is in its files, or
 * leave a file of known values that is not good.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_load.h"
#include "intel/image_format.h"
#include "intel/load_before.h"
#include "intel/load_known.h"

#define NOW_S (INT64_C(20500) * DAY_SECONDS)

static void check_any_line(void *ctx, const char *line)
{
    struct load_line parsed;

    require(load_line_parse(line, &parsed));
    for (const char *c = line; *c; c++)
        require((*c >= 0x20 && *c < 0x7f) || *c == '\t');
    if (parsed.kind == LOAD_LINE_CHANGE)
        ++*(unsigned *)ctx;
}

static int file_of(const uint8_t *at, size_t len)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    require(fd >= 0 && write(fd, at, len) == (ssize_t)len);
    return fd;
}

/* What the fuzzer need not find out: magic, version, lengths and checksums. */
static int known_file(const uint8_t *at, size_t len)
{
    int fd = file_of(at, len);
    uint8_t head[LOAD_KNOWN_HEAD_BYTES];

    if (len < sizeof head)
        return fd;
    memcpy(head, at, sizeof head);
    memcpy(head, LOAD_KNOWN_MAGIC, 8);
    put_le32(head + LOAD_KNOWN_AT_VERSION, LOAD_KNOWN_VERSION);
    put_le32(head + LOAD_KNOWN_AT_COUNT, (uint32_t)((len - sizeof head) / LOAD_KNOWN_ROW_BYTES));
    put_le64(head + LOAD_KNOWN_AT_SUM,
             len == sizeof head ? 0 : image_checksum(0, span_of(at + sizeof head, len - sizeof head)));
    require(pwrite(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
    return fd;
}

static int image_file(const uint8_t *at, size_t len)
{
    int fd = file_of(at, len);
    uint8_t head[IMAGE_HEADER_BYTES];

    if (len < sizeof head)
        return fd;
    memcpy(head, at, sizeof head);
    memcpy(head, IMAGE_MAGIC, 8);
    put_le32(head + IMAGE_AT_VERSION, IMAGE_VERSION);
    put_le32(head + IMAGE_AT_BYTES, (uint32_t)len);
    put_le64(head + IMAGE_AT_HEAD_SUM, 0);
    put_le64(head + IMAGE_AT_HEAD_SUM, image_checksum(0, span_of(head, sizeof head)));
    require(pwrite(fd, head, sizeof head, 0) == (ssize_t)sizeof head);
    return fd;
}

/* The load whose past is hostile; its new file of known values goes to `next`. */
static void load(int image, int known, int next)
{
    static const char list[] = "evil.example\n192.0.2.1\nnew.example\n";
    unsigned changes = 0;
    struct load_report report = {.line = check_any_line, .ctx = &changes};
    struct build *b = build_new();
    struct loader *l = b ? loader_new(b, &report, "") : NULL;
    struct load_before *before = load_before_new(image, known, false, &report);
    int64_t rows;

    require(l && before);
    loader_clock(l, NOW_S);
    loader_before(l, before);
    require(loader_bytes(l, "a.txt", span_of(list, sizeof(list) - 1)) == 0);
    require(loader_bytes(l, "b.ioc", span_of("", 0)) == 0);
    require(loader_finish(l) == 0 && build_count(b) >= 3);
    require(load_before_compare(before, b, NOW_S, next, &rows) == 0);
    require(changes <= LOADER_CHANGES_MAX && rows <= (int64_t)LOAD_KNOWN_MAX);
    for (uint32_t id = 0; id < build_count(b); id++)
        require(build_day_of(b, id) <= NOW_S / DAY_SECONDS - IMAGE_DAY_ZERO);
    load_before_free(before);
    loader_free(l);
    build_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size < 2 ? 0 : le16(data);
    const char *why;

    if (size < 2 || len > size - 2)
        return 0;
    int known = known_file(data + 2, len), image = image_file(data + 2 + len, size - 2 - len);
    int next = memfd_create("next", MFD_CLOEXEC);
    load(image, known, next);
    struct load_known *again = load_known_new(next, &why);
    require(again != NULL && why == NULL);
    load_known_free(again);
    close(known);
    close(image);
    close(next);
    return 0;
}
