/* SPDX-License-Identifier: BSD-2-Clause */
/* Meaning of STIX object paths (STIX 2.1 §6, §9.7) and operators (§9.6). */
#include "intel/load_stix_terms.h"

/* What is not in the table cannot be seen on a network. */
enum meaning {
    UNSEEN,
    HOST,
    ADDRESS,
    RESOLVED, /* an address to which a name resolves */
    URL,
    CERT,
    LOOSE,     /* narrows traffic down to less than we match */
    NO_MATTER, /* says again what the others say */
};

/* Quotes in a path do not count: they only allow for a hyphen. */
static const struct {
    const char *path;
    enum meaning meaning;
} paths[] = {
    {"domain-name:value", HOST},
    {"hostname:value", HOST},
    {"ipv4-addr:value", ADDRESS},
    {"ipv6-addr:value", ADDRESS},
    {"url:value", URL},
    {"domain-name:resolves_to_refs[*].value", RESOLVED},
    {"network-traffic:dst_ref.value", ADDRESS},
    {"network-traffic:src_ref.value", ADDRESS},
    {"network-traffic:extensions.http-request-ext.request_header.Host", HOST},
    {"x509-certificate:hashes.SHA-256", CERT},
    {"x509-certificate:hashes.SHA-1", CERT},
    {"x509-certificate:hashes.MD5", CERT},
    {"x509-certificate:hashes.SHA256", CERT}, /* as STIX 2.0's users wrote it */
    {"x509-certificate:hashes.SHA1", CERT},
    {"network-traffic:dst_port", LOOSE},
    {"network-traffic:src_port", LOOSE},
    {"network-traffic:protocols", LOOSE},
    {"network-traffic:is_active", LOOSE},
    {"network-traffic:start", LOOSE},
    {"network-traffic:end", LOOSE},
    {"network-traffic:dst_ref.type", NO_MATTER},
    {"network-traffic:src_ref.type", NO_MATTER},
    {"domain-name:resolves_to_refs[*].type", NO_MATTER},
};

/* `protocols[*]`, `protocols[0]`: an index at the end of a path does not count either. */
static bool same_path(struct span path, const char *known)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.at[i] == '\'')
            continue;
        if (*known == 0)
            return path.at[i] == '[' && memchr(path.at + i, ']', path.len - i) == path.at + path.len - 1;
        if (path.at[i] != (uint8_t)*known++)
            return false;
    }
    return *known == 0;
}

static enum meaning meaning_of(const struct stix_comparison *c)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (same_path(c->path, paths[i].path))
            return paths[i].meaning;
    return UNSEEN;
}

static bool is_value(enum meaning m)
{
    return m == HOST || m == ADDRESS || m == RESOLVED || m == URL || m == CERT;
}

static bool has_wildcard(struct span s)
{
    return memchr(s.at, '%', s.len) || memchr(s.at, '_', s.len);
}

/* LIKE '%.example.com': what stands behind the percent sign, whose dot the normaliser takes off. */
static void like_host(struct span s, struct stix_term *ret)
{
    if (s.len > 1 && s.at[0] == '%') {
        s = span_of(s.at + 1, s.len - 1);
        if (s.at[0] != '.')
            ret->why =
                "LIKE without a dot behind % also means names that merely end so: only the name itself and "
                "those below it are loaded";
    }
    ret->use = has_wildcard(s) ? STIX_USE_REFUSED : STIX_USE_VALUE;
    ret->value = s;
}

/* LIKE 'http%://example.com/%': any path of that host. */
static void like_url(struct span s, struct stix_term *ret)
{
    const uint8_t *slashes = memmem(s.at, s.len, "//", 2);
    size_t host = slashes ? (size_t)(slashes + 2 - s.at) : 0;

    if (s.len > 0 && s.at[s.len - 1] == '%')
        s.len--;
    ret->value = s.len > host ? span_of(s.at + host, s.len - host) : span_of(s.at, 0);
    size_t n = ret->value.len;
    bool whole = n > 0 && memchr(ret->value.at, '/', n) == ret->value.at + n - 1;
    ret->use = whole && !has_wildcard(ret->value) ? STIX_USE_VALUE : STIX_USE_REFUSED;
}

