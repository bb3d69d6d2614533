/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing JSON (RFC 8259) into a text builder: commas and escapes are taken care of, so output cannot be
 * broken. */
#ifndef BRIDLE_BASE_JSON_H
#define BRIDLE_BASE_JSON_H

#include "base/text.h"

struct json {
    struct text *out; /* borrowed */
    bool comma;       /* a value stands before: the next one needs a comma */
};

static inline struct json json_on(struct text *out)
{
    return (struct json){.out = out};
}

/* `key` is NULL inside an array and at the top. Keys are ours and are not escaped. */
void json_open(struct json *j, const char *key);       /* { */
void json_close(struct json *j);                       /* } */
void json_open_array(struct json *j, const char *key); /* [ */
void json_close_array(struct json *j);                 /* ] */
void json_span(struct json *j, const char *key, struct span value);
void json_str(struct json *j, const char *key, const char *value);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_i64(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);

#endif
