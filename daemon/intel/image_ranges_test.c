/* SPDX-License-Identifier: BSD-2-Clause */
/* What an image says of addresses and names that are no indicators: hosting, resolvers, answers. */
#include <stdio.h>

#include "intel/image_test.h"

static void hosting_is_the_longest_range(void **state)
{
    static const struct {
        const char *range, *tag;
        bool shared;
    } ranges[] = {
        {"10.0.0.0/8", "ten", false},       {"10.1.0.0/16", "ten/one", false},
        {"10.1.0.0/24", "first", true},     {"10.1.255.0/24", "last", false},
        {"255.0.0.0/8", "end", false},      {"ffff::/16", "end6", false},
        {"10.1.255.255/32", "host", false}, {"10.9.0.0/16", "aws", false},
        {"10.9.0.0/16", "aws/EC2", false},  {"10.9.0.0/16", "google", false},
        {"10.10.0.0/16", "cdn", true},      {"10.10.0.0/16", "cdn/more", false},
        {"2001:db8::/32", "doc", false},    {"2001:db8:1::/48", "doc/1", false},
        {"10.9.9.0/24", "aws", false},      {"10.9.9.128/25", "aws", true},
        {"10.10.9.0/24", "cdn", true},      {"10.9.9.64/26", "google", false},
    };
    static const struct {
        const char *addr, *tag;
    } rows[] = {
        {"9.255.255.255", NULL},
        {"10.0.0.0", "ten"},
        {"10.1.0.0", "first"},
        {"10.1.0.255", "first"},
        {"10.1.1.0", "ten/one"},
        {"10.1.255.1", "last"},
        {"10.1.255.255", "host"},
        {"10.2.0.0", "ten"},
        {"10.255.255.255", "ten"},
        {"11.0.0.0", NULL},
        {"255.255.255.255", "end"},
        {"10.9.1.1", "aws/EC2"},
        {"10.9.9.1", "aws/EC2"}, /* inside it, "aws" says nothing new */
        {"10.9.9.65", "google"},
        {"10.9.9.129", "aws"},
        {"10.10.1.1", "cdn"},
        {"2001:db8::", "doc"},
        {"2001:db8:1:2::3", "doc/1"},
        {"2001:db8:2::", "doc"},
        {"2001:db9::", NULL},
        {"::", NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "end6"},
    };
    struct build *b = build_new();

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct indicator r = test_prefix(ranges[i].range);
        assert_int_equal(build_range(b, &r.prefix, span_str(ranges[i].tag), ranges[i].shared), 0);
    }
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a;
        struct span tag = span_str("untouched");
        bool shared = true;
        assert_true(addr_parse(span_str(rows[i].addr), &a));
        assert_int_equal(image_hosting(im, &a, &tag, &shared), rows[i].tag != NULL);
        assert_span(tag, rows[i].tag ? rows[i].tag : "untouched");
        assert_int_equal(shared, rows[i].tag == NULL || strcmp(rows[i].tag, "first") == 0 ||
                                     strcmp(rows[i].tag, "cdn") == 0 || strcmp(rows[i].tag, "aws") == 0);
    }
    image_unmap(im);
    build_free(b);
}

static void hosting_matches_reference(void **state)
{
    struct prefix p[200];
    struct build *b = build_new();
    uint64_t seed = 77;
    char tag[16];

    for (unsigned i = 0; i < 200; i++) {
        uint8_t raw[4] = {10, (uint8_t)test_random(&seed, 2), (uint8_t)test_random(&seed, 4),
                          (uint8_t)test_random(&seed, 256)};
        struct addr a = addr_v4(raw);
        p[i].bits = (uint8_t)(128 - test_random(&seed, 25));
        p[i].addr = addr_mask(&a, p[i].bits);
        snprintf(tag, sizeof tag, "%u", p[i].bits); /* equal ranges have equal tags */
        build_range(b, &p[i], span_str(tag), false);
    }
    struct image *im = test_image(b);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t raw[4] = {10, (uint8_t)test_random(&seed, 2), (uint8_t)test_random(&seed, 5),
                          (uint8_t)test_random(&seed, 256)};
        struct addr a = addr_v4(raw);
        struct span got;
        int best = -1;
        for (unsigned k = 0; k < 200; k++)
            if (prefix_has(&p[k], &a) && p[k].bits > best)
                best = p[k].bits;
        assert_int_equal(image_hosting(im, &a, &got, NULL), best >= 0);
        snprintf(tag, sizeof tag, "%d", best);
        if (best >= 0)
            assert_span(got, tag);
    }
    image_unmap(im);
    build_free(b);
}

