/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain lists: one name, address, prefix or defanged form a line; comments behind `#`, `;` or `//`. The
 * campaign is the file's name.
 */
#include "intel/load_hosts.h"
#include "intel/load_text.h"

/* One value, or a line of hosts(5); no row of a table, no `key: value`. */
static enum load_vote vote(struct span line)
{
    struct span word = load_list_word(&line);
    struct normal n;

    if (word.len == 0)
        return LOAD_VOTE_NONE;
    if (load_list_word(&line).len > 0)
        return load_is_sink(word) ? LOAD_VOTE_YES : LOAD_VOTE_NO;
    if (memchr(word.at, ',', word.len - 1) ||
        (word.at[word.len - 1] == ':' && !memchr(word.at, ':', word.len - 1)))
        return LOAD_VOTE_NO;
    normalise(word, NORMAL_WANT_HOST, &n);
    return n.kind != NORMAL_BAD || n.bare_digest ? LOAD_VOTE_YES : LOAD_VOTE_NO;
}

static bool has_word(struct span head)
{
    while (head.len > 0) {
        struct span line = load_split(&head, '\n');
        if (load_list_word(&line).len > 0)
            return true;
    }
    return false;
}

/* At least a quarter of the first lines must look like values: a list may be dirty, prose is no list. A list
 * may be empty but for comments. */
static bool is_plain(struct span head)
{
    return load_votes(head, vote, 3) || !has_word(head);
}

static void load_plain_line(struct load_file *f, uint32_t number, struct span line)
{
    static const struct load_origin origin = {0};
    struct span rest = line, word = load_list_word(&rest);

    if (word.len == 0)
        return;
    struct span second = load_list_word(&rest);
    if (second.len > 0 && load_is_sink(word) && load_hosts_line(f, number, line))
        return;
    struct load_place at = {number, (uint32_t)(word.at - line.at) + 1};
    load_entry(f,
               &(struct load_entry){.value = word, .place = at, .want = NORMAL_WANT_ANY, .origin = &origin});
    at.column = (uint32_t)(second.at - line.at) + 1;
    if (second.len > 0)
        load_warning(f, at, second, "a plain list has one value a line: the rest of the line is not read");
}

static bool load_plain(struct load_file *f, struct load_input *in)
{
    struct span line;

    while (load_goes_on(f) && load_line(f, in, &line))
        load_plain_line(f, in->line, line);
    return true;
}

const struct load_format load_format_plain = {"plain", is_plain, load_plain};
