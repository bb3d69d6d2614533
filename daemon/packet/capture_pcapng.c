/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pcapng capture file (draft-ietf-opsawg-pcapng): sections of either byte order, any number of
 * interfaces, each with its own link type and clock. Blocks other than packets are passed over.
 */
#include "packet/capture_format.h"

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    2u /* obsolete */
#define BLOCK_SIMPLE    3u
#define BLOCK_ENHANCED  6u

#define ORDER_MAGIC        0x1a2b3c4du
#define OPTION_END         0
#define OPTION_RESOLUTION  9
#define OPTION_OFFSET      14
#define RESOLUTION_DEFAULT 6
#define RESOLUTION_BINARY  0x80
#define NS_PER_S           1000000000u

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t power_of_ten(unsigned n)
{
    uint64_t v = 1;
    while (n-- > 0)
        v = multiply(v, 10);
    return v;
}

/* Nanoseconds of `ticks` at the interface's resolution (§4.2, if_tsresol), without overflow whatever it is.
 */
static uint64_t ticks_ns(uint64_t ticks, uint8_t resolution)
{
    unsigned n = resolution & 0x7f;

    if ((resolution & RESOLUTION_BINARY) == 0) {
        if (n <= 9)
            return multiply(ticks, power_of_ten(9 - n));
        return n <= 28 ? ticks / power_of_ten(n - 9) : 0; /* 10^20 ticks do not fit into 64 bits */
    }
    uint64_t seconds = n < 64 ? ticks >> n : 0;
    uint64_t fraction = n < 64 ? ticks & ((UINT64_C(1) << n) - 1) : ticks;
    if (n > 32) { /* 32 bits of a fraction are enough for nanoseconds */
        fraction = n - 32 < 64 ? fraction >> (n - 32) : 0;
        n = 32;
    }
    uint64_t whole = multiply(seconds, NS_PER_S);
    uint64_t rest = fraction * NS_PER_S >> n;
    return whole > UINT64_MAX - rest ? UINT64_MAX : whole + rest;
}

static uint64_t interface_time(const struct capture_interface *i, uint64_t ticks)
{
    uint64_t ns = ticks_ns(ticks, i->resolution);
    uint64_t off = multiply(i->offset_s < 0 ? 0 - (uint64_t)i->offset_s : (uint64_t)i->offset_s, NS_PER_S);

    if (ns > CAPTURE_TIME_MAX_NS)
        ns = CAPTURE_TIME_MAX_NS;
    if (i->offset_s < 0)
        return ns > off ? ns - off : 0;
    return off > CAPTURE_TIME_MAX_NS - ns ? CAPTURE_TIME_MAX_NS : ns + off;
}

/* Options (§3.5) that the interface's clock needs. */
static void read_clock(const struct capture_file *c, struct cur *body, struct capture_interface *i)
{
    while (cur_left(body) >= 4) {
        uint16_t code = capture_u16(c, body);
        uint16_t len = capture_u16(c, body);
        struct cur value = cur_child(body, len);
        cur_skip(body, -(uint32_t)len & 3);
        if (code == OPTION_END || !cur_ok(&value))
            return;
        if (code == OPTION_RESOLUTION && len == 1)
            i->resolution = cur_u8(&value);
        if (code == OPTION_OFFSET && len == 8) {
            uint64_t first = capture_u32(c, &value), second = capture_u32(c, &value);
            i->offset_s = (int64_t)(c->little ? second << 32 | first : first << 32 | second);
        }
    }
}

/* Interface Description Block (§4.2). */
static enum capture_result read_interface(struct capture_file *c, struct cur *body)
{
    struct capture_interface i = {.resolution = RESOLUTION_DEFAULT};

    i.linktype = capture_u16(c, body);
    cur_skip(body, 2);
    i.snaplen_bytes = capture_u32(c, body);
    if (!cur_ok(body))
        return capture_bad(c, "has an interface that is cut short");
    read_clock(c, body, &i);
    if (c->pcapng.interfaces < CAPTURE_INTERFACES_MAX)
        c->pcapng.interface[c->pcapng.interfaces] = i;
    if (c->pcapng.interfaces < UINT32_MAX)
        c->pcapng.interfaces++;
    return CAPTURE_PACKET;
}

/* An interface that nobody described, or too many did: the packet is still counted, but not decoded. */
static const struct capture_interface *find_interface(const struct capture_file *c, uint32_t id)
{
    static const struct capture_interface unknown = {.linktype = CAPTURE_LINK_NONE,
                                                     .resolution = RESOLUTION_DEFAULT};
    bool known = id < c->pcapng.interfaces && id < CAPTURE_INTERFACES_MAX;
    return known ? &c->pcapng.interface[id] : &unknown;
}

static enum capture_result emit(struct capture_file *c, struct packet *p, struct cur *body, uint32_t linktype,
                                uint32_t captured, uint32_t wire)
{
    if (captured > CAPTURE_PACKET_BYTES_MAX)
        return capture_bad(c, "holds a packet longer than any can be");
    struct span bytes = cur_take(body, captured);
    if (!cur_ok(body))
        return capture_bad(c, "holds a packet longer than its block");
    p->linktype = linktype;
    return capture_packet(c, p, bytes.at, captured, wire);
}

