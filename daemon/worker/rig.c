/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: a worker without a process. */
#include "worker/rig.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intel/build.h"
#include "intel/digest.h"
#include "packet/defrag.h"

#define RING_BYTES (128u << 10)

static void add(struct build *b, const char *text)
{
    struct indicator ind = {.type = IOC_DOMAIN, .campaign = span_str("Test"), .feed = span_str("test")};
    struct prefix prefix;

    if (strncmp(text, "shared ", 7) == 0) {
        assert(prefix_parse(span_str(text + 7), &prefix, NULL));
        build_range(b, &prefix, span_str("cdn"), true);
        return;
    }
    for (enum answer_kind kind = ANSWER_SINKHOLE; kind <= ANSWER_PARKED; kind++) {
        const char *word = kind == ANSWER_SINKHOLE ? "sinkhole " : "parked ";
        if (strncmp(text, word, strlen(word)) != 0)
            continue;
        assert(prefix_parse(span_str(text + strlen(word)), &prefix, NULL));
        build_answer(b, &prefix, kind, span_str("somebody"));
        return;
    }
    struct span digest = span_str(text);
    enum ioc_type said = digest_type(&digest);
    if (said != IOC_TYPES) {
        ind.type = (uint8_t)said;
        ind.name = digest;
    } else if (prefix_parse(span_str(text), &ind.prefix, NULL)) {
        ind.type = ind.prefix.bits == 128 ? IOC_ADDRESS : IOC_PREFIX;
    } else if (*text == '=' || *text == '!') {
        ind.type = *text == '=' ? IOC_NAME : IOC_EXCEPTION;
        ind.name = span_str(text + 1);
    } else {
        ind.name = span_str(text);
    }
    build_indicator(b, &ind, NULL);
}

void rig_image(struct rig *rig, const char *const *indicators)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    struct build *b = build_new();
    struct worker_message m = {.kind = WORKER_MSG_IMAGE, .number = rig->w->generation + 1};

    for (; *indicators != NULL; indicators++)
        add(b, *indicators);
    int written = build_write(b, fd);
    assert(written == 0);
    build_free(b);
    worker_message_send(rig->control, &m, fd);
    worker_control(rig->w, 1000);
    close(fd);
    assert(rig->w->image != NULL);
}

struct rig *rig_new(const char *const *indicators)
{
    return rig_sized_new(indicators, 10, 64, 256);
}

struct rig *rig_sized_new(const char *const *indicators, unsigned flow_entries_log2, unsigned streams,
                          unsigned watches)
{
    struct rig *rig = calloc(1, sizeof *rig);
    int pair[2];
    char why[200];

    assert(rig != NULL);
    rig->w = calloc(1, sizeof *rig->w);
    rig->shm = aligned_alloc(64, worker_shm_bytes(RING_BYTES, RING_BYTES));
    memset(rig->shm, 0, worker_shm_bytes(RING_BYTES, RING_BYTES));
    rig->shm->sightings_size = rig->shm->observations_size = RING_BYTES;
    rig->shm->config = (struct worker_config){.abi = BRIDLE_ABI,
                                              .observe = true,
                                              .key = {{1, 2}},
                                              .ports = {{53, 5353, 5355}},
                                              .flow_entries_log2 = flow_entries_log2,
                                              .streams = streams,
                                              .stream_bytes_max = 65536,
                                              .fragments = 16,
                                              .watches = watches,
                                              .learned = 256};
    prefix_parse(span_str("10.0.0.0/8"), &rig->shm->config.home[0], NULL);
    rig->shm->config.homes = 1;
    int made = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
    assert(made == 0);
    rig->control = pair[0];
    made = worker_init(rig->w, rig->shm, pair[1], why, sizeof why);
    assert(made == 0);
    ring_attach(&rig->sightings, worker_shm_sightings(rig->shm), RING_BYTES);
    ring_attach(&rig->observations, worker_shm_observations(rig->shm, RING_BYTES), RING_BYTES);
    rig->ts_ns = 1626600000ull * 1000000000u;
    rig->w->now_ns = rig->ts_ns;
    rig_image(rig, indicators);
    return rig;
}

void rig_free(struct rig *rig)
{
    close(rig->control);
    close(rig->w->control);
    image_unmap(rig->w->image);
    capture_file_free(rig->w->file);
    defrag_free(rig->w->decoder.defrag);
    flow_cache_done(&rig->w->cache);
    streams_done(&rig->w->streams);
    watches_done(&rig->w->watches);
    learned_done(&rig->w->learned);
    crypto_free(rig->w->crypto);
    free(rig->w);
    free(rig->shm);
    free(rig);
}

