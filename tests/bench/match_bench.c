/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What indicators cost by their number: time and memory to build an image, bytes of it, and a look-up of
 * names and addresses that are listed, and that are not. Prints one JSON object a line; the numbers of
 * indicators are the operands (default 5000 100000 1000000 10000000).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "intel/build.h"
#include "intel/match.h"

#define ASKED  (1u << 20)
#define AHEAD  16u
#define ROUNDS 5u

struct asked {
    struct span name[ASKED];
    struct addr addr[ASKED];
    char text[ASKED][40];
};

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "match_bench: %s\n", what);
    exit(1);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The i-th name: 18 characters on average, some of them under country domains. Different for different i. */
static struct span name_at(uint64_t i, char *to)
{
    static const char *const tlds[] = {"com", "com", "net", "org", "info", "xyz", "co.uk", "online"};
    uint64_t h = mix(i + 1);
    size_t len = 0;

    for (uint64_t left = i + 1; left > 0; left /= 26)
        to[len++] = (char)('a' + left % 26);
    for (uint64_t more = 4 + h % 9; more > 0; more--, h = mix(h))
        to[len++] = (char)('a' + h % 26);
    to[len++] = '.';
    const char *tld = tlds[mix(i) % 8];
    memcpy(to + len, tld, strlen(tld));
    return span_of(to, len + strlen(tld));
}

/* The i-th prefix: /24 to /32, every tenth IPv6, /48 to /64. */
static struct prefix prefix_at(uint64_t i)
{
    uint64_t h = mix(i + 7), low = mix(h);
    struct prefix p = {.bits = (uint8_t)(120 + low % 9)};

    p.addr = addr_v4(
        (const uint8_t[]){(uint8_t)(1 + h % 223), (uint8_t)(h >> 8), (uint8_t)(h >> 16), (uint8_t)(h >> 24)});
    if (i % 10 == 9) {
        p.bits = (uint8_t)(48 + low % 17);
        memcpy(p.addr.b + 2, &h, 6);
        memcpy(p.addr.b + 8, &low, 8);
        p.addr.b[0] = 0x20;
        p.addr.b[1] = 1;
    }
    p.addr = addr_mask(&p.addr, p.bits);
    return p;
}

/* What a loader has of each entry. */
union value {
    struct prefix prefix;
    char name[32]; /* ends with NUL */
};

static void add_all(struct build *b, bool names, const union value *v, uint32_t n)
{
    struct indicator ahead[AHEAD];

    for (uint32_t i = 0; i < n; i += AHEAD) {
        uint32_t k = n - i < AHEAD ? n - i : AHEAD;
        for (uint32_t j = 0; j < k; j++) {
            ahead[j] = (struct indicator){.type = IOC_DOMAIN,
                                          .campaign = span_str("campaign"),
                                          .source = span_str("https://example.org/source"),
                                          .feed = span_str("feed.txt"),
                                          .line = i + j + 1};
            if (names)
                ahead[j].name = span_str(v[i + j].name);
            else
                ahead[j].prefix = v[i + j].prefix;
            if (!names)
                ahead[j].type = ahead[j].prefix.bits == 128 ? IOC_ADDRESS : IOC_PREFIX;
            build_expect(b, &ahead[j]);
        }
        for (uint32_t j = 0; j < k; j++)
            require(build_indicator(b, &ahead[j], NULL) != BUILD_NO_MEMORY, "no memory");
    }
}

static union value *make_values(bool names, uint32_t n)
{
    union value *v = calloc(n, sizeof *v);

    require(v != NULL, "no memory");
    for (uint32_t i = 0; i < n; i++) {
        if (names)
            name_at(i, v[i].name);
        else
            v[i].prefix = prefix_at(i);
    }
    return v;
}

static double sink; /* so that no compiler leaves a look-up out */

static double ask_names(const struct image *im, struct asked *q)
{
    double best = 1e9;

    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = cpu_s();
        unsigned found = 0;
        for (uint32_t i = 0; i < ASKED; i++)
            found += match_name(im, q->name[i]).how;
        double took = cpu_s() - start;
        sink += found;
        best = took < best ? took : best;
    }
    return best / ASKED * 1e9;
}

static double ask_addrs(const struct image *im, struct asked *q)
{
    double best = 1e9;

    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = cpu_s();
        unsigned found = 0;
        for (uint32_t i = 0; i < ASKED; i++) {
            if (i + AHEAD < ASKED)
                match_addr_prefetch(im, &q->addr[i + AHEAD]);
            found += match_addr_maybe(im, &q->addr[i]) ? match_addr(im, &q->addr[i]).how : 0;
        }
        double took = cpu_s() - start;
        sink += found;
        best = took < best ? took : best;
    }
    return best / ASKED * 1e9;
}

