# SPDX-License-Identifier: BSD-2-Clause
"""Cases of the server's name in the Initial packets of QUIC."""
import struct

import quic
from cases import A, B, LISTED, WEB, case
from cases_dns import HOSTILE
from packets import hello, number

POST_QUANTUM = 1216  # X25519MLKEM768


def cid(*of):
    return number('cid', *of, (1 << 64) - 1).to_bytes(8, 'big')


def message(name, **more):
    return quic.handshake(hello(name, alpn=('h3',), **more))


def answer(line, client, server, **more):
    """The server's Initial and Handshake, from a connection ID of its own."""
    line.datagram(server, client, quic.other(quic.INITIAL, b'', scid=cid('server', client), size=140, **more) +
                  quic.other(quic.HANDSHAKE, b'', scid=cid('server', client), size=900, **more))


def visit(line, client, server, name, version=quic.V1):
    """The hello in one Initial, the server's answer, the end of the handshake and the request."""
    dcid = cid(client, name)
    line.datagram(client, server, quic.initial(quic.crypto(0, message(name)), dcid, version))
    answer(line, client, server, version=version)
    line.datagram(client, server, quic.initial(quic.ACK, cid('server', client), version, number=1, cid=dcid))
    line.datagram(client, server, b'\x43' + cid('server', client) + bytes(60))


def pieces(line, client, server, whole, cuts, dcid=None):
    """Datagrams, each a list of (begin, end) of the hello."""
    dcid = dcid or cid(client)
    for i, parts in enumerate(cuts):
        frames = b''.join(quic.crypto(begin, whole[begin:end]) for begin, end in parts)
        line.datagram(client, server, quic.initial(frames, dcid, number=i))


@case('quic-hello', LISTED)
def _(line):
    """A hello in one Initial of every version, on any port; a name that is not listed; none at all."""
    visit(line, A, WEB, 'www.listed.example')
    visit(line, B, (WEB[0], 30897), 'listed.example', quic.V2)
    visit(line, ('192.168.1.12', 4000), WEB, 'draft.listed.example', quic.DRAFT_29)
    visit(line, ('192.168.1.13', 4000), WEB, 'www.example.net')
    visit(line, ('192.168.1.14', 4000), WEB, None)
    visit(line, ('fd00:1::15', 4000), ('2001:db8::80', 443), 'v6.listed.example')


@case('quic-post-quantum', LISTED)
def _(line):
    """Today's browsers: a hello over two Initials; the second goes to the first connection ID, or to the server's."""
    whole = message('www.listed.example', share=POST_QUANTUM)
    pieces(line, A, WEB, whole, [[(0, 1100)], [(1100, 2000)]])
    answer(line, A, WEB)
    line.datagram(B, WEB, quic.initial(quic.crypto(0, whole[:1100]), cid(B)))
    answer(line, B, WEB)
    line.datagram(B, WEB, quic.initial(quic.crypto(1100, whole[1100:]), cid('server', B), number=1, cid=cid(B)))


@case('quic-pieces', LISTED)
def _(line):
    """CRYPTO frames in any order over one packet or many, sliced inside the name, some twice, others between."""
    whole = message('www.listed.example', share=POST_QUANTUM)
    at = whole.index(b'www.listed') + 5
    end = len(whole)
    for i, cuts in enumerate([[[(at, end)], [(0, at)]], [[(at, end), (700, at)], [(0, 700)]],
                              [[(0, 300)], [(600, at)], [(300, 600)], [(at, end)]],
                              [[(0, 600)], [(0, 600)], [(400, at), (at - 3, end)]]]):
        pieces(line, (f'192.168.1.{20 + i}', 4000), WEB, whole, cuts)
    short, dcid = message('chaos.listed.example'), cid('chaos')
    at = short.index(b'listed')
    frames = quic.PING + bytes(7) + quic.crypto(at, short[at:]) + quic.PING + quic.PING + quic.crypto(40, short[40:at]) + \
        bytes(30) + quic.ACK + quic.crypto(0, short[:10]) + bytes(1) + quic.crypto(10, short[10:40]) + quic.PING
    line.datagram(('192.168.1.30', 4000), WEB, quic.initial(frames, dcid))


@case('quic-coalesced', LISTED)
def _(line):
    """Packets of several types in one datagram; a token of an earlier visit."""
    whole = message('www.listed.example')
    early = quic.other(quic.ZERO_RTT, cid(A), size=200)
    line.datagram(A, WEB, early + quic.initial(quic.crypto(0, whole[:80]), cid(A), size=0) +
                  quic.initial(quic.crypto(80, whole[80:]), cid(A), number=1, size=900) + b'\x43 short header')
    answer(line, A, WEB)
    line.datagram(B, WEB, quic.initial(quic.crypto(0, whole), cid(B), token=b'from NEW_TOKEN'))
    answer(line, B, WEB)


