/* SPDX-License-Identifier: BSD-2-Clause */
/* Which protocol first bytes are of. */
#include "worker/starts.h"

static uint16_t bit_if(enum proto_starts (*starts)(struct span, bool), uint8_t byte, bool named, unsigned i)
{
    if (starts == NULL || starts(span_of(&byte, 1), named) == STARTS_NO)
        return 0;
    return (uint16_t)(1u << i);
}

void starts_init(struct starts *s)
{
    for (unsigned b = 0; b < 256; b++)
        for (unsigned i = 0; i < proto_count; i++) {
            s->tcp_any[b] |= bit_if(protos[i]->tcp_starts, (uint8_t)b, false, i);
            s->tcp_named[b] |= bit_if(protos[i]->tcp_starts, (uint8_t)b, true, i);
        }
}

bool starts_named(const struct worker_config *config, unsigned proto, const struct packet *p)
{
    for (const uint16_t *port = config->ports[proto]; *port != 0; port++)
        if (*port == p->src_port || *port == p->dst_port)
            return true;
    return false;
}

enum proto_starts starts_tcp(const struct starts *s, struct span first, const struct worker_config *config,
                             const struct packet *p, unsigned *ret)
{
    enum proto_starts best = STARTS_NO;
    unsigned may = s->tcp_any[first.at[0]] | s->tcp_named[first.at[0]];

    for (; may != 0 && best != STARTS_YES; may &= may - 1) {
        unsigned i = (unsigned)__builtin_ctz(may);
        enum proto_starts starts = protos[i]->tcp_starts(first, starts_named(config, i, p));
        if (starts > best) {
            best = starts;
            *ret = i;
        }
    }
    return best;
}

uint16_t starts_udp(const struct worker_config *config, const struct packet *p, bool any)
{
    struct span first = span_of(p->payload, p->payload_bytes);
    unsigned are = 0;

    for (unsigned i = 0; i < proto_count; i++)
        if (protos[i]->udp_starts != NULL &&
            protos[i]->udp_starts(first, any || starts_named(config, i, p)) == STARTS_YES)
            are |= 1u << i;
    return (uint16_t)are;
}
