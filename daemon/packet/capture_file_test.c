/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of capture files: both formats, in every byte order, cut anywhere, hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "packet/capture_build.h"

static struct capture_file *open_bytes(const uint8_t *at, size_t len)
{
    int fd = memfd_create("capture", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, at, len), (ssize_t)len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct capture_file *c = capture_file_new(fd, 7);
    assert_non_null(c);
    return c;
}

static struct capture_file *open_image(const struct image *f)
{
    return open_bytes(f->at, f->len);
}

static void close_file(struct capture_file *c)
{
    close(c->fd);
    capture_file_free(c);
}

static void pcap_every_magic(void **state)
{
    static const struct {
        uint32_t magic;
        unsigned extra, tick_ns;
    } kinds[] = {{0xa1b2c3d4, 0, 1000}, {0xa1b23c4d, 0, 1}, {0xa1b2cd34, 8, 1000}, {0xa1b2cd34, 12, 1000}};

    for (unsigned i = 0; i < 8; i++) {
        struct image f = {.little = i & 1};
        struct packet p;
        pcap_header(&f, kinds[i / 2].magic, 2, 4, 0xf4000000u | 113); /* upper bits: there is an FCS */
        pcap_record(&f, 1000000000, 999999, 5, 60, kinds[i / 2].extra);
        pcap_record(&f, UINT32_MAX, i < 4 ? UINT32_MAX : 999999, 0, 0, kinds[i / 2].extra);
        struct capture_file *c = open_image(&f);
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
        assert_int_equal(p.ts_ns, UINT64_C(1000000000000000000) + 999999u * kinds[i / 2].tick_ns);
        assert_int_equal(p.number, 1);
        assert_int_equal(p.source, 7);
        assert_int_equal(p.linktype, 113);
        assert_int_equal(p.captured_bytes, 5);
        assert_int_equal(p.wire_bytes, 60);
        assert_int_equal(p.at[4], (1000000000 + 4) & 0xff);
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
        assert_true(p.ts_ns <= CAPTURE_TIME_MAX_NS);
        assert_int_equal(p.number, 2);
        assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
        assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
        close_file(c);
        free(f.at);
    }
}

/* Before version 2.3 the two lengths stood the other way round; in 2.3 either way. */
static void pcap_old_versions(void **state)
{
    static const struct {
        unsigned major, minor;
        uint32_t first, second;
    } kinds[] = {{2, 4, 4, 60}, {2, 2, 60, 4}, {2, 3, 60, 4}, {2, 3, 4, 60}, {543, 0, 60, 4}};

    for (unsigned i = 0; i < 5; i++) {
        struct image f = {.little = true};
        struct packet p;
        pcap_header(&f, 0xa1b2c3d4, kinds[i].major, kinds[i].minor, 1);
        put32(&f, 1);
        put32(&f, 2);
        put32(&f, kinds[i].first);
        put32(&f, kinds[i].second);
        put32(&f, 0x01020304);
        struct capture_file *c = open_image(&f);
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
        assert_int_equal(p.captured_bytes, 4);
        assert_int_equal(p.wire_bytes, 60);
        assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
        close_file(c);
        free(f.at);
    }
}

/* Two sections of different byte order, four interfaces, all kinds of packet blocks, and blocks of other use.
 */
static void pcapng_sample(struct image *f)
{
    section(f, true);
    interface(f, 1, 0, 6, 0);
    interface(f, 113, 0, 9, 0);
    enhanced(f, 1, 1500000000123456789u, 5, 100);
    block_begin(f, 4); /* name resolution */
    put32(f, 0);
    block_end(f);
    enhanced(f, 0, 1500000000123456u, 0, 0);
    interface(f, 101, 6, 0x80 | 10, 1000);
    enhanced(f, 2, 1024 + 512, 3, 3);
    section(f, false);
    interface(f, 276, 6, 3, -2);
    block_begin(f, 3); /* simple */
    put32(f, 1000);
    put(f, "abcdefgh", 8);
    block_end(f);
    whole(f);
    block_begin(f, 2); /* obsolete */
    put16(f, 0);
    put16(f, 9);
    put32(f, 0);
    put32(f, 5001);
    put32(f, 2);
    put32(f, 2);
    put(f, "xy", 2);
    block_end(f);
    whole(f);
    enhanced(f, 1, 7, 1, 1); /* an interface of the other section */
}

