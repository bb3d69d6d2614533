#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What bridle weighs: stripped size and libraries of each program, and the memory of all processes of a daemon that
watches an interface, idle and under traffic.

usage: footprint.py SOURCE BUILD [--rules PATH...] [--capture FILE] [--seconds N] [--json] [--maps]
                    [--pss-max KB] [--bytes-max N]

The rules are those that are shipped, and those at PATH if it exists; where BUILD has no loader, BRIDLE_WHOLE_BUILD
compiles them.

Memory is PSS (proc_pid_smaps(5)): each page counts once, divided among those who map it. `alone` is what it would be
if no other program on the machine used these libraries. The capture ring is told apart: it is a buffer of the kernel,
and its size a setting. Traffic is the mix isp of bench-gen, unless --capture names something else. Needs root, for a
network namespace. With --pss-max or --bytes-max it is a test: TAP, and failed when there is more than that.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
# pylint: disable=wrong-import-position
import lab_wire as wire
from lab import Lab, available
from lab_bridled import BRIDLECTL, BUILD, SOURCE
from lab_live import Daemon, Space, soon
from tap import Tap, skip_all

WHOLE = pathlib.Path(os.environ.get('BRIDLE_WHOLE_BUILD') or SOURCE / 'build')
PROGRAMS = ('bridled', 'bridle-worker', 'bridlectl', 'bridle-loader')
SMALL = ('bridled', 'bridle-worker', 'bridlectl')  # what a router has, and what the limit of bytes is about
HEAD = re.compile(r'^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \d+ *(.*)$')
RING = re.compile(r'^socket:')
FIELDS = ('Rss', 'Pss', 'Private_Dirty', 'Private_Clean')


# --- programs ---

def program(name):
    """Stripped size, sections and libraries of one program; None when this build has it not."""
    path = BUILD / 'daemon' / name
    if not path.exists():
        return None
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(['strip', '-o', stripped.name, path], check=True)
        size = pathlib.Path(stripped.name).stat().st_size
        sections = subprocess.run(['size', stripped.name], capture_output=True, text=True, check=True).stdout
    dynamic = subprocess.run(['readelf', '-dW', path], capture_output=True, text=True, check=True).stdout
    text, data, bss = map(int, sections.splitlines()[1].split()[:3])
    return {'stripped_bytes': size, 'text': text, 'data': data, 'bss': bss,
            'libraries': re.findall(r'NEEDED.*\[(.*)\]', dynamic)}


# --- memory ---

def mappings(pid):
    """{name of a mapping: kilobytes by field}, those of one name together."""
    found, name = {}, ''
    for line in pathlib.Path(f'/proc/{pid}/smaps').read_text(encoding='utf-8').splitlines():
        head = HEAD.match(line)
        if head:
            name = head.group(2) or '[anonymous]'
            continue
        key, _, value = line.partition(':')
        if key in FIELDS:
            row = found.setdefault(name, dict.fromkeys(FIELDS, 0))
            row[key] += int(value.split()[0])
    return found


def process(pid):
    """Kilobytes of one process: without its capture ring, and that ring."""
    maps = mappings(pid)
    ring = sum(row['Pss'] for name, row in maps.items() if RING.match(name))
    rows = [row for name, row in maps.items() if not RING.match(name)]
    total = {key: sum(row[key] for row in rows) for key in FIELDS}
    return {'pss_kb': total['Pss'], 'private_kb': total['Private_Dirty'] + total['Private_Clean'],
            'dirty_kb': total['Private_Dirty'], 'shared_kb': total['Rss'] - total['Private_Dirty'] - total['Private_Clean'],
            'ring_kb': ring, 'maps': maps}


def look(d):
    now = d.status()
    found = {'bridled': process(now['pid'])}
    for i, w in enumerate(now['workers']):
        found[f'bridle-worker {i}'] = process(w['pid'])
    return found


def total(found, key='pss_kb'):
    return sum(p[key] for p in found.values())


def alone(found):
    """Pages of files count once for all of our processes, and wholly."""
    shared, own = {}, 0
    for maps in (p['maps'] for p in found.values()):
        for name, row in maps.items():
            if RING.match(name):
                continue
            of_file = name.startswith('/')
            own += row['Private_Dirty'] if of_file else row['Pss']
            if of_file:
                shared[name] = max(shared.get(name, 0), row['Rss'] - row['Private_Dirty'])
    return own + sum(shared.values())


# --- traffic ---

def frames(path):
    """The packets of a pcap file of Ethernet, little-endian as our generator writes it."""
    data = pathlib.Path(path).read_bytes()
    at, found = 24, []
    while at + 16 <= len(data) and len(found) < 200000:
        size = int.from_bytes(data[at + 8:at + 12], 'little')
        found.append(data[at + 16:at + 16 + size][:1514])
        at += 16 + size
    return found


class Sender(threading.Thread):
    """Sends packets over and over until it is told to end."""

    def __init__(self, port, packets):
        super().__init__(daemon=True)
        self.port, self.packets, self.going, self.sent = port, packets, True, 0

    def run(self):
        while self.going:
            for p in self.packets:
                self.port.send(p)
                self.sent += 1
                if not self.going:
                    break

    def end(self):
        self.going = False
        self.join(10)


