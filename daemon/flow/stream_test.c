/* SPDX-License-Identifier: BSD-2-Clause */
/* The assembler against a naive model, and its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* after the headers that it needs */
#include <cmocka.h>

#include "flow/stream.h"

#define SPACE 300

static uint64_t counters[COUNTERS];
static const struct flow_key key = {.hash = 7};

/* Random pieces of random bytes: the stream holds what the model holds, first copy or last, and says when
 * they disagree. */
static void like_the_model(void **state)
{
    struct streams s;

    assert_int_equal(streams_init(&s, 4, 4096, counters), 0);
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t model[SPACE], piece[40];
        bool there[SPACE] = {false};
        struct stream *stream = streams_new(&s, key, 0);
        stream->last_wins = round % 2;
        for (unsigned i = 0; i < 12; i++) {
            uint32_t at = (uint32_t)rand() % (SPACE - 40), len = (uint32_t)rand() % 40;
            bool differs = false;
            for (uint32_t b = 0; b < len; b++) {
                piece[b] = (uint8_t)(rand() % 2);
                differs |= there[at + b] && model[at + b] != piece[b];
            }
            assert_int_equal(stream_disagrees(stream, at, span_of(piece, len)), differs);
            if (!stream_insert(&s, stream, at, span_of(piece, len)))
                continue; /* too many islands: nothing of it may be kept */
            for (uint32_t b = 0; b < len; b++) {
                if (!there[at + b] || stream->last_wins)
                    model[at + b] = piece[b];
                there[at + b] = true;
            }
        }
        uint32_t have = 0;
        while (have < SPACE && there[have])
            have++;
        assert_int_equal(stream_have(stream), have);
        for (unsigned r = 0; r < stream->ranges; r++)
            for (uint32_t b = stream->range[r].from; b < stream->range[r].to; b++)
                assert_true(there[b] && stream->bytes[b] == model[b]);
        if (have > 1) {
            uint32_t n = 1 + (uint32_t)rand() % (have - 1);
            stream_consume(stream, n);
            assert_int_equal(stream_have(stream), have - n);
            for (unsigned r = 0; r < stream->ranges; r++)
                for (uint32_t b = stream->range[r].from; b < stream->range[r].to; b++)
                    assert_int_equal(stream->bytes[b], model[b + n]);
        }
        streams_free(&s, stream);
    }
    streams_done(&s);
}

static void limits(void **state)
{
    struct streams s;
    uint8_t byte = 1;

    assert_int_equal(streams_init(&s, 2, 4096, counters), 0);
    struct stream *a = streams_new(&s, key, 0), *b = streams_new(&s, key, 0);
    assert_null(streams_new(&s, key, 0));
    assert_ptr_equal(streams_oldest(&s), a);
    streams_touch(&s, a);
    assert_ptr_equal(streams_oldest(&s), b);
    assert_false(stream_insert(&s, a, s.slot_bytes, span_of(&byte, 1)));
    assert_false(stream_insert(&s, a, UINT32_MAX, span_of(&byte, 1)));
    for (uint32_t i = 0; i < STREAM_ISLANDS_MAX; i++)
        assert_true(stream_insert(&s, a, 10 + 2 * i, span_of(&byte, 1)));
    assert_false(stream_insert(&s, a, 1000, span_of(&byte, 1)));
    assert_true(stream_insert(&s, a, 11, span_of(&byte, 1)));
    assert_true(stream_insert(&s, a, 1000, span_of(&byte, 1)));
    streams_free(&s, b);
    assert_null(streams_at(&s, 1));
    assert_non_null(streams_fork(&s, a));
    streams_done(&s);
}

/* A connection with many messages may have any number of segments: the limit is one message's. */
static void limit_of_a_message(void **state)
{
    struct streams s;

    assert_int_equal(streams_init(&s, 1, 4096, counters), 0);
    struct stream *stream = streams_new(&s, key, 0);
    for (uint32_t i = 0; i < STREAM_SEGMENTS_MAX + 10; i++) {
        assert_true(stream_insert(&s, stream, stream_have(stream), span_of("ab", 2)));
        stream_consume(stream, stream_have(stream) - 1);
    }
    for (uint32_t i = 0; i < STREAM_SEGMENTS_MAX; i++)
        assert_true(stream_insert(&s, stream, 0, span_of("b", 1)));
    assert_false(stream_insert(&s, stream, 0, span_of("b", 1)));
    streams_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(like_the_model), cmocka_unit_test(limits),
                                       cmocka_unit_test(limit_of_a_message)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
