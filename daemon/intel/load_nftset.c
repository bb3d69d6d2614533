/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of nft(8): the addresses and prefixes between the braces of `add element ... { }`, `elements = { }`
 * and `define NAME = { }`. */
#include "intel/load_entry.h"
#include "intel/load_text.h"

/* What is behind the brace that opens a list of elements; `at` NULL: the line opens none. */
static struct span opened(struct span line)
{
    struct span none = {0};

    line = load_trim(line);
    if (!load_begins(line, "add element ") && !load_begins(line, "elements ") &&
        !load_begins(line, "elements=") && !load_begins(line, "define "))
        return none;
    const uint8_t *brace = memchr(line.at, '{', line.len);
    return brace ? span_of(brace + 1, (size_t)(line.at + line.len - brace) - 1) : none;
}

static bool is_nftset(struct span head)
{
    while (head.len > 0)
        if (opened(load_split(&head, '\n')).at)
            return true;
    return false;
}

/* Takes an element off, up to a comma; those inside of a comment's quotes are none. */
static struct span take_element(struct span *rest)
{
    bool quoted = false;
    size_t n = 0;

    for (; n < rest->len && (quoted || (rest->at[n] != ',' && rest->at[n] != '}')); n++)
        quoted ^= rest->at[n] == '"';
    struct span element = load_trim(span_of(rest->at, n));
    *rest = span_of(rest->at + n, rest->len - n);
    return element;
}

/* Elements up to the end of the line or the closing brace; false at that. */
static bool read_elements(struct load_file *f, uint32_t number, struct span line, struct span rest)
{
    static const struct load_origin origin = {0};

    while (rest.len > 0) {
        struct span part = take_element(&rest);
        struct span value = load_list_word(&part); /* behind it `timeout 1d`, `comment "..."` */
        struct load_place at = {number, (uint32_t)(value.at - line.at) + 1};
        if (value.len > 0 && memchr(value.at, '-', value.len))
            load_refused(f, LOAD_MALFORMED, at, value,
                         "a range of addresses: write prefixes, ADDRESS/LENGTH");
        else if (value.len > 0 && value.at[0] != '$')
            load_entry(f, &(struct load_entry){
                              .value = value, .place = at, .want = NORMAL_WANT_ANY, .origin = &origin});
        if (rest.len > 0 && rest.at[0] == '}')
            return false;
        rest = span_of(rest.at + (rest.len > 0), rest.len - (rest.len > 0));
    }
    return true;
}

static bool load_nftset(struct load_file *f, struct load_input *in)
{
    struct span line;
    bool inside = false;

    while (load_goes_on(f) && load_line(f, in, &line)) {
        struct span rest = inside ? line : opened(line), first = rest;
        if (rest.at && load_list_word(&first).len > 0)
            inside = read_elements(f, in->line, line, rest);
        else if (rest.at)
            inside = true;
    }
    return true;
}

const struct load_format load_format_nftset = {"nftset", is_nftset, load_nftset};