/* What is asked for: listed values, or others of the same kind. */
static void choose(struct asked *q, uint32_t n, bool listed)
{
    for (uint32_t i = 0; i < ASKED; i++) {
        uint64_t k = listed ? mix(i) % n : (1ull << 32) + mix(i) % (1ull << 32);
        bool www = mix(k) % 2 == 0;
        memcpy(q->text[i], "www.", 4);
        q->name[i] = name_at(k, q->text[i] + 4);
        if (www)
            q->name[i] = span_of(q->text[i], q->name[i].len + 4);
        q->addr[i] = prefix_at(k).addr;
    }
}

static int image_fd;
static volatile uint64_t peak_bytes;

/* Memory of the process, and of the image that it has written: looked at each millisecond of CPU time. */
static void look(int signal)
{
    char line[64] = "";
    unsigned long pages = 0;
    struct stat st;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read(fd, line, sizeof line - 1) <= 0 || fstat(image_fd, &st) < 0)
        _exit(1);
    close(fd);
    const char *resident = strchr(line, ' ');
    pages = resident ? strtoul(resident, NULL, 10) : 0;
    uint64_t bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) + (uint64_t)st.st_blocks * 512;
    if (bytes > peak_bytes)
        peak_bytes = bytes;
}

static void look_each_ms(bool on)
{
    struct itimerval ms = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};

    signal(SIGPROF, look);
    setitimer(ITIMER_PROF, &ms, NULL);
}

static void measure(struct asked *q, bool names, uint32_t n)
{
    const char *why;
    struct build *b = build_new();
    union value *values = make_values(names, n);

    image_fd = memfd_create("image", MFD_CLOEXEC);
    require(image_fd >= 0 && b != NULL, "no memory");
    look(0);
    uint64_t before = peak_bytes;
    look_each_ms(true);
    double start = cpu_s();
    add_all(b, names, values, n);
    double added = cpu_s();
    uint64_t added_peak = peak_bytes;
    require(build_write(b, image_fd) == 0, "cannot write the image");
    double written = cpu_s();
    look_each_ms(false);
    build_free(b);
    struct image *im = image_map(image_fd, true, &why);
    require(im != NULL, why);
    double checked = cpu_s();
    free(values);
    double (*ask)(const struct image *, struct asked *) = names ? ask_names : ask_addrs;
    choose(q, n, false);
    double miss = ask(im, q);
    choose(q, n, true);
    double hit = ask(im, q);
    printf("{\"kind\": \"%s\", \"indicators\": %u, \"add_s\": %.3f, \"write_s\": %.3f, \"verify_s\": %.3f, "
           "\"bytes\": %zu, \"bytes_each\": %.2f, \"peak_bytes\": %llu, \"peak_ratio_add\": %.3f, "
           "\"peak_ratio\": %.3f, \"miss_ns\": %.1f, \"hit_ns\": %.1f}\n",
           names ? "name" : "address", image_iocs(im), added - start, written - added, checked - written,
           image_bytes(im), (double)image_bytes(im) / image_iocs(im), (unsigned long long)peak_bytes,
           (double)(added_peak - before) / (double)image_bytes(im),
           (double)(peak_bytes - before) / (double)image_bytes(im), miss, hit);
    image_unmap(im);
}

/* Each in a process of its own, so that its peak is its own. */
static void measure_apart(bool names, uint32_t n)
{
    fflush(stdout);
    pid_t pid = fork();
    int status;

    require(pid >= 0, "cannot fork");
    if (pid == 0) {
        struct asked *q = mmap(NULL, sizeof *q, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        require(q != MAP_FAILED, "no memory");
        measure(q, names, n);
        exit(sink < 0);
    }
    require(waitpid(pid, &status, 0) == pid && status == 0, "a measurement died");
}

int main(int argc, char **argv)
{
    static const uint32_t numbers[] = {5000, 100000, 1000000, 10000000};

    for (int i = 1; i < argc; i++)
        for (int names = 0; names < 2; names++)
            measure_apart(names, (uint32_t)strtoul(argv[i], NULL, 10));
    for (unsigned i = 0; argc == 1 && i < 4; i++) {
        measure_apart(true, numbers[i]);
        if (numbers[i] <= 1000000)
            measure_apart(false, numbers[i]);
    }
    return 0;
}
