#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs bridled over mutants of captures: no crash, no sanitizer report, no hang, and every event is JSON.

    mutate.py [options] BRIDLED CAPTURE|FOLDER...
    mutate.py --seed 7 --minutes 20 build-asan/daemon/bridled ../shared/corpus/pcaps
    mutate.py --seed 7 --first 12 --count 1 --write DIR BRIDLED CAPTURE|FOLDER...    the mutants of batch 12, not run
    mutate.py --shrink FILE BRIDLED                                  FILE.shrunk: the fewest packets that still fail

Build bridled with a sanitizer (contrib/presets/asan.ini). A number of mutants go into one run, because starting
costs more than reading. Mutant k depends on the seed, k and the list of captures, on nothing else. What fails is cut
down to the files and packets that it needs, written to the folder --keep, and told. A run may take --bound seconds;
more is a hang. Exit status 1: something failed.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import mutant

REPORTS = (b'Sanitizer', b'runtime error:', b'worker died', b'Assertion')
SANITIZERS = {'ASAN_OPTIONS': 'abort_on_error=1:detect_leaks=0:handle_abort=1', 'UBSAN_OPTIONS': 'print_stacktrace=1'}


class Runner:
    def __init__(self, bridled, rules, bound, folder):
        self.bridled, self.bound, self.folder = bridled, bound, pathlib.Path(folder)
        self.rules = [f'-R{path.resolve()}' for path in rules]
        self.slowest = 0.0
        self.runs = 0

    def run(self, files):
        """'' or what went wrong with the captures, a list of bytes, read one after the other."""
        names = []
        for i, data in enumerate(files):
            names.append(str(i))
            (self.folder / names[-1]).write_bytes(data)
        eve = self.folder / 'eve'
        eve.unlink(missing_ok=True)
        begin = time.monotonic()
        self.runs += 1
        try:
            done = subprocess.run([self.bridled, '-r', *names, '--eve', 'eve', '--observe', *self.rules],
                                  cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, env={**os.environ, **SANITIZERS}, timeout=self.bound,
                                  check=False)
        except subprocess.TimeoutExpired:
            return f'hangs: more than {self.bound:g} s'
        self.slowest = max(self.slowest, time.monotonic() - begin)
        if done.returncode < 0 or done.returncode not in (0, 1) or any(r in done.stderr for r in REPORTS):
            return f'exit {done.returncode}\n{done.stderr.decode(errors="replace")}'
        return self.events_problem(eve)

    @staticmethod
    def events_problem(eve):
        if not eve.exists():
            return 'no events were written'
        for line in eve.read_bytes().split(b'\n')[:-1]:
            try:
                json.loads(line.decode())
            except ValueError as e:
                return f'event is no JSON: {e}: {line[:300]!r}'
        return ''


def shrink(parts, fails):
    """The parts, a list, without those that are not needed for `fails(parts)`."""
    size = max(1, len(parts) // 2)
    while True:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size:]
            if fewer and fails(fewer):
                parts = fewer
            else:
                at += size
        if size == 1:
            return parts
        size //= 2


def shrink_file(runner, data):
    """The capture with the packets that it takes to fail."""
    capture = mutant.read(data)
    if capture.pack() != data or not capture.records:
        return data

    def packed(records):
        return mutant.Capture(capture.head, capture.order, records, capture.tail).pack()

    return packed(shrink(capture.records, lambda records: bool(runner.run([packed(records)]))))


def inputs(paths):
    found = []
    for path in paths:
        found += sorted(path.rglob('*.pcap*')) if path.is_dir() else [path]
    if not found:
        sys.exit('mutate: no capture given')
    return found


def batch(seed, number, size, captures, limit):
    """[(bytes, how it was made)]"""
    out = []
    for k in range(number * size, (number + 1) * size):
        source = random.Random(f'{seed}:{k}')
        one, two = source.choice(captures), source.choice(captures)
        data, done = mutant.make(source, one.read_bytes()[:limit], two.read_bytes()[:limit])
        out.append((data, f'{k}: {one.parent.name}/{one.name} {two.parent.name}/{two.name} {" ".join(done)}'))
    return out


def arguments():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument('--seed', default='1')
    p.add_argument('--first', type=int, default=0, help='number of the first batch')
    p.add_argument('--count', type=int, help='batches')
    p.add_argument('--minutes', type=float, help='stop after so many')
    p.add_argument('--batch', type=int, default=30, help='mutants in a run')
    p.add_argument('--limit', type=int, default=300000, help='bytes of a capture that are used')
    p.add_argument('--bound', type=float, default=120, help='seconds that a run may take')
    p.add_argument('--keep', type=pathlib.Path, default='.', help='where what fails is written')
    p.add_argument('--write', type=pathlib.Path, help='write the mutants here, run nothing')
    p.add_argument('--rules', type=pathlib.Path, action='append', default=[], help='indicators; default: the installed')
    p.add_argument('--shrink', type=pathlib.Path, help='a capture that fails')
    p.add_argument('bridled', type=pathlib.Path)
    p.add_argument('captures', type=pathlib.Path, nargs='*')
    return p.parse_args()


def explain(runner, made, why, keep, name):
    """Cuts a failed batch down, writes it, prints what is known."""
    made = shrink(made, lambda fewer: bool(runner.run([data for data, _ in fewer])))
    if len(made) == 1:
        made = [(shrink_file(runner, made[0][0]), made[0][1])]
    why = runner.run([data for data, _ in made]) or f'not always: {why}'
    for i, (data, how) in enumerate(made):
        path = keep / f'{name}-{i}.pcap'
        path.write_bytes(data)
        print(f'{path}: {how}')
    print(why, flush=True)


def main():
    a = arguments()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(a.bridled.resolve(), a.rules, a.bound, folder)
        if a.shrink:
            a.shrink.with_suffix('.shrunk').write_bytes(shrink_file(runner, a.shrink.read_bytes()))
            return 0
        captures = inputs(a.captures)
        end = time.monotonic() + (a.minutes or 1e9) * 60
        failed, number = 0, a.first
        while time.monotonic() < end and (a.count is None or number < a.first + a.count):
            made = batch(a.seed, number, a.batch, captures, a.limit)
            if a.write:
                for data, how in made:
                    (a.write / how.split(':')[0]).write_bytes(data)
                    print(how)
            elif why := runner.run([data for data, _ in made]):
                failed += 1
                explain(runner, made, why, a.keep, f'{a.seed}-{number}')
            number += 1
        print(f'{(number - a.first) * a.batch} mutants in {number - a.first} runs, {failed} failed, '
              f'slowest run {runner.slowest:.1f} s', flush=True)
        return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
