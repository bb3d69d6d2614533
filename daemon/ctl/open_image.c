/* SPDX-License-Identifier: BSD-2-Clause */
/* The image of rules, compiled or not, or of the daemon. */
#include "ctl/open_image.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/run_load.h"

/* Descriptor or negative errno (told). */
static int open_any(const struct ctl *c)
{
    char *text;
    int fd = -1;

    if (c->rules_count > 0)
        return run_load_image((char *const *)(uintptr_t)c->rules, c->rules_count);
    int rc = ask(c->socket, "image", &text, &fd);
    if (rc < 0) {
        log_error("rules can be asked without a daemon: -R PATH");
        return rc;
    }
    free(text);
    return fd >= 0 ? fd : -EPROTO;
}

struct image *open_image(const struct ctl *c)
{
    const char *why;
    int fd = open_any(c);

    if (fd < 0)
        return NULL;
    struct image *im = image_map(fd, true, &why);
    close(fd);
    if (im == NULL)
        log_error("the matcher image cannot be used: %s", why);
    return im;
}
