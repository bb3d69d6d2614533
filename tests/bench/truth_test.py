#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench-gen SOURCE BUILD: what it says of its captures is true: bridled tells each listed pair of client and indicator
once, no other, in every mix; a seed gives the same bytes again; and the indicators are as many as wanted."""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from lab_bridled import BUILD, events, replay
from tap import Tap

GENERATOR = BUILD / 'tests' / 'bench' / 'bench-gen'
MIXES = ['isp', 'isp-big', 'dns', 'tls', 'quic', 'bulk', 'syn', 'dnsflood', 'dcidflood', 'fragflood']
PACKETS = 30000


def generate(what, path, *arguments):
    done = subprocess.run([GENERATOR, what, '-o', path, *map(str, arguments)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout) if done.stdout else {}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_mix(tap, folder, rules, mix):
    capture, truth = folder / f'{mix}.pcap', folder / 'truth'
    said = generate(mix, capture, '--packets', PACKETS, '--seed', 5, '--truth', truth)
    pairs = sorted(tuple(line.split()[1:]) for line in truth.read_text().splitlines())
    tap.ok(said['incidents'] == len(set(pairs)) == sum(said['listed'].values()) and len(pairs) >= PACKETS // 2000,
           f'{mix}: the number of incidents is that of its listed pairs', said)
    done = replay(capture, '-R', rules, '--eve', '-')
    new = [e for e in events(done.stdout) if e['event_type'] == 'alert' and e['incident']['why'] == 'new']
    found = sorted((e['src_ip'], e['ioc']['value']) for e in new)
    tap.ok(found == pairs and done.returncode == 0, f'{mix}: bridled finds {len(pairs)} pairs, and no other',
           f'exit {done.returncode}\n{done.stderr}missed {sorted(set(pairs) - set(found))}\n'
           f'not listed {sorted(set(found) - set(pairs))}\n{len(found)} incidents')
    capture.unlink()


def check_seed(tap, folder):
    first, again, other = (folder / n for n in ('first', 'again', 'other'))
    for path, seed in ((first, 1), (again, 1), (other, 2)):
        generate('isp', path, '--packets', 5000, '--seed', seed)
    tap.same(digest(again), digest(first), 'the same seed gives the same bytes')
    tap.ok(digest(other) != digest(first), 'another seed gives others')


def check_rules(tap, folder):
    path = folder / 'many'
    generate('rules', path, '--names', 6000, '--addresses', 3000)
    lines = path.read_text().splitlines()
    names = lines[:6000]
    tap.same((len(set(lines)), len(lines)), (9000, 9000), 'as many names and prefixes as wanted, each different')
    mean = sum(map(len, names)) / len(names)
    tap.ok(17.5 < mean < 18.5, 'names have 18 characters on average', mean)
    generate('rules', folder / 'few')
    tap.same((folder / 'few').read_text().splitlines(), names[:5000], 'the first 5000 are always the same')


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_seed(tap, folder)
        check_rules(tap, folder)
        generate('rules', folder / 'rules')
        for mix in MIXES:
            check_mix(tap, folder, folder / 'rules', mix)
    return tap.done()


sys.exit(main())