/* Others between a name and what is below it, in plain order; names below a listed one; twice. */
static const char *const resolver_names[] = {
    "a.example",       "b.a.example", "a-b.example", "dns.example.net",
    "dns.example.net", "aa.example",  "zz",          "c.b.a.example"};
static const char *const resolver_nets[] = {"9.9.9.9", "45.90.28.0/24", "2620:fe::/48", "45.90.28.7",
                                            "9.9.9.9"};
static const struct {
    const char *value;
    bool is;
} resolver_rows[] = {
    {"a.example", true},
    {"x.a.example", true},
    {"b.a.example", true},
    {"x.y.b.a.example", true},
    {"a-b.example", true},
    {"x.a-b.example", true},
    {"aa.example", true},
    {"ba.example", false},
    {"example", false},
    {"b.example", false},
    {"-b.example", false},
    {"x.dns.example.net", true},
    {"xdns.example.net", false},
    {"ns.example.net", false},
    {"zz", true},
    {"zzz", false},
    {"z", false},
    {"", false},
    {".", false},
    {".zz", true},
    {"zz.", false},
    {"\\000.a.example", true},
    {"a.example.a.example", true},
    {"a.example.b", false},
    {"9.9.9.9", true},
    {"9.9.9.10", false},
    {"9.9.9.8", false},
    {"45.90.28.0", true},
    {"45.90.28.7", true},
    {"45.90.28.255", true},
    {"45.90.29.0", false},
    {"45.90.27.255", false},
    {"2620:fe::9", true},
    {"2620:fe:1::", false},
    {"::ffff:9.9.9.9", true},
    {"::909:909", false},
};

static void resolvers_are_told(void **state)
{
    struct build *b = build_new();

    for (size_t i = 0; i < sizeof resolver_names / sizeof *resolver_names; i++)
        assert_int_equal(build_resolver_name(b, span_str(resolver_names[i])), 0);
    for (size_t i = 0; i < sizeof resolver_nets / sizeof *resolver_nets; i++) {
        struct indicator net = test_prefix(resolver_nets[i]);
        assert_int_equal(build_resolver_net(b, &net.prefix), 0);
    }
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof resolver_rows / sizeof *resolver_rows; i++) {
        struct addr a;
        bool addr = addr_parse(span_str(resolver_rows[i].value), &a);
        bool is =
            addr ? image_resolver_addr(im, &a) : image_resolver_name(im, span_str(resolver_rows[i].value));
        if (is != resolver_rows[i].is)
            fail_msg("%s", resolver_rows[i].value);
        /* They are no indicators and host nobody. */
        assert_int_equal(addr ? match_addr(im, &a).how : match_name(im, span_str(resolver_rows[i].value)).how,
                         MATCH_NONE);
        assert_false(addr && image_hosting(im, &a, NULL, NULL));
    }
    assert_int_equal(image_iocs(im), 0);
    image_unmap(im);
    build_free(b);
}

