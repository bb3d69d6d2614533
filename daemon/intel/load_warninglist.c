/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MISP warninglists: names that analysts list by mistake. They become guards. What kind of list it is stands
 * behind the list itself, so a file is read twice.
 */
#include <stdlib.h>
#include <strings.h>

#include "base/text.h"
#include "intel/load_json.h"
#include "intel/load_warninglist.h"

#define NAME_MAX 256
#define TYPE_MAX 32

/* What a list's name has in it (without case), and the word that its guards are told with. */
static const struct {
    const char *part, *word;
} kinds[] = {
    {"shortener", "shortener"}, {"dynamic dns", "dynamic-dns"}, {"dyndns", "dynamic-dns"},
    {"alexa", "popular"},       {"tranco", "popular"},          {"majestic", "popular"},
    {"umbrella", "popular"},    {"cisco", "popular"},           {"top ", "popular"},
    {"popular", "popular"},     {"most visited", "popular"},
};

struct about {
    char name[NAME_MAX], type[TYPE_MAX];
};

static bool has(const char *text, const char *part)
{
    for (size_t n = strlen(part); *text; text++)
        if (strncasecmp(text, part, n) == 0)
            return true;
    return false;
}

const char *load_warninglist_word(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (has(name, kinds[i].part))
            return kinds[i].word;
    return "shared";
}

static bool known(const struct load_json *w, void *ctx)
{
    return w->read.token == JSON_STRING && load_json_at(w, "list[]");
}

static bool is_warninglist(struct span head)
{
    return load_json_is(head, known, NULL);
}

static void copy(char *to, size_t room, struct span s)
{
    struct text t = text_on(to, room);
    text_raw(&t, s);
}

/* False without memory. */
static bool read_about(struct load_input *in, struct about *ret)
{
    struct load_json *w = load_json_silent(in);

    *ret = (struct about){.name = ""};
    if (!w)
        return false;
    for (enum json_token t = load_json_next(w); t != JSON_END && t != JSON_BROKEN; t = load_json_next(w)) {
        if (t == JSON_STRING && load_json_at(w, "name"))
            copy(ret->name, sizeof(ret->name), w->read.text);
        else if (t == JSON_STRING && load_json_at(w, "type"))
            copy(ret->type, sizeof(ret->type), w->read.text);
        if (ret->name[0] && ret->type[0])
            break;
    }
    load_json_free(w);
    return true;
}

/* ".dyn.example" and "*.dyn.example" are names below a guard, which stands for them. */
static struct span without_front(struct span s)
{
    if (s.len > 2 && s.at[0] == '*' && s.at[1] == '.')
        return span_of(s.at + 2, s.len - 2);
    return s.len > 1 && s.at[0] == '.' ? span_of(s.at + 1, s.len - 1) : s;
}

static void hand(struct load_file *f, const struct load_json *w, const struct about *about, struct span why)
{
    struct load_place at = load_json_place(w);
    bool guards = strcmp(about->type, "hostname") == 0 || strcmp(about->type, "string") == 0 ||
                  strcmp(about->type, "cidr") == 0;

    if (w->read.token != JSON_STRING)
        load_refused(f, LOAD_MALFORMED, at, w->read.text, "a guard is a name, an address or ADDRESS/LENGTH");
    else if (!guards)
        load_refused(f, LOAD_MALFORMED, at, w->read.text,
                     "is of a list of type \"%s\": only those of type hostname, string or cidr can guard",
                     about->type);
    else
        load_guard(f, at, without_front(w->read.text), why);
}

static bool load_warninglist(struct load_file *f, struct load_input *in)
{
    struct about about;
    char buf[NAME_MAX + 32];
    struct text why = text_on(buf, sizeof(buf));
    bool good = load_json_whole(f, in) && read_about(in, &about) && load_input_rewind(in) == 0;
    struct load_json *w = good ? load_json_new(f, in) : NULL;

    if (!w)
        return false;
    text_fmt(&why, "%s: %s", load_warninglist_word(about.name),
             about.name[0] ? about.name : "MISP warninglist");
    for (enum json_token t = load_json_next(w); t != JSON_END && t != JSON_BROKEN; t = load_json_next(w))
        if (load_json_at(w, "list[]") && t != JSON_OBJECT_END && t != JSON_ARRAY_END)
            hand(f, w, &about, text_span(&why));
    load_json_free(w);
    return true;
}

const struct load_format load_format_warninglist = {"misp-warninglist", is_warninglist, load_warninglist,
                                                    true};