static void put_be16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
    put_be16(p, v >> 16);
    put_be16(p + 2, v & 0xffff);
}

static void frame(struct rig *rig, struct rig_end from, struct rig_end to, uint8_t proto, const uint8_t *l4,
                  size_t len)
{
    static uint8_t buf[70000];
    struct addr src, dst;
    struct packet p = {.linktype = 1, .at = buf};

    addr_parse(span_str(from.addr), &src);
    addr_parse(span_str(to.addr), &dst);
    memset(buf, 0, 34);
    buf[12] = 8;
    buf[14] = 0x45;
    put_be16(buf + 16, 20 + len);
    put_be16(buf + 18, ++rig->frame & 0xffff); /* identification */
    buf[22] = rig->ttl != 0 ? rig->ttl : 64;
    buf[23] = proto;
    memcpy(buf + 26, src.b + 12, 4);
    memcpy(buf + 30, dst.b + 12, 4);
    memcpy(buf + 34, l4, len);
    p.captured_bytes = p.wire_bytes = (uint32_t)(34 + len);
    p.number = rig->frame;
    p.ts_ns = rig->ts_ns += 1000000;
    rig->w->now_ns = rig->w->packet_ns = p.ts_ns;
    worker_packet(rig->w, &p);
}

void rig_ip(struct rig *rig, const void *bytes, size_t len)
{
    struct packet p = {.linktype = 101, .at = bytes};

    p.captured_bytes = p.wire_bytes = (uint32_t)len;
    p.number = ++rig->frame;
    p.ts_ns = rig->ts_ns += 1000000;
    rig->w->now_ns = rig->w->packet_ns = p.ts_ns;
    worker_packet(rig->w, &p);
}

