/* SPDX-License-Identifier: BSD-2-Clause */
/* The names in a certificate: RFC 5280 §4.1 and §4.2.1.6. */
#include "proto/x509.h"

#include "base/hash.h"
#include "proto/der.h"
#include "proto/name.h"

#define HOST_TEXT_MAX 253u
/* Values remembered so that they are told once, and how many places one of them may be in. */
#define SEEN_MAX   256u
#define SEEN_TRIES 4u

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03}; /* X.520: 2.5.4.3 */
static const uint8_t oid_alt_name[] = {0x55, 0x1d, 0x11};    /* RFC 5280 §4.2.1.6: 2.5.29.17 */

/* Tags of Certificate, §4.1, and of GeneralName, §4.2.1.6. */
enum {
    TAG_VERSION = DER_CONTEXT | DER_CONSTRUCTED | 0,
    TAG_EXTENSIONS = DER_CONTEXT | DER_CONSTRUCTED | 3,
    TAG_DNS_NAME = DER_CONTEXT | 2,
    TAG_ADDRESS = DER_CONTEXT | 7,
};

/* Strings that a common name may be, and the octets of one character. */
static const struct {
    uint8_t tag, width;
} strings[] = {
    {0x0c, 1}, /* UTF8String */
    {0x12, 1}, /* NumericString */
    {0x13, 1}, /* PrintableString */
    {0x14, 1}, /* TeletexString */
    {0x16, 1}, /* IA5String */
    {0x1c, 4}, /* UniversalString */
    {0x1e, 2}, /* BMPString */
};

struct value {
    uint8_t tag;     /* of a string, TAG_DNS_NAME or TAG_ADDRESS */
    struct span raw; /* borrowed from the certificate */
};

struct reader {
    struct parse *p;
    const struct observation *like;
    unsigned left; /* names that may still be told */
    bool bad, cut;
    bool used[SEEN_MAX];         /* of the values seen */
    struct value seen[SEEN_MAX]; /* cleared by nobody: it is long, and most certificates have few names */
};

static void note_state(struct reader *r, const struct cur *c)
{
    r->bad |= c->state == CUR_BAD;
    r->cut |= c->state == CUR_CUT || c->state == CUR_MORE;
}

static unsigned string_width(uint8_t tag)
{
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (strings[i].tag == tag)
            return strings[i].width;
    return 0;
}

/* Any name with a character beside these is a person, a product or a company. */
static bool could_be_host(struct span text)
{
    uint8_t before = '.';
    struct addr a;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*' ||
                    (c == '.' && before != '.');
        if (!good) /* of addresses those of IPv6 have others: colons */
            return c == ':' && addr_parse(text, &a);
        before = c;
    }
    return text.len <= HOST_TEXT_MAX;
}

/* A common name; empty when it could be no host's. */
static struct span common_name_text(struct span raw, unsigned width, char *ret)
{
    char narrow[NAME_OCTETS_MAX];
    size_t len = raw.len / width;

    if (len * width != raw.len || len > sizeof narrow)
        return span_of(NULL, 0);
    for (size_t i = 0; i < raw.len && width > 1; i++) {
        bool lowest = i % width == width - 1;
        if (!lowest && raw.at[i] != 0)
            return span_of(NULL, 0);
        if (lowest)
            narrow[i / width] = (char)raw.at[i];
    }
    struct span text = name_of_host(width > 1 ? span_of(narrow, len) : raw, ret);
    return could_be_host(text) ? text : span_of(NULL, 0);
}

/* What a value says, in `ret` (NAME_TEXT_MAX + 1 bytes); empty: nothing that could be looked for. */
static struct span value_text(struct value v, char *ret)
{
    struct addr a;

    if (v.tag == TAG_DNS_NAME)
        return name_of_host(v.raw, ret);
    if (v.tag != TAG_ADDRESS)
        return common_name_text(v.raw, string_width(v.tag), ret);
    if (v.raw.len != 4 && v.raw.len != 16)
        return span_of(NULL, 0);
    a = v.raw.len == 4 ? addr_v4(v.raw.at) : addr_v6(v.raw.at);
    return span_str(addr_text(&a, ret));
}

/* Not keyed: whoever makes texts collide gets a few of his own names told twice. */
static uint64_t hash_text(struct span text)
{
    static const struct hash_key key = {{0, 0}};
    uint64_t hash = text.len;

    for (size_t i = 0; i < text.len; i += sizeof hash) {
        uint64_t word = 0;
        memcpy(&word, text.at + i, text.len - i < sizeof word ? text.len - i : sizeof word);
        hash = hash_word(&key, hash, word);
    }
    return hash >> 32; /* on which every octet bears */
}

/*
 * Whether this text was told before; remembers it while there is room. Texts are compared, not hashes, for a
 * certificate made to collide could else hide a name behind another.
 */
static bool was_told(struct reader *r, struct value v, struct span text)
{
    uint64_t hash = hash_text(text);

    for (unsigned i = 0; i < SEEN_TRIES; i++) {
        size_t slot = (hash + i) % SEEN_MAX;
        struct value *seen = &r->seen[slot];
        if (!r->used[slot]) {
            r->used[slot] = true;
            *seen = v;
            return false;
        }
        if (span_eq(value_text(*seen, r->p->scratch->name[1]), text))
            return true;
    }
    return false;
}

