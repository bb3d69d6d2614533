/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from the wire as text: RFC 1035 §3.1, §4.1.4 and §5.1. */
#include "proto/name.h"

#define LABEL_MAX    63
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

struct span name_read(struct cur *c, const struct cur *message, char *ret)
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

struct span name_of_host(struct span host, char *ret)
{
    if (host.len > 0 && host.at[host.len - 1] == '.')
        host.len--;
    if (host.len > NAME_OCTETS_MAX)
        host.len = 0;
    return span_of(ret, (size_t)(put_octets(ret, host.at, host.len, true) - ret));
}
