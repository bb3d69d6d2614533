/* SPDX-License-Identifier: BSD-2-Clause */
/* STARTTLS: both sides of the dialogues of each protocol lead to the hello; nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/collect.h"

#define BYTES(s)                                                                                             \
    {                                                                                                        \
        (const uint8_t *)(s), sizeof(s) - 1                                                                  \
    }
#define HELLO        "\x16\x03\x01\x02\x00\x01"
#define SERVER_HELLO "\x16\x03\x03\x00\x7a\x02"
#define ZEROS19      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

struct side {
    const char *name;
    unsigned messages; /* before the hello */
    struct span bytes;
};

static const struct side sides[] = {
    {"smtp client", 2, BYTES("EHLO [192.0.2.1]\r\nSTARTTLS\r\n" HELLO)},
    {"smtp client that tries HELO", 4, BYTES("ehlo a\r\nHELO a\r\nNOOP\nStartTLS \r\n" HELLO)},
    {"lmtp client", 2, BYTES("LHLO mx.example\r\nSTARTTLS\r\n" HELLO)},
    {"smtp server", 3,
     BYTES("220 mx.example ESMTP \xc3\xa9\r\n250-mx.example\r\n250-SIZE 1\r\n250 STARTTLS\r\n220 "
           "go\r\n" SERVER_HELLO)},
    {"smtp server, long greeting", 3,
     BYTES("220-mx.example ESMTP\r\n220-No spam.\r\n220\r\n250 mx.example\r\n220 2.0.0 "
           "Ready\r\n" SERVER_HELLO)},
    {"imap client", 2, BYTES("a001 CAPABILITY\r\na002 STARTTLS\r\n" HELLO)},
    {"imap client of openssl", 2, BYTES(". CAPABILITY\r\n. STARTTLS\r\n" HELLO)},
    {"imap client, tags with dots", 3,
     BYTES("1.1 capability\r\n2.1 ID (\"name\" \"x\")\r\n3.1 StartTLS\r\n" HELLO)},
    {"imap server", 4,
     BYTES("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\n"
           "a001 OK done\r\na002 OK Begin TLS\r\n" SERVER_HELLO)},
    {"pop3 client", 3, BYTES("CAPA\r\nAUTH\r\nSTLS\r\n" HELLO)},
    {"pop3 server", 11,
     BYTES("+OK <1@mx>\r\n+OK list\r\nTOP\r\nUSER\r\nSASL PLAIN\r\nSTLS\r\nEXPIRE 60\r\nUTF8 USER\r\n.\r\n"
           "-ERR no\r\n+OK Begin\r\n" SERVER_HELLO)},
    {"ftp client", 2, BYTES("FEAT\r\nAUTH TLS\r\n" HELLO)},
    {"ftp client that tries SSL", 3, BYTES("AUTH TLS-C\r\nOPTS UTF8 ON\r\nAUTH SSL\r\n" HELLO)},
    {"ftp server", 3,
     BYTES("220 (vsFTPd 3.0.3)\r\n211-Features:\r\n AUTH TLS\r\n 211 x\r\nMLST *;\r\n211 End\r\n234 "
           "Proceed.\r\n" SERVER_HELLO)},
    {"nntp client", 3, BYTES("CAPABILITIES\r\nMODE READER\r\nSTARTTLS\r\n" HELLO)},
    {"nntp server", 3,
     BYTES("200 news.example ready\r\n101 Capability list:\r\nVERSION 2\r\nPOST\r\nSTARTTLS\r\n.\r\n"
           "382 Continue\r\n" SERVER_HELLO)},
    {"sieve client", 2, BYTES("CAPABILITY\r\nSTARTTLS\r\n" HELLO)},
    {"sieve server", 6,
     BYTES("\"IMPLEMENTATION\" \"Example 1\"\r\n\"SIEVE\" \"fileinto\"\r\n\"STARTTLS\"\r\n\"VERSION\" "
           "\"1.0\"\r\n"
           "OK\r\nOK \"Begin TLS\"\r\n" SERVER_HELLO)},
    {"xmpp client", 2,
     BYTES("<?xml version='1.0'?>\n<stream:stream to='a>b' version='1.0' xmlns='jabber:client' "
           "xmlns:stream=\"http://etherx.jabber.org/streams\"><starttls "
           "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" HELLO)},
    {"xmpp client, tags that end", 3,
     BYTES("<stream:stream to='x'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'></starttls>" HELLO)},
    {"xmpp server", 3,
     BYTES("<?xml version='1.0'?><stream:stream id='\"'><stream:features><starttls "
           "xmlns='t'><required/></starttls>"
           "<x>it's</x> </stream:features><proceed xmlns='t'/>" SERVER_HELLO)},
    {"xmpp server without features", 4,
     BYTES("<stream:stream id='1'><stream:features/><proceed xmlns='t'></proceed>" SERVER_HELLO)},
    {"irc client", 2, BYTES("CAP LS 302\r\nSTARTTLS\r\n" HELLO)},
    {"irc server", 4,
     BYTES(":irc.example NOTICE * :*** Looking up\r\nNOTICE AUTH :x\r\n:irc.example CAP * LS :tls\r\n"
           ":irc.example 670 * :STARTTLS successful\r\n" SERVER_HELLO)},
    {"ldap client", 1,
     BYTES("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
           "1.3.6.1.4.1.1466.20037" HELLO)},
    {"ldap client, long lengths", 1,
     BYTES("\x30\x84\x00\x00\x00\x24\x02\x02\x7f\xff\x77\x84\x00\x00\x00\x18\x80\x16"
           "1.3.6.1.4.1.1466.20037"
           "\0\0" HELLO)},
    {"ldap server", 1, BYTES("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00" SERVER_HELLO)},
    {"ldap server with a name", 1,
     BYTES("\x30\x81\x24\x02\x01\x01\x78\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x16"
           "1.3.6.1.4.1.1466.20037" SERVER_HELLO)},
    {"postgres client", 1, BYTES("\0\0\0\x08\x04\xd2\x16\x2f" HELLO)},
    {"postgres client, Kerberos first", 2,
     BYTES("\0\0\0\x08\x04\xd2\x16\x30\0\0\0\x08\x04\xd2\x16\x2f" HELLO)},
    {"postgres server", 1, BYTES("S" SERVER_HELLO)},
    {"postgres server, no Kerberos", 1, BYTES("NS" SERVER_HELLO)},
    {"mysql client", 1, BYTES("\x20\0\0\x01\x05\xae\xff\x19\0\0\0\x01\xff" ZEROS19 "\0\0\0\0" HELLO)},
    {"mariadb client", 1, BYTES("\x20\0\0\x01\x84\xae\x9f\x20\0\0\0\x40\x2d" ZEROS19 "\x1d\0\0\0" HELLO)},
    {"mysql server", 1,
     BYTES("\x4a\0\0\0\x0a"
           "8.0.36\0\x0b\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0"
           "abcdefghijkl\0caching_sha2_password\0" SERVER_HELLO)},
    {"tds client", 2,
     BYTES("\x12\x01\0\x1a\0\0\0\0"
           "\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x11\0\0\0\0\0\x01"
           "\x12\x01\0\x0e\0\0\0\0" HELLO)},
    {"tds server", 2,
     BYTES("\x04\x01\0\x1a\0\0\x01\0"
           "\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x10\0\x03\xe8\0\0\x01"
           "\x12\x01\0\x0e\0\x3a\x01\0" SERVER_HELLO)},
    {"rdp client", 1,
     BYTES("\x03\0\0\x27\x22\xe0\0\0\0\0\0Cookie: mstshash=u\r\n\x01\0\x08\0\x0b\0\0\0" HELLO)},
    {"rdp client without a cookie", 1, BYTES("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0" HELLO)},
    {"rdp server", 1, BYTES("\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0" SERVER_HELLO)},
};