static const char *why_not_like(enum meaning m)
{
    switch (m) {
    case HOST:
        return "of LIKE only '%.name' can be looked for: write = and the name, which stands for all below "
               "it, too";
    case URL:
        return "of LIKE only '%://host/%' can be looked for: write domain-name:value = 'host' if all of it "
               "is meant";
    case CERT:
        return "LIKE cannot be looked for here: write = and the whole digest";
    default:
        return "LIKE cannot be looked for here: write =, or ISSUBSET '192.0.2.0/24'";
    }
}

static void like(const struct stix_comparison *c, enum meaning m, struct stix_term *ret)
{
    ret->value = c->value;
    if (!has_wildcard(c->value))
        ret->use = STIX_USE_VALUE;
    else if (m == HOST)
        like_host(c->value, ret);
    else if (m == URL)
        like_url(c->value, ret);
    if (ret->use == STIX_USE_REFUSED)
        ret->why = why_not_like(m);
}

/* A comparison that names a value. */
static void value_term(const struct stix_comparison *c, enum meaning m, struct stix_term *ret)
{
    bool address = m == ADDRESS || m == RESOLVED;

    ret->use = STIX_USE_REFUSED;
    ret->want = m == HOST ? NORMAL_WANT_HOST : m == CERT ? NORMAL_WANT_CERT : NORMAL_WANT_ANY;
    ret->value = c->value;
    if (!c->is_text) {
        ret->why = "the value is no text: write it in single quotes";
    } else if (c->op == STIX_EQUAL || (c->op == STIX_SUBSET && address)) {
        ret->use = STIX_USE_VALUE;
    } else if (c->op == STIX_LIKE) {
        like(c, m, ret);
    } else if (c->op == STIX_MATCHES) {
        ret->why =
            "MATCHES (a regular expression) cannot be looked for: write = or IN and the values themselves";
    } else {
        ret->why = c->op == STIX_SUBSET ? "ISSUBSET means addresses only"
                                        : "only =, IN, LIKE and, for addresses, ISSUBSET can be looked for";
    }
}

static void judge(const struct stix_comparison *c, enum meaning m, struct stix_term *ret)
{
    *ret = (struct stix_term){.use = m == UNSEEN ? STIX_USE_UNSEEN : STIX_USE_NOTHING};
    if (is_value(m))
        value_term(c, m, ret);
}

/* The address of a name that is demanded, too: it may be that of many, and which one the name has is seen in
 * the traffic. */
static bool follows_name(const struct stix_group *g, enum meaning m)
{
    return m == RESOLVED && g->named;
}

void stix_group(const struct stix_pattern *p, unsigned from, struct stix_group *ret)
{
    struct stix_term term;

    *ret = (struct stix_group){.from = from, .to = p->comparison[from].tied_to};
    for (unsigned i = from; i < ret->to; i++) {
        enum meaning m = meaning_of(&p->comparison[i]);
        judge(&p->comparison[i], m, &term);
        ret->named |= m == HOST && term.use == STIX_USE_VALUE;
        ret->loose |= m == LOOSE;
        if (!ret->blind && (term.use == STIX_USE_UNSEEN || term.use == STIX_USE_REFUSED))
            ret->blind = &p->comparison[i];
    }
    for (unsigned i = from; i < ret->to; i++) {
        stix_term(p, ret, i, &term);
        ret->resolved |= follows_name(ret, meaning_of(&p->comparison[i]));
        if (term.use == STIX_USE_VALUE && ret->values++ == 0)
            ret->value = term.value;
    }
}

void stix_term(const struct stix_pattern *p, const struct stix_group *g, unsigned i, struct stix_term *ret)
{
    const struct stix_comparison *c = &p->comparison[i];
    enum meaning m = meaning_of(c);

    judge(c, m, ret);
    if (ret->use == STIX_USE_VALUE && follows_name(g, m))
        ret->use = STIX_USE_NOTHING;
    if (m == LOOSE && g->to - g->from == 1)
        ret->use = STIX_USE_UNSEEN;
}
