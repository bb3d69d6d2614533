# SPDX-License-Identifier: BSD-2-Clause
"""Capture files read, written and changed in ways that must not change what is found in them."""
import ipaddress
import struct

import tunnels

ETHERNET, RAW, COOKED, PPP, RADIOTAP = 1, 101, 113, 9, 127
TAGS = (0x8100, 0x88a8)
IP_TYPES = (0x0800, 0x86dd)
SNAPLENS = (14, 34, 54, 60, 96, 128, 256, 512)
VARIANT_US = 2 * 3600 * 1000000  # learned addresses are out of date by then
EVERY_BYTE, STEP = 600, 37


def read(path):
    """[(time in us, frame)] of a little-endian pcap of Ethernet frames in us, as these cases are."""
    data = path.read_bytes()
    if data[:4] != b'\xd4\xc3\xb2\xa1' or struct.unpack_from('<I', data, 20)[0] != ETHERNET:
        raise ValueError(f'{path}: a golden case is a little-endian pcap of Ethernet frames in microseconds')
    frames, at = [], 24
    while at < len(data):
        seconds, us, caplen, _ = struct.unpack_from('<IIII', data, at)
        frames.append((seconds * 1000000 + us, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return frames


def pcap(frames, linktype=ETHERNET, order='<', nano=False, snaplen=262144):
    unit = 1000000000 if nano else 1000000
    out = [struct.pack(order + 'IHHiIII', 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, snaplen, linktype)]
    for us, frame in frames:
        kept = frame[:snaplen]
        fraction = us % 1000000 * (unit // 1000000)
        out += [struct.pack(order + 'IIII', us // 1000000, fraction, len(kept), len(frame)), kept]
    return b''.join(out)


def pcapng(frames):
    """Two sections, the second big-endian; two interfaces each, of different resolution."""
    half = len(frames) // 2
    return _section(frames[:half], '<') + _section(frames[half:], '>')


def _block(order, kind, body):
    body += b'\0' * (-len(body) % 4)
    size = struct.pack(order + 'I', 12 + len(body))
    return struct.pack(order + 'I', kind) + size + body + size


def _section(frames, order):
    out = _block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
    out += _block(order, 1, struct.pack(order + 'HHI', ETHERNET, 0, 0))
    out += _block(order, 1, struct.pack(order + 'HHIHHB3xHH', ETHERNET, 0, 0, 9, 1, 9, 0, 0))  # if_tsresol: ns
    for i, (us, frame) in enumerate(frames):
        ticks = us * (1000 if i % 2 else 1)
        out += _block(order, 6, struct.pack(order + 'IIIII', i % 2, ticks >> 32, ticks & 0xffffffff, len(frame),
                                            len(frame)) + frame)
    return out


def twice(frames):
    return [(us + again, frame) for us, frame in frames for again in (0, 5)]


def tagged(frames):
    return [(us, frame[:12] + struct.pack('>HH', 0x8100, 7) + frame[12:]) for us, frame in frames]


def cooked(frames):
    """Linux cooked (v1): tags stay, the Ethernet addresses go."""
    return [(us, struct.pack('>HHH8s', 0, 1, 6, frame[6:12]) + frame[12:]) for us, frame in frames]


def _packet_at(frame):
    """Where the packet begins, behind all tags."""
    at = 12
    while struct.unpack_from('>H', frame, at)[0] in TAGS:
        at += 4
    return at + 2


def raw(frames):
    return [(us, frame[_packet_at(frame):]) for us, frame in frames]


def in_tunnel(frames, name):
    wrap = tunnels.TUNNELS[name]
    return [(us, wrap(frame[_packet_at(frame):], i & 0xffff)) for i, (us, frame) in enumerate(frames)]


def wrapped(frames, name):
    """(what, frames, link type): in two tunnels and over a link, other ones for each case."""
    suited = [t for t in tunnels.TUNNELS if t not in tunnels.SIX_ONLY | tunnels.FOUR_ONLY]
    links = [('PPP', tunnels.ppp, PPP), ('radiotap', tunnels.radiotap, RADIOTAP),
             *((link, wrap, ETHERNET) for link, wrap in tunnels.LINKS.items())]
    first = sum(name.encode())
    for i in (0, 11):
        tunnel = suited[(first + i) % len(suited)]
        yield f'in a tunnel: {tunnel}', in_tunnel(frames, tunnel), ETHERNET
    link, wrap, linktype = links[first % len(links)]
    yield f'over a link: {link}', [(us, wrap(packet)) for us, packet in raw(frames)], linktype


class Frame:
    """A frame of which clients may be renamed and TCP payload be cut. Checksums are left wrong: mirror ports
    deliver that too, where the sender's network card would have filled them in."""

    def __init__(self, us, frame):
        self.us = us
        self.frame = frame
        self.names, self.six, self.payload, self.length, self.tcp = [], False, 0, 0, 0
        self.ip = at = _packet_at(frame)
        if struct.unpack_from('>H', frame, at - 2)[0] not in IP_TYPES:
            return
        self.six = frame[at] >> 4 == 6
        proto = frame[at + 6] if self.six else frame[at + 9]
        self.tcp = at + (40 if self.six else (frame[at] & 15) * 4)
        whole = self.six or struct.unpack_from('>H', frame, at + 6)[0] & 0x3fff == 0
        if proto == 6 and whole:
            self.payload = self.tcp + (frame[self.tcp + 12] >> 4) * 4
            end = at + (40 + struct.unpack_from('>H', frame, at + 4)[0] if self.six
                        else struct.unpack_from('>H', frame, at + 2)[0])
            self.length = end - self.payload
        self.names = [p for p in ((at + 8, at + 24) if self.six else (at + 12, at + 16)) if self._is_client(p)]

    def _is_client(self, at):
        return self.frame[at:at + 3] == b'\xc0\xa8\x01' or self.six and self.frame[at:at + 4] == b'\xfd\x00\x00\x01'

    def variant(self, number):
        """(time, frame) with the clients of another house, hours later."""
        frame = bytearray(self.frame)
        for at in self.names:
            if self.six:
                struct.pack_into('>H', frame, at + 4, number)
            else:
                struct.pack_into('>BH', frame, at, 10, number)
        return self.us + number * VARIANT_US, frame

    def cut(self, number, at, swapped):
        """The two frames that carry the payload before and from `at`."""
        out = []
        for begin, end in ((0, at), (at, self.length)):
            us, frame = self.variant(number)
            sequence = struct.unpack_from('>I', frame, self.tcp + 4)[0]
            struct.pack_into('>I', frame, self.tcp + 4, (sequence + begin) & 0xffffffff)
            length = self.payload + end - begin - self.ip
            struct.pack_into('>H', frame, self.ip + (4 if self.six else 2), length - (40 if self.six else 0))
            if not self.six:  # each packet has its identification, or it were a mirror's second copy
                struct.pack_into('>H', frame, self.ip + 4, 0x8000 + (begin > 0))
            out.append((us, bytes(frame[:self.payload] + frame[self.payload + begin:self.payload + end])))
        first, second = out[::-1] if swapped else out
        return [first, (second[0] + 5, second[1])]


def _flows(parts):
    """The places to cut at, (part, offset), of each flow that has any."""
    flows = {}
    for part in parts:
        ends = bytes(part.frame[part.ip + (8 if part.six else 12):part.ip + (40 if part.six else 20)])
        half = len(ends) // 2
        ports = part.frame[part.tcp:part.tcp + 4] if part.length else b'....'
        key = frozenset(((ends[:half], ports[:2]), (ends[half:], ports[2:])))
        for at in [*range(1, min(part.length, EVERY_BYTE)), *range(EVERY_BYTE, part.length, STEP)]:
            flows.setdefault(key, []).append((part, at))
    return list(flows.values())


def cut_everywhere(frames, swapped=False):
    """One long capture of variants. In each, one segment of every flow is cut in two. Returns (frames, number of
    variants)."""
    parts = [Frame(us, frame) for us, frame in frames]
    flows = _flows(parts)
    variants = max(map(len, flows), default=0)
    out = []
    for number in range(1, variants + 1):
        cuts = dict(places[(number - 1) % len(places)] for places in flows)
        for part in parts:
            out += part.cut(number, cuts[part], swapped) if part in cuts else [part.variant(number)]
    return out, variants


def original(text):
    """A variant's client back to the name that it has in the case, and the variant's number."""
    a = ipaddress.ip_address(text)
    raw_bytes = a.packed
    if a.version == 4 and raw_bytes[0] == 10:
        return f'192.168.1.{raw_bytes[3]}', struct.unpack_from('>H', raw_bytes, 1)[0]
    if a.version == 6 and raw_bytes[:4] == b'\xfd\x00\x00\x01':
        number = struct.unpack_from('>H', raw_bytes, 4)[0]
        return str(ipaddress.ip_address(raw_bytes[:4] + b'\0\0' + raw_bytes[6:])), number
    return text, 0
