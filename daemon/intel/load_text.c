/* SPDX-License-Identifier: BSD-2-Clause */
/* Dates (RFC 3339), words and suggestions in indicator files. */
#include "intel/load_text.h"

#include "base/text.h"
#include "intel/load_input.h"

/* So many lines are enough to know a format by. */
#define LINES_TRIED 400

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

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};

/* The number at the start of a word, of at most nine digits; 0: it does not begin so. */
static unsigned leading_number(struct span s, size_t *ret_digits)
{
    unsigned n = 0;
    size_t i = 0;

    for (; i < s.len && i < 9 && s.at[i] >= '0' && s.at[i] <= '9'; i++)
        n = n * 10 + (unsigned)(s.at[i] - '0');
    *ret_digits = i;
    return n;
}

/* Day, name of the month and year in any order but year first, with commas and `th`. */
static bool date_in_words(struct span text, int ret[3])
{
    unsigned found = 0;

    for (unsigned words = 0; words < 4; words++) {
        struct span w = load_word(&text);
        size_t n;
        unsigned number = leading_number(w, &n), which = 1;
        for (; which < 13 && (w.len < 3 || !load_begins(w, months[which - 1])); which++)
            ;
        if (w.len == 0)
            return found == 7;
        unsigned part = which < 13 ? 1 : n == 4 ? 0 : n > 0 && n < 3 ? 2 : 3;
        if (part == 3 || (found & 1u << part))
            return false;
        found |= 1u << part;
        ret[part] = (int)(part == 1 ? which : number);
    }
    return false;
}

/* `YYYYMMDD`, or with `_` or `/` between, as `YYYY-MM-DD`. */
static bool date_by_digits(struct span text, char to[11])
{
    bool bare = text.len == 8;
    int ymd[3];

    if (bare ? !digits(text, 0, 4, &ymd[0]) || !digits(text, 4, 2, &ymd[1]) || !digits(text, 6, 2, &ymd[2])
             : text.len != 10 || (text.at[4] != '_' && text.at[4] != '/') || text.at[7] != text.at[4])
        return false;
    memcpy(to, text.at, 4);
    to[4] = to[7] = '-';
    memcpy(to + 5, text.at + (bare ? 4 : 5), 2);
    memcpy(to + 8, text.at + (bare ? 6 : 8), 2);
    to[10] = 0;
    return true;
}

/* Seconds since 1970, with a fraction or not, or milliseconds: from 2001 on, else it is some other number. */
static bool epoch(struct span text, int64_t *ret_s)
{
    int64_t n = 0;
    size_t i = 0;

    for (; i < text.len && i < 13 && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        n = n * 10 + (text.at[i] - '0');
    bool fraction = i == 10 && i < text.len && text.at[i] == '.';
    if ((i != 10 && i != 13) || n < 1000000000 || (i < text.len && !fraction))
        return false;
    *ret_s = i == 13 ? n / 1000 : n;
    return true;
}

bool load_date_any(struct span text, bool last, int64_t *ret_s)
{
    char ymd[11];
    int part[3];

    text = load_trim(text);
    if (load_date(text, last, ret_s))
        return true;
    if (date_by_digits(text, ymd))
        return load_date(span_str(ymd), last, ret_s);
    /* `YYYY-MM-DD HH:MM:SS` and the like without a zone: UTC is meant. */
    if (text.len >= 19 && text.len < 30 && text.at[4] == '-') {
        char utc[32];
        memcpy(utc, text.at, text.len);
        utc[text.len] = 'Z';
        return load_date(span_of(utc, text.len + 1), last, ret_s);
    }
    if (epoch(text, ret_s))
        return true;
    if (!date_in_words(text, part) || part[2] < 1 || part[2] > days_in(part[0], part[1]))
        return false;
    *ret_s = days(part[0], part[1], part[2]) * 86400 + (last ? 86399 : 0);
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

/* Whether one of eight octets is a blank, or below it. */
static bool has_blank(const uint8_t *at)
{
    const uint64_t each = 0x0101010101010101u;
    uint64_t w;

    memcpy(&w, at, sizeof w);
    return ((w - (' ' + 1) * each) & ~w & 0x80 * each) != 0;
}

struct span load_word(struct span *rest)
{
    size_t n = 0;

    *rest = load_trim(*rest);
    while (rest->len - n >= 8 && !has_blank(rest->at + n))
        n += 8;
    while (n < rest->len && !load_is_space(rest->at[n]))
        n++;
    struct span word = span_of(rest->at, n);
    *rest = span_of(rest->at + n, rest->len - n);
    return word;
}

struct span load_list_word(struct span *rest)
{
    struct span word = load_word(rest);
    bool slashes = word.len > 1 && word.at[0] == '/' && word.at[1] == '/'; /* inside, it is part of a URL */

    if (word.len > 0 && (word.at[0] == '#' || word.at[0] == ';' || slashes))
        word.len = rest->len = 0;
    return word;
}

struct span load_split(struct span *rest, uint8_t byte)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->at, byte, rest->len) : NULL;
    struct span part = span_of(rest->at, at ? (size_t)(at - rest->at) : rest->len);
    size_t taken = part.len + (at ? 1 : 0);

    *rest = span_of(rest->at + taken, rest->len - taken);
    return part;
}

static uint8_t lower_case(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool load_begins(struct span s, const char *lower)
{
    size_t i = 0;

    while (lower[i] && i < s.len && lower_case(s.at[i]) == (uint8_t)lower[i])
        i++;
    return lower[i] == 0;
}

bool load_same(struct span s, const char *lower)
{
    return s.len == strlen(lower) && load_begins(s, lower);
}

struct span load_unquoted(struct span s)
{
    bool quoted = s.len >= 2 && (s.at[0] == '"' || s.at[0] == '\'') && s.at[s.len - 1] == s.at[0];
    return quoted ? span_of(s.at + 1, s.len - 2) : s;
}

bool load_is_uuid(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? s.at[i] != '-' : text_hex_digit(s.at[i]) < 0)
            return false;
    }
    return s.len == LOAD_UUID_LEN;
}

bool load_votes(struct span head, enum load_vote (*vote)(struct span line), unsigned no_each)
{
    unsigned votes[LOAD_VOTE_NO + 1] = {0};
    bool cut = head.len >= LOAD_LINE_BYTES_MAX;

    for (unsigned i = 0; i < LINES_TRIED && head.len > 0; i++) {
        bool last = memchr(head.at, '\n', head.len) == NULL;
        struct span line = load_trim(load_split(&head, '\n'));
        if (line.len > 0 && !(last && cut && i > 0))
            votes[vote(line)]++;
    }
    return votes[LOAD_VOTE_YES] > 0 && votes[LOAD_VOTE_YES] * no_each >= votes[LOAD_VOTE_NO];
}
