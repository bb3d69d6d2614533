/* SPDX-License-Identifier: BSD-2-Clause */
/* The public suffix list: its file (github.com/publicsuffix/list/wiki/Format), or libpsl's own copy. */
#include "intel/suffix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "intel/load_input.h"
#include "intel/name_set.h"
#include "intel/normalise.h"

#if HAVE_LIBPSL
#include <libpsl.h>
#endif

/* The list has 250 kB and 10,000 rules. */
#define FILE_BYTES_MAX (16u << 20)
#define RULES_MAX      100000u
#define NAME_ENDS      256u /* pairs of a name's first and last octet, of which some share a number */

/* What the rules say about a name. */
enum {
    SUFFIX = 1 << 0,    /* `co.uk`; also the `ck` of `*.ck` */
    ALL_BELOW = 1 << 1, /* `*.ck`: every name right below is one */
    EXCEPTION = 1 << 2, /* `!www.ck` */
};

struct suffixes {
    struct name_set rules; /* of the file; none: there is no file */
    /* By first and last octet of names that have ALL_BELOW a bit for each length, 63 and more sharing one:
     * most names below a public suffix are told by it. */
    uint64_t below_lengths[NAME_ENDS];
#if HAVE_LIBPSL
    const psl_ctx_t *psl; /* static */
#endif
};

static uint64_t length_bit(size_t len)
{
    return 1ull << (len < 63 ? len : 63);
}

/* The number of a name's first and last octet; it is not empty. */
static unsigned ends_of(struct span name)
{
    return (name.at[0] * 8u + name.at[name.len - 1]) % NAME_ENDS;
}

static bool may_have_all_below(const struct suffixes *s, struct span name)
{
    return name.len > 0 && (s->below_lengths[ends_of(name)] & length_bit(name.len)) != 0;
}

static int add_rule(struct suffixes *s, struct span rule)
{
    uint8_t marks = SUFFIX;
    struct normal n;

    if (rule.at[0] == '!' || (rule.len > 2 && rule.at[0] == '*' && rule.at[1] == '.')) {
        size_t lead = rule.at[0] == '!' ? 1 : 2;
        marks = lead == 1 ? EXCEPTION : SUFFIX | ALL_BELOW;
        rule = span_of(rule.at + lead, rule.len - lead);
    }
    normalise(rule, NORMAL_WANT_HOST, &n);
    if (n.kind != NORMAL_NAME)
        return 0; /* a form that is not known yet */
    struct span name = span_of(n.name, n.len);
    if (marks & ALL_BELOW)
        s->below_lengths[ends_of(name)] |= length_bit(name.len);
    return name_set_add(&s->rules, name, marks);
}

/* A rule is a line up to the first white space; comments begin with two slashes. */
static int read_rules(struct suffixes *s, struct load_input *in)
{
    struct span line;
    enum load_input_line got;
    int err = 0;

    while (err == 0 && s->rules.names.count < RULES_MAX &&
           (got = load_input_line(in, &line)) != LOAD_INPUT_END) {
        size_t n = 0;
        while (n < line.len && line.at[n] > ' ')
            n++;
        if (got == LOAD_INPUT_LINE && n > 0 && !(n > 1 && line.at[0] == '/' && line.at[1] == '/'))
            err = add_rule(s, span_of(line.at, n));
    }
    return err;
}

static int read_file(struct suffixes *s, const char *file)
{
    int fd = open(file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    struct load_input *in;

    if (fd < 0)
        return 0;
    in = malloc(sizeof(*in));
    if (!in) {
        close(fd);
        return -ENOMEM;
    }
    load_input_init(in, fd, span_of(NULL, 0), FILE_BYTES_MAX);
    int err = read_rules(s, in);
    free(in);
    close(fd);
    return err;
}

struct suffixes *suffixes_new(const char *file)
{
    struct suffixes *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    if (name_set_init(&s->rules) < 0 || read_file(s, file) < 0) {
        suffixes_free(s);
        return NULL;
    }
#if HAVE_LIBPSL
    s->psl = psl_builtin();
#endif
    return s;
}

void suffixes_free(struct suffixes *s)
{
    if (!s)
        return;
    name_set_done(&s->rules);
    free(s);
}

static bool ask_libpsl(const struct suffixes *s, struct span name)
{
#if HAVE_LIBPSL
    char text[NAME_TEXT_MAX + 1];

    if (!s->psl || name.len > NAME_TEXT_MAX)
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = 0;
    return psl_is_public_suffix(s->psl, text) != 0;
#else
    return false;
#endif
}

bool suffixes_has(const struct suffixes *s, struct span name)
{
    const uint8_t *dot = memchr(name.at, '.', name.len);

    if (!dot)
        return false;
    if (s->rules.names.count == 0)
        return ask_libpsl(s, name);
    unsigned own = name_set_marks(&s->rules, name);
    if (own != 0)
        return (own & EXCEPTION) == 0;
    struct span parent = span_of(dot + 1, name.len - (size_t)(dot + 1 - name.at));
    return may_have_all_below(s, parent) && (name_set_marks(&s->rules, parent) & ALL_BELOW) != 0;
}