static void tell(struct reader *r, uint8_t tag, struct cur *body)
{
    struct observation o = *r->like;
    struct value v = {.tag = tag, .raw = cur_take(body, cur_left(body))};

    note_state(r, body);
    if (!cur_ok(body))
        return;
    o.name = value_text(v, r->p->scratch->name[0]);
    if (o.name.len == 0 || was_told(r, v, o.name))
        return;
    if (r->left == 0) {
        r->bad = true;
        return;
    }
    r->left--;
    r->p->emit(r->p->ctx, &o);
}

/* GeneralNames, §4.2.1.6. Constructed strings are not DER (X.690 §10.2). */
static void read_alt_names(struct reader *r, struct cur *c)
{
    struct cur names = der_enter(c, DER_SEQUENCE);

    while (cur_ok(&names) && cur_left(&names) > 0) {
        struct der name = der_read(&names);
        if (!cur_ok(&names))
            break;
        if (name.tag == TAG_DNS_NAME || name.tag == TAG_ADDRESS)
            tell(r, name.tag, &name.body);
        r->bad |= name.tag == (TAG_DNS_NAME | DER_CONSTRUCTED) || name.tag == (TAG_ADDRESS | DER_CONSTRUCTED);
    }
    note_state(r, &names);
}

/* Extensions, §4.1.2.9: one that is malformed does not hide those behind it. */
static void read_extensions(struct reader *r, struct cur *c)
{
    struct cur list = der_enter(c, DER_SEQUENCE);

    while (cur_ok(&list) && cur_left(&list) > 0) {
        struct cur extension = der_enter(&list, DER_SEQUENCE);
        struct cur oid = der_enter(&extension, DER_OID);
        struct span id = cur_take(&oid, cur_left(&oid));
        if (der_next(&extension) == DER_BOOLEAN) /* critical */
            der_enter(&extension, DER_BOOLEAN);
        struct cur value = der_enter(&extension, DER_OCTETS);
        note_state(r, &extension);
        if (cur_ok(&oid) && cur_ok(&value) && span_eq(id, span_of(oid_alt_name, sizeof oid_alt_name)))
            read_alt_names(r, &value);
    }
    note_state(r, &list);
}

/* Name: a sequence of sets of attributes, §4.1.2.4. */
static void read_subject(struct reader *r, struct cur *c)
{
    while (cur_ok(c) && cur_left(c) > 0) {
        struct cur set = der_enter(c, DER_SET);
        while (cur_ok(&set) && cur_left(&set) > 0) {
            struct cur attribute = der_enter(&set, DER_SEQUENCE);
            struct cur oid = der_enter(&attribute, DER_OID);
            struct span id = cur_take(&oid, cur_left(&oid));
            struct der value = der_read(&attribute);
            note_state(r, &attribute);
            if (!cur_ok(&oid) || !cur_ok(&attribute) ||
                !span_eq(id, span_of(oid_common_name, sizeof oid_common_name)))
                continue;
            if (string_width(value.tag) > 0)
                tell(r, value.tag, &value.body);
            r->bad |= (value.tag & DER_CONSTRUCTED) != 0 && string_width(value.tag ^ DER_CONSTRUCTED) > 0;
        }
        note_state(r, &set);
    }
    note_state(r, c);
}

/* TBSCertificate, §4.1. */
static void read_certificate(struct reader *r, struct cur *c)
{
    struct cur certificate = der_enter(c, DER_SEQUENCE);
    struct cur tbs = der_enter(&certificate, DER_SEQUENCE);

    if (der_next(&tbs) == TAG_VERSION)
        der_enter(&tbs, TAG_VERSION);
    der_enter(&tbs, DER_INTEGER);  /* serialNumber */
    der_enter(&tbs, DER_SEQUENCE); /* signature */
    der_enter(&tbs, DER_SEQUENCE); /* issuer */
    der_enter(&tbs, DER_SEQUENCE); /* validity */
    struct cur subject = der_enter(&tbs, DER_SEQUENCE);
    if (cur_ok(&tbs))
        read_subject(r, &subject);
    der_enter(&tbs, DER_SEQUENCE); /* subjectPublicKeyInfo */
    while (cur_ok(&tbs) && cur_left(&tbs) > 0) {
        struct der optional = der_read(&tbs);
        if (cur_ok(&tbs) && optional.tag == TAG_EXTENSIONS)
            read_extensions(r, &optional.body);
    }
    note_state(r, &tbs);
    note_state(r, &certificate);
    if (cur_left(c) > 0)
        cur_fail(c);
    note_state(r, c);
}

enum parse_result x509_names(struct parse *p, struct cur certificate, const struct observation *like)
{
    struct reader r;

    r.p = p;
    r.like = like;
    r.left = X509_NAMES_MAX;
    r.bad = r.cut = false;
    memset(r.used, 0, sizeof r.used);
    read_certificate(&r, &certificate);
    return r.bad ? PARSE_BAD : r.cut ? PARSE_CUT : PARSE_DONE;
}
