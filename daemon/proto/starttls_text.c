/* SPDX-License-Identifier: BSD-2-Clause */
/* Text before TLS: lines of the mail, news, FTP and IRC protocols and the tags of XMPP, by their first word.
 */
#include "proto/starttls.h"

#define WORD_MAX       16u
#define TAG_MAX        6u  /* octets; IMAP's clients count up: "a001", "1.23" */
#define IRC_SERVER_MAX 63u /* RFC 2812 §1.1 */
#define LINE_MAX                                                                                             \
    2048u               /* bytes; RFC 5321 §4.5.3.1 allows 512, greetings and IMAP's capabilities have more \
                         */
#define REPLY_MAX 8192u /* bytes of one with many lines */

/* Where a word may stand. */
enum {
    FIRST = 1,   /* as the first word of a line */
    ALONE = 2,   /* as its only one */
    TAGGED = 4,  /* behind a client's tag: RFC 9051 §2.2.1 */
    STAR = 8,    /* behind "* ": RFC 9051 §2.2.2 */
    QUOTED = 16, /* in quotes, at the start of a line: RFC 5804 §1.7 */
    IRC = 32,    /* behind a server's name: RFC 2812 §2.3.1 */
};

/* What clients say before STARTTLS, and what servers say that is no numbered reply: SMTP, LMTP, FTP, NNTP,
 * IMAP, ManageSieve (RFC 5804 §1.7), POP3 (RFC 2449 §6), IRC. In the order of their octets. */
static const struct known {
    char word[WORD_MAX + 1];
    uint8_t where;
} words[] = {
    {".", ALONE},
    {"AUTH", FIRST},
    {"AUTH-RESP-CODE", ALONE},
    {"BAD", TAGGED | STAR},
    {"BYE", FIRST | STAR},
    {"CAP", FIRST | IRC},
    {"CAPA", ALONE},
    {"CAPABILITIES", FIRST},
    {"CAPABILITY", FIRST | TAGGED | STAR},
    {"CLNT", FIRST},
    {"EHLO", FIRST},
    {"ENABLED", STAR},
    {"EXPIRE", FIRST},
    {"FEAT", ALONE},
    {"HELO", FIRST},
    {"HELP", FIRST},
    {"ID", TAGGED | STAR},
    {"IMPLEMENTATION", FIRST | QUOTED},
    {"LANG", ALONE},
    {"LANGUAGE", QUOTED},
    {"LHLO", FIRST},
    {"LOGIN-DELAY", FIRST},
    {"LOGOUT", ALONE | TAGGED},
    {"MAXREDIRECTS", QUOTED},
    {"MODE", FIRST},
    {"NO", FIRST | TAGGED | STAR},
    {"NOOP", FIRST | TAGGED | QUOTED},
    {"NOTICE", FIRST | IRC},
    {"NOTIFY", QUOTED},
    {"OK", FIRST | TAGGED | STAR},
    {"OPTS", FIRST},
    {"OWNER", QUOTED},
    {"PBSZ", FIRST},
    {"PIPELINING", ALONE},
    {"PREAUTH", STAR},
    {"PROT", FIRST},
    {"QUIT", ALONE},
    {"RENAME", QUOTED},
    {"RESP-CODES", ALONE},
    {"RSET", ALONE},
    {"SASL", FIRST | QUOTED},
    {"SIEVE", QUOTED},
    {"STARTTLS", FIRST | TAGGED | QUOTED},
    {"STLS", ALONE},
    {"SYST", ALONE},
    {"TOP", ALONE},
    {"UIDL", ALONE},
    {"UNAUTHENTICATE", QUOTED},
    {"USER", ALONE},
    {"UTF8", FIRST},
    {"VERSION", QUOTED},
};

/* The tags of XMPP: RFC 6120 §4.2, §4.3.2, §5.4.2. */
static const struct {
    const char *tag;
    enum starttls_text text;
} tags[] = {
    {"?xml", STARTTLS_OPENING}, {"stream:stream", STARTTLS_OPENING}, {"stream:features", STARTTLS_FEATURES},
    {"starttls", STARTTLS_TAG}, {"/starttls", STARTTLS_TAG},         {"proceed", STARTTLS_TAG},
    {"/proceed", STARTTLS_TAG},
};

static enum proto_starts better(enum proto_starts a, enum proto_starts b)
{
    return a > b ? a : b;
}

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
}

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || is_line_end(c);
}

/* Whether these octets are at `c`, which moves over those that are. */
static enum proto_starts literal(struct cur *c, const char *text)
{
    for (; *text != 0; text++) {
        uint8_t octet = cur_u8(c);
        if (!cur_ok(c))
            return STARTS_MAYBE;
        if (octet != (uint8_t)*text)
            return STARTS_NO;
    }
    return STARTS_YES;
}

/* How `text` in upper case is to the beginning of `word`: less, the same, or greater. */
static int compare(struct span text, const char word[WORD_MAX + 1])
{
    for (size_t i = 0; i < text.len; i++) {
        int octet = is_letter(text.at[i]) ? text.at[i] & 0xdf : text.at[i];
        if (octet != word[i])
            return octet - word[i];
    }
    return 0;
}

