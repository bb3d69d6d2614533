/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a TCP connection, from SYN to FIN, and what TLS and HTTP say on it: RFC 9293 §3.5, §3.6. */
#include <stdio.h>

#include "gen_flow.h"
#include "gen_hello.h"
#include "gen_server.h"

enum { STAGE_SYN, STAGE_SYN_ACK, STAGE_ACK, STAGE_DATA, STAGE_FIN, STAGE_FIN_ACK, STAGE_LAST_ACK };
enum { TAG_SIZE = 20, TAG_POOL, TAG_SOURCE, TAG_CLOCK, TAG_WINDOW };

/* What is said, in order. */
enum say {
    SAY_HELLO,
    SAY_FLIGHT,
    SAY_FINISHED,
    SAY_TICKETS,
    SAY_REQUEST,
    SAY_RESPONSE,
    SAY_GET,
    SAY_PAGE,
    SAY_NOTHING
};

struct turn {
    uint8_t from; /* 0: the client */
    uint8_t say;
};

/* Turns from `loop` on come once for each round. */
static const struct script {
    struct turn turn[7];
    uint8_t loop;
} scripts[FLOW_KIND_COUNT] = {
    [FLOW_TLS] = {{{0, SAY_HELLO},
                   {1, SAY_FLIGHT},
                   {0, SAY_FINISHED},
                   {1, SAY_TICKETS},
                   {0, SAY_REQUEST},
                   {1, SAY_RESPONSE},
                   {0, SAY_NOTHING}},
                  4},
    [FLOW_HTTP] = {{{0, SAY_GET}, {1, SAY_PAGE}, {0, SAY_NOTHING}}, 0},
};

#define RECORD_BYTES (16384u + 17 + 5)

static void put_finished(struct bytes *b, const struct flow *f)
{
    struct rng r = rng_for(f->seed, TAG_SIZE);

    if (f->tls12) { /* ClientKeyExchange: a point of 65 bytes */
        put(b, "\26\3\3\0\106\20\0\0\102\101\4", 11);
        put_random(b, &r, 64);
    }
    put(b, "\24\3\3\0\1\1", 6);
    put(b, f->tls12 ? "\26\3\3\0\50" : "\27\3\3\0\65", 5);
    put_random(b, &r, f->tls12 ? 40 : 53);
}

static void put_tickets(struct bytes *b, const struct flow *f)
{
    struct rng r = rng_for(f->seed, TAG_SIZE + 100);

    if (f->tls12) {
        put(b, "\24\3\3\0\1\1\26\3\3\0\50", 11);
        put_random(b, &r, 40);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        put(b, "\27\3\3\0\372", 5);
        put_random(b, &r, 250);
    }
}

static void put_get(struct bytes *b, const struct flow *f)
{
    struct name name = flow_name(f);
    char path[32];

    snprintf(path, sizeof path, "/%llx", (unsigned long long)flow_of(f, TAG_SIZE + f->rounds));
    put_text(b, "GET ");
    put_text(b, path);
    put_text(b, " HTTP/1.1\r\nHost: ");
    put(b, name.text, name.len);
    put_text(b, "\r\nUser-Agent: Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36\r\nAccept: */*\r\n"
                "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n");
}

/* The head of a response of `total` bytes; it is as long for each. */
static void put_head(struct bytes *b, uint32_t total)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: %010u\r\n\r\n";
    char text[sizeof head + 8];
    int len = snprintf(text, sizeof text, head, 0u);

    snprintf(text, sizeof text, head, total - (uint32_t)len);
    put_text(b, text);
}

/* What is said as a whole, into the scratch; nothing, when it is bulk. */
static void make(struct gen *g, const struct flow *f, enum say say)
{
    struct hello h = {.seed = f->seed, .quantum = f->quantum};
    struct bytes *b = &g->said;

    b->len = 0;
    if (say == SAY_HELLO || say == SAY_FLIGHT)
        h.name = flow_name(f);
    if (say == SAY_HELLO)
        hello_put_record(b, &h);
    else if (say == SAY_FLIGHT && f->tls12)
        server_put_flight_12(b, f->seed, &h.name);
    else if (say == SAY_FLIGHT)
        server_put_flight_13(b, f->seed, f->quantum);
    else if (say == SAY_FINISHED)
        put_finished(b, f);
    else if (say == SAY_TICKETS)
        put_tickets(b, f);
    else if (say == SAY_GET)
        put_get(b, f);
}

static uint32_t size_of(struct gen *g, struct flow *f, enum say say)
{
    const uint32_t *range = say == SAY_REQUEST ? g->mix->request : g->mix->response;

    make(g, f, say);
    if (g->said.len > 0)
        return (uint32_t)g->said.len;
    uint32_t size = f->via != VIA_NONE ? rng_from(&g->rng, 200, 4000)
                                       : (uint32_t)rng_heavy(&g->rng, range[0], range[1], 1);
    return size % RECORD_BYTES < 16 ? size + 64 : size; /* no record that is only a head */
}