static void pcapng_sections(void **state)
{
    static const struct {
        uint64_t ts_ns;
        uint32_t linktype, captured, wire;
        uint8_t first;
    } expected[] = {
        {1500000000123456789u, 113, 5, 100, 1500000000123456789u & 0xff},
        {1500000000123456000u, 1, 0, 0, 0},
        {1001500000000u, 101, 3, 3, 0},
        {1001500000000u, 276, 6, 1000, 'a'},
        {3001000000u, 276, 2, 2, 'x'},
        {7000, CAPTURE_LINK_NONE, 1, 1, 7},
    };
    struct image f = {0};
    struct packet p;

    pcapng_sample(&f);
    struct capture_file *c = open_image(&f);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
        assert_int_equal(p.number, i + 1);
        assert_int_equal(p.ts_ns, expected[i].ts_ns);
        assert_int_equal(p.linktype, expected[i].linktype);
        assert_int_equal(p.captured_bytes, expected[i].captured);
        assert_int_equal(p.wire_bytes, expected[i].wire);
        if (p.captured_bytes != 0)
            assert_int_equal(p.at[0], expected[i].first);
    }
    assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
    close_file(c);
    free(f.at);
}

static bool among(const size_t *list, unsigned n, size_t value)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* Cut anywhere, a file gives all packets that are whole, and says that it was cut. */
static void check_cuts(const struct image *f)
{
    for (size_t len = 0; len <= f->len; len++) {
        struct capture_file *c = open_bytes(f->at, len);
        struct packet p;
        unsigned expected = 0, got = 0;
        enum capture_result r;
        while (expected < f->packets && f->whole[expected] <= len)
            expected++;
        while ((r = capture_file_next(c, &p)) == CAPTURE_PACKET)
            got++;
        assert_int_equal(got, expected);
        enum capture_result right = len < 4                           ? CAPTURE_BAD
                                    : among(f->clean, f->cleans, len) ? CAPTURE_END
                                                                      : CAPTURE_CUT;
        assert_int_equal(r, right);
        assert_true(r == CAPTURE_END || *capture_file_why(c) != 0);
        close_file(c);
    }
}

static void cut_anywhere(void **state)
{
    struct image f = {0}, g = {.little = true};

    pcapng_sample(&f);
    check_cuts(&f);
    free(f.at);
    pcap_header(&g, 0xa1b2c3d4, 2, 4, 1);
    for (unsigned i = 0; i < 3; i++)
        pcap_record(&g, i, i, 10 * i, 100, 0);
    check_cuts(&g);
    free(g.at);
}

/* Expects `packets` packets and then CAPTURE_BAD, for ever. */
static void check_bad(struct image *f, unsigned packets)
{
    struct capture_file *c = open_image(f);
    struct packet p;

    for (unsigned i = 0; i < packets; i++)
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
    assert_int_equal(capture_file_next(c, &p), CAPTURE_BAD);
    assert_int_equal(capture_file_next(c, &p), CAPTURE_BAD);
    assert_true(*capture_file_why(c) != 0);
    close_file(c);
    free(f->at);
}

static void hostile_pcap(void **state)
{
    struct image text = {0}, huge = {0}, version = {0}, most = {0};
    struct packet p;

    put(&text, "#!/bin/sh\nexit 0\n", 17);
    check_bad(&text, 0);
    pcap_header(&huge, 0xa1b2c3d4, 2, 4, 1);
    pcap_record(&huge, 1, 1, 1, 1, 0);
    pcap_record(&huge, 1, 1, CAPTURE_PACKET_BYTES_MAX + 1, 1, 0);
    check_bad(&huge, 1);
    pcap_header(&version, 0xa1b2c3d4, 1, 4, 1);
    check_bad(&version, 0);

    pcap_header(&most, 0xa1b2c3d4, 2, 4, 1);
    for (unsigned i = 0; i < 9; i++)
        pcap_record(&most, i, 1, CAPTURE_PACKET_BYTES_MAX, 1, 0);
    struct capture_file *c = open_image(&most);
    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
        assert_int_equal(p.wire_bytes, CAPTURE_PACKET_BYTES_MAX);
        assert_int_equal(p.at[p.captured_bytes - 1], (i + CAPTURE_PACKET_BYTES_MAX - 1) & 0xff);
    }
    assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
    close_file(c);
    free(most.at);
}

