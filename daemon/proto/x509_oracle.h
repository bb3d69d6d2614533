/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests and fuzz targets: the names in a certificate as OpenSSL reads them, compared with what x509_names
 * tells. Where OpenSSL accepts the certificate, ours tells the same, or says that it is malformed (BER that
 * is not DER) and tells some of it.
 */
#ifndef BRIDLE_PROTO_X509_ORACLE_H
#define BRIDLE_PROTO_X509_ORACLE_H

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "proto/collect.h"
#include "proto/name.h"
#include "proto/x509.h"

enum x509_oracle { X509_REFUSED, X509_SAME, X509_PART, X509_DIFFERS };

/* Lines, each once. */
struct x509_lines {
    char *at; /* owned, NUL-terminated; begins with a newline, every line ends with one */
    size_t len;
    bool unclear; /* OpenSSL refuses an extension that ours reads in part */
};

static inline void x509_lines_add(struct x509_lines *l, const char *name, size_t len)
{
    char *line = malloc(len + 3);

    l->at = realloc(l->at, l->len + len + 3);
    if (!line || !l->at)
        abort();
    if (l->len == 0)
        l->at[l->len++] = '\n';
    l->at[l->len] = 0;
    line[0] = line[len + 1] = '\n';
    line[len + 2] = 0;
    memcpy(line + 1, name, len);
    if (len > 0 && !strstr(l->at, line)) {
        memcpy(l->at + l->len, line + 1, len + 2);
        l->len += len + 1;
    }
    free(line);
}

/* Host names by another way than x509.c's. */
static inline bool x509_oracle_host(const char *name, size_t len)
{
    uint8_t raw[16];

    if (strlen(name) != len)
        return false;
    if (inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1)
        return true;
    return len <= 253 && name[0] != '.' && !strstr(name, "..") &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.*") == len;
}

static inline void x509_oracle_subject(X509 *x, struct x509_lines *l)
{
    X509_NAME *subject = X509_get_subject_name(x);

    for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
        const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));
        unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(&utf8, s);
        if (len < 0)
            continue;
        for (int c = 0; c < len; c++)
            utf8[c] = (unsigned char)tolower(utf8[c]);
        if (len > 0 && utf8[len - 1] == '.')
            utf8[--len] = 0;
        if (x509_oracle_host((char *)utf8, (size_t)len))
            x509_lines_add(l, (char *)utf8, (size_t)len);
        OPENSSL_free(utf8);
    }
}

static inline void x509_oracle_alt_name(const GENERAL_NAME *name, struct x509_lines *l)
{
    char text[NAME_TEXT_MAX + 1];
    int type = 0;
    const ASN1_STRING *s = GENERAL_NAME_get0_value(name, &type);
    const uint8_t *at = ASN1_STRING_get0_data(s);
    size_t len = (size_t)ASN1_STRING_length(s);
    struct span found = {NULL, 0};

    if (type == GEN_DNS)
        found = name_of_host(span_of(at, len), text);
    if (type == GEN_IPADD && (len == 4 || len == 16)) {
        struct addr a = len == 4 ? addr_v4(at) : addr_v6(at);
        found = span_str(addr_text(&a, text));
    }
    x509_lines_add(l, text, found.len);
}

static inline void x509_oracle_extensions(X509 *x, struct x509_lines *l)
{
    for (int i = -1; (i = X509_get_ext_by_NID(x, NID_subject_alt_name, i)) >= 0;) {
        GENERAL_NAMES *names = X509V3_EXT_d2i(X509_get_ext(x, i));
        l->unclear |= names == NULL;
        for (int n = 0; n < sk_GENERAL_NAME_num(names); n++) {
            const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, n);
            if (name->type == GEN_DNS || name->type == GEN_IPADD)
                x509_oracle_alt_name(name, l);
        }
        GENERAL_NAMES_free(names);
    }
}

static inline enum parse_result x509_oracle_parser(struct parse *p)
{
    struct observation like = {.via = VIA_CERT_NAME, .from_server = true};

    return x509_names(p, cur_datagram(p->bytes.at, p->bytes.len, p->whole), &like);
}

static inline enum parse_result x509_oracle_ours(const uint8_t *at, size_t len, struct x509_lines *l)
{
    struct collect k = {.p.whole = (uint32_t)len, .values_only = true};
    size_t skip = strlen(via_names[VIA_CERT_NAME]) + 1;

    collect_clear(&k);
    enum parse_result result = collect_run(&k, x509_oracle_parser, at, len);
    x509_lines_add(l, "", 0);
    for (char *line = k.lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        x509_lines_add(l, line + skip, (size_t)(end - line) - skip);
    collect_done(&k);
    return result;
}

/* Whether every line of `some` is in `all`. */
static inline bool x509_oracle_within(const struct x509_lines *some, const struct x509_lines *all)
{
    for (const char *line = some->at, *end; (end = strchr(line + 1, '\n')) != NULL; line = end) {
        char *one = strndup(line, (size_t)(end - line) + 1);
        bool found = one && strstr(all->at, one);
        free(one);
        if (!found)
            return false;
    }
    return true;
}

static inline enum x509_oracle x509_oracle_compare(const uint8_t *at, size_t len)
{
    const unsigned char *end = at;
    struct x509_lines ours = {.len = 0}, theirs = {.len = 0};
    X509 *x = d2i_X509(NULL, &end, (long)len);
    enum x509_oracle said = X509_DIFFERS;

    ERR_clear_error();
    if (!x)
        return X509_REFUSED;
    x509_lines_add(&theirs, "", 0);
    x509_oracle_subject(x, &theirs);
    x509_oracle_extensions(x, &theirs);
    enum parse_result result = x509_oracle_ours(at, (size_t)(end - at), &ours);
    if (result == PARSE_DONE && strcmp(ours.at, theirs.at) == 0)
        said = X509_SAME;
    else if (result == PARSE_DONE && theirs.unclear && x509_oracle_within(&theirs, &ours))
        said = X509_PART;
    else if (result == PARSE_BAD && (theirs.unclear || x509_oracle_within(&ours, &theirs)))
        said = X509_PART;
    ERR_clear_error();
    X509_free(x);
    free(ours.at);
    free(theirs.at);
    return said;
}

#endif
