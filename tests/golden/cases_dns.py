# SPDX-License-Identifier: BSD-2-Clause
"""Cases of names in DNS."""
from cases import A, B, DNS_SERVER, DNS_SERVER6, LISTED, case
from packets import Connection, answer, hello, labels, over_tcp, question


@case('dns-cname', LISTED)
def _(line):
    """A chain of CNAMEs of which one is listed: asked for by its alias, so found in the answer."""
    line.ask(A, DNS_SERVER, 'plain.example.net', answers=[('', 'A', '198.51.100.1')])
    line.ask(A, DNS_SERVER, 'shop.example.net', answers=[
        ('', 'CNAME', 'a.listed.example'), ('a.listed.example', 'CNAME', 'host.example.org'),
        ('host.example.org', 'A', '203.0.113.5'), ('host.example.org', 'A', '203.0.113.6')])
    line.ask(B, DNS_SERVER, 'www.listed.example', 'AAAA', answers=[('', 'AAAA', '2001:db8::5')])


@case('dns-nothing-there', LISTED)
def _(line):
    """No address, so it stays at `queried`: NXDOMAIN, SERVFAIL, no record, refused with a record, no answer."""
    for i, (rcode, records) in enumerate([(3, []), (2, []), (0, []), (5, [('', 'A', '203.0.113.5')])]):
        line.ask((f'192.168.1.{20 + i}', 4000), DNS_SERVER, 'gone.listed.example', answers=records, rcode=rcode)
    line.ask(('192.168.1.30', 4000), DNS_SERVER, 'gone.listed.example', answers=None)


@case('dns-sinkhole', LISTED)
def _(line):
    """A blocker answers with addresses that reach nobody: not resolved, and nothing is learned."""
    for i, (kind, where) in enumerate([('A', '0.0.0.0'), ('A', '127.0.0.1'), ('AAAA', '::'), ('AAAA', '::1')]):
        line.ask((f'192.168.1.{20 + i}', 4000), DNS_SERVER, 'listed.example', kind, answers=[('', kind, where)])
    home = Connection(line, ('192.168.1.20', 5000), ('127.0.0.1', 80)).open()
    home.say(0, b'hello\n').say(1, b'hello\n')


@case('dns-tcp', LISTED)
def _(line):
    """Several messages in each direction of one connection; two in one segment; one in three segments."""
    names = ['one.example.net', 'two.listed.example', 'three.example.net', 'four.listed.example']
    ask = [over_tcp(question(100 + i, name)) for i, name in enumerate(names)]
    tell = [over_tcp(answer(100 + i, name, 'A', [('', 'A', f'203.0.113.{10 + i}')])) for i, name in enumerate(names)]
    tcp = Connection(line, (A[0], 5300), DNS_SERVER).open()
    tcp.say(0, ask[0] + ask[1])
    tcp.say(1, tell[0] + tell[1], size=40)
    tcp.say(0, ask[2])
    tcp.say(0, ask[3], size=20)
    tcp.say(1, tell[3])
    tcp.say(1, tell[2])
    tcp.close()


@case('dns-https', LISTED)
def _(line):
    """HTTPS and SVCB records (RFC 9460): address hints, aliases, targets, an ECH configuration."""
    v4, v6 = bytes([203, 0, 113, 8, 203, 0, 113, 9]), bytes.fromhex('20010db8000000000000000000000008')
    line.ask(A, DNS_SERVER, 'www.listed.example', 'HTTPS', answers=[
        ('', 'HTTPS', (1, '', {1: b'\x02h3\x02h2', 4: v4, 5: b'\0\1\0', 6: v6}))])
    line.ask(B, DNS_SERVER, 'shop.example.net', 'HTTPS', answers=[
        ('', 'HTTPS', (0, 'alias.listed.example', {})),
        ('alias.listed.example', 'HTTPS', (1, 'pool.example.org', {3: b'\x20\xfb', 4: v4[:4]}))])
    line.ask(('192.168.1.12', 4000), DNS_SERVER, '_dns.example.net', 'SVCB', answers=[
        ('', 'SVCB', (1, 'dns.example.net', {1: b'\x03dot', 4: v4[4:]}))])


@case('dns-records', 'listed.example\n')
def _(line):
    """Names in records of other types."""
    line.ask(A, DNS_SERVER, 'example.net', 'ANY', answers=[
        ('', 'NS', 'ns.example.net'), ('', 'MX', (10, 'mail.example.net')), ('', 'TXT', b'\x0elisted.example'),
        ('_sip._tcp.example.net', 'SRV', (1, 2, 5060, 'sip.example.net')), ('old.example.net', 'DNAME', 'example.org')])
    line.ask(A, DNS_SERVER, 'mailed.example.net', 'MX', answers=[('', 'MX', (10, 'mx.listed.example'))])
    line.ask(B, DNS_SERVER, '5.113.0.203.in-addr.arpa', 'PTR', answers=[('', 'PTR', 'host.listed.example')])


