/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain lists: one name, address, prefix or defanged form a line; lines of hosts(5), `0.0.0.0 NAME...`;
 * comments behind `#`, `;` or `//`. The campaign is the file's name.
 */
#include "intel/load_entry.h"
#include "intel/load_text.h"

/* At most so many lines are looked at to recognise the format. */
#define LINES_TRIED 400

/* Takes the next word off; none where a comment begins. A `//` inside a word is part of a URL. */
static struct span next_word(struct span *rest)
{
    struct span word = load_word(rest);
    bool slashes = word.len > 1 && word.at[0] == '/' && word.at[1] == '/';

    if (word.len > 0 && (word.at[0] == '#' || word.at[0] == ';' || slashes))
        word.len = rest->len = 0;
    return word;
}

/* The first word of a line of hosts(5) that blocks what follows. */
static bool is_sink(struct span word)
{
    static const char *const sinks[] = {"0.0.0.0", "127.0.0.1", "::", "::1"};

    if (word.len == 0 || word.len > strlen(sinks[1]))
        return false;
    for (size_t i = 0; i < sizeof(sinks) / sizeof(*sinks); i++)
        if (span_eq(word, span_str(sinks[i])))
            return true;
    return false;
}

/* One value, or a line of hosts(5); no row of a table, no `key: value`. */
static bool is_plausible(struct span word, struct span rest)
{
    struct normal n;

    if (next_word(&rest).len > 0)
        return is_sink(word);
    if (memchr(word.at, ',', word.len - 1) ||
        (word.at[word.len - 1] == ':' && !memchr(word.at, ':', word.len - 1)))
        return false;
    normalise(word, NORMAL_WANT_HOST, &n);
    return n.kind != NORMAL_BAD || n.bare_digest;
}

/* At least a quarter of the first lines must look like values: a list may be dirty, prose is no list. */
static bool is_plain(struct span head)
{
    unsigned good = 0, bad = 0;

    while (head.len > 0 && good + bad < LINES_TRIED) {
        const uint8_t *nl = memchr(head.at, '\n', head.len);
        size_t len = nl ? (size_t)(nl - head.at) : head.len;
        struct span rest = span_of(head.at, len), word = next_word(&rest);
        if (word.len > 0 && is_plausible(word, rest))
            good++;
        else if (word.len > 0)
            bad++;
        head = span_of(head.at + len + (nl ? 1 : 0), head.len - len - (nl ? 1 : 0));
    }
    return good * 3 >= bad;
}

static void load_plain_line(struct load_file *f, uint32_t number, struct span line)
{
    static const struct load_origin origin = {0};
    struct span rest = line, word = next_word(&rest), second = next_word(&rest);
    bool hosts = second.len > 0 && is_sink(word);

    for (word = hosts ? second : word; word.len > 0; word = next_word(&rest)) {
        struct load_place at = {number, (uint32_t)(word.at - line.at) + 1};
        load_entry(
            f, &(struct load_entry){.value = word, .place = at, .want = NORMAL_WANT_ANY, .origin = &origin});
        if (second.len > 0 && !hosts) {
            at.column = (uint32_t)(second.at - line.at) + 1;
            load_warning(f, at, second,
                         "a plain list has one value a line: the rest of the line is not read");
            return;
        }
    }
}

static bool load_plain(struct load_file *f, struct load_input *in)
{
    struct span line;

    while (load_goes_on(f) && load_line(f, in, &line))
        load_plain_line(f, in->line, line);
    return true;
}

const struct load_format load_format_plain = {"plain", is_plain, load_plain};
