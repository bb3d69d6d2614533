# SPDX-License-Identifier: BSD-2-Clause
"""Cases of addresses: listed ones, and those that DNS gave for a listed name."""
from cases import A, B, DNS_SERVER, DNS_SERVER6, LISTED, WEB, case
from cases_tls import visit
from packets import ACK, Connection, SYN, answer, hello, ip, over_tcp, question, server_hello

ADDRESSES = '''# bridle-ioc 1
@campaign Test
203.0.113.66
2001:db8:66::1
198.51.100.128/25
'''
BAD = ('203.0.113.66', 4444)
SECRET = b'\x00\x01 neither TLS nor anything known\n'  # shows no name


def secretly(line, client, server):
    """A connection that shows no name."""
    tcp = Connection(line, client, server).open()
    tcp.say(0, SECRET).say(1, SECRET)
    tcp.close()


def resolve(line, client, where, name='www.listed.example', **more):
    line.ask(client, DNS_SERVER6 if ':' in client[0] else DNS_SERVER, name, answers=[('', 'AAAA' if ':' in where else 'A', where)],
             kind='AAAA' if ':' in where else 'A', **more)


@case('address-listed', ADDRESSES)
def _(line):
    """Listed addresses and a prefix: unanswered, refused, opened, spoken to; TCP, UDP and ICMP."""
    Connection(line, ('192.168.1.20', 4000), BAD).syn()
    refused = Connection(line, ('192.168.1.21', 4000), BAD)
    refused.syn()
    refused.refuse()
    Connection(line, ('192.168.1.22', 4000), BAD).open().close()
    secretly(line, ('192.168.1.23', 4000), BAD)
    secretly(line, ('fd00:1::24', 4000), ('2001:db8:66::1', 443))
    line.datagram(('192.168.1.25', 4000), ('198.51.100.129', 123), SECRET)
    line.datagram(('198.51.100.129', 123), ('192.168.1.25', 4000), SECRET)
    line.datagram(('192.168.1.26', 4000), ('198.51.100.127', 123), SECRET)  # just outside of the prefix
    line.packet(ip('192.168.1.27', BAD[0], 1, b'\x08\0\xf7\xfe\0\1\0\0', ident=1))
    line.packet(ip(BAD[0], '192.168.1.27', 1, b'\0\0\xff\xfe\0\1\0\0', ident=1))


@case('address-inward', ADDRESSES)
def _(line):
    """A listed address opens connections to us: `scanned`, and little cause for worry unless it is answered."""
    scanner = (BAD[0], 50000)
    Connection(line, scanner, ('192.168.1.20', 22)).syn()
    refused = Connection(line, scanner, ('192.168.1.21', 22))
    refused.syn()
    refused.refuse()
    Connection(line, scanner, ('192.168.1.22', 22)).open()
    secretly(line, scanner, ('192.168.1.23', 22))
    line.datagram(scanner, ('192.168.1.24', 161), SECRET)
    line.datagram(scanner, ('192.168.1.25', 161), SECRET)
    line.datagram(('192.168.1.25', 161), scanner, SECRET)


@case('address-guessed', ADDRESSES)
def _(line):
    """The opening was not seen: ports and what is at home say who is the client."""
    Connection(line, ('192.168.1.20', 40000), (BAD[0], 443)).say(0, SECRET).say(1, SECRET)
    Connection(line, ('192.168.1.21', 40000), (BAD[0], 443)).say(1, SECRET).say(0, SECRET)
    Connection(line, (BAD[0], 40000), ('192.168.1.22', 22)).say(0, SECRET).say(1, SECRET)


@case('address-and-name', ADDRESSES + 'listed.example\n')
def _(line):
    """Address and server name are both listed: an incident each."""
    visit(line, A, (BAD[0], 443), 'www.listed.example')


