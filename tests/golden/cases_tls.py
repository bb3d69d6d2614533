# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the server's name in a ClientHello."""
from cases import A, B, LISTED, WEB, case
from cases_dns import HOSTILE
from packets import Connection, hello, server_hello

POST_QUANTUM = 1216  # X25519MLKEM768


def visit(line, client, server, name, **more):
    """A whole connection: hello, answer, end."""
    tcp = Connection(line, client, server).open()
    tcp.say(0, hello(name, **more)).say(1, server_hello(name))
    tcp.close()


@case('tls-hello', LISTED)
def _(line):
    """A hello in one segment, on any port; a name that is not listed; none at all."""
    visit(line, A, WEB, 'www.listed.example')
    visit(line, B, (WEB[0], 30897), 'listed.example')
    visit(line, ('192.168.1.12', 4000), WEB, 'www.example.net')
    visit(line, ('192.168.1.13', 4000), WEB, None)
    visit(line, ('fd00:1::14', 4000), ('2001:db8::80', 443), 'v6.listed.example')


@case('tls-post-quantum', LISTED)
def _(line):
    """Today's browsers: 1.8 kB, the name in the second segment. The server's answer makes it `exchanged`."""
    tcp = Connection(line, A, WEB).open()
    tcp.say(0, hello('www.listed.example', share=POST_QUANTUM)).say(1, server_hello())
    tcp.close()


@case('tls-no-answer', LISTED)
def _(line):
    """Only one direction is seen, as with asymmetric routes: the hello shows that they were connected."""
    tcp = Connection(line, A, WEB)
    tcp.syn()
    tcp.put(0, 0, hello('www.listed.example'))


@case('tls-disorder', LISTED)
def _(line):
    """Segments in any order, some twice, some overlapping but alike."""
    whole = hello('www.listed.example', share=POST_QUANTUM)
    for i, pieces in enumerate([[(500, 2000), (0, 500)], [(1200, 2000), (400, 800), (800, 1200), (0, 400)],
                                [(0, 900), (0, 900), (900, 2000)], [(0, 900), (500, 1200), (1100, 2000)],
                                [(100, 2000), (0, 2000)], [(0, 1), (2, 2000), (1, 2)]]):
        tcp = Connection(line, (f'192.168.1.{20 + i}', 4000), WEB).open()
        for begin, end in pieces:
            tcp.put(0, begin, whole[begin:end])
        tcp.say(1, server_hello())


@case('tls-before-syn', LISTED, same_split=False)
def _(line):
    """The hello's second half overtakes the SYN and the first half on the way to the mirror port."""
    whole = hello('www.listed.example', share=POST_QUANTUM)
    tcp = Connection(line, A, WEB)
    tcp.put(0, 900, whole[900:])
    tcp.syn()
    tcp.syn_ack()
    tcp.put(0, 0, whole[:900])
    tcp.say(1, server_hello())


@case('tls-conflict', LISTED + 'other.example.net\n', same_split=False)
def _(line):
    """Overlapping segments that disagree: which name the server read is not ours to guess, so both are told."""
    one = hello('aaaa.listed.example', share=900)
    two = one.replace(b'aaaa.listed.example', b'www.example.net.org')
    three = one.replace(b'aaaa.listed.example', b'x.other.example.net')
    for i, (first, second) in enumerate([(one, two), (two, one)]):
        tcp = Connection(line, (f'192.168.1.{20 + i}', 4000), WEB).open()
        tcp.put(0, 300, first[300:])
        tcp.put(0, 300, second[300:])
        tcp.put(0, 0, one[:300])
        tcp.say(1, server_hello())
    tcp = Connection(line, ('192.168.1.30', 4000), WEB).open()
    tcp.put(0, 0, one)
    tcp.put(0, 0, three)  # as an attacker's hello of low TTL and the real one
    tcp.say(1, server_hello())


@case('tls-midstream', LISTED, same_split=False)
def _(line):
    """The opening was not seen: one severity less, since anybody can plant a hello inside other bytes."""
    whole = hello('www.listed.example')
    Connection(line, ('192.168.1.20', 4000), WEB).say(0, whole).say(1, server_hello())
    Connection(line, ('192.168.1.21', 4000), WEB).say(0, whole, size=100).say(1, server_hello())
    planted = Connection(line, ('192.168.1.22', 4000), ('203.0.113.81', 8080)).open()
    planted.say(0, b'POST / HTTP/1.1\r\nHost: example.net\r\nContent-Length: 999\r\n\r\n')
    planted.say(0, whole).say(1, b'HTTP/1.1 200 OK\r\n\r\n')


@case('tls-records', LISTED)
def _(line):
    """A hello over several records, the name over two of them."""
    visit(line, A, WEB, 'www.listed.example', record_bytes=100)
    visit(line, B, WEB, 'www.listed.example', share=POST_QUANTUM, record_bytes=7)


@case('tls-hostile', LISTED)
def _(line):
    """Server names that would forge a line or an event if they were printed as they are."""
    for i, label in enumerate(HOSTILE):
        visit(line, (f'192.168.1.{20 + i}', 4000), WEB, label + b'.listed.example')
    visit(line, A, WEB, b'.listed.example')
    visit(line, B, WEB, b'listed.example.')
    visit(line, ('192.168.1.12', 4000), WEB, b'a' * 300 + b'.listed.example')
    visit(line, ('192.168.1.13', 4000), WEB, b'203.0.113.5')


@case('tls-many-clients', LISTED + 'second.example.net\n')
def _(line):
    """One connection after the other: each client has its incident, each indicator too."""
    for i in range(3):
        visit(line, ('192.168.1.20', 4000 + i), WEB, 'www.listed.example', seed=i)
    visit(line, ('192.168.1.20', 5000), WEB, 'second.example.net')
    visit(line, ('192.168.1.21', 4000), WEB, 'www.listed.example')
