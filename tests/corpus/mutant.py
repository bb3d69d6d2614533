# SPDX-License-Identifier: BSD-2-Clause
"""Captures with faults: what a broken or hostile network, card, capture program or disk may make of a good one.
pcap and pcapng are taken apart into records, so that what lies inside can be changed and still be read."""
import struct

PCAP = {b'\xd4\xc3\xb2\xa1': '<', b'\x4d\x3c\xb2\xa1': '<', b'\xa1\xb2\xc3\xd4': '>', b'\xa1\xb2\x3c\x4d': '>'}
ENHANCED, SIMPLE, OBSOLETE = 6, 3, 2
BEFORE_DATA = {ENHANCED: 20, SIMPLE: 4, OBSOLETE: 20}  # bytes of a block's body
PACKET_MAX = 65535 * 4
ODD_BYTES = (0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff)
ODD_SHORTS = (0, 1, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xfffe, 0xffff)
LINKTYPES = (0, 1, 9, 12, 50, 51, 101, 105, 108, 113, 119, 127, 163, 192, 195, 226, 228, 229, 276, 0xffff)
# Bytes at which a parser takes hold: lengths, counts and offsets stand behind them.
LANDMARKS = (
    b'\x08\x00\x45', b'\x86\xdd\x60', b'\x81\x00', b'\x88\xa8', b'\x88\x47', b'\x88\x64', b'\x65\x58', b'\x12\xb5',
    b'\x08\x68', b'\x17\xc1', b'\x00\x35', b'\x01\x00\x00\x01', b'\x81\x80', b'\xc0\x0c', b'\x16\x03', b'\x14\x03',
    b'\x03\x03', b'\x01\x00\x02', b'\x00\x00\x00', b'\x16\xfe', b'\x0b\x00', b'\x30\x82', b'\x30\x81',
    b'\x06\x03\x55', b'\x80\x2e', b'\x00\x00\x00\x01', b'\x6b\x33\x43\xcf', b'\xff\x00\x00\x1d', b'Q04', b'Q05',
    b'CHLO', b'GET ', b'POST', b'HTTP/1.', b'\r\n', b'Host:', b'CONNECT ', b'Location:', b'PRI * ',
    b'\x00\x00\x12\x04', b'\x05\x01\x00', b'\x04\x01', b'STARTTLS', b'PROXY ', b'\r\n\r\n\x00\r\nQUIT', b'220 ',
    b'* OK', b'<?xml')


class Record:
    """A packet, or a block of pcapng that holds none. `head` is the bytes before the packet, past the lengths."""

    def __init__(self, head, data, kind=None, order='<', rest=b'', is_packet=True):
        self.head, self.data, self.kind, self.order, self.rest = bytes(head), bytearray(data), kind, order, rest
        self.is_packet = is_packet
        self.original = None  # the length on the wire; None: that of the data

    def copy(self):
        other = Record(self.head, self.data, self.kind, self.order, self.rest, self.is_packet)
        other.original = self.original
        return other

    def lengths(self, order):
        return struct.pack(order + 'II', len(self.data),
                           len(self.data) if self.original is None else self.original & 0xffffffff)

    def pack(self, order):
        if self.kind is None:
            return self.head + self.lengths(order) + bytes(self.data)
        order = self.order
        body = self.head + bytes(self.data)
        if self.is_packet:
            body = self.head[:BEFORE_DATA[self.kind] - 8] + self.lengths(order) + bytes(self.data)
            if self.kind == SIMPLE:
                body = self.lengths(order)[4:] + bytes(self.data)
        body += b'\0' * (-len(body) % 4) + self.rest
        size = struct.pack(order + 'I', len(body) + 12)
        return struct.pack(order + 'I', self.kind) + size + body + size


