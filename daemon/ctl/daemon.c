/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl status, changes, reload: what the daemon answers is printed as it is. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "ctl/ask.h"
#include "ctl/bridlectl.h"

static int print_answer(const struct ctl *c, const char *request)
{
    char *text;

    if (ask(c->socket, request, &text, NULL) < 0)
        return CTL_FAILED;
    fputs(text, stdout);
    free(text);
    return CTL_DONE;
}

int ctl_status(const struct ctl *c)
{
    return print_answer(c, c->json ? "status json" : "status");
}

int ctl_changes(const struct ctl *c)
{
    return print_answer(c, c->json ? "changes json" : "changes");
}

int ctl_reload(const struct ctl *c)
{
    char *text, line[16384];

    if (ask(c->socket, c->take_shrunk ? "reload take-shrunk" : "reload", &text, NULL) < 0)
        return CTL_FAILED;
    if (c->json) {
        struct text t = text_on(line, sizeof line);
        struct json j = json_on(&t);
        json_open(&j, NULL);
        json_bool(&j, "reloaded", true);
        json_str(&j, "text", text);
        json_close(&j);
        puts(line);
    } else {
        fputs(text, stdout);
    }
    free(text);
    return CTL_DONE;
}