static const struct proto *starttls(void)
{
    return collect_proto("starttls");
}

static enum proto_starts starts(const void *at, size_t len)
{
    return starttls()->tcp_starts(span_of(at, len), false);
}

/* A message whose last octet is not told by it alone needs what is behind: all prefixes are tried with it. */
static uint32_t one_message(struct span at, const char *name)
{
    struct collect k = {.p.last = false};
    uint32_t consumed = 0;

    for (size_t n = 1; n <= at.len && consumed == 0; n++) {
        enum proto_starts s = starts(at.at, n);
        collect_clear(&k);
        if (s == STARTS_NO)
            fail_msg("%s: no start at %zu of %zu", name, n, at.len);
        if (s == STARTS_MAYBE)
            continue;
        collect_run(&k, starttls()->tcp, at.at, n);
        collect_check_more(&k, n);
        if (k.result == PARSE_NEXT)
            consumed = k.p.consumed;
        else if (k.result != PARSE_MORE || k.p.need <= n)
            fail_msg("%s: result %d at %zu of %zu", name, k.result, n, at.len);
        assert_int_equal(k.counters[COUNT_PREAMBLE], k.result == PARSE_NEXT);
    }
    for (size_t n = 0; n < consumed; n++) {
        k.p.cut = true;
        collect_run(&k, starttls()->tcp, at.at, n);
        bool known = k.result == PARSE_NEXT && k.p.consumed == consumed; /* by its length field */
        if (k.result != PARSE_CUT && !known)
            fail_msg("%s: cut at %zu: result %d", name, n, k.result);
    }
    collect_done(&k);
    return consumed;
}

