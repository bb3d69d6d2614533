# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the names in certificates, which pass in clear up to TLS 1.2."""
from cases import A, B, LISTED, WEB, case
from cases_dns import HOSTILE
from certificates import (address, attribute, certificate, certificate_message, dns, extension, handshake,
                          server_hello)
from packets import Connection, hello, records

CCS = b'\x14\x03\x03\0\1\1'
AUTHORITY = certificate(attribute('listed.example'), None, extension(32, bytes(200)))


def leaf(common_name, *names, more=0):
    """A server's certificate; `more` octets make it longer."""
    alt_names = b''.join(n if isinstance(n, bytes) else dns(n) for n in names)
    return certificate(attribute(common_name), alt_names or None, extension(32, bytes(more)))


def flight(*certificates, size=16384, version=0x0303):
    """What a server of TLS 1.2 answers."""
    message = server_hello(version) + certificate_message(*certificates)
    return records(message + handshake(12, bytes(50)) + handshake(14, b''), size)


def visit(line, client, answer, name='www.example.net', server=WEB, size=1400):
    tcp = Connection(line, client, server).open()
    tcp.say(0, hello(name)).say(1, answer, size=size)
    tcp.say(0, records(handshake(16, bytes(66))) + CCS).say(1, CCS)
    tcp.close()


@case('cert-names', LISTED)
def _(line):
    """The first certificate's names, over several segments; wildcards stay as they are; not those of the chain."""
    visit(line, A, flight(leaf('www.Listed.example', 'www.listed.example', '*.cdn.example.org', more=1300), AUTHORITY))
    visit(line, B, flight(leaf('*.listed.example', '*.listed.example')), server=(WEB[0], 30897))
    visit(line, ('192.168.1.12', 4000), flight(leaf('www.example.org', 'www.example.org'), AUTHORITY))
    visit(line, ('192.168.1.13', 4000), flight(leaf('www.example.org', 'xn--bcher-kva.example')), name=None)


@case('cert-common-name', LISTED, same_split=False)
def _(line):
    """Certificates without alternative names; a person's name is none of a host."""
    visit(line, A, flight(leaf('old.listed.example'), version=0x0301))
    visit(line, B, flight(leaf('Listed Example Ltd.')))
    visit(line, ('192.168.1.12', 4000), flight(leaf('router', address('192.0.2.1'))))
    visit(line, ('192.168.1.13', 4000), flight(certificate(attribute('\0b\0m\0p\0.\0l\0i\0s\0t\0e\0d\0.'
                                                                     '\0e\0x\0a\0m\0p\0l\0e', tag=0x1e))))


@case('cert-records', LISTED)
def _(line):
    """Messages that share records, span them, and begin within them."""
    one = leaf('www.listed.example', 'www.listed.example', more=100)
    visit(line, A, flight(one, AUTHORITY, size=100))
    visit(line, B, flight(one, size=3))
    parts = (server_hello(), certificate_message(one, AUTHORITY), handshake(14, b''))
    visit(line, ('192.168.1.12', 4000), b''.join(records(part) for part in parts), size=100)
    visit(line, ('192.168.1.13', 4000), b'\x15\x03\1\0\2\1\x70' + flight(one))  # a warning before all


@case('cert-disorder', LISTED, same_split=False)
def _(line):
    """Segments in any order, some twice, some overlapping but alike."""
    answer = flight(leaf('www.listed.example', 'www.listed.example', more=2000))
    for i, pieces in enumerate([[(1400, 9000), (0, 1400)], [(0, 500), (0, 500), (400, 9000)],
                                [(2000, 9000), (0, 100), (100, 2100)], [(0, 3), (4, 9000), (3, 4)]]):
        tcp = Connection(line, (f'192.168.1.{20 + i}', 4000), WEB).open()
        tcp.say(0, hello('www.example.net'))
        for begin, end in pieces:
            tcp.put(1, begin, answer[begin:end])
        tcp.say(0, CCS)


@case('cert-none', LISTED)
def _(line):
    """TLS 1.3 shows none, nor does an earlier session that goes on; a second hello follows HelloRetryRequest."""
    tcp = Connection(line, A, WEB).open()
    tcp.say(0, hello('www.listed.example')).say(1, records(server_hello(supported=0x0304)) + CCS)
    tcp.say(0, CCS + hello('www.listed.example', seed=2)).say(1, records(server_hello(supported=0x0304, seed=2)))
    tcp.close()
    tcp = Connection(line, B, WEB).open()
    tcp.say(0, hello('www.listed.example')).say(1, records(server_hello()) + CCS)
    tcp.close()


@case('cert-midstream', LISTED, same_split=False)
def _(line):
    """The opening was not seen, or only the certificate's record."""
    one = leaf('www.listed.example', 'www.listed.example', more=2000)
    Connection(line, A, WEB).say(1, flight(one, AUTHORITY))
    Connection(line, B, WEB).say(1, records(certificate_message(one, AUTHORITY)))
    Connection(line, ('192.168.1.12', 4000), WEB).say(1, flight(one))


@case('cert-client', LISTED, same_split=False)
def _(line):
    """A client's own certificate, after its hello; what comes before its beginning is not kept there."""
    tcp = Connection(line, A, WEB).open()
    tcp.say(0, hello('www.example.net')).say(1, flight(leaf('www.example.net', 'www.example.net')))
    own = leaf('A Client', 'client.listed.example', more=300)
    tcp.say(0, records(certificate_message(own) + handshake(16, bytes(66))) + CCS)
    tcp.close()


@case('cert-hostile', LISTED, same_split=False)
def _(line):
    """Names that would forge a line or an event if they were printed as they are; certificates that are none."""
    for i, label in enumerate(HOSTILE):
        visit(line, (f'192.168.1.{20 + i}', 4000), flight(leaf(label + b'.x', dns(label + b'.listed.example'))))
    visit(line, A, flight(b'', leaf('www.listed.example')))
    visit(line, B, flight(b'\x30\x82\x01\x00' + bytes(256)))
    whole = leaf('www.listed.example', 'a.listed.example', 'b.listed.example')
    visit(line, ('192.168.1.12', 4000), flight(whole.replace(b'\x82\x10b', b'\x82\x7fb')))
