/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests and fuzz targets: JA3 and JA4 once more, as simple as can be and with nothing of ours. */
#ifndef BRIDLE_PROTO_FINGERPRINT_ORACLE_H
#define BRIDLE_PROTO_FINGERPRINT_ORACLE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORACLE_VALUES 40000
#define ORACLE_LIMIT  512 /* a longer list has no fingerprint */

struct oracle_list {
    bool broken;
    unsigned n;
    unsigned v[ORACLE_VALUES];
};

struct oracle_hello {
    char transport;
    unsigned version;
    bool has_name, has_versions;
    struct oracle_list ciphers, types, groups, formats, algorithms, versions;
    uint8_t alpn[256]; /* the first protocol */
    unsigned alpn_len;
};

static inline bool oracle_grease(unsigned v)
{
    return v % 0x1010 == 0x0a0a % 0x1010 && v / 256 == v % 256;
}

/* Values of `width` bytes in `len` bytes. */
static inline void oracle_values(struct oracle_list *l, const uint8_t *at, size_t len, unsigned width)
{
    l->n = 0;
    l->broken = len % width != 0;
    for (size_t i = 0; i + width <= len; i += width) {
        unsigned v = width == 1 ? at[i] : at[i] * 256u + at[i + 1];
        if (width == 1 || !oracle_grease(v))
            l->v[l->n++] = v;
    }
}

/* The same behind their length in `prefix` bytes. */
static inline void oracle_vector(struct oracle_list *l, const uint8_t *at, size_t len, unsigned prefix,
                                 unsigned width)
{
    size_t n = len < prefix ? 0 : prefix == 1 ? at[0] : at[0] * 256u + at[1];

    if (len < prefix + n || len < prefix)
        l->broken = true;
    else
        oracle_values(l, at + prefix, n, width);
}

static inline void oracle_extension(struct oracle_hello *o, unsigned type, const uint8_t *at, size_t len)
{
    o->types.v[o->types.n++] = type;
    for (unsigned i = 0; i + 1 < o->types.n; i++)
        if (o->types.v[i] == type)
            return; /* the first one counts */
    o->has_name |= type == 0;
    o->has_versions |= type == 43;
    if (type == 10)
        oracle_vector(&o->groups, at, len, 2, 2);
    if (type == 11)
        oracle_vector(&o->formats, at, len, 1, 1);
    if (type == 13)
        oracle_vector(&o->algorithms, at, len, 2, 2);
    if (type == 43)
        oracle_vector(&o->versions, at, len, 1, 2);
    if (type == 16 && len > 2 && at[0] * 256u + at[1] > 0 && at[2] + 3u <= len) {
        o->alpn_len = at[2];
        memcpy(o->alpn, at + 3, at[2]);
    }
}

/* Lists are long: only what is looked at is cleared. */
static inline void oracle_clear(struct oracle_hello *o)
{
    struct oracle_list *lists[] = {&o->ciphers, &o->types,      &o->groups,
                                   &o->formats, &o->algorithms, &o->versions};

    for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++) {
        lists[i]->n = 0;
        lists[i]->broken = false;
    }
    o->has_name = o->has_versions = false;
    o->alpn_len = 0;
}

/* Reads the body of a hello that is whole and well-formed. `o` is clear before. */
static inline void oracle_read(struct oracle_hello *o, const uint8_t *at, size_t len, bool cookie)
{
    const uint8_t *p = at, *end = at + len;
    unsigned kept = 0;

    o->version = p[0] * 256u + p[1];
    p += 34;
    p += 1 + p[0]; /* session id */
    if (cookie)
        p += 1 + p[0];
    oracle_values(&o->ciphers, p + 2, p[0] * 256u + p[1], 2);
    p += 2 + p[0] * 256u + p[1];
    p += 1 + p[0]; /* compression */
    if (p == end)
        return;
    for (p += 2; p < end; p += 4 + p[2] * 256u + p[3])
        oracle_extension(o, p[0] * 256u + p[1], p + 4, p[2] * 256u + p[3]);
    o->types.broken = o->types.n > ORACLE_LIMIT;
    for (unsigned i = 0; i < o->types.n; i++)
        if (!oracle_grease(o->types.v[i]))
            o->types.v[kept++] = o->types.v[i];
    o->types.n = kept;
}

static inline bool oracle_bad(const struct oracle_list *l)
{
    return l->broken || l->n > ORACLE_LIMIT;
}

static inline void oracle_join(char *to, const struct oracle_list *l, const char *format,
                               const char *separator)
{
    for (unsigned i = 0; i < l->n; i++) {
        to += strlen(to);
        to += sprintf(to, "%s", i ? separator : "");
        sprintf(to, strcmp(format, "x") == 0 ? "%04x" : "%u", l->v[i]);
    }
}

static inline void oracle_digest(const EVP_MD *md, const char *text, unsigned bytes, char *ret)
{
    uint8_t raw[EVP_MAX_MD_SIZE];

    if (EVP_Digest(text, strlen(text), raw, NULL, md, NULL) != 1)
        abort();
    for (unsigned i = 0; i < bytes; i++)
        sprintf(ret + 2 * i, "%02x", raw[i]);
}

