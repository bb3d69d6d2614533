/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of an Initial packet: RFC 9000 §12.4 and §19. */
#ifndef BRIDLE_PROTO_QUIC_FRAMES_H
#define BRIDLE_PROTO_QUIC_FRAMES_H

#include "proto/proto.h"

/*
 * Walks the frames at `c`, of which those of type `crypto` are CRYPTO frames (quic_version), up to the first
 * that Initial packets may not hold, or that contradicts itself: CUR_BAD; CUR_CUT where the capture ends.
 * With `p`, the data of CRYPTO frames go to p->piece. *ret_hello: one of them holds the beginning of a
 * ClientHello; NULL: nobody asks.
 */
enum cur_state quic_frames(struct cur c, uint8_t crypto, const struct parse *p, bool *ret_hello);

#endif
