/* SPDX-License-Identifier: BSD-2-Clause */
/* One value of the configuration: text to field and back. For conf*.c and what writes the manual. */
#ifndef BRIDLE_BASE_CONF_VALUE_H
#define BRIDLE_BASE_CONF_VALUE_H

#include "base/conf.h"
#include "base/text.h"

/* Longest value of TEXT, and most words of a LIST, that are taken. */
#define CONF_TEXT_MAX  4096
#define CONF_WORDS_MAX 1024

/*
 * Reads `value` into the field of `into`. `add`: LIST gets more words, TEXT is continued after a blank; other
 * types refuse. 0; -EINVAL with what is wrong and what to do in `why`; -ENOMEM (in `why` too). The field is
 * untouched on failure.
 */
int conf_value_set(const struct conf_key *key, void *into, const char *value, bool add, struct text *why);
void conf_value_free(const struct conf_key *key, void *into);
/* The value as it would stand in a file, on one line. */
void conf_value_print(const struct conf_key *key, const void *from, FILE *to);
/* "a number from 1 to 64", for people. */
void conf_value_describe(const struct conf_key *key, struct text *t);
/* Whether a line begins with `word =`: then it is a key even when it is indented. */
bool conf_is_assignment(const char *line);
/* How many changes of one letter (wrong, missing, too many, two swapped) lie between two words. */
unsigned conf_distance(const char *a, const char *b);
/* Whether `typed` may well be a slip of the finger for `meant`. */
bool conf_resembles(const char *typed, const char *meant);

#endif
