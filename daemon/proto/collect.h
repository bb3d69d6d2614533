/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests and fuzz targets: runs a parser over a copy of the bytes that ends where they end, and writes
 * each observation as a line `via value|attributes`. The sanitizers see every byte that is read too far.
 */
#ifndef BRIDLE_PROTO_COLLECT_H
#define BRIDLE_PROTO_COLLECT_H

#include <stdio.h>
#include <stdlib.h>

#include "proto/proto.h"

struct collect {
    struct parse p; /* after a run: what the parser said */
    enum parse_result result;
    struct parse_scratch *scratch; /* owned */
    uint64_t counters[COUNTERS];
    char *lines; /* owned, NUL-terminated */
    size_t len, cap;
    unsigned observations;
    bool values_only; /* leave out attributes */
};

static inline void collect_raw(struct collect *k, const void *at, size_t len)
{
    if (k->len + len + 1 > k->cap) {
        k->cap = (k->len + len + 1) * 2;
        k->lines = realloc(k->lines, k->cap);
        if (!k->lines)
            abort();
    }
    memcpy(k->lines + k->len, at, len);
    k->len += len;
    k->lines[k->len] = 0;
}

static inline void collect_str(struct collect *k, const char *s)
{
    collect_raw(k, s, strlen(s));
}

/* Breaks off where a value is not what the engine may rely on. */
static inline void collect_check(const struct observation *o)
{
    if (o->via >= VIAS || o->attrs > OBSERVATION_ATTRS_MAX)
        abort();
    if (!o->is_addr && (o->name.len == 0 || o->name.len > NAME_TEXT_MAX))
        abort();
    for (size_t i = 0; !o->is_addr && i < o->name.len; i++)
        if (o->name.at[i] < 0x20 || o->name.at[i] > 0x7e || (o->name.at[i] >= 'A' && o->name.at[i] <= 'Z'))
            abort();
    for (unsigned a = 0; a < o->attrs; a++) {
        if (o->attr[a].key >= ATTRS || o->attr[a].value.len > NAME_TEXT_MAX)
            abort();
        for (size_t i = 0; i < o->attr[a].value.len; i++)
            if (o->attr[a].value.at[i] < 0x20 || o->attr[a].value.at[i] > 0x7e)
                abort();
    }
}

static inline void collect_emit(void *ctx, struct observation *o)
{
    struct collect *k = ctx;
    char text[ADDR_TEXT_MAX + 16];

    observation_name(o);
    if (!k->values_only)
        observation_complete(o);
    collect_check(o);
    k->observations++;
    collect_str(k, via_names[o->via]);
    collect_str(k, " ");
    if (o->is_addr) {
        for (unsigned i = 0; i < 16; i++) {
            snprintf(text, sizeof text, "%02x", o->addr.b[i]);
            if (!addr_is_v4(&o->addr) || i >= 12)
                collect_str(k, text);
        }
    } else {
        collect_raw(k, o->name.at, o->name.len);
    }
    if (!k->values_only) {
        collect_str(k, o->from_server ? "|server" : "|client");
        collect_str(k, o->section_answer ? "|answer" : "");
        snprintf(text, sizeof text, "|ttl=%u", o->ttl_s);
        collect_str(k, o->via == VIA_DNS_ADDRESS ? text : "");
        for (unsigned a = 0; a < o->attrs; a++) {
            collect_str(k, "|");
            collect_str(k, attr_names[o->attr[a].key]);
            collect_str(k, "=");
            collect_raw(k, o->attr[a].value.at, o->attr[a].value.len);
        }
    }
    collect_str(k, "\n");
}

static inline void collect_clear(struct collect *k)
{
    k->len = 0;
    k->observations = 0;
    collect_str(k, "");
}

static inline void collect_done(struct collect *k)
{
    free(k->lines);
    free(k->scratch);
}

static inline const struct proto *collect_proto(const char *name)
{
    for (unsigned i = 0; i < proto_count; i++)
        if (strcmp(proto_infos[i].name, name) == 0)
            return protos[i];
    abort();
}

/* Runs a parser over `len` bytes; what it emitted is added to k->lines. The settings in k->p are the
 * caller's.
 */
static inline enum parse_result collect_run(struct collect *k, enum parse_result (*parser)(struct parse *),
                                            const uint8_t *at, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!k->scratch)
        k->scratch = malloc(sizeof *k->scratch);
    if (!copy || !k->scratch)
        abort();
    if (len > 0)
        memcpy(copy, at, len);
    k->p.bytes = span_of(copy, len);
    k->p.scratch = k->scratch;
    k->p.counters = k->counters;
    k->p.emit = collect_emit;
    k->p.ctx = k;
    k->p.need = k->p.consumed = 0;
    memset(&k->p.facts, 0, sizeof k->p.facts);
    k->result = parser(&k->p);
    free(copy);
    return k->result;
}

/* `k` after PARSE_MORE has said nothing, and asks for more than it had. */
static inline void collect_check_more(const struct collect *k, size_t had)
{
    if (k->result == PARSE_MORE && (k->observations > 0 || k->p.need <= had || k->p.last || k->p.cut))
        abort();
    if (k->result == PARSE_NEXT && k->p.consumed == 0)
        abort();
}

/*
 * Every prefix of a stream: with PARSE_MORE nothing before `need` changes the answer, what a prefix says at
 * the end (`last`) the whole says too, in the same order, and `whole` (lines of the whole stream) is reached.
 * `step` bytes at a time. `settings`: of the parser.
 */
static inline void collect_prefixes_set(const struct parse *settings,
                                        enum parse_result (*parser)(struct parse *), const uint8_t *at,
                                        size_t len, size_t step)
{
    struct collect whole = {.p = *settings, .values_only = true};
    struct collect part = {.p = *settings, .values_only = true};
    size_t need = 0;

    collect_clear(&whole);
    enum parse_result end = collect_run(&whole, parser, at, len);
    for (size_t n = 0; n <= len; n += step) {
        part.p.last = false;
        collect_clear(&part);
        collect_run(&part, parser, at, n);
        collect_check_more(&part, n);
        if (n < need && (part.result != PARSE_MORE || part.p.need != need))
            abort();
        need = part.result == PARSE_MORE ? part.p.need : 0;
        if (part.result != PARSE_MORE && (part.result != end || strcmp(part.lines, whole.lines) != 0))
            abort();
        part.p.last = true;
        collect_clear(&part);
        collect_run(&part, parser, at, n);
        if (part.result == PARSE_MORE)
            abort();
        if (end != PARSE_MORE && strncmp(part.lines, whole.lines, part.len) != 0)
            abort();
    }
    collect_done(&whole);
    collect_done(&part);
}

static inline void collect_prefixes(enum parse_result (*parser)(struct parse *), const uint8_t *at,
                                    size_t len, size_t step)
{
    collect_prefixes_set(&(struct parse){.need = 0}, parser, at, len, step);
}

#endif
