/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a list: as the format that the first byte chooses, and as what they are recognised as, packed
 * ones too. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_load.h"

static const char *const formats[] = {
    "plain", "hosts",      "adblock",          "dnsmasq",        "unbound", "nftset",
    "rpz",   "zeek-intel", "suricata-dataset", "suricata-rules", "csv",     "csv",
};

#define FORMATS (sizeof(formats) / sizeof(*formats))

/* A format that the content need not look like can only be asked for by a source, which has a path. */
static void load_as(unsigned which, const void *at, size_t size)
{
    struct load_options o = {.format = formats[which],
                             .columns = which == FORMATS - 1 ? "value,type,campaign,date,to_ids,tier" : NULL};
    uint64_t loaded = 0;
    struct load_report report = {.line = check_line, .ctx = &loaded};
    struct build *b = build_new();
    struct loader *l = b ? loader_new(b, &report, "") : NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    require(l && fd >= 0 && write(fd, at, size) == (ssize_t)size);
    require(loader_source(l, path, &o) == 0);
    require(loader_finish(l) == 0);
    require(build_count(b) == loaded);
    loader_free(l);
    build_free(b);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    load_as((data[0] >= 'a' ? data[0] - 'a' : data[0]) % (unsigned)FORMATS, data + 1, size - 1);
    load_bytes(data + 1, size - 1);
    return 0;
}
