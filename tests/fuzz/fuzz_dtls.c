/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DTLS: the input is datagrams, each behind its length in two bytes. A datagram cut by the capture hands out
 * no byte that the whole one does not; the handshake that the pieces make gives prefix after prefix what the
 * whole gives; fingerprints are those that a second implementation computes.
 */
#include "proto/collect_pieces.h"
#include "proto/fingerprint_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct collect_pieces whole, part;

static void run(struct collect_pieces *c, const uint8_t *at, size_t captured, size_t len)
{
    const struct proto *dtls = collect_proto("dtls");
    bool starts = dtls->udp_starts(span_of(at, captured), false) == STARTS_YES;
    unsigned before = c->pieces;
    enum parse_result result = collect_datagram(c, dtls, at, captured, len);

    if (result == PARSE_MORE || result == PARSE_NEXT || c->k.observations > 0)
        abort();
    if ((result == PARSE_NOT) != (c->pieces == before) || (result != PARSE_NOT && !starts))
        abort();
}

static void check_cut(const uint8_t *at, size_t len)
{
    collect_pieces_clear(&whole);
    collect_pieces_clear(&part);
    run(&whole, at, len, len);
    run(&part, at, len - len / 3, len);
    for (size_t i = 0; i < part.end; i++)
        if (part.there[i] && !whole.there[i])
            abort();
}

static void check_handshake(void)
{
    static struct crypto *crypto;
    size_t have = collect_pieces_have(&whole);

    if (crypto == NULL)
        crypto = crypto_new();
    collect_prefixes(collect_proto("dtls")->handshake, whole.at, have, have / 64 + 1);
    whole.k.values_only = whole.k.p.fingerprints = true;
    whole.k.p.crypto = crypto;
    size_t body = (size_t)(whole.at[1] << 16 | whole.at[2] << 8 | whole.at[3]);
    enum parse_result result = collect_handshake(&whole, collect_proto("dtls"), true);
    if (result == PARSE_DONE && body + 4 <= have && !oracle_agrees(whole.k.lines, 'd', whole.at + 4, body))
        abort();
    whole.k.p.crypto = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192)
        return 0;
    for (size_t at = 0; at + 2 <= size;) {
        size_t len = (size_t)(data[at] << 8 | data[at + 1]);
        len = len < size - at - 2 ? len : size - at - 2;
        check_cut(data + at + 2, len);
        at += 2 + len;
    }
    collect_pieces_clear(&whole);
    for (size_t at = 0; at + 2 <= size;) {
        size_t len = (size_t)(data[at] << 8 | data[at + 1]);
        len = len < size - at - 2 ? len : size - at - 2;
        run(&whole, data + at + 2, len, len);
        at += 2 + len;
    }
    check_handshake();
    return 0;
}
