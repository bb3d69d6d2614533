# SPDX-License-Identifier: BSD-2-Clause
"""Packets of the golden cases, byte by byte and without a library: the same bytes on every machine."""
import hashlib
import ipaddress
import struct

START_US = 1626602400 * 1000000  # 2021-07-18 10:00:00 UTC
STEP_US = 1000

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'SRV': 33, 'DNAME': 39,
         'SVCB': 64, 'HTTPS': 65, 'ANY': 255}


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, proto, payload, ident=0, offset=0, more=False, ttl=64):
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), ident, more << 13 | offset // 8, ttl, proto, 0,
                       address(src), address(dst))
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload, **_):
    return struct.pack('>IHBB16s16s', 6 << 28, len(payload), proto, 64, address(src), address(dst)) + payload


def ip(src, dst, proto, payload, **more):
    return (ipv6 if ':' in src else ipv4)(src, dst, proto, payload, **more)


def _sum_up(src, dst, proto, segment, at):
    """The segment with its checksum, over the pseudo-header too, at this place."""
    a, b = address(src), address(dst)
    value = checksum(a + b + struct.pack('>IHBB', len(segment), 0, 0, proto) + segment)
    return segment[:at] + struct.pack('>H', value or 0xffff) + segment[at + 2:]


def udp(src, dst, payload):
    """A datagram from (address, port) to (address, port), without its IP header."""
    head = struct.pack('>HHHH', src[1], dst[1], 8 + len(payload), 0)
    return _sum_up(src[0], dst[0], 17, head + payload, 6)


def tcp(src, dst, seq, ack, flags, payload=b''):
    head = struct.pack('>HHIIBBHHH', src[1], dst[1], seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, 64240, 0, 0)
    return _sum_up(src[0], dst[0], 6, head + payload, 16)


def ethernet(packet, vlans=()):
    """`vlans`: (EtherType of the tag, id), the outer first."""
    tags = b''.join(struct.pack('>HH', kind, vlan) for kind, vlan in vlans)
    kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
    return bytes.fromhex('020000000001020000000002') + tags + struct.pack('>H', kind) + packet


class Line:
    """What passes on a line: frames and their times. `vlans`, `tunnel` (outer source and destination) and `wrap`
    (packet and identification to frame; see tunnels.py) are around all that follows."""

    def __init__(self):
        self.frames = []
        self.now_us = START_US
        self.idents = {}
        self.vlans = ()
        self.tunnel = None
        self.wrap = None

    def wait(self, seconds):
        self.now_us += round(seconds * 1000000)

    def frame(self, frame):
        self.frames.append((self.now_us, frame))
        self.now_us += STEP_US

    def packet(self, packet):
        if self.tunnel:
            packet = ip(*self.tunnel, 41 if packet[0] >> 4 == 6 else 4, packet, ident=self.ident(self.tunnel[0]))
        if self.wrap:
            frame = self.wrap(packet, self.ident('tunnel'))
            tags = b''.join(struct.pack('>HH', *tag) for tag in self.vlans)
            self.frame(frame[:12] + tags + frame[12:])
            return
        self.frame(ethernet(packet, self.vlans))

    def ident(self, src):
        """Each sender counts its datagrams (RFC 6864 allows more, mirrors are told by less)."""
        self.idents[src] = self.idents.get(src, 0) + 1
        return self.idents[src]

    def datagram(self, src, dst, payload):
        self.packet(ip(src[0], dst[0], 17, udp(src, dst, payload), ident=self.ident(src[0])))

    def segment(self, src, dst, seq, ack, flags, payload=b''):
        self.packet(ip(src[0], dst[0], 6, tcp(src, dst, seq, ack, flags, payload), ident=self.ident(src[0])))

    def fragments(self, src, dst, payload, pieces, order):
        """A UDP datagram in IP fragments that begin at the offsets `pieces` (multiples of 8), sent in `order`."""
        whole = udp(src, dst, payload)
        ends = [*pieces[1:], len(whole)]
        ident = self.ident(src[0])
        for i in order:
            part, more = whole[pieces[i]:ends[i]], ends[i] < len(whole)
            if ':' in src[0]:
                part = struct.pack('>BBHI', 17, 0, pieces[i] | more, ident) + part
                self.packet(ipv6(src[0], dst[0], 44, part))
            else:
                self.packet(ipv4(src[0], dst[0], 17, part, ident=ident, offset=pieces[i], more=more))

    def ask(self, client, resolver, name, kind='A', answers=(), rcode=0, ident=None, **more):
        """A question over UDP and its answer; `answers` None: there is none."""
        ident = number(name, client, 0xffff) if ident is None else ident
        self.datagram(client, resolver, question(ident, name, kind))
        if answers is not None:
            self.datagram(resolver, client, answer(ident, name, kind, answers, rcode=rcode, **more))


def number(*of):
    """A number that looks random and is the same every time. The last argument is its greatest value."""
    *what, most = of
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:8], 'big') % (most + 1)


