/* SPDX-License-Identifier: BSD-2-Clause */
/* Which protocol first bytes are of. */
#include "worker/starts.h"

static bool may_start(const struct proto *proto, const uint8_t *at, size_t len, bool named)
{
    return proto->tcp_starts != NULL && proto->tcp_starts(span_of(at, len), named) != STARTS_NO;
}

static bool datagram_may_start(const struct proto *proto, const uint8_t *at, bool named)
{
    return proto->udp_starts != NULL && proto->udp_starts(span_of(at, 1), named) != STARTS_NO;
}

/* Whether any protocol that may begin with the first of two bytes may go on with the second. */
static bool may_go_on(const struct starts *s, const uint8_t at[2])
{
    for (unsigned may = s->tcp_any[at[0]]; may != 0; may &= may - 1)
        if (may_start(protos[__builtin_ctz(may)], at, 2, false))
            return true;
    return false;
}

void starts_init(struct starts *s, const struct worker_config *config)
{
    memset(s, 0, sizeof *s);
    for (unsigned b = 0; b < 256; b++) {
        uint8_t at[2] = {(uint8_t)b, 0};
        for (unsigned i = 0; i < proto_count; i++) {
            s->tcp_any[b] |= (uint16_t)((unsigned)may_start(protos[i], at, 1, false) << i);
            s->tcp_named[b] |= (uint16_t)((unsigned)may_start(protos[i], at, 1, true) << i);
            s->udp_any[b] |= (uint16_t)((unsigned)datagram_may_start(protos[i], at, false) << i);
            s->udp_named[b] |= (uint16_t)((unsigned)datagram_may_start(protos[i], at, true) << i);
        }
        for (unsigned second = 0; second < 256; second++) {
            at[1] = (uint8_t)second;
            s->tcp_two[b][second / 64] |= (uint64_t)may_go_on(s, at) << second % 64;
        }
    }
    for (unsigned i = 0; i < proto_count; i++)
        for (const uint16_t *port = config->ports[i]; *port != 0; port++)
            s->port[*port >> 6 & 63] |= 1ull << (*port & 63);
}

bool starts_named(const struct worker_config *config, unsigned proto, struct starts_ports ports)
{
    for (const uint16_t *port = config->ports[proto]; *port != 0; port++)
        if (*port == ports.src || *port == ports.dst)
            return true;
    return false;
}

enum proto_starts starts_which(unsigned may, struct span first, const struct worker_config *config,
                               struct starts_ports ports, unsigned *ret)
{
    enum proto_starts best = STARTS_NO;

    for (; may != 0 && best != STARTS_YES; may &= may - 1) {
        unsigned i = (unsigned)__builtin_ctz(may);
        enum proto_starts starts = protos[i]->tcp_starts(first, starts_named(config, i, ports));
        if (starts > best) {
            best = starts;
            *ret = i;
        }
    }
    return best;
}

bool starts_udp(const struct worker_config *config, unsigned proto, const struct packet *p, bool any)
{
    bool named = any || starts_named(config, proto, starts_ports(p));

    return protos[proto]->udp_starts(span_of(p->payload, p->payload_bytes), named) == STARTS_YES;
}
