# SPDX-License-Identifier: BSD-2-Clause
"""Cases of what a ClientHello says beside its name, and of those that DTLS and SSL 2.0 carry."""
import struct

from cases import A, B, LISTED, WEB, case
from packets import Connection, hello, server_hello

PEER = ('203.0.113.90', 40000)
# Of hello() in packets.py with a name, and of the same without.
JA3_NAMED = 'ja3:57a31c6375bd639274672c750dfb7307'
JA4_NAMELESS = 't13i0505h2_e133e205ac38_89f0fdc2cee7'
JA4_DTLS = 'dd2i0504h2_e133e205ac38_0fed37fc136b'


def dtls_body(name, cookie=b'', **more):
    """The body of the same hello with a cookie (RFC 6347 4.2.1), without supported_versions."""
    body = hello(name, record_bytes=1 << 16, **more)[9:]
    versions = struct.pack('>HH', 43, 5) + b'\x04\x03\x04\x03\x03'
    head, rest = body[2:67], body[67:]
    assert rest.count(versions) == 1
    at = rest.index(versions)
    rest = rest[:at - 2] + struct.pack('>H', len(rest) - at - len(versions)) + rest[at + len(versions):]
    return b'\xfe\xfd' + head + bytes([len(cookie)]) + cookie + rest


def fragment(body, begin, end, message=0):
    """RFC 6347 4.2.2."""
    part = body[begin:end]
    return (b'\1' + len(body).to_bytes(3, 'big') + struct.pack('>H', message) + begin.to_bytes(3, 'big') +
            len(part).to_bytes(3, 'big') + part)


def record(content, number=0, kind=22):
    return struct.pack('>BHH', kind, 0xfefd, 0) + number.to_bytes(6, 'big') + struct.pack('>H', len(content)) + content


def verify_request(cookie):
    """RFC 6347 4.2.1."""
    body = b'\xfe\xff' + bytes([len(cookie)]) + cookie
    return record(b'\3' + len(body).to_bytes(3, 'big') + bytes(5) + len(body).to_bytes(3, 'big') + body)


@case('dtls-hello', LISTED)
def _(line):
    """On any port; the hello comes again with the server's cookie; without a name, as browsers call each other."""
    cookie = bytes(range(20))
    body = dtls_body('www.listed.example')
    line.datagram(A, PEER, record(fragment(body, 0, 9999)))
    line.datagram(PEER, A, verify_request(cookie))
    again = dtls_body('www.listed.example', cookie)
    line.datagram(A, PEER, record(fragment(again, 0, 9999, 1), 1))
    line.datagram(B, PEER, record(fragment(dtls_body(None), 0, 9999)))
    line.datagram(('192.168.1.12', 4000), PEER, record(fragment(dtls_body('www.example.net'), 0, 9999)))
    line.datagram(('fd00:1::14', 4000), ('2001:db8::80', 443), record(fragment(dtls_body('v6.listed.example'), 0, 9999)))


@case('dtls-fragments', LISTED)
def _(line):
    """A hello larger than a datagram: fragments in any order, each in its datagram, its record, or all in one."""
    body = dtls_body('www.listed.example', b'cookie', share=1216)
    ends = [0, 500, 1000, len(body)]
    parts = [fragment(body, *ends[i:i + 2]) for i in range(3)]
    for i, order in enumerate([(0, 1, 2), (2, 0, 1), (1, 0, 0, 2)]):
        for part in order:
            line.datagram((f'192.168.1.{20 + i}', 4000), PEER, record(parts[part], part))
    line.datagram(('192.168.1.30', 4000), PEER, b''.join(record(p) for p in parts))
    line.datagram(('192.168.1.31', 4000), PEER, record(b''.join(reversed(parts))))
    line.datagram(('192.168.1.32', 4000), PEER, record(fragment(body, 600, 9999)))  # the rest never comes
    line.datagram(('192.168.1.33', 4000), PEER, record(fragment(body, 0, 9999), kind=23))  # not a handshake


@case('hello-fingerprints', f'# bridle-ioc 1\n@campaign Test\n{JA3_NAMED}\n{JA4_NAMELESS}\n{JA4_DTLS}\n')
def _(line):
    """Clients are known by their hello, whether they name a server or not."""
    for i, (name, more) in enumerate([('www.example.net', {}), (None, {}), ('www.example.net', {'alpn': ()}),
                                      ('www.example.net', {'record_bytes': 50})]):
        tcp = Connection(line, (f'192.168.1.{20 + i}', 4000), WEB).open()
        tcp.say(0, hello(name, **more)).say(1, server_hello())
        tcp.close()
    line.datagram(('192.168.1.30', 4000), PEER, record(fragment(dtls_body(None), 0, 9999)))


@case('hello-sslv2', LISTED)
def _(line):
    """A hello in the form of SSL 2.0 has no name (RFC 5246 E.2), and does not keep a later one from being seen."""
    tcp = Connection(line, A, WEB).open()
    tcp.say(0, b'\x80\x1f\1\3\1\0\6\0\0\0\x10' + bytes(range(22))).say(1, server_hello())
    tcp.close()
    tcp = Connection(line, (A[0], A[1] + 1), WEB).open()
    tcp.say(0, hello('www.listed.example')).say(1, server_hello())
    tcp.close()


@case('hello-large', LISTED, same_split=False)  # 17000 places would take a minute
def _(line):
    """Beyond 16 kB: two records at least, the name behind long ALPN and an Encrypted ClientHello."""
    for i, size in enumerate([16384, 9000]):
        tcp = Connection(line, (f'192.168.1.{20 + i}', 4000), WEB).open()
        tcp.say(0, hello('www.listed.example', alpn=('x' * 250,) * 70, ech=True, record_bytes=size))
        tcp.say(1, server_hello())
        tcp.close()
