/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a TCP segment is one that its receiver takes: RFC 9293 §3.1, RFC 1071 (checksum), RFC 2385. */
#include "packet/plausible.h"

#include <netinet/in.h>
#include <string.h>

#define TCP_HEADER_BYTES 20u

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MD5 = 19 };

/* Sixteen words at once; of a packet, the sums of their halves stay far below 2^32. */
typedef uint32_t words16 __attribute__((vector_size(64)));

static uint32_t sum_runs(const uint8_t *at, size_t len)
{
    words16 both = {0}, high = {0}, word;
    uint32_t total = 0;

    if (len == 0)
        return 0;
    for (size_t i = 0; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        both += word;
        high += word >> 16;
    }
    both += high - (high << 16); /* what of `both` is above 2^32 is of the upper halves */
    for (unsigned i = 0; i < sizeof word / sizeof word[0]; i++)
        total += both[i];
    return total;
}

/* The sum of 16-bit words in the machine's own order: RFC 1071 §2 (B) says that the result does not mind. */
static uint64_t sum(uint64_t so_far, const uint8_t *at, size_t len)
{
    size_t runs = len - len % sizeof(words16);
    uint32_t word;

    so_far += sum_runs(at, runs);
    at += runs;
    len -= runs;
    for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
        memcpy(&word, at, sizeof word);
        so_far += word;
    }
    uint8_t rest[sizeof word] = {0};
    memcpy(rest, at, len);
    memcpy(&word, rest, sizeof word);
    return so_far + word;
}

static bool checksum_right(const struct packet *p, const uint8_t *header, uint32_t len)
{
    uint8_t tail[8] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0,
                       IPPROTO_TCP};
    bool v4 = addr_is_v4(&p->src);
    uint64_t s = sum(0, tail, sizeof tail);

    s = sum(s, v4 ? p->src.b + 12 : p->src.b, v4 ? 4 : 16);
    s = sum(s, v4 ? p->dst.b + 12 : p->dst.b, v4 ? 4 : 16);
    s = sum(s, header, len);
    while (s >> 16 != 0)
        s = (s & 0xffff) + (s >> 16);
    return s == 0xffff;
}

static bool is_signed(const uint8_t *option, size_t len)
{
    for (size_t i = 0; i < len && option[i] != OPTION_END;) {
        if (option[i] == OPTION_MD5)
            return true;
        if (option[i] == OPTION_NOP) {
            i++;
            continue;
        }
        if (i + 1 >= len || option[i + 1] < 2)
            return false;
        i += option[i + 1];
    }
    return false;
}

bool packet_plausible(const struct packet *p)
{
    if (p->ip_proto != IPPROTO_TCP || p->tcp_header_bytes < TCP_HEADER_BYTES)
        return true;
    const uint8_t *header = p->payload - p->tcp_header_bytes;
    if (p->payload_bytes > 0 && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == 0)
        return false;
    if (is_signed(header + TCP_HEADER_BYTES, p->tcp_header_bytes - TCP_HEADER_BYTES))
        return false;
    bool whole = p->payload_bytes == p->payload_wire_bytes;
    return !whole || checksum_right(p, header, p->tcp_header_bytes + p->payload_bytes);
}