def put_rules(d, extra):
    """The shipped rules and those in `extra`, as lists or, for a build without a loader, as an image."""
    paths = [SOURCE / 'rules'] + [pathlib.Path(p) for p in extra if pathlib.Path(p).exists()]
    if (BUILD / 'daemon' / 'bridle-loader').exists():
        image = ' '.join(map(str, paths))
    else:
        image = d.folder / 'rules.img'
        subprocess.run([WHOLE / 'daemon' / 'bridlectl', 'compile', '-o', image, *paths], check=True,
                       capture_output=True)
    text = d.conf.read_text(encoding='utf-8')
    d.conf.write_text(re.sub(r'(?m)^path = .*rules$', f'path = {image}', text), encoding='utf-8')


def capture_of(options, folder):
    gen, path = BUILD / 'tests' / 'bench' / 'bench-gen', pathlib.Path(folder, 'isp.pcap')
    if options.capture:
        return options.capture
    if not gen.exists():
        return SOURCE / 'tests' / 'demo' / 'pegasus.pcap'
    subprocess.run([gen, 'isp', '-o', path, '--packets', '100000'], check=True, capture_output=True)
    return path


def watch(lab, options):
    """Starts a daemon on a new interface; (idle, busiest moment under traffic, packets)."""
    host, far = Space(lab, 'host'), Space(lab, 'far')
    port = host.pair('eth0', far, 'eth0')
    d = Daemon(lab, host, 'footprint', [], capture={'interface': 'eth0'})
    put_rules(d, options.rules)
    packets = frames(capture_of(options, lab.folder))
    d.start()
    time.sleep(1)
    idle, busy = look(d), None
    sender = Sender(port, packets)
    sender.start()
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(1)
        found = look(d)
        busy = found if busy is None or total(found) > total(busy) else busy
    sender.end()
    soon(lambda: d.status()['counters']['capture.packets'] >= sender.sent // 2)
    now = d.status()
    d.stop()
    return {'idle': idle, 'busy': busy, 'packets': now['counters']['capture.packets'],
            'indicators': now['rules']['indicators']}


# --- report ---

def table(programs, memory, maps):
    lines = ['program          stripped     text     data      bss  libraries']
    for name, p in programs.items():
        lines.append(f"{name:<14} {p['stripped_bytes']:>10} {p['text']:>8} {p['data']:>8} {p['bss']:>8}  "
                     f"{' '.join(p['libraries'])}")
    for when in ('idle', 'busy') if memory else ():
        lines += ['', f"{when}: {memory['indicators']} indicators"
                  + (f", {memory['packets']} packets" if when == 'busy' else ''),
                  'process             PSS   private     dirty    shared  capture ring   kB']
        for name, p in memory[when].items():
            lines.append(f"{name:<14} {p['pss_kb']:>8} {p['private_kb']:>9} {p['dirty_kb']:>9} {p['shared_kb']:>9} "
                         f"{p['ring_kb']:>13}")
        lines += [f"{'all':<14} {total(memory[when]):>8}{'':30}{total(memory[when], 'ring_kb'):>14}",
                  f"{'all, alone':<14} {alone(memory[when]):>8}"]
        for name, p in memory[when].items() if maps else ():
            lines.append(f'-- {name}')
            for mapped, row in sorted(p['maps'].items(), key=lambda m: -m[1]['Pss']):
                if row['Pss'] >= 4:
                    lines.append(f"   {row['Pss']:>6} {row['Private_Dirty']:>6} dirty {row['Rss']:>6} rss  {mapped}")
    return '\n'.join(lines)


def arguments():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('source')
    p.add_argument('build')
    p.add_argument('--rules', nargs='+', default=[])
    p.add_argument('--capture')
    p.add_argument('--seconds', type=float, default=5)
    p.add_argument('--json', action='store_true')
    p.add_argument('--maps', action='store_true')
    p.add_argument('--pss-max', type=int)
    p.add_argument('--bytes-max', type=int)
    return p.parse_args()


def judge(options, programs, memory, why):
    tap = Tap()
    tap.note(table(programs, memory, options.maps))
    size = sum(programs[name]['stripped_bytes'] for name in SMALL)
    if options.bytes_max is not None:
        tap.ok(size <= options.bytes_max, f'{" ".join(SMALL)}: {size} bytes of {options.bytes_max}')
    if options.pss_max is not None and memory is None:
        tap.skip('memory of all processes', why)
    elif options.pss_max is not None:
        for when in ('idle', 'busy'):
            kb = total(memory[when])
            tap.ok(kb <= options.pss_max, f'{when}: {kb} kB of {options.pss_max}')
    return tap.done()


def main():
    options = arguments()
    test = options.pss_max is not None or options.bytes_max is not None
    programs = {n: p for n in PROGRAMS if (p := program(n)) is not None}
    memory, why = None, available()
    if why == '':
        with Lab('foot') as lab:
            memory = watch(lab, options)
    elif not test:
        print(f'memory is not measured: {why}', file=sys.stderr)
    if test:
        return judge(options, programs, memory, why)
    if options.json:
        print(json.dumps({'programs': programs, 'memory': memory,
                          'totals': memory and {when: {'pss_kb': total(memory[when]), 'alone_kb': alone(memory[when]),
                                                       'ring_kb': total(memory[when], 'ring_kb')}
                                                for when in ('idle', 'busy')}}, indent=2))
    else:
        print(table(programs, memory, options.maps))
    return 0


if __name__ == '__main__':
    sys.exit(main())
