/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking the daemon by its control socket (serve/control.h). */
#ifndef BRIDLE_CTL_ASK_H
#define BRIDLE_CTL_ASK_H

#include <stddef.h>

/* Sends a request. 0: `*ret_text` (free it) is the answer, `*ret_fd` a descriptor that came with it or -1;
 * a negative errno after a message for people. `ret_fd` may be NULL. */
int ask(const char *socket_path, const char *request, char **ret_text, int *ret_fd);

#endif