@case('vlan', LISTED + '203.0.113.66\n')
def _(line):
    """Two tags (802.1ad): both are told, the outer first."""
    line.vlans = [(0x88a8, 200), (0x8100, 30)]
    line.ask(A, DNS_SERVER, 'www.listed.example', answers=[('', 'A', '203.0.113.5')])
    visit(line, A, WEB, 'www.listed.example')
    line.vlans = [(0x8100, 0x6000 | 31)]  # with a priority
    secretly(line, B, BAD)


@case('tunnel', LISTED + '203.0.113.66\n')
def _(line):
    """IPv4 in IPv4 (RFC 2003) and IPv6 in IPv4 (RFC 4213): the inner ends are told, and the tunnel."""
    line.tunnel = ('192.0.2.1', '192.0.2.2')
    line.ask(A, DNS_SERVER, 'www.listed.example', answers=[('', 'A', '203.0.113.5')])
    visit(line, B, WEB, 'www.listed.example')
    secretly(line, ('192.168.1.12', 4000), BAD)
    line.ask(('fd00:1::13', 4000), DNS_SERVER6, 'www.listed.example', answers=[])


@case('learned', LISTED)
def _(line):
    """Who asked for a listed name and then connects without a name to what DNS gave for it is told; who never
    asked is not, nor one who shows another name."""
    line.wait(1)
    resolve(line, A, '203.0.113.50')
    secretly(line, A, ('203.0.113.50', 4444))
    secretly(line, B, ('203.0.113.50', 4444))
    resolve(line, ('192.168.1.12', 4000), '203.0.113.51')
    visit(line, ('192.168.1.12', 4001), ('203.0.113.51', 443), 'innocent.example.net')
    resolve(line, ('192.168.1.13', 4000), '203.0.113.52')
    visit(line, ('192.168.1.13', 4001), ('203.0.113.52', 443), 'www.listed.example')
    resolve(line, ('192.168.1.14', 4000), '203.0.113.53')
    visit(line, ('192.168.1.14', 4001), ('203.0.113.53', 443), None)
    resolve(line, ('192.168.1.15', 4000), '203.0.113.54')
    Connection(line, ('192.168.1.15', 4001), ('203.0.113.54', 443)).syn()
    line.wait(10)
    resolve(line, ('fd00:1::16', 4000), '2001:db8::55')
    secretly(line, ('fd00:1::16', 4001), ('2001:db8::55', 4444))
    resolve(line, ('192.168.1.17', 4000), '203.0.113.57')
    line.wait(400)  # the TTL is 300 s
    secretly(line, ('192.168.1.17', 4001), ('203.0.113.57', 4444))


@case('learned-alias', LISTED)
def _(line):
    """What is learned is of the names along the chain from the one that was asked for, wherever the listed one
    stands in it."""
    line.ask(A, DNS_SERVER, 'shop.example.net', answers=[
        ('', 'CNAME', 'a.listed.example'), ('a.listed.example', 'CNAME', 'host.example.org'),
        ('host.example.org', 'A', '203.0.113.58')])
    secretly(line, A, ('203.0.113.58', 4444))


@case('learned-ech', LISTED)
def _(line):
    """With Encrypted Client Hello the outer name is the provider's: it says nothing against the name that DNS
    gave the configuration for."""
    config = {5: b'\0\4\xfe\x0d\0\0', 4: bytes([203, 0, 113, 60])}
    line.ask(A, DNS_SERVER, 'www.listed.example', 'HTTPS', answers=[('', 'HTTPS', (1, '', config))])
    visit(line, A, ('203.0.113.60', 443), 'public.example.org', ech=True)
    line.ask(B, DNS_SERVER, 'www.listed.example', 'HTTPS', answers=[('', 'HTTPS', (1, '', config))])
    visit(line, B, ('203.0.113.60', 443), 'innocent.example.net')


