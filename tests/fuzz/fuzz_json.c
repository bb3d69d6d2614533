/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as JSON, in blocks: the same documents are read as by jansson, up to the limits that both have,
 * and the same is found in them; what is left out is read as strictly. */
#include <jansson.h>
#include <stdlib.h>

/* jansson has names of ours. */
#define JSON_OBJECT READ_OBJECT
#define JSON_ARRAY  READ_ARRAY
#define JSON_STRING READ_STRING
#define JSON_TRUE   READ_TRUE
#define JSON_FALSE  READ_FALSE
#define JSON_NULL   READ_NULL
#include "base/json_read.h"
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

struct blocks {
    struct span rest;
    size_t size;
};

static void require(bool held)
{
    if (!held)
        abort();
}

static struct span next_block(void *ctx)
{
    struct blocks *b = ctx;
    struct span s = span_of(b->rest.at, b->rest.len < b->size ? b->rest.len : b->size);

    b->rest = span_of(b->rest.at + s.len, b->rest.len - s.len);
    return s;
}

static json_t *number_of(struct span s)
{
    char buf[512];

    if (s.len >= sizeof(buf))
        return NULL;
    memcpy(buf, s.at, s.len);
    buf[s.len] = 0;
    return strpbrk(buf, ".eE") ? json_real(strtod(buf, NULL)) : json_integer(strtoll(buf, NULL, 10));
}

static json_t *value_of(const struct json_read *r)
{
    switch (r->token) {
    case READ_OBJECT:
        return json_object();
    case READ_ARRAY:
        return json_array();
    case READ_STRING:
        return json_stringn((const char *)r->text.at, r->text.len); /* NULL unless it is UTF-8 */
    case JSON_NUMBER:
        return number_of(r->text);
    case READ_TRUE:
        return json_true();
    case READ_FALSE:
        return json_false();
    default:
        return json_null();
    }
}

/* The document as a tree; NULL if it is broken. `*ret_odd`: it has what a tree of jansson's cannot have. */
static json_t *read_tree(struct json_read *r, bool *ret_odd)
{
    json_t *open[JSON_DEPTH_MAX + 1] = {json_array()};
    char *key = NULL;
    size_t key_len = 0;

    while (json_read_next(r) != JSON_END && r->token != JSON_BROKEN) {
        *ret_odd |= r->cut;
        if (r->token == JSON_OBJECT_END || r->token == JSON_ARRAY_END)
            continue;
        if (r->token == JSON_KEY) {
            *ret_odd |= r->text.len > 0 && memchr(r->text.at, 0, r->text.len);
            free(key);
            key = malloc(r->text.len + 1);
            memcpy(key, r->text.at, r->text.len);
            key_len = r->text.len;
            continue;
        }
        bool opens = r->token == READ_OBJECT || r->token == READ_ARRAY;
        json_t *v = value_of(r), *parent = open[r->depth - opens];
        require(v != NULL || r->token == JSON_NUMBER);
        *ret_odd |= v == NULL;
        if (json_is_object(parent))
            json_object_setn_new(parent, key, key_len, v ? v : json_null());
        else
            json_array_append_new(parent, v ? v : json_null());
        if (opens)
            open[r->depth] = v;
    }
    free(key);
    json_t *root = r->token == JSON_END ? json_incref(json_array_get(open[0], 0)) : NULL;
    json_decref(open[0]);
    return root;
}

static void start(struct json_read *r, struct blocks *b, const uint8_t *data, size_t size)
{
    *b = (struct blocks){span_of(data, size), size % 13 + 1};
    json_read_init(r, next_block, b);
}

static void check_skipping(struct json_read *r, const uint8_t *data, size_t size, bool whole)
{
    struct blocks b;

    start(r, &b, data, size);
    json_read_next(r);
    json_read_skip(r);
    require((json_read_next(r) == JSON_END) == whole);
}

/* What is right stays so for who mends what is not. */
static void check_mending(struct json_read *r, const uint8_t *data, size_t size, bool whole)
{
    struct blocks b;

    start(r, &b, data, size);
    r->mends = r->many = true;
    for (enum json_token t = json_read_next(r); t != JSON_END && t != JSON_BROKEN; t = json_read_next(r))
        ;
    require(r->line >= 1 && r->column >= 1 && r->column <= size + 1);
    require(!whole || (r->token == JSON_END && r->mended == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_read r;
    struct blocks b;
    json_error_t err;
    bool odd = false;
    json_t *theirs = json_loadb((const char *)data, size, JSON_ALLOW_NUL | JSON_DECODE_ANY, &err);

    start(&r, &b, data, size);
    json_t *ours = read_tree(&r, &odd);
    require(r.line >= 1 && r.column >= 1 && r.column <= size + 1);
    require((ours == NULL) == (r.why != NULL));
    if (ours && theirs) {
        require(odd || json_equal(ours, theirs));
    } else if (theirs) {
        /* jansson takes a NUL for the end, and swallows one behind a number. */
        bool nul = size > 0 && memchr(data, 0, size);
        require(strstr(r.why, "too deep") || nul);
    } else if (ours) {
        enum json_error_code code = json_error_code(&err);
        require(code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
                code == json_error_stack_overflow);
    }
    check_skipping(&r, data, size, ours != NULL);
    check_mending(&r, data, size, ours != NULL);
    json_decref(ours);
    json_decref(theirs);
    return 0;
}
