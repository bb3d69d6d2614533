/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of one indicator file, by line or by block, with bounded memory: hostile files are endless, hold
 * one line of a gigabyte, or grow while they are read. */
#ifndef BRIDLE_INTEL_LOAD_INPUT_H
#define BRIDLE_INTEL_LOAD_INPUT_H

#include "base/span.h"

/* Longest line that is read; formats are recognised by as many first bytes. */
#define LOAD_LINE_BYTES_MAX 65536u

struct load_unpack;

struct load_input {
    int fd;                     /* borrowed; -1: `memory` is read instead */
    struct span memory, whole;  /* borrowed; what is left of it, and all of it */
    struct load_unpack *unpack; /* owned; NULL: the bytes are not packed */
    uint64_t bytes_max;         /* as given */
    uint64_t room;              /* bytes that may still come, unpacked */
    uint64_t taken;             /* bytes that were read of the file, packed as they are */
    uint32_t line;              /* number of the line last returned, from 1 */
    int error;                  /* 0, or the negative errno that ended it; load_input_why says it in words */
    bool at_end;
    size_t start, end;                     /* what is unread in `buf` */
    uint8_t buf[LOAD_LINE_BYTES_MAX + 2u]; /* a longest line and its CR LF */
};

/* Starts reading `fd`, or `memory` where it is -1; at most `bytes_max`. */
void load_input_init(struct load_input *in, int fd, struct span memory, uint64_t bytes_max);
/* What it owns; not the descriptor. */
void load_input_done(struct load_input *in);
/* Before anything else: sees whether the bytes are packed, which is undone from then on, and leaves a byte
 * order mark out. 0 or negative errno. */
int load_input_start(struct load_input *in);
/* Begins anew, as after load_input_start: for formats that read a file twice. 0 or negative errno. */
int load_input_rewind(struct load_input *in);
/* Why it ended although there is more: text, valid until the next call. */
const char *load_input_why(const struct load_input *in);
/* The unread bytes that lie ahead, at most a buffer full, without taking them. */
struct span load_input_head(struct load_input *in);
void load_input_skip(struct load_input *in, size_t bytes);

enum load_input_line { LOAD_INPUT_LINE, LOAD_INPUT_TOO_LONG, LOAD_INPUT_END };
/* The next line without its LF or CR LF, valid until the next call. TOO_LONG: `ret` is its beginning, the
 * rest was skipped. END: look at `error`; a line that an error cut is none. */
enum load_input_line load_input_line(struct load_input *in, struct span *ret);
/* Leaves out whole lines up to the next one that holds `byte`, much faster than reading them. Lines are no
 * longer numbered rightly then. */
void load_input_seek(struct load_input *in, uint8_t byte);
/* Up to `max` bytes into `to`; 0 at the end or on an error. */
size_t load_input_read(struct load_input *in, void *to, size_t max);

#endif
