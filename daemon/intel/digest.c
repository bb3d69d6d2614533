/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests and fingerprints as people write them: MD5, SHA-1 and SHA-256 in hex, JA3, and JA4 (its technical
 * details at github.com/FoxIO-LLC/ja4). */
#include "intel/digest.h"

#include "base/text.h"

/* SHA-512 is the longest that is a digest at all. */
#define DIGITS_MAX 128

enum { MD5_DIGITS = 32, SHA1_DIGITS = 40, SHA256_DIGITS = 64 };

/* Each character of JA4's form stands for a set: `l` letters, `a` letters and digits, `d` the two of a host
 * name's presence, `0` digits, `x` hex digits; others for themselves. */
static const char ja4_form[] = "laad0000aa_xxxxxxxxxxxx_xxxxxxxxxxxx";

static const struct {
    const char *prefix; /* lower case */
    enum ioc_type type;
} prefixes[] = {
    {"cert:", IOC_CERT},
    {"ja3:", IOC_JA3},
    {"ja4:", IOC_JA4},
};

static char lower(uint8_t c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool between(char c, char first, char last)
{
    return c >= first && c <= last;
}

static bool is_hex(char c)
{
    return between(c, '0', '9') || between(c, 'a', 'f');
}

static bool begins(struct span s, const char *lead)
{
    for (size_t i = 0; lead[i] != 0; i++)
        if (i == s.len || lower(s.at[i]) != lead[i])
            return false;
    return true;
}

/* The digits without the colons, which stand between all bytes or nowhere. How many; 0: it is no hex. */
static size_t read_hex(struct span s, char ret[DIGITS_MAX + 1])
{
    bool colons = s.len > 2 && s.at[2] == ':';
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        char c = lower(s.at[i]);
        if (colons && i % 3 == 2 && c == ':' && i + 1 < s.len)
            continue;
        if (!is_hex(c) || (colons && i % 3 == 2) || n == DIGITS_MAX)
            return 0;
        ret[n++] = c;
    }
    ret[n] = 0;
    return n % 2 == 0 ? n : 0;
}

static bool fits(char c, char set)
{
    switch (set) {
    case 'l':
        return between(c, 'a', 'z');
    case '0':
        return between(c, '0', '9');
    case 'a':
        return between(c, 'a', 'z') || between(c, '0', '9');
    case 'd':
        return c == 'd' || c == 'i';
    case 'x':
        return is_hex(c);
    default:
        return c == set;
    }
}

static bool is_ja4(struct span s)
{
    if (s.len != sizeof ja4_form - 1)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!fits(lower(s.at[i]), ja4_form[i]))
            return false;
    return true;
}

enum ioc_type digest_type(struct span *text)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i].prefix);
        if (!begins(*text, prefixes[i].prefix))
            continue;
        *text = span_of(text->at + n, text->len - n);
        return prefixes[i].type;
    }
    return is_ja4(*text) ? IOC_JA4 : IOC_TYPES;
}

const char *digest_read(enum ioc_type type, struct span text, char ret[DIGEST_TEXT_MAX + 1])
{
    char hex[DIGITS_MAX + 1];

    if (type == IOC_JA4) {
        if (!is_ja4(text))
            return "no JA4 fingerprint: it looks like t13d1516h2_8daaf6152771_b0da82dd1658";
        for (size_t i = 0; i < text.len; i++)
            ret[i] = lower(text.at[i]);
        ret[text.len] = 0;
        return NULL;
    }
    size_t n = read_hex(text, hex);
    if (type == IOC_JA3 && n != MD5_DIGITS)
        return "no JA3 fingerprint: it is an MD5 digest of 32 hex digits";
    if (n != MD5_DIGITS && n != SHA1_DIGITS && n != SHA256_DIGITS)
        return "no digest of a certificate: SHA-256 has 64 hex digits, SHA-1 40, MD5 32";
    memcpy(ret, hex, n + 1);
    return NULL;
}

bool digest_bare(struct span text, char ret[DIGEST_TEXT_MAX + 1])
{
    char hex[DIGITS_MAX + 1];
    size_t n = read_hex(text, hex);

    ret[0] = 0;
    if (n != MD5_DIGITS && n != SHA1_DIGITS && n != SHA256_DIGITS && n != 56 && n != 96 && n != 128)
        return false;
    if (n <= DIGEST_TEXT_MAX)
        memcpy(ret, hex, n + 1);
    return true;
}
