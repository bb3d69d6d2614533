/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic capture file (draft-ietf-opsawg-pcap): both byte orders, microseconds and nanoseconds, the
 * patched format with longer packet headers, and the versions before 2.4 that swapped the two lengths.
 */
#include "packet/capture_format.h"

#define FILE_HEADER_BYTES 24u
/* The upper bits of the link type tell of frame check sequences. */
#define LINKTYPE_MASK 0x03ffffffu

/* Interface index, protocol and packet type follow the lengths; in some files more follows. */
#define PATCHED        0xa1b2cd34u
#define PATCHED_LONGER 28u
#define RECORD_BYTES   16u /* of the header of a packet that all have */

static const struct magic {
    uint32_t number, tick_ns, header_bytes;
} magics[] = {
    {0xa1b2c3d4, 1000, 16},
    {0xa1b23c4d, 1, 16},
    {PATCHED, 1000, 24},
};

static inline enum capture_result pcap_next(struct capture_file *c, struct packet *p)
{
    if (!capture_fill(c, c->pcap.header_bytes))
        return capture_ended(c, NULL);
    uint64_t seconds = capture_u32_at(c, 0);
    uint64_t fraction = capture_u32_at(c, 4);
    uint32_t captured = capture_u32_at(c, 8);
    uint32_t wire = capture_u32_at(c, 12);
    /* Files of version 2.3 were written in either order. */
    if (c->pcap.swapped || (c->pcap.minor == 3 && captured > wire)) {
        uint32_t t = captured;
        captured = wire;
        wire = t;
    }
    if (captured > CAPTURE_PACKET_BYTES_MAX)
        return capture_bad(c, "holds a packet longer than any can be");
    if (!capture_fill(c, (size_t)c->pcap.header_bytes + captured))
        return capture_ended(c, "ends within a packet");
    const uint8_t *at = c->bytes + c->at + c->pcap.header_bytes;
    c->at += c->pcap.header_bytes + captured;
    c->ts_ns = seconds * 1000000000u + fraction * c->pcap.tick_ns; /* at most 2^62 + 2^42 */
    p->linktype = c->pcap.linktype;
    return capture_packet(c, p, at, captured, wire);
}

/* What pcap_next says of the records of a file in our own byte order, as far as they are there, with all that
 * it keeps in registers. */
static unsigned usual_records(struct capture_file *c, struct packet *p, unsigned max)
{
    const uint8_t *bytes = c->bytes;
    size_t at = c->at, end = c->end;
    uint64_t tick_ns = c->pcap.tick_ns, ts_ns = c->ts_ns, number = c->number;
    uint32_t source = c->source, linktype = c->pcap.linktype;
    unsigned n = 0;

    for (; n < max && end - at >= RECORD_BYTES; n++, p++) {
        uint32_t head[4]; /* seconds, fraction, bytes captured, bytes on the wire */
        memcpy(head, bytes + at, sizeof head);
        at += RECORD_BYTES;
        if (head[2] > CAPTURE_PACKET_BYTES_MAX || end - at < head[2]) {
            at -= RECORD_BYTES;
            break;
        }
        p->ts_ns = ts_ns = head[0] * UINT64_C(1000000000) + head[1] * tick_ns;
        p->number = ++number;
        p->at = bytes + at;
        p->captured_bytes = head[2];
        p->wire_bytes = head[3] > head[2] ? head[3] : head[2];
        p->source = source;
        p->linktype = linktype;
        at += head[2];
    }
    c->at = at;
    c->ts_ns = ts_ns;
    c->number = number;
    return n;
}

static unsigned pcap_batch(struct capture_file *c, struct packet *p, unsigned max,
                           enum capture_result *ret_end)
{
    unsigned n = c->pcap.usual ? usual_records(c, p, max) : 0;

    c->ahead = c->at;
    if (n == max)
        return n;
    c->held = n > 0;
    return n + capture_each(pcap_next, c, p + n, max - n, ret_end);
}

/* Whether a packet of a patched file could begin `offset` bytes from here, or the file end there. */
static bool plausible(struct capture_file *c, uint32_t offset)
{
    if (!capture_fill(c, offset + RECORD_BYTES))
        return c->end - c->at == offset;
    struct cur head = capture_cursor(c, offset + RECORD_BYTES);
    cur_skip(&head, offset + 4);
    uint32_t microseconds = capture_u32(c, &head);
    uint32_t captured = capture_u32(c, &head);
    uint32_t wire = capture_u32(c, &head);
    return microseconds < 1000000 && captured <= wire && captured <= CAPTURE_PACKET_BYTES_MAX;
}

/* Both kinds of patched file have the same number at their begin: where the second packet is tells. */
static uint32_t patched_header(struct capture_file *c)
{
    uint32_t captured = 0;

    if (capture_fill(c, RECORD_BYTES)) {
        struct cur head = capture_cursor(c, RECORD_BYTES);
        cur_skip(&head, 8);
        captured = capture_u32(c, &head);
    }
    bool longer = captured <= CAPTURE_PACKET_BYTES_MAX && !plausible(c, 24 + captured) &&
                  plausible(c, PATCHED_LONGER + captured);
    return longer ? PATCHED_LONGER : 24;
}

static const struct magic *find_magic(struct capture_file *c)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        for (int little = 0; little < 2; little++) {
            struct cur head = capture_cursor(c, 4);
            c->little = little;
            if (capture_u32(c, &head) == magics[i].number)
                return &magics[i];
        }
    }
    return NULL;
}

bool capture_pcap_open(struct capture_file *c)
{
    const struct magic *m = find_magic(c);
    if (m == NULL)
        return false;
    c->batch = pcap_batch;
    if (!capture_fill(c, FILE_HEADER_BYTES)) {
        capture_ended(c, "ends within the file's header");
        return true;
    }
    struct cur head = capture_cursor(c, FILE_HEADER_BYTES);
    cur_skip(&head, 4);
    c->pcap.major = capture_u16(c, &head);
    c->pcap.minor = capture_u16(c, &head);
    cur_skip(&head, 12); /* time zone and accuracy are always zero; the snapshot length is known to lie */
    c->pcap.linktype = capture_u32(c, &head) & LINKTYPE_MASK;
    c->pcap.tick_ns = m->tick_ns;
    c->pcap.header_bytes = m->header_bytes;
    c->pcap.swapped = c->pcap.major != 2 || c->pcap.minor < 3;
    c->record.length_at = 8;
    c->pcap.usual = m->header_bytes == RECORD_BYTES && !c->pcap.swapped && c->pcap.minor != 3 &&
                    c->little == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    c->at += FILE_HEADER_BYTES;
    if (m->number == PATCHED)
        c->pcap.header_bytes = patched_header(c);
    c->record.header_bytes = (uint8_t)c->pcap.header_bytes;
    /* 543.0 is what one vendor's tcpdump wrote. */
    if (c->pcap.major != 2 && c->pcap.major != 543)
        capture_bad(c, "is of a version that is not known");
    return true;
}
