/* SPDX-License-Identifier: BSD-2-Clause */
/* The visibility meter. Encrypted DNS: RFC 7858 (DoT), RFC 8484 (DoH), RFC 9250 (DoQ). */
#include "worker/visibility.h"

#include <netinet/in.h>

#include "worker/record.h"

#define SECOND_NS 1000000000u
#define HOUR_NS   (3600ull * SECOND_NS)
#define DAY_S     86400

/* TCP connections that are remembered at most, see struct visibility. */
#define TCP_MOST 4096u
/* From so many on, shares mean something. */
#define DIRECTION_LEAST 50u
#define OPENER_LEAST    200u
#define DARK_LEAST      200u
#define DNS_LEAST       20u /* minutes, summed over clients */

enum port {
    PORT_DNS = 53,
    PORT_HTTP = 80,
    PORT_HTTPS = 443,
    PORT_DNS_TLS = 853,
    PORT_HTTP_ALT = 8080,
    PORT_HTTPS_ALT = 8443
};

#define X(id, key, words)                                                                                    \
    _Static_assert((int)COUNT_VISIBLE_##id - (int)COUNT_VISIBLE_SNI == (int)SEEN_##id, "the same order");
BRIDLE_SEEN(X)
#undef X

void visibility_init(struct visibility *v, const struct hash_key *key, struct visibility_page *page,
                     uint64_t *counters)
{
    memset(v, 0, sizeof *v);
    v->key = key;
    v->page = page;
    v->counters = counters;
}

static uint64_t hash_of(const struct visibility *v, const struct addr *a)
{
    return hash_word(v->key, hash_word(v->key, v->key->k[0], a->w[0]), a->w[1]);
}

static uint32_t seconds(uint64_t now_ns)
{
    return (uint32_t)(now_ns / SECOND_NS);
}

/* Never 0. */
static uint32_t minute_of(uint64_t now_ns)
{
    return seconds(now_ns) / 60 + 1;
}

/* --- clients --- */

/* The row goes over to another client; main does not take what it reads meanwhile. */
static void give_row(struct visibility_row *row, const struct addr *client)
{
    uint32_t turn = atomic_load_explicit(&row->turn, memory_order_relaxed);

    atomic_store_explicit(&row->turn, turn + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    memset(&row->client, 0, sizeof row->client);
    row->client.addr = *client;
    row->dns_min = row->encrypted_min = 0;
    atomic_store_explicit(&row->turn, turn + 2, memory_order_release);
}

/* The row that is silent longest, nearly: one that was used is passed over once. */
static unsigned give_way(struct visibility_set *set)
{
    unsigned i = set->next;

    for (; (set->used >> i & 1) != 0; i = (i + 1) % VISIBILITY_WAYS)
        set->used = (uint16_t)(set->used & ~(1u << i));
    set->next = (uint8_t)((i + 1) % VISIBILITY_WAYS);
    return i;
}

/* A bit for each row of that digest, nearly always none or one: no branch for each. */
static unsigned rows_of(const struct visibility_set *set, uint32_t digest)
{
    typedef uint32_t four __attribute__((vector_size(16)));
    four found = {0}, bit = {1, 2, 4, 8}, want = {digest, digest, digest, digest}, v;

    for (unsigned i = 0; i < VISIBILITY_WAYS; i += 4, bit <<= 4) {
        memcpy(&v, set->digest + i, sizeof v);
        found |= (four)(v == want) & bit;
    }
    return found[0] | found[1] | found[2] | found[3];
}

/* `h`: the client's hash. */
static struct visibility_row *row_of(struct visibility *v, const struct addr *client, uint64_t h)
{
    unsigned n = (unsigned)(h % (sizeof v->set / sizeof *v->set));
    struct visibility_set *set = &v->set[n];
    struct visibility_row *row = &v->page->row[n * VISIBILITY_WAYS];
    uint32_t digest = (uint32_t)(h >> 32) | 1;
    unsigned i;

    for (unsigned left = rows_of(set, digest); left != 0; left &= left - 1) {
        i = (unsigned)__builtin_ctz(left);
        if (addr_eq(&row[i].client.addr, client)) {
            set->used = (uint16_t)(set->used | 1u << i);
            return &row[i];
        }
    }
    i = give_way(set);
    give_row(&row[i], client);
    set->digest[i] = digest;
    return &row[i];
}

/* Queries and connections do not compare: one connection carries many queries. So it is minutes that are
 * counted, those in which a client did the one or the other. True when this one is new. */
static bool new_minute(uint32_t *stamp, uint32_t minute)
{
    bool new = *stamp != minute;

    *stamp = minute;
    return new;
}

void visibility_dns(struct visibility *v, const struct addr *client, const struct addr *server,
                    uint64_t now_ns)
{
    uint64_t h = hash_of(v, client);
    uint32_t minute = minute_of(now_ns), digest = (uint32_t)(h >> 32) + minute;
    uint32_t *asked = &v->asked[h % VISIBILITY_ASKED];

    if (*asked == digest || addr_is_group(server))
        return;
    *asked = digest;
    struct visibility_row *row = row_of(v, client, h);
    if (!new_minute(&row->dns_min, minute))
        return;
    row->client.dns++;
    v->hour.dns++;
    v->counters[COUNT_VISIBLE_DNS]++;
}

/* --- addresses that DNS gave --- */

void visibility_resolved(struct visibility *v, const struct addr *a, uint64_t now_ns)
{
    uint64_t h = hash_of(v, a);
    struct resolved *slot = &v->resolved[h % VISIBILITY_RESOLVED];

    slot->digest = (uint32_t)(h >> 32) | 1;
    slot->time_s = seconds(now_ns);
}

/* Files may run backwards: what is to come within a day counts, too. */
static bool resolved(const struct visibility *v, const struct addr *a, uint64_t now_ns)
{
    uint64_t h = hash_of(v, a);
    const struct resolved *slot = &v->resolved[h % VISIBILITY_RESOLVED];
    int32_t age_s = (int32_t)(seconds(now_ns) - slot->time_s);

    return slot->digest == ((uint32_t)(h >> 32) | 1) && age_s <= DAY_S && age_s >= -DAY_S;
}

/* --- new flows --- */

/* Which encrypted DNS is among the protocols offered (RFC 9250 §4.1.1; "dot": RFC 7858), as its counter; DoQ
 * before DoT. */
static enum counter offered_dns(struct span alpn)
{
    enum counter best = COUNTERS;

    for (size_t at = 0, len; at < alpn.len && best != COUNT_VISIBLE_DOQ; at += len + 1) {
        const uint8_t *protocol = alpn.at + at, *comma = memchr(protocol, ',', alpn.len - at);
        len = comma != NULL ? (size_t)(comma - protocol) : alpn.len - at;
        if (len != 3 || protocol[0] != 'd' || protocol[1] != 'o')
            continue;
        if (protocol[2] == 'q')
            best = COUNT_VISIBLE_DOQ;
        else if (protocol[2] == 't')
            best = COUNT_VISIBLE_DOT;
    }
    return best;
}

/* Which encrypted DNS this flow carries, as its counter; COUNTERS: none that can be told. */
static enum counter encrypted_dns(const struct visibility_flow *f)
{
    enum counter offered = offered_dns(f->alpn);

    if (offered == COUNT_VISIBLE_DOQ || (f->server_port == PORT_DNS_TLS && f->ip_proto == IPPROTO_UDP))
        return COUNT_VISIBLE_DOQ;
    if (offered == COUNT_VISIBLE_DOT || f->server_port == PORT_DNS_TLS)
        return COUNT_VISIBLE_DOT;
    bool named = f->seen == SEEN_SNI || f->seen == SEEN_QUIC || f->seen == SEEN_OUTER;
    if (f->im != NULL && ((named && image_resolver_name(f->im, f->name)) ||
                          (f->server_port == PORT_HTTPS && image_resolver_addr(f->im, &f->server))))
        return COUNT_VISIBLE_DOH;
    return COUNTERS;
}

/* Whether a name is to be expected: what games and file servers say is not. */
static bool should_be_named(const struct visibility_flow *f, enum seen seen)
{
    static const uint16_t web[] = {PORT_HTTP, PORT_HTTPS, PORT_DNS_TLS, PORT_HTTP_ALT, PORT_HTTPS_ALT};

    for (unsigned i = 0; i < sizeof web / sizeof *web; i++)
        if (f->server_port == web[i])
            return true;
    return seen != SEEN_NAMELESS;
}

static void halve(struct visibility *v)
{
    v->tcp.syn /= 2;
    v->tcp.syn_ack /= 2;
    v->tcp.data /= 2;
    v->tcp.v4 /= 2;
    v->opener.count /= 2;
    v->opener.votes /= 2;
}

static void count_tcp(struct visibility *v, uint32_t *count)
{
    if (++*count >= TCP_MOST)
        halve(v);
}

void visibility_flow(struct visibility *v, const struct visibility_flow *f, uint64_t now_ns)
{
    enum seen seen = (enum seen)f->seen;

    bool clear_dns = seen == SEEN_NAMELESS && f->server_port == PORT_DNS; /* says all that there is */
    if (seen >= SEEN_KINDS || addr_is_group(&f->server) || clear_dns)
        return;
    if (seen == SEEN_NAMELESS && resolved(v, &f->server, now_ns))
        seen = SEEN_DNS_ADDRESS;
    struct visibility_row *row = row_of(v, &f->client, hash_of(v, &f->client));
    row->client.flows[seen]++;
    v->counters[COUNT_VISIBLE_SNI + seen]++;
    if (f->ip_proto == IPPROTO_TCP)
        count_tcp(v, &v->tcp.data);
    if (should_be_named(f, seen)) {
        v->hour.flows++;
        v->hour.dark += seen == SEEN_OUTER || seen == SEEN_NAMELESS;
    }
    enum counter encrypted = encrypted_dns(f);
    if (encrypted == COUNTERS)
        return;
    v->counters[encrypted]++;
    if (!new_minute(&row->encrypted_min, minute_of(now_ns)))
        return;
    row->client.encrypted_dns++;
    v->hour.encrypted_dns++;
    v->counters[COUNT_VISIBLE_ENCRYPTED_DNS]++;
}

/* Whether one address opens nearly all: the only candidate is the one that a majority vote leaves
 * (Boyer and Moore); its count is exact from when it became that. */
static void vote(struct visibility *v, const struct addr *opener)
{
    if (v->opener.votes == 0) {
        v->opener.addr = *opener;
        v->opener.count = 0;
    }
    if (addr_eq(&v->opener.addr, opener)) {
        v->opener.votes++;
        v->opener.count++;
    } else {
        v->opener.votes--;
    }
}

void visibility_syn(struct visibility *v, const struct packet *p)
{
    if ((p->tcp_flags & TCP_SYN) == 0)
        return;
    if ((p->tcp_flags & TCP_ACK) != 0) {
        count_tcp(v, &v->tcp.syn_ack);
        return;
    }
    if (addr_is_v4(&p->src)) {
        vote(v, &p->src);
        v->tcp.v4++;
    }
    count_tcp(v, &v->tcp.syn);
}

/* --- what is to be said --- */

static bool share(uint32_t part, uint32_t of, uint32_t least, uint64_t *ret_percent)
{
    *ret_percent = of > 0 ? (uint64_t)part * 100 / of : 0;
    return of >= least;
}

static bool clients_only(const struct visibility *v, uint64_t *percent)
{
    return share(v->tcp.syn_ack, v->tcp.data, DIRECTION_LEAST, percent) && *percent < 2 &&
           v->tcp.syn >= DIRECTION_LEAST;
}

static bool servers_only(const struct visibility *v, uint64_t *percent)
{
    return share(v->tcp.syn, v->tcp.syn_ack, DIRECTION_LEAST, percent) && *percent < 2;
}

/* A private address may be a machine that watches itself. That of a carrier's own translation (RFC 6598) is
 * a router's. IPv6 is not translated. */
static bool one_client(const struct visibility *v, uint64_t *percent)
{
    static const struct prefix carrier = {.addr = {.b = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 100, 64, 0,
                                                         0}},
                                          .bits = 106};
    const struct addr *a = &v->opener.addr;

    return share(v->opener.count, v->tcp.v4, OPENER_LEAST, percent) && *percent >= 95 &&
           (!addr_is_private(a) || prefix_has(&carrier, a));
}

static bool dark(const struct visibility *v, uint64_t *percent)
{
    return share(v->hour.dark, v->hour.flows, DARK_LEAST, percent) && *percent > 30;
}

static bool dns_dark(const struct visibility *v, uint64_t *percent)
{
    return share(v->hour.encrypted_dns, v->hour.encrypted_dns + v->hour.dns, DNS_LEAST, percent) &&
           *percent > 50;
}

static const struct {
    enum notice notice;
    bool (*holds)(const struct visibility *v, uint64_t *percent);
} rules[] = {
    {NOTICE_CLIENTS_ONLY, clients_only}, {NOTICE_SERVERS_ONLY, servers_only},
    {NOTICE_ONE_CLIENT, one_client},     {NOTICE_DARK, dark},
    {NOTICE_DNS_ENCRYPTED, dns_dark},
};

static void next_hour(struct visibility *v, uint64_t now_ns)
{
    memset(&v->hour, 0, sizeof v->hour);
    v->hour.start_ns = now_ns;
}

bool visibility_judge(struct visibility *v, uint64_t now_ns, struct visibility_notice *ret)
{
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
        uint64_t percent;
        if ((v->said & 1u << i) != 0 || !rules[i].holds(v, &percent))
            continue;
        v->said |= 1u << i;
        *ret = (struct visibility_notice){rules[i].notice, percent};
        return true;
    }
    if (v->hour.start_ns == 0)
        v->hour.start_ns = now_ns;
    else if (now_ns > v->hour.start_ns + HOUR_NS || now_ns + HOUR_NS < v->hour.start_ns)
        next_hour(v, now_ns);
    return false;
}
