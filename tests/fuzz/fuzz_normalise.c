/* SPDX-License-Identifier: BSD-2-Clause */
/* The normaliser on any bytes: what comes out is a name, an address, a digest or a reason, and stays what it
 * is. */
#include <stdio.h>
#include <stdlib.h>

#include "intel/normalise.h"

static void require(bool held)
{
    if (!held)
        abort();
}

/* Lower-case labels of 1 to 63 characters, 253 in all. */
static void is_name(const char *name)
{
    size_t label = 0, len = strlen(name);

    require(len > 0 && len <= 253);
    for (size_t i = 0; i <= len; i++) {
        char c = i < len ? name[i] : '.';
        require((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
        require(c != '.' || label > 0);
        label = c == '.' ? 0 : label + 1;
        require(label <= 63);
    }
}

/* Lower-case, without colons, of a length that its type has. */
static void is_digest(const struct normal *n)
{
    size_t len = strlen(n->name);

    for (const char *c = n->name; *c != 0; c++)
        require((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || (*c == '_' && n->type == IOC_JA4));
    require(n->type == IOC_JA4   ? len == 36
            : n->type == IOC_JA3 ? len == 32
                                 : n->type == IOC_CERT && (len == 32 || len == 40 || len == 64));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct normal n, again;
    char text[PREFIX_TEXT_MAX], prefixed[NAME_TEXT_MAX + 8];
    enum normal_want want = size > 0 ? data[0] % 3 : NORMAL_WANT_ANY;

    normalise(span_of(data, size), want, &n);
    require((n.kind == NORMAL_BAD) == (n.why != NULL));
    switch (n.kind) {
    case NORMAL_NAME:
        is_name(n.name);
        require(want == NORMAL_WANT_HOST || !n.had_path);
        normalise(span_str(n.name), NORMAL_WANT_ANY, &again);
        /* A URL's host of one label may look like a digest once it stands alone. */
        require((strchr(n.name, '.') == NULL && (again.kind == NORMAL_DIGEST || again.bare_digest)) ||
                (again.kind == NORMAL_NAME && strcmp(n.name, again.name) == 0));
        break;
    case NORMAL_ADDRESS:
    case NORMAL_PREFIX:
        require((n.prefix.bits == 128) == (n.kind == NORMAL_ADDRESS));
        normalise(span_str(prefix_text(&n.prefix, text)), NORMAL_WANT_ANY, &again);
        require(again.kind == n.kind && addr_eq(&again.prefix.addr, &n.prefix.addr) &&
                again.prefix.bits == n.prefix.bits && !again.had_host_bits);
        break;
    case NORMAL_DIGEST:
        is_digest(&n);
        snprintf(prefixed, sizeof prefixed, "%s:%s", n.type == IOC_CERT ? "cert" : ioc_type_names[n.type],
                 n.name);
        normalise(span_str(prefixed), NORMAL_WANT_ANY, &again);
        require(again.kind == NORMAL_DIGEST && again.type == n.type && strcmp(n.name, again.name) == 0);
        break;
    default:
        require(!n.bare_digest || strlen(n.name) <= 64);
        break;
    }
    return 0;
}
