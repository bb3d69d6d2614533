/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS: hand-made ClientHellos for every rule, in records of every size, and every prefix of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"
#include "proto/writer.h"

static void extension(struct writer *w, unsigned type, struct span body)
{
    number(w, 2, type);
    number(w, 2, body.len);
    put(w, body);
}

static void server_name(struct writer *w, const char *const *names, size_t n)
{
    number(w, 2, 0);
    size_t body = open_vector(w, 2), list = open_vector(w, 2);
    for (size_t i = 0; i < n; i++) {
        number(w, 1, 0);
        number(w, 2, strlen(names[i]));
        put(w, span_str(names[i]));
    }
    close_vector(w, 2, list);
    close_vector(w, 2, body);
}

/* A ClientHello up to its extensions, whose list is left open; returns where it begins. */
static size_t hello(struct writer *w)
{
    w->len = 0;
    number(w, 1, 1);
    number(w, 3, 0);
    number(w, 2, 0x0303);
    for (unsigned i = 0; i < 32; i++)
        number(w, 1, i);
    number(w, 1, 4);
    number(w, 4, 0xdeadbeef);
    number(w, 2, 4);
    number(w, 4, 0x13011302);
    number(w, 2, 0x0100);
    return open_vector(w, 2);
}

static void hello_end(struct writer *w, size_t list)
{
    close_vector(w, 2, list);
    close_vector(w, 3, 4);
}

/* A hello with these extensions after a grease one (RFC 8701). */
static void hello_with(struct writer *w, const char *name, struct span alpn)
{
    size_t list = hello(w);
    extension(w, 0x0a0a, span_of(NULL, 0));
    if (name)
        server_name(w, &name, 1);
    if (alpn.len > 0)
        extension(w, 16, alpn);
    extension(w, 43, BYTES("\x02\x03\x04"));
    hello_end(w, list);
}

static void records(struct writer *to, const struct writer *from, size_t size)
{
    to->len = 0;
    add_records(to, written(from), size);
}

static struct writer message, stream;

static struct collect run(struct span bytes, bool last)
{
    struct collect k = {.p.last = last};
    collect_clear(&k);
    collect_run(&k, collect_proto("tls")->tcp, bytes.at, bytes.len);
    return k;
}

static void expect_stream(enum parse_result result, const char *want)
{
    struct collect k = run(span_of(stream.at, stream.len), false);
    assert_string_equal(k.lines, want);
    assert_int_equal(k.result, result);
    assert_int_equal(k.counters[COUNT_TLS], result != PARSE_NOT && result != PARSE_MORE);
    assert_int_equal(k.counters[COUNT_TLS_BAD], result == PARSE_BAD);
    assert_int_equal(k.counters[COUNT_TLS_NO_SNI], result == PARSE_DONE && *want == 0);
    collect_done(&k);
    collect_prefixes(collect_proto("tls")->tcp, stream.at, stream.len, stream.len > 4096 ? 509 : 1);
}

/* `message` says `want`, in one record and in many. */
static void expect(enum parse_result result, const char *want)
{
    static const size_t sizes[] = {16384, 200, 37, 5, 4, 3, 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        records(&stream, &message, sizes[i]);
        expect_stream(result, want);
    }
}

static void name_alpn_and_ech(void **state)
{
    size_t list = hello(&message);
    const char *name = "WWW.Example.com.";
    extension(&message, 0xfe0d, BYTES("\x00\x00"));
    server_name(&message, &name, 1);
    extension(&message, 16, BYTES("\x00\x10\x02h2\x08http/1.1\x03,\\\xff"));
    hello_end(&message, list);
    expect(PARSE_DONE, "tls-sni www.example.com|client|alpn=h2,http/1.1,\\044\\092\\255|ech=true\n");
}

static void without_a_name(void **state)
{
    hello_with(&message, NULL, BYTES("\x00\x03\x02h2"));
    expect(PARSE_DONE, "");
    hello_with(&message, "", span_of(NULL, 0));
    expect(PARSE_DONE, "");
    hello_with(&message, ".", span_of(NULL, 0));
    expect(PARSE_DONE, "");
    hello(&message); /* no extensions at all */
    message.len -= 2;
    close_vector(&message, 3, 4);
    expect(PARSE_DONE, "");
}

