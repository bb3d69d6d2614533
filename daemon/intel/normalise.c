/* SPDX-License-Identifier: BSD-2-Clause */
/* The one normaliser: IDNA2008 with the mapping of UTS 46 (RFC 5891 by libidn2), URLs (RFC 3986 §3),
 * addresses and what people do to them so that nobody clicks. */
#include "intel/normalise.h"

#include "base/text.h"
#include "config.h"
#include "intel/digest.h"

#if HAVE_LIBIDN2
#include <idn2.h>
#endif

/* Longer values are no names; a URL may be, but its host stands at its start and the rest is cut off anyway.
 */
#define VALUE_MAX 4096u
/* 63 characters of an A-label say fewer than that many of four bytes. */
#define UTF8_LABEL_MAX 252u
/* RFC 1035 §2.3.4, without the root's dot. */
#define NAME_MAX  253u
#define LABEL_MAX 63u

/* X: what is written, what it means; compared without case. */
static const struct {
    const char *from, *to;
} defanged[] = {
    {"[.]", "."},          {"(.)", "."},          {"{.}", "."},          {"[dot]", "."},
    {"(dot)", "."},        {"{dot}", "."},        {"[:]", ":"},          {"(:)", ":"},
    {"[://]", "://"},      {"[:/]", ":/"},        {"[/]", "/"},          {"[@]", "@"},
    {"[at]", "@"},         {"(at)", "@"},         {"\xe3\x80\x82", "."}, /* the dots of RFC 3490 §3.1 */
    {"\xef\xbc\x8e", "."}, {"\xef\xbd\xa1", "."},
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool in_set(uint8_t c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool all_in(struct span s, const char *set)
{
    for (size_t i = 0; i < s.len; i++)
        if (!in_set(s.at[i], set))
            return false;
    return true;
}

/* `lead` is lower case. */
static bool starts(struct span s, const char *lead)
{
    size_t n = strlen(lead);

    if (s.len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(s.at[i]) != (uint8_t)lead[i])
            return false;
    return true;
}

static struct span after(struct span s, size_t n)
{
    return span_of(s.at + n, s.len - n);
}

static size_t find(struct span s, const char *set)
{
    size_t i = 0;
    while (i < s.len && !in_set(s.at[i], set))
        i++;
    return i;
}

/* Quotes, blanks, and the commas of a list around the value. */
static struct span trim(struct span s)
{
    if (starts(s, "\xef\xbb\xbf")) /* byte order mark */
        s = after(s, 3);
    while (s.len > 0 && in_set(s.at[0], " \t\r\n\v\f\"'`<,;"))
        s = after(s, 1);
    while (s.len > 0 && in_set(s.at[s.len - 1], " \t\r\n\v\f\"'`>,;"))
        s.len--;
    return s;
}

/* A scheme, not a name that begins so. */
static bool is_hxxp(struct span s)
{
    if (!starts(s, "hxxp"))
        return false;
    s = after(s, starts(s, "hxxps") ? 5 : 4);
    return starts(s, ":") || starts(s, "[:") || starts(s, "(:");
}

/* Copies `s` into `to` with the defanging undone. */
static void refang(struct span s, struct text *to)
{
    const size_t n = sizeof defanged / sizeof *defanged;

    if (is_hxxp(s)) {
        text_str(to, "http");
        s = after(s, 4);
    }
    while (s.len > 0) {
        size_t i = in_set(s.at[0], "[({") || s.at[0] >= 0x80 ? 0 : n;
        while (i < n && !starts(s, defanged[i].from))
            i++;
        if (i < n)
            text_str(to, defanged[i].to);
        else
            text_char(to, (char)s.at[0]);
        s = after(s, i < n ? strlen(defanged[i].from) : 1);
    }
}

/* Takes "scheme://" off. The scheme does not matter: feeds write meow:// and tcp:// too. */
static bool cut_scheme(struct span *s)
{
    for (size_t i = 0; i + 2 < s->len; i++) {
        uint8_t c = lower(s->at[i]);
        if (i > 0 && c == ':' && s->at[i + 1] == '/' && s->at[i + 2] == '/') {
            *s = after(*s, i + 3);
            return true;
        }
        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && !in_set(c, "+.-"))
            return false;
    }
    return false;
}

static void found_addr(const struct prefix *p, enum normal_want want, struct normal *ret)
{
    ret->kind = p->bits == 128 ? NORMAL_ADDRESS : NORMAL_PREFIX;
    ret->prefix = *p;
    ret->retyped = want == NORMAL_WANT_HOST;
}

/* "10.0.0.0/8", "[2001:db8::]/32", without any scheme. */
static bool as_prefix(struct span s, enum normal_want want, struct normal *ret)
{
    char buf[PREFIX_TEXT_MAX];
    struct text t = text_on(buf, sizeof buf);
    struct prefix p;

    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] != '[' && s.at[i] != ']')
            text_char(&t, (char)s.at[i]);
    /* Brackets are taken off only where both stand and around an IPv6 address alone. */
    bool bracketed = s.len > 0 && s.at[0] == '[' && t.len + 2 == s.len && memchr(s.at, ':', s.len) != NULL &&
                     s.at[find(s, "/") - 1] == ']';
    if (t.full || (!bracketed && t.len != s.len) || !prefix_parse(text_span(&t), &p, &ret->had_host_bits))
        return false;
    found_addr(&p, want, ret);
    return true;
}