class Capture:
    """A head (none in pcapng), records, and what could not be taken apart."""

    def __init__(self, head, order, records, tail=b''):
        self.head, self.order, self.records, self.tail = bytearray(head), order, records, tail

    def pack(self):
        return bytes(self.head) + b''.join(r.pack(self.order) for r in self.records) + self.tail

    def packets(self):
        return [i for i, r in enumerate(self.records) if r.is_packet and len(r.data) > 0]


def read(data):
    """The capture in `data`."""
    if data[:4] in PCAP and len(data) >= 24:
        return _read_pcap(data, PCAP[data[:4]])
    if data[:4] == b'\x0a\x0d\x0d\x0a':
        return _read_pcapng(data)
    return Capture(b'', '<', [], data)


def _read_pcap(data, order):
    records, at = [], 24
    while at + 16 <= len(data):
        caplen, length = struct.unpack_from(order + 'II', data, at + 8)
        if at + 16 + caplen > len(data):
            break
        record = Record(data[at:at + 8], data[at + 16:at + 16 + caplen])
        record.original = None if length == caplen else length
        records.append(record)
        at += 16 + caplen
    return Capture(data[:24], order, records, data[at:])


def _read_pcapng(data):
    records, at, order = [], 0, '<'
    while at + 12 <= len(data):
        if data[at:at + 4] == b'\x0a\x0d\x0d\x0a':
            order = '>' if data[at + 8:at + 12] == b'\x1a\x2b\x3c\x4d' else '<'
        kind, size = struct.unpack_from(order + 'II', data, at)
        if size < 12 or size % 4 or at + size > len(data):
            break
        records.append(_block(kind, data[at + 8:at + size - 4], order))
        at += size
    return Capture(b'', '<', records, data[at:])


def _block(kind, body, order):
    before = BEFORE_DATA.get(kind)
    if before is None or len(body) < before:
        return Record(b'', body, kind, order, is_packet=False)
    if kind == SIMPLE:
        record = Record(b'', b'', kind, order)
        record.original, = struct.unpack_from(order + 'I', body)
        record.data = bytearray(body[4:4 + record.original])
        return record
    caplen, length = struct.unpack_from(order + 'II', body, before - 8)
    padded = caplen + -caplen % 4
    record = Record(body[:before], body[before:before + caplen], kind, order, bytes(body[before + padded:]))
    record.original = None if length == caplen else length
    return record


# Each of these changes a capture in place. They get the random source, the capture and another capture.

def _packet(random, capture):
    at = capture.packets()
    return capture.records[random.choice(at)] if at else None


def _landmark(random, data):
    """Where something is likely to be read: near a landmark, or in the headers, or anywhere."""
    found = [at for mark in random.sample(LANDMARKS, 12) if (at := data.find(mark)) >= 0]
    if found and random.random() < 0.7:
        return min(len(data) - 1, random.choice(found) + random.randrange(24))
    return random.randrange(len(data) if random.random() < 0.5 else min(len(data), 96))


def bits(random, capture, _):
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        if r := _packet(random, capture):
            r.data[_landmark(random, r.data)] ^= 1 << random.randrange(8)


def odd_bytes(random, capture, _):
    for _ in range(random.choice((1, 2, 5))):
        if r := _packet(random, capture):
            r.data[_landmark(random, r.data)] = random.choice(ODD_BYTES)


def random_bytes(random, capture, _):
    if r := _packet(random, capture):
        at = _landmark(random, r.data)
        size = min(len(r.data) - at, random.choice((1, 2, 4, 16, 200)))
        r.data[at:at + size] = random.randbytes(size)