static void names_as_they_stand(void **state)
{
    static const char *const rows[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::1", "::1"},
        {"*.a_b.example", "*.a_b.example"},
        {"a b\n\\\"\x80", "a b\\010\\092\"\\128"},
        {"a..b", "a..b"},
        {"single", "single"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[128];
        hello_with(&message, rows[i][0], span_of(NULL, 0));
        snprintf(want, sizeof want, "tls-sni %s|client\n", rows[i][1]);
        records(&stream, &message, 16384);
        expect_stream(PARSE_DONE, want);
    }
}

static void length_of_names(void **state)
{
    char name[258], want[300];

    memset(name, 'a', sizeof name);
    name[255] = 0;
    snprintf(want, sizeof want, "tls-sni %s|client\n", name);
    hello_with(&message, name, span_of(NULL, 0));
    records(&stream, &message, 16384);
    expect_stream(PARSE_DONE, want);
    name[255] = 'a';
    name[256] = 0;
    hello_with(&message, name, span_of(NULL, 0));
    records(&stream, &message, 16384);
    expect_stream(PARSE_DONE, "");
}

static void every_host_name(void **state)
{
    static const char *const names[] = {"one", "two", "3", "4", "5", "6", "7", "8", "nine"};
    size_t list = hello(&message);

    server_name(&message, names, 2);
    server_name(&message, names + 2, 1); /* a second extension is as forbidden as a second name */
    extension(&message, 0, BYTES("\x00\x08\x07\x00\x01x\x00\x00\x01y")); /* a type that is no host_name */
    hello_end(&message, list);
    expect(PARSE_DONE, "tls-sni one|client\ntls-sni two|client\ntls-sni 3|client\ntls-sni y|client\n");
    list = hello(&message);
    server_name(&message, names, 9);
    hello_end(&message, list);
    struct collect k;
    records(&stream, &message, 16384);
    k = run(span_of(stream.at, stream.len), false);
    assert_int_equal(k.observations, 8);
    collect_done(&k);
}

static void damage_does_not_hide_the_name(void **state)
{
    const char *name = "a.test";
    size_t list = hello(&message);
    extension(&message, 16, BYTES("\x00\x09\x02h2")); /* its list passes the extension */
    server_name(&message, &name, 1);
    hello_end(&message, list);
    expect(PARSE_BAD, "tls-sni a.test|client\n");

    list = hello(&message);
    server_name(&message, &name, 1);
    extension(&message, 16, BYTES("\x00\x03\x02h2"));
    number(&message, 2, 43);
    number(&message, 2, 100); /* passes the end */
    hello_end(&message, list);
    expect(PARSE_BAD, "tls-sni a.test|client|alpn=h2\n");

    hello_with(&message, name, BYTES("\x00\x03\x02h2"));
    number(&message, 1, 0); /* a byte behind the extensions */
    close_vector(&message, 3, 4);
    expect(PARSE_BAD, "tls-sni a.test|client|alpn=h2\n");

    list = hello(&message);
    extension(&message, 0, BYTES("\x00\x09\x00\x00\x0fpasses")); /* a name longer than its list */
    hello_end(&message, list);
    expect(PARSE_BAD, "");
}

/* Told only when there is no hope of more. */
static void last_words(void **state)
{
    const char *name = "a.test";
    size_t list = hello(&message);
    server_name(&message, &name, 1);
    size_t there = message.len;
    extension(&message, 16, BYTES("\x00\x03\x02h2"));
    hello_end(&message, list);
    for (size_t size = 1; size < 1000; size += 998) { /* 1 and 999 bytes in a record */
        records(&stream, &message, size);
        size_t raw = size == 1 ? there * 6 : 5 + there;
        struct collect before = run(span_of(stream.at, raw - 1), true);
        assert_int_equal(before.result, PARSE_CUT);
        assert_int_equal(before.observations, 0);
        struct collect after = run(span_of(stream.at, raw), true);
        assert_int_equal(after.result, PARSE_CUT);
        assert_string_equal(after.lines, "tls-sni a.test|client\n");
        struct collect hoping = run(span_of(stream.at, raw), false);
        assert_int_equal(hoping.result, PARSE_MORE);
        assert_int_equal(hoping.observations, 0);
        assert_int_equal(hoping.p.need, size == 1 ? raw + 5 : stream.len);
        collect_done(&before);
        collect_done(&after);
        collect_done(&hoping);
    }
}

static void need_is_where_the_record_ends(void **state)
{
    hello_with(&message, "a.test", span_of(NULL, 0));
    records(&stream, &message, 40);
    static const size_t at[][2] = {{0, 5}, {4, 5}, {5, 9}, {8, 9}, {9, 45}, {44, 45}, {45, 50}, {50, 89}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct collect k = run(span_of(stream.at, at[i][0]), false);
        assert_int_equal(k.result, PARSE_MORE);
        assert_int_equal(k.p.need, at[i][1]);
        collect_done(&k);
    }
}

static void other_records_in_between(void **state)
{
    hello_with(&message, "a.test", span_of(NULL, 0));
    size_t first = 5 + message.len - 5;
    records(&stream, &message, message.len - 5);
    stream.at[first] = 21; /* an alert where the rest should be: the name is there */
    expect_stream(PARSE_BAD, "tls-sni a.test|client\n");
    records(&stream, &message, message.len - 5);
    stream.at[first + 3] = 0xff; /* longer than records are */
    expect_stream(PARSE_BAD, "tls-sni a.test|client\n");
    for (unsigned empty = 16; empty <= 17; empty++) {
        struct writer *w = &stream;
        w->len = 0;
        for (unsigned i = 0; i < empty; i++)
            put(w, BYTES("\x16\x03\x01\x00\x00"));
        put(w, BYTES("\x16\x03\x01"));
        number(w, 2, message.len);
        put(w, span_of(message.at, message.len));
        expect_stream(empty == 16 ? PARSE_DONE : PARSE_NOT, empty == 16 ? "tls-sni a.test|client\n" : "");
    }
}

static void what_follows_is_not_read(void **state)
{
    hello_with(&message, "a.test", span_of(NULL, 0));
    records(&stream, &message, 16384);
    put(&stream, BYTES("\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x10 early data .."));
    expect_stream(PARSE_DONE, "tls-sni a.test|client\n");
    put(&message, BYTES("\x01\x00\x00\x00")); /* another message in the same record */
    records(&stream, &message, 16384);
    expect_stream(PARSE_DONE, "tls-sni a.test|client\n");
}

/* Longer than what is joined: read as far as that. */
static void endless_hellos(void **state)
{
    const char *name = "a.test";
    size_t list = hello(&message);
    server_name(&message, &name, 1);
    number(&message, 2, 21);
    size_t padding = open_vector(&message, 2);
    for (unsigned i = 0; i < 65000; i++)
        number(&message, 1, 0);
    close_vector(&message, 2, padding);
    hello_end(&message, list);
    records(&stream, &message, 16384);
    expect_stream(PARSE_DONE, "tls-sni a.test|client\n");
    message.at[1] = 1; /* 64 KiB more are promised */
    records(&stream, &message, 16384);
    put(&stream, BYTES("\x16\x03\x03\x10\x00"));
    stream.len += 4096;
    expect_stream(PARSE_BAD, "tls-sni a.test|client\n"); /* more than the extensions */
    message.at[1] = 3;                                   /* more than the vectors of a hello hold */
    records(&stream, &message, 16384);
    expect_stream(PARSE_NOT, "");
}

/* Records before a hello: ChangeCipherSpec, or a warning. */
static void records_before_the_hello(void **state)
{
    static const char ccs[] = "\x14\x03\x03\x00\x01\x01", warning[] = "\x15\x03\x01\x00\x02\x01\x70";
    static const struct {
        struct span bytes;
        bool good;
    } rows[] = {
        {{(const uint8_t *)ccs, 6}, true},
        {{(const uint8_t *)warning, 7}, true},
        {{(const uint8_t *)"\x14\x03\x03\x00\x01\x02", 6}, false},
        {{(const uint8_t *)"\x14\x03\x03\x00\x02\x01", 6}, false},
        {{(const uint8_t *)"\x15\x03\x01\x00\x02\x02\x70", 7}, false}, /* fatal */
        {{(const uint8_t *)"\x15\x03\x01\x00\x1a\x01\x70", 7}, false}, /* encrypted */
    };
    static const uint8_t ends[] = {5, 200};
    const struct proto *tls = collect_proto("tls");
    static struct writer hello_records;

    hello_with(&message, "a.test", span_of(NULL, 0));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t e = 0; e < sizeof ends; e++) {
            records(&hello_records, &message, ends[e]);
            stream.len = 0;
            put(&stream, rows[i].bytes);
            put(&stream, span_of(hello_records.at, hello_records.len));
            expect_stream(rows[i].good ? PARSE_DONE : PARSE_NOT,
                          rows[i].good ? "tls-sni a.test|client\n" : "");
            for (size_t n = 0; rows[i].good && n < rows[i].bytes.len + 6; n++)
                assert_int_equal((int)tls->tcp_starts(span_of(stream.at, n), false), STARTS_MAYBE);
            assert_int_equal((int)tls->tcp_starts(span_of(stream.at, stream.len), false),
                             rows[i].good ? STARTS_YES : STARTS_NO);
        }
    }
    stream.len = 0;
    put(&stream, BYTES(ccs));
    put(&stream, BYTES("\x16\x03\x03\x00\x28\x0b")); /* Finished, as it may be encrypted */
    assert_int_equal((int)tls->tcp_starts(span_of(stream.at, stream.len), false), STARTS_NO);
}