static void damage(struct image *f, size_t at, uint32_t value)
{
    size_t len = f->len;

    f->len = at;
    put32(f, value);
    f->len = len;
}

static void hostile_pcapng(void **state)
{
    /* Each writes `value` over the four bytes at `at` from the begin of the last of two packets, or its end.
     */
    static const struct {
        int at;
        uint32_t value;
        unsigned packets;
    } wounds[] = {
        {4, 8, 1},           /* block shorter than its header */
        {4, 0, 1},           /* block that goes nowhere */
        {4, UINT32_MAX, 1},  /* longer than any */
        {20, 1000, 1},       /* packet longer than its block */
        {20, UINT32_MAX, 1}, /* packet longer than any */
        {-4, 16, 1},         /* lengths differ */
        {0, 0x0a0d0d0a, 1},  /* a section without byte order */
    };

    for (unsigned i = 0; i < sizeof wounds / sizeof *wounds; i++) {
        struct image f = {0};
        section(&f, i % 2);
        interface(&f, 1, 0, 6, 0);
        enhanced(&f, 0, 0, 60, 60);
        enhanced(&f, 0, 0, 60, 60);
        damage(&f, wounds[i].at < 0 ? f.len - 4 : f.block + (size_t)wounds[i].at, wounds[i].value);
        check_bad(&f, wounds[i].packets);
    }
}

/* A block longer than the buffer is passed over; too many interfaces cost nothing. */
static void pcapng_excess(void **state)
{
    struct image f = {0};
    struct packet p;
    static const uint8_t zeros[CAPTURE_BUFFER_BYTES * 3];

    section(&f, true);
    block_begin(&f, 10); /* decryption secrets */
    put(&f, zeros, sizeof zeros);
    block_end(&f);
    for (unsigned i = 0; i < CAPTURE_INTERFACES_MAX + 3; i++)
        interface(&f, 1, 0, 6, 0);
    enhanced(&f, CAPTURE_INTERFACES_MAX - 1, 0, 4, 4);
    enhanced(&f, CAPTURE_INTERFACES_MAX + 2, 0, 4, 4);
    enhanced(&f, UINT32_MAX, 0, 4, 4);
    struct capture_file *c = open_image(&f);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
        assert_int_equal(p.linktype, i == 0 ? 1 : CAPTURE_LINK_NONE);
    }
    assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
    close_file(c);
    free(f.at);
}

#ifdef __SIZEOF_INT128__
static uint64_t right_time(uint64_t ticks, unsigned resolution, int64_t offset_s)
{
    unsigned n = resolution & 0x7f;
    unsigned __int128 ns = (unsigned __int128)ticks * 1000000000u;

    if ((resolution & 0x80) != 0)
        ns >>= n;
    else
        for (; n > 0; n--)
            ns /= 10;
    if (ns > CAPTURE_TIME_MAX_NS)
        ns = CAPTURE_TIME_MAX_NS;
    __int128 t = (__int128)ns + (__int128)offset_s * 1000000000;
    return t < 0 ? 0 : t > (__int128)CAPTURE_TIME_MAX_NS ? CAPTURE_TIME_MAX_NS : (uint64_t)t;
}

