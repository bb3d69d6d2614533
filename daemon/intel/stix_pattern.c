/* SPDX-License-Identifier: BSD-2-Clause */
/* STIX patterns (STIX 2.1 §9, Patterning): a tokenizer, and a parser with a stack of its own. */
#include "intel/stix_pattern.h"

enum token_kind { T_END, T_BAD, T_PUNCT, T_OPERATOR, T_TEXT, T_WORD };

struct token {
    uint8_t kind;
    struct span text; /* T_TEXT: between the quotes, still escaped */
    char prefix;      /* T_TEXT: 't', 'b', 'h' of t'…', else 0 */
};

/* One open bracket or parenthesis; the outermost level has none. */
struct level {
    char open;
    bool tied;            /* the term in hand has an AND */
    bool followed;        /* FOLLOWEDBY at this level: all of it belongs together */
    uint16_t first, term; /* index of the first comparison of the level, of the term in hand */
};

struct parser {
    struct span rest;
    size_t whole;     /* length of the pattern */
    uint8_t *scratch; /* where the next unescaped text goes */
    struct stix_pattern *out;
    struct level level[STIX_DEPTH_MAX];
    unsigned depth; /* index of the level in hand */
    bool inside;    /* within [ ] */
};

static bool fail(struct parser *p, const char *why)
{
    p->out->why = why;
    p->out->where = p->whole - p->rest.len;
    return false;
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ':' || c == '.' || c == '*' || c == '+';
}

/* Length of the quoted text at the start of `s`, quotes included; 0: it does not end. */
static size_t quoted_len(struct span s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == '\'')
            return i + 1;
    }
    return 0;
}

/* Length of an object path or other word: `a:b.'c d'[0].e[*]`, brackets and quoted keys being part of it. */
static size_t word_len(struct span s)
{
    size_t i = 0;

    while (i < s.len) {
        if (is_word(s.at[i])) {
            i++;
        } else if (s.at[i] == '\'' && i > 0 && s.at[i - 1] == '.') {
            size_t n = quoted_len(span_of(s.at + i, s.len - i));
            if (n == 0)
                return i;
            i += n;
        } else if (s.at[i] == '[' && memchr(s.at, ':', i)) {
            const uint8_t *end = memchr(s.at + i, ']', s.len - i);
            if (!end)
                return i;
            i = (size_t)(end - s.at) + 1;
        } else {
            break;
        }
    }
    return i;
}

static size_t operator_len(struct span s)
{
    bool longer = s.len > 1 && s.at[1] == '=';

    switch (s.at[0]) {
    case '=':
        return longer ? 2 : 1;
    case '<':
        return longer || (s.len > 1 && s.at[1] == '>') ? 2 : 1;
    case '>':
        return longer ? 2 : 1;
    case '!':
        return longer ? 2 : 0;
    default:
        return 0;
    }
}

/* Length of the white space or comment at the start of `s`; 0: there is none. */
static size_t blank_len(struct span s)
{
    if (s.len > 0 && s.at[0] && strchr(" \t\r\n\f\v", s.at[0]))
        return 1;
    if (s.len < 2 || s.at[0] != '/' || (s.at[1] != '/' && s.at[1] != '*'))
        return 0;
    bool line = s.at[1] == '/';
    const uint8_t *end = line ? memchr(s.at, '\n', s.len) : memmem(s.at + 2, s.len - 2, "*/", 2);
    return end ? (size_t)(end - s.at) + (line ? 1 : 2) : line ? s.len : 0;
}

static struct token next_token(struct parser *p)
{
    for (size_t blank; (blank = blank_len(p->rest)) > 0;)
        p->rest = span_of(p->rest.at + blank, p->rest.len - blank);
    struct span s = p->rest;
    if (s.len == 0)
        return (struct token){.kind = T_END};