/* Splits what follows the scheme: user, path, query and fragment are cut off. NULL or why it is BAD. */
static const char *cut_path(struct span *s, bool scheme, struct normal *ret)
{
    size_t host = find(*s, scheme ? "/?#\\" : "/?#"); /* browsers take a backslash for a slash */
    struct span head = span_of(s->at, host), tail = after(*s, host);
    struct prefix p;

    if (!scheme && tail.len > 1 && all_in(after(tail, 1), "0123456789.") && prefix_parse(head, &p, NULL))
        return "prefix length is out of range or a netmask: write address/length";
    size_t path = tail.len > 0 && (tail.at[0] == '/' || tail.at[0] == '\\') ? 1 : 0;
    ret->had_path = tail.len > path && tail.at[path] != '#';
    ret->had_url = scheme || tail.len > 0;
    for (size_t i = head.len; i-- > 0;)
        if (head.at[i] == '@') {
            if (!scheme)
                return "an e-mail address cannot be seen on the network: list the domain if all of it is "
                       "meant";
            head = after(head, i + 1);
            break;
        }
    *s = head;
    return NULL;
}

/* Takes ":443" off, or the brackets around an IPv6 address and a port behind them. */
static const char *cut_port(struct span *s, struct normal *ret)
{
    struct span port = {0};
    size_t i;

    if (s->len > 0 && s->at[0] == '[') {
        i = find(*s, "]");
        if (i == s->len || memchr(s->at, ':', i) == NULL)
            return "brackets belong around an IPv6 address only";
        port = after(*s, i + 1);
        *s = span_of(s->at + 1, i - 1);
        if (port.len > 0 && port.at[0] != ':')
            return "after the bracket of an IPv6 address only a port may stand";
    } else {
        i = find(*s, ":");
        if (i == s->len || memchr(s->at + i + 1, ':', s->len - i - 1) != NULL)
            return NULL;
        port = after(*s, i);
        s->len = i;
    }
    if (port.len > 6 || (port.len > 1 && !all_in(after(port, 1), "0123456789")))
        return "what follows the colon is no port";
    ret->had_url = ret->had_url || port.len > 0;
    return NULL;
}

#if HAVE_LIBIDN2
/* A label that is not ASCII, as an A-label. */
static const char *add_u_label(const char *u_label, struct text *to)
{
    char *a_label = NULL;
    int err =
        idn2_lookup_u8((const uint8_t *)u_label, (uint8_t **)&a_label, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);

    if (err != IDN2_OK)
        return err == IDN2_ENCODING_ERROR
                   ? "not UTF-8: save the file as UTF-8 or write the name with xn--"
                   : "an international name that IDNA does not allow: write it with xn-- if it exists so";
    for (const char *c = a_label; *c != 0; c++)
        text_char(to, (char)lower((uint8_t)*c));
    idn2_free(a_label);
    return NULL;
}
#else
static const char *add_u_label(const char *u_label, struct text *to)
{
    return "an international name, which this build cannot read: write it with xn--";
}
#endif

/* One label of `s` into `to`, as an A-label in lower case. */
static const char *add_label(struct span s, struct text *to)
{
    char u_label[VALUE_MAX];
    struct text t = text_on(u_label, sizeof u_label);
    bool ascii = true;

    for (size_t i = 0; i < s.len; i++) {
        ascii = ascii && s.at[i] < 0x80;
        text_char(&t, (char)lower(s.at[i]));
    }
    if (ascii) {
        text_raw(to, text_span(&t));
        return NULL;
    }
    if (s.len > UTF8_LABEL_MAX)
        return "longer than the 63 characters of a label";
    return add_u_label(u_label, to);
}

