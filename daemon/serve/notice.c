/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker's notices mean for people. */
#include "serve/notice.h"

#include "base/text.h"

enum log_level notice_level(uint8_t notice, bool *ret_event)
{
    *ret_event = notice != NOTICE_FILE_DONE && notice != NOTICE_DONE;
    switch (notice) {
    case NOTICE_FILE_DONE:
    case NOTICE_DONE:
        return LOG_LEVEL_DEBUG;
    case NOTICE_FILE_BAD:
    case NOTICE_FILE_ERROR:
        return LOG_LEVEL_ERROR;
    default:
        return LOG_LEVEL_WARNING;
    }
}

bool notice_once(uint8_t notice)
{
    _Static_assert(NOTICES <= 32, "a bit for each");
    switch (notice) {
    case NOTICE_CLIENTS_ONLY:
    case NOTICE_SERVERS_ONLY:
    case NOTICE_ONE_CLIENT:
    case NOTICE_DARK:
    case NOTICE_DNS_ENCRYPTED:
        return true;
    default:
        return false;
    }
}

static bool ends_with(const struct text *t, const char *word)
{
    size_t n = strlen(word);
    return t->len >= n && memcmp(t->at + t->len - n, word, n) == 0;
}

static void number(struct text *t, uint64_t value, const struct image *im,
                   const char *(*source)(void *ctx, uint32_t source), void *ctx)
{
    const char *name = NULL;
    struct ioc ioc;

    if (value < UINT32_MAX && (ends_with(t, "file ") || ends_with(t, "interface ")))
        name = source(ctx, (uint32_t)value);
    if (ends_with(t, "indicator ") && im != NULL && value < UINT32_MAX &&
        image_ioc(im, (uint32_t)value, &ioc))
        text_name(t, ioc.value);
    else if (name != NULL)
        text_escaped(t, span_str(name));
    else if (ends_with(t, "error ") && value < 4096)
        text_str(t, strerror((int)value));
    else
        text_fmt(t, "%llu", (unsigned long long)value);
}

void notice_text(const struct record *r, const struct image *im,
                 const char *(*source)(void *ctx, uint32_t source), void *ctx, char *ret, size_t bytes)
{
    static const char mark[] = "%llu";
    struct text t = text_on(ret, bytes);
    unsigned used = 0;

    for (const char *p = notice_texts[r->notice]; *p != 0;) {
        if (used < 2 && strncmp(p, mark, sizeof mark - 1) == 0) {
            number(&t, r->number[used++], im, source, ctx);
            p += sizeof mark - 1;
        } else {
            text_char(&t, *p++);
        }
    }
}
