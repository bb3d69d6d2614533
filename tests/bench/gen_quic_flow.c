/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a QUIC connection: a handshake of real Initial packets, then short headers. RFC 9000 §7, §17.3.
 */
#include "gen_flow.h"
#include "gen_hello.h"
#include "gen_quic.h"
#include "gen_server.h"

/* Datagrams of the handshake in their order; a hello of one Initial leaves out the second. */
enum {
    STEP_HELLO,
    STEP_HELLO_REST,
    STEP_SERVER,
    STEP_SERVER_REST,
    STEP_CERTIFICATE,
    STEP_FINISHED,
    STEP_REQUEST,
    STEP_RESPONSE
};
enum { TAG_CIDS = 60, TAG_SIZE, TAG_VERSION, TAG_FRAMES, TAG_BODY };

#define SHORT_BYTES 1200u /* of a datagram that carries data */
#define OVERHEAD    60u   /* of an Initial's header, tag and frame, at most */

struct cids {
    uint8_t origin[8], server[8], client[8];
    size_t client_len; /* browsers differ: none, three, eight bytes */
};

static struct cids cids_of(const struct flow *f)
{
    static const uint8_t lengths[] = {0, 0, 3, 8};
    struct rng r = rng_for(f->seed, TAG_CIDS);
    struct cids c = {.client_len = lengths[flow_of(f, TAG_CIDS) & 3]};

    rng_fill(&r, c.origin, 24);
    return c;
}

/* What all long headers of a flow have. */
static struct quic_packet packet_of(const struct flow *f, const struct cids *c, bool server)
{
    uint64_t fate = flow_of(f, TAG_VERSION);

    return (struct quic_packet){.version = fate % 100 < 5 ? QUIC_V2 : QUIC_V1,
                                .server = server,
                                .origin = span_of(c->origin, 8),
                                .dcid = server ? span_of(c->client, c->client_len) : span_of(c->origin, 8),
                                .scid = server ? span_of(c->server, 8) : span_of(c->client, c->client_len),
                                .number = (uint32_t)(fate >> 32 & 1),
                                .number_bytes = 1 + (fate >> 33 & 3)};
}

static uint32_t datagram_bytes(const struct flow *f)
{
    static const uint16_t sizes[] = {1200, 1250, 1250, 1350};

    return sizes[flow_of(f, TAG_SIZE) & 3];
}

/* CRYPTO frames over these bytes of the hello: one, or as some browsers do it, several in disorder with a
 * PING. */
static void put_frames(struct bytes *b, const struct flow *f, struct span hello, uint32_t from, uint32_t to)
{
    uint64_t fate = flow_of(f, TAG_FRAMES);
    uint32_t third = (to - from) / 3;

    if (fate % 100 >= 35 || third < 10) {
        quic_put_crypto(b, from, span_of(hello.at + from, to - from));
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        unsigned piece = (i + (unsigned)(fate >> 32)) % 3;
        uint32_t begin = from + piece * third, end = piece == 2 ? to : begin + third;
        quic_put_crypto(b, begin, span_of(hello.at + begin, end - begin));
        if (i == 1)
            put_u8(b, 1);
    }
}

/* Pads the frames so that the datagram has its size, and protects them. */
static void put_padded(struct gen *g, struct bytes *frames, const struct quic_packet *p, uint32_t bytes)
{
    size_t head = 1 + 4 + 1 + p->dcid.len + 1 + p->scid.len + 1 + 2 + p->number_bytes;

    if (frames->len + head + 16 < bytes)
        put_zeros(frames, bytes - frames->len - head - 16);
    quic_put_initial(g->quic, &g->said, p, span_of(frames->at, frames->len));
}

static void say_hello(struct gen *g, const struct flow *f)
{
    static struct bytes hello, frames;
    struct cids c = cids_of(f);
    struct quic_packet p = packet_of(f, &c, false);
    struct hello h = {.seed = f->seed,
                      .name = flow_name(f),
                      .quantum = f->quantum,
                      .scid = span_of(c.client, c.client_len),
                      .quic = true};
    uint32_t size = datagram_bytes(f), most = size - OVERHEAD - 20;

    hello.len = frames.len = 0;
    hello_put(&hello, &h);
    uint32_t len = (uint32_t)hello.len, first = len < most ? len : most;
    if (f->stage == STEP_HELLO) {
        put_frames(&frames, f, span_of(hello.at, hello.len), 0, first);
    } else {
        p.number++;
        put_frames(&frames, f, span_of(hello.at, hello.len), first, len);
    }
    put_padded(g, &frames, &p, size);
}