    size_t n = 1, skip = 0;
    struct token t = {.kind = T_PUNCT};
    if (s.len > 1 && s.at[1] == '\'' && (s.at[0] == 't' || s.at[0] == 'b' || s.at[0] == 'h')) {
        t.prefix = (char)s.at[0];
        skip = 1;
    }
    if (s.at[skip] == '\'') {
        n = quoted_len(span_of(s.at + skip, s.len - skip));
        t.kind = n > 0 ? T_TEXT : T_BAD;
        t.text = n > 0 ? span_of(s.at + skip + 1, n - 2) : span_of(NULL, 0);
        n += skip;
    } else if (strchr("[](),", s.at[0]) && s.at[0]) {
        t.text = span_of(s.at, 1);
    } else if ((n = operator_len(s)) > 0) {
        t.kind = T_OPERATOR;
        t.text = span_of(s.at, n);
    } else {
        n = word_len(s);
        t.kind = n > 0 ? T_WORD : T_BAD;
        t.text = span_of(s.at, n);
    }
    if (t.kind != T_BAD)
        p->rest = span_of(s.at + n, s.len - n);
    return t;
}

static bool is(const struct token *t, const char *text)
{
    return (t->kind == T_PUNCT || t->kind == T_WORD || t->kind == T_OPERATOR) &&
           span_eq(t->text, span_str(text));
}

/* The text without the backslashes of \' and \\ (§9.6.1), in the scratch. */
static struct span unescape(struct parser *p, struct span s)
{
    uint8_t *to = p->scratch;
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\\' && i + 1 < s.len)
            i++;
        to[n++] = s.at[i];
    }
    p->scratch += n;
    return span_of(to, n);
}

static bool add(struct parser *p, struct span path, const struct token *value, enum stix_op op)
{
    struct stix_pattern *out = p->out;

    if (value->kind != T_TEXT && value->kind != T_WORD)
        return fail(p, "a value is missing behind the operator");
    if (out->comparisons == STIX_COMPARISONS_MAX)
        return fail(p, "more comparisons than one pattern may have");
    bool text = value->kind == T_TEXT && value->prefix == 0;
    unsigned i = out->comparisons++;
    out->comparison[i] = (struct stix_comparison){
        .path = path,
        .value = text ? unescape(p, value->text) : span_of(NULL, 0),
        .is_text = text,
        .op = (uint8_t)op,
        .tied_from = (uint16_t)i,
        .tied_to = (uint16_t)(i + 1),
    };
    return true;
}

/* IN ('a', 'b'): one comparison for each, as if joined by OR. */
static bool read_set(struct parser *p, struct span path, enum stix_op op)
{
    struct token t = next_token(p);

    if (!is(&t, "("))
        return fail(p, "a set of values in parentheses is missing behind IN");
    do {
        t = next_token(p);
        if (!add(p, path, &t, op))
            return false;
        t = next_token(p);
    } while (is(&t, ","));
    return is(&t, ")") || fail(p, "a set of values does not end");
}

static bool read_comparison(struct parser *p, struct token path)
{
    static const struct {
        const char *text;
        enum stix_op op;
    } ops[] = {{"=", STIX_EQUAL},   {"==", STIX_EQUAL},        {"ISSUBSET", STIX_SUBSET},
               {"LIKE", STIX_LIKE}, {"MATCHES", STIX_MATCHES}, {"!=", STIX_OTHER},
               {"<>", STIX_OTHER},  {"<", STIX_OTHER},         {">", STIX_OTHER},
               {"<=", STIX_OTHER},  {">=", STIX_OTHER},        {"ISSUPERSET", STIX_OTHER}};
    struct token exists = {.kind = T_WORD};

    if (is(&path, "EXISTS")) {
        path = next_token(p);
        return path.kind == T_WORD ? add(p, path.text, &exists, STIX_OTHER) : fail(p, "EXISTS of what");
    }
    if (path.kind != T_WORD || !memchr(path.text.at, ':', path.text.len))
        return fail(p, "an object path such as domain-name:value is missing");
    struct token t = next_token(p);
    bool not = is(&t, "NOT");
    if (not )
        t = next_token(p);
    if (is(&t, "IN"))
        return read_set(p, path.text, not ? STIX_OTHER : STIX_EQUAL);
    size_t i = 0;
    while (i < sizeof(ops) / sizeof(*ops) && !is(&t, ops[i].text))
        i++;
    if (i == sizeof(ops) / sizeof(*ops))
        return fail(p, "an operator is missing behind the object path");
    t = next_token(p);
    return add(p, path.text, &t, not ? STIX_OTHER : ops[i].op);
}