@case('dns-multicast', LISTED)
def _(line):
    """mDNS (RFC 6762), one-shot and continuous, and LLMNR (RFC 4795)."""
    group = ('224.0.0.251', 5353)
    line.datagram((A[0], 5353), group, question(0, 'printer.local', flags=0))
    line.datagram((B[0], 5353), group, answer(0, 'printer.local', 'A', [('', 'A', B[0])], asks=False, flags=0x8400))
    line.datagram((A[0], 5353), group, question(0, 'spy.listed.example', flags=0))
    line.datagram((A[0], 5355), ('224.0.0.252', 5355), question(9, 'desktop', flags=0))
    line.datagram((A[0], 4242), ('224.0.0.252', 5355), question(10, 'listed.example', flags=0))
    line.datagram((B[0], 5355), (A[0], 4242), answer(10, 'listed.example', 'A', [('', 'A', B[0])], flags=0x8000))


@case('dns-which-name', '''# bridle-ioc 1
@campaign Test
listed.example
!good.listed.example
bad.good.listed.example
=exact.example.net
''')
def _(line):
    """What an indicator covers: below it, exact names, exceptions, exceptions of exceptions, no part of a label."""
    names = ['listed.example', 'a.b.listed.example', 'good.listed.example', 'very.good.listed.example',
             'bad.good.listed.example', 'so.bad.good.listed.example', 'notlisted.example', 'listed.example.net',
             'exact.example.net', 'below.exact.example.net', 'example', 'inexact.example.net']
    for i, name in enumerate(names):
        line.ask((f'192.168.1.{20 + i}', 4000), DNS_SERVER, name, answers=[], rcode=3)


@case('dns-idna', 'm\u00fcnchen.example\nLISTED.Example.\n')
def _(line):
    """International names, and letters of either case."""
    line.ask(A, DNS_SERVER, 'www.xn--mnchen-3ya.example', answers=[('', 'A', '203.0.113.5')])
    line.ask(B, DNS_SERVER, 'wWw.lIsTeD.eXaMpLe', answers=[('', 'A', '203.0.113.6')])
    line.ask(('192.168.1.12', 4000), DNS_SERVER, 'munchen.example', answers=[('', 'A', '203.0.113.7')])


@case('dns-clients', 'listed.example\nsecond.example.net\n')
def _(line):
    """One incident for each client and indicator."""
    for i, (client, name) in enumerate([(A, 'listed.example'), (B, 'a.listed.example'), (A, 'b.listed.example'),
                                        (A, 'second.example.net'), (B, 'listed.example'), (A, 'listed.example')]):
        line.ask(client, DNS_SERVER, name, answers=[('', 'A', '203.0.113.5')], ident=700 + i)


@case('dns-repeat', LISTED)
def _(line):
    """What is seen again and again is told once an hour, and at the end."""
    for i in range(14):
        line.ask(A, DNS_SERVER, 'beacon.listed.example', answers=[('', 'A', '203.0.113.5')], ident=900 + i)
        line.wait(20 * 60)
    line.wait(25 * 3600)  # closed, and opened anew
    line.ask(A, DNS_SERVER, 'beacon.listed.example', answers=[('', 'A', '203.0.113.5')], ident=990)


HOSTILE = [b'new\nline', b'\x1b[2Jclear', b'quo"te', b'back\\slash', b'dot.inside', b'\xff\xfe\x80', b'nul\0', b'tab\t',
           b'{"event_type":"alert"}', b'\xe2\x80\xaereversed', b'a,b;c|d', b'\r\n<1>Jul 18 bridled: forged', b'%s%n']


@case('dns-hostile', LISTED)
def _(line):
    """Labels that would forge a line, an event or a name if they were printed as they are."""
    for i, label in enumerate(HOSTILE):
        line.ask(A, DNS_SERVER, [label, b'listed', b'example'], answers=[
            ('', 'CNAME', [label, b'example', b'net'])], ident=40 + i)
    line.ask(B, DNS_SERVER, [b'listed.example'], answers=[('', 'CNAME', [b'a.listed', b'example'])])  # dots within
    line.ask(B, DNS_SERVER, [b'x' * 63] * 3 + [b'y' * 46, b'listed', b'example'], answers=[])


