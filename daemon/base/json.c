/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing JSON (RFC 8259). */
#include "base/json.h"

static void lead(struct json *j, const char *key)
{
    if (j->comma)
        text_char(j->out, ',');
    j->comma = true;
    if (key != NULL) {
        text_char(j->out, '"');
        text_str(j->out, key);
        text_raw(j->out, span_of("\":", 2));
    }
}

static void opened(struct json *j, const char *key, char bracket)
{
    lead(j, key);
    text_char(j->out, bracket);
    j->comma = false;
}

static void closed(struct json *j, char bracket)
{
    text_char(j->out, bracket);
    j->comma = true;
}

void json_open(struct json *j, const char *key)
{
    opened(j, key, '{');
}

void json_close(struct json *j)
{
    closed(j, '}');
}

void json_open_array(struct json *j, const char *key)
{
    opened(j, key, '[');
}

void json_close_array(struct json *j)
{
    closed(j, ']');
}

void json_span(struct json *j, const char *key, struct span value)
{
    lead(j, key);
    text_char(j->out, '"');
    text_json(j->out, value);
    text_char(j->out, '"');
}

void json_str(struct json *j, const char *key, const char *value)
{
    json_span(j, key, span_str(value));
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
    lead(j, key);
    text_u64(j->out, value);
}

void json_i64(struct json *j, const char *key, int64_t value)
{
    lead(j, key);
    if (value < 0)
        text_char(j->out, '-');
    text_u64(j->out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_bool(struct json *j, const char *key, bool value)
{
    lead(j, key);
    text_str(j->out, value ? "true" : "false");
}
