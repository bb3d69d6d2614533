/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates (RFC 3339), words and suggestions in indicator files. */
#include "intel/load_text.h"

#define WORD_MAX 32 /* longer ones are like none of ours */

static bool digits(struct span s, size_t at, size_t n, int *ret)
{
    int v = 0;

    if (s.len < at + n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        v = v * 10 + (s.at[i] - '0');
    }
    *ret = v;
    return true;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years are counted from March. */
static int64_t days(int y, int m, int d)
{
    int64_t year = m > 2 ? y : y - 1;
    int64_t of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

static int days_in(int y, int m)
{
    static const uint8_t table[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m == 2 && leap ? 29 : table[m - 1];
}

/* What stands behind the seconds: an optional fraction, then Z or an offset (RFC 3339 §5.6). */
static bool zone(struct span s, int *ret_offset_s)
{
    size_t i = 0;
    int h, m;

    if (s.len > 0 && s.at[0] == '.')
        for (i = 1; i < s.len && s.at[i] >= '0' && s.at[i] <= '9'; i++)
            ;
    *ret_offset_s = 0;
    if (s.len == i + 1 && (s.at[i] == 'Z' || s.at[i] == 'z'))
        return true;
    if (s.len != i + 6 || (s.at[i] != '+' && s.at[i] != '-') || !digits(s, i + 1, 2, &h) ||
        s.at[i + 3] != ':' || !digits(s, i + 4, 2, &m) || h > 23 || m > 59)
        return false;
    *ret_offset_s = (h * 3600 + m * 60) * (s.at[i] == '-' ? -1 : 1);
    return true;
}

bool load_date(struct span text, bool last, int64_t *ret_s)
{
    int y, mo, d, h, mi, sec, offset_s;

    if (!digits(text, 0, 4, &y) || !digits(text, 5, 2, &mo) || !digits(text, 8, 2, &d) || text.at[4] != '-' ||
        text.at[7] != '-' || mo < 1 || mo > 12 || d < 1 || d > days_in(y, mo))
        return false;
    int64_t s = days(y, mo, d) * 86400;
    if (text.len == 10) {
        *ret_s = last ? s + 86399 : s;
        return true;
    }
    if ((text.at[10] != 'T' && text.at[10] != 't' && text.at[10] != ' ') || !digits(text, 11, 2, &h) ||
        !digits(text, 14, 2, &mi) || !digits(text, 17, 2, &sec) || text.at[13] != ':' || text.at[16] != ':' ||
        h > 23 || mi > 59 || sec > 60 || !zone(span_of(text.at + 19, text.len - 19), &offset_s))
        return false;
    *ret_s = s + h * 3600 + mi * 60 + sec - offset_s;
    return true;
}

/* Insertions, deletions and replacements that lead from `a` to `b` (Levenshtein). */
static unsigned distance(struct span a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    size_t n = strlen(b);

    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned best = diagonal + (a.at[i - 1] != (uint8_t)b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

const char *load_closest(struct span text, const char *const *words)
{
    const char *best = NULL;
    unsigned least = 0;

    if (text.len == 0 || text.len > WORD_MAX)
        return NULL;
    for (; *words; words++) {
        unsigned d = distance(text, *words);
        if (d <= 1 + strlen(*words) / 3 && (!best || d < least)) {
            best = *words;
            least = d;
        }
    }
    return best;
}

struct span load_trim(struct span s)
{
    while (s.len > 0 && load_is_space(s.at[0]))
        s = span_of(s.at + 1, s.len - 1);
    while (s.len > 0 && load_is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct span load_word(struct span *rest)
{
    size_t n = 0;

    *rest = load_trim(*rest);
    while (n < rest->len && !load_is_space(rest->at[n]))
        n++;
    struct span word = span_of(rest->at, n);
    *rest = span_of(rest->at + n, rest->len - n);
    return word;
}
