/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and addresses of the traffic generator. */
#include "gen_names.h"

#include "base/text.h"

enum { TAG_WORD = 1, TAG_TLD, TAG_HOST, TAG_ADDRESS, TAG_CLIENT, TAG_PREFIX };

static const char *const tlds[] = {"com", "com", "com",    "com",  "net", "net",  "org", "info",
                                   "de",  "fr",  "io",     "co",   "app", "dev",  "it",  "xyz",
                                   "me",  "eu",  "online", "site", "nl",  "store"};
static const char *const words[] = {"",     "",     "",       "",       "",      "my",    "the",   "go",
                                    "get",  "app-", "cloud",  "secure", "mail-", "data",  "news",  "shop-",
                                    "play", "web",  "update", "social", "media", "login", "track", "static-"};
static const char *const hosts[] = {"",
                                    "",
                                    "",
                                    "www.",
                                    "www.",
                                    "www.",
                                    "api.",
                                    "cdn.",
                                    "img.",
                                    "m.",
                                    "static.",
                                    "edge-mqtt.",
                                    "fonts.",
                                    "push.services.",
                                    "i.cdn.",
                                    "assets.",
                                    "eu-west-1.api.",
                                    "telemetry.",
                                    "sync.",
                                    "video-ams3-2.cdn."};

#define COUNT(rows) (uint32_t)(sizeof(rows) / sizeof(rows)[0])

uint32_t name_benign(struct rng *r)
{
    return (uint32_t)rng_heavy(r, 1, NAMES_BENIGN, 1) - 1;
}

/* The last ten letters of a registered name: five syllables say which number it is. */
static void put_syllables(struct text *t, uint32_t number)
{
    static const char consonants[] = "bcdfghklmnprstvwxyzj";
    uint64_t v = rng_mix(number) % 10000000000u; /* then made distinct: the low digits are the number's own */

    v = v / 100000000u * 100000000u + (number * 61803399u + 12345u) % 100000000u;
    for (unsigned i = 0; i < 5; i++, v /= 100) {
        text_char(t, consonants[v % 20]);
        text_char(t, "aeiou"[v / 20 % 5]);
    }
}

struct name name_text(uint32_t number)
{
    struct name name;
    struct text t = text_on(name.text, sizeof name.text);

    if (number < NAMES_LISTED || rng_of(number, TAG_HOST) % 8 == 0)
        text_str(&t, hosts[rng_of(number, TAG_HOST) / 8 % COUNT(hosts)]);
    text_str(&t, words[rng_of(number, TAG_WORD) % COUNT(words)]);
    put_syllables(&t, number);
    text_char(&t, '.');
    text_str(&t, tlds[rng_of(number, TAG_TLD) % COUNT(tlds)]);
    name.len = t.len;
    return name;
}

/* First octets that have ranges of private addresses and the like. */
static bool is_skipped(unsigned octet)
{
    return octet == 0 || octet == 10 || octet == 100 || octet == 127 || octet == 169 || octet == 172 ||
           octet == 192;
}

/*
 * Addresses of the world. IPv4: the third octet is even where there is no indicator and odd where there is
 * one, so that both kinds share every larger prefix. IPv6: the same of the sixth octet.
 */
static struct addr world(uint64_t h, bool v6, bool listed)
{
    if (v6) {
        uint8_t b[16] = {0x2a,
                         0x00 | (h & 0x0f),
                         (uint8_t)(h >> 8),
                         (uint8_t)(h >> 16),
                         (uint8_t)(h >> 24),
                         (uint8_t)((h >> 32 & 0xfe) | listed)};
        uint64_t low = rng_mix(h);
        for (unsigned i = 6; i < 16; i++, low >>= 6)
            b[i] = (uint8_t)low;
        return addr_v6(b);
    }
    uint8_t b[4] = {(uint8_t)(h % 223 + 1), (uint8_t)(h >> 8), (uint8_t)((h >> 16 & 0xfe) | listed),
                    (uint8_t)((h >> 24) % 254 + 1)};
    b[0] = (uint8_t)(b[0] + is_skipped(b[0]));
    return addr_v4(b);
}

struct addr name_address(uint32_t number, bool v6, unsigned which)
{
    return world(rng_of(number + ((uint64_t)which << 32), TAG_ADDRESS), v6, false);
}

struct addr client_address(uint32_t number, bool v6)
{
    uint32_t h = (uint32_t)rng_of(number, TAG_CLIENT);

    if (v6) {
        uint8_t b[16] = {0x2a,
                         0x10,
                         0xc0,
                         (uint8_t)(number >> 16),
                         (uint8_t)(number >> 8),
                         (uint8_t)number,
                         0,
                         1,
                         2,
                         0,
                         (uint8_t)(h >> 24),
                         0xff,
                         0xfe,
                         (uint8_t)(h >> 16),
                         (uint8_t)(h >> 8),
                         (uint8_t)h};
        return addr_v6(b);
    }
    uint8_t b[4] = {10, (uint8_t)(number >> 16 & 0xff), (uint8_t)(number >> 8), (uint8_t)number};
    if (number & 0x400000) {
        b[0] = 100;
        b[1] = (uint8_t)(64 | (b[1] & 0x3f));
    }
    return addr_v4(b);
}

struct addr random_address(struct rng *r, bool v6)
{
    return world(rng_u64(r), v6, false);
}

/* First octets of IPv4 addresses of the world: all but the skipped ones. */
#define LISTED_BLOCKS (216u * 256 * 128)

struct prefix listed_prefix(uint32_t number)
{
    static const uint8_t lengths[] = {32, 32, 32, 32, 24, 24, 28, 29, 30, 26},
                         lengths_v6[] = {48, 56, 64, 128};
    uint64_t h = rng_of(number, TAG_PREFIX);
    struct addr a;
    unsigned bits;

    if (number % 10 == 9) {
        a = world((uint64_t)number << 8 | (h & 0x0f), true, true);
        bits = lengths_v6[h >> 8 & 3];
    } else {
        /* A block of its own for each: the multiplier has no factor in common with their number. */
        uint32_t block = (uint32_t)((uint64_t)number * 2654435761u % LISTED_BLOCKS), first = block >> 15;
        uint8_t b[4] = {0, (uint8_t)(block >> 7), (uint8_t)((block & 0x7f) << 1 | 1), (uint8_t)h};
        for (unsigned octet = 0; b[0] == 0; octet++)
            if (!is_skipped(octet) && first-- == 0)
                b[0] = (uint8_t)octet;
        a = addr_v4(b);
        bits = 96u + lengths[(h >> 8) % 10];
    }
    return (struct prefix){.addr = addr_mask(&a, bits), .bits = (uint8_t)bits};
}
