/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients of several workers, some of them hostile, become one table, one line, and JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/meter.h"

static struct visibility_page page;
static struct meter m;
static char buf[64 * 1024];

static int fresh(void **state)
{
    memset(&page, 0, sizeof page);
    memset(&m, 0, sizeof m);
    return 0;
}

static struct visibility_client client(const char *addr, uint64_t sni, uint64_t nameless)
{
    struct visibility_client c = {.flows = {[SEEN_SNI] = sni, [SEEN_NAMELESS] = nameless}};
    assert_true(addr_parse(span_str(addr), &c.addr));
    return c;
}

static void put(unsigned row, uint32_t turn, struct visibility_client c)
{
    page.row[row].turn = turn;
    page.row[row].client = c;
}

static void expect_client(unsigned i, const char *addr, uint64_t sni, uint64_t nameless)
{
    char text[ADDR_TEXT_MAX];

    assert_string_equal(addr_text(&m.client[i].addr, text), addr);
    assert_int_equal(m.client[i].flows[SEEN_SNI], sni);
    assert_int_equal(m.client[i].flows[SEEN_NAMELESS], nameless);
}

static void workers_are_summed_by_client(void **state)
{
    struct visibility_client b = client("10.0.0.2", 20, 1);
    b.dns = 3;
    put(0, 2, client("10.0.0.1", 1, 2));
    put(255, 4, b);
    meter_add(&m, &page);
    b.flows[SEEN_SNI] = 4;
    b.encrypted_dns = 5;
    put(255, 2, client("10.0.0.3", 100, 0));
    put(7, 2, b);
    put(0, 0, client("10.0.0.1", 100, 0)); /* never used */
    put(1, 3, client("10.0.0.1", 100, 0)); /* being given away */
    meter_add(&m, &page);
    assert_int_equal(m.clients, 3);
    expect_client(0, "10.0.0.3", 100, 0);
    expect_client(1, "10.0.0.2", 24, 2);
    expect_client(2, "10.0.0.1", 1, 2);
    assert_int_equal(m.client[1].dns, 6);
    assert_int_equal(m.client[1].encrypted_dns, 5);
}

/* A page that is full of one client, of nobody, of the largest numbers. */
static void a_page_may_be_anything(void **state)
{
    memset(&page, 0xfe, sizeof page);
    meter_add(&m, &page);
    meter_add(&m, &page);
    assert_int_equal(m.clients, 1);
    struct text t = text_on(buf, sizeof buf);
    meter_table(&t, &m, 10);
    assert_false(t.full);
    t = text_on(buf, sizeof buf);
    meter_line(&t, &m.client[0]);
    t = text_on(buf, METER_CLIENT_JSON_MAX);
    struct json j = json_on(&t);
    memset(&m.client[0], 0xff, sizeof m.client[0]);
    meter_json_clients(&j, &m, 1);
    assert_false(t.full);
}

static void those_with_few_flows_give_way(void **state)
{
    for (unsigned worker = 0; worker < 3; worker++) {
        for (unsigned i = 0; i < VISIBILITY_CLIENTS; i++) {
            struct visibility_client c = client("10.0.0.0", i, 0);
            c.addr.b[14] = (uint8_t)worker;
            c.addr.b[15] = (uint8_t)i;
            put(i, 2, c);
        }
        meter_add(&m, &page);
    }
    assert_int_equal(m.clients, VISIBILITY_CLIENTS);
    assert_int_equal(m.client[0].flows[SEEN_SNI], 255);
    assert_int_equal(m.client[255].flows[SEEN_SNI], 170);
}

static void others_are_what_no_row_tells(void **state)
{
    uint64_t counters[COUNTERS] = {0};

    counters[COUNT_VISIBLE_SNI] = 50;
    counters[COUNT_VISIBLE_NAMELESS] = 1; /* less than the rows: a worker died in between, or lies */
    counters[COUNT_VISIBLE_DNS] = 9;
    put(0, 2, client("10.0.0.1", 20, 2));
    meter_add(&m, &page);
    struct visibility_client rest = meter_others(&m, counters);
    assert_int_equal(rest.flows[SEEN_SNI], 30);
    assert_int_equal(rest.flows[SEEN_NAMELESS], 0);
    assert_int_equal(rest.dns, 9);
}