@case('learned-not-asked', LISTED)
def _(line):
    """An answer that nobody asked for teaches nothing: anybody can send one."""
    line.datagram(DNS_SERVER, A, answer(77, 'www.listed.example', 'A', [('', 'A', '203.0.113.50')]))
    secretly(line, A, ('203.0.113.50', 4444))
    line.datagram(B, DNS_SERVER, question(78, 'www.listed.example'))
    line.datagram(('203.0.113.1', 53), B, answer(78, 'www.listed.example', 'A', [('', 'A', '203.0.113.51')]))
    line.datagram(DNS_SERVER, B, answer(79, 'www.listed.example', 'A', [('', 'A', '203.0.113.52')]))
    secretly(line, B, ('203.0.113.51', 4444))
    secretly(line, B, ('203.0.113.52', 4444))


@case('learned-shared', LISTED)
def _(line):
    """CloudFront: unrelated names share each address, so a connection without a name raises an incident but opens
    none."""
    shared = '13.225.61.20'
    resolve(line, A, shared)
    secretly(line, A, (shared, 443))
    secretly(line, B, (shared, 443))


@case('learned-shared-resolver', LISTED)
def _(line):
    """CloudFront again, asked for by a resolver on behalf of clients whose questions are not seen: nothing is
    opened for any of them."""
    shared, upstream, resolver = '13.225.61.20', ('198.51.100.53', 53), (DNS_SERVER[0], 3300)
    line.ask(A, DNS_SERVER, 'plain.example.net', answers=[('', 'A', '203.0.113.5')])
    line.ask(resolver, upstream, 'www.listed.example', answers=[('', 'A', shared)])
    for i in range(3):
        secretly(line, (f'192.168.1.{20 + i}', 4000), (shared, 443))


def everyday(line, client, google):
    """What everybody does with 8.8.8.8: DNS over UDP, TCP and TLS, DNS over HTTPS, also in QUIC, a ping."""
    line.ask(client, (google, 53), 'plain.example.net', answers=[('', 'A', '203.0.113.5')])
    tcp = Connection(line, (client[0], 4001), (google, 53)).open()
    tcp.say(0, over_tcp(question(1, 'plain.example.net'))).close()
    visit(line, (client[0], 4002), (google, 853), 'dns.google')
    visit(line, (client[0], 4003), (google, 853), None)
    visit(line, (client[0], 4004), (google, 443), 'dns.google')
    line.datagram((client[0], 4005), (google, 443), b'\xc0\0\0\0\1\x08dcid-dcid\0\0' + bytes(1200))
    line.datagram((google, 443), (client[0], 4005), b'\xc0\0\0\0\1\0\x08dcid-dcid' + bytes(1200))
    line.packet(ip(client[0], google, 1, b'\x08\0\xf7\xfe\0\1\0\0', ident=9))
    line.packet(ip(google, client[0], 1, b'\0\0\xff\xfe\0\1\0\0', ident=9))


@case('learned-poisoned', LISTED)
def _(line):
    """A lapsed name answers with 8.8.8.8, for a client: nobody else becomes a victim, whatever they do there."""
    resolve(line, A, '8.8.8.8')
    everyday(line, B, '8.8.8.8')
    secretly(line, ('192.168.1.12', 4000), ('8.8.8.8', 4444))


@case('learned-poisoned-asker', LISTED)
def _(line):
    """The same for the one who asked: what shows its name, or is DNS, is no connection to the listed name."""
    resolve(line, A, '8.8.8.8')
    line.ask(A, ('8.8.8.8', 53), 'plain.example.net', answers=[('', 'A', '203.0.113.5')])
    visit(line, (A[0], 4002), ('8.8.8.8', 853), 'dns.google')
    visit(line, (A[0], 4004), ('8.8.8.8', 443), 'dns.google')


@case('learned-poisoned-resolver', LISTED)
def _(line):
    """The same where a resolver asked, for whom is not known."""
    upstream, resolver = ('198.51.100.53', 53), (DNS_SERVER[0], 3300)
    line.ask(A, DNS_SERVER, 'plain.example.net', answers=[('', 'A', '203.0.113.5')])
    line.ask(resolver, upstream, 'www.listed.example', answers=[('', 'A', '8.8.8.8')])
    for i in range(3):
        everyday(line, (f'192.168.1.{20 + i}', 4000), '8.8.8.8')


