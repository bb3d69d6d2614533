/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from the wire as text: RFC 1035 §3.1, §4.1.4 and §5.1. */
#include "proto/name.h"

#define LABEL_MAX    63
#define RUNS_MAX     4   /* that are read at once: more pointers in one name are odd */
#define POINTERS_MAX 127 /* no name has more labels: more pointers only buy an attacker our time */

/* What an octet becomes; 0: \DDD. */
static const char folded[256] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                " !\"#$%&'()*+,-\0/0123456789:;<=>?"
                                "@abcdefghijklmnopqrstuvwxyz[\0]^_"
                                "`abcdefghijklmnopqrstuvwxyz{|}~";

static char *put_escaped(char *out, uint8_t octet)
{
    *out++ = '\\';
    *out++ = (char)('0' + octet / 100);
    *out++ = (char)('0' + octet / 10 % 10);
    *out++ = (char)('0' + octet % 10);
    return out;
}

/* Folds octets into text; `plain_dot`: a dot stays a dot. */
static inline char *put_octets(char *out, const uint8_t *at, size_t len, bool plain_dot)
{
    for (size_t i = 0; i < len; i++) { /* nothing may lie at NULL */
        if (__builtin_expect(folded[at[i]] != 0, 1))
            *out++ = folded[at[i]];
        else if (plain_dot && at[i] == '.')
            *out++ = '.';
        else
            out = put_escaped(out, at[i]);
    }
    return out;
}

/* Anything but the usual: octet by octet. */
static struct span read_octets(struct cur *c, const struct cur *message, char *ret)
{
    struct cur at = *c;       /* a copy that no store to `ret` can alias */
    uint32_t before = c->pos; /* pointers must lead before this */
    uint32_t behind = 0;      /* where the name ends, if a pointer ends it */
    unsigned octets = 1;      /* with the root's */
    unsigned pointers = 0;
    char *out = ret;

    for (uint32_t len = cur_u8(&at); len != 0; len = cur_u8(&at)) {
        if (len >= 0xc0) {
            uint32_t target = (len & 0x3f) << 8 | cur_u8(&at);
            if (target >= before || ++pointers > POINTERS_MAX)
                cur_fail(&at);
            if (!cur_ok(&at))
                break;
            if (behind == 0)
                behind = at.pos;
            before = target;
            at.pos = target;
            at.end = message->end;
            at.limit = message->limit;
            continue;
        }
        octets += len + 1;
        if (len > LABEL_MAX || octets > NAME_OCTETS_MAX)
            cur_fail(&at);
        struct span label = cur_take(&at, len);
        if (!cur_ok(&at))
            break;
        if (out != ret)
            *out++ = '.';
        out = put_octets(out, label.at, label.len, false);
    }
    c->pos = behind ? behind : at.pos;
    c->state = at.state;
    c->need = at.need;
    return cur_ok(c) ? span_of(ret, (size_t)(out - ret)) : span_of(NULL, 0);
}

/* Sixteen octets at once, signed: those above 0x7f are below any character. */
typedef int8_t octets16 __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

#define EACH(octet) ((octets16){0} + (int8_t)(octet))