static void expect_line(const struct visibility_client *c, const char *line)
{
    struct text t = text_on(buf, sizeof buf);

    assert_int_equal(meter_line(&t, c), line[0] != 0);
    assert_string_equal(buf, line);
}

static void one_line(void **state)
{
    struct visibility_client c = {.flows = {600, 100, 0, 0, 130, 50, 120}, .dns = 60, .encrypted_dns = 40};
    struct visibility_client nothing = {.dns = 0}, only_dns = {.dns = 3};
    struct visibility_client rare = {.flows = {[SEEN_SNI] = 9990, [SEEN_OUTER] = 1}};
    struct visibility_client dark = {.flows = {[SEEN_NAMELESS] = 7}};

    expect_line(
        &c, "83 % of 1000 new flows named (SNI 60 %, QUIC 10 %, DNS address 13 %); 12 % nameless, 5 % ECH "
            "outer only; DNS: 40 % encrypted");
    expect_line(&nothing, "");
    expect_line(&only_dns, "DNS: 0 % encrypted");
    expect_line(&rare, "100 % of 9991 new flows named (SNI 100 %); 0 % nameless, <1 % ECH outer only");
    expect_line(&dark, "0 % of 7 new flows named; 100 % nameless, 0 % ECH outer only");
}

static void the_darkest_come_first(void **state)
{
    struct visibility_client dns = client("2001:db8::1", 0, 0);

    dns.dns = 1;
    dns.encrypted_dns = 3;
    put(0, 2, client("10.0.0.1", 0, 1)); /* all of one flow is less than half of many */
    put(1, 2, client("10.0.0.2", 500, 500));
    put(2, 2, client("10.0.0.3", 9000, 100));
    put(3, 2, dns);
    meter_add(&m, &page);
    struct text t = text_on(buf, sizeof buf);
    meter_table(&t, &m, 10);
    assert_string_equal(buf, "\nclient                                   new flows    named   by DNS    "
                             "outer nameless encrypted DNS\n"
                             "10.0.0.2                                      1000     50 %      0 %      0 %  "
                             "   50 %             -\n"
                             "10.0.0.1                                         1      0 %      0 %      0 %  "
                             "  100 %             -\n"
                             "10.0.0.3                                      9100     99 %      0 %      0 %  "
                             "    1 %             -\n"
                             "2001:db8::1                                      0        -        -        -  "
                             "      -          75 %\n");
    t = text_on(buf, sizeof buf);
    meter_table(&t, &m, 1);
    assert_null(strstr(buf, "10.0.0.1"));
}

static void as_json(void **state)
{
    put(0, 2, client("10.0.0.1", 2, 1));
    meter_add(&m, &page);
    struct text t = text_on(buf, sizeof buf);
    struct json j = json_on(&t);
    json_open(&j, NULL);
    meter_json_clients(&j, &m, 256);
    json_close(&j);
    assert_string_equal(
        buf, "{\"clients\":[{\"ip\":\"10.0.0.1\",\"flows\":3,\"sni\":2,\"quic\":0,\"http\":0,\"other\":0,"
             "\"dns_address\":0,\"outer\":0,\"nameless\":1,\"dns\":0,\"encrypted_dns\":0}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(workers_are_summed_by_client, fresh),
        cmocka_unit_test_setup(a_page_may_be_anything, fresh),
        cmocka_unit_test_setup(those_with_few_flows_give_way, fresh),
        cmocka_unit_test_setup(others_are_what_no_row_tells, fresh),
        cmocka_unit_test_setup(one_line, fresh),
        cmocka_unit_test_setup(the_darkest_come_first, fresh),
        cmocka_unit_test_setup(as_json, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