@case('quic-retry', LISTED)
def _(line):
    """A server that first asks for a token: the hello comes again, with other keys."""
    whole = message('www.listed.example')
    first = quic.initial(quic.crypto(0, whole[:100]), cid(A), size=1200)
    line.datagram(A, WEB, first)
    line.datagram(WEB, A, quic.retry(b'', b'retry cid', b'a token'))
    line.datagram(A, WEB, quic.initial(quic.crypto(0, whole), b'retry cid', token=b'a token', number=1))
    answer(line, A, WEB)
    other = ('192.168.1.12', 4000)  # only the server's packets and what comes after them are seen
    line.datagram(WEB, other, quic.negotiation(b'', cid(other), (quic.V1,)))
    line.datagram(WEB, other, quic.retry(b'', b'retry cid', b'a token'))
    line.datagram(other, WEB, quic.initial(quic.crypto(0, whole), b'retry cid', token=b'a token', number=1))


@case('quic-decoys', LISTED)
def _(line):
    """What is published to hide from middleboxes: an Initial of another name that no server gets, as with a low
    TTL; rubbish behind the packet."""
    whole, decoy = message('www.listed.example'), message('www.example.net')
    line.datagram(A, WEB, quic.initial(quic.crypto(0, decoy), cid('decoy')))
    line.datagram(A, WEB, quic.initial(quic.crypto(0, whole), cid(A)))
    line.datagram(B, WEB, quic.initial(quic.crypto(0, whole), cid(B)) + bytes(20))


@case('quic-fruitless', LISTED)
def _(line):
    """Datagrams that bring no piece of a hello before the one that does: 0-RTT, a version that the server does not
    speak, a broken decoy, rubbish. Nothing of it is at odds with the hello."""
    whole, c, d = message('www.listed.example'), ('192.168.1.12', 4000), ('192.168.1.13', 4000)
    line.datagram(A, WEB, quic.other(quic.ZERO_RTT, cid(A), size=1100))
    line.datagram(A, WEB, quic.initial(quic.crypto(0, whole), cid(A)))
    line.datagram(B, WEB, struct.pack('>BIB', 0xc1, 0x1a2a3a4a, 8) + cid(B) + bytes(1200))
    line.datagram(WEB, B, quic.negotiation(b'', cid(B), (quic.V1, quic.V2)))
    line.datagram(B, WEB, quic.initial(quic.crypto(0, whole), cid(B), quic.V2, number=1))
    broken = bytearray(quic.initial(quic.crypto(0, whole), cid(c)))
    broken[-1] ^= 1
    line.datagram(c, WEB, bytes(broken))
    line.datagram(c, WEB, quic.initial(quic.crypto(0, whole), cid(c)))
    real = quic.initial(quic.crypto(0, whole), cid(d))
    for i in range(5):
        line.datagram(d, WEB, bytes([0xc0 | i]) + real[1:30] + bytes([i]) * 1170)
    line.datagram(d, WEB, real)


@case('quic-google', LISTED)
def _(line):
    """Google's own handshake: in clear up to Q046, in an Initial with Q050."""
    def chlo(name):
        values = [(b'PAD\0', b'-' * 600), (b'SNI\0', name), (b'VER\0', b'Q043')]
        ends = [sum(len(v) for _, v in values[:i + 1]) for i in range(3)]
        return b'CHLO' + struct.pack('<HH', 3, 0) + \
            b''.join(tag + struct.pack('<I', end) for (tag, _), end in zip(values, ends)) + \
            b''.join(v for _, v in values)
    clear = [b'\xa0\1' + struct.pack('>H', len(chlo(n))) + chlo(n) + bytes(400)
             for n in (b'q43.listed.example', b'q46.listed.example')]
    line.datagram(A, WEB, b'\x09' + cid(A) + b'Q043\1' + bytes(12) + clear[0])
    line.datagram(B, WEB, b'\xc3Q046\x50' + cid(B) + b'\0\0\0\1' + bytes(12) + clear[1])
    line.datagram(('192.168.1.12', 4000), WEB,
                  quic.initial(quic.crypto(0, chlo(b'q50.listed.example'), 8), cid('q50'), quic.Q050))


@case('quic-hostile', LISTED)
def _(line):
    """Server names that would forge a line or an event if they were printed as they are."""
    for i, label in enumerate(HOSTILE):
        visit(line, (f'192.168.1.{20 + i}', 4000), WEB, label + b'.listed.example')
