/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules of Suricata: ACTION PROTOCOL FROM PORT -> TO PORT (KEY:VALUE; KEY; ...) */
#include "intel/suricata_rule.h"

#include "intel/load_text.h"

/* `pass` comes as an exception, the others as indicators. */
static const char *const actions[] = {"alert",     "drop",       "reject", "rejectsrc",
                                      "rejectdst", "rejectboth", "pass"};

/* A word, or a list in brackets, which may have blanks. */
static struct span take_field(struct span *rest)
{
    size_t n = 0;
    unsigned depth = 0;

    *rest = load_trim(*rest);
    for (; n < rest->len && (depth > 0 || !load_is_space(rest->at[n])); n++) {
        depth += rest->at[n] == '[';
        depth -= rest->at[n] == ']' && depth > 0;
    }
    struct span field = span_of(rest->at, n);
    *rest = span_of(rest->at + n, rest->len - n);
    return field;
}

static bool is_action(struct span word)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
        if (span_eq(word, span_str(actions[i])))
            return true;
    return false;
}

bool suricata_is_rule(struct span line)
{
    return is_action(load_word(&line)) && memchr(line.at, '(', line.len) &&
           (memmem(line.at, line.len, "->", 2) || memmem(line.at, line.len, "<>", 2));
}

const char *suricata_read(struct span text, struct suricata_rule *ret)
{
    struct span rest = load_trim(text);

    ret->action = take_field(&rest);
    ret->protocol = take_field(&rest);
    ret->from = take_field(&rest);
    ret->from_port = take_field(&rest);
    struct span arrow = take_field(&rest);
    ret->to = take_field(&rest);
    ret->to_port = take_field(&rest);
    rest = load_trim(rest);
    if (!span_eq(arrow, span_str("->")) && !span_eq(arrow, span_str("<>")))
        return "no rule: it is ACTION PROTOCOL FROM PORT -> TO PORT (OPTIONS)";
    if (rest.len < 2 || rest.at[0] != '(' || rest.at[rest.len - 1] != ')')
        return "no rule: the brackets around its options are missing";
    ret->options = span_of(rest.at + 1, rest.len - 2);
    return NULL;
}

bool suricata_option(struct span *rest, struct suricata_option *ret)
{
    struct span s = load_trim(*rest);
    bool quoted = false;
    size_t n = 0, colon;

    if (s.len == 0)
        return false;
    for (; n < s.len && (quoted || s.at[n] != ';'); n++) {
        if (s.at[n] == '\\')
            n++;
        else
            quoted ^= s.at[n] == '"';
    }
    n = n < s.len ? n : s.len;
    for (colon = 0; colon < n && s.at[colon] != ':'; colon++)
        ;
    ret->key = load_trim(span_of(s.at, colon));
    ret->value = colon < n ? load_trim(span_of(s.at + colon + 1, n - colon - 1)) : span_of(s.at + n, 0);
    ret->negated = ret->value.len > 0 && ret->value.at[0] == '!';
    if (ret->negated)
        ret->value = load_trim(span_of(ret->value.at + 1, ret->value.len - 1));
    ret->value = load_unquoted(ret->value);
    n += n < s.len;
    *rest = span_of(s.at + n, s.len - n);
    return true;
}

bool suricata_element(struct span *rest, struct span *ret)
{
    size_t from = 0, n;

    while (from < rest->len && (rest->at[from] <= ' ' || strchr("[],", rest->at[from])))
        from++;
    for (n = from; n < rest->len && rest->at[n] > ' ' && !strchr("[],", rest->at[n]); n++)
        ;
    *ret = span_of(rest->at + from, n - from);
    *rest = span_of(rest->at + n, rest->len - n);
    return ret->len > 0;
}

bool suricata_content(struct span value, struct text *to)
{
    bool in_hex = false;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.at[i];
        if (c == '|') {
            in_hex = !in_hex;
        } else if (in_hex && c != ' ') {
            int high = text_hex_digit(c), low = i + 1 < value.len ? text_hex_digit(value.at[i + 1]) : -1;
            if (high < 0 || low < 0)
                return false;
            text_char(to, (char)(high << 4 | low));
            i++;
        } else if (!in_hex) {
            if (c == '\\' && ++i == value.len)
                return false;
            text_char(to, (char)value.at[i]);
        }
    }
    return !in_hex && !to->full && to->len > 0;
}
