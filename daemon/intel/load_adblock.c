/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of ad blockers, in the syntax of Adblock Plus and AdGuard: `||NAME^` is the name and all below it,
 * `@@||NAME^` an exception. A rule that also asks for a page, a kind of content or a client says less than
 * its name does, so it is no indicator.
 */
#include "intel/load_hosts.h"
#include "intel/load_text.h"

#include "base/text.h"

/* What marks rules that hide parts of pages. */
static const char *const cosmetic[] = {"##", "#@#", "#?#", "#$#", "#%#", "#@?#", "#@$#", "$$", "$@$"};

/* Options that leave a rule about all of a name: how strongly, with which answer, or any page there. */
static const char *const whole_name[] = {"important", "all", "document", "doc", "popup", "dnsrewrite"};

static bool has(struct span s, const char *part)
{
    return s.len > 0 && memmem(s.at, s.len, part, strlen(part)) != NULL;
}

static bool is_cosmetic(struct span line)
{
    if (memchr(line.at, '#', line.len) == NULL && !has(line, "$$") && !has(line, "$@$"))
        return false;
    for (size_t i = 0; i < sizeof(cosmetic) / sizeof(*cosmetic); i++)
        if (has(line, cosmetic[i]))
            return true;
    return false;
}

static bool is_comment(struct span line)
{
    return line.at[0] == '!' || (line.at[0] == '#' && !is_cosmetic(line)) ||
           (line.at[0] == '[' && line.at[line.len - 1] == ']');
}

static enum load_vote vote(struct span line)
{
    struct span rest = line, word = load_word(&rest);

    if (is_comment(line) || is_cosmetic(line))
        return LOAD_VOTE_NONE;
    if (load_begins(line, "||") || load_begins(line, "@@||"))
        return LOAD_VOTE_YES;
    return load_is_sink(word) || load_trim(rest).len == 0 ? LOAD_VOTE_NONE : LOAD_VOTE_NO;
}

static bool is_adblock(struct span head)
{
    head = load_trim(head);
    return load_begins(head, "[adblock") || load_begins(head, "[adguard") || load_begins(head, "[ublock") ||
           load_votes(head, vote, 1);
}

/* One rule in the making. */
struct rule {
    struct load_file *f; /* borrowed */
    struct load_place place;
    struct span text; /* borrowed: what is told */
    bool exception;
};

/* Whether all options leave the rule one about a name; tells what does not. */
static bool options_fit(const struct rule *r, struct span options)
{
    while (options.len > 0) {
        struct span option = load_split(&options, ','), name = option;
        bool fits = false;
        name = load_trim(load_split(&name, '='));
        for (size_t i = 0; i < sizeof(whole_name) / sizeof(*whole_name); i++)
            fits = fits || load_same(name, whole_name[i]);
        if (fits)
            continue;
        char word[32];
        struct text t = text_on(word, sizeof(word));
        text_utf8(&t, name);
        load_quarantined(r->f, LOAD_CONDITIONS, r->place, r->text,
                         load_same(name, "badfilter")
                             ? "switches another rule off (%s): write an exception, @@||NAME^"
                             : "asks for more than a name (%s): list the name alone if all of it is meant",
                         word);
        return false;
    }
    return true;
}

static void take_name(const struct rule *r, struct span name, bool exact)
{
    static const struct load_origin origin = {0};
    struct load_place at = r->place;

    at.column += (uint32_t)(name.at - r->text.at);
    load_entry(r->f, &(struct load_entry){.value = name,
                                          .place = at,
                                          .want = NORMAL_WANT_ANY,
                                          .exact = exact,
                                          .exception = r->exception,
                                          .origin = &origin});
}

/* Takes the marks of an end off: `^`, `|`, `^|`. */
static struct span without_end(struct span s)
{
    while (s.len > 0 && (s.at[s.len - 1] == '^' || s.at[s.len - 1] == '|'))
        s.len--;
    return s;
}

/* Whether there is more than a name, or a name behind `*.`. */
static bool has_mark(struct span s)
{
    for (size_t i = load_begins(s, "*.") ? 1 : 0; i < s.len; i++)
        if (s.at[i] == '^' || s.at[i] == '|' || s.at[i] == '*')
            return true;
    return false;
}

static void read_pattern(const struct rule *r, struct span pattern)
{
    struct span name = without_end(pattern);
    bool ended = name.len < pattern.len; /* `|NAME^`: that name alone, as AdGuard reads it */
    bool anchored = load_begins(name, "||"), address = !anchored && load_begins(name, "|");
    size_t skip = anchored ? 2 : address ? 1 : 0;

    name = span_of(name.at + skip, name.len - skip);
    bool scheme = load_begins(name, "http://") || load_begins(name, "https://");
    if (has_mark(name) || load_begins(name, "://") || (address && !scheme && !ended)) {
        load_quarantined(
            r->f, LOAD_CONDITIONS, r->place, r->text,
            "a pattern of addresses of pages, not a name: list the name alone if all of it is meant");
        return;
    }
    take_name(r, name, address && !r->exception);
}

static void read_rule(struct load_file *f, uint32_t number, struct span line, struct span whole)
{
    struct rule r = {f, {number, (uint32_t)(line.at - whole.at) + 1}, line, load_begins(line, "@@")};
    struct span pattern = r.exception ? span_of(line.at + 2, line.len - 2) : line;

    if (pattern.len > 1 && pattern.at[0] == '/') {
        load_quarantined(f, LOAD_CONDITIONS, r.place, line,
                         "a regular expression or a path, not a name: list the names that are meant");
        return;
    }
    const uint8_t *dollar = pattern.len > 0 ? memrchr(pattern.at, '$', pattern.len) : NULL;
    if (dollar) {
        struct span options = span_of(dollar + 1, (size_t)(pattern.at + pattern.len - dollar) - 1);
        pattern.len = (size_t)(dollar - pattern.at);
        if (!options_fit(&r, options))
            return;
    }
    read_pattern(&r, pattern);
}

static bool load_adblock(struct load_file *f, struct load_input *in)
{
    struct span whole;

    while (load_goes_on(f) && load_line(f, in, &whole)) {
        struct span line = load_trim(whole);
        if (line.len > 0 && load_begins(line, "!#include"))
            load_warning(f, (struct load_place){in->line, 1}, line,
                         "another list is not fetched: name it as a source of its own");
        if (line.len == 0 || is_comment(line) || load_hosts_line(f, in->line, whole))
            continue;
        if (is_cosmetic(line))
            load_not_network(f, span_str("rule that hides parts of pages"));
        else
            read_rule(f, in->line, line, whole);
    }
    return true;
}

const struct load_format load_format_adblock = {"adblock", is_adblock, load_adblock};