@case('learned-resolver', LISTED)
def _(line):
    """A resolver asked, for whom is not known: who connects without a name is told, a severity lower."""
    upstream, resolver = ('198.51.100.53', 53), (DNS_SERVER[0], 3300)
    line.ask(A, DNS_SERVER, 'plain.example.net', answers=[('', 'A', '203.0.113.5')])
    line.ask(resolver, upstream, 'www.listed.example', answers=[('', 'A', '203.0.113.50')])
    secretly(line, B, ('203.0.113.50', 4444))
    line.ask(('192.168.1.12', 4000), DNS_SERVER, 'other.listed.example', answers=[('', 'A', '203.0.113.51')])
    line.ask(resolver, upstream, 'other.listed.example', answers=[('', 'A', '203.0.113.51')])
    secretly(line, ('192.168.1.13', 4000), ('203.0.113.51', 4444))  # the one who asked was seen


@case('learned-suspended', LISTED)
def _(line):
    """More than 16 clients that never asked: the address is everybody's, and no longer believed."""
    upstream, resolver = ('198.51.100.53', 53), (DNS_SERVER[0], 3300)
    line.ask(A, DNS_SERVER, 'plain.example.net', answers=[('', 'A', '203.0.113.5')])
    line.ask(resolver, upstream, 'www.listed.example', answers=[('', 'A', '203.0.113.50')])
    for i in range(18):
        client = (f'192.168.1.{20 + i}', 4000)
        tcp = Connection(line, client, ('203.0.113.50', 4444))
        line.segment(client, tcp.server, tcp.isn[0], 0, SYN)
        line.segment(client, tcp.server, tcp.isn[0] + 1, tcp.isn[1] + 1, ACK, SECRET)


@case('learned-llmnr', LISTED)
def _(line):
    """Who answers its neighbours' questions for its own name (LLMNR) is no resolver: it asked for itself."""
    line.datagram((B[0], 4242), ('224.0.0.252', 5355), question(10, 'desktop', flags=0))
    line.datagram((A[0], 5355), (B[0], 4242), answer(10, 'desktop', 'A', [('', 'A', A[0])], flags=0x8000))
    resolve(line, A, '203.0.113.50')
    secretly(line, B, ('203.0.113.50', 4444))
    secretly(line, A, ('203.0.113.50', 4444))


@case('clean', ADDRESSES + 'listed.example\n')
def _(line):
    """Nothing listed: no alert."""
    line.ask(A, DNS_SERVER, 'www.example.net', answers=[('', 'CNAME', 'listed.example.net'),
                                                        ('', 'A', '203.0.113.65')])
    visit(line, A, ('203.0.113.65', 443), 'www.example.net', share=1216)
    tcp = Connection(line, B, WEB).open()
    tcp.say(0, hello('unlisted.example')).say(1, server_hello())
    secretly(line, B, ('198.51.100.127', 4444))


@case('address-aged', '''# bridle-ioc 1
@campaign Test
@tier c2
203.0.113.60
@from 2021-07-01
203.0.113.61
@from 2018-08-01
203.0.113.62
198.51.100.128/25
old.example
@until 2019-01-01
203.0.113.63
ended.example
''')
def _(line):
    """What was listed years ago is told, one grade down: addresses and prefixes by themselves, names when their
    source said until when. An address of which nobody said when is not old."""
    for i, where in enumerate(['203.0.113.60', '203.0.113.61', '203.0.113.62', '203.0.113.63', '198.51.100.200']):
        secretly(line, (f'192.168.1.{20 + i}', 4000), (where, 4444))
    for i, name in enumerate(['old.example', 'ended.example']):
        visit(line, (f'192.168.1.{30 + i}', 4000), WEB, name)
