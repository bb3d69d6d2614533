/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suricata's datasets: one value a line, strings in base64 (RFC 4648), digests in hex, addresses as they are;
 * with `,REPUTATION` behind them in datarep files. Base64 of a name has no dot, so no name looks like it.
 * What digests are of, only the file's name can say.
 */
#include "intel/load_kind.h"
#include "intel/load_text.h"

#define DECODED_MAX 1024u

static int digit_of(uint8_t c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* Bytes of padded base64; 0: it is none. */
static size_t decode(struct span s, uint8_t to[DECODED_MAX])
{
    uint32_t bits = 0;
    size_t n = 0, pad = 0;

    if (s.len < 8 || s.len % 4 != 0 || s.len / 4 * 3 > DECODED_MAX)
        return 0;
    while (pad < 2 && s.at[s.len - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < s.len; i++) {
        int d = i < s.len - pad ? digit_of(s.at[i]) : 0;
        if (d < 0)
            return 0;
        bits = bits << 6 | (uint32_t)d;
        if (i % 4 == 3) {
            to[n++] = (uint8_t)(bits >> 16);
            to[n++] = (uint8_t)(bits >> 8);
            to[n++] = (uint8_t)bits;
        }
    }
    return n - pad;
}

/* Whether it is base64 of what an indicator can be: printable, with a dot or a colon. */
static bool is_encoded(struct span s, uint8_t to[DECODED_MAX], struct span *ret)
{
    size_t n = decode(s, to);

    for (size_t i = 0; i < n; i++)
        if (to[i] <= 0x20 || to[i] == 0x7f)
            return false;
    *ret = span_of(to, n);
    return n > 3 && (memchr(to, '.', n) || memchr(to, ':', n));
}

static bool is_hex(struct span s)
{
    if (s.len != 32 && s.len != 40 && s.len != 64)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!(s.at[i] >= '0' && s.at[i] <= '9') && !((s.at[i] | 0x20) >= 'a' && (s.at[i] | 0x20) <= 'f'))
            return false;
    return true;
}

/* The value of a line, without the reputation. */
static struct span value_of(struct span line)
{
    struct span word = load_list_word(&line);
    return load_split(&word, ',');
}

static enum load_vote vote(struct span line)
{
    uint8_t text[DECODED_MAX];
    struct span word = value_of(line), decoded;
    struct normal n;

    if (word.len == 0)
        return LOAD_VOTE_NONE;
    if (is_hex(word))
        return LOAD_VOTE_YES;
    if (!is_encoded(word, text, &decoded))
        return LOAD_VOTE_NO;
    normalise(decoded, NORMAL_WANT_HOST, &n);
    return n.kind != NORMAL_BAD ? LOAD_VOTE_YES : LOAD_VOTE_NO;
}

static bool is_dataset(struct span head)
{
    return load_votes(head, vote, 1);
}

/* What the file's name says that its digests are of. */
static enum load_kind kind_of_digests(struct span stem)
{
    static const struct {
        const char *word;
        enum load_kind kind;
    } hints[] = {
        {"ja3", LOAD_KIND_JA3},
        {"cert", LOAD_KIND_CERT},
        {"ssl", LOAD_KIND_CERT},
        {"x509", LOAD_KIND_CERT},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
        for (size_t at = 0; at < stem.len; at++)
            if (load_begins(span_of(stem.at + at, stem.len - at), hints[i].word))
                return hints[i].kind;
    return LOAD_KIND_URL; /* any value: the normaliser says that digests are of nothing */
}

static bool load_dataset(struct load_file *f, struct load_input *in)
{
    static const struct load_origin origin = {0};
    enum load_kind digests = kind_of_digests(load_file_stem(f));
    uint8_t text[DECODED_MAX];
    struct span line, decoded;

    while (load_goes_on(f) && load_line(f, in, &line)) {
        struct span word = value_of(line);
        struct load_entry e = {.place = {in->line, (uint32_t)(word.at - line.at) + 1},
                               .want = NORMAL_WANT_ANY,
                               .origin = &origin};
        if (word.len == 0)
            continue;
        e.value = is_encoded(word, text, &decoded) ? decoded : word;
        if (is_hex(word))
            load_kind_entry(f, digests, word, &e);
        else
            load_entry(f, &e);
    }
    return true;
}

const struct load_format load_format_dataset = {"suricata-dataset", is_dataset, load_dataset};