def lengths(random, capture, _):
    """Numbers of one, two or three bytes that tell how much follows: those that end at the end of the packet, or
    nearly. The number is made a little wrong, or very."""
    r = _packet(random, capture)
    if not r:
        return
    found = []
    for width in (1, 2, 3):
        for at in range(max(0, len(r.data) - 2000), len(r.data) - width):
            value = int.from_bytes(r.data[at:at + width], 'big')
            if value and 0 <= len(r.data) - at - width - value <= 8:
                found.append((at, width, value))
    at, width, value = random.choice(found) if found else (_landmark(random, r.data), 2, random.choice(ODD_SHORTS))
    wrong = random.choice((value - 1, value + 1, value + random.randrange(-40, 40), 0, 0xffffff, value << 1,
                           random.choice(ODD_SHORTS)))
    width = min(width, len(r.data) - at)
    r.data[at:at + width] = (wrong & (1 << 8 * width) - 1).to_bytes(width, 'big')


def odd_number(random, capture, _):
    if (r := _packet(random, capture)) and len(r.data) > 2:
        at = min(_landmark(random, r.data), len(r.data) - 2)
        struct.pack_into('>H', r.data, at, random.choice(ODD_SHORTS))


def insert(random, capture, _):
    if r := _packet(random, capture):
        at = _landmark(random, r.data)
        size = random.choice((1, 2, 3, 4, 8, 64, 1500))
        again = r.data[max(0, at - size):at] if random.random() < 0.5 else random.randbytes(size)
        r.data[at:at] = again


def delete(random, capture, _):
    if r := _packet(random, capture):
        at = _landmark(random, r.data)
        del r.data[at:at + random.choice((1, 2, 3, 4, 8, 64))]


def cut(random, capture, _):
    """Packets cut by the network (shorter than their headers say) or by the capture."""
    for _ in range(random.choice((1, 1, 3, 20))):
        if r := _packet(random, capture):
            if random.random() < 0.5:
                r.original = len(r.data)
            del r.data[_landmark(random, r.data):]


def snaplen(random, capture, _):
    limit = random.choice((14, 20, 34, 42, 54, 60, 68, 96, 128, 256, random.randrange(1, 600)))
    for r in capture.records:
        if r.is_packet and len(r.data) > limit:
            r.original = r.original or len(r.data)
            del r.data[limit:]


def originals(random, capture, _):
    """The length on the wire is told wrongly."""
    if r := _packet(random, capture):
        r.original = random.choice((0, 1, len(r.data) - 1, len(r.data) + 1, 0xffff, 0x7fffffff, 0xffffffff))


def drop(random, capture, _):
    share = random.choice((0.02, 0.1, 0.5))
    capture.records = [r for r in capture.records if not r.is_packet or random.random() >= share]


def duplicate(random, capture, _):
    for _ in range(random.choice((1, 3, 30))):
        if at := capture.packets():
            i = random.choice(at)
            capture.records.insert(min(len(capture.records), i + random.randrange(1, 9)), capture.records[i].copy())


def swap(random, capture, _):
    for _ in range(random.choice((1, 3, 30))):
        at = capture.packets()
        if len(at) > 1:
            k = random.randrange(len(at) - 1)
            i, j = at[k], at[min(len(at) - 1, k + random.choice((1, 1, 2, 9)))]
            capture.records[i], capture.records[j] = capture.records[j], capture.records[i]


def backwards(_random, capture, _):
    at = capture.packets()
    turned = [capture.records[i] for i in reversed(at)]
    for i, r in zip(at, turned):
        capture.records[i] = r


