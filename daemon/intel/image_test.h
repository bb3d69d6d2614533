/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the image share: building one in memory. */
#ifndef BRIDLE_INTEL_IMAGE_TEST_H
#define BRIDLE_INTEL_IMAGE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "intel/build.h"
#include "intel/image_format.h"
#include "intel/match.h"
#include "intel/observation.h"

/* A generator that is the same everywhere (Marsaglia's xorshift64*). */
static inline uint32_t test_random(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1du >> 32) * below >> 32);
}

static inline struct image *test_image(struct build *b)
{
    const char *why = NULL;
    int fd = memfd_create("image", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(build_write(b, fd), 0);
    struct image *im = image_map(fd, true, &why);
    if (im == NULL)
        fail_msg("%s", why);
    close(fd);
    return im;
}

/* Makes the header's checksum right again: a hostile image has a right one. */
static inline void test_sum_head(uint8_t head[IMAGE_HEADER_BYTES])
{
    put_le64(head + IMAGE_AT_HEAD_SUM, 0);
    put_le64(head + IMAGE_AT_HEAD_SUM, image_checksum(0, span_of(head, IMAGE_HEADER_BYTES)));
}

static inline struct indicator test_name(uint8_t type, const char *name)
{
    return (struct indicator){.type = type, .name = span_str(name), .feed = span_str("test"), .line = 1};
}

static inline struct indicator test_prefix(const char *text)
{
    struct indicator ind = {.feed = span_str("test"), .line = 1};
    assert_true(prefix_parse(span_str(text), &ind.prefix, NULL));
    ind.type = ind.prefix.bits == 128 ? IOC_ADDRESS : IOC_PREFIX;
    return ind;
}

static inline void assert_span(struct span s, const char *want)
{
    if (!span_eq(s, span_str(want)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(s), want);
}

#endif
