/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the control socket: one row each. */
#include <stdlib.h>
#include <string.h>

#include "serve/changes.h"
#include "serve/control.h"
#include "serve/rules.h"
#include "serve/status.h"

#define STATUS_BYTES (256u * 1024)

static void status(struct serve *s, struct control_client *c, const struct control_request *q)
{
    char *buf = malloc(STATUS_BYTES);

    if (buf == NULL) {
        control_refuse(c, "no memory");
        return;
    }
    struct text t = text_on(buf, STATUS_BYTES);
    if (q->json)
        status_json(s, &t);
    else
        status_text(s, &t);
    control_answer(c, text_span(&t), -1);
    free(buf);
}

static void reloaded(void *ctx, bool good, const char *text)
{
    struct control_client *c = ctx;

    if (good)
        control_answer(c, span_str(text), -1);
    else
        control_refuse(c, text);
}

static void reload(struct serve *s, struct control_client *c, const struct control_request *q)
{
    bool take_shrunk = q->words > 1 && strcmp(q->word[1], "take-shrunk") == 0;
    unsigned how = RULES_REREAD | (take_shrunk ? RULES_TAKE_SHRUNK : 0);

    if (rules_reload(s, how, reloaded, c) < 0)
        control_refuse(c, "too many reloads wait already");
}

static void changes(struct serve *s, struct control_client *c, const struct control_request *q)
{
    const size_t room = 2 * CHANGES_BYTES + 1;
    char *buf = malloc(room);

    if (buf == NULL) {
        control_refuse(c, "no memory");
        return;
    }
    struct text t = text_on(buf, room);
    changes_print(s->settings.state_dir, q->json, &t);
    if (s->settings.state_dir[0] == 0)
        control_refuse(c, "without a state folder (daemon.state) changes are not kept");
    else
        control_answer(c, text_span(&t), -1);
    free(buf);
}

/* The image itself, read-only by its seals: whoever may ask us may look names up on their own. */
static void image(struct serve *s, struct control_client *c, const struct control_request *q)
{
    control_answer(c, span_str(""), images_newest(&s->images)->fd);
}

const struct control_command control_commands[] = {
    {"status", status}, {"reload", reload}, {"changes", changes}, {"image", image}, {NULL, NULL},
};
