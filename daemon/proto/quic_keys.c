/* SPDX-License-Identifier: BSD-2-Clause */
/* QUIC's versions and Initial keys: RFC 9001 §5.2, RFC 9369 §3.3, HKDF (RFC 5869, RFC 8446 §7.1). */
#include "proto/quic_keys.h"

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
    {0x00000001, 0x00000001, SALT_V1, "quic ", 0, 6},         /* RFC 9001 */
    {0x6b3343cf, 0x6b3343cf, SALT_V2, "quicv2 ", 1, 6},       /* RFC 9369 */
    {0x709a50c4, 0x709a50c4, SALT_V2_DRAFT, "quicv2 ", 1, 6}, /* draft-ietf-quic-v2-01 to -07 */
    {0xff000021, 0xff000022, SALT_V1, "quic ", 0, 6},         /* draft-ietf-quic-tls-33, -34 */
    {0xff00001d, 0xff000020, SALT_29, "quic ", 0, 6},         /* -29 to -32 */
    {0xff000017, 0xff00001c, SALT_23, "quic ", 0, 6},         /* -23 to -28 */
    {0xff000016, 0xff000016, SALT_22, "quic ", 0, 6},
    {0xfaceb001, 0xfaceb001, SALT_22, "quic ", 0, 6}, /* mvfst's own numbers */
    {0xfaceb002, 0xfaceb002, SALT_23, "quic ", 0, 6},
    {0xfaceb003, 0xfaceb004, SALT_V1, "quic ", 0, 6},
    {0xfaceb00d, 0xfaceb013, SALT_23, "quic ", 0, 6},
    {0x51303530, 0x51303530, SALT_Q050, "quic ", 0, 8}, /* Google's Q050, with a handshake of its own, */
    {0x54303530, 0x54303530, SALT_T050, "quic ", 0, 8}, /* and T050 and T051, with TLS */
    {0x54303531, 0x54303531, SALT_T051, "quic ", 0, 8},
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

void quic_keys_init(struct crypto *c)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        crypto_hmac_key(&c->salt[i], span_of(versions[i].salt, SALT_BYTES));
}

/* HKDF-Expand-Label with an empty context: RFC 8446 §7.1; `len` at most SECRET_BYTES, one round of §2.3 of
 * RFC 5869. */
static void expand(const struct crypto_hmac *secret, const char *prefix, const char *label, uint8_t *ret,
                   uint8_t len)
{
    const struct span parts[] = {span_str("tls13 "), span_str(prefix), span_str(label)};
    uint8_t info[40] = {0, len}, out[SECRET_BYTES];
    size_t n = 3;

    for (unsigned i = 0; i < 3; i++) {
        memcpy(info + n, parts[i].at, parts[i].len);
        n += parts[i].len;
    }
    info[2] = (uint8_t)(n - 3);
    info[n++] = 0; /* the context's length */
    info[n++] = 1; /* round */
    crypto_hmac(secret, span_of(info, n), out);
    memcpy(ret, out, len);
}

/* RFC 9001 §5.2. */
static void derive(const struct crypto *c, struct span cid, struct quic_keys *k)
{
    const struct quic_version *v = k->version;
    uint8_t secret[SECRET_BYTES];
    struct crypto_hmac initial, client;

    crypto_hmac(&c->salt[v - versions], cid, secret);
    crypto_hmac_key(&initial, span_of(secret, sizeof secret));
    expand(&initial, "", "client in", secret, SECRET_BYTES);
    crypto_hmac_key(&client, span_of(secret, sizeof secret));
    expand(&client, v->label_prefix, "key", k->key, sizeof k->key);
    expand(&client, v->label_prefix, "iv", k->iv, sizeof k->iv);
    expand(&client, v->label_prefix, "hp", k->hp, sizeof k->hp);
}

const struct quic_keys *quic_keys_get(struct crypto *c, const struct quic_version *version, struct span cid)
{
    struct quic_keys fresh = {.version = version, .cid_len = (uint8_t)cid.len};

    if (cid.len > 0)
        memcpy(fresh.cid, cid.at, cid.len);
    uint64_t h = hash_word(&c->key, hash_bytes(&c->key, fresh.cid, cid.len), version->first);
    struct quic_keys *k = &c->keys[h % QUIC_KEYS];
    if (k->version == version && k->cid_len == cid.len && memcmp(k->cid, fresh.cid, sizeof k->cid) == 0)
        return k;
    if (!crypto_spend(c))
        return NULL;
    derive(c, cid, &fresh);
    *k = fresh;
    return k;
}
