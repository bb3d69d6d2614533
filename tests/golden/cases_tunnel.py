# SPDX-License-Identifier: BSD-2-Clause
"""Cases of what travels in tunnels and over links that are not plain Ethernet. Each tunnel has clients and names of
its own."""
from cases import A, B, DNS_SERVER, DNS_SERVER6, LISTED, WEB, case
from cases_tls import visit
from packets import answer, ethernet, ip, question, udp
from tunnels import FAR, FOUR_ONLY, LINKS, NEAR, SIX_ONLY, TUNNELS, in_turn

NUMBER = {name: 40 + i for i, name in enumerate([*TUNNELS, *LINKS])}


def clients(name):
    """The clients of a tunnel, of each family that it carries: (client, resolver, server)."""
    n = NUMBER[name]
    if name not in SIX_ONLY:
        yield (f'192.168.1.{n}', 4000), DNS_SERVER, WEB
    if name not in FOUR_ONLY:
        yield (f'fd00:1::{n:x}', 4000), DNS_SERVER6, ('2001:db8::80', 443)


def travel(line, *names, wraps=TUNNELS):
    """A question and a connection in each of these."""
    for name in names:
        line.wrap = wraps[name]
        for client, resolver, server in clients(name):
            six = ':' in server[0]
            line.ask(client, resolver, f'{name}.listed.example', kind='AAAA' if six else 'A',
                     answers=[('', 'AAAA' if six else 'A', server[0])])
            visit(line, (client[0], 4001), server, f'www.{name}.listed.example')
    line.wrap = None


@case('tunnel-overlay', LISTED)
def _(line):
    """Networks over networks: VXLAN with a tagged frame, Amazon's mirror, VXLAN-GPE with NSH, Geneve with options and
    with IP, NVGRE. The network's number is told."""
    travel(line, 'vxlan', 'vxlan-aws', 'vxlan-gpe', 'geneve', 'geneve-ip', 'nvgre')


@case('tunnel-gre', LISTED)
def _(line):
    """GRE with a key, that differs by direction, and sequence; with a checksum, over IPv6; bridging; PPTP; the three
    versions of ERSPAN, the last one with a subheader."""
    travel(line, 'gre', 'gre-checksum', 'gre-bridge', 'pptp', 'erspan', 'erspan2', 'erspan3')


@case('tunnel-access', LISTED)
def _(line):
    """GTP-U with a sequence number and an extension header, Teredo with both indications, AYIYA, L2TP with all
    fields, CAPWAP with frames of three kinds, TZSP with two."""
    travel(line, 'gtp', 'teredo', 'ayiya', 'l2tp', 'capwap', 'capwap-swapped', 'capwap-frame', 'tzsp', 'tzsp-wlan')


@case('tunnel-ip', LISTED)
def _(line):
    """IP in IP, each version in each; MPLS and Ethernet in IP."""
    travel(line, '6in4', '4in6', 'ipip', 'mpls-ip', 'etherip')


@case('tunnel-links', LISTED, link=True)
def _(line):
    """No tunnels, for nothing has ends there: MPLS, its pseudowires with and without a control word, PPPoE, NSH,
    provider backbone bridges, four tags."""
    travel(line, *LINKS, wraps=LINKS)


@case('tunnel-nested', LISTED)
def _(line):
    """VXLAN in GRE in a VLAN, and a mirror of it: the whole path is told."""
    line.vlans = [(0x8100, 5)]
    line.wrap = in_turn('vxlan', 'gre')
    line.ask(('192.168.1.30', 4000), DNS_SERVER, 'nested.listed.example', answers=[('', 'A', WEB[0])])
    visit(line, ('192.168.1.30', 4001), WEB, 'nested.listed.example')
    line.wrap = in_turn('vxlan', 'gre', 'erspan2', 'l2tp')
    visit(line, ('192.168.1.31', 4001), WEB, 'mirrored.listed.example')


@case('tunnel-apart', LISTED, same_split=False)
def _(line):
    """One five-tuple outside, in two tunnels and in two networks: five flows, each with a name of its own; the bytes
    of one never continue another. An answer inside is none to a question outside: nothing is learned. (Variants rename clients outside only.)"""
    ways = [('outside', None), ('gre', TUNNELS['gre']), ('ipip', TUNNELS['ipip']), ('vxlan', TUNNELS['vxlan']),
            ('aws', TUNNELS['vxlan-aws'])]
    for name, wrap in ways:
        line.wrap = wrap
        line.idents.clear()
        visit(line, A, WEB, f'{name}.listed.example')
    line.wrap = None
    line.datagram(B, DNS_SERVER, question(7, 'asked.listed.example'))
    line.wrap = TUNNELS['gre']
    line.datagram(DNS_SERVER, B, answer(7, 'asked.listed.example', 'A', [('', 'A', '203.0.113.99')]))
    line.wrap = None
    line.segment((B[0], 4100), ('203.0.113.99', 4444), 1, 0, 2)


@case('tunnel-none', LISTED)
def _(line):
    """Clients whose ports are by chance those of tunnels, and what is none on such ports: each stays what it is."""
    for n, port in enumerate((4789, 4790, 6081, 2152, 3544, 1701, 5247, 37008, 8472, 5072, 4754)):
        line.ask(('192.168.1.35', port), DNS_SERVER, f'chance{n}.listed.example', answers=[('', 'A', '203.0.113.5')])
        ends = ('192.168.1.36', 4000), ('203.0.113.7', port)
        line.datagram(*ends, b'\x08\0\0\0\0\0\7\0' + bytes(range(200)))
        line.datagram(*ends, b'\0\1\0\0' * 40)
        # a tunnel whose inner packet claims more than there is
        broken = ip('192.168.1.37', '192.168.1.1', 17, udp(('192.168.1.37', 4000), DNS_SERVER, question(n, 'inner.listed.example')))
        line.datagram(*ends, b'\x08\0\0\0\0\0\7\0' + ethernet(broken)[:-1])
    line.wrap = TUNNELS['gre']
    line.frame(ethernet(ip(NEAR, FAR, 47, b'\x20\0\x08\x06\0\0\0\1' + bytes(28))))  # no IP inside