/* Ties the comparisons from `first` on together. */
static void tie(struct parser *p, uint16_t first)
{
    uint16_t end = (uint16_t)p->out->comparisons;

    for (uint16_t i = first; i < end; i++) {
        p->out->comparison[i].tied_from = first;
        p->out->comparison[i].tied_to = end;
    }
}

/* The end of a term: AND binds more tightly than OR, and FOLLOWEDBY least (§9.4). */
static void end_term(struct parser *p)
{
    struct level *l = &p->level[p->depth];

    if (l->tied)
        tie(p, l->term);
    l->tied = false;
    l->term = (uint16_t)p->out->comparisons;
}

static bool open_level(struct parser *p, char open)
{
    if (open == '[' && p->inside)
        return fail(p, "brackets do not nest");
    if (p->depth + 1 == STIX_DEPTH_MAX)
        return fail(p, "parentheses are nested too deep");
    uint16_t at = (uint16_t)p->out->comparisons;
    p->level[++p->depth] = (struct level){.open = open, .first = at, .term = at};
    p->inside |= open == '[';
    return true;
}

static bool close_level(struct parser *p, char close)
{
    struct level *l = &p->level[p->depth];

    if (p->depth == 0 || (l->open == '[') != (close == ']'))
        return fail(p, "a closing bracket or parenthesis without its opening one");
    end_term(p);
    if (l->followed)
        tie(p, l->first);
    if (close == ']')
        p->inside = false;
    p->depth--;
    return true;
}

/* What may stand where a comparison or an opening bracket is expected; `*ret_operand`: it was complete. */
static bool read_operand(struct parser *p, const struct token *t, bool *ret_operand)
{
    *ret_operand = false;
    if (is(t, "[") || is(t, "("))
        return open_level(p, (char)t->text.at[0]);
    if (!p->inside)
        return fail(p, t->kind == T_END ? "the pattern ends too early" : "an opening bracket is missing");
    *ret_operand = true;
    return read_comparison(p, *t);
}

/* What may stand behind a comparison or a closing bracket; `*ret_operand`: nothing needs to follow. */
static bool read_joint(struct parser *p, const struct token *t, bool *ret_operand)
{
    static const char *const qualifiers[] = {"WITHIN", "SECONDS", "REPEATS", "TIMES", "START", "STOP"};
    struct level *l = &p->level[p->depth];

    *ret_operand = true;
    if (is(t, "]") || is(t, ")"))
        return close_level(p, (char)t->text.at[0]);
    *ret_operand = false;
    if (is(t, "AND")) {
        l->tied = true;
        return true;
    }
    if (is(t, "OR") || (is(t, "FOLLOWEDBY") && !p->inside)) {
        end_term(p);
        l->followed |= is(t, "FOLLOWEDBY");
        return true;
    }
    *ret_operand = true;
    if (p->inside)
        return fail(p, "AND, OR or a closing bracket is missing");
    for (size_t i = 0; i < sizeof(qualifiers) / sizeof(*qualifiers); i++)
        if (is(t, qualifiers[i]))
            return true;
    /* The numbers and timestamps of qualifiers; when something was seen is no matter of what to look for. */
    bool number = t->kind == T_WORD && t->text.at[0] >= '0' && t->text.at[0] <= '9';
    return number || t->kind == T_TEXT || fail(p, "AND, OR, FOLLOWEDBY or a qualifier is missing");
}

bool stix_pattern_read(struct span pattern, uint8_t *scratch, struct stix_pattern *ret)
{
    struct parser p = {.rest = pattern, .whole = pattern.len, .scratch = scratch, .out = ret};
    bool operand = false;

    ret->comparisons = 0;
    ret->why = NULL;
    ret->where = 0;
    for (;;) {
        struct token t = next_token(&p);
        if (t.kind == T_BAD)
            return fail(&p, "a character that means nothing here, or a text without its closing quote");
        if (t.kind == T_END && operand && p.depth == 0)
            break;
        if (t.kind == T_END && operand)
            return fail(&p, "a closing bracket is missing");
        if (!(operand ? read_joint(&p, &t, &operand) : read_operand(&p, &t, &operand)))
            return false;
    }
    end_term(&p);
    if (p.level[0].followed)
        tie(&p, 0);
    return true;
}
