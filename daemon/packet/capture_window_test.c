/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of capture files that are mapped: the same packets as those that are read, whatever lies across the
 * ends of the window, and what becomes of a file that is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/bus.h"
#include "packet/capture_build.h"

#define MAPPED  0600 /* nobody else may write to it */
#define COPIED  0622
#define BATCH   16u
#define PACKETS 9000u

static int file_of(const struct image *f, mode_t mode)
{
    char name[] = "/tmp/bridle-window-XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    for (size_t at = 0; at < f->len;) {
        ssize_t n = write(fd, f->at + at, f->len - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* All that a reading of the file gives, and how it ended. */
struct reading {
    uint64_t packets, digest;
    enum capture_result end;
    int error;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    return (h ^ v) * 0x9e3779b97f4a7c15u;
}

static uint64_t packet_digest(uint64_t h, const struct packet *p)
{
    h = mix(mix(mix(h, p->ts_ns), p->number), p->captured_bytes);
    for (uint32_t i = 0; i < p->captured_bytes; i++)
        h = mix(h, p->at[i]);
    return h;
}

/* `cut`: after the first batch the file is made so short; 0: not. */
static struct reading read_all(int fd, bool mapped, off_t cut)
{
    struct capture_file *c = capture_file_new(fd, 1);
    struct packet p[BATCH];
    struct reading r = {0};
    unsigned n;

    assert_non_null(c);
    assert_int_equal(c->window.in_use, mapped);
    while ((n = capture_file_batch(c, p, BATCH, &r.end)) > 0) {
        for (unsigned i = 0; i < n; i++) {
            capture_file_ahead(c);
            r.digest = packet_digest(r.digest, &p[i]);
        }
        if (cut > 0 && r.packets == 0)
            assert_int_equal(ftruncate(fd, cut), 0);
        r.packets += n;
    }
    r.error = errno;
    capture_file_free(c);
    return r;
}

static void check_same(const struct image *f, unsigned packets, enum capture_result end)
{
    int fd = file_of(f, MAPPED);
    struct reading mapped = read_all(fd, true, 0);

    close(fd);
    fd = file_of(f, COPIED);
    struct reading copied = read_all(fd, false, 0);
    close(fd);
    assert_int_equal(mapped.packets, packets);
    assert_int_equal(copied.packets, packets);
    assert_true(mapped.digest == copied.digest);
    assert_int_equal(mapped.end, end);
    assert_int_equal(copied.end, end);
}

/* Of every size up to 1500 and some large ones: more than one window. */
static uint32_t size_of(unsigned i)
{
    return i % 3000 == 2999 ? 262144 : i * 7 % 1500;
}

static void pcap_of(struct image *f, unsigned packets)
{
    pcap_header(f, 0xa1b2c3d4, 2, 4, 1);
    for (unsigned i = 0; i < packets; i++)
        pcap_record(f, i, i, size_of(i), size_of(i), 0);
}

static void pcap_is_the_same(void **state)
{
    struct image f = {.little = true};

    pcap_of(&f, PACKETS);
    check_same(&f, PACKETS, CAPTURE_END);
    f.len -= 5;
    check_same(&f, PACKETS - 1, CAPTURE_CUT);
    free(f.at);
}

static void cut_where_a_window_ends(void **state)
{
    size_t window = 4 << 20;
    struct image f = {.little = true};

    pcap_of(&f, PACKETS);
    for (size_t len = window - 20; len < window + 20; len++) {
        struct image g = f;
        g.len = len;
        int fd = file_of(&g, MAPPED), other = file_of(&g, COPIED);
        struct reading mapped = read_all(fd, true, 0), copied = read_all(other, false, 0);
        assert_true(mapped.digest == copied.digest && mapped.end == copied.end);
        close(fd);
        close(other);
    }
    free(f.at);
}

/* What is passed over is larger than a window, and ends where the file does, or behind it. */
static void pcapng_is_the_same(void **state)
{
    struct image f = {0};

    section(&f, true);
    interface(&f, 1, 0, 9, 0);
    for (unsigned i = 0; i < PACKETS; i++) {
        enhanced(&f, 0, i, size_of(i), size_of(i));
        if (i % 4000 == 0) {
            block_begin(&f, 0x0bad);
            for (unsigned k = 0; k < (5u << 20); k += 8)
                put_number(&f, k, 8);
            block_end(&f);
        }
    }
    block_begin(&f, 0x0bad);
    put_number(&f, 1, 8);
    block_end(&f);
    check_same(&f, PACKETS, CAPTURE_END);
    f.len -= 1;
    check_same(&f, PACKETS, CAPTURE_CUT);
    free(f.at);
}

static void from_where_it_stands(void **state)
{
    struct image f = {.little = true};
    struct packet p;

    put(&f, "not of the capture", 18);
    pcap_of(&f, PACKETS);
    int fd = file_of(&f, MAPPED);
    assert_int_equal(lseek(fd, 18, SEEK_SET), 18);
    struct capture_file *c = capture_file_new(fd, 1);
    assert_true(c->window.in_use);
    assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
    assert_int_equal(p.number, 1);
    capture_file_free(c);
    close(fd);
    free(f.at);
}

/* As it was when its end was read: nothing is an error that is not seen; what was promised and is gone is
 * one. */
static void a_file_that_is_cut(void **state)
{
    struct image f = {.little = true};

    pcap_of(&f, PACKETS);
    int fd = file_of(&f, MAPPED);
    bus_init(); /* here, for cmocka has handlers of its own */
    struct reading r = read_all(fd, true, 100000);
    assert_int_equal(r.end, CAPTURE_ERROR);
    assert_int_equal(r.error, EIO);
    close(fd);
    free(f.at);
}

/* One that grows while it is read is read to its new end. */
static void a_file_that_grows(void **state)
{
    struct image f = {.little = true};
    struct packet p;
    unsigned packets = 0;

    pcap_of(&f, PACKETS);
    struct image begin = f;
    begin.len = 3 << 20;
    int fd = file_of(&begin, MAPPED);
    struct capture_file *c = capture_file_new(fd, 1);
    assert_int_equal(capture_file_next(c, &p), CAPTURE_PACKET);
    assert_int_equal(pwrite(fd, f.at + begin.len, f.len - begin.len, (off_t)begin.len),
                     (ssize_t)(f.len - begin.len));
    for (packets = 1; capture_file_next(c, &p) == CAPTURE_PACKET; packets++)
        continue;
    assert_int_equal(packets, PACKETS);
    capture_file_free(c);
    close(fd);
    free(f.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_is_the_same),   cmocka_unit_test(cut_where_a_window_ends),
        cmocka_unit_test(pcapng_is_the_same), cmocka_unit_test(from_where_it_stands),
        cmocka_unit_test(a_file_that_is_cut), cmocka_unit_test(a_file_that_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
