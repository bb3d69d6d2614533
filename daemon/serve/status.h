/* SPDX-License-Identifier: BSD-2-Clause */
/* What `bridlectl status` shows, for people and as JSON. */
#ifndef BRIDLE_SERVE_STATUS_H
#define BRIDLE_SERVE_STATUS_H

#include "base/text.h"
#include "serve/serve.h"

void status_text(const struct serve *s, struct text *t);
void status_json(const struct serve *s, struct text *t);

#endif
