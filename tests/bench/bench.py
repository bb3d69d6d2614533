#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark: what a packet costs bridled, beside what it costs at least. README.md says how it is measured."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import sys

import instructions
import mixes
import peers
import plots
import runs
import scale
import tables
import targets
from material import Material

HERE = pathlib.Path(__file__).resolve().parent
PROFILED = (50_000, 150_000)  # packets of the two lengths that callgrind counts
STAGED = [m.name for m in targets.MIXES if not m.flood]
SECTIONS = ('scale', 'peers', 'stages')


def options():
    known = [m.name for m in targets.MIXES] + list(SECTIONS)
    p = argparse.ArgumentParser(description=__doc__, epilog=f"NAME is one of: {', '.join(known)}.")
    p.add_argument('--build', type=pathlib.Path, default='build', metavar='DIR', help='build folder (build)')
    p.add_argument('--short', action='store_true', help='small captures, no other programs: a minute')
    p.add_argument('--only', nargs='+', metavar='NAME', choices=known, default=[], help='measure only these')
    p.add_argument('--packets', type=int, metavar='N', help='packets of each capture, instead of what suits it')
    p.add_argument('--rounds', type=int, metavar='N', default=7, help='how often all is measured in turn (7)')
    p.add_argument('--data', type=pathlib.Path, metavar='DIR', help='keeps captures here (bench-data in the build folder)')
    p.add_argument('--json', type=pathlib.Path, metavar='FILE', help='writes all figures')
    p.add_argument('--from', dest='earlier', type=pathlib.Path, metavar='FILE',
                   help='takes figures that --json wrote; those that are measured now replace them')
    p.add_argument('--compare', type=pathlib.Path, metavar='FILE', help='compares with figures that --json wrote')
    p.add_argument('--readme', action='store_true', help='writes tables and plots into README.md and beside it')
    p.add_argument('--callgrind', metavar='MIX', choices=known, help='instructions a packet by function')
    return p.parse_args()


def cpu_name():
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as f:
            return next(line.split(':', 1)[1].strip() for line in f if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.machine()


def build_text(build):
    """How it was compiled."""
    with open(build / 'meson-info' / 'intro-buildoptions.json', encoding='utf-8') as f:
        chosen = {o['name']: o['value'] for o in json.load(f)}
    return chosen['buildtype'] + (' with LTO' if chosen['b_lto'] else '')


def about(programs, count):
    return {'bridled': runs.output([programs.bridled, '--version']).split()[1],
            'build': build_text(programs.build), 'rounds': count,
            'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d'),
            'machine': {'cpu': cpu_name(), 'cores': os.cpu_count(), 'kernel': platform.release()}}


class Bench:
    def __init__(self, chosen, programs):
        self.chosen = chosen
        self.programs = programs
        self.material = Material(programs.build, chosen.data or programs.build / 'bench-data')
        self.packets = {m.name: chosen.packets or (m.packets // targets.SHORT if chosen.short else m.packets)
                        for m in targets.MIXES}

    def wants(self, name, by_default=True):
        return name in self.chosen.only if self.chosen.only else by_default

    def profile(self, mix):
        capture = self.material.capture(mix, self.packets[mix])
        few, many = PROFILED if capture.packets >= PROFILED[1] else (capture.packets // 3, capture.packets)
        heads = [(self.material.head(capture, n), n) for n in (few, many)]
        return instructions.measure(self.programs, capture, heads, self.material.rules(targets.RULES))

    def steps(self, result):
        """(what, function that measures it into `result`) of all that is wanted."""
        count, full = self.chosen.rounds, not self.chosen.short
        scales = targets.SCALE if full else targets.SCALE_SHORT
        for mix in targets.MIXES:
            if self.wants(mix.name):
                yield mix.name, lambda mix=mix: result.setdefault('mixes', {}).update(
                    {mix.name: mixes.measure(self.programs, self.material, mix, self.packets[mix.name], count)})
        if self.wants('scale'):
            yield 'scale', lambda: result.update(
                scale=scale.costs(self.programs, self.material, scales, self.packets, count))
            yield 'load', lambda: result.update(
                load=scale.loads(self.programs, self.material, max(s.names for s in scales), count))
        if self.wants('peers', full):
            yield 'peers', lambda: result.update(peers=peers.measure(self.material, self.packets, min(count, 3)))
        if self.wants('stages', False):
            for mix in STAGED:
                yield f'stages of {mix}', lambda mix=mix: result.setdefault('stages', {}).update(
                    {mix: {k: v for k, v in self.profile(mix).items() if k in ('instructions', 'packets')}})

    def measure(self, result):
        """Whether all of it worked; what did not is told and left out."""
        good = True
        for what, step in self.steps(result):
            try:
                step()
            except runs.Failed as why:
                runs.progress('')
                print(f'bench: {what}: {why}', file=sys.stderr)
                good = False
        return good


def show_functions(mix, profile):
    rows = [[f'{n:.1f}', f'{n * 100 / profile["total"]:.1f}', name, place]
            for (name, place), n in profile['functions'].most_common(25)]
    print(f"{mix}: {profile['total']:.0f} instructions a packet, over {profile['packets']} packets\n")
    print(tables.plain(['a packet', '%', 'function', 'file or library'], rows))
    print('\n' + tables.plain(['stage', 'a packet'],
                              [[s, f'{n:.1f}'] for s, n in profile['instructions'].items()]))


def in_order(result):
    """Mixes as targets.py has them, wherever the figures came from."""
    names = [m.name for m in targets.MIXES]
    for section in ('mixes', 'stages'):
        if section in result:
            result[section] = {n: result[section][n] for n in names if n in result[section]}


def truth_holds(result):
    """Whether every run found what is listed, and no more."""
    rows = [(name, row['truth']) for name, row in result.get('mixes', {}).items()]
    rows += [(f"{row['mix']} with {row['names']} names, {row['ranges']} ranges", row['truth'])
             for row in result.get('scale', [])]
    wrong = [(what, truth) for what, truth in rows if not truth['holds']]
    for what, truth in wrong:
        print(f"bench: {what}: {truth['found']} incidents, but {truth['incidents']} are in it", file=sys.stderr)
    return not wrong


def finish(chosen, result):
    in_order(result)
    print(tables.show(result))
    if chosen.compare:
        released = json.loads(chosen.compare.read_text(encoding='utf-8'))
        print(f"\nAgainst {released['bridled']} ({released['date']})\n")
        print(tables.plain(*tables.compared(result, released)))
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + '\n', encoding='utf-8')
    if chosen.readme:
        readme = HERE / 'README.md'
        readme.write_text(tables.into_readme(readme.read_text(encoding='utf-8'), result), encoding='utf-8')
        plots.write(result, HERE)


def main():
    chosen = options()
    programs = mixes.Programs(chosen.build.resolve())
    runs.adopt_orphans()
    result = json.loads(chosen.earlier.read_text(encoding='utf-8')) if chosen.earlier else {}
    good = True
    if chosen.only or chosen.callgrind or not chosen.earlier:
        if programs.missing():
            raise runs.Failed('not built: ' + ', '.join(programs.missing()))
        bench = Bench(chosen, programs)
        if chosen.callgrind:
            show_functions(chosen.callgrind, bench.profile(chosen.callgrind))
            return 0
        earlier = result.get('rounds', chosen.rounds)  # of those mixes that are not measured now
        result |= about(programs, earlier)
        good = bench.measure(result)
    finish(chosen, result)
    return 0 if truth_holds(result) and good else 1


try:
    sys.exit(main())
except runs.Failed as why:
    print(f'bench: {why}', file=sys.stderr)
    sys.exit(1)
