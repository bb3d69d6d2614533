#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench_test.py SOURCE BUILD: the benchmark itself works. Small captures, and nothing depends on time."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.dom.minidom

from tap import Tap

SOURCE, BUILD = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
BENCH = SOURCE / 'tests' / 'bench'
sys.path.insert(0, str(BENCH))
import instructions  # noqa: E402
import material  # noqa: E402
import mixes  # noqa: E402
import plots  # noqa: E402
import runs  # noqa: E402
import tables  # noqa: E402
import targets  # noqa: E402

MIXES = ['isp', 'dns', 'tls']
PACKETS = 3000
# Function f of path.c calls memcpy, in which 70 of 170 instructions are spent; 30 of f come from a header that
# serves everybody, 5 from dns.c. g is dns.c's. Numbers of lines may be relative, names are told once.
CALLGRIND = '''# callgrind format
cmd: /build/daemon/bridle-worker
positions: line
events: Ir

ob=(1) /build/daemon/bridle-worker
fl=(1) ../daemon/worker/path.c
fn=(1) f
10 40
fi=(2) ../daemon/base/cursor.h
+3 30
fi=(3) ../daemon/proto/dns.c
-1 5
fe=(1)
* 5
cob=(2) /lib/libc.so.6
cfi=(4) memcpy.S
cfn=(2) memcpy
calls=2 7
+1 70
cfi=(3)
cfn=(3) g
calls=1 3
* 20

fl=(3)
fn=(3)
3 20

ob=(2)
fl=(4)
fn=(2)
7 70
'''