/* A byte string of random content, in TLS records; `at` bytes into it. */
static void bulk(const struct gen *g, const struct flow *f, uint8_t *to, uint32_t n, bool records)
{
    uint32_t at = f->sent, total = f->sent + f->left;

    memcpy(to, g->pool + (flow_of(f, TAG_POOL) + at) % (POOL_BYTES - 2048), n);
    for (uint32_t start = at / RECORD_BYTES * RECORD_BYTES; records && start < at + n;
         start += RECORD_BYTES) {
        uint32_t len = (total - start < RECORD_BYTES ? total - start : RECORD_BYTES) - 5;
        const uint8_t head[5] = {23, 3, 3, (uint8_t)(len >> 8), (uint8_t)len};
        for (uint32_t i = 0; i < 5; i++)
            if (start + i >= at && start + i < at + n)
                to[start + i - at] = head[i];
    }
}

static struct span payload(struct gen *g, const struct flow *f, enum say say, uint32_t n)
{
    make(g, f, say);
    if (g->said.len > 0)
        return span_of(g->said.at + f->sent, n);
    bulk(g, f, g->said.at, n, say != SAY_PAGE);
    if (say == SAY_PAGE && f->sent == 0)
        put_head(&g->said, f->left);
    return span_of(g->said.at, n);
}

static void send(struct gen *g, struct flow *f, unsigned from, unsigned flags, struct span data)
{
    struct path p = flow_path(g, f);
    uint32_t ms = (uint32_t)(g->now_ns / 1000000);
    struct segment s = {.from = from,
                        .flags = flags,
                        .seq = f->seq[from],
                        .ack = f->seq[!from],
                        .time_ms = ms + (uint32_t)flow_of(f, TAG_CLOCK + from),
                        .echo_ms = flags == SYN
                                       ? 0
                                       : ms - f->rtt_us / 2000 + (uint32_t)flow_of(f, TAG_CLOCK + !from),
                        .window = (uint16_t)(flags & SYN ? 64240 : 500 + flow_of(f, TAG_WINDOW) % 1500),
                        .mss = (uint16_t)(path_mss(&p) + 12),
                        .payload = data};

    packet_tcp(&g->frame, &p, &s, (uint16_t)rng_u64(&g->rng));
    flow_send(g, f);
    f->seq[from] += (uint32_t)data.len + (flags & (SYN | FIN) ? 1 : 0);
}

static const struct turn *turn_of(const struct flow *f)
{
    return &scripts[f->kind].turn[f->turn];
}

/* Goes on to what is said next, after the pause that fits. */
static void next_turn(struct gen *g, struct flow *f)
{
    uint64_t rtt_ns = f->rtt_us * 1000ull;

    f->turn++;
    if (turn_of(f)->say == SAY_NOTHING && --f->rounds > 0)
        f->turn = scripts[f->kind].loop;
    if (turn_of(f)->say == SAY_NOTHING)
        f->stage = STAGE_FIN;
    bool waits = f->stage == STAGE_FIN || turn_of(f)->say == SAY_REQUEST || turn_of(f)->say == SAY_GET;
    flow_after(g, f, waits && f->turn > 0 ? f->pace_us * 1000ull : rtt_ns / 2);
}

static void step_data(struct gen *g, struct flow *f)
{
    struct turn t = *turn_of(f);

    if (f->ack_due) {
        f->ack_due = false;
        f->unacked = 0;
        send(g, f, !t.from, ACK, span_of(NULL, 0));
        if (f->left > 0)
            flow_after(g, f, f->gap_ns);
        else
            next_turn(g, f);
        return;
    }
    if (f->left == 0) {
        f->sent = 0;
        f->left = size_of(g, f, t.say);
    }
    uint32_t mss = f->v6 ? 1428 : 1448, n = f->left < mss ? f->left : mss;
    send(g, f, t.from, n < f->left ? ACK : ACK | PSH, payload(g, f, t.say, n));
    f->sent += n;
    f->left -= n;
    f->unacked++;
    f->ack_due = f->unacked >= f->ack_every || f->left == 0;
    flow_after(g, f, f->gap_ns);
}

bool flow_step_tcp(struct gen *g, struct flow *f)
{
    static const struct span none = {NULL, 0};
    uint64_t half_ns = f->rtt_us * 500ull;

    switch (f->stage) {
    case STAGE_SYN:
        send(g, f, 0, SYN, none);
        break;
    case STAGE_SYN_ACK:
        send(g, f, 1, SYN | ACK, none);
        break;
    case STAGE_ACK:
        send(g, f, 0, ACK, none);
        half_ns = 300000;
        break;
    case STAGE_DATA:
        step_data(g, f);
        return true;
    case STAGE_FIN:
        send(g, f, 0, f->resets ? RST | ACK : FIN | ACK, none);
        if (f->resets)
            return false;
        break;
    case STAGE_FIN_ACK:
        send(g, f, 1, FIN | ACK, none);
        break;
    default:
        send(g, f, 0, ACK, none);
        return false;
    }
    f->stage++;
    flow_after(g, f, half_ns);
    return true;
}

void flow_midlife_tcp(struct gen *g, struct flow *f)
{
    f->dns_asks = 0;
    f->stage = STAGE_DATA;
    f->turn = (uint8_t)(scripts[f->kind].loop + 1);
    f->left = size_of(g, f, (enum say)turn_of(f)->say);
    f->sent = rng_below(&g->rng, f->left);
    f->left -= f->sent;
}