@case('dns-broken', LISTED)
def _(line):
    """Messages that contradict themselves. What stands before the fault is told."""
    good = question(7, 'cut.listed.example')
    for end in (13, 20, len(good) - 5, len(good) - 1):
        line.datagram(A, DNS_SERVER, good[:end])
    loop = good[:12] + b'\xc0\x0c' + good[-4:]
    line.datagram(A, DNS_SERVER, loop)
    forward = good[:12] + b'\x01a\xc0\x20' + good[-4:] + labels('listed.example')
    line.datagram(A, DNS_SERVER, forward)
    many = good[:4] + b'\xff\xff' + good[6:]
    line.datagram(B, DNS_SERVER, many)
    tell = answer(8, 'www.example.net', 'A', [('', 'CNAME', 'a.listed.example'), ('', 'A', '203.0.113.5')])
    line.datagram(DNS_SERVER, ('192.168.1.12', 4000), tell[:-2])


@case('dns-fragments', LISTED)
def _(line):
    """An answer in IP fragments, in order, in reverse, with a hole; of IPv6 too (RFC 8200 4.5)."""
    chain = [('', 'CNAME', 'x' * 60 + '.example.net')] * 4 + [('', 'CNAME', 'a.listed.example'),
                                                            ('a.listed.example', 'A', '203.0.113.5')]
    orders = [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2)]
    for i, order in enumerate(orders):
        client, client6 = (f'192.168.1.{20 + i}', 4000), (f'fd00:1::{20 + i}', 4000)
        for asker, resolver in ((client, DNS_SERVER), (client6, DNS_SERVER6)):
            line.datagram(asker, resolver, question(50 + i, 'www.example.net'))
            line.fragments(resolver, asker, answer(50 + i, 'www.example.net', 'A', chain), (0, 24, 176), order)


NOWHERE = LISTED + '''
@sinkhole A blocker
198.51.100.64/28
2001:db8:bad::/48
@parking A seller of names
203.0.113.128
'''


@case('dns-blocked', NOWHERE)
def _(line):
    """Blockers' pages, parking, no such name, no address, refused: blocked, by whom; and nothing is learned. One
    real address among others is enough to be found."""
    page = [('', 'CNAME', 'block.example.net'), ('block.example.net', 'A', '198.51.100.70')]
    for i, (kind, rcode, records) in enumerate([
            ('A', 0, [('', 'A', '198.51.100.70')]), ('AAAA', 0, [('', 'AAAA', '2001:db8:bad::1')]), ('A', 0, page),
            ('A', 0, [('', 'A', '203.0.113.128')]), ('A', 3, []), ('A', 0, []), ('AAAA', 0, []), ('A', 5, []),
            ('A', 0, [('', 'A', '0.0.0.0'), ('', 'A', '198.51.100.70')]),
            ('A', 0, [('', 'A', '198.51.100.70'), ('', 'A', '203.0.113.129')]),
            ('A', 0, [('', 'A', '146.112.61.105')])]):  # of the rules that are shipped: OpenDNS
        line.ask((f'192.168.1.{20 + i}', 4000), DNS_SERVER, 'www.listed.example', kind, answers=records, rcode=rcode)
    line.ask(A, DNS_SERVER, 'shop.example.net', answers=[
        ('', 'CNAME', 'a.listed.example'), ('a.listed.example', 'A', '198.51.100.70')])
    for i in range(3):
        page = Connection(line, (f'192.168.1.{20 + i}', 5000), ('198.51.100.70', 80)).open()
        page.say(0, b'hello\n').say(1, b'hello\n')


@case('dns-blocked-then-found', NOWHERE)
def _(line):
    """The first resolver blocks, of IPv6 and IPv4; the client goes to the block page, then asks another resolver."""
    name, client, other = 'www.listed.example', A[0], ('192.0.2.53', 53)
    line.ask(A, DNS_SERVER, name, 'AAAA', answers=[], ident=1)
    line.ask(A, DNS_SERVER, name, answers=[('', 'A', '198.51.100.70')], ident=2)
    page = Connection(line, (client, 5000), ('198.51.100.70', 443)).open()
    page.say(0, hello(name))
    page.say(1, b'\x15\x03\x03\x00\x02\x02\x28')
    line.ask(A, DNS_SERVER, name, answers=[('', 'A', '198.51.100.70')], ident=3)
    line.ask(A, other, name, answers=[('', 'A', '203.0.113.5')], ident=4)
    line.ask(A, DNS_SERVER, name, answers=[], rcode=3, ident=5)
    Connection(line, (client, 5001), ('203.0.113.5', 443)).open().say(0, hello(name, seed='again')).close()
