#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Live capture against its floor: a capture is played over a pair of interfaces between two namespaces, and the
CPU time of who watches the other end is taken from /proc/PID/schedstat, over all of its processes.

    live.py SOURCE BUILD [--capture FILE --incidents N --rules FILE] [--rate PPS] [--seconds N] [--rounds N]
            [--subjects NAMES] [--fastest] [--ring BYTES] [--realtime] [--json FILE] [--readme]

The floor is bench-live-floor: libpcap's TPACKET_V3 ring with a callback that counts. Floor and bridled take turns
within each round, at the same rate, with the same packets. What the kernel does for a packet on its way into the
ring is charged to the sender, in both. On a machine that others use, too, --realtime lets sender and receivers go
first; the processors' caches they share all the same. Without --capture the traffic is the generator's, mix `isp`.
--readme writes the table into README.md beside this. Needs root."""
import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
# pylint: disable=wrong-import-position
import tables  # noqa: E402
from lab import Lab, available, run  # noqa: E402
from lab_bridled import BUILD, Bridled  # noqa: E402
from lab_live import Space  # noqa: E402
from lab_memory import cpu_ns  # noqa: E402

TOOLS = BUILD / 'tests' / 'bench'
DEVICE, FAR = 'tx0', 'rx0'
README = pathlib.Path(__file__).resolve().parent / 'README.md'
TIMEOUT_MS = 100
TARGET = 1.4  # times the floor, one worker


def family(pid):
    """A process and all that come from it."""
    found = [pid]
    for parent in found:
        children = subprocess.run(['pgrep', '-P', str(parent)], capture_output=True, text=True, check=False)
        found += map(int, children.stdout.split())
    return found


def go_first(pids):
    for p in pids:
        os.sched_setscheduler(p, os.SCHED_FIFO, os.sched_param(20))


class Floor:
    """The empty loop."""
    name = 'floor'

    def __init__(self, bench):
        self.process = bench.there.start(TOOLS / 'bench-live-floor', FAR, bench.options.ring, TIMEOUT_MS,
                                         stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.pids = family(self.process.pid)

    def end(self):
        self.process.terminate()
        return json.loads(self.process.communicate()[0])


class Watching:
    """bridled with so many workers."""

    def __init__(self, bench, workers, **capture):
        self.name = f'workers-{workers}'
        settings = {'capture': {'interface': FAR, 'workers': workers, 'ring-size': bench.options.ring,
                                'block-timeout': f'{TIMEOUT_MS}ms', **capture},
                    'rules': {'path': bench.rules}, 'eve': {'path': '/dev/null'}}
        bench.folders += 1
        self.bridled = Bridled(bench.lab, bench.there, settings, f'bridled{bench.folders}').start(60)
        self.pids = family(self.bridled.process.pid)

    def end(self):
        time.sleep(2)  # a worker asks the kernel once a second, and once more for what it lost last
        status = json.loads(self.bridled.control_command('--json', 'status').stdout)
        self.bridled.stop()
        return {'packets': status['counters']['capture.packets'],
                'dropped': status['counters']['capture.kernel_drops'], 'incidents': status['incidents'],
                'by_worker': [w['packets'] for w in status['workers']]}


class Bench:
    def __init__(self, lab, options):
        self.lab, self.options, self.folders = lab, options, 0
        self.here, self.there = Space(lab, 'here'), Space(lab, 'there')
        self.here.pair(DEVICE, self.there, FAR).close()
        for space, device in ((self.here, DEVICE), (self.there, FAR)):
            run('ip', '-n', space.netns, 'link', 'set', device, 'mtu', '9000')
        cpus = sorted(os.sched_getaffinity(0))
        self.sender_cpu, self.other_cpus = cpus[-1], cpus[:-1] or cpus

    def generate(self, folder):
        """Capture, rules, and how many incidents there must be."""
        o = self.options
        self.capture, self.rules, self.incidents = o.capture, o.rules, o.incidents
        if o.capture is None:
            self.capture, self.rules = folder / 'isp.pcap', folder / 'rules.ioc'
            run(TOOLS / 'bench-gen', 'rules', '-o', self.rules)
            made = run(TOOLS / 'bench-gen', 'isp', '-o', self.capture, '--packets', o.rate * o.seconds)
            self.incidents = json.loads(made.stdout)['incidents']

    def measure(self, make, rate):
        """One turn: packets, CPU time for each, what was lost."""
        os.sched_setaffinity(0, self.other_cpus)  # inherited by what is started
        subject = make(self)
        os.sched_setaffinity(0, [self.sender_cpu])
        pace = ['--rate', str(rate)] if rate else []
        if not rate or self.options.capture:  # else the capture is as long as it shall be
            pace += ['--seconds', str(self.options.seconds)]
        before = [cpu_ns([p]) for p in subject.pids]  # they wait: there is nothing to see yet
        sender = self.here.start(TOOLS / 'bench-sender', self.capture, DEVICE, *pace, stdout=subprocess.PIPE,
                                 text=True)
        os.sched_setaffinity(0, self.other_cpus)  # a sender that goes first would not let us run beside it
        if self.options.realtime:
            go_first([sender.pid, *subject.pids])
        sent = json.loads(sender.communicate()[0])
        time.sleep(0.5)  # the last block
        used = [cpu_ns([p]) - b for p, b in zip(subject.pids, before)]
        got = subject.end()
        point = {'subject': subject.name, 'rate': sent['rate'], 'seconds': sent['seconds'], 'sent': sent['sent'],
                 'refused': sent['refused'], 'cpu_ns': sum(used) / max(got['packets'], 1),
                 'main_ns': used[0] / max(got['packets'], 1) if len(used) > 1 else 0, **got}
        if 'incidents' in got and ('--seconds' not in pace or sent['laps'] > 1):
            point['incidents_expected'] = self.incidents
        return point


SUBJECTS = {'floor': Floor, 'workers-1': lambda b: Watching(b, 1), 'workers-2': lambda b: Watching(b, 2)}


def row(points, floor):
    cpu = statistics.median(p['cpu_ns'] for p in points)
    rate = statistics.median(p['rate'] for p in points)
    told = [p for p in points if p.get('incidents_expected') is not None]
    missed = [p for p in told if p['incidents_expected'] != p['incidents']]
    main = statistics.median(p['main_ns'] for p in points)
    return {'subject': points[0]['subject'], 'rate': round(rate), 'cpu_ns': round(cpu, 1), 'main_ns': round(main, 1),
            'ratio': round(cpu / floor, 3) if floor else None, 'dropped': sum(p['dropped'] for p in points),
            'sent': sum(p['sent'] for p in points), 'lost': sum(p['sent'] - p['packets'] for p in points),
            'incidents_wrong': len(missed) if told else None}


def verdict(r):
    if not r['ratio']:
        return '–'
    if r['subject'] != 'workers-1':
        return f"{r['ratio']:.2f}"
    return f"{r['ratio']:.2f} (≤ {TARGET}: {'met' if r['ratio'] <= TARGET else 'missed'})"


def table(rows):
    """Head, and a line of words for each row."""
    head = ['who', 'packets a second', 'CPU ns', 'of it main', '× floor', 'packets', 'dropped', 'not seen', 'incidents']
    lines = []
    for r in rows:
        truth = {None: '–', 0: 'all'}.get(r['incidents_wrong'], f"{r['incidents_wrong']} runs wrong")
        lines.append([r['subject'], str(r['rate']), f"{r['cpu_ns']:.0f}", f"{r['main_ns']:.0f}", verdict(r), str(r['sent']),
                      str(r['dropped']), str(r['lost']), truth])
    return head, lines


def rounds(bench, subjects, rate, count):
    points = []
    for _ in range(count):
        points += [bench.measure(SUBJECTS[s], rate) for s in subjects]
    of = {s: [p for p in points if p['subject'] == s] for s in subjects}
    floor = statistics.median(p['cpu_ns'] for p in of['floor']) if 'floor' in of else None
    return points, [row(of[s], floor) for s in subjects]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('source')
    parser.add_argument('build')
    parser.add_argument('--capture', type=pathlib.Path, help='play this instead of the generator\'s')
    parser.add_argument('--rules', type=pathlib.Path, help='indicators, with --capture')
    parser.add_argument('--incidents', type=int, help='that there must be, with --capture')
    parser.add_argument('--rate', type=int, default=100000, help='packets a second')
    parser.add_argument('--seconds', type=int, default=10, help='of a point')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--subjects', default=','.join(SUBJECTS))
    parser.add_argument('--fastest', action='store_true', help='also as fast as the sender goes')
    parser.add_argument('--realtime', action='store_true', help='sender and receivers before all other processes')
    parser.add_argument('--ring', type=int, default=4 << 20, help='bytes of each capture ring')
    parser.add_argument('--json', type=pathlib.Path)
    parser.add_argument('--readme', action='store_true', help='writes the table into README.md')
    options = parser.parse_args()
    if available():
        sys.exit(f'live.py: {available()}')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('live.py: stopped'))  # interfaces and processes go with us
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder, Lab('bench') as lab:
        os.chmod(folder, 0o755)
        bench = Bench(lab, options)
        bench.generate(pathlib.Path(folder))
        points, rows = rounds(bench, options.subjects.split(','), options.rate, options.rounds)
        if options.fastest:
            more = rounds(bench, options.subjects.split(','), 0, 1)
            points, rows = points + more[0], rows + more[1]
    head, lines = table(rows)
    print(tables.plain(head, lines))
    if options.readme:
        text, block = README.read_text(encoding='utf-8'), tables.markdown(head, lines)
        README.write_text(re.sub(r'(<!-- live -->\n).*?(<!-- /live -->)', lambda m: f'{m[1]}{block}\n{m[2]}', text,
                                 flags=re.DOTALL), encoding='utf-8')
    if options.json:
        options.json.write_text(json.dumps({'points': points, 'rows': rows}, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
