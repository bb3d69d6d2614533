# SPDX-License-Identifier: BSD-2-Clause
"""One capture in many forms (both file formats and all their clocks and byte orders, cut into many files, behind more
bytes than 32 bits count, tagged, out of order) shows the same; and a file that changes while it is read harms nobody.
The capture is of bench-gen."""
import collections
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

from lab_bridled import BRIDLED, BUILD, events
from tap import Tap

GENERATOR = BUILD / 'tests' / 'bench' / 'bench-gen'
PACKETS = 12000  # files of more than a mebibyte are read through a window, and of more than 4,096 packets in turns
ETHERNET = 1
SECTION, INTERFACE, ENHANCED, UNKNOWN = 0x0a0d0d0a, 1, 6, 0x0bad
CLOCKS = [(9, 0), (6, 0), (9, 1000000), (0x80 | 30, 0), (0x80 | 32, 0)]  # if_tsresol, if_tsoffset


def read(path):
    """[(time in ns, bytes on the wire, bytes)] of a file of bench-gen."""
    data, at, packets = path.read_bytes(), 24, []
    tick = 1 if struct.unpack('<I', data[:4])[0] == 0xa1b23c4d else 1000
    while at < len(data):
        s, fraction, there, wire = struct.unpack('<IIII', data[at:at + 16])
        packets.append((s * 10**9 + fraction * tick, wire, data[at + 16:at + 16 + there]))
        at += 16 + there
    return packets