def bench(folder, *arguments):
    return subprocess.run([sys.executable, BENCH / 'bench.py', '--build', BUILD, '--data', folder / 'data', *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)


def check_run(tap, folder):
    figures = folder / 'figures.json'
    done = bench(folder, '--packets', str(PACKETS), '--rounds', '2', '--only', *MIXES, '--json', figures)
    if not tap.ok(done.returncode == 0, 'a short run', done.stdout + done.stderr):
        return {}
    result = json.loads(figures.read_text(encoding='utf-8'))
    tap.same(list(result['mixes']), MIXES, 'all mixes are in it')
    for name, row in result['mixes'].items():
        tap.ok(row['truth']['holds'] and row['truth']['incidents'] > 0, f'{name}: all that is listed is found',
               row['truth'])
        tap.ok(all(row['floors'][k]['median'] > 0 for k in ('read', 'walk', 'pcap')), f'{name}: the floors',
               row['floors'])
    again = bench(folder, '--from', figures, '--compare', figures)
    tap.ok(again.returncode == 0 and 'now / released' in again.stdout and 'dns' in again.stdout,
           'figures are compared with earlier ones', again.stdout + again.stderr)
    check_merge(tap, folder, result)
    return result


def check_merge(tap, folder, result):
    """Earlier figures keep their rounds, and their place."""
    earlier, merged = folder / 'earlier.json', folder / 'merged.json'
    old = result | {'rounds': 5, 'mixes': {n: {k: v for k, v in result['mixes'][n].items() if k != 'rounds'}
                                           for n in reversed(MIXES)}}
    earlier.write_text(json.dumps(old), encoding='utf-8')
    done = bench(folder, '--packets', str(PACKETS), '--rounds', '1', '--only', 'dns', '--from', earlier, '--json', merged)
    if not tap.ok(done.returncode == 0, 'a mix is measured again', done.stdout + done.stderr):
        return
    now = json.loads(merged.read_text(encoding='utf-8'))
    tap.same(list(now['mixes']), MIXES, 'mixes stay in their order')
    tap.ok('; 1 or 5 rounds' in done.stdout, 'rounds are told of both', done.stdout)


def check_floors(tap, folder):
    """All read the whole capture; what is decrypted has the right tags."""
    programs = mixes.Programs(BUILD)
    capture = material.Material(BUILD, folder / 'data').capture('quic', PACKETS)
    said = {kind: json.loads(runs.output([programs.floor, kind, capture.path])) for kind in targets.FLOORS}
    tap.same({kind: (s['packets'], s['bytes']) for kind, s in said.items()},
             {kind: (capture.packets, capture.bytes) for kind in said}, 'each floor reads all of a capture')
    crypto, tries = said['crypto'], said['tries']
    tap.ok(0 < crypto['keys'] < crypto['initials'] == crypto['check'] < tries['initials'],
           'Initial packets of clients are decrypted', said)
    made = json.loads(runs.output([programs.floor, 'crypto', 100, '--repeat', 2]))
    tap.ok(made['initials'] == 200 and made['check'] == 0, 'made ones have wrong tags', made)


def check_lie(tap, folder):
    """A run that did not find all does not pass."""
    for note in (folder / 'data').glob('dns-*.pcap.json'):
        said = json.loads(note.read_text(encoding='utf-8'))
        said['said']['incidents'] += 1
        note.write_text(json.dumps(said), encoding='utf-8')
    done = bench(folder, '--packets', str(PACKETS), '--rounds', '1', '--only', 'dns')
    tap.ok(done.returncode == 1 and 'WRONG' in done.stdout, 'a missed incident is told', done.stdout + done.stderr)


def check_cost(tap):
    """Two processes below the one that is run: 0.2 s each."""
    burn = 'import time; any(False for _ in iter(lambda: time.process_time() < 0.2, False))'
    cost = runs.run(['sh', '-c', '"$0" -c "$1"; "$0" -c "$1"; true', sys.executable, burn])
    tap.ok(cost.cpu_ns >= 400e6, 'the CPU time of all processes is counted', cost)
    try:
        runs.run(['sh', '-c', 'sleep 0.2 & true'])
        tap.ok(False, 'a process that nobody waited for is told')
    except runs.Failed as why:
        tap.ok('left processes behind' in str(why), 'a process that nobody waited for is told', why)
        os.waitpid(-1, 0)


def check_rounds(tap):
    order = []
    runs.rounds({n: lambda n=n: order.append(n) for n in 'abc'}, 3)
    tap.same(''.join(order), 'abcbcacab', 'nobody always comes behind the same')


def check_callgrind(tap, folder):
    path = folder / 'callgrind'
    path.write_text(CALLGRIND, encoding='utf-8')
    program, profile = instructions.read(path)
    tap.same((program, profile.total), ('bridle-worker', 170), 'callgrind: all instructions')
    tap.same(dict(+profile.stage), {'flows': 145, 'parse': 25}, 'callgrind: by stage')
    tap.same(profile.function['f', 'worker/path.c'], 80, 'callgrind: by function')


def figures(result):
    """With sections that this test does not measure."""
    row = {'median': 10.0, 'min': 9, 'max': 11, 'spread': 0.1}
    counted = {'capture': 10, 'decode': 20, 'other': -1}
    scaled = [{'mix': 'dns', 'names': n, 'ranges': 0, 'bridled': row, 'ratio': 1.0,
               'truth': {'incidents': 1, 'found': 1, 'holds': True}} for n in (5000, 10_000_000)]
    return result | {'stages': {m: {'instructions': counted, 'packets': 9} for m in MIXES}, 'scale': scaled,
                     'peers': {'tcpdump': {'isp': row}, 'zeek': 'not installed'}}


def check_readme(tap, result):
    text = tables.into_readme('a\n<!-- mixes -->\nold\n<!-- /mixes -->\nb\n<!-- load -->\nkept\n<!-- /load -->\n', result)
    tap.ok('old' not in text and '| isp |' in text and text.startswith('a\n<!-- mixes -->\n|') and 'kept' in text,
           'tables between markers', text)
    readme = (BENCH / 'README.md').read_text(encoding='utf-8')
    for name in ('machine', *(s[0] for s in tables.SECTIONS)):
        tap.ok(f'<!-- {name} -->\n' in readme and f'<!-- /{name} -->' in readme, f'README.md has room for {name}')


def check_plots(tap, result):
    for name, draw in plots.PLOTS.items():
        text = draw(result)
        try:
            xml.dom.minidom.parseString(text)
            tap.ok('nan' not in text, f'{name} is well formed')
        except (TypeError, xml.parsers.expat.ExpatError) as why:
            tap.ok(False, f'{name} is well formed', why)


def main():
    tap = Tap()
    runs.adopt_orphans()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_rounds(tap)
        check_cost(tap)
        check_callgrind(tap, folder)
        check_floors(tap, folder)
        result = check_run(tap, folder)
        if result:
            check_lie(tap, folder)
            check_readme(tap, figures(result))
            check_plots(tap, figures(result))
    return tap.done()


sys.exit(main())