/* Initials with the ServerHello, and a Handshake packet that fills the datagram. */
static void say_server_hello(struct gen *g, const struct flow *f, struct rng *r)
{
    static struct bytes hello, frames;
    struct cids c = cids_of(f);
    struct quic_packet p = packet_of(f, &c, true);

    hello.len = frames.len = 0;
    server_put_hello(&hello, f->seed, f->quantum, true);
    uint32_t len = (uint32_t)hello.len, first = len < 1000 ? len : 1000;
    if (f->stage == STEP_SERVER) {
        put(&frames, "\2\1\0\0\1", 5); /* ACK: RFC 9000 §19.3 */
        quic_put_crypto(&frames, 0, span_of(hello.at, first));
    } else {
        p.number++;
        quic_put_crypto(&frames, first, span_of(hello.at + first, len - first));
    }
    quic_put_initial(g->quic, &g->said, &p, span_of(frames.at, frames.len));
    if (g->said.len < 1150)
        quic_put_handshake(&g->said, &p, r, 1200 - g->said.len - 24);
}

/* An ACK in an Initial to the server's own connection ID, and the client's Finished. */
static void say_finished(struct gen *g, const struct flow *f, struct rng *r)
{
    static struct bytes frames;
    struct cids c = cids_of(f);
    struct quic_packet p = packet_of(f, &c, false);

    p.dcid = span_of(c.server, 8);
    p.number += 2;
    frames.len = 0;
    put(&frames, "\2\0\0\0\0", 5);
    put_padded(g, &frames, &p, datagram_bytes(f) - 100);
    quic_put_handshake(&g->said, &p, r, 68);
}

static void say_short(struct gen *g, const struct flow *f, unsigned from, uint32_t n)
{
    struct cids c = cids_of(f);
    struct bytes *b = &g->said;

    put_u8(b, 0x40 | (rng_u64(&g->rng) & 0x3f));
    put(b, from ? c.client : c.server, from ? c.client_len : 8);
    put(b, g->pool + rng_below(&g->rng, POOL_BYTES - 2048), n);
}

static void send(struct gen *g, struct flow *f, unsigned from)
{
    struct path p = flow_path(g, f);

    packet_udp(&g->frame, &p, from, span_of(g->said.at, g->said.len), (uint16_t)rng_u64(&g->rng));
    flow_send(g, f);
}

/* What the server sends in answer, with acknowledgements now and then. False: the connection ends. */
static bool step_response(struct gen *g, struct flow *f)
{
    if (f->ack_due) {
        f->ack_due = false;
        f->unacked = 0;
        say_short(g, f, 0, 24 + rng_below(&g->rng, 12));
        send(g, f, 0);
        if (f->left > 0) {
            flow_after(g, f, f->gap_ns);
            return true;
        }
        f->stage = STEP_REQUEST;
        flow_after(g, f, f->pace_us * 1000ull);
        return f->rounds-- > 1;
    }
    if (f->left == 0)
        f->left = f->via != VIA_NONE
                      ? rng_from(&g->rng, 200, 4000)
                      : (uint32_t)rng_heavy(&g->rng, g->mix->response[0], g->mix->response[1], 1);
    uint32_t n = f->left < SHORT_BYTES ? f->left : SHORT_BYTES;
    say_short(g, f, 1, n + 20);
    send(g, f, 1);
    f->left -= n;
    f->unacked++;
    f->ack_due = f->unacked >= 2 * f->ack_every || f->left == 0;
    flow_after(g, f, f->gap_ns);
    return true;
}

bool flow_step_quic(struct gen *g, struct flow *f)
{
    struct rng r = rng_for(f->seed, TAG_BODY + f->stage);
    struct cids c = cids_of(f);
    struct quic_packet server = packet_of(f, &c, true);
    bool from = f->stage >= STEP_SERVER && f->stage <= STEP_CERTIFICATE;
    uint64_t half_ns = f->rtt_us * 500ull;

    g->said.len = 0;
    if (f->stage == STEP_RESPONSE)
        return step_response(g, f);
    if (f->stage <= STEP_HELLO_REST)
        say_hello(g, f);
    else if (f->stage <= STEP_SERVER_REST)
        say_server_hello(g, f, &r);
    else if (f->stage == STEP_CERTIFICATE)
        quic_put_handshake(&g->said, &server, &r, rng_from(&r, 600, 1100));
    else if (f->stage == STEP_FINISHED)
        say_finished(g, f, &r);
    else
        say_short(g, f, 0, 60 + rng_below(&g->rng, 300));
    send(g, f, from);
    bool twice = (f->stage == STEP_HELLO || f->stage == STEP_SERVER) && f->quantum;
    f->stage = (uint8_t)(f->stage + (f->stage == STEP_HELLO || f->stage == STEP_SERVER ? 2 - twice : 1));
    flow_after(g, f, twice || f->stage == STEP_CERTIFICATE || f->stage == STEP_REQUEST ? f->gap_ns : half_ns);
    return true;
}

void flow_midlife_quic(struct gen *g, struct flow *f)
{
    f->dns_asks = 0;
    f->stage = STEP_RESPONSE;
}
