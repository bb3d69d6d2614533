/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC's versions and Initial keys: RFC 9001 §5.2, RFC 9369 §3.3, HKDF (RFC 5869, RFC 8446 §7.1). */
#include "proto/quic_keys.h"

#include "base/text.h"
#include "proto/crypto_private.h"

#define SECRET_BYTES 32u
#define SALT_BYTES   20u

#define SALT_22       "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a"
#define SALT_23       "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
#define SALT_29       "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
#define SALT_V1       "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
#define SALT_V2_DRAFT "\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3"
#define SALT_V2       "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"

#define SALT_Q050 "\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45"
#define SALT_T050 "\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
#define SALT_T051 "\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"

/* A wrong row finds nothing and harms nobody: tags are verified. */
static const struct quic_version versions[] = {
    {0x00000001, 0x00000001, SALT_V1, QUIC_LABEL_V1, 0, 6},       /* RFC 9001 */
    {0x6b3343cf, 0x6b3343cf, SALT_V2, QUIC_LABEL_V2, 1, 6},       /* RFC 9369 */
    {0x709a50c4, 0x709a50c4, SALT_V2_DRAFT, QUIC_LABEL_V2, 1, 6}, /* draft-ietf-quic-v2-01 to -07 */
    {0xff000021, 0xff000022, SALT_V1, QUIC_LABEL_V1, 0, 6},       /* draft-ietf-quic-tls-33, -34 */
    {0xff00001d, 0xff000020, SALT_29, QUIC_LABEL_V1, 0, 6},       /* -29 to -32 */
    {0xff000017, 0xff00001c, SALT_23, QUIC_LABEL_V1, 0, 6},       /* -23 to -28 */
    {0xff000016, 0xff000016, SALT_22, QUIC_LABEL_V1, 0, 6},
    {0xfaceb001, 0xfaceb001, SALT_22, QUIC_LABEL_V1, 0, 6}, /* mvfst's own numbers */
    {0xfaceb002, 0xfaceb002, SALT_23, QUIC_LABEL_V1, 0, 6},
    {0xfaceb003, 0xfaceb004, SALT_V1, QUIC_LABEL_V1, 0, 6},
    {0xfaceb00d, 0xfaceb013, SALT_23, QUIC_LABEL_V1, 0, 6},
    {0x51303530, 0x51303530, SALT_Q050, QUIC_LABEL_V1, 0,
     8}, /* Google's Q050, with a handshake of its own, */
    {0x54303530, 0x54303530, SALT_T050, QUIC_LABEL_V1, 0, 8}, /* and T050 and T051, with TLS */
    {0x54303531, 0x54303531, SALT_T051, QUIC_LABEL_V1, 0, 8},
};

const struct quic_version *quic_version_find(uint32_t number)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (number >= versions[i].first && number <= versions[i].last)
            return &versions[i];
    return NULL;
}

bool quic_version_plausible(uint32_t number)
{
    static const struct {
        uint32_t mask, value;
    } patterns[] = {
        {0x0f0f0f0f, 0x0a0a0a0a}, /* reserved: RFC 9000 §15 */
        {0xffffff00, 0xff000000}, /* drafts */
        {0xffffff00, 0xfaceb000}, /* mvfst */
        {0xfff0f0f0, 0x51303030}, /* Google's Q0dd, without TLS */
        {0xfff0f0f0, 0x54303030}, /* and T0dd, with it */
    };

    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if ((number & patterns[i].mask) == patterns[i].value)
            return true;
    return quic_version_find(number) != NULL;
}

enum quic_type quic_type_of(const struct quic_version *version, uint8_t first)
{
    return (enum quic_type)(((first >> 4) - version->type_base) & 3);
}

_Static_assert(sizeof versions / sizeof *versions <= QUIC_VERSIONS_MAX, "room in struct crypto");

/* HKDF-Expand-Label with an empty context, RFC 8446 §7.1, for at most SECRET_BYTES: one round of §2.3 of RFC
 * 5869. */
static void label_init(struct crypto_message *m, const char *label, uint8_t bytes)
{
    uint8_t info[CRYPTO_MESSAGE_MAX] = {0, bytes};
    struct text t = text_on((char *)info + 3, sizeof info - 3);

    text_str(&t, "tls13 ");
    text_str(&t, label);
    info[2] = (uint8_t)t.len;
    text_char(&t, 0); /* the context's length */
    text_char(&t, 1); /* round */
    crypto_message(m, span_of(info, 3 + t.len));
}

void quic_keys_init(struct crypto *c)
{
    static const struct {
        const char *label;
        uint8_t bytes;
    } labels[QUIC_LABELS] = {
        {"client in", SECRET_BYTES}, {"quic key", 16},  {"quic iv", 12},   {"quic hp", 16},
        {"quicv2 key", 16},          {"quicv2 iv", 12}, {"quicv2 hp", 16},
    };

    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        crypto_hmac_key(c, &c->salt[i], span_of(versions[i].salt, SALT_BYTES));
    for (unsigned i = 0; i < QUIC_LABELS; i++)
        label_init(&c->label[i], labels[i].label, labels[i].bytes);
}

/* RFC 9001 §5.2. */
static void derive(const struct crypto *c, struct quic_keys *k)
{
    uint8_t secret[1][SECRET_BYTES], keys[3][SECRET_BYTES];
    struct crypto_hmac initial, client;
    struct crypto_message cid;

    crypto_message(&cid, span_of(k->cid, k->cid_len));
    crypto_hmac(c, &c->salt[k->version - versions], &cid, 1, secret);
    crypto_hmac_key(c, &initial, span_of(secret, sizeof secret));
    crypto_hmac(c, &initial, &c->label[QUIC_LABEL_CLIENT], 1, secret);
    crypto_hmac_key(c, &client, span_of(secret, sizeof secret));
    crypto_hmac(c, &client, &c->label[k->version->labels], 3, keys);
    memcpy(k->key, keys[0], sizeof k->key);
    memcpy(k->iv, keys[1], sizeof k->iv);
    memcpy(k->hp, keys[2], sizeof k->hp);
}

/* Where keys are kept. What another connection ID lets an attacker put there costs a derivation. */
static size_t slot_of(const struct crypto *c, const struct quic_keys *k)
{
    uint64_t h = hash_word(&c->key, c->key.k[0], (uint64_t)k->version->first << 8 | k->cid_len);

    for (size_t i = 0; i < sizeof k->cid; i += 8) {
        uint64_t word = 0;
        memcpy(&word, k->cid + i, sizeof k->cid - i < sizeof word ? sizeof k->cid - i : sizeof word);
        h = hash_word(&c->key, h, word);
    }
    return h % QUIC_KEYS;
}

const struct quic_keys *quic_keys_get(struct crypto *c, const struct quic_version *version, struct span cid)
{
    struct quic_keys fresh = {.version = version, .cid_len = (uint8_t)cid.len};

    if (cid.len > 0)
        memcpy(fresh.cid, cid.at, cid.len);
    struct quic_keys *k = &c->keys[slot_of(c, &fresh)];
    if (k->version == version && k->cid_len == cid.len && memcmp(k->cid, fresh.cid, sizeof k->cid) == 0)
        return k;
    if (!crypto_spend(c))
        return NULL;
    derive(c, &fresh);
    *k = fresh;
    return k;
}