/* Lengths and characters of a name in A-labels (RFC 1035 §2.3.4). Underscores and hyphens anywhere are seen
 * in real names. */
static const char *check_name(struct span s)
{
    size_t label = 0;

    if (s.len > NAME_MAX)
        return "longer than the 253 characters of a name";
    for (size_t i = 0; i <= s.len; i++) {
        uint8_t c = i < s.len ? s.at[i] : '.';
        if (c == '*')
            return "a wildcard may only stand as *. at the start: a name covers all below it anyway";
        if (c == '.' && label == 0)
            return "empty label: two dots in a row, or nothing but a dot";
        if (c != '.' && !(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-' && c != '_')
            return "a character that names do not have: neither a name nor an address";
        label = c == '.' ? 0 : label + 1;
        if (label > LABEL_MAX)
            return "longer than the 63 characters of a label";
    }
    return NULL;
}

/* The last label is a number (WHATWG URL §3.5): no such top-level domain can be, so an address is meant. */
static bool ends_in_number(struct span s)
{
    size_t from = s.len;

    while (from > 0 && s.at[from - 1] != '.')
        from--;
    struct span last = after(s, from);
    return all_in(last, "0123456789") || (starts(last, "0x") && all_in(after(last, 2), "0123456789abcdef"));
}

static const char *as_name(struct span s, struct normal *ret)
{
    char buf[VALUE_MAX];
    struct text t = text_on(buf, sizeof buf);
    const char *why = NULL;

    if (starts(s, "*.")) {
        ret->had_wildcard = true;
        s = after(s, 2);
    } else if (starts(s, ".")) {
        s = after(s, 1);
    }
    if (s.len > 0 && s.at[s.len - 1] == '.')
        s.len--;
    while (why == NULL) {
        size_t n = find(s, ".");
        why = add_label(span_of(s.at, n), &t);
        if (n == s.len)
            break;
        text_char(&t, '.');
        s = after(s, n + 1);
    }
    if (why == NULL && t.full)
        why = "longer than the 253 characters of a name";
    if (why == NULL)
        why = check_name(text_span(&t));
    if (why == NULL && ends_in_number(text_span(&t)))
        why = "digits that are no IPv4 address: write four numbers from 0 to 255, without leading zeros";
    if (why != NULL)
        return why;
    ret->kind = NORMAL_NAME;
    memcpy(ret->name, t.at, t.len + 1);
    return NULL;
}

static const char *as_host(struct span s, enum normal_want want, struct normal *ret)
{
    struct prefix p;

    if (s.len == 0)
        return "no host in it";
    if (addr_parse(s, &p.addr)) {
        p.bits = 128;
        found_addr(&p, want, ret);
        return NULL;
    }
    if (memchr(s.at, '%', s.len) != NULL)
        return memchr(s.at, ':', s.len) != NULL
                   ? "an IPv6 address with a zone holds on one machine only: leave out % and what follows"
                   : "percent signs are not part of a name: write the character itself";
    if (memchr(s.at, ':', s.len) != NULL)
        return "not a valid IPv6 address";
    return as_name(s, ret);
}

static const char *plain_text(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= 0x20 || s.at[i] == 0x7f)
            return "blanks or control characters inside: one value is one word";
    return s.len == 0 ? "empty" : NULL;
}

/* False: it is none. */
static bool as_digest(struct span s, enum normal_want want, struct normal *ret, const char **ret_why)
{
    enum ioc_type type = want == NORMAL_WANT_CERT ? IOC_CERT : digest_type(&s);

    if (type != IOC_TYPES) {
        *ret_why = digest_read(type, s, ret->name);
        ret->kind = NORMAL_DIGEST;
        ret->type = (uint8_t)type;
        ret->retyped = want == NORMAL_WANT_HOST;
        return true;
    }
    ret->bare_digest = digest_bare(s, ret->name);
    if (ret->bare_digest)
        *ret_why =
            "a digest that does not say of what: write cert:DIGEST for a certificate or ja3:DIGEST for a "
            "client; that of a file is not seen on a network";
    return ret->bare_digest;
}

static const char *reduce(struct span s, enum normal_want want, struct normal *ret)
{
    const char *why = plain_text(s);

    if (why != NULL || as_digest(s, want, ret, &why) || as_prefix(s, want, ret))
        return why;
    bool scheme = cut_scheme(&s);
    why = cut_path(&s, scheme, ret);
    if (why == NULL && ret->had_path && want == NORMAL_WANT_ANY)
        why = "a URL with a path cannot be matched by its host: list the host alone if all of it is meant";
    if (why == NULL)
        why = cut_port(&s, ret);
    return why != NULL ? why : as_host(s, want, ret);
}

#define EACH        0x0101010101010101u /* times an octet: that octet eight times */
#define HIGH        (0x80 * EACH)
#define WORD_OCTETS 8u

/* The highest bit of each octet of `w` from `from` to `to`. All are below 0x80. */
static inline uint64_t octets_within(uint64_t w, uint8_t from, uint8_t to)
{
    return (w + (0x80u - from) * EACH) & ~(w + (0x7fu - to) * EACH) & HIGH;
}

/* Folds eight octets. False: one of them is none that stands in names. `ret_dots`: the highest bit of dots.
 */
static inline bool fold_common(uint64_t *word, uint64_t *ret_dots)
{
    uint64_t w = *word;

    if ((w & HIGH) != 0)
        return false;
    w |= octets_within(w, 'A', 'Z') >> 2;
    *ret_dots = octets_within(w, '.', '.');
    uint64_t ok = octets_within(w, 'a', 'z') | octets_within(w, '0', '9') | octets_within(w, '-', '.') |
                  octets_within(w, '_', '_');
    *word = w;
    return ok == HIGH;
}

/* Eight octets from `at` on, the first one lowest; letters where there are fewer. */
static inline uint64_t word_from(struct span s, size_t at)
{
    unsigned missing = s.len - at < WORD_OCTETS ? (unsigned)(WORD_OCTETS - (s.len - at)) : 0;
    uint64_t w = 0;

    if (s.len >= WORD_OCTETS)
        memcpy(&w, s.at + at - missing, WORD_OCTETS);
    else
        memcpy(&w, s.at, s.len);
    w = le64toh(w);
    if (missing == 0)
        return w;
    return (s.len >= WORD_OCTETS ? w >> 8 * missing : w) | 'a' * EACH << 8 * (WORD_OCTETS - missing);
}

/* What nearly all of millions of lines are, in one pass: labels of letters, digits, hyphens and underscores.
 * True only where the long way would come to the same. A last label that begins with a digit is left to it:
 * addresses end so. */
static bool as_common_name(struct span s, struct normal *ret)
{
    size_t last = 0; /* where the last label begins */

    if (s.len == 0 || s.len > NAME_MAX)
        return false;
    for (size_t i = 0; i < s.len; i += WORD_OCTETS) {
        uint64_t word = word_from(s, i), dots;
        if (!fold_common(&word, &dots))
            return false;
        for (; dots != 0; dots &= dots - 1) {
            size_t dot = i + (unsigned)__builtin_ctzll(dots) / 8;
            if (dot == last || dot - last > LABEL_MAX)
                return false;
            last = dot + 1;
        }
        word = htole64(word);
        memcpy(ret->name + i, &word, WORD_OCTETS); /* there is room for far longer ones */
    }
    if (last == 0 || last == s.len || s.len - last > LABEL_MAX || is_digit(s.at[last]))
        return false;
    ret->name[s.len] = 0;
    ret->len = (uint32_t)s.len;
    ret->kind = NORMAL_NAME;
    return true;
}

static void normalise_slowly(struct span text, enum normal_want want, struct normal *ret)
{
    char buf[VALUE_MAX];
    struct text t = text_on(buf, sizeof buf);

    ret->name[0] = 0;
    refang(trim(text), &t);
    ret->why = t.full ? "longer than any name, address or URL that is accepted"
                      : reduce(trim(text_span(&t)), want, ret);
    if (ret->why != NULL)
        ret->kind = NORMAL_BAD;
    ret->len = (uint32_t)strlen(ret->name);
}

void normalise(struct span text, enum normal_want want, struct normal *ret)
{
    memset(ret, 0, offsetof(struct normal, name));
    ret->prefix = (struct prefix){0};
    ret->why = NULL;
    if (want == NORMAL_WANT_CERT || !as_common_name(text, ret))
        normalise_slowly(text, want, ret);
}
