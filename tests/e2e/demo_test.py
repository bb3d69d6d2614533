#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demo capture tells what its README promises, for people and as events, and the same twice."""
import os
import sys

from lab_bridled import SOURCE, events, incidents, replay
from tap import Tap

CAPTURE = SOURCE / 'tests' / 'demo' / 'pegasus.pcap'
PHONE, LAPTOP, TABLET = '192.168.1.42', '192.168.1.23', '192.168.1.64'
# client, what it asked for, stage, hoster
EXPECTED = {
    (PHONE, 'info8fvhgl3.urlpush.net'): ('resolved', 'digitalocean'),
    (PHONE, 'free247downloads.com'): ('exchanged', 'aws'),
    (LAPTOP, 'bahrainsms.co'): ('exchanged', 'digitalocean'),
    (TABLET, 'opposedarrangement.net'): ('attempted', 'aws'),
    (TABLET, 'd38j2563clgblt.cloudfront.net'): ('exchanged', 'CLOUDFRONT'),
}


def check_people(tap):
    run = replay(CAPTURE)
    tap.same(run.returncode, 0, 'replay with the shipped rules ends with 0')
    lines = run.stdout.splitlines()
    tap.ok(len(lines) >= 5, 'at least five alerts, one line each', run.stdout + run.stderr)
    for (client, name), (_, hoster) in EXPECTED.items():
        told = [l for l in lines if client in l and name in l]
        tap.ok(told and all('Pegasus' in l for l in told), f'{client} {name}: who, what, which campaign',
               run.stdout)
        tap.ok(any(hoster in l for l in told), f'{client} {name}: hosted by {hoster}', '\n'.join(told))
    tap.ok(not any('example.' in l for l in lines), 'nothing about the innocent names', run.stdout)
    readme = (SOURCE / 'README.md').read_text(encoding='utf-8').splitlines()
    tap.ok(set(lines) & set(readme), 'README.md shows one of these lines as it is', run.stdout)
    tap.ok(run.stderr.strip(), 'a closing summary on standard error')
    tap.same(replay(CAPTURE, '--fail-on-alert').returncode, 3, '--fail-on-alert ends with 3')


def check_events(tap):
    run = replay(CAPTURE, '--eve', '-')
    found = events(run.stdout)
    closed = {(e['src_ip'], e['ioc']['value']): e['incident']['stage']
              for e in found if e['event_type'] == 'alert' and e['incident']['why'] == 'closed'}
    tap.same(closed, {key: stage for key, (stage, _) in EXPECTED.items()}, 'the final stage of each incident')
    tap.same(set(incidents(found)), set(EXPECTED), 'one incident for each client and indicator')
    trap = [e for e in found if e['event_type'] == 'alert' and 'free247' in e['ioc']['value']]
    tap.ok(any(e['ioc'].get('observed', '').startswith('d9z3sz93x5ueidq3.') and e['ioc']['via'] == 'tls-sni'
               for e in trap) or any(e['incident']['stage'] == 'exchanged' and e['dest_port'] == 30897 for e in trap),
           'the infection link is seen on its odd port', trap)
    os.environ['TZ'], os.environ['LC_ALL'] = 'Pacific/Kiritimati', 'C'
    tap.ok(replay(CAPTURE, '--eve', '-').stdout == run.stdout, 'the same bytes under another time zone and locale')


def main():
    tap = Tap()
    check_people(tap)
    check_events(tap)
    return tap.done()


sys.exit(main())
