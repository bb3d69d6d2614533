# SPDX-License-Identifier: BSD-2-Clause
"""Floods: memory stays flat however long they last, what is listed is found to the last one in the midst of them, what
came and gave way is counted, and the run ends. The captures come from bench-gen; they are fed through a pipe, so that
memory is measured after known numbers of packets. Each flood is read twice: with indicators that its established work
meets, which costs memory for each incident up to a limit, and with one that nothing meets."""
import array
import fcntl
import pathlib
import subprocess
import sys
import tempfile
import termios
import time

from lab_bridled import BRIDLED, BUILD, events
from lab_memory import GROWTH_MAX, INCIDENT_MAX, memory_kib, processes
from tap import Tap, skip_all

GENERATOR = BUILD / 'tests' / 'bench' / 'bench-gen'
SANITIZED = '#define BRIDLE_SANITIZED 1' in (BUILD / 'config.h').read_text(encoding='ascii')
PIECES = 12

# mix, packets (more than a second of the capture's time, so that counters are told), and counters that say what the
# flood was and what gave way to it, each with the least that there must be for one packet of the flood
FLOODS = [
    ('syn', 1000000, {'decode.tcp': 0.9}),
    ('dnsflood', 600000, {'proto.dns': 0.9}),
    ('dcidflood', 300000, {'proto.quic': 0.15, 'proto.quic_bad': 0.7}),
    ('fragflood', 600000, {'decode.fragments': 0.9, 'decode.fragments_lost': 0.9}),
]


def settled(pipe, pid, seconds=60):
    """Waits until what was written has been read, and all processes wait for more."""
    waiting, end = array.array('i', [1]), time.monotonic() + seconds
    calm = 0
    while calm < 3:
        fcntl.ioctl(pipe, termios.FIONREAD, waiting)
        states = [pathlib.Path(f'/proc/{p}/stat').read_text(encoding='ascii').rsplit(')', 1)[1].split()[0]
                  for p in processes(pid)]
        calm = calm + 1 if waiting[0] == 0 and set(states) == {'S'} else 0
        if time.monotonic() > end:
            raise TimeoutError(f'bridled does not read on: {waiting[0]} bytes, {states}')
        time.sleep(0.01)


class Run:
    """bridled over a capture that comes through a pipe in pieces."""

    def __init__(self, folder, capture, rules):
        conf = folder / 'conf'
        conf.write_text('[eve]\nstats-interval = 1s\n[syslog]\nenabled = no\n')
        self.memory = []
        with open(folder / 'eve', 'wb') as eve, open(folder / 'stderr', 'wb') as stderr, \
                subprocess.Popen([BRIDLED, '-c', conf, '-r', '-', '-R', rules, '--eve', '-'], stdin=subprocess.PIPE,
                                 stdout=eve, stderr=stderr) as process:
            self.feed(process, capture)
            process.stdin.close()
            self.exit = process.wait(60)
        self.events = events((folder / 'eve').read_text(encoding='utf-8'))
        self.stderr = (folder / 'stderr').read_text(encoding='utf-8')

    def feed(self, process, capture):
        piece = -(-capture.stat().st_size // PIECES)
        with open(capture, 'rb') as packets:
            for _ in range(PIECES):
                left = piece
                while left > 0 and (chunk := packets.read(min(left, 1 << 20))):
                    process.stdin.write(chunk)
                    left -= len(chunk)
                process.stdin.flush()
                settled(process.stdin, process.pid)
                self.memory.append(memory_kib(process.pid))

    def growth(self):
        """From the end of the first quarter on."""
        return max(self.memory) - self.memory[PIECES // 4 - 1]

    def found(self):
        return sorted((e['src_ip'], e['ioc']['value']) for e in self.events
                      if e['event_type'] == 'alert' and e['incident']['why'] == 'new')

    def counters(self):
        last = [e['stats'] for e in self.events if e['event_type'] == 'stats'][-1:]
        return {f'{group}.{name}': n for s in last for group, names in s.items() if isinstance(names, dict)
                for name, n in names.items()}


def check_memory(tap, mix, run, quiet, incidents):
    tap.ok(quiet.growth() < GROWTH_MAX, f'{mix}: memory is flat', f'it grew by {quiet.growth()} KiB')
    tap.ok(run.growth() < GROWTH_MAX + INCIDENT_MAX * incidents, f'{mix}: memory follows the incidents alone',
           f'it grew by {run.growth()} KiB for {incidents} incidents')


def check(tap, folder, mix, packets, wanted):
    capture, truth = folder / 'capture', folder / 'truth'
    subprocess.run([GENERATOR, mix, '-o', capture, '--packets', str(packets), '--truth', truth], check=True,
                   stdout=subprocess.DEVNULL)
    pairs = sorted(tuple(line.split()[1:]) for line in truth.read_text(encoding='ascii').splitlines())
    run, quiet = (Run(folder, capture, folder / rules) for rules in ('rules', 'never'))
    tap.same((run.exit, quiet.exit), (0, 0), f'{mix}: the runs end well')
    found = run.found()
    tap.ok(found == pairs, f'{mix}: all {len(pairs)} listed names are found, and no other',
           f'missed {sorted(set(pairs) - set(found))}\nnot listed {sorted(set(found) - set(pairs))}\n{run.stderr}')
    tap.note(f'{mix}: KiB after each of {PIECES} parts, with incidents and without:\n{run.memory}\n{quiet.memory}')
    if SANITIZED:
        tap.skip(f'{mix}: memory', 'sanitizers keep what was freed')
    else:
        check_memory(tap, mix, run, quiet, len(pairs))
    counters = run.counters()
    few = {name: counters.get(name) for name, share in wanted.items() if counters.get(name, 0) < share * packets}
    tap.ok(not few, f'{mix}: counters tell the flood', f'too few: {few}\n{counters}')
    capture.unlink()


def main():
    if not GENERATOR.exists():
        skip_all('bench-gen is not built')
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([GENERATOR, 'rules', '-o', folder / 'rules'], check=True)
        (folder / 'never').write_text('never.example.org\n', encoding='ascii')
        for mix, packets, wanted in FLOODS:
            check(tap, folder, mix, packets, wanted)
    return tap.done()


sys.exit(main())