/* Enhanced (§4.3) and obsolete (appendix A) Packet Block. */
static enum capture_result read_packet(struct capture_file *c, struct packet *p, uint32_t type,
                                       struct cur *body)
{
    uint32_t id = type == BLOCK_PACKET ? capture_u16(c, body) : capture_u32(c, body);
    if (type == BLOCK_PACKET)
        cur_skip(body, 2); /* drops */
    const struct capture_interface *i = find_interface(c, id);
    uint64_t ticks = (uint64_t)capture_u32(c, body) << 32;
    ticks |= capture_u32(c, body);
    uint32_t captured = capture_u32(c, body);
    uint32_t wire = capture_u32(c, body);
    c->ts_ns = interface_time(i, ticks);
    return emit(c, p, body, i->linktype, captured, wire);
}

/* Simple Packet Block (§4.4): it has no time, so it gets that of the packet before, and no timer jumps. */
static enum capture_result read_simple(struct capture_file *c, struct packet *p, struct cur *body)
{
    const struct capture_interface *i = find_interface(c, 0);
    uint32_t wire = capture_u32(c, body);
    uint32_t captured = wire;

    if (i->snaplen_bytes != 0 && captured > i->snaplen_bytes)
        captured = i->snaplen_bytes;
    if (captured > cur_left(body))
        captured = cur_left(body);
    return emit(c, p, body, i->linktype, captured, wire);
}

/* Section Header Block (§4.1): sets the byte order and forgets the interfaces. May move the buffer. */
static enum capture_result read_section(struct capture_file *c)
{
    if (!capture_fill(c, 16))
        return capture_ended(c, "ends within the header of a section");
    struct cur head = capture_cursor(c, 16);
    cur_skip(&head, 8);
    uint32_t order = cur_u32(&head);
    if (order != ORDER_MAGIC && order != __builtin_bswap32(ORDER_MAGIC))
        return capture_bad(c, "has a section of no byte order");
    c->little = order != ORDER_MAGIC;
    c->pcapng.interfaces = 0;
    if (capture_u16(c, &head) != 1)
        return capture_bad(c, "is of a version that is not known");
    return CAPTURE_PACKET;
}

/* Length of a block with its padding: some writers leave it out of the length. */
static uint64_t padded(uint32_t len)
{
    return ((uint64_t)len + 3) & ~UINT64_C(3);
}

/* A whole block lies at c->at. CAPTURE_PACKET with p->at NULL: it was none. */
static enum capture_result read_block(struct capture_file *c, struct packet *p, uint32_t type, uint32_t len)
{
    size_t whole = (size_t)padded(len);
    struct cur body = capture_cursor(c, whole - 4);
    struct cur trailer = capture_cursor(c, whole);

    cur_skip(&trailer, (uint32_t)whole - 4);
    if (capture_u32(c, &trailer) != len)
        return capture_bad(c, "has a block whose two lengths differ");
    c->at += whole;
    cur_skip(&body, 8);
    p->at = NULL;
    if (type == BLOCK_ENHANCED || type == BLOCK_PACKET)
        return read_packet(c, p, type, &body);
    if (type == BLOCK_SIMPLE)
        return read_simple(c, p, &body);
    return read_interface(c, &body);
}

static inline enum capture_result pcapng_next(struct capture_file *c, struct packet *p)
{
    for (;;) {
        if (!capture_fill(c, 8))
            return capture_ended(c, NULL);
        struct cur head = capture_cursor(c, 8);
        uint32_t type = capture_u32(c, &head);
        enum capture_result section = type == BLOCK_SECTION ? read_section(c) : CAPTURE_PACKET;
        if (section != CAPTURE_PACKET)
            return section;
        head = capture_cursor(c, 8);
        cur_skip(&head, 4);
        uint32_t len = capture_u32(c, &head);
        if (len < 12)
            return capture_bad(c, "has a block shorter than its own header");
        bool wanted =
            type == BLOCK_ENHANCED || type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_INTERFACE;
        if (!wanted) {
            if (!capture_skip(c, padded(len)))
                return capture_ended(c, "ends within a block");
            continue;
        }
        if (padded(len) > CAPTURE_BUFFER_BYTES)
            return capture_bad(c, "has a block longer than any can be");
        if (!capture_fill(c, (size_t)padded(len)))
            return capture_ended(c, "ends within a block");
        enum capture_result r = read_block(c, p, type, len);
        if (r != CAPTURE_PACKET || p->at != NULL)
            return r;
    }
}

static unsigned pcapng_batch(struct capture_file *c, struct packet *p, unsigned max,
                             enum capture_result *ret_end)
{
    return capture_each(pcapng_next, c, p, max, ret_end);
}

bool capture_pcapng_open(struct capture_file *c)
{
    struct cur head = capture_cursor(c, 4);

    if (cur_u32(&head) != BLOCK_SECTION) /* the same in both byte orders */
        return false;
    c->batch = pcapng_batch;
    c->record.length_at = 4;
    return true;
}
