/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from the wire as text: RFC 1035 §3.1, §4.1.4 and §5.1. */
#include "proto/name.h"

#define LABEL_MAX 63

static char *put_escaped(char *out, uint8_t octet)
{
    *out++ = '\\';
    *out++ = (char)('0' + octet / 100);
    *out++ = (char)('0' + octet / 10 % 10);
    *out++ = (char)('0' + octet % 10);
    return out;
}

/* Folds octets into text; `plain_dot`: a dot stays a dot. */
static inline char *put_octets(char *out, struct span s, bool plain_dot)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t o = s.at[i];
        if (o < 0x20 || o > 0x7e || o == '\\' || (o == '.' && !plain_dot))
            out = put_escaped(out, o);
        else
            *out++ = (char)(o | ((uint8_t)(o - 'A') < 26) << 5);
    }
    return out;
}

struct span name_read(struct cur *c, const struct cur *message, char *ret)
{
    struct cur elsewhere, *at = c;
    uint32_t before = c->pos; /* pointers must lead before this */
    unsigned octets = 1;      /* with the root's */
    char *out = ret;

    for (;;) {
        uint32_t len = cur_u8(at);
        if (len >= 0xc0) {
            uint32_t target = (len & 0x3f) << 8 | cur_u8(at);
            if (!cur_ok(at))
                break;
            if (target >= before) {
                cur_fail(at);
                break;
            }
            before = target;
            elsewhere = *message;
            elsewhere.pos = target;
            elsewhere.state = CUR_OK;
            at = &elsewhere;
            continue;
        }
        if (len == 0)
            break;
        octets += len + 1;
        if (len > LABEL_MAX || octets > NAME_OCTETS_MAX)
            cur_fail(at);
        struct span label = cur_take(at, len);
        if (!cur_ok(at))
            break;
        if (out != ret)
            *out++ = '.';
        out = put_octets(out, label, false);
    }
    if (at != c) {
        c->state = at->state;
        c->need = at->need;
    }
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
    return span_of(ret, (size_t)(put_octets(ret, host, true) - ret));
}
