# SPDX-License-Identifier: BSD-2-Clause
"""The packet path makes no system call for a packet: counted with strace, in replay over captures of two lengths,
live over one that is played onto an interface."""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from lab import Lab, available
from lab_bridled import BRIDLED, BUILD, Bridled
from lab_live import Space
from tap import Tap

GEN, SENDER = BUILD / 'tests' / 'bench' / 'bench-gen', BUILD / 'tests' / 'bench' / 'bench-sender'
PACKETS = 30000
SHARE = 100  # packets that there are at least for each system call


def generate(folder, packets):
    capture = folder / f'{packets}.pcap'
    subprocess.run([GEN, 'isp', '-o', capture, '--packets', str(packets)], check=True, capture_output=True)
    return capture


def calls(trace):
    """{name: how often}, over all processes."""
    return collections.Counter(re.findall(r'^(?:\d+ +)?(\w+)\(', trace.read_text(errors='replace'), re.MULTILINE))


def most(found):
    return ', '.join(f'{name} {n}' for name, n in found.most_common(5))


def check_replay(tap, folder):
    """All processes: what a longer capture costs more is what its packets cost."""
    counts = []
    for packets in (PACKETS, 3 * PACKETS):
        trace = folder / 'trace'
        done = subprocess.run(['strace', '-f', '-qq', '-o', trace, BRIDLED, '-r', generate(folder, packets), '-R',
                               folder / 'rules.ioc', '--eve', '/dev/null'], capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
        if done.returncode != 0:
            tap.skip('replay', f'strace: {done.stderr.strip()[-200:]}')
            return
        counts.append(calls(trace))
    more = counts[1] - counts[0]
    tap.ok(more.total() * SHARE <= 2 * PACKETS,
           f'replay: {more.total()} more system calls for {2 * PACKETS} more packets', most(more))


def check_live(tap, folder, lab):
    here, there = Space(lab, 'here'), Space(lab, 'there')
    here.pair('tx0', there, 'rx0').close()
    capture, trace = generate(folder, PACKETS), folder / 'live'
    b = Bridled(lab, there, {'capture': {'interface': 'rx0', 'ring-size': '64MiB'}, 'eve': {'path': '/dev/null'},
                             'rules': {'path': folder / 'rules.ioc'}}).start()
    worker = subprocess.run(['pgrep', '-P', str(b.process.pid), 'bridle-worker'], capture_output=True, text=True,
                            check=False).stdout.split()
    strace = there.start('strace', '-o', trace, '-p', *worker, stderr=subprocess.PIPE, text=True)
    if 'attached' not in strace.stderr.readline():
        tap.skip('live', 'strace cannot attach')
        return
    done = here.run(SENDER, capture, 'tx0', '--rate', 30000)
    time.sleep(0.5)
    lab.stop(strace)
    found = calls(trace)
    b.stop()
    tap.ok('"sent":30' in done.stdout and 0 < found.total() * SHARE <= PACKETS,
           f'live: {found.total()} system calls for {PACKETS} packets', most(found) + done.stdout + done.stderr)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        subprocess.run([GEN, 'rules', '-o', folder / 'rules.ioc'], check=True, capture_output=True)
        check_replay(tap, folder)
        why = available()
        if why:
            tap.skip('live', why)
        else:
            with Lab('calls') as lab:
                check_live(tap, folder, lab)
    return tap.done()


sys.exit(main())
