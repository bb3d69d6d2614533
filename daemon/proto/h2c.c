/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/2 in clear, with prior knowledge or after an upgrade: the authority of its first request (RFC 9113
 * §3.3, §8.3.1). Later requests refer to what was said before, which nobody keeps here; clients ask for other
 * hosts on other connections.
 */
#include "proto/hpack.h"
#include "proto/http_text.h"
#include "proto/name.h"
#include "proto/proto.h"

/* RFC 9113 §3.4. */
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_BYTES (sizeof preface - 1)

/* §6 */
enum { FRAME_HEADERS = 1, FRAME_CONTINUATION = 9 };
enum { FLAG_END_HEADERS = 4, FLAG_PADDED = 8, FLAG_PRIORITY = 0x20 };

/* Settings, windows and priorities come before the first request; a stream of them is an attack. */
#define FRAMES_MAX 64u
/* Different hosts of one request that are told: `:authority` and `host` may differ. */
#define HOSTS_MAX 3u
/* Fields that are looked at for one: an octet can repeat one of kilobytes. */
#define HOST_FIELDS_MAX 16u

struct frame {
    uint32_t length;
    uint8_t type, flags;
};

/* §4.1 */
static struct frame read_frame(struct cur *c)
{
    struct frame f = {.length = cur_u24(c), .type = cur_u8(c), .flags = cur_u8(c)};

    cur_u32(c); /* stream identifier */
    return f;
}

/* §6.2, §6.10: the piece of a header block in a frame, as far as it is there. */
static struct span fragment(struct cur *body, struct frame f)
{
    bool headers = f.type == FRAME_HEADERS;
    uint32_t padding = headers && (f.flags & FLAG_PADDED) != 0 ? cur_u8(body) : 0;

    if (headers && (f.flags & FLAG_PRIORITY) != 0)
        cur_skip(body, 5);
    if (padding > cur_left(body)) {
        cur_fail(body);
        padding = 0;
    }
    struct span there = cur_rest(body);
    uint32_t most = cur_left(body) - padding;
    return there.len <= most ? there : span_of(there.at, most);
}

static void append(uint8_t *join, struct span *so_far, struct span more)
{
    if (so_far->len == 0 || more.len == 0) {
        *so_far = more.len == 0 ? *so_far : more;
        return;
    }
    if (so_far->at != join)
        memcpy(join, so_far->at, so_far->len);
    memcpy(join + so_far->len, more.at, more.len);
    *so_far = span_of(join, so_far->len + more.len);
}

/*
 * The first header block: where it lies when it is in one frame, else joined in the scratch space. False: `c`
 * says what is missing or wrong; `ret` is what there is of the block.
 */
static bool read_block(struct parse *p, struct cur *c, struct span *ret)
{
    unsigned frames = 0;
    bool found = false, end = false;

    while (!end && cur_ok(c)) {
        struct frame f = read_frame(c);
        struct cur body = cur_child(c, f.length);
        if (f.type != (found ? FRAME_CONTINUATION : FRAME_HEADERS)) {
            if (found || ++frames > FRAMES_MAX)
                cur_fail(c);
            continue;
        }
        found = true;
        end = (f.flags & FLAG_END_HEADERS) != 0;
        append(p->scratch->join, ret, fragment(&body, f));
        if (cur_ok(c) && !cur_has(&body, cur_left(&body))) {
            c->state = body.state;
            c->need = body.need;
        }
    }
    return cur_ok(c);
}

static bool is_host(struct hpack_string name)
{
    uint8_t buf[16];
    struct span text = hpack_text(name, buf, sizeof buf);

    return span_eq(text, span_str(":authority")) || http_same(text, span_str("host"));
}

/* How the block ended. */
static enum cur_state tell(struct parse *p, struct span block, bool whole)
{
    struct observation o = {.via = VIA_HTTP_HOST};
    struct span told[HOSTS_MAX];
    struct hpack_field field;
    struct hpack h;
    unsigned names = 0, looked_at = 0;

    hpack_begin(&h, cur_datagram(block.at, block.len, whole ? block.len : CUR_UNBOUNDED));
    while (names < HOSTS_MAX && hpack_next(&h, &field)) {
        if (!is_host(field.name))
            continue;
        if (looked_at++ == HOST_FIELDS_MAX)
            break;
        struct span value = hpack_text(field.value, (uint8_t *)p->scratch->text, sizeof p->scratch->text);
        o.name = name_of_host(http_host(http_trim(value)), p->scratch->name[names]);
        bool again = o.name.len == 0;
        for (unsigned i = 0; i < names; i++)
            again |= span_eq(told[i], o.name);
        if (again)
            continue;
        told[names++] = o.name;
        p->emit(p->ctx, &o);
    }
    return (enum cur_state)h.c.state;
}

static enum proto_starts h2c_tcp_starts(struct span first, bool named)
{
    size_t n = first.len < PREFACE_BYTES ? first.len : PREFACE_BYTES;

    if (n > 0 && memcmp(first.at, preface, n) != 0)
        return STARTS_NO;
    return n < PREFACE_BYTES ? STARTS_MAYBE : STARTS_YES;
}

static enum parse_result h2c_tcp(struct parse *p)
{
    size_t len = p->bytes.len < PARSE_JOIN_MAX ? p->bytes.len : PARSE_JOIN_MAX;
    bool hope = !p->cut && !p->last && len < PARSE_JOIN_MAX;
    struct cur c = cur_stream(p->bytes.at, len);
    struct span block = span_of(NULL, 0);

    if (h2c_tcp_starts(p->bytes, false) == STARTS_NO)
        return PARSE_NOT;
    cur_take(&c, PREFACE_BYTES);
    bool whole = cur_ok(&c) && read_block(p, &c, &block);
    if (c.state == CUR_MORE && hope) {
        p->need = c.need;
        return PARSE_MORE;
    }
    if (p->bytes.len < PREFACE_BYTES)
        return PARSE_CUT;
    enum cur_state end = tell(p, block, whole);
    bool bad = c.state == CUR_BAD || end == CUR_BAD;
    if (p->counters) {
        p->counters[COUNT_HTTP]++;
        p->counters[COUNT_HTTP_BAD] += bad;
    }
    return bad ? PARSE_BAD : whole ? PARSE_DONE : PARSE_CUT;
}

const struct proto proto_h2c = {
    .tcp_starts = h2c_tcp_starts,
    .tcp = h2c_tcp,
};
