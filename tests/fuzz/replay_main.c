/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a corpus folder through one fuzz target as a TAP test: every file whole, and every prefix of it, so
 * that a parser meets each place where its input can end. Inputs are copied to heap blocks of their exact
 * size, where sanitizers see a read of one byte too much.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES_MAX (1u << 20)
#define PREFIXES_MAX   2048u /* of one file: long files are cut at evenly spread places */

static void run(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    memcpy(exact, bytes, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static bool run_file(const char *folder, const char *name)
{
    char path[4096];
    static uint8_t bytes[FILE_BYTES_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    size_t len = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);

    size_t step = len / PREFIXES_MAX + 1;
    for (size_t cut = 0; cut < len; cut += step)
        run(bytes, cut);
    run(bytes, len);
    return true;
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    bool failed = false;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    int n = scandir(argv[1], &entries, is_visible, alphasort);
    if (n <= 0) {
        printf("1..1\nnot ok 1 - corpus %s: %s\n", argv[1], n < 0 ? strerror(errno) : "empty");
        return 1;
    }
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        bool ok = run_file(argv[1], entries[i]->d_name);
        printf("%sok %d - %s and its prefixes\n", ok ? "" : "not ", i + 1, entries[i]->d_name);
        fflush(stdout);
        failed |= !ok;
        free(entries[i]);
    }
    free(entries);
    return failed;
}
