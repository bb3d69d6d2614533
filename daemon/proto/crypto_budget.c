/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many keys may be derived: a bucket for all, and one for each network of clients, so that one flooder
 * cannot take everybody's. The generic cell rate algorithm (ITU-T I.371).
 */
#include "proto/crypto_private.h"

#define SECOND_NS 1000000000u

void crypto_budget(struct crypto *c, uint64_t now_ns)
{
    c->budget.on = true;
    c->budget.now_ns = now_ns;
}

void crypto_client(struct crypto *c, const struct addr *client)
{
    struct crypto_budget *b = &c->budget;

    b->shared = client != NULL;
    if (client == NULL)
        return;
    /* Of an IPv4 address three octets, which stand in the second word. */
    struct addr net = {.w = {client->w[0], 0}};
    if (addr_is_v4(client))
        memcpy(net.b + 8, client->b + 8, 7);
    b->share = (uint32_t)(hash_bytes(&c->key, net.b, sizeof net.b) % BUDGET_SHARES);
}

/* Whether a bucket that fills within a second at `rate` holds one more; it is full again at *full_ns. */
static bool holds(uint64_t *full_ns, uint64_t now_ns, uint32_t rate)
{
    if (*full_ns < now_ns)
        *full_ns = now_ns;
    return *full_ns - now_ns <= SECOND_NS - SECOND_NS / rate;
}

bool crypto_spend(struct crypto *c)
{
    struct crypto_budget *b = &c->budget;
    uint64_t *share = &b->share_full_ns[b->share];

    if (!b->on)
        return true;
    if (!holds(&b->full_ns, b->now_ns, CRYPTO_BUDGET_RATE) ||
        (b->shared && !holds(share, b->now_ns, CRYPTO_BUDGET_SHARE)))
        return false;
    b->full_ns += SECOND_NS / CRYPTO_BUDGET_RATE;
    if (b->shared)
        *share += SECOND_NS / CRYPTO_BUDGET_SHARE;
    return true;
}
