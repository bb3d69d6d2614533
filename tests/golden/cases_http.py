# SPDX-License-Identifier: BSD-2-Clause
"""Cases of hosts in HTTP/1.x."""
from cases import A, B, LISTED, WEB, case
from packets import Connection, hello, server_hello

PLAIN = ('203.0.113.80', 80)
OK = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'


def request(host, target='/', method='GET', fields=(), body='', end='\r\n'):
    host = [f'Host: {host}'] if host else []
    return end.join([f'{method} {target} HTTP/1.1', 'User-Agent: x', *host, *fields, '', body]).encode('latin-1')


def visit(line, client, server, asked, answer=OK):
    tcp = Connection(line, client, server).open()
    tcp.say(0, asked).say(1, answer)
    tcp.close()


@case('http-host', LISTED)
def _(line):
    """A listed host in a request, on any port, with its port; an address; a bare LF; a URL to a proxy."""
    visit(line, A, PLAIN, request('www.listed.example'))
    visit(line, B, (PLAIN[0], 30897), request('Listed.Example.:30897', end='\n'))
    visit(line, ('192.168.1.12', 4000), PLAIN, request('www.example.net'))
    visit(line, ('192.168.1.13', 4000), PLAIN, request('203.0.113.80', target='http://www.listed.example/'))
    visit(line, ('fd00:1::14', 4000), ('2001:db8::80', 80), request('[2001:db8::80]:80'))


@case('http-keep-alive', LISTED, same_split=False)
def _(line):
    """Several requests of one connection, of which a later one is listed; two in one segment; a body between."""
    tcp = Connection(line, A, PLAIN).open()
    tcp.say(0, request('www.example.net')).say(1, OK)
    tcp.say(0, request('one.listed.example')).say(1, OK)
    tcp.say(0, request('www.example.org') + request('two.listed.example')).say(1, OK + OK)
    tcp.say(0, request('www.example.com', method='POST', fields=['Content-Length: 5'], body='hello') +
            request('three.listed.example')).say(1, OK + OK)
    tcp.say(0, request('www.example.com', method='POST', fields=['Content-Length: 3000']))
    tcp.say(0, b'x' * 3000 + request('four.listed.example')).say(1, OK + OK)
    tcp.close()


@case('http-redirect', LISTED)
def _(line):
    """Network injection: the answer to a plain request leads elsewhere."""
    found = b'HTTP/1.1 307 Temporary Redirect\r\nLocation: https://x1.listed.example:30901/Gr8y\r\n\r\n'
    visit(line, A, PLAIN, request('www.example.net'), found)
    refresh = b'HTTP/1.1 200 OK\r\nRefresh: 0; url=http://x2.listed.example/\r\nContent-Length: 0\r\n\r\n'
    visit(line, B, PLAIN, request('www.example.net'), refresh)
    visit(line, ('192.168.1.12', 4000), PLAIN, request('www.example.net'),
          b'HTTP/1.1 302 Found\r\nLocation: /listed.example/\r\n\r\n')


@case('http-connect', LISTED)
def _(line):
    """A tunnel through a proxy: the target's name is told, and the hello inside the tunnel is read."""
    tcp = Connection(line, A, (PLAIN[0], 3128)).open()
    tcp.say(0, request('www.listed.example:443', target='www.listed.example:443', method='CONNECT'))
    tcp.say(1, b'HTTP/1.1 200 Connection established\r\n\r\n')
    tcp.say(0, hello('inside.listed.example')).say(1, server_hello())
    tcp.close()


@case('http-long', LISTED)
def _(line):
    """A head over several segments, the host in the last of them."""
    visit(line, A, PLAIN, request('', target='/' + 'a' * 900, fields=['Cookie: ' + 'c' * 900, 'Host: listed.example']))


@case('http-hostile', LISTED)
def _(line):
    """Two hosts, folded ones, blanks, hosts that would forge a line."""
    for i, fields in enumerate(['Host: www.example.net\nHost: www.listed.example', 'Host:\n\twww.listed.example',
                                'hOsT \t:\t www.listed.example \t', 'Host: a"\\\x1b\x80.listed.example',
                                'Host: user@listed.example:80', 'X: 1\n Host: folded.listed.example']):
        visit(line, (f'192.168.1.{20 + i}', 4000), PLAIN, request('', fields=fields.split('\n')))


@case('http-unfinished', LISTED)
def _(line):
    """A head that never ends: what its whole lines say is told when the capture ends."""
    tcp = Connection(line, A, PLAIN).open()
    tcp.say(0, b'GET / HTTP/1.1\r\nHost: www.listed.example\r\nX: y')


@case('http-not', LISTED)
def _(line):
    """What looks like it and is not: RTSP, SIP, a mail."""
    for i, text in enumerate([b'OPTIONS rtsp://listed.example RTSP/1.0\r\n', b'INVITE sip:a@b SIP/2.0\r\n', b'EHLO me\r\n']):
        visit(line, (f'192.168.1.{20 + i}', 4000), WEB, text + b'Host: www.listed.example\r\n\r\n', b'')


@case('http-2', LISTED)
def _(line):
    """HTTP/2 in clear: with prior knowledge, the authority coded, its frames apart; after an upgrade."""
    def frame(kind, flags, payload, stream=1):
        return len(payload).to_bytes(3, 'big') + bytes([kind, flags]) + stream.to_bytes(4, 'big') + payload

    opening = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + frame(4, 0, b'', 0)
    get = b'\x82\x86\x84'  # RFC 7541, Appendix A
    coded = bytes.fromhex('418cf1e3c2e5f23a6ba0ab90f4ff')  # C.4.1: www.example.com
    plain = b'\x01\x14www.listed.example:8\x66\x0eother.example.'
    visit(line, A, PLAIN, opening + frame(1, 5, get + coded), frame(4, 0, b'', 0))
    visit(line, B, PLAIN, opening + frame(8, 0, bytes(4), 0) + frame(1, 1, get + plain[:9]) + frame(9, 4, plain[9:]),
          frame(4, 0, b'', 0))
    tcp = Connection(line, ('192.168.1.12', 4000), PLAIN).open()
    tcp.say(0, request('up.listed.example', fields=['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: ']))
    tcp.say(1, b'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n' + frame(4, 0, b'', 0))
    tcp.say(0, opening + frame(1, 5, get + plain, 3))
    tcp.close()
