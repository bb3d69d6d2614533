/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JA3 (the MD5 of the lists in a ClientHello, in decimal) and JA4 (the SHA-256 of the same lists, sorted, in
 * hexadecimal), without the values of RFC 8701.
 */
#include "proto/fingerprint.h"

#include "base/cursor.h"
#include "base/text.h"

/* Three lists of five digits and a separator, one of three digits (JA3's point formats), a version. */
#define LISTS_TEXT_MAX (3 * 6 * FINGERPRINT_VALUES_MAX + 4 * 256 + 8)
#define JA4_HASH_CHARS 12u

enum {
    SERVER_NAME = 0,
    GROUPS = 10,
    POINT_FORMATS = 11,
    SIGNATURE_ALGORITHMS = 13,
    ALPN = 16,
    VERSIONS = 43
};

struct values {
    unsigned n;
    uint16_t at[FINGERPRINT_VALUES_MAX];
};

/* RFC 8701 §2. */
static bool is_grease(uint16_t v)
{
    return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* Adds a value; false: there are too many. */
static bool add(struct values *to, uint16_t v)
{
    if (to->n == FINGERPRINT_VALUES_MAX)
        return false;
    if (!is_grease(v))
        to->at[to->n++] = v;
    return true;
}

static bool read_values(struct span list, struct values *ret)
{
    struct cur c = cur_datagram(list.at, list.len, list.len);

    ret->n = 0;
    while (cur_left(&c) > 0) {
        uint16_t v = cur_u16(&c);
        if (!cur_ok(&c) || !add(ret, v))
            return false;
    }
    return true;
}

static bool read_types(struct span extensions, struct values *ret)
{
    struct cur c = cur_datagram(extensions.at, extensions.len, extensions.len);

    ret->n = 0;
    for (unsigned all = 0; cur_left(&c) > 0; all++) {
        uint16_t type = cur_u16(&c);
        cur_vec16(&c);
        if (!cur_ok(&c) || all == FINGERPRINT_VALUES_MAX || !add(ret, type))
            return false;
    }
    return true;
}

/* The body of the first extension of this type. */
static bool find(struct span extensions, uint16_t type, struct cur *ret)
{
    struct cur c = cur_datagram(extensions.at, extensions.len, extensions.len);

    while (cur_left(&c) > 0) {
        uint16_t found = cur_u16(&c);
        *ret = cur_vec16(&c);
        if (!cur_ok(&c))
            return false;
        if (found == type)
            return true;
    }
    return false;
}

/* The list that is the body of an extension, behind a length of one or two bytes; empty where there is no
 * such extension. False: it contradicts itself. */
static bool find_list(struct span extensions, uint16_t type, unsigned length_bytes, struct span *ret)
{
    struct cur body;

    *ret = span_of(NULL, 0);
    if (!find(extensions, type, &body))
        return true;
    struct cur list = length_bytes == 1 ? cur_vec8(&body) : cur_vec16(&body);
    *ret = cur_take(&list, cur_left(&list));
    return cur_ok(&list);
}

static void put_decimal(struct text *t, unsigned v)
{
    char digit[5];
    unsigned n = 0;

    do
        digit[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        text_char(t, digit[--n]);
}

static char hex(unsigned nibble)
{
    return "0123456789abcdef"[nibble & 15];
}

static void put_hex(struct text *t, uint16_t v)
{
    for (int shift = 12; shift >= 0; shift -= 4)
        text_char(t, hex(v >> shift));
}

static void put_decimals(struct text *t, const struct values *list)
{
    text_char(t, ',');
    for (unsigned i = 0; i < list->n; i++) {
        if (i > 0)
            text_char(t, '-');
        put_decimal(t, list->at[i]);
    }
}

struct span fingerprint_ja3(const struct fingerprint_hello *h, struct crypto *c, char *ret)
{
    static const struct span none;
    char buf[LISTS_TEXT_MAX];
    struct text t = text_on(buf, sizeof buf);
    struct values list;
    struct span groups, formats;

    put_decimal(&t, h->version);
    if (!read_values(h->cipher_suites, &list))
        return none;
    put_decimals(&t, &list);
    if (!read_types(h->extensions, &list))
        return none;
    put_decimals(&t, &list);
    if (!find_list(h->extensions, GROUPS, 2, &groups) || !read_values(groups, &list))
        return none;
    put_decimals(&t, &list);
    if (!find_list(h->extensions, POINT_FORMATS, 1, &formats))
        return none;
    for (list.n = 0; list.n < formats.len; list.n++)
        list.at[list.n] = formats.at[list.n];
    put_decimals(&t, &list);
    return crypto_digest_text(c, CRYPTO_MD5, text_span(&t), ret);
}

/* Shell's sort: in place, and short of quadratic whatever the order. */
static void sort(struct values *list)
{
    static const unsigned gaps[] = {301, 132, 57, 23, 10, 4, 1};

    for (unsigned g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (unsigned gap = gaps[g], i = gap; i < list->n; i++) {
            uint16_t v = list->at[i];
            unsigned to = i;
            for (; to >= gap && list->at[to - gap] > v; to -= gap)
                list->at[to] = list->at[to - gap];
            list->at[to] = v;
        }
}

static void remove_value(struct values *list, uint16_t v)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < list->n; i++)
        if (list->at[i] != v)
            list->at[kept++] = list->at[i];
    list->n = kept;
}

static void put_hexes(struct text *t, const struct values *list)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (i > 0)
            text_char(t, ',');
        put_hex(t, list->at[i]);
    }
}