static inline octets16 octets_at(const void *at)
{
    octets16 v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* Sixteen octets of labels with letters in lower case: lengths are below any letter. */
static inline octets16 lower(octets16 v)
{
    return v | ((v > EACH('@')) & (v < EACH('[')) & EACH('a' - 'A'));
}

static inline void put_lower(uint8_t *out, const uint8_t *at)
{
    octets16 v = lower(octets_at(at));
    memcpy(out, &v, sizeof v);
}

/* Sixteen octets before `at`, and before `out`, can be read. */
static inline void put_run(uint8_t *out, const uint8_t *at, uint32_t octets)
{
    octets16 before = octets_at(out - 16);

    for (uint32_t i = 16; i < octets; i += 16)
        put_lower(out + i - 16, at + i - 16);
    put_lower(out + octets - 16, at + octets - 16);
    if (octets < 16)
        memcpy(out - 16, &before, sizeof before);
}

static const octets16 place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline uint64_t mix(const struct hash_key *key, uint64_t h, octets16 v)
{
    halves w = (halves)v;
    return hash_fold(h ^ w[0], w[1] ^ key->k[1]);
}

/* Of labels in any case; sixteen octets before `at` can be read. Nearly all names have up to 32 octets, and
 * no processor can foresee how many: so no branch for those. */
static inline uint64_t run_hash(const uint8_t *at, uint32_t octets, const struct hash_key *key)
{
    uint32_t missing = octets < 16 ? 16 - octets : 0;
    octets16 there = place >= EACH(missing);
    uint64_t h = mix(key, key->k[0], lower(octets_at(at - missing)) & there);

    for (uint32_t i = 32; i < octets; i += 16)
        h = mix(key, h, lower(octets_at(at + i - 16)));
    h = mix(key, h, lower(octets_at(at + octets - 16)) & there);
    return hash_word(key, h, octets) | 1;
}

uint64_t name_text_hash(const struct hash_key *key, struct span text)
{
    uint8_t octets[16 + NAME_OCTETS_MAX + 1] = {0}, *label = octets + 16, *out = label + 1;

    for (size_t i = 0; i < text.len && out < octets + sizeof octets; i++) {
        const uint8_t *at = text.at + i;
        if (*at == '.') {
            *label = (uint8_t)(out - label - 1);
            label = out++;
        } else if (*at == '\\' && text.len - i > 3) { /* \DDD */
            *out++ = (uint8_t)((at[1] - '0') * 100 + (at[2] - '0') * 10 + at[3] - '0');
            i += 3;
        } else {
            *out++ = *at;
        }
    }
    *label = (uint8_t)(out - label - 1);
    return run_hash(octets + 16, (uint32_t)(out - octets) - 16, key);
}

struct span name_octets(struct cur *c, const struct cur *message, struct name_octets *ret)
{
    const uint8_t *base = c->base;
    uint32_t pos = c->pos, end = c->end, behind = 0, before = pos, octets = 0;

    for (unsigned runs = 0; runs < RUNS_MAX && pos < end && cur_ok(c); runs++) {
        uint32_t from = pos, len = 0;
        uint32_t stop = end - pos > NAME_OCTETS_MAX - octets ? pos + NAME_OCTETS_MAX - octets : end;
        while (pos < stop && (len = base[pos]) - 1 < LABEL_MAX) /* neither 0 nor a pointer */
            pos += len + 1;
        if (pos >= stop || pos < 16)
            break;
        const uint8_t *whole = base + from; /* most names lie in one piece */
        if (octets > 0 || len != 0) {
            put_run(ret->at + octets, base + from, pos - from);
            whole = ret->at;
        }
        octets += pos - from;
        if (len == 0) {
            ret->hash = run_hash(whole, octets, &ret->key);
            if (octets > 0)
                c->pos = behind > 0 ? behind : pos + 1;
            return span_of(whole, octets);
        }
        if (len < 0xc0 || pos + 1 >= end)
            break;
        uint32_t target = (len & 0x3f) << 8 | base[pos + 1];
        if (target >= before)
            break;
        if (behind == 0)
            behind = pos + 2;
        before = pos = target;
        end = message->end;
    }
    return span_of(NULL, 0);
}

/*
 * Writes sixteen octets of labels as text in lower case, with a dot for each that is odd: one that does not
 * stay one character, or a length below 32. Returns -1 for those.
 */
static inline octets16 put_sixteen(char *out, octets16 v)
{
    octets16 odd = (v < EACH(' ')) | (v == EACH(0x7f)) | (v == EACH('.')) | (v == EACH('\\'));

    v = (lower(v) & ~odd) | (EACH('.') & odd);
    memcpy(out, &v, sizeof v);
    return odd;
}

/* Labels as a dot and text each. Returns how many octets were odd. */
static inline unsigned put_labels(char *out, struct span octets)
{
    octets16 odd = {0};
    size_t rest = octets.len % 16, i = 0;

    for (; i + 16 <= octets.len; i += 16)
        odd -= put_sixteen(out + i, octets_at(octets.at + i));
    if (rest > 0)
        odd -= put_sixteen(out + octets.len - 16, octets_at(octets.at + octets.len - 16)) &
               (place > EACH(15 - rest));
    halves sum = (halves)odd;
    return (unsigned)((sum[0] + sum[1]) * 0x0101010101010101u >> 56);
}

/* The usual name has no odd octet, so its text is as long as itself and leaves room before it in `ret`. */
struct span name_text(struct span octets, char *ret)
{
    unsigned labels = 0, longest = 0;
    char *begin = ret + 16, *out = ret;

    for (size_t at = 0; at < octets.len; at += octets.at[at] + 1u) {
        longest |= octets.at[at];
        labels++;
    }
    if (longest < ' ' && put_labels(begin, octets) == labels)
        return span_of(begin + 1, octets.len - 1);
    for (size_t at = 0; at < octets.len; at += octets.at[at] + 1u) {
        if (at > 0)
            *out++ = '.';
        out = put_octets(out, octets.at + at + 1, octets.at[at], false);
    }
    return span_of(ret, (size_t)(out - ret));
}

struct span name_read(struct cur *c, const struct cur *message, char *ret)
{
    struct name_octets octets;

    octets.key = (struct hash_key){{0}};
    struct span name = name_octets(c, message, &octets);

    return name.len > 0 ? name_text(name, ret) : read_octets(c, message, ret);
}

void name_skip(struct cur *c)
{
    for (uint32_t len = cur_u8(c); len != 0; len = cur_u8(c)) {
        if (len >= 0xc0) {
            cur_u8(c);
            return;
        }
        if (len > LABEL_MAX)
            cur_fail(c);
        cur_take(c, len);
    }
}

/* Sixteen octets of a host name as text. True: each stays one character. */
static inline bool put_host(char *out, octets16 v)
{
    octets16 odd = (v < EACH(' ')) | (v == EACH(0x7f)) | (v == EACH('\\'));
    halves any = (halves)odd;

    v |= (v > EACH('@')) & (v < EACH('[')) & EACH('a' - 'A');
    memcpy(out, &v, sizeof v);
    return (any[0] | any[1]) == 0;
}

struct span name_of_host(struct span host, char *ret)
{
    uint8_t last[16] = "................";
    bool plain = true;

    if (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    if (host.len > NAME_OCTETS_MAX)
        host.len = 0;
    /* There is room for more text than the longest name has. */
    size_t whole = host.len & ~(size_t)15;
    for (size_t i = 0; i < whole && plain; i += 16)
        plain = put_host(ret + i, octets_at(host.at + i));
    if (host.len > whole && plain) {
        memcpy(last, host.at + whole, host.len - whole);
        plain = put_host(ret + whole, octets_at(last));
    }
    if (plain)
        return span_of(ret, host.len);
    return span_of(ret, (size_t)(put_octets(ret, host.at, host.len, true) - ret));
}
