# SPDX-License-Identifier: BSD-2-Clause
"""Floods on live interfaces, one kind after the other at one daemon: memory over all processes stays flat, what is
listed is found to the last one in their midst and between them, nothing is lost, what gave way is counted in
`bridlectl status`. Then a reload while a flood goes on, and two interfaces with two workers each: every packet is seen
once. Needs root.

    flood_live_test.py SOURCE BUILD [SECONDS [RATE]]     of each flood; packets a second"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from lab import Lab, available
from lab_bridled import BUILD
from lab_live import Daemon, Space, caught, soon
from lab_memory import GROWTH_MAX, cpu_ns, memory_kib, processes
from tap import Tap, skip_all

TOOLS = BUILD / 'tests' / 'bench'
SANITIZED = '#define BRIDLE_SANITIZED 1' in (BUILD / 'config.h').read_text(encoding='ascii')
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
RATE = int(sys.argv[4]) if len(sys.argv) > 4 else 5000
# Seconds of that: a machine that others use lets nobody run all the time, and what is lost then tells nothing of us.
RING = '64MiB'
# So long that the listed connections in it come to their end; a longer flood is this over and over.
PACKETS = RATE * min(SECONDS // 2, 6)

# mix, and counters with the least that there must be for one packet of the flood
FLOODS = [
    ('syn', {'decode.tcp': 0.9}),
    ('dnsflood', {'proto.dns': 0.9}),
    ('dcidflood', {'proto.quic': 0.15, 'proto.quic_bad': 0.6}),
    ('fragflood', {'decode.fragments': 0.9, 'decode.fragments_lost': 0.8}),
]


class Flood:
    """Traffic of one mix, over and over for so many seconds, onto an interface."""

    def __init__(self, folder, mix):
        self.capture, truth = folder / f'{mix}.pcap', folder / f'{mix}.truth'
        subprocess.run([TOOLS / 'bench-gen', mix, '-o', self.capture, '--packets', str(PACKETS), '--truth', truth],
                       check=True, stdout=subprocess.DEVNULL)
        lines = truth.read_text(encoding='ascii').splitlines()
        self.pairs = {tuple(line.split()[1:]) for line in lines}

    def start(self, space, device, seconds=SECONDS):
        return space.start(TOOLS / 'bench-sender', self.capture, device, '--rate', RATE, '--seconds', seconds,
                           stdout=subprocess.PIPE, text=True)


def found(d):
    """(client, indicator) of all incidents."""
    return {(e['src_ip'], e['ioc']['value']) for e in d.events()
            if e['event_type'] == 'alert' and e['incident']['why'] == 'new'}


def all_found(tap, d, pairs, what):
    soon(lambda: pairs <= found(d), 8)
    missed = sorted(pairs - found(d))
    tap.ok(not missed, f'{what}: all of {len(pairs)} listed pairs are found', f'{len(missed)} missed: {missed[:10]}')


def read_all(d, before, sent, seconds=5):
    """Waits until so many packets more were read or dropped: how many were, of each."""
    def counts():
        now = d.status()['counters']
        return (now['capture.packets'] - before.get('capture.packets', 0),
                now['capture.kernel_drops'] - before.get('capture.kernel_drops', 0))
    soon(lambda: sum(counts()) >= sent, seconds)
    return counts()


def run_flood(d, sender):
    """Packets that were sent, KiB over all processes about four times a second, and CPU time."""
    pids, memory = processes(d.process.pid), []
    before = cpu_ns(pids)
    while sender.poll() is None:
        time.sleep(0.25)
        memory.append(memory_kib(d.process.pid))
    sent = json.loads(sender.communicate()[0])['sent']
    time.sleep(0.3)
    return sent, memory, cpu_ns(pids) - before


def check_flood(tap, d, port, space, flood, mix, wanted):
    before = d.status()['counters']
    sent, memory, used_ns = run_flood(d, flood.start(space, 'tx0'))
    got, dropped = read_all(d, before, sent)
    tap.same((got, dropped), (sent, 0), f'{mix}: each of the packets is read, and once')
    all_found(tap, d, flood.pairs, mix)
    half = memory[len(memory) // 2:]
    growth = max(half) - half[0]
    tap.note(f'{mix}: {sent} packets, {used_ns / max(got, 1):.0f} ns of CPU each; KiB, four times a second:\n'
             + ' '.join(map(str, memory)))
    if SANITIZED:
        tap.skip(f'{mix}: memory is flat', 'sanitizers keep what was freed')
    else:
        tap.ok(growth < GROWTH_MAX, f'{mix}: memory is flat once all incidents are known', f'it grew by {growth} KiB')
    now = d.status()['counters']
    more = {name: n - before.get(name, 0) for name, n in now.items()}
    few = {name: more.get(name) for name, share in wanted.items() if more.get(name, 0) < share * sent}
    tap.ok(not few, f'{mix}: status tells the flood', f'too few: {few}\n{more}')
    tap.note(' '.join(f'{name} {n}' for name, n in more.items() if n > 0))
    name = f'after-{mix}.example.org'
    tap.ok(caught(d, port, name), f'{mix}: what comes afterwards is found', d.messages()[-500:])


def check_floods(tap, lab, folder, rules):
    here, there = Space(lab, 'here'), Space(lab, 'there')
    port = there.pair('rx0', here, 'tx0')
    names = [f'after-{mix}.example.org' for mix, _ in FLOODS]
    d = Daemon(lab, there, 'floods', rules + names, capture={'interface': 'rx0', 'ring-size': RING}).start()
    for mix, wanted in FLOODS:
        check_flood(tap, d, port, here, Flood(folder, mix), mix, wanted)
    now = d.status()
    tap.same([w['restarts'] for w in now['workers']], [0], 'no worker started again')
    tap.same(now['counters'].get('ring.sightings_lost', 0), 0, 'no sighting was lost')
    tap.same(d.stop(), 0, 'it ends with 0')


def check_shared(tap, lab, folder, rules):
    """Two interfaces, two workers each: a flood on one, a day's work on the other, and reloads meanwhile."""
    here, there = Space(lab, 'left'), Space(lab, 'right')
    ports = [there.pair(f'rx{i}', here, f'tx{i}') for i in range(2)]
    d = Daemon(lab, there, 'shared', rules, capture={'interface': 'rx0 rx1', 'workers': 2, 'ring-size': RING}).start()
    flood, work = Flood(folder, 'syn'), Flood(folder, 'isp')
    senders = [flood.start(here, 'tx0'), work.start(here, 'tx1')]
    pairs, names, missed, asked = flood.pairs | work.pairs, [], [], 0
    while any(s.poll() is None for s in senders):
        names.append(f'new{len(names)}.example.org')
        d.rules(rules + names)
        d.ask('reload')
        for port in ports:
            missed += [] if caught(d, port, names[-1]) else [names[-1]]
            asked += 1
    tap.ok(names and not missed, f'{len(names)} reloads during the flood: what each adds is found on both interfaces',
           f'missed {missed}')
    sent = [json.loads(s.communicate()[0])['sent'] for s in senders]
    got = read_all(d, {}, sum(sent) + asked)
    tap.same(got, (sum(sent) + asked, 0), 'each of the packets is read, and once')
    now = d.status()
    tap.same([i['packets'] for i in now['interfaces']], [n + len(names) for n in sent], 'each on its interface')
    counts = [w['packets'] for w in now['workers']]
    tap.ok(len(counts) == 4 and min(counts) * 8 > sum(counts) / 2, 'all four workers had their share', counts)
    all_found(tap, d, pairs, 'flood and work')
    tap.same((now['rules']['generation'], {w['generation'] for w in now['workers']}),
             (len(names) + 1, {len(names) + 1}), 'all have the newest rules')
    tap.same([w['restarts'] for w in now['workers']], [0] * 4, 'no worker started again')
    tap.same(d.stop(), 0, 'it ends with 0')


def main():
    if available():
        skip_all(available())
    if not (TOOLS / 'bench-sender').exists():
        skip_all('bench-sender is not built')
    tap = Tap()
    with tempfile.TemporaryDirectory(dir='/var/tmp') as name, Lab('flood') as lab:
        folder = pathlib.Path(name)
        subprocess.run([TOOLS / 'bench-gen', 'rules', '-o', folder / 'rules'], check=True)
        rules = (folder / 'rules').read_text(encoding='ascii').splitlines()
        check_floods(tap, lab, folder, rules)
        check_shared(tap, lab, folder, rules)
    return tap.done()


sys.exit(main())