def twins(random, capture, _):
    """A packet sent twice with other bytes: overlapping segments and fragments that disagree."""
    for _ in range(random.choice((1, 5))):
        if at := capture.packets():
            i = random.choice(at)
            twin = capture.records[i].copy()
            for _ in range(random.choice((1, 4))):
                k = random.randrange(len(twin.data) // 2, len(twin.data))
                twin.data[k] = random.randrange(256)
            capture.records.insert(i + random.randrange(2), twin)


def times(random, capture, _):
    """The clock leaps, stands still or goes back."""
    for _ in range(random.choice((1, 5))):
        r = _packet(random, capture)
        if r and len(r.head) >= 8:
            head = bytearray(r.head)
            k = random.randrange(8)
            head[k] = random.choice((0, 1, 0x7f, 0x80, 0xff, random.randrange(256)))
            r.head = bytes(head)


def graft(random, capture, other):
    """The beginning of a packet, the end of another one, perhaps of the other capture."""
    r, s = _packet(random, capture), _packet(random, other if random.random() < 0.7 else capture)
    if r and s:
        r.data[_landmark(random, r.data):] = s.data[_landmark(random, s.data):]
        del r.data[PACKET_MAX:]


def splice(random, capture, other):
    """Packets of the other capture in between, its link type or not."""
    theirs = [other.records[i] for i in other.packets()]
    mine = capture.packets()
    if not theirs or not mine:
        return
    begin = random.randrange(len(theirs))
    pattern = capture.records[mine[0]]
    for r in theirs[begin:begin + random.choice((1, 5, 50))]:
        new = pattern.copy()
        new.data = bytearray(r.data)
        new.original = r.original
        capture.records.insert(random.randrange(mine[0], len(capture.records) + 1), new)


def linktype(random, capture, _):
    """Another link type, or anything else in the head of the file."""
    number = random.choice(LINKTYPES)
    if len(capture.head) == 24:
        struct.pack_into(capture.order + 'H', capture.head, 20, number)
    for r in capture.records:
        if r.kind == 1 and len(r.data) >= 2:
            struct.pack_into(r.order + 'H', r.data, 0, number)


def blocks(random, capture, _):
    """Interfaces, sections, statistics of pcapng: resolutions and offsets of clocks, options, byte order."""
    described = [r for r in capture.records if not r.is_packet and r.data]
    for _ in range(random.choice((1, 3)) if described else 0):
        r = random.choice(described)
        r.data[random.randrange(min(len(r.data), 64))] = random.choice((*ODD_BYTES, random.randrange(256)))


def moved(random, capture, _):
    """A block of pcapng or packet of pcap somewhere else, perhaps as another kind."""
    if len(capture.records) > 1:
        r = capture.records.pop(random.randrange(len(capture.records)))
        if r.kind is not None and random.random() < 0.5:
            r.kind = random.choice((1, SIMPLE, 4, 5, ENHANCED, OBSOLETE, 0x0a0d0d0a))
            r.is_packet = False
        capture.records.insert(random.randrange(len(capture.records) + 1), r)


INSIDE = (bits, bits, odd_bytes, odd_bytes, random_bytes, lengths, lengths, lengths, odd_number, insert, delete, cut,
          snaplen, blocks, blocks, moved, originals, drop, duplicate, swap, backwards, twins, twins, times, graft, graft,
          splice, linktype)


# These get the random source and the bytes of two files, and give the bytes of one.

def file_bits(random, data, _):
    data = bytearray(data)
    for _ in range(random.choice((1, 4, 40))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def file_head(random, data, _):
    data = bytearray(data)
    for _ in range(random.choice((1, 2))):
        data[random.randrange(min(len(data), 160))] = random.choice(ODD_BYTES)
    return bytes(data)


def file_cut(random, data, _):
    return data[:random.randrange(len(data))]


def file_tail(random, data, other):
    return data + (other if random.random() < 0.5 else random.randbytes(random.randrange(1, 300)))


def file_graft(random, data, other):
    return data[:random.randrange(len(data))] + other[random.randrange(len(other)):]


OUTSIDE = (file_bits, file_head, file_cut, file_tail, file_graft)


def make(random, data, other):
    """A mutant of `data`, and the names of what was done to it."""
    capture, donor = read(data), read(other)
    done = []
    for _ in range(random.choice((1, 1, 2, 3, 6, 12))):
        change = random.choice(INSIDE)
        change(random, capture, donor)
        done.append(change.__name__)
    out = capture.pack()
    if out and other and random.random() < 0.12:
        change = random.choice(OUTSIDE)
        out = change(random, out, other)
        done.append(change.__name__)
    return out, done
