/* SPDX-License-Identifier: BSD-2-Clause */
/* Types of values: MISP's (misp-objects, describeTypes.json), Zeek's (Intel::Type), STIX', abuse.ch's. */
#include "intel/load_kind.h"

#include "base/text.h"
#include "intel/load_text.h"

static const struct {
    const char *word;
    enum load_kind kind;
} words[] = {
    {"domain", LOAD_KIND_NAME},
    {"domain-name", LOAD_KIND_NAME},
    {"hostname", LOAD_KIND_NAME},
    {"host", LOAD_KIND_NAME},
    {"fqdn", LOAD_KIND_NAME},
    {"ip", LOAD_KIND_ADDRESS},
    {"ip-dst", LOAD_KIND_ADDRESS},
    {"ip-src", LOAD_KIND_ADDRESS},
    {"ipv4", LOAD_KIND_ADDRESS},
    {"ipv6", LOAD_KIND_ADDRESS},
    {"ip4", LOAD_KIND_ADDRESS},
    {"ip6", LOAD_KIND_ADDRESS},
    {"ipv4-addr", LOAD_KIND_ADDRESS},
    {"ipv6-addr", LOAD_KIND_ADDRESS},
    {"ip-address", LOAD_KIND_ADDRESS},
    {"address", LOAD_KIND_ADDRESS},
    {"cidr", LOAD_KIND_ADDRESS},
    {"subnet", LOAD_KIND_ADDRESS},
    {"intel::domain", LOAD_KIND_NAME},
    {"intel::addr", LOAD_KIND_ADDRESS},
    {"intel::subnet", LOAD_KIND_ADDRESS},
    {"url", LOAD_KIND_URL},
    {"uri", LOAD_KIND_URL},
    {"intel::url", LOAD_KIND_URL},
    {"x509-fingerprint-sha1", LOAD_KIND_CERT},
    {"x509-fingerprint-sha256", LOAD_KIND_CERT},
    {"x509-fingerprint-md5", LOAD_KIND_CERT},
    {"certificate", LOAD_KIND_CERT},
    {"cert", LOAD_KIND_CERT},
    {"intel::cert-hash", LOAD_KIND_CERT},
    {"sslcertfingerprint", LOAD_KIND_CERT},
    {"ja3", LOAD_KIND_JA3},
    {"ja3-fingerprint-md5", LOAD_KIND_JA3},
    {"intel::ja3", LOAD_KIND_JA3},
    {"ja4", LOAD_KIND_JA4},
    {"intel::ja4", LOAD_KIND_JA4},
    {"domain|ip", LOAD_KIND_PAIR},
    {"ip:port", LOAD_KIND_PORT},
    {"ip-dst|port", LOAD_KIND_PORT},
    {"ip-src|port", LOAD_KIND_PORT},
    {"hostname|port", LOAD_KIND_PORT},
};

enum load_kind load_kind_of(struct span word)
{
    char same[40];

    word = load_trim(word);
    if (word.len >= sizeof(same))
        return LOAD_KIND_UNKNOWN;
    for (size_t i = 0; i < word.len; i++) /* people write domain-name, "domain name" and domain_name */
        same[i] = (char)(word.at[i] == '_' || word.at[i] == ' ' ? '-' : word.at[i]);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (load_same(span_of(same, word.len), words[i].word))
            return words[i].kind;
    return LOAD_KIND_UNKNOWN;
}

/* Hands an entry on with another value, made of two parts; what is too long for it is no digest or address.
 */
static void hand(struct load_file *f, struct load_entry *e, const char *lead, struct span s, const char *tail,
                 struct span rest)
{
    char buf[NAME_TEXT_MAX + 16];
    struct text t = text_on(buf, sizeof(buf));
    struct span value = e->value;

    text_str(&t, lead);
    text_raw(&t, s);
    text_str(&t, tail);
    text_raw(&t, rest);
    e->value = t.full ? value : text_span(&t);
    load_entry(f, e);
    e->value = value;
}

static void hand_digest(struct load_file *f, struct load_entry *e, const char *lead)
{
    e->want = NORMAL_WANT_ANY;
    hand(f, e, load_begins(e->value, lead) ? "" : lead, e->value, "", span_of(NULL, 0));
}

/* `VALUE|VALUE` or `HOST|PORT`. */
static void hand_parts(struct load_file *f, struct load_entry *e, bool port)
{
    struct span rest = e->value, first = load_split(&rest, '|');
    bool bracket = memchr(first.at, ':', first.len) != NULL;

    e->want = NORMAL_WANT_HOST;
    if (port && rest.len > 0) {
        hand(f, e, bracket ? "[" : "", first, bracket ? "]:" : ":", rest);
        return;
    }
    e->value = first;
    load_entry(f, e);
    e->place.column += (uint32_t)(rest.at - first.at);
    e->value = rest;
    if (rest.len > 0)
        load_entry(f, e);
}

uint8_t load_kind_want(enum load_kind kind, struct span value)
{
    /* Where a list of names has the address of a page, its host is not what was meant: github.com/somebody.
     */
    bool page = value.len > 0 && memchr(value.at, '/', value.len);

    return kind == LOAD_KIND_CERT            ? NORMAL_WANT_CERT
           : kind == LOAD_KIND_NAME && !page ? NORMAL_WANT_HOST
                                             : NORMAL_WANT_ANY;
}

void load_kind_entry(struct load_file *f, enum load_kind kind, struct span word, struct load_entry *e)
{
    switch (kind) {
    case LOAD_KIND_UNKNOWN:
        load_not_network(f, word);
        break;
    case LOAD_KIND_JA3:
        hand_digest(f, e, "ja3:");
        break;
    case LOAD_KIND_JA4:
        hand_digest(f, e, "ja4:");
        break;
    case LOAD_KIND_PAIR:
    case LOAD_KIND_PORT:
        hand_parts(f, e, kind == LOAD_KIND_PORT && memchr(e->value.at, '|', e->value.len) != NULL);
        break;
    default:
        e->want = load_kind_want(kind, e->value);
        load_entry(f, e);
    }
}
