# SPDX-License-Identifier: BSD-2-Clause
"""Cases of what goes before TLS in the same stream: STARTTLS and its kin, SOCKS, the PROXY protocol."""
import re
import struct

from cases import LISTED, case
from cases_cert import flight, leaf
from packets import Connection, address, hello, server_hello

C, S = 0, 1
NAME = 'www.listed.example'

XMPP = (b"<?xml version='1.0'?><stream:stream to='listed.example' version='1.0' xmlns='jabber:client' "
        b"xmlns:stream='http://etherx.jabber.org/streams'>")
FEATURES = (b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
            b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>")
LDAP_NAME = b'1.3.6.1.4.1.1466.20037'
PRELOGIN = b'\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x11\0\0\0\0\0\x01'

# What client and server say before the hello, and the server's port.
DIALOGUES = {
    'smtp': (25, [(S, b'220 mx.listed.example ESMTP\r\n'), (C, b'EHLO [192.168.1.10]\r\n'),
                  (S, b'250-mx.listed.example\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n'), (C, b'STARTTLS\r\n'),
                  (S, b'220 2.0.0 Ready to start TLS\r\n')]),
    'lmtp': (24, [(S, b'220 mx LMTP\r\n'), (C, b'LHLO a\r\n'), (S, b'250-mx\r\n250 STARTTLS\r\n'), (C, b'STARTTLS\r\n'),
                  (S, b'220 go\r\n')]),
    'imap': (143, [(S, b'* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n'), (C, b'a001 CAPABILITY\r\n'),
                   (S, b'* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na001 OK done\r\n'), (C, b'a002 STARTTLS\r\n'),
                   (S, b'a002 OK Begin TLS negotiation now\r\n')]),
    'pop3': (110, [(S, b'+OK ready\r\n'), (C, b'CAPA\r\n'),
                   (S, b'+OK list\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nSASL PLAIN\r\nSTLS\r\n.\r\n'), (C, b'STLS\r\n'),
                   (S, b'+OK Begin TLS\r\n')]),
    'ftp': (21, [(S, b'220-Welcome\r\nto this server\r\n220 ready\r\n'), (C, b'FEAT\r\n'),
                 (S, b'211-Features:\r\n AUTH TLS\r\n PBSZ\r\n211 End\r\n'), (C, b'AUTH TLS\r\n'), (S, b'234 Proceed\r\n')]),
    'nntp': (119, [(S, b'200 news ready\r\n'), (C, b'CAPABILITIES\r\n'),
                   (S, b'101 Capability list:\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\n.\r\n'), (C, b'STARTTLS\r\n'),
                   (S, b'382 Continue with TLS negotiation\r\n')]),
    'sieve': (4190, [(S, b'"IMPLEMENTATION" "Example1"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\nOK\r\n'),
                     (C, b'STARTTLS\r\n'), (S, b'OK "Begin TLS"\r\n')]),
    'xmpp': (5222, [(C, XMPP), (S, XMPP + FEATURES), (C, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
                    (S, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")]),
    'irc': (6667, [(S, b':irc.listed.example NOTICE * :*** Looking up your hostname\r\n'), (C, b'CAP LS 302\r\n'),
                   (S, b':irc.listed.example CAP * LS :tls sasl\r\n'), (C, b'STARTTLS\r\n'),
                   (S, b':irc.listed.example 670 * :STARTTLS successful\r\n')]),
    'ldap': (389, [(C, b'\x30\x1d\x02\x01\x01\x77\x18\x80\x16' + LDAP_NAME),
                   (S, b'\x30\x24\x02\x01\x01\x78\x1f\x0a\x01\0\x04\0\x04\0\x8a\x16' + LDAP_NAME)]),
    'postgres': (5432, [(C, struct.pack('>II', 8, 80877104)), (S, b'N'), (C, struct.pack('>II', 8, 80877103)), (S, b'S')]),
    'mysql': (3306, [(S, b'\x5b\0\0\0\x0a8.0.36-0ubuntu0.22.04.1\0' + struct.pack('<I', 11) + b'abcdefgh\0\xff\xff\xff\2\0\xff\xdf\x15' +
                      bytes(10) + b'abcdefghijkl\0caching_sha2_password\0'),
                     (C, b'\x20\0\0\1' + struct.pack('<IIB', 0x19ffae85, 1 << 24, 255) + bytes(23))]),
    'tds': (1433, [(C, b'\x12\1\0\x1a\0\0\0\0' + PRELOGIN), (S, b'\x04\1\0\x1a\0\0\1\0' + PRELOGIN)]),
    'rdp': (3389, [(C, b'\3\0\0\x27\x22\xe0\0\0\0\0\0Cookie: mstshash=u\r\n\1\0\x08\0\x0b\0\0\0'),
                   (S, b'\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0')]),
}


def socks5(host, port=443):
    """A request's end, or a reply's: RFC 1928 4."""
    if isinstance(host, bytes):
        kind, value = 3, bytes([len(host)]) + host
    else:
        value = address(host)
        kind = 1 if len(value) == 4 else 4
    return b'\0' + bytes([kind]) + value + struct.pack('>H', port)


def socks4(host, port=443, user=b'', name=b''):
    return b'\4\1' + struct.pack('>H', port) + address(host) + user + b'\0' + name


GRANTED5 = b'\5\0' + socks5('0.0.0.0', 0)
GRANTED4 = b'\0\x5a' + bytes(6)
SOCKS = {
    'name': [(C, b'\5\1\0'), (S, b'\5\0'), (C, b'\5\1' + socks5(b'Proxied.Listed.Example')), (S, GRANTED5)],
    'password': [(C, b'\5\2\0\2'), (S, b'\5\2'), (C, b'\1\4user\4pass'), (S, b'\1\0'),
                 (C, b'\5\1' + socks5(b'proxied.listed.example')), (S, GRANTED5)],
    'ipv4': [(C, b'\5\1\0'), (S, b'\5\0'), (C, b'\5\1' + socks5('203.0.113.5')), (S, GRANTED5)],
    'ipv6': [(C, b'\5\1\0'), (S, b'\5\0'), (C, b'\5\1' + socks5('2001:db8::5')), (S, b'\5\0' + socks5('::', 0))],
    'at once': [(C, b'\5\1\0\5\1' + socks5(b'proxied.listed.example')), (S, b'\5\0' + GRANTED5)],
    'socks4': [(C, socks4('203.0.113.5', user=b'me')), (S, GRANTED4)],
    'socks4a': [(C, socks4('0.0.0.1', name=b'proxied.listed.example\0')), (S, GRANTED4)],
}

SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'
ENDS = address('192.0.2.1') + address('198.51.100.1') + struct.pack('>HH', 56324, 443)


def proxy2(values=b'', command=0x21):
    return SIGNATURE + bytes([command, 0x11]) + struct.pack('>H', len(ENDS + values)) + ENDS + values


def value(kind, data):
    return struct.pack('>BH', kind, len(data)) + data


PROXY = {
    'v1': [(C, b'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n')],
    'v1 unknown': [(C, b'PROXY UNKNOWN\r\n')],
    'v2': [(C, proxy2())],
    'v2 authority': [(C, proxy2(value(1, b'h2') + value(2, b'Proxied.Listed.Example') + value(4, b'')))],
    'v2 local': [(C, proxy2(value(2, b'proxied.listed.example'), command=0x20))],
}


def tds(data):
    """A handshake in SQL Server's packets."""
    return struct.pack('>BBHHBB', 0x12, 1, 8 + len(data), 0, 0, 0) + data


def talk(line, number, port, said):
    """A dialogue, then TLS."""
    wrap = tds if said is DIALOGUES['tds'][1] else bytes
    tcp = Connection(line, (f'192.168.1.{number}', 4000), ('203.0.113.80', port)).open()
    for side, data in said:
        tcp.say(side, data)
    tcp.say(C, wrap(hello(NAME))).say(S, wrap(server_hello(NAME)))
    tcp.close()


def starttls_case(*names):
    @case('starttls-' + names[0], LISTED)
    def _(line):
        """TLS behind what each protocol says before it."""
        for number, name in enumerate(names, 20):
            talk(line, number, *DIALOGUES[name])


starttls_case('smtp', 'lmtp', 'imap', 'pop3')
starttls_case('ftp', 'nntp', 'sieve', 'irc')
starttls_case('xmpp', 'ldap', 'rdp')
starttls_case('postgres', 'mysql', 'tds')


@case('starttls-at-once', LISTED)
def _(line):
    """All that a client says before its hello, and the hello, in one segment; so does the server."""
    for number, (name, (port, said)) in enumerate(DIALOGUES.items(), 20):
        wrap = tds if name == 'tds' else bytes
        tcp = Connection(line, (f'192.168.1.{number}', 4000), ('203.0.113.80', port)).open()
        for side, last in ((C, hello(NAME)), (S, server_hello(NAME))):
            tcp.say(side, b''.join(data for of, data in said if of == side) + wrap(last))
        tcp.close()


@case('starttls-certificate', LISTED)
def _(line):
    """The server's side counts as much: its certificate names what the client's hello does not."""
    for number, (name, (port, said)) in enumerate(DIALOGUES.items(), 20):
        wrap = tds if name == 'tds' else bytes
        tcp = Connection(line, (f'192.168.1.{number}', 4000), ('203.0.113.80', port)).open()
        for side, data in said:
            tcp.say(side, data)
        tcp.say(C, wrap(hello(None))).say(S, wrap(flight(leaf('mail', NAME))), size=500)
        tcp.close()
    for number, name in ((40, 'name'), (41, 'password'), (42, 'socks4a')):
        tcp = Connection(line, (f'192.168.1.{number}', 4000), ('203.0.113.80', 1080)).open()
        for side, data in SOCKS[name]:
            tcp.say(side, re.sub(b'(?i)listed.example', b'harmless.tests', data))
        tcp.say(C, hello(None)).say(S, flight(leaf('mail', NAME)))
        tcp.close()


@case('starttls-other-ports', LISTED)
def _(line):
    """No port is special; only one side is seen, as with asymmetric routes."""
    for number, name in enumerate(DIALOGUES, 20):
        said = DIALOGUES[name][1]
        tcp = Connection(line, (f'192.168.1.{number}', 4000), ('203.0.113.80', 30897))
        tcp.syn()
        for side, data in said:
            if side == C:
                tcp.put(C, tcp.sent[C], data)
        tcp.put(C, tcp.sent[C], (tds if name == 'tds' else bytes)(hello(NAME)))


@case('starttls-not', LISTED, same_split=False)
def _(line):
    """Sessions that never come to TLS, and a hello inside a mail: that is midstream."""
    mail = Connection(line, ('192.168.1.20', 4000), ('203.0.113.80', 25)).open()
    mail.say(S, b'220 mx\r\n').say(C, b'EHLO a\r\n').say(S, b'250 mx\r\n').say(C, b'MAIL FROM:<a@listed.example>\r\n')
    mail.say(S, b'250 ok\r\n').say(C, b'DATA\r\n').say(S, b'354 go\r\n').say(C, hello(NAME)).say(S, b'250 ok\r\n')
    imap = Connection(line, ('192.168.1.21', 4000), ('203.0.113.80', 143)).open()
    imap.say(S, b'* OK ready\r\n').say(C, b'1 LOGIN a b\r\n').say(S, b'1 OK done\r\n').say(C, b'2 SELECT INBOX\r\n')
    imap.say(S, b'* 12 EXISTS\r\n2 OK done\r\n')


@case('socks', LISTED)
def _(line):
    """What a client asks its proxy for is told, then the hello that goes to it."""
    for number, said in enumerate(SOCKS.values(), 20):
        talk(line, number, 1080, said)


@case('socks-midway', LISTED, same_split=False)
def _(line):
    """The capture begins with the request."""
    for number, name in ((20, 'name'), (21, 'password'), (22, 'ipv4')):
        tcp = Connection(line, (f'192.168.1.{number}', 4000), ('203.0.113.80', 9050))
        for side, data in SOCKS[name][-2:]:
            tcp.say(side, data)
        tcp.say(C, hello(NAME)).say(S, server_hello(NAME))


@case('proxy-protocol', LISTED)
def _(line):
    """A load balancer's header, then the client's hello."""
    for number, said in enumerate(PROXY.values(), 20):
        talk(line, number, 443, said)