static void other_messages(void **state)
{
    hello_with(&message, "a.test", span_of(NULL, 0));
    message.at[0] = 2; /* ServerHello */
    records(&stream, &message, 16384);
    expect_stream(PARSE_NOT, "");
}

#define PRINTS                                                                                               \
    "|client|alpn=H2|ja3=1dae9c1bb9ff5e63c969a12a81eed58d|ja4=t13d0203H2_62ed6f6ca7ad_b9a491fefe05\n"

/* Of hellos that are whole and well-formed, whether they name a server or not. */
static void fingerprints(void **state)
{
    struct collect k = {.p.crypto = crypto_new(), .p.fingerprints = true};

    hello_with(&message, "a.test", BYTES("\x00\x03\x02H2"));
    records(&stream, &message, 16384);
    collect_clear(&k);
    collect_run(&k, collect_proto("tls")->tcp, stream.at, stream.len);
    assert_string_equal(k.lines, "tls-sni a.test" PRINTS "tls-ja3 1dae9c1bb9ff5e63c969a12a81eed58d" PRINTS
                                 "tls-ja4 t13d0203h2_62ed6f6ca7ad_b9a491fefe05" PRINTS);
    k.p.last = true;
    collect_clear(&k);
    collect_run(&k, collect_proto("tls")->tcp, stream.at, stream.len - 1);
    assert_string_equal(k.lines, "tls-sni a.test|client|alpn=H2\n");
    number(&message, 1, 0); /* a byte behind the extensions */
    close_vector(&message, 3, 4);
    records(&stream, &message, 16384);
    collect_clear(&k);
    collect_run(&k, collect_proto("tls")->tcp, stream.at, stream.len);
    assert_string_equal(k.lines, "tls-sni a.test|client|alpn=H2\n");
    hello_with(&message, NULL, span_of(NULL, 0));
    records(&stream, &message, 16384);
    collect_clear(&k);
    collect_run(&k, collect_proto("tls")->tcp, stream.at, stream.len);
    assert_int_equal(k.observations, 2);
    assert_non_null(strstr(k.lines, "\ntls-ja4 t13i020100_62ed6f6ca7ad_b9a491fefe05|"));
    assert_int_equal(k.counters[COUNT_TLS_NO_SNI], 1);
    crypto_free(k.p.crypto);
    collect_done(&k);
}

