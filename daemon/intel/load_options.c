/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a source. */
#include "intel/load_options.h"

#include <errno.h>
#include <stdlib.h>

#include "intel/normalise.h"

struct load_choices {
    struct name_set names; /* and digests: no name looks like one */
    struct choice {
        struct prefix prefix;
        uint8_t marks;
    } * prefix; /* owned */
    size_t prefixes, room;
};

static void choices_free(struct load_choices *c)
{
    if (!c)
        return;
    name_set_done(&c->names);
    free(c->prefix);
    free(c);
}

static int add_prefix(struct load_choices *c, const struct prefix *p, uint8_t marks)
{
    int err = grow(&c->prefix, &c->room, c->prefixes + 1, sizeof(*c->prefix));

    if (err == 0)
        c->prefix[c->prefixes++] = (struct choice){*p, marks};
    return err;
}

/* `whole` and `exact`: the marks of NAME and of =NAME. */
static int add(struct load_choices *c, const char *value, uint8_t whole, uint8_t exact, const char **ret_why)
{
    bool alone = value[0] == '=';
    struct normal n;

    normalise(span_str(value + alone), NORMAL_WANT_ANY, &n);
    if (n.kind == NORMAL_BAD) {
        *ret_why = n.why;
        return -EINVAL;
    }
    if (n.kind == NORMAL_ADDRESS || n.kind == NORMAL_PREFIX)
        return add_prefix(c, &n.prefix, whole);
    return name_set_add(&c->names, span_str(n.name), alone ? exact : whole);
}

static int add_all(struct load_choices *c, const char *const *value, size_t count, uint8_t whole,
                   uint8_t exact, void (*bad)(void *ctx, struct span value, const char *why), void *ctx)
{
    for (size_t i = 0; i < count; i++) {
        const char *why = NULL;
        int err = add(c, value[i], whole, exact, &why);
        if (err == -EINVAL && why)
            bad(ctx, span_str(value[i]), why);
        else if (err < 0)
            return err;
    }
    return 0;
}

static struct load_choices *choices_new(const struct load_options *o,
                                        void (*bad)(void *ctx, struct span value, const char *why), void *ctx)
{
    struct load_choices *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    if (name_set_init(&c->names) == 0 &&
        add_all(c, o->allow, o->allows, LOAD_CHOICE_ALLOW, LOAD_CHOICE_ALLOW_EXACT, bad, ctx) == 0 &&
        add_all(c, o->force, o->forces, LOAD_CHOICE_FORCE, LOAD_CHOICE_FORCE_EXACT, bad, ctx) == 0)
        return c;
    choices_free(c);
    return NULL;
}

/* Copies a text that may be missing. False without memory. */
static bool copy(const char **ret, const char *text)
{
    *ret = text ? strdup(text) : NULL;
    return *ret || !text;
}

struct load_config *load_config_new(const struct load_options *o,
                                    void (*bad)(void *ctx, struct span value, const char *why), void *ctx)
{
    struct load_config *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->o.tier = o->tier;
    c->o.has_tier = o->has_tier;
    c->o.trust = o->trust;
    bool good = copy(&c->o.source, o->source) && copy(&c->o.format, o->format) &&
                copy(&c->o.columns, o->columns) && copy(&c->o.campaign, o->campaign) &&
                copy(&c->o.hosting, o->hosting);
    if (good && o->allows + o->forces > 0) {
        c->choices = choices_new(o, bad, ctx);
        good = c->choices != NULL;
    }
    if (good)
        return c;
    load_config_free(c);
    return NULL;
}

void load_config_free(struct load_config *c)
{
    if (!c)
        return;
    free((char *)(uintptr_t)c->o.source);
    free((char *)(uintptr_t)c->o.format);
    free((char *)(uintptr_t)c->o.columns);
    free((char *)(uintptr_t)c->o.campaign);
    free((char *)(uintptr_t)c->o.hosting);
    choices_free(c->choices);
    free(c);
}

bool load_config_allows(const struct load_config *c, const struct indicator *ind)
{
    if (!c->choices)
        return false;
    if (ioc_is_address(ind->type)) {
        for (size_t i = 0; i < c->choices->prefixes; i++) {
            const struct choice *at = &c->choices->prefix[i];
            if (at->marks == LOAD_CHOICE_ALLOW && at->prefix.bits <= ind->prefix.bits &&
                prefix_has(&at->prefix, &ind->prefix.addr))
                return true;
        }
        return false;
    }
    struct span s = ind->name;
    if (name_set_marks(&c->choices->names, s) & (LOAD_CHOICE_ALLOW | LOAD_CHOICE_ALLOW_EXACT))
        return true;
    for (const uint8_t *dot; !ioc_is_digest(ind->type) && (dot = memchr(s.at, '.', s.len)) != NULL;) {
        s = span_of(dot + 1, s.len - (size_t)(dot + 1 - s.at));
        if (name_set_marks(&c->choices->names, s) & LOAD_CHOICE_ALLOW)
            return true;
    }
    return false;
}

unsigned load_config_forces(const struct load_config *c, const struct indicator *ind)
{
    if (!c->choices)
        return 0;
    if (!ioc_is_address(ind->type))
        return name_set_marks(&c->choices->names, ind->name) & (LOAD_CHOICE_FORCE | LOAD_CHOICE_FORCE_EXACT);
    for (size_t i = 0; i < c->choices->prefixes; i++) {
        const struct choice *at = &c->choices->prefix[i];
        if (at->marks == LOAD_CHOICE_FORCE && at->prefix.bits == ind->prefix.bits &&
            memcmp(&at->prefix.addr, &ind->prefix.addr, sizeof(ind->prefix.addr)) == 0)
            return LOAD_CHOICE_FORCE;
    }
    return 0;
}
