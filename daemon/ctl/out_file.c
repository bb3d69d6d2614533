/* SPDX-License-Identifier: BSD-2-Clause */
/* Replacing files whole. */
#include "ctl/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int out_file_open(struct out_file *o, const char *path)
{
    *o = (struct out_file){.stream = stdout};
    if (path == NULL || strcmp(path, "-") == 0)
        return 0;
    o->path = path;
    if (asprintf(&o->temporary, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    int fd = mkostemp(o->temporary, O_CLOEXEC);
    o->stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (o->stream != NULL)
        return 0;
    int rc = -errno;
    if (fd >= 0) {
        close(fd);
        unlink(o->temporary);
    }
    free(o->temporary);
    return rc;
}

int out_file_close(struct out_file *o, int rc)
{
    if (rc == 0 && (fflush(o->stream) != 0 || ferror(o->stream) != 0))
        rc = errno != 0 ? -errno : -EIO;
    if (o->path == NULL)
        return rc;
    if (rc == 0 && (fchmod(fileno(o->stream), 0644) < 0 || fsync(fileno(o->stream)) < 0))
        rc = -errno;
    if (fclose(o->stream) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(o->temporary, o->path) < 0)
        rc = -errno;
    if (rc < 0)
        unlink(o->temporary);
    free(o->temporary);
    return rc;
}
