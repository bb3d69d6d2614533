/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration files: whatever is in them, each problem is one clean line, and what was taken is printed so
 * that it is read back the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/settings.h"

static void tell(void *ctx, bool error, const char *text)
{
    unsigned *problems = ctx;

    for (const char *p = text; *p != 0; p++)
        if (*p < ' ' || *p == 0x7f)
            abort();
    ++*problems;
}

/* A file that conf_read can open by name. */
static int file_of(const void *bytes, size_t len, char path[32])
{
    int fd = memfd_create("conf", 0);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static char *printed(const struct settings *s, size_t *ret_len)
{
    char *text = NULL;
    FILE *mem = open_memstream(&text, ret_len);

    if (mem == NULL)
        abort();
    conf_print(settings_keys, settings_count, s, mem);
    fclose(mem);
    return text;
}

/* A word that no line has room for is printed nevertheless. */
static bool fits(const char *text)
{
    for (size_t column = 0; *text != 0; text++) {
        column = *text == '\n' ? 0 : column + 1;
        if (column > 190)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings s, again;
    char path[32];
    unsigned problems = 0;
    size_t len, len_again;

    int fd = file_of(data, size, path);
    if (conf_defaults(settings_keys, settings_count, &s) < 0 ||
        conf_defaults(settings_keys, settings_count, &again) < 0)
        abort();
    int r = conf_read(settings_keys, settings_count, &s, path, tell, &problems);
    close(fd);
    if ((r == -EINVAL) != (problems > 0))
        abort();
    settings_check(&s, tell, &problems);
    char *text = printed(&s, &len);
    fd = file_of(text, len, path);
    problems = 0;
    r = conf_read(settings_keys, settings_count, &again, path, tell, &problems);
    close(fd);
    char *text_again = printed(&again, &len_again);
    if (fits(text) && (r != 0 || len != len_again || memcmp(text, text_again, len) != 0))
        abort();
    free(text);
    free(text_again);
    conf_free(settings_keys, settings_count, &s);
    conf_free(settings_keys, settings_count, &again);
    return 0;
}
