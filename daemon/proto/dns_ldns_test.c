/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS: generated messages, ours against ldns, and every prefix of some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/dns_message.h"
#include "proto/dns_oracle.h"

/* Random messages: names from few labels, compressed at random, of every type that matters. */
struct generator {
    struct message m;
    uint64_t seed;
    uint16_t names[64]; /* offsets of names and of their tails */
    unsigned known;
};

static unsigned below(struct generator *g, unsigned n)
{
    g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(g->seed >> 33) % n;
}

static void random_name(struct generator *g)
{
    static const char *const pool[] = {"www",  "Example", "COM",      "a b",     "x-1",
                                       "_tcp", "cdn",     "xn--p1ai", "\\.\x01", "\xff"};

    for (unsigned n = below(g, 5); n > 0; n--) {
        const char *label = pool[below(g, sizeof pool / sizeof *pool)];
        if (g->known < 64 && g->m.len < 0x3fff)
            g->names[g->known++] = (uint16_t)g->m.len;
        u8(&g->m, (unsigned)strlen(label));
        memcpy(g->m.at + g->m.len, label, strlen(label));
        g->m.len += strlen(label);
        if (n == 1 && below(g, 2) && g->known > 8) {
            unsigned target = g->names[below(g, g->known - 8)];
            if (target + 40 < g->m.len) {
                pointer(&g->m, target);
                return;
            }
        }
    }
    u8(&g->m, 0);
}

static void random_hints(struct generator *g)
{
    static const unsigned keys[] = {1, 4, 6};

    for (unsigned i = below(g, 4); i > 0; i--) {
        unsigned key = keys[3 - i], bytes = (key == 4 ? 4 : 16) * (1 + below(g, 3));
        u16(&g->m, key);
        u16(&g->m, key == 1 ? 3 : bytes);
        if (key == 1)
            u8(&g->m, 2);
        for (unsigned n = 0; n < (key == 1 ? 2 : bytes); n++)
            u8(&g->m, below(g, 256));
    }
}

static void random_record(struct generator *g)
{
    static const unsigned types[] = {1, 2, 5, 12, 15, 28, 33, 39, 64, 65, 16, 6};
    unsigned type = types[below(g, sizeof types / sizeof *types)];

    random_name(g);
    size_t r = rdata(&g->m, type, below(g, 8) ? 1 : 3, below(g, 100000));
    unsigned before = type == 1 ? 4 : type == 28 ? 16 : type == 33 ? 6 : type == 15 || type >= 64 ? 2 : 0;
    for (unsigned i = 0; i < before; i++)
        u8(&g->m, below(g, 256));
    if (type == 16) {
        u8(&g->m, 1);
        u8(&g->m, '.');
    } else if (type != 1 && type != 28) {
        random_name(g);
    }
    if (type == 6) {
        random_name(g);
        for (unsigned i = 0; i < 5; i++)
            u32(&g->m, i);
    }
    if (type >= 64)
        random_hints(g);
    rdata_end(&g->m, r);
}

static void agrees_with_ldns(void **state)
{
    static struct generator g = {.seed = 1};

    for (unsigned round = 0; round < 3000; round++) {
        unsigned count[4] = {below(&g, 3), below(&g, 8), below(&g, 3), below(&g, 3)};
        header(&g.m, below(&g, 2) ? 0x8180 : 0x0100, count[0], count[1], count[2], count[3]);
        g.known = 0;
        for (unsigned n = 0; n < count[0]; n++) {
            random_name(&g);
            u16(&g.m, 1 + below(&g, 65));
            u16(&g.m, 1);
        }
        for (unsigned n = count[1] + count[2] + count[3]; n > 0; n--)
            random_record(&g);
        assert_int_equal(dns_oracle_compare(g.m.at, g.m.len), ORACLE_EQUAL);
        if (round % 50 == 0) {
            memmove(g.m.at + 2, g.m.at, g.m.len);
            g.m.at[0] = (uint8_t)(g.m.len >> 8);
            g.m.at[1] = (uint8_t)g.m.len;
            collect_prefixes(collect_proto("dns")->tcp, g.m.at, g.m.len + 2, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_ldns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
