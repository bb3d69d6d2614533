/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that stand for a receiver of TZSP where else an interface is named. */
#include <stdlib.h>

#include "packet/capture.h"

static const char prefix[] = "tzsp:";

bool capture_is_tzsp(const char *interface)
{
    return strncmp(interface, prefix, sizeof prefix - 1) == 0;
}

static bool read_port(const char *text, uint16_t *ret)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != 0 || n == 0 || n > 65535)
        return false;
    *ret = (uint16_t)n;
    return true;
}

bool capture_tzsp_read(const char *interface, struct capture_tzsp_name *ret)
{
    if (!capture_is_tzsp(interface) || strlen(interface) >= CAPTURE_NAME_MAX)
        return false;
    const char *text = interface + sizeof prefix - 1, *colon = strrchr(text, ':');
    struct capture_tzsp_name name = {.any = colon == NULL};
    if (colon != NULL) {
        struct span addr = span_of(text, (size_t)(colon - text));
        bool brackets = addr.len > 2 && addr.at[0] == '[' && addr.at[addr.len - 1] == ']';
        if (brackets)
            addr = span_of(addr.at + 1, addr.len - 2);
        if (!addr_parse(addr, &name.addr) || brackets == (memchr(addr.at, ':', addr.len) == NULL))
            return false;
        text = colon + 1;
    }
    if (!read_port(text, &name.port))
        return false;
    *ret = name;
    return true;
}
