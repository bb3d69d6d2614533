/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.x: the hosts that the head of a request names, and those to which the head of a response leads.
 * RFC 9112 (messages), RFC 9110 §7.2 (Host), §10.2.2 (Location), RFC 7838 (Alt-Svc).
 */
#include "base/text.h"
#include "proto/http_start.h"
#include "proto/name.h"

/* Hosts of one head that are told. More than one Host is forbidden (RFC 9112 §3.2), and which one counts is
 * not ours to guess. */
#define HOSTS_MAX 8u
/* What is behind a longer body is found by its first bytes; also keeps arithmetic on sequence numbers sound.
 */
#define BODY_MAX (1u << 30)

/* A host that the head names, and how. */
struct named {
    enum via via;
    struct span host, url; /* `url`: that led to it, as it was given */
};

struct head {
    struct http_start start;
    struct named named[HOSTS_MAX];
    unsigned names;
    uint32_t body;       /* Content-Length */
    unsigned host_lines; /* Host headers whose values differ */
    bool has_length;
    bool coded;   /* there is a Transfer-Encoding */
    bool chunked; /* and it is chunked */
    bool bad;     /* it contradicts itself */
};

/* Each value once, in order of appearance. */
static bool add(struct head *h, enum via via, struct span host, struct span url)
{
    for (unsigned i = 0; i < h->names; i++)
        if (h->named[i].via == via && http_same(h->named[i].host, host))
            return false;
    if (host.len > 0 && h->names < HOSTS_MAX)
        h->named[h->names++] = (struct named){via, host, url};
    return true;
}

static void read_host(struct head *h, struct span value)
{
    struct span inside = http_authority(value); /* some clients write a URL here */
    struct span host = http_host(inside.len > 0 ? inside : value);

    if (host.len > 0 && add(h, VIA_HTTP_HOST, host, span_of(NULL, 0)))
        h->bad |= h->host_lines++ > 0;
}

/* RFC 9112 §6.3: a length that cannot be relied on counts as none, so that what follows is still looked at.
 */
static void read_length(struct head *h, struct span value)
{
    uint64_t length = 0;

    for (size_t i = 0; i < value.len; i++) {
        h->bad |= !http_is_digit(value.at[i]);
        if (length <= BODY_MAX)
            length = length * 10 + (value.at[i] & 0xf);
    }
    if (value.len == 0)
        return;
    if (length > BODY_MAX)
        length = 0;
    h->bad |= h->has_length && h->body != length;
    h->body = (uint32_t)length;
    h->has_length = true;
}

/* RFC 9112 §6.1: only as the last coding chunked says where the body ends. */
static void read_coding(struct head *h, struct span value)
{
    size_t chunked = strlen("chunked");

    h->coded = true;
    h->chunked = value.len >= chunked && http_begins(http_behind(value, value.len - chunked), "chunked");
}

static void add_url(struct head *h, struct span url)
{
    add(h, VIA_HTTP_LOCATION, http_host(http_authority(url)), url);
}

/* `0; url=http://host/`, with each part left out that browsers do without (HTML §4.2.5.3). */
static void read_refresh(struct head *h, struct span value)
{
    struct span s = value;

    while (s.len > 0 && (http_is_digit(*s.at) || *s.at == '.'))
        s = http_behind(s, 1);
    s = http_trim(s);
    if (s.len > 0 && (*s.at == ';' || *s.at == ','))
        s = http_trim(http_behind(s, 1));
    if (http_begins(s, "url")) {
        struct span behind = http_trim(http_behind(s, 3));
        if (behind.len > 0 && *behind.at == '=')
            s = http_trim(http_behind(behind, 1));
    }
    if (s.len > 0 && (*s.at == '"' || *s.at == '\'')) {
        const uint8_t *end = memchr(s.at + 1, *s.at, s.len - 1);
        s = end ? span_of(s.at + 1, (size_t)(end - s.at) - 1) : http_behind(s, 1);
    }
    add_url(h, s);
}

/* RFC 7838 §3: `h3="host:443"; ma=86400, h2=":443"`. Without a host it is the same one. */
static void read_alternatives(struct head *h, struct span value)
{
    const uint8_t *open;

    while (value.len > 0 && (open = memchr(value.at, '"', value.len)) != NULL) {
        value = http_behind(value, (size_t)(open - value.at) + 1);
        const uint8_t *close = value.len > 0 ? memchr(value.at, '"', value.len) : NULL;
        if (close == NULL)
            return;
        struct span authority = span_of(value.at, (size_t)(close - value.at));
        if (authority.len > 0 && memchr(authority.at, ':', authority.len) != NULL)
            add(h, VIA_HTTP_LOCATION, http_host(authority), authority);
        value = http_behind(value, authority.len + 1);
    }
}

enum { REQUEST = 1, RESPONSE = 2 };

static const struct header {
    const char *name; /* in lower case: case means nothing (RFC 9110 §5.1) */
    unsigned of;
    void (*read)(struct head *h, struct span value);
} headers[] = {
    {"host", REQUEST, read_host},
    {"content-length", REQUEST | RESPONSE, read_length},
    {"transfer-encoding", REQUEST | RESPONSE, read_coding},
    {"location", RESPONSE, add_url},
    {"refresh", RESPONSE, read_refresh},
    {"alt-svc", RESPONSE, read_alternatives},
};

static const struct header *find_header(const struct head *h, struct span name)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if ((headers[i].of & (h->start.response ? RESPONSE : REQUEST)) != 0 &&
            http_same(name, span_str(headers[i].name)))
            return &headers[i];
    return NULL;
}