/* The first of those that begin with `text`, or would stand behind it. */
static size_t find_word(struct span text)
{
    size_t low = 0, high = sizeof words / sizeof *words;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(text, words[middle].word) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A word, as far as it is there. */
struct word {
    struct span text;
    bool open;   /* more of it may follow */
    uint8_t end; /* else: the octet behind it */
};

/* Takes the word at `c` and what ends it; one that is longer than any is none. */
static struct word take_word(struct cur *c, unsigned most)
{
    struct word word = {.text = cur_rest(c)};

    word.text.len = 0;
    while (is_word(word.end = cur_u8(c)))
        if (++word.text.len > most)
            cur_fail(c);
    word.open = c->state == CUR_MORE;
    if (c->state == CUR_BAD)
        word.text.len = 0;
    return word;
}

/* Whether a word is one of those that may stand here. */
static enum proto_starts known(const struct word *word, unsigned where)
{
    bool ends = is_line_end(word->end);

    if (!word->open &&
        (word->text.len == 0 || (where == QUOTED ? word->end != '"' : word->end != ' ' && !ends)))
        return STARTS_NO;
    if (where == FIRST && (word->open || ends))
        where |= ALONE;
    for (size_t i = find_word(word->text); i < sizeof words / sizeof *words; i++) {
        if (compare(word->text, words[i].word) != 0)
            break;
        if ((words[i].where & where) != 0 && (word->open || words[i].word[word->text.len] == 0))
            return word->open ? STARTS_MAYBE : STARTS_YES;
    }
    return STARTS_NO;
}

static enum proto_starts known_word(struct cur c, unsigned where)
{
    struct word word = take_word(&c, WORD_MAX);

    return known(&word, where);
}

/* A word of a line that says nothing else, or a tag and what it tags. */
static enum proto_starts known_line(struct cur c)
{
    struct word word = take_word(&c, WORD_MAX);
    enum proto_starts starts = known(&word, FIRST);

    if (starts == STARTS_YES || word.text.len == 0 || word.text.len > TAG_MAX)
        return starts;
    if (word.open)
        return STARTS_MAYBE;
    return word.end == ' ' ? known_word(c, TAGGED) : STARTS_NO;
}

/* Three digits, `code`, and the octet behind them. */
static enum proto_starts numbered(struct cur *c, uint8_t code[3], uint8_t *ret_end)
{
    for (unsigned i = 0; i < 3; i++) {
        code[i] = cur_u8(c);
        if (!cur_ok(c))
            return STARTS_MAYBE;
        if (!is_digit(code[i]))
            return STARTS_NO;
    }
    *ret_end = cur_u8(c);
    return cur_ok(c) ? STARTS_YES : STARTS_MAYBE;
}

/* RFC 5321 §4.2, RFC 959 §4.2, RFC 3977 §3.2. */
static enum proto_starts reply(struct cur c, enum starttls_text *ret)
{
    uint8_t code[3], end;
    enum proto_starts starts = numbered(&c, code, &end);

    if (starts != STARTS_YES)
        return starts;
    if (code[0] < '1' || code[0] > '5' || (end != ' ' && end != '-' && !is_line_end(end)))
        return STARTS_NO;
    if (end == '-')
        *ret = STARTTLS_REPLY;
    else if (memcmp(code, "101", 3) == 0) /* NNTP's capabilities: RFC 3977 §5.2 */
        *ret = STARTTLS_LIST;
    return STARTS_YES;
}

/* What an IRC server says: RFC 2812 §2.3.1, §2.4. */
static enum proto_starts irc_line(struct cur c)
{
    uint8_t end, code[3];

    cur_u8(&c); /* the colon */
    struct word server = take_word(&c, IRC_SERVER_MAX);
    if (server.open)
        return STARTS_MAYBE;
    if (server.text.len == 0 || server.end != ' ')
        return STARTS_NO;
    enum proto_starts words_too = known_word(c, IRC), starts = numbered(&c, code, &end);
    return starts == STARTS_YES && end != ' ' ? words_too : better(starts, words_too);
}

/* RFC 1939 §3. */
static enum proto_starts pop_status(struct cur c, const char *status)
{
    enum proto_starts starts = literal(&c, status);

    if (starts != STARTS_YES)
        return starts;
    uint8_t end = cur_u8(&c);
    return !cur_ok(&c) ? STARTS_MAYBE : end == ' ' || is_line_end(end) ? STARTS_YES : STARTS_NO;
}

static enum proto_starts known_tag(struct cur c, enum starttls_text *ret)
{
    enum proto_starts best = STARTS_NO;

    cur_u8(&c); /* the angle bracket */
    for (size_t i = 0; i < sizeof tags / sizeof *tags && best != STARTS_YES; i++) {
        struct cur at = c;
        enum proto_starts starts = literal(&at, tags[i].tag);
        uint8_t end = cur_u8(&at);
        if (starts == STARTS_YES && !cur_ok(&at))
            starts = STARTS_MAYBE;
        else if (starts == STARTS_YES && !is_space(end) && end != '>' && end != '/')
            starts = STARTS_NO;
        if (starts == STARTS_YES)
            *ret = tags[i].text;
        best = better(best, starts);
    }
    return best;
}

/* IMAP's untagged status, or ManageSieve's quoted capability. */
static enum proto_starts behind(struct cur c, const char *mark, unsigned where)
{
    enum proto_starts starts = literal(&c, mark);

    return starts == STARTS_YES ? known_word(c, where) : starts;
}

enum proto_starts starttls_text_starts(struct span first, enum starttls_text *ret)
{
    struct cur c = cur_stream(first.at, first.len);

    *ret = STARTTLS_LINE;
    if (first.len == 0)
        return STARTS_MAYBE;
    switch (first.at[0]) {
    case '<':
        return known_tag(c, ret);
    case '"':
        return behind(c, "\"", QUOTED);
    case '*':
        return behind(c, "* ", STAR);
    case '+':
        return pop_status(c, "+OK");
    case '-':
        return pop_status(c, "-ERR");
    case ':':
        return irc_line(c);
    default:
        if (!is_word(first.at[0]))
            return STARTS_NO;
        if (is_digit(first.at[0]))
            return better(reply(c, ret), known_line(c));
        return known_line(c);
    }
}

/* Moves behind the next line feed. What is no text, or longer than `LINE_MAX`, is no line. */
static void take_line(struct cur *c)
{
    uint32_t begin = c->pos;
    uint8_t octet = 0;

    while (cur_ok(c) && octet != '\n') {
        octet = cur_u8(c);
        if ((octet < 0x20 && !is_space(octet)) || c->pos - begin > LINE_MAX)
            cur_fail(c);
    }
}

/* Lines up to the one that `last` recognises at its first octet. */
static void take_lines(struct cur *c, bool (*last)(struct cur line, const uint8_t code[3]))
{
    struct cur at = *c;
    uint8_t code[3];
    struct cur line;

    for (unsigned i = 0; i < 3; i++)
        code[i] = cur_u8(&at);
    do {
        line = *c;
        take_line(c);
        if (c->pos > REPLY_MAX)
            cur_fail(c);
    } while (cur_ok(c) && !last(line, code));
}

static bool ends_reply(struct cur line, const uint8_t code[3])
{
    uint8_t its[3], end;

    return numbered(&line, its, &end) == STARTS_YES && memcmp(its, code, 3) == 0 && end != '-';
}

static bool ends_list(struct cur line, const uint8_t code[3])
{
    return cur_u8(&line) == '.' && is_line_end(cur_u8(&line));
}

/* Moves behind a tag and what stands before it. Brackets within quotes are none. */
static void take_tag(struct cur *c, struct cur *ret_begin, bool *ret_empty)
{
    uint8_t octet = 0, quote = 0, before;

    do {
        *ret_begin = *c;
        if (c->pos > REPLY_MAX)
            cur_fail(c);
    } while (cur_ok(c) && cur_u8(c) != '<');
    do {
        before = octet;
        octet = cur_u8(c);
        if ((octet == '"' || octet == '\'') && (quote == 0 || quote == octet))
            quote ^= octet;
        if ((octet < 0x20 && !is_space(octet)) || c->pos > REPLY_MAX)
            cur_fail(c);
    } while (cur_ok(c) && (octet != '>' || quote != 0));
    *ret_empty = before == '/';
}

/* A stream's opening, behind an XML declaration. */
static void take_opening(struct cur *c)
{
    struct cur tag;
    bool empty;

    take_tag(c, &tag, &empty);
    if (literal(&tag, "<stream:stream") == STARTS_YES)
        return;
    take_tag(c, &tag, &empty);
    if (literal(&tag, "<stream:stream") == STARTS_NO)
        cur_fail(c);
}

static void take_features(struct cur *c)
{
    struct cur tag;
    bool last;

    take_tag(c, &tag, &last);
    while (cur_ok(c) && !last) {
        bool empty;
        take_tag(c, &tag, &empty);
        last = literal(&tag, "</stream:features") == STARTS_YES;
    }
}

enum parse_result starttls_text_end(struct span bytes, enum starttls_text text, uint32_t *ret_bytes)
{
    struct cur c = cur_stream(bytes.at, bytes.len), tag;
    bool empty;

    switch (text) {
    case STARTTLS_LINE:
        take_line(&c);
        break;
    case STARTTLS_REPLY:
        take_lines(&c, ends_reply);
        break;
    case STARTTLS_LIST:
        take_lines(&c, ends_list);
        break;
    case STARTTLS_OPENING:
        take_opening(&c);
        break;
    case STARTTLS_TAG:
        take_tag(&c, &tag, &empty);
        break;
    case STARTTLS_FEATURES:
        take_features(&c);
        break;
    }
    *ret_bytes = cur_ok(&c) ? c.pos : c.need;
    return cur_ok(&c) ? PARSE_NEXT : c.state == CUR_BAD ? PARSE_NOT : PARSE_MORE;
}
