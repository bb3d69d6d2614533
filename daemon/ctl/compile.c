/* SPDX-License-Identifier: BSD-2-Clause */
/* bridlectl compile: the matcher image as a file, for machines that shall read no feeds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/bridlectl.h"
#include "ctl/run_load.h"
#include "intel/image.h"

static int copy(int from, int to)
{
    static char part[65536];
    ssize_t n;

    if (lseek(from, 0, SEEK_SET) < 0)
        return -errno;
    while ((n = read(from, part, sizeof part)) > 0)
        for (ssize_t done = 0, m; done < n; done += m)
            if ((m = write(to, part + done, (size_t)(n - done))) < 0)
                return -errno;
    return n < 0 || fchmod(to, 0644) < 0 || fsync(to) < 0 ? -errno : 0;
}

/* Beside the target and then in its place: whoever has the old file mapped keeps it whole. */
static int replace(int image, const char *path)
{
    char *temporary;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    int fd = mkostemp(temporary, O_CLOEXEC), rc = fd < 0 ? -errno : copy(image, fd);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && rename(temporary, path) < 0)
        rc = -errno;
    if (rc < 0 && fd >= 0)
        unlink(temporary);
    free(temporary);
    return rc;
}

int ctl_compile(const struct ctl *c)
{
    const char *why;

    if (c->output == NULL) {
        log_error("compile needs -o FILE");
        return CTL_USAGE;
    }
    int fd = run_load_image(c->operand, c->operands);
    if (fd < 0)
        return CTL_FAILED;
    struct image *im = image_map(fd, true, &why);
    if (im == NULL) {
        log_error("the loader made no image: %s", why);
        close(fd);
        return CTL_FAILED;
    }
    int rc = replace(fd, c->output);
    if (rc < 0)
        log_error("%s: %s", c->output, strerror(-rc));
    else if (!c->json)
        printf("%s: %u indicators, %zu bytes\n", c->output, image_iocs(im), image_bytes(im));
    image_unmap(im);
    close(fd);
    return rc < 0 ? CTL_FAILED : CTL_DONE;
}