static void dialogues_lead_to_the_hello(void **state)
{
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        struct span rest = sides[i].bytes;
        unsigned messages = 0;
        while (rest.len > 0 && rest.at[0] != 0x16) {
            collect_prefixes(starttls()->tcp, rest.at, rest.len, 1);
            uint32_t consumed = one_message(rest, sides[i].name);
            if (consumed == 0)
                fail_msg("%s: message %u does not end", sides[i].name, messages);
            rest = span_of(rest.at + consumed, rest.len - consumed);
            messages++;
        }
        if (rest.len != 6 || messages != sides[i].messages)
            fail_msg("%s: %u messages, %zu octets left", sides[i].name, messages, rest.len);
        assert_int_equal(starts(rest.at, rest.len), STARTS_NO);
    }
}

static const struct span others[] = {
    BYTES("GET / HTTP/1.1\r\n"),
    BYTES("HEAD http://a/ HTTP/1.0\r\n"),
    BYTES("POST / HTTP/1.1\r\n"),
    BYTES("OPTIONS * HTTP/1.1\r\n"),
    BYTES("CONNECT a:443 HTTP/1.1\r\n"),
    BYTES("HTTP/1.1 200 OK\r\n"),
    BYTES("PRI * HTTP/2.0\r\n"),
    BYTES("SSH-2.0-OpenSSH_9.2\r\n"),
    BYTES("MAIL FROM:<a@b>\r\n"),
    BYTES("RCPT TO:<a@b>\r\n"),
    BYTES("DATA\r\n"),
    BYTES("USER anonymous\r\n"),
    BYTES("PASS x\r\n"),
    BYTES("TOP 1 2\r\n"),
    BYTES("a1 LOGIN a b\r\n"),
    BYTES("a1 SELECT INBOX\r\n"),
    BYTES("* 12 EXISTS\r\n"),
    BYTES("* OKAY\r\n"),
    BYTES("NICK a\r\n"),
    BYTES("NOOPS\r\n"),
    BYTES("EHLOX\r\n"),
    BYTES("1234567 OK\r\n"),
    BYTES("2200 x\r\n"),
    BYTES("020 x\r\n"),
    BYTES("620 x\r\n"),
    BYTES("22 x\r\n"),
    BYTES(":irc.example PRIVMSG a :b\r\n"),
    BYTES(": 670 x\r\n"),
    BYTES("+PONG\r\n"),
    BYTES("+OKAY\r\n"),
    BYTES("-ERROR\r\n"),
    BYTES("<html>"),
    BYTES("<stream:streams>"),
    BYTES("<message to='a'>"),
    BYTES("\"NAME\" \"x\"\r\n"),
    BYTES("\"STARTTLS\r\n"),
    BYTES("\x16\x03\x01\x02\x00\x01"),
    BYTES("\x80\x2e\x01\x03\x01"),
    BYTES("\0\0\0\x85\xffSMB"),
    BYTES("\0\0\0\x08\x04\xd2\x16\x2e"),
    BYTES("S\0\x01"),
    BYTES("SS\x16\x03\x03"),
    BYTES("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
          "1.3.6.1.4.1.1466.20036"),
    BYTES("\x30\x0c\x02\x01\x01\x60\x07\x0a\x01\x00"),
    BYTES("\x30\x80\x02\x01\x01\x78\x07\x0a\x01\x00"),
    BYTES("\x30\x0b\x02\x05\x01\x01\x01\x01\x01\x78\x03\x0a\x01\x00"),
    BYTES("\x30\x09\x02\x01\x01\x78\x07\x0a\x01\x00\x00\x00\x00\x00\x00"),
    BYTES("\x30\x82\x02\x01\x02\x01\x01\x78\x07\x0a\x01\x00"),
    BYTES("\x03\0\0\x0a\x05\xe0\0\0\0\0\0"),
    BYTES("\x03\0\0\x16\x11\xf0\0\0\0\0\0"),
    BYTES("\x12\x01\0\x05\0\0\0\0\0\0\x0b\0\x06"),
    BYTES("\x04\x01\x01\xbb\xc0\0\x02\x01\0\x16\x03\x01"),
    BYTES(" 220 x\r\n"),
    BYTES("\r\n"),
    BYTES("\xff\xfd\x18"),
};