/* Any names over few letters, with dots in all places: as a walk over all of them would say. */
static void resolvers_match_reference(void **state)
{
    uint64_t seed = 12;

    for (unsigned round = 0; round < 50; round++) {
        struct build *b = build_new();
        char name[60][8], asked[8];
        for (unsigned i = 0; i < 60; i++) {
            unsigned len = 1 + test_random(&seed, 7);
            for (unsigned k = 0; k < len; k++)
                name[i][k] = ".-a0"[test_random(&seed, 4)];
            name[i][len] = 0;
            build_resolver_name(b, span_str(name[i]));
        }
        struct image *im = test_image(b);
        for (unsigned i = 0; i < 2000; i++) {
            unsigned len = test_random(&seed, 8);
            bool want = false;
            for (unsigned k = 0; k < len; k++)
                asked[k] = ".-a0"[test_random(&seed, 4)];
            asked[len] = 0;
            for (unsigned k = 0; k < 60; k++) {
                size_t n = strlen(name[k]);
                want |= n <= len && strcmp(asked + len - n, name[k]) == 0 &&
                        (n == len || asked[len - n - 1] == '.');
            }
            if (image_resolver_name(im, span_str(asked)) != want)
                fail_msg("%s", asked);
        }
        image_unmap(im);
        build_free(b);
    }
}

/* The longest prefix decides; addresses of nobody need no list, and none can say otherwise. */
static void answers_that_lead_nowhere(void **state)
{
    static const struct {
        const char *net;
        enum answer_kind kind;
        const char *who;
    } nets[] = {
        {"146.112.0.0/16", ANSWER_PARKED, "a park"},     {"146.112.61.104/29", ANSWER_SINKHOLE, "OpenDNS"},
        {"146.112.61.106", ANSWER_BLOCKED, "a blocker"}, {"2620:119:fc::/48", ANSWER_SINKHOLE, "OpenDNS"},
        {"127.0.0.1", ANSWER_PARKED, "a liar"},          {"203.0.113.7", ANSWER_SINKHOLE, ""},
        {"203.0.113.8", ANSWER_REAL, "honest"},          {"203.0.113.9", ANSWER_SINKHOLE, "one"},
        {"203.0.113.9", ANSWER_PARKED, "two"},
    };
    static const struct {
        const char *addr;
        enum answer_kind kind;
        const char *who;
    } rows[] = {
        {"146.112.61.103", ANSWER_PARKED, "a park"},
        {"146.112.61.104", ANSWER_SINKHOLE, "OpenDNS"},
        {"146.112.61.106", ANSWER_BLOCKED, "a blocker"},
        {"146.112.61.107", ANSWER_SINKHOLE, "OpenDNS"},
        {"146.112.61.112", ANSWER_PARKED, "a park"},
        {"146.113.0.0", ANSWER_REAL, ""},
        {"2620:119:fc::1", ANSWER_SINKHOLE, "OpenDNS"},
        {"2620:119:fd::", ANSWER_REAL, ""},
        {"203.0.113.7", ANSWER_SINKHOLE, ""},
        {"203.0.113.9", ANSWER_PARKED, "two"},
        {"0.0.0.0", ANSWER_BLOCKED, ""},
        {"0.0.0.1", ANSWER_REAL, ""},
        {"127.0.0.1", ANSWER_BLOCKED, ""},
        {"127.255.255.255", ANSWER_BLOCKED, ""},
        {"128.0.0.0", ANSWER_REAL, ""},
        {"::", ANSWER_BLOCKED, ""},
        {"::1", ANSWER_BLOCKED, ""},
        {"::2", ANSWER_REAL, ""},
        {"::7f00:1", ANSWER_REAL, ""},
    };
    struct build *b = build_new();

    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct indicator net = test_prefix(nets[i].net);
        assert_int_equal(build_answer(b, &net.prefix, nets[i].kind, span_str(nets[i].who)), 0);
    }
    struct image *im = test_image(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a;
        struct span who = span_str("untouched");
        assert_true(addr_parse(span_str(rows[i].addr), &a));
        if (image_answer(im, &a, &who) != rows[i].kind || image_answer(im, &a, NULL) != rows[i].kind)
            fail_msg("%s", rows[i].addr);
        assert_span(who, rows[i].who);
        assert_false(image_hosting(im, &a, NULL, NULL) || image_resolver_addr(im, &a));
    }
    image_unmap(im);
    build_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosting_is_the_longest_range), cmocka_unit_test(hosting_matches_reference),
        cmocka_unit_test(resolvers_are_told),           cmocka_unit_test(resolvers_match_reference),
        cmocka_unit_test(answers_that_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
