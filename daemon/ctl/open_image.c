/* SPDX-License-Identifier: BSD-2-Clause */
/* The image of rules, compiled or not, or of the daemon. */
#include "ctl/open_image.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/check_paths.h"
#include "ctl/run_load.h"

int open_image_of(const struct ctl *c, char *const *words, size_t count)
{
    struct ctl only = {.config = c->config}; /* other options mean something else here */
    struct check_paths p;

    if (count > 0)
        return run_load_image(words, count);
    if (!run_load_possible() || check_paths_make(&p, &only) != CTL_DONE)
        return -EINVAL;
    int fd = run_load_paths_image(&p.paths);
    check_paths_free(&p);
    return fd;
}

/* Descriptor or negative errno (told). */
static int open_any(const struct ctl *c)
{
    char *text;
    int fd = -1;

    if (c->rules_count > 0 || c->config != NULL)
        return open_image_of(c, (char *const *)(uintptr_t)c->rules, c->rules_count);
    int rc = ask(c->socket, "image", &text, &fd);
    if (rc < 0) {
        log_error("rules can be asked without a daemon: -R PATH, or -c CONF");
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