/* Every resolution and absurd times: right to the nanosecond, and never past the limit. */
static void pcapng_times(void **state)
{
    static const uint64_t ticks[] = {0, 1, 1500000000123456789u, 1u << 31, UINT64_MAX};
    static const int64_t offsets[] = {0, -1, 1000, INT64_MIN, INT64_MAX};

    for (unsigned resolution = 0; resolution < 256; resolution++) {
        struct image f = {.little = resolution % 2};
        struct packet p;
        section(&f, resolution % 2);
        for (unsigned i = 0; i < 5; i++)
            interface(&f, 1, 0, resolution, offsets[i]);
        for (unsigned i = 0; i < 25; i++)
            enhanced(&f, i / 5, ticks[i % 5], 1, 1);
        struct capture_file *c = open_image(&f);
        for (unsigned i = 0; i < 25; i++) {
            assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
            uint64_t right = right_time(ticks[i % 5], resolution, offsets[i / 5]);
            assert_in_range(p.ts_ns, right > 0 ? right - 1 : 0, right);
        }
        close_file(c);
        free(f.at);
    }
}
#endif

/* From a pipe that gives a byte at a time, and again with the same reader. */
static void trickle(void **state)
{
    struct image f = {0};
    struct capture_file *c = NULL;

    pcapng_sample(&f);
    for (unsigned round = 0; round < 2; round++) {
        int ends[2];
        struct packet p;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            for (size_t i = 0; i < f.len; i++)
                if (write(ends[1], f.at + i, 1) != 1)
                    _exit(1);
            _exit(0);
        }
        close(ends[1]);
        if (c == NULL)
            c = capture_file_new(ends[0], 1);
        else
            capture_file_use(c, ends[0], 2);
        for (unsigned i = 0; i < f.packets; i++) {
            assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
            assert_int_equal(p.number, i + 1);
            assert_int_equal(p.source, round + 1);
        }
        assert_int_equal(capture_file_next(c, &p), CAPTURE_END);
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    capture_file_free(c);
    free(f.at);
}

/* Packets of all sizes across the buffer's end, in batches: none is torn, none is moved while it is looked
 * at. */
static void check_wrap(struct image *f, unsigned packets)
{
    struct capture_file *c = open_image(f);
    enum capture_result end;
    struct packet p[16];
    unsigned n, i = 0;

    while ((n = capture_file_batch(c, p, 16, &end)) > 0) {
        for (unsigned j = 0; j < n; j++, i++) {
            assert_int_equal(p[j].number, i + 1);
            assert_int_equal(p[j].captured_bytes, i * 7919 % 3001);
            for (unsigned k = 0; k < p[j].captured_bytes; k++)
                if (p[j].at[k] != ((i + k) & 0xff))
                    fail_msg("packet %u differs at byte %u", i, k);
        }
    }
    assert_int_equal(end, CAPTURE_END);
    assert_int_equal(i, packets);
    close_file(c);
    free(f->at);
}

static void wrap(void **state)
{
    struct image f = {0}, ng = {0};

    pcap_header(&f, 0xa1b23c4d, 2, 4, 1);
    for (unsigned i = 0; i < 2000; i++)
        pcap_record(&f, i, i, i * 7919 % 3001, 4000, 0);
    check_wrap(&f, 2000);
    section(&ng, true);
    interface(&ng, 1, 0, 6, 0);
    for (unsigned i = 0; i < 2000; i++)
        enhanced(&ng, 0, i, i * 7919 % 3001, 4000);
    check_wrap(&ng, 2000);
}

static void read_error(void **state)
{
    struct capture_file *c = capture_file_new(-1, 0);
    struct packet p;

    assert_int_equal(capture_file_next(c, &p), CAPTURE_ERROR);
    errno = 0;
    assert_int_equal(capture_file_next(c, &p), CAPTURE_ERROR);
    assert_int_equal(errno, EBADF);
    capture_file_free(c);
    capture_file_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_every_magic),
        cmocka_unit_test(pcap_old_versions),
        cmocka_unit_test(pcapng_sections),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(hostile_pcap),
        cmocka_unit_test(hostile_pcapng),
        cmocka_unit_test(pcapng_excess),
        cmocka_unit_test(trickle),
        cmocka_unit_test(wrap),
        cmocka_unit_test(read_error),
#ifdef __SIZEOF_INT128__
        cmocka_unit_test(pcapng_times),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
