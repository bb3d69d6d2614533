/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.x: the input is the start of a stream. Prefix after prefix must give what the whole gives. Two
 * oracles: a plain Host header that a naive reader finds is told; and what is told stands in the input.
 */
#include <ctype.h>

#include "proto/collect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 8192u
#define HOSTS_MAX 8u

/* The bytes as a string in lower case, in which nothing ends it early. */
static char *folded(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(data[i] == 0 ? 1 : data[i] < 128 ? tolower(data[i]) : data[i]);
    text[size] = 0;
    return text;
}

/* What is told is a part of the input but for what was escaped. */
static void check_told(const struct collect *k, const char *input)
{
    char *lines = strdup(k->lines), *rest = lines, *line;

    while ((line = strsep(&rest, "\n")) != NULL && *line != 0) {
        char *name = strchr(line, ' ') + 1;
        if (strchr(name, '\\') == NULL && strstr(input, name) == NULL)
            abort();
    }
    free(lines);
}

/* Every `Host: plain.name` of a request whose head is whole; no cleverness. */
static void check_hosts(const struct collect *k, char *input)
{
    char *line, *rest = input, want[300];
    unsigned hosts = 0;

    strsep(&rest, "\n");
    while (rest != NULL && (line = strsep(&rest, "\n")) != NULL && *line != 0 && strcmp(line, "\r") != 0) {
        size_t len = strspn(line + (strncmp(line, "host: ", 6) == 0 ? 6 : 0), "abcdefghijklmnopqrstuvwxyz-");
        hosts += strstr(line, "host") != NULL || (*line == ' ' || *line == '\t');
        if (strncmp(line, "host: ", 6) != 0 || len == 0 || len > 250 || hosts + 1 > HOSTS_MAX ||
            (line[6 + len] != 0 && line[6 + len] != '\r') || (line[6 + len] == '\r' && line[7 + len] != 0))
            continue;
        snprintf(want, sizeof want, "http-host %.*s\n", (int)len, line + 6);
        if (strstr(k->lines, want) == NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct proto *http = collect_proto("http");
    struct collect k = {.values_only = true};

    if (size > INPUT_MAX)
        return 0;
    for (size_t n = 0; n <= size && n < 64; n++)
        if (http->tcp_starts(span_of(data, n), false) == STARTS_NO &&
            http->tcp_starts(span_of(data, size), false) != STARTS_NO)
            abort();
    collect_prefixes(http->tcp, data, size, size / 64 + 1);
    collect_clear(&k);
    collect_run(&k, http->tcp, data, size);
    if (k.result == PARSE_NEXT) {
        char *input = folded(data, size);
        check_told(&k, input);
        if (http->tcp_starts(span_of(data, size), false) != STARTS_YES)
            abort();
        if (data[0] != '\r' && data[0] != '\n' && !k.p.facts.response)
            check_hosts(&k, input);
        free(input);
    }
    collect_done(&k);
    return 0;
}
