# SPDX-License-Identifier: BSD-2-Clause
"""The cost of a packet of each mix of traffic, beside the floors, and whether all that is listed was found."""
import json
import os
import pathlib
import statistics
import sys
import tempfile
from dataclasses import dataclass

import targets
from runs import median_ratio, output, rounds, run, summary


@dataclass
class Programs:
    """What was built, by the build folder."""
    build: pathlib.Path

    def __post_init__(self):
        self.bridled = self.build / 'daemon' / 'bridled'
        self.loader = self.build / 'daemon' / 'bridle-loader'
        self.floor = self.build / 'tests' / 'bench' / 'bench-floor'
        self.gen = self.build / 'tests' / 'bench' / 'bench-gen'

    def missing(self):
        return [str(p) for p in (self.bridled, self.loader, self.floor, self.gen) if not p.exists()]

    def replay(self, capture, rules, eve='/dev/null'):
        return [self.bridled, '-r', capture, '-R', rules, '--eve', eve]

    def measured_floor(self, kind, capture):
        """CPU time in ns of one reading of the capture, its start left out by bench-floor itself."""
        return json.loads(output([self.floor, kind, capture]))['cpu_ns']


def found(programs, capture, rules):
    """How many incidents were opened."""
    with tempfile.TemporaryDirectory() as folder:
        eve = os.path.join(folder, 'eve.json')
        run(programs.replay(capture.path, rules, eve))
        with open(eve, encoding='utf-8') as lines:
            events = (json.loads(line) for line in lines if '"alert"' in line)
            return sum(e['event_type'] == 'alert' and e['incident']['why'] == 'new' for e in events)


def truth(capture, told):
    return {'incidents': capture.incidents, 'found': told, 'holds': told == capture.incidents}


def start_and_run(programs, few, capture, rules, prefix=''):
    """Contenders: what it costs to start and end, and to do all."""
    return {prefix + 'start': lambda: run(programs.replay(few, rules)),
            prefix + 'bridled': lambda: run(programs.replay(capture.path, rules))}


def net(got, prefix=''):
    """CPU time of each round in ns, without what starting and ending takes."""
    start_ns = statistics.median(c.cpu_ns for c in got[prefix + 'start'])
    return [c.cpu_ns - start_ns for c in got[prefix + 'bridled']]


def judge(mix, bridled, floors):
    """A row for each target of the mix."""
    rows = []
    for target in mix.targets:
        ratio = median_ratio(bridled, floors[target.floor])
        rows.append({'floor': target.floor, 'ratio': ratio, 'at_most': target.at_most, 'met': ratio <= target.at_most})
        if target.stretch is not None:
            rows[-1] |= {'stretch': target.stretch, 'stretch_met': ratio <= target.stretch}
    return rows


def measure(programs, material, mix, packets, count):
    """Everything about one mix, as it goes into the JSON."""
    capture = material.capture(mix.name, packets)
    rules = material.rules(targets.RULES)
    few = material.head(capture)
    told = found(programs, capture, rules)  # also brings the file into the page cache
    contenders = start_and_run(programs, few, capture, rules)
    for kind in mix.floors:
        contenders[kind] = lambda kind=kind: programs.measured_floor(kind, capture.path)
    got = rounds(contenders, count, mix.name)
    bridled = net(got)
    started = statistics.median(c.cpu_ns for c in got['start'])
    if statistics.median(bridled) < started:
        print(f'bench: {mix.name}: {packets} packets are few: to start takes longer', file=sys.stderr)
    floors = {kind: got[kind] for kind in mix.floors}
    system = sum(c.system_ns for c in got['bridled']) - sum(c.system_ns for c in got['start'])
    return {
        'packets': capture.packets, 'bytes': capture.bytes, 'flood': mix.flood, 'rounds': count,
        'floors': {kind: summary([ns / capture.packets for ns in floors[kind]]) for kind in floors},
        'bridled': summary([ns / capture.packets for ns in bridled]) |
        {'system': max(system, 0) / count / capture.packets},
        'start': summary([c.cpu_ns / 1e6 for c in got['start']]),
        'ratios': {kind: median_ratio(bridled, floors[kind]) for kind in floors},
        'targets': judge(mix, bridled, floors),
        'truth': truth(capture, told),
    }
