/* SPDX-License-Identifier: BSD-2-Clause */
/* Which user to become when started as root. */
#ifndef BRIDLE_SERVE_USER_H
#define BRIDLE_SERVE_USER_H

#include "serve/serve.h"

/*
 * Decides on settings.user, and puts the decision there: where the user of the settings is the default one
 * and does not exist, nobody. A run by hand (-i without -c) whose rules only root can read stays root,
 * without root's capabilities: the user is then empty. Makes the folder of the state if it is missing. 0 or
 * -ENOMEM.
 */
int user_choose(struct serve *s);
/* A run by hand: interfaces on the command line, and no configuration file. */
bool user_by_hand(const struct options *o);

#endif