static void others_are_not_taken(void **state)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (starts(others[i].at, others[i].len) != STARTS_NO)
            fail_msg("row %zu: %.*s", i, SPAN_FMT(others[i]));
        struct collect k = {.p.last = false};
        collect_run(&k, starttls()->tcp, others[i].at, others[i].len);
        assert_int_equal(k.result, PARSE_NOT);
        assert_int_equal(k.counters[COUNT_PREAMBLE], 0);
        collect_done(&k);
    }
}

/* Every word, where it may stand and nowhere else. */
static void words_in_their_places(void **state)
{
    static const struct {
        const char *before, *behind, *words;
    } places[] = {
        {"", " x\r\n",
         "AUTH BYE CAP CAPABILITIES CAPABILITY CLNT EHLO EXPIRE HELO HELP IMPLEMENTATION "
         "LHLO LOGIN-DELAY MODE NO NOOP NOTICE OK OPTS PBSZ PROT SASL STARTTLS UTF8 "},
        {"", "\r\n",
         ". AUTH AUTH-RESP-CODE BYE CAP CAPA CAPABILITIES CAPABILITY CLNT EHLO EXPIRE FEAT "
         "HELO HELP IMPLEMENTATION LANG LHLO LOGIN-DELAY LOGOUT MODE NO NOOP NOTICE OK "
         "OPTS PBSZ PIPELINING PROT QUIT RESP-CODES RSET SASL STARTTLS STLS SYST TOP UIDL "
         "USER UTF8 "},
        {"a1 ", " x\r\n", "BAD CAPABILITY ID LOGOUT NO NOOP OK STARTTLS "},
        {"* ", " x\r\n", "BAD BYE CAPABILITY ENABLED ID NO OK PREAUTH "},
        {"\"", "\"\r\n",
         "IMPLEMENTATION LANGUAGE MAXREDIRECTS NOOP NOTIFY OWNER RENAME SASL SIEVE "
         "STARTTLS UNAUTHENTICATE VERSION "},
        {":a ", " x\r\n", "CAP NOTICE "},
    };
    for (size_t of = 0; of < sizeof places / sizeof *places; of++) {
        for (const char *word = places[of].words; *word != 0; word = strchr(word, ' ') + 1) {
            int len = (int)strcspn(word, " ");
            for (size_t to = 0; to < sizeof places / sizeof *places; to++) {
                char line[64], spaced[32];
                snprintf(spaced, sizeof spaced, "%.*s ", len, word);
                const char *found = strstr(places[to].words, spaced);
                bool fits = found != NULL && (found == places[to].words || found[-1] == ' ');
                int n =
                    snprintf(line, sizeof line, "%s%.*s%s", places[to].before, len, word, places[to].behind);
                if (starts(line, (size_t)n) != (fits ? STARTS_YES : STARTS_NO))
                    fail_msg("%s", line);
            }
        }
    }
}