class Connection:
    """A TCP connection; each side's bytes go to a place in its stream, from 0."""

    def __init__(self, line, client, server, isn=None):
        self.line, self.client, self.server = line, client, server
        self.isn = [number('isn', client, server, 0xffffffff) if isn is None else isn,
                    number('isn', server, client, 0xffffffff)]
        self.sent = [0, 0]

    def _send(self, side, at, flags, payload=b''):
        src, dst = (self.client, self.server) if side == 0 else (self.server, self.client)
        self.line.segment(src, dst, self.isn[side] + 1 + at, self.isn[side ^ 1] + 1 + self.sent[side ^ 1], flags,
                          payload)

    def syn(self):
        self.line.segment(self.client, self.server, self.isn[0], 0, SYN)

    def syn_ack(self):
        self.line.segment(self.server, self.client, self.isn[1], self.isn[0] + 1, SYN | ACK)

    def refuse(self):
        self.line.segment(self.server, self.client, 0, self.isn[0] + 1, RST | ACK)

    def open(self):
        self.syn()
        self.syn_ack()
        self._send(0, 0, ACK)
        return self

    def put(self, side, at, payload):
        """A segment at any place of the stream."""
        self._send(side, at, PSH | ACK, payload)
        self.sent[side] = max(self.sent[side], at + len(payload))

    def say(self, side, payload, size=1400):
        """The next bytes of a side, 0 the client's, in segments of this size; the other side acknowledges."""
        for at in range(0, len(payload), size):
            self.put(side, self.sent[side], payload[at:at + size])
        self._send(side ^ 1, self.sent[side ^ 1], ACK)
        return self

    def close(self):
        self._send(0, self.sent[0], FIN | ACK)
        self.sent[0] += 1
        self._send(1, self.sent[1], FIN | ACK)
        self.sent[1] += 1
        self._send(0, self.sent[0], ACK)


# DNS (RFC 1035, RFC 9460)

def labels(name):
    """A name's wire form; a tuple or list holds the labels as bytes."""
    parts = name if isinstance(name, (tuple, list)) else [p.encode() for p in name.split('.') if p]
    return b''.join(bytes([len(p)]) + p for p in parts) + b'\0'


def question(ident, name, kind='A', flags=0x0100):
    return struct.pack('>HHHHHH', ident, flags, 1, 0, 0, 0) + labels(name) + struct.pack('>HH', TYPES[kind], 1)


def data_of(kind, value):
    if kind in ('A', 'AAAA'):
        return address(value)
    if kind in ('CNAME', 'NS', 'PTR', 'DNAME'):
        return labels(value)
    if kind == 'MX':
        return struct.pack('>H', value[0]) + labels(value[1])
    if kind == 'SRV':
        return struct.pack('>HHH', *value[:3]) + labels(value[3])
    if kind in ('SVCB', 'HTTPS'):
        priority, target, parameters = value
        return struct.pack('>H', priority) + labels(target) + b''.join(
            struct.pack('>HH', key, len(v)) + v for key, v in sorted(parameters.items()))
    return value


def answer(ident, name, kind, records, rcode=0, asks=True, ttl=300, flags=0x8180):
    """`records`: (owner, type, value) of the answer section; an owner '' is the name that was asked for."""
    out = struct.pack('>HHHHHH', ident, flags | rcode, asks, len(records), 0, 0)
    out += labels(name) + struct.pack('>HH', TYPES[kind], 1) if asks else b''
    for owner, rrtype, value in records:
        data = data_of(rrtype, value)
        if owner == '':
            owner = b'\xc0\x0c' if asks else labels(name)
        else:
            owner = labels(owner)
        out += owner + struct.pack('>HHIH', TYPES[rrtype], 1, ttl, len(data)) + data
    return out


def over_tcp(message):
    """RFC 1035 4.2.2."""
    return struct.pack('>H', len(message)) + message


# TLS (RFC 8446)

def _vector(size, data):
    return len(data).to_bytes(size, 'big') + data


def _extension(kind, data):
    return struct.pack('>H', kind) + _vector(2, data)


def hello(name, share=32, alpn=('h2', 'http/1.1'), ech=False, record_bytes=16384, seed=''):
    """A ClientHello like a browser's; `name` None: none, bytes: as they are. `share`: bytes of the key share,
    1216 with X25519MLKEM768, which comes before the name here as it may (browsers shuffle)."""
    random = hashlib.sha256(f'random {name} {seed}'.encode()).digest()
    key = (random * 40)[:share]
    extensions = _extension(43, _vector(1, b'\x03\x04\x03\x03'))
    extensions += _extension(10, _vector(2, b'\x00\x1d\x00\x17'))
    extensions += _extension(13, _vector(2, bytes.fromhex('0403080404010503')))
    extensions += _extension(51, _vector(2, (b'\x11\xec' if share > 32 else b'\x00\x1d') + _vector(2, key)))
    if alpn:
        extensions += _extension(16, _vector(2, b''.join(_vector(1, a.encode()) for a in alpn)))
    if ech:
        extensions += _extension(0xfe0d, bytes.fromhex('0000010001') + b'\x2a' + _vector(2, random) +
                                 _vector(2, random * 4))
    if name is not None:
        raw = name if isinstance(name, bytes) else name.encode()
        extensions += _extension(0, _vector(2, b'\0' + _vector(2, raw)))
    body = b'\x03\x03' + random + _vector(1, random) + _vector(2, bytes.fromhex('130113021303c02bc02f')) + b'\1\0'
    body += _vector(2, extensions)
    return records(b'\1' + _vector(3, body), record_bytes)


def server_hello(seed=''):
    """The beginning of a server's answer."""
    random = hashlib.sha256(f'server {seed}'.encode()).digest()
    body = b'\x03\x03' + random + _vector(1, b'') + b'\x13\x01\0'
    body += _vector(2, _extension(43, b'\x03\x04') + _extension(51, b'\x00\x1d' + _vector(2, random)))
    return records(b'\2' + _vector(3, body)) + b'\x14\x03\x03\0\1\1' + b'\x17\x03\x03' + _vector(2, random * 3)


def records(handshake, size=16384):
    return b''.join(b'\x16\x03\x01' + _vector(2, handshake[i:i + size]) for i in range(0, len(handshake), size))