/*
 * RFC 9112 §5. A line that begins with a blank goes on with the one before (§5.2, obsolete): each piece is
 * read as a value, since no blank can be inside of one. True: the empty line was reached.
 */
static bool read_fields(struct head *h, struct cur *c)
{
    const struct header *header = NULL;
    struct span line;
    bool first = true;

    while (http_line(c, &line)) {
        if (line.len == 0)
            return true;
        if (first || !http_is_blank(*line.at)) {
            const uint8_t *colon = memchr(line.at, ':', line.len);
            size_t name = colon ? (size_t)(colon - line.at) : line.len;
            header = find_header(h, http_trim(span_of(line.at, name)));
            h->bad |= colon == NULL;
            line = http_behind(line, name + 1);
        }
        first = false;
        if (header)
            header->read(h, http_trim(line));
    }
    return false;
}

/* RFC 9112 §3.2: origin-form says nothing, absolute-form and authority-form name a host. */
static void read_target(struct head *h)
{
    struct span target = h->start.target;

    if (span_eq(h->start.method, span_str("CONNECT")))
        add(h, VIA_PROXY_TARGET, http_host(target), span_of(NULL, 0));
    else if (target.len > 0 && *target.at != '/' && *target.at != '\\')
        add(h, VIA_HTTP_HOST, http_host(http_authority(target)), span_of(NULL, 0));
}

static void tell(struct parse *p, const struct head *h)
{
    for (unsigned i = 0; i < h->names; i++) {
        const struct named *n = &h->named[i];
        struct observation o = {.via = (uint8_t)n->via, .from_server = h->start.response};
        struct text url = text_on(p->scratch->text, sizeof p->scratch->text);
        o.name = name_of_host(n->host, p->scratch->name[0]);
        if (o.name.len == 0)
            continue;
        text_escaped(&url, n->url);
        observation_add(&o, ATTR_URL, text_span(&url));
        p->emit(p->ctx, &o);
    }
    p->facts.response = h->start.response;
    if (p->counters) {
        p->counters[COUNT_HTTP]++;
        p->counters[COUNT_HTTP_BAD] += h->bad;
    }
}

/* RFC 9112 §7.1: moves `c` behind the last chunk and the trailers. False: the body ends elsewhere. */
static bool skip_chunks(struct cur *c)
{
    struct span line;
    uint32_t size;

    do {
        size_t i = 0;
        if (!http_line(c, &line))
            return false;
        for (size = 0; i < line.len && i < 7; i++) {
            uint8_t d = line.at[i];
            if (!http_is_digit(d) && ((d | 0x20) < 'a' || (d | 0x20) > 'f'))
                break;
            size = size << 4 | (http_is_digit(d) ? d & 0xf : (d & 0xf) + 9u);
        }
        if (i == 0 || (i < line.len && line.at[i] != ';' && !http_is_blank(line.at[i])))
            return false;
        cur_skip(c, size);
    } while (size > 0 && http_line(c, &line) && line.len == 0);
    while (size == 0 && http_line(c, &line))
        if (line.len == 0)
            return true;
    return false;
}

/* RFC 9112 §6.3. */
static bool bodiless(const struct head *h)
{
    unsigned status = h->start.status;

    return h->start.response && (status < 200 || status == 204 || status == 304);
}

/* Where the message ends; where that is not sure, behind its head. `c` stands there. */
static uint32_t message_end(const struct head *h, struct span bytes, uint32_t head_end)
{
    struct cur c = cur_stream(bytes.at, bytes.len);

    if (bodiless(h) || h->bad)
        return head_end;
    if (!h->coded)
        return head_end + h->body;
    cur_skip(&c, head_end);
    return h->chunked && skip_chunks(&c) ? c.pos : head_end;
}

/* RFC 9112 §6.3: a response without a length goes on until the connection ends. */
static bool has_body(const struct head *h)
{
    bool length = h->has_length && (h->body > 0 || h->bad);

    return !bodiless(h) && (length || h->coded || (h->start.response && !h->has_length));
}

static enum parse_result http_tcp(struct parse *p)
{
    bool hope = !p->cut && !p->last && p->bytes.len < PARSE_JOIN_MAX;
    bool too_long = p->bytes.len >= PARSE_JOIN_MAX;
    struct cur c = cur_stream(p->bytes.at, too_long ? PARSE_JOIN_MAX : p->bytes.len);
    struct head h;
    bool whole = false;

    h.names = h.host_lines = h.body = 0;
    h.has_length = h.coded = h.chunked = h.bad = false;
    if (http_start(&c, &h.start) == STARTS_NO)
        return PARSE_NOT;
    if (h.start.whole) {
        read_target(&h);
        whole = read_fields(&h, &c);
    }
    if (!whole && hope) {
        p->need = (uint32_t)p->bytes.len + 1;
        return PARSE_MORE;
    }
    if (!h.start.whole)
        return too_long ? PARSE_NOT : PARSE_CUT;
    if (!h.start.response && !h.start.versioned && h.names == 0)
        return whole || too_long ? PARSE_NOT : PARSE_CUT;
    h.bad |= (!whole && too_long) || (h.coded && h.has_length);
    tell(p, &h);
    if (!whole)
        return too_long ? PARSE_BAD : PARSE_CUT;
    p->consumed = message_end(&h, p->bytes, c.pos);
    p->facts.open = p->consumed == c.pos && has_body(&h);
    return PARSE_NEXT;
}

static enum proto_starts http_tcp_starts(struct span first, bool named)
{
    return http_starts(first);
}

const struct proto proto_http = {
    .repeats = true,
    .tcp_starts = http_tcp_starts,
    .tcp = http_tcp,
};