static bool put_hash(struct text *t, struct crypto *c, struct span of)
{
    char digest[FINGERPRINT_TEXT_MAX];

    text_char(t, '_');
    if (of.len == 0) {
        text_str(t, "000000000000");
        return true;
    }
    struct span all = crypto_digest_text(c, CRYPTO_SHA256, of, digest);
    if (all.len < JA4_HASH_CHARS)
        return false;
    text_raw(t, span_of(all.at, JA4_HASH_CHARS));
    return true;
}

/* The greatest number, which with DTLS is the oldest version: so it is specified, and computed everywhere. */
static bool put_version(struct text *t, const struct fingerprint_hello *h)
{
    static const struct {
        uint16_t version;
        char text[3];
    } known[] = {
        {0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"}, {0x0300, "s3"},
        {0x0002, "s2"}, {0xfeff, "d1"}, {0xfefd, "d2"}, {0xfefc, "d3"},
    };
    struct span list;
    struct values versions;
    uint16_t version = h->version;
    struct cur body;

    if (find(h->extensions, VERSIONS, &body)) {
        if (!find_list(h->extensions, VERSIONS, 1, &list) || !read_values(list, &versions))
            return false;
        version = 0;
        for (unsigned i = 0; i < versions.n; i++)
            if (versions.at[i] > version)
                version = versions.at[i];
    }
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].version == version) {
            text_str(t, known[i].text);
            return true;
        }
    text_str(t, "00");
    return true;
}

static void put_count(struct text *t, unsigned n)
{
    n = n > 99 ? 99 : n;
    text_char(t, (char)('0' + n / 10));
    text_char(t, (char)('0' + n % 10));
}

static bool is_alphanumeric(uint8_t v)
{
    return (v >= '0' && v <= '9') || (v >= 'A' && v <= 'Z') || (v >= 'a' && v <= 'z');
}

/* The first and the last character of the first protocol, or of its octets in hexadecimal. A list that
 * contradicts itself makes the hello malformed. */
static void put_alpn(struct text *t, const struct fingerprint_hello *h)
{
    struct span list;

    find_list(h->extensions, ALPN, 2, &list);
    struct cur c = cur_datagram(list.at, list.len, list.len);
    struct cur protocol = cur_vec8(&c);
    struct span name = cur_take(&protocol, cur_left(&protocol));
    if (name.len == 0) {
        text_str(t, "00");
        return;
    }
    uint8_t first = name.at[0], last = name.at[name.len - 1];
    bool plain = is_alphanumeric(first) && is_alphanumeric(last);
    text_char(t, plain ? (char)first : hex(first >> 4));
    text_char(t, plain ? (char)last : hex(last));
}

struct span fingerprint_ja4(const struct fingerprint_hello *h, struct crypto *c, char *ret)
{
    static const struct span none;
    char buf[LISTS_TEXT_MAX];
    struct text t = text_on(ret, FINGERPRINT_TEXT_MAX), lists = text_on(buf, sizeof buf);
    struct values ciphers, types, algorithms;
    struct span list;
    struct cur body;

    if (!read_values(h->cipher_suites, &ciphers) || !read_types(h->extensions, &types) ||
        !find_list(h->extensions, SIGNATURE_ALGORITHMS, 2, &list) || !read_values(list, &algorithms))
        return none;
    text_char(&t, h->transport);
    if (!put_version(&t, h))
        return none;
    text_char(&t, find(h->extensions, SERVER_NAME, &body) ? 'd' : 'i');
    put_count(&t, ciphers.n);
    put_count(&t, types.n);
    put_alpn(&t, h);
    sort(&ciphers);
    put_hexes(&lists, &ciphers);
    if (!put_hash(&t, c, text_span(&lists)))
        return none;
    remove_value(&types, SERVER_NAME);
    remove_value(&types, ALPN);
    sort(&types);
    lists = text_on(buf, sizeof buf);
    put_hexes(&lists, &types);
    if (algorithms.n > 0) {
        text_char(&lists, '_');
        put_hexes(&lists, &algorithms);
    }
    return put_hash(&t, c, text_span(&lists)) ? text_span(&t) : none;
}
