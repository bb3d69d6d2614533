/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts files (hosts(5)) that block: `0.0.0.0 NAME...`, with names alone on a line mixed in. What stands in
 * every such file for the machine itself is no entry. The campaign is the file's name.
 */
#include "intel/load_hosts.h"

#include "intel/load_text.h"

/* Names of the machine itself, as systems and lists write them. */
static const char *const own_names[] = {
    "localhost",    "localhost.localdomain",   "localhost4",    "localhost6",
    "local",        "broadcasthost",           "ip6-localhost", "ip6-loopback",
    "ip6-localnet", "ip6-mcastprefix",         "ip6-allnodes",  "ip6-allrouters",
    "ip6-allhosts", "localhost6.localdomain6", "0.0.0.0",
};

bool load_is_sink(struct span word)
{
    struct addr a;

    /* By hand: there are lists of millions of lines. */
    if (word.len == 7 && memcmp(word.at, "0.0.0.0", 7) == 0)
        return true;
    if (word.len == 0 || word.len > sizeof("127.255.255.255") - 1)
        return false;
    if (word.at[0] == ':')
        return word.len > 1 && word.at[1] == ':' && (word.len == 2 || (word.len == 3 && word.at[2] == '1'));
    return (word.len == 1 && word.at[0] == '0') ||
           (word.len > 4 && memcmp(word.at, "127.", 4) == 0 && addr_parse(word, &a));
}

/* An IPv6 address may have a zone here: fe80::1%lo0. */
static bool is_address(struct span word)
{
    struct addr a;
    return load_is_sink(word) || addr_parse(load_split(&word, '%'), &a);
}

static bool is_own(struct span name)
{
    bool like = name.len >= 5 && name.len < 24 && name.at[0] != 0 && strchr("lLbBiI0", name.at[0]) &&
                strchr("oOrRpP.", name.at[1]) && strchr("cCoO60", name.at[2]);

    for (size_t i = 0; like && i < sizeof(own_names) / sizeof(*own_names); i++)
        if (load_same(name, own_names[i]))
            return true;
    return false;
}

static enum load_vote vote(struct span line)
{
    struct span word = load_list_word(&line), second = load_list_word(&line);
    struct normal n;

    if (word.len == 0)
        return LOAD_VOTE_NONE;
    if (second.len > 0)
        return load_is_sink(word) || (is_address(word) && is_own(second)) ? LOAD_VOTE_YES : LOAD_VOTE_NO;
    normalise(word, NORMAL_WANT_HOST, &n);
    return n.kind == NORMAL_NAME ? LOAD_VOTE_NONE : LOAD_VOTE_NO;
}

static bool is_hosts(struct span head)
{
    return load_votes(head, vote, 1);
}

static void take(struct load_file *f, struct load_place at, struct span name)
{
    static const struct load_origin origin = {0};
    load_entry(f,
               &(struct load_entry){.value = name, .place = at, .want = NORMAL_WANT_ANY, .origin = &origin});
}

bool load_hosts_line(struct load_file *f, uint32_t number, struct span line)
{
    struct span rest = line, address = load_list_word(&rest), name = load_list_word(&rest);

    if (name.len == 0 || !is_address(address))
        return false;
    for (; name.len > 0; name = load_list_word(&rest)) {
        struct load_place at = {number, (uint32_t)(name.at - line.at) + 1};
        if (is_own(name))
            continue;
        if (load_is_sink(address))
            take(f, at, name);
        else
            load_quarantined(
                f, LOAD_CONDITIONS, at, name,
                "this line gives the name an address instead of blocking it: if it is meant as an "
                "indicator, write 0.0.0.0 in front of it");
    }
    return true;
}

static bool load_hosts(struct load_file *f, struct load_input *in)
{
    struct span line;

    while (load_goes_on(f) && load_line(f, in, &line)) {
        if (load_hosts_line(f, in->line, line))
            continue;
        struct span rest = line, word = load_list_word(&rest), more = load_list_word(&rest);
        struct load_place at = {in->line, (uint32_t)(word.at - line.at) + 1};
        if (word.len > 0)
            take(f, at, word);
        at.column = (uint32_t)(more.at - line.at) + 1;
        if (more.len > 0)
            load_warning(f, at, more, "no address stands in front of it: the rest of the line is not read");
    }
    return true;
}

const struct load_format load_format_hosts = {"hosts", is_hosts, load_hosts};
