/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes before TLS in the same stream: STARTTLS of SMTP, LMTP (RFC 3207), IMAP, POP3 (RFC 2595), FTP
 * (RFC 4217), NNTP (RFC 4642), ManageSieve (RFC 5804), XMPP (RFC 6120), IRC, LDAP (RFC 4511 §4.14), and what
 * PostgreSQL, MySQL, SQL Server (MS-TDS) and RDP (MS-RDPBCGR) do instead.
 *
 * Each line or message is a message of its own, which tells nothing but where the next one begins: there a
 * hello is then expected, however it is split. Words that lead elsewhere (MAIL, USER, LOGIN) are no start, so
 * that a session without TLS is let go of at once.
 */
#include "proto/starttls.h"

static enum proto_starts starttls_tcp_starts(struct span first, bool named)
{
    enum starttls_text text;
    uint32_t bytes;
    enum proto_starts starts = starttls_text_starts(first, &text);

    if (starts == STARTS_YES)
        return starts;
    enum proto_starts binary = starttls_binary_starts(first, &bytes);
    return binary > starts ? binary : starts;
}

/* The end of the message, as starttls_text_end() tells it. */
static enum parse_result find_end(struct span bytes, uint32_t *ret_bytes)
{
    enum starttls_text text;
    enum proto_starts starts = starttls_text_starts(bytes, &text);

    if (starts == STARTS_YES)
        return starttls_text_end(bytes, text, ret_bytes);
    enum proto_starts binary = starttls_binary_starts(bytes, ret_bytes);
    if (binary == STARTS_YES)
        return PARSE_NEXT;
    *ret_bytes = (uint32_t)bytes.len + 1;
    return starts == STARTS_NO && binary == STARTS_NO ? PARSE_NOT : PARSE_MORE;
}

static enum parse_result starttls_tcp(struct parse *p)
{
    bool final = p->cut || p->last;
    uint32_t bytes;
    enum parse_result result = find_end(p->bytes, &bytes);

    if (result == PARSE_NOT)
        return PARSE_NOT;
    if (!final && bytes > p->bytes.len) {
        p->need = bytes;
        return PARSE_MORE;
    }
    if (result == PARSE_MORE)
        return PARSE_CUT;
    if (p->counters)
        p->counters[COUNT_PREAMBLE]++;
    p->consumed = bytes;
    return PARSE_NEXT;
}

const struct proto proto_starttls = {
    .tcp_starts = starttls_tcp_starts,
    .tcp = starttls_tcp,
};