/* Empty: it has none. */
static inline void oracle_ja3(const struct oracle_hello *o, char ret[80])
{
    char text[4 * 6 * ORACLE_LIMIT + 16];

    ret[0] = 0;
    if (oracle_bad(&o->ciphers) || oracle_bad(&o->types) || oracle_bad(&o->groups) || oracle_bad(&o->formats))
        return;
    sprintf(text, "%u,", o->version);
    oracle_join(text, &o->ciphers, "u", "-");
    strcat(text, ",");
    oracle_join(text, &o->types, "u", "-");
    strcat(text, ",");
    oracle_join(text, &o->groups, "u", "-");
    strcat(text, ",");
    oracle_join(text, &o->formats, "u", "-");
    oracle_digest(EVP_md5(), text, 16, ret);
}

static inline int oracle_order(const void *a, const void *b)
{
    return (int)*(const unsigned *)a - (int)*(const unsigned *)b;
}

static inline const char *oracle_version(const struct oracle_hello *o)
{
    static const char *const names[] = {"10", "11", "12", "13"};
    unsigned v = o->has_versions ? 0 : o->version;

    for (unsigned i = 0; i < o->versions.n; i++)
        v = o->versions.v[i] > v ? o->versions.v[i] : v;
    if (v > 0x300 && v < 0x305)
        return names[v - 0x301];
    return v == 0xfeff   ? "d1"
           : v == 0xfefd ? "d2"
           : v == 0xfefc ? "d3"
           : v == 0x300  ? "s3"
           : v == 2      ? "s2"
                         : "00";
}

static inline bool oracle_plain(uint8_t c)
{
    return c != 0 && strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", c) != NULL;
}

/* Empty: it has none. */
static inline void oracle_ja4(const struct oracle_hello *o, char ret[80])
{
    static struct oracle_list ciphers, types;
    char text[2 * 6 * ORACLE_LIMIT], alpn[2 * 256 + 1] = "00", b[13] = "000000000000", c[13] = "000000000000";

    ret[0] = 0;
    if (oracle_bad(&o->ciphers) || oracle_bad(&o->types) || oracle_bad(&o->algorithms) ||
        oracle_bad(&o->versions))
        return;
    for (unsigned i = 0; i < o->alpn_len; i++)
        sprintf(alpn + 2 * i, "%02x", o->alpn[i]);
    unsigned last = (unsigned)strlen(alpn) - 1;
    if (o->alpn_len > 0 && oracle_plain(o->alpn[0]) && oracle_plain(o->alpn[o->alpn_len - 1])) {
        alpn[0] = (char)o->alpn[0];
        alpn[last] = (char)o->alpn[o->alpn_len - 1];
    }
    ciphers.n = o->ciphers.n;
    memcpy(ciphers.v, o->ciphers.v, ciphers.n * sizeof *ciphers.v);
    qsort(ciphers.v, ciphers.n, sizeof *ciphers.v, oracle_order);
    text[0] = 0;
    oracle_join(text, &ciphers, "x", ",");
    if (*text)
        oracle_digest(EVP_sha256(), text, 6, b);
    types.n = 0;
    for (unsigned i = 0; i < o->types.n; i++)
        if (o->types.v[i] != 0 && o->types.v[i] != 16)
            types.v[types.n++] = o->types.v[i];
    qsort(types.v, types.n, sizeof *types.v, oracle_order);
    text[0] = 0;
    oracle_join(text, &types, "x", ",");
    if (o->algorithms.n > 0)
        strcat(text, "_");
    oracle_join(text, &o->algorithms, "x", ",");
    if (*text)
        oracle_digest(EVP_sha256(), text, 6, c);
    sprintf(ret, "%c%s%c%02u%02u%c%c_%s_%s", o->transport, oracle_version(o), o->has_name ? 'd' : 'i',
            ciphers.n < 99 ? ciphers.n : 99, o->types.n < 99 ? o->types.n : 99, alpn[0], alpn[last], b, c);
}

/*
 * Whether `lines` (of a struct collect, values only) end with what the fingerprints of this body of a hello
 * are, behind lines of names only.
 */
static inline bool oracle_agrees(const char *lines, char transport, const uint8_t *body, size_t len)
{
    static struct oracle_hello o;
    char ja3[80], ja4[80], want[200] = "";

    oracle_clear(&o);
    o.transport = transport;
    oracle_read(&o, body, len, transport == 'd');
    oracle_ja3(&o, ja3);
    oracle_ja4(&o, ja4);
    for (char *c = ja4; *c; c++)
        *c |= *c >= 'A' && *c <= 'Z' ? 0x20 : 0;
    if (*ja3)
        sprintf(want, "tls-ja3 %s\n", ja3);
    if (*ja4)
        sprintf(want + strlen(want), "tls-ja4 %s\n", ja4);
    while (*lines && strncmp(lines, "tls-ja", 6) != 0)
        lines = strchr(lines, '\n') + 1;
    if (strcmp(lines, want) != 0)
        fprintf(stderr, "got:\n%swanted:\n%s", lines, want);
    return strcmp(lines, want) == 0;
}

#endif