/* RFC 1071, over the pseudo-header of IPv4, too. */
static uint16_t checksum(struct rig_end from, struct rig_end to, const uint8_t *l4, size_t len)
{
    struct addr ends[2];
    uint32_t sum = IPPROTO_TCP + (uint32_t)len;

    addr_parse(span_str(from.addr), &ends[0]);
    addr_parse(span_str(to.addr), &ends[1]);
    for (unsigned i = 0; i < 2; i++)
        sum +=
            (uint32_t)(ends[i].b[12] << 8 | ends[i].b[13]) + (uint32_t)(ends[i].b[14] << 8 | ends[i].b[15]);
    for (size_t i = 0; i < len; i++)
        sum += (uint32_t)l4[i] << (i % 2 == 0 ? 8 : 0);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

void rig_tcp(struct rig *rig, struct rig_end from, struct rig_end to, uint32_t seq, uint32_t ack,
             uint8_t flags, const void *bytes, size_t len)
{
    static uint8_t l4[66000];

    memset(l4, 0, 20);
    put_be16(l4, from.port);
    put_be16(l4 + 2, to.port);
    put_be32(l4 + 4, seq);
    put_be32(l4 + 8, ack);
    l4[12] = 5 << 4;
    l4[13] = flags;
    if (len > 0)
        memcpy(l4 + 20, bytes, len);
    if (rig->checksums)
        put_be16(l4 + 16, checksum(from, to, l4, 20 + len));
    frame(rig, from, to, IPPROTO_TCP, l4, 20 + len);
}

void rig_udp(struct rig *rig, struct rig_end from, struct rig_end to, const void *bytes, size_t len)
{
    static uint8_t l4[66000];

    put_be16(l4, from.port);
    put_be16(l4 + 2, to.port);
    put_be16(l4 + 4, 8 + len);
    put_be16(l4 + 6, 0);
    memcpy(l4 + 8, bytes, len);
    frame(rig, from, to, IPPROTO_UDP, l4, 8 + len);
}

void rig_wait(struct rig *rig, uint64_t ns)
{
    rig->ts_ns += ns;
    rig->w->now_ns = rig->ts_ns;
    worker_tick(rig->w);
}

void rig_finish(struct rig *rig)
{
    worker_streams_finish(rig->w);
    follow_finish(rig->w);
}

static bool take(struct rig *rig, struct ring *ring)
{
    static uint8_t buf[RING_RECORD_MAX];
    struct rig_record *slot = &rig->record[rig->records];
    int len = ring_take(ring, buf);

    if (len <= 0 || rig->records == RIG_RECORDS_MAX)
        return false;
    int good = record_unpack(buf, (uint32_t)len, &slot->r);
    assert(good == 0);
    if (slot->r.is_addr)
        addr_text(&slot->r.value_addr, slot->value);
    else
        memcpy(slot->value, slot->r.value.at, slot->r.value.len);
    slot->value[slot->r.is_addr ? strlen(slot->value) : slot->r.value.len] = 0;
    rig->records++;
    return true;
}

void rig_drain(struct rig *rig)
{
    while (take(rig, &rig->sightings))
        ;
    while (take(rig, &rig->observations))
        ;
}

unsigned rig_count(struct rig *rig, enum record_kind kind, int via, const char *value,
                   const struct record **ret)
{
    unsigned n = 0;
    uint64_t last = 0;

    rig_drain(rig);
    for (unsigned i = 0; i < rig->records; i++) {
        const struct rig_record *x = &rig->record[i];
        if (x->r.kind != kind || (via >= 0 && x->r.via != via) ||
            (value != NULL && strcmp(x->value, value) != 0))
            continue;
        n++;
        if (ret != NULL && x->r.seq >= last) {
            *ret = &x->r;
            last = x->r.seq;
        }
    }
    return n;
}

size_t rig_hello(uint8_t *ret, size_t cap, const char *name, size_t padding, size_t record_bytes,
                 uint8_t salt)
{
    return rig_hello_with(ret, cap, name, 21, padding, record_bytes, salt); /* RFC 7685 */
}

size_t rig_hello_with(uint8_t *ret, size_t cap, const char *name, uint16_t extension, size_t bytes,
                      size_t record_bytes, uint8_t salt)
{
    static uint8_t body[70000];
    size_t at = 4, name_len = name != NULL ? strlen(name) : 0, extensions, out = 0;

    put_be16(body + at, 0x0303);
    memset(body + at + 2, salt, 32);
    at += 34;
    body[at++] = 0;
    put_be16(body + at, 2);
    put_be16(body + at + 2, 0x1301);
    at += 4;
    body[at++] = 1;
    body[at++] = 0;
    extensions = at;
    at += 2;
    put_be16(body + at, extension);
    put_be16(body + at + 2, bytes);
    memset(body + at + 4, 0, bytes);
    at += 4 + bytes;
    if (name != NULL) {
        put_be16(body + at, 0);
        put_be16(body + at + 2, name_len + 5);
        put_be16(body + at + 4, name_len + 3);
        body[at + 6] = 0;
        put_be16(body + at + 7, name_len);
        memcpy(body + at + 9, name, name_len);
        at += 9 + name_len;
    }
    put_be16(body + extensions, at - extensions - 2);
    body[0] = 1;
    body[1] = 0;
    put_be16(body + 2, at - 4);
    for (size_t done = 0; done < at;) {
        size_t n = at - done < record_bytes ? at - done : record_bytes;
        assert(out + 5 + n <= cap);
        ret[out] = 22;
        put_be16(ret + out + 1, 0x0301);
        put_be16(ret + out + 3, n);
        memcpy(ret + out + 5, body + done, n);
        out += 5 + n;
        done += n;
    }
    return out;
}

static size_t put_name(uint8_t *p, const char *name)
{
    size_t at = 0;

    while (*name != 0) {
        size_t n = strcspn(name, ".");
        p[at++] = (uint8_t)n;
        memcpy(p + at, name, n);
        at += n;
        name += n + (name[n] == '.');
    }
    p[at++] = 0;
    return at;
}

size_t rig_dns_query(uint8_t *ret, uint16_t id, const char *name)
{
    memset(ret, 0, 12);
    put_be16(ret, id);
    ret[2] = 1;
    ret[5] = 1;
    size_t at = 12 + put_name(ret + 12, name);
    put_be16(ret + at, 1);
    put_be16(ret + at + 2, 1);
    return at + 4;
}

static size_t put_record(uint8_t *p, const char *owner, uint16_t type, const uint8_t *data, size_t len)
{
    size_t at = put_name(p, owner);

    put_be16(p + at, type);
    put_be16(p + at + 2, 1);
    put_be32(p + at + 4, 300);
    put_be16(p + at + 8, len);
    memcpy(p + at + 10, data, len);
    return at + 10 + len;
}

size_t rig_dns_answer(uint8_t *ret, uint16_t id, const char *name, const char *cname,
                      const char *const *addrs)
{
    uint8_t data[300];
    struct addr a;
    size_t at = rig_dns_query(ret, id, name);

    ret[2] = 0x81;
    ret[3] = 0x80;
    if (cname != NULL) {
        at += put_record(ret + at, name, 5, data, put_name(data, cname));
        ret[7]++;
        name = cname;
    }
    for (; addrs != NULL && *addrs != NULL; addrs++) {
        addr_parse(span_str(*addrs), &a);
        at += put_record(ret + at, name, 1, a.b + 12, 4);
        ret[7]++;
    }
    return at;
}