/* Begin like a message, and are none. */
static void broken_messages(void **state)
{
    static const struct span rows[] = {
        BYTES("EHLO a\0b\r\n"),
        BYTES("220 \x1b[2J\r\n"),
        BYTES("250-a\r\n\x01\r\n250 b\r\n"),
        BYTES("<?xml version='1.0'?><html>"),
        BYTES("<?xml version='1.0'?> <stream:features>"),
        BYTES("<starttls \x01>"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collect k = {.p.last = false};
        collect_run(&k, starttls()->tcp, rows[i].at, rows[i].len);
        if (k.result != PARSE_NOT)
            fail_msg("row %zu: %d", i, k.result);
        collect_done(&k);
    }
}

/* Nothing is waited for without an end: `begin`, then `more` again and again. */
static void everything_has_an_end(void **state)
{
    static const struct {
        const char *begin, *more;
        size_t most;
    } rows[] = {
        {"220 ", "a", 2048},
        {"EHLO ", "a", 2048},
        {"* OK ", "a", 2048},
        {"250-a\r\n", "250-b\r\n", 8192 + 7},
        {"101 a\r\n", "..\r\n", 8192 + 7},
        {"<?xml ", "a", 8192},
        {"<?xml a?>", " ", 8192},
        {"<stream:features>", "<a>", 8192 + 3},
        {"<stream:features>", "a", 8192},
        {"<stream:stream ", "a='>' ", 8192 + 6},
    };
    static uint8_t stream[16384];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collect k = {.p.last = false};
        size_t len = strlen(rows[i].begin);
        memcpy(stream, rows[i].begin, len);
        for (; len <= rows[i].most; len += strlen(rows[i].more)) {
            collect_run(&k, starttls()->tcp, stream, len);
            if (k.result == PARSE_NOT)
                break;
            assert_int_equal(k.result, PARSE_MORE);
            memcpy(stream + len, rows[i].more, strlen(rows[i].more));
        }
        if (len + 16 < rows[i].most)
            fail_msg("row %zu ends at %zu", i, len);
        collect_run(&k, starttls()->tcp, stream, len);
        if (k.result != PARSE_NOT)
            fail_msg("row %zu: %d", i, k.result);
        collect_done(&k);
    }
}

/* The engine asks with one octet whether a stream is worth a look. */
static void first_octets(void **state)
{
    unsigned maybe = 0;

    for (unsigned octet = 0; octet < 256; octet++) {
        uint8_t b = (uint8_t)octet;
        assert_int_not_equal(starts(&b, 1), STARTS_YES);
        maybe += starts(&b, 1) == STARTS_MAYBE;
    }
    assert_true(maybe < 90);
    assert_int_equal(starts("\x16", 1), STARTS_NO);
    assert_int_equal(starts("", 0), STARTS_MAYBE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues_lead_to_the_hello),
        cmocka_unit_test(others_are_not_taken),
        cmocka_unit_test(broken_messages),
        cmocka_unit_test(everything_has_an_end),
        cmocka_unit_test(first_octets),
        cmocka_unit_test(words_in_their_places),
    };
    return cmocka_run_group_tests_name("starttls", tests, NULL, NULL);
}