static void starts(void **state)
{
    const struct proto *tls = collect_proto("tls");
    static const uint8_t good[] = {22, 3, 1, 2, 0, 1, 0};
    static const struct {
        unsigned at;
        uint8_t value;
        enum proto_starts want;
    } rows[] = {
        {0, 23, STARTS_NO}, {0, 128, STARTS_NO}, {1, 2, STARTS_NO},  {2, 5, STARTS_NO},   {5, 3, STARTS_NO},
        {2, 4, STARTS_YES}, {2, 0, STARTS_YES},  {3, 73, STARTS_NO}, {3, 72, STARTS_YES},
    };
    for (size_t n = 0; n <= sizeof good; n++)
        assert_int_equal((int)tls->tcp_starts(span_of(good, n), false), n < 6 ? STARTS_MAYBE : STARTS_YES);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bad[sizeof good];
        memcpy(bad, good, sizeof good);
        bad[rows[i].at] = rows[i].value;
        assert_int_equal(tls->tcp_starts(span_of(bad, sizeof bad), false), rows[i].want);
        assert_int_equal((int)tls->tcp_starts(span_of(bad, rows[i].at + 1), false),
                         rows[i].want == STARTS_NO ? STARTS_NO : STARTS_MAYBE);
    }
    assert_int_equal(tls->tcp_starts(BYTES("\x16\x03\x01\x00\x00\x01"), false), STARTS_NO);
    assert_int_equal(tls->tcp_starts(BYTES("\x16\x03\x01\x00\x01\x01"), false), STARTS_YES);
    assert_null(tls->udp_starts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_alpn_and_ech),
        cmocka_unit_test(without_a_name),
        cmocka_unit_test(names_as_they_stand),
        cmocka_unit_test(length_of_names),
        cmocka_unit_test(every_host_name),
        cmocka_unit_test(damage_does_not_hide_the_name),
        cmocka_unit_test(last_words),
        cmocka_unit_test(need_is_where_the_record_ends),
        cmocka_unit_test(other_records_in_between),
        cmocka_unit_test(what_follows_is_not_read),
        cmocka_unit_test(endless_hellos),
        cmocka_unit_test(records_before_the_hello),
        cmocka_unit_test(other_messages),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
