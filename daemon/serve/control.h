/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket, by which bridlectl speaks to the daemon. A request is one line of words; the answer is
 * `ok` and a newline, or `error` and a blank, then text until the end. Text is made here, for people or as
 * JSON, so that a client needs no parser. A command is one row in control_commands.c.
 */
#ifndef BRIDLE_SERVE_CONTROL_H
#define BRIDLE_SERVE_CONTROL_H

#include "serve/serve.h"

#define CONTROL_REQUEST_MAX 4096
#define CONTROL_CLIENTS_MAX 16
#define CONTROL_WORDS_MAX   8

/* A request taken apart, in place. */
struct control_request {
    unsigned words;
    const char *word[CONTROL_WORDS_MAX]; /* borrowed from the line */
    bool json;                           /* the word `json` followed the command; it is not among the words */
};

/* Splits a line (without newline) at blanks. False: nothing in it, too many words, or an odd byte. */
bool control_parse(char *line, struct control_request *ret);

struct control;
struct control_client;

/* One command: answers now (control_answer) or later. */
struct control_command {
    const char *name;
    void (*run)(struct serve *s, struct control_client *c, const struct control_request *q);
};

extern const struct control_command control_commands[]; /* ends with a NULL name */

/* Opens the socket, while we may still be root; removes one that nobody listens on. 0, or -EINVAL (told). */
int control_open(struct serve *s);
/* Starts to serve. 0 or -ENOMEM. */
int control_start(struct serve *s);
/* Closes and removes it. */
void control_free(struct control *c);

/* Answers: `ok` and text, with a descriptor (borrowed) unless -1; or `error` and text, perhaps several lines.
 */
void control_answer(struct control_client *c, struct span text, int fd);
void control_refuse(struct control_client *c, const char *text);

#endif