def pcap(packets, order='<', nano=True, patched=False):
    magic = 0xa1b2cd34 if patched else 0xa1b23c4d if nano else 0xa1b2c3d4
    out = [struct.pack(order + 'IHHIIII', magic, 2, 4, 0, 0, 262144, ETHERNET)]
    for ns, wire, data in packets:
        fraction = ns % 10**9 // (1 if nano and not patched else 1000)
        out.append(struct.pack(order + 'IIII', ns // 10**9, fraction, len(data), wire))
        out.append(struct.pack(order + 'IHBB', 1, 0x0800, 0, 0) if patched else b'')
        out.append(data)
    return b''.join(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, len(body) + 12) + body + struct.pack(order + 'I', len(body) + 12)


def section(order):
    return block(order, SECTION, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))


def interface(order, resolution, offset_s, linktype=ETHERNET):
    return block(order, INTERFACE, struct.pack(order + 'HHI', linktype, 0, 0) + struct.pack(order + 'HHB3x', 9, 1, resolution) +
                 struct.pack(order + 'HHq', 14, 8, offset_s) + struct.pack(order + 'HH', 0, 0))


def enhanced(order, number, clock, packet):
    ns, wire, data = packet
    ns -= clock[1] * 10**9
    ticks = -(-(ns << (clock[0] & 0x7f)) // 10**9) if clock[0] & 0x80 else ns * 10**clock[0] // 10**9
    return block(order, ENHANCED, struct.pack(order + 'IIIII', number, ticks >> 32, ticks & 0xffffffff, len(data), wire) + data)


def pcapng(packets, rng):
    """Sections of both byte orders, each with some interfaces, each of those with a clock of its own."""
    out = []
    for i, packet in enumerate(packets):
        if i % 1000 == 0:
            order = rng.choice('<>')
            out.append(section(order))
            out += [interface(order, *clock) for clock in CLOCKS]
        if rng.random() < 0.01:
            out.append(block(order, UNKNOWN, bytes(rng.randrange(200))))
        number = rng.randrange(len(CLOCKS))
        out.append(enhanced(order, number, CLOCKS[number], packet))
    return b''.join(out)


def tagged(packets):
    return [(ns, wire + 4, data[:12] + b'\x81\0\0\7' + data[12:]) if data[12:14] != b'\x81\0' else (ns, wire, data)
            for ns, wire, data in packets]


def disordered(packets, rng):
    """Each packet up to six places too late."""
    return [packets[i] for i in sorted(range(len(packets)), key=lambda i: i + rng.random() * 6)]


FORMS = [
    ('microseconds', lambda p, r: pcap(p, nano=False)),
    ('big-endian', lambda p, r: pcap(p, '>')),
    ('patched', lambda p, r: pcap(p, patched=True)),
    ('patched, big-endian', lambda p, r: pcap(p, '>', patched=True)),
    ('pcapng', pcapng),
    ('tagged', lambda p, r: pcap(tagged(p))),
    ('out of order', lambda p, r: pcap(disordered(p, r))),
]


class Case:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.whole = self.folder / 'whole.pcap'
        (self.folder / 'nothing.ioc').write_text('# nothing\n')
        subprocess.run([GENERATOR, 'isp', '-o', self.whole, '--packets', str(PACKETS), '--seed', '9'], check=True,
                       stdout=subprocess.DEVNULL)
        self.packets = read(self.whole)
        self.expected = self.seen([self.whole])

    def command(self, files, *arguments):
        return [str(a) for a in (BRIDLED, '-R', self.folder / 'nothing.ioc', '--observe', '--eve', '-', '-r', *files,
                                 *arguments)]

    def seen(self, files, *arguments, **options):
        """How often each was seen, whatever the order and the file."""
        done = subprocess.run(self.command(files, *arguments), capture_output=True, text=True, timeout=300, check=False,
                              **options)
        if done.returncode != 0:
            return f'exit {done.returncode}: {done.stderr}'
        return collections.Counter((e['via'], e.get('name') or e['ip'], e['src_ip'], e['dest_ip'], e['flow_id'])
                                   for e in events(done.stdout) if e['event_type'] == 'observation')

    def same(self, tap, got, about):
        want = self.expected
        tap.ok(got == want, about, got if isinstance(got, str) else f'less {(want - got).most_common(5)}\n'
               f'more {(got - want).most_common(5)}')

    def write(self, data, name='form'):
        path = self.folder / name
        path.write_bytes(data)
        return path


def check_forms(tap, case):
    tap.ok(len(case.expected) > 500, 'the capture shows much', len(case.expected))
    for name, form in FORMS:
        path = case.write(form(case.packets, random.Random(1)))
        case.same(tap, case.seen([path]), name)
        path.chmod(0o666)  # not mapped then
        case.same(tap, case.seen([path]), f'{name}, read')
        path.unlink()
    with subprocess.Popen(['cat', case.whole], stdout=subprocess.PIPE) as cat:
        case.same(tap, case.seen(['-'], stdin=cat.stdout), 'from a pipe')


def check_pieces(tap, case):
    for size in (97, 4096, 5000):
        files = [case.write(pcap(case.packets[i:i + size]), f'piece{i:06}') for i in range(0, len(case.packets), size)]
        case.same(tap, case.seen(files), f'in {len(files)} files')
        for path in files:
            path.unlink()


def check_offsets(tap, case):
    """Two blocks of nearly 4 GiB that are passed over, in a file with holes."""
    path, gap, clock = case.folder / 'huge.pcapng', 0xfffffff0, CLOCKS[0]
    with open(path, 'wb') as f:
        f.write(section('<') + interface('<', *clock))
        for i, packet in enumerate(case.packets):
            f.write(enhanced('<', 0, clock, packet))
            if i in (100, 9000):
                f.write(struct.pack('<II', UNKNOWN, gap))
                f.seek(gap - 12, os.SEEK_CUR)
                f.write(struct.pack('<I', gap))
    tap.ok(path.stat().st_size > 2**33, 'a file of more than 8 GiB')
    case.same(tap, case.seen([path]), 'is read to its end')
    path.unlink()


def check_descriptors(tap, case):
    for closed in ('<&-', '2>&-', '<&- 2>&-'):
        done = subprocess.run(['sh', '-c', f'"$@" {closed}', 'sh', *case.command([case.whole])], capture_output=True,
                              text=True, timeout=120, check=False)
        seen = sum(e['event_type'] == 'observation' for e in events(done.stdout))
        tap.same((done.returncode, seen), (0, sum(case.expected.values())), f'descriptors closed: {closed}')


def changed(case, path, change, *more):
    """Exit status, file of each observation, and kinds of what was said. `change` comes after a few packets: main waits
    until somebody reads, and the worker for main."""
    with subprocess.Popen(case.command([path, *more]), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        first = process.stdout.read(1000)
        time.sleep(0.3)
        change()
        out = (first + process.stdout.read()).decode()
    told = [json.loads(line) for line in out.splitlines()]
    return (process.returncode, [e['pcap_filename'] for e in told if e['event_type'] == 'observation'],
            [e['engine']['kind'] for e in told if e['event_type'] == 'engine'])


def check_changes(tap, case):
    """More names than a ring holds, so that the worker waits in the middle of the file."""
    subprocess.run([GENERATOR, 'dns', '-o', case.folder / 'names', '--packets', '60000', '--seed', '9'], check=True,
                   stdout=subprocess.DEVNULL)
    data = (case.folder / 'names').read_bytes()
    count = sum(case.seen([case.folder / 'names']).values())

    def grow(path):
        with open(path, 'ab') as f:
            f.write(data[24:])

    changes = [  # what is done, exit status, what is told, how much is seen
        ('removed', os.unlink, 0, [], lambda n: n == count),
        ('grown', grow, 0, [], lambda n: n == 2 * count),
        ('cut in half', lambda p: os.truncate(p, len(data) // 2 + 7), 0, ['file-cut'], lambda n: count // 3 < n < count),
        ('emptied', lambda p: os.truncate(p, 0), 1, ['file-error'], lambda n: 0 < n < count),
    ]
    for mode in (0o644, 0o666):
        for name, change, status, kinds, much in changes:
            if name == 'emptied' and mode == 0o666:
                status, kinds = 0, ['file-cut']
            path = case.write(data, 'changes')
            path.chmod(mode)
            got, files, told = changed(case, path, lambda c=change, p=path: c(p), case.whole)
            behind = files.count(str(case.whole))
            tap.ok((got, told) == (status, kinds) and much(len(files) - behind) and behind == sum(case.expected.values()),
                   f'{name} while it is read, mode {mode:o}, and the next file is read all the same',
                   f'exit {got}, {told}, {len(files) - behind} of {count}, behind it {behind}')
            path.unlink(missing_ok=True)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        for check in (check_forms, check_pieces, check_offsets, check_descriptors, check_changes):
            check(tap, case)
    return tap.done()


sys.exit(main())
