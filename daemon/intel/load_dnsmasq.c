/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Settings of dnsmasq(8) that block names and all below them: `address=/NAME/NAME/0.0.0.0`, `server=/NAME/`,
 * `local=/NAME/`, and those that gather them, `ipset=/NAME/SET`, `nftset=/NAME/SET`; names alone,
 * `host-record=NAME,0.0.0.0`; addresses in answers, `bogus-nxdomain=ADDRESS`. What forwards a name or gives
 * it an address of its own does not block it.
 */
#include "intel/load_hosts.h"
#include "intel/load_text.h"

/* `host-record=NAME,0.0.0.0` is of one name alone, `bogus-nxdomain=ADDRESS` of every answer with it. */
static const char *const plain_settings[] = {"host-record", "bogus-nxdomain"};

enum target { TARGET_NONE, TARGET_SINK, TARGET_SERVER, TARGET_SET };

static const struct {
    const char *key;
    enum target target; /* what stands behind the names */
} settings[] = {
    {"address", TARGET_SINK}, {"server", TARGET_SERVER}, {"local", TARGET_NONE},
    {"ipset", TARGET_SET},    {"nftset", TARGET_SET},
};

#define SETTINGS (sizeof(settings) / sizeof(*settings))

/* The row of a line that names names, or SETTINGS; `*ret_rest` begins behind the first slash. */
static size_t row_of(struct span line, struct span *ret_rest)
{
    struct span rest = line, key = load_trim(load_split(&rest, '='));
    size_t i = 0;

    rest = load_trim(rest);
    if (rest.len < 2 || rest.at[0] != '/')
        return SETTINGS;
    while (i < SETTINGS && !span_eq(key, span_str(settings[i].key)))
        i++;
    *ret_rest = span_of(rest.at + 1, rest.len - 1);
    return i;
}

/* The setting of a line without slashes, and what it is set to; NULL: none of ours. */
static const char *plain_row(struct span line, struct span *ret_rest)
{
    struct span key = load_trim(load_split(&line, '='));

    *ret_rest = load_trim(line);
    for (size_t i = 0; i < sizeof(plain_settings) / sizeof(*plain_settings); i++)
        if (span_eq(key, span_str(plain_settings[i])) && line.len > 0)
            return plain_settings[i];
    return NULL;
}

static enum load_vote vote(struct span line)
{
    struct span rest, key = line;

    if (line.at[0] == '#')
        return LOAD_VOTE_NONE;
    if (row_of(line, &rest) < SETTINGS || plain_row(line, &rest))
        return LOAD_VOTE_YES;
    key = load_split(&key, '=');
    for (size_t i = 0; i < key.len; i++) /* any other setting: `no-resolv`, `cache-size=1000` */
        if (!((key.at[i] >= 'a' && key.at[i] <= 'z') || key.at[i] == '-' || key.at[i] == '6'))
            return LOAD_VOTE_NO;
    return LOAD_VOTE_NONE;
}

static bool is_dnsmasq(struct span head)
{
    return load_votes(head, vote, 1);
}

/* Whether names with this target are blocked; `*ret_exception`: they are resolved as usual. */
static bool blocks(enum target kind, struct span target, bool *ret_exception)
{
    *ret_exception = kind == TARGET_SERVER && load_same(target, "#");
    return kind == TARGET_SINK     ? target.len == 0 || load_same(target, "#") || load_is_sink(target)
           : kind == TARGET_SERVER ? target.len == 0 || *ret_exception
           : kind == TARGET_NONE   ? target.len == 0
                                   : true;
}

static void refuse_target(struct load_file *f, struct load_place at, struct span name)
{
    load_quarantined(f, LOAD_CONDITIONS, at, name,
                     "this name is not blocked but forwarded or given an address: if it is meant as an "
                     "indicator, write address=/NAME/0.0.0.0");
}

static void read_names(struct load_file *f, uint32_t number, struct span line, size_t row, struct span rest)
{
    static const struct load_origin origin = {0};
    const uint8_t *slash = memrchr(rest.at, '/', rest.len);
    struct load_place at = {number, (uint32_t)(rest.at - line.at) + 1};
    bool exception;

    if (!slash) {
        load_refused(f, LOAD_MALFORMED, at, rest, "the slash behind the last name is missing");
        return;
    }
    struct span target = load_trim(span_of(slash + 1, (size_t)(rest.at + rest.len - slash) - 1));
    struct span names = span_of(rest.at, (size_t)(slash - rest.at));
    bool good = blocks(settings[row].target, target, &exception);
    do {
        struct span name = load_trim(load_split(&names, '/'));
        at.column = (uint32_t)(name.at - line.at) + 1;
        if (name.len == 0 || load_same(name, "#"))
            load_quarantined(f, LOAD_CONDITIONS, at, name,
                             "means every name there is, or every one without a dot");
        else if (!good)
            refuse_target(f, at, name);
        else
            load_entry(f, &(struct load_entry){.value = name,
                                               .place = at,
                                               .want = NORMAL_WANT_HOST,
                                               .exception = exception,
                                               .origin = &origin});
    } while (names.len > 0);
}

static void read_plain(struct load_file *f, uint32_t number, struct span line, bool host, struct span rest)
{
    static const struct load_origin origin = {0};
    struct span name[8] = {{0}}, last = {0}; /* host-record=NAME,NAME,ADDRESS,ADDRESS,TTL */
    unsigned names = 0;
    struct normal n;

    while (rest.len > 0) {
        struct span word = load_trim(load_split(&rest, ','));
        normalise(word, NORMAL_WANT_HOST, &n);
        if (host && n.kind != NORMAL_NAME && last.len == 0)
            last = word;
        else if (!host || n.kind == NORMAL_NAME)
            name[names < 7 ? names++ : names] = word;
    }
    for (unsigned i = 0; i < names; i++) {
        struct load_place at = {number, (uint32_t)(name[i].at - line.at) + 1};
        if (host && !load_is_sink(last))
            refuse_target(f, at, name[i]);
        else
            load_entry(f, &(struct load_entry){.value = name[i],
                                               .place = at,
                                               .want = NORMAL_WANT_ANY,
                                               .exact = host,
                                               .origin = &origin});
    }
}

static bool load_dnsmasq(struct load_file *f, struct load_input *in)
{
    struct span whole, rest;

    while (load_goes_on(f) && load_line(f, in, &whole)) {
        struct span line = whole;
        for (size_t i = 1; i < line.len; i++) /* a comment begins behind white space */
            if (line.at[i] == '#' && load_is_space(line.at[i - 1]))
                line.len = i;
        line = load_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        size_t row = row_of(line, &rest);
        const char *setting = row < SETTINGS ? NULL : plain_row(line, &rest);
        if (row < SETTINGS)
            read_names(f, in->line, whole, row, rest);
        else if (setting)
            read_plain(f, in->line, whole, setting == plain_settings[0], rest);
        else
            load_not_network(f, span_str("other setting of dnsmasq"));
    }
    return true;
}

const struct load_format load_format_dnsmasq = {"dnsmasq", is_dnsmasq, load_dnsmasq};
