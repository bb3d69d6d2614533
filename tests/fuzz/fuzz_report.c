/* SPDX-License-Identifier: BSD-2-Clause */
/* Any sequence of records that record_unpack lets through, with any text in them: the books stay bounded, and
 * events and lines for people stay whole lines of valid UTF-8 without a control byte. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/text.h"
#include "intel/build.h"
#include "intel/match.h"
#include "report/reporter.h"

static void require(bool held)
{
    if (!held)
        abort();
}

static void be_quiet(void *ctx, enum log_level level, const char *line) {}

static const char *source_name(void *ctx, uint32_t source)
{
    return "a \"file\"\n";
}

static struct image *make_image(void)
{
    static const char *const names[] = {"a.example", "b.example", "c\n\x1b\xff.example"};
    struct build *b = build_new();
    struct prefix range = {.bits = 120};
    const char *why;

    for (unsigned i = 0; i < 3; i++) {
        struct indicator ind = {.type = IOC_DOMAIN,
                                .tier = (uint8_t)(i * 2),
                                .name = span_str(names[i]),
                                .campaign = span_str(names[2 - i]),
                                .source = span_str("\xc2\x85\xe2\x80\xa8"),
                                .feed = span_str("f\t"),
                                .from_s = (int64_t)i * 1000000000000,
                                .until_s = i * 1000,
                                .low_trust = i == 1,
                                .rebuilt = i == 2};
        build_indicator(b, &ind, NULL);
        ind.source = span_str("\x1b[2J");
        build_indicator(b, &ind, NULL);
    }
    addr_parse(span_str("10.1.0.0"), &range.addr);
    build_range(b, &range, span_str("host\"ed"), true);
    range.bits = 124;
    range.addr.b[15] = 32;
    build_answer(b, &range, ANSWER_SINKHOLE, span_str("\n\xff\xe2\x80\xae, blocked by"));
    range.addr.b[15] = 48;
    build_answer(b, &range, ANSWER_PARKED, span_str(""));
    int fd = memfd_create("image", MFD_CLOEXEC);
    require(fd >= 0 && build_write(b, fd) == 0);
    build_free(b);
    struct image *im = image_map(fd, true, &why);
    require(im != NULL);
    close(fd);
    return im;
}

static struct addr any_addr(struct cur *c)
{
    struct addr a = addr_v4((const uint8_t[]){10, 1, 0, 0});
    uint8_t choice = cur_u8(c);

    if (choice == 255)
        memset(a.b, 0xff, sizeof a.b);
    a.b[15] = choice & 63;
    return a;
}

/* A record whose enums and lengths are in range, as record_unpack guarantees; everything else is free. */
static void any_record(struct cur *c, uint64_t *ts_ns, struct record *ret)
{
    uint8_t step = cur_u8(c);

    *ts_ns = step == 255 ? cur_u32(c) * (uint64_t)UINT32_MAX : *ts_ns + step * 16 * SECOND_NS;
    *ret = (struct record){.ts_ns = *ts_ns,
                           .kind = cur_u8(c) % RECORD_KINDS,
                           .via = cur_u8(c) % VIAS,
                           .match = cur_u8(c) % (MATCH_EXCEPTION + 1),
                           .stage = cur_u8(c) % STAGES,
                           .flags = cur_u8(c) & RECORD_FLAGS_ALL,
                           .vlans = cur_u8(c) % (PACKET_VLANS_MAX + 1),
                           .tunnel_path = cur_u8(c) % TUNNEL_KINDS,
                           .proto = cur_u8(c),
                           .ip_proto = cur_u8(c),
                           .is_addr = cur_u8(c) & 1,
                           .ioc = cur_u8(c) & 3,
                           .generation = cur_u8(c) & 1,
                           .flow_id = cur_u8(c),
                           .bytes_out = cur_u32(c) * (uint64_t)UINT32_MAX,
                           .bytes_in = cur_u16(c)};
    ret->tunnel_depth = ret->tunnel_path != 0;
    ret->blocked = (uint8_t)(ret->flow_id / 16 % BLOCKS);
    ret->client = any_addr(c);
    ret->server = any_addr(c);
    ret->value_addr = any_addr(c);
    ret->value = cur_take(c, cur_u8(c));
    for (uint8_t n = cur_u8(c) % (OBSERVATION_ATTRS_MAX + 1); ret->attrs < n; ret->attrs++)
        ret->attr[ret->attrs] = (struct attr){cur_u8(c) % ATTRS, cur_take(c, cur_u8(c))};
}

/* Whole lines, each byte of them fit to be shown. */
static void check_output(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = malloc((size_t)size + 1), *copy = malloc((size_t)size + 1);

    require(text != NULL && copy != NULL && pread(fd, text, (size_t)size, 0) == size);
    require(size == 0 || text[size - 1] == '\n');
    for (char *line = text, *end; line < text + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        struct text t = text_on(copy, (size_t)size + 1);
        text_utf8(&t, span_of(line, (size_t)(end - line)));
        if (line[0] != '{')
            require(t.len == (size_t)(end - line)); /* nothing was left to escape */
        for (char *at = line; at < end; at++)
            require((uint8_t)*at >= 0x20 && *at != 0x7f);
    }
    free(text);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image *im;
    static struct settings settings;
    struct cur c = cur_stream(data, size < 65536 ? size : 65536);
    uint8_t mode = cur_u8(&c);
    char path[64];
    struct reporter *r;
    struct record rec;
    uint64_t ts_ns = 0;

    if (im == NULL) {
        im = make_image();
        log_to(be_quiet, NULL);
        require(conf_defaults(settings_keys, settings_count, &settings) == 0);
        settings.syslog = false;
        settings.incidents_max = 16;
    }
    int fd = memfd_create("events", MFD_CLOEXEC), out = dup(STDOUT_FILENO);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    require(fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0); /* both outputs write to it */
    struct reporter_options o = {.settings = &settings,
                                 .replay = mode & 1,
                                 .human = mode & 2,
                                 .observe = true,
                                 .eve_path = path,
                                 .sensor = "s"};
    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    require(reporter_new(&o, source_name, NULL, &r) == 0);
    while (cur_ok(&c)) {
        any_record(&c, &ts_ns, &rec);
        reporter_record(r, im, &rec);
        if (mode & 4)
            reporter_tick(r, ts_ns);
    }
    reporter_finish(r);
    require(reporter_totals(r).output_errors == 0);
    reporter_free(r);
    dup2(out, STDOUT_FILENO);
    close(out);
    check_output(fd);
    close(fd);
    return 0;
}
