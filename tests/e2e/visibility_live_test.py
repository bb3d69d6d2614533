#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The visibility meter of a daemon that watches: what `bridlectl status` and `stats` events say of clients that
several workers see, and that it outlives a worker. Needs root."""
import json
import os
import signal
import sys
import time

import lab_wire as wire
from lab import Lab, available
from lab_live import Daemon, Space, ask, flow, send_all, soon
from tap import Tap, skip_all

WORKERS = 2
NAMED, NAMELESS = '192.168.7.20', '192.168.7.21'


def traffic(port, round_):
    """20 connections of one client with a name, 20 of another without; a question of the one, DoT of the other."""
    for i in range(20):
        sport = 20000 + round_ * 100 + i
        send_all(port, flow(NAMED, sport, '203.0.113.80', wire.hello(f'n{i}.example.net'), b'answer'))
        send_all(port, flow(NAMELESS, sport, '203.0.113.81', b'\x00\x01\x02 what nobody knows', b'answer',
                            853 if i == 0 else 443))
    port.send(ask('www.example.net', NAMED))


def totals(d):
    seen = d.status()['visibility']
    return seen['flows'], seen['sni'], seen['nameless']


def check_meter(tap, lab):
    watch, peer = Space(lab, 'watch'), Space(lab, 'peer')
    port = watch.pair('eth0', peer, 'eth1')
    d = Daemon(lab, watch, 'meter', [], capture={'interface': 'eth0', 'workers': WORKERS},
               eve={'stats-interval': '1s'}).start()
    tap.ok('visibility  no new flow was seen yet\n' in d.control_command('status').stdout, 'nothing at first',
           d.control_command('status').stdout)
    traffic(port, 0)
    tap.ok(soon(lambda: totals(d) == (40, 20, 20)), 'new flows by what named them', totals(d))
    seen = d.status()['visibility']
    rows = [(c['ip'], c['flows'], c['sni'], c['nameless'], c['encrypted_dns'] > 0) for c in seen['clients']]
    tap.same(rows[:2], [(NAMELESS, 20, 0, 20, True), (NAMED, 20, 20, 0, False)],
             'the darkest client first, summed over the workers')
    text = d.control_command('status').stdout
    tap.ok('visibility  50 % of 40 new flows named (SNI 50 %); 50 % nameless, 0 % ECH outer only; DNS: 50 % encrypted\n'
           in text, 'status for people: in total', text)
    line = next((text.split() for text in text.splitlines() if text.startswith(NAMELESS)), [])
    tap.same(line, [NAMELESS, '20', '0', '%', '0', '%', '0', '%', '100', '%', '100', '%'], 'and by client')

    def told():
        found = [e for e in d.events() if e['event_type'] == 'stats' and e['visibility']['clients']]
        return found and {c['ip']: c['flows'] for c in found[-1]['visibility']['clients']}
    tap.same(soon(lambda: told() == {NAMED: 20, NAMELESS: 20} and told()), {NAMED: 20, NAMELESS: 20}, 'stats events too')
    workers = [w['pid'] for w in d.status()['workers']]
    os.kill(workers[0], signal.SIGKILL)
    soon(lambda: len(d.engine('worker-died')) == 1 and len(d.watched()) == 1 and
         [w['state'] for w in d.status()['workers']] == ['running'] * WORKERS)
    tap.same(totals(d), (40, 20, 20), 'a worker that dies takes nothing with it')
    traffic(port, 1)
    tap.ok(soon(lambda: totals(d) == (80, 40, 40)), 'and counts go on', totals(d))
    rows = {c['ip']: c['flows'] for c in json.loads(d.control_command('--json', 'status').stdout)['visibility']['clients']}
    tap.same(rows, {NAMED: 40, NAMELESS: 40}, 'for each client')
    tap.same(d.stop(), 0, 'it ends with 0')


def check_once(tap, lab):
    """A mirror that shows one direction only: each worker notices, one of them is heard."""
    watch, peer = Space(lab, 'oneway'), Space(lab, 'mirror')
    port = watch.pair('eth0', peer, 'eth1')
    d = Daemon(lab, watch, 'once', [], capture={'interface': 'eth0', 'workers': WORKERS}).start()
    for i in range(300):
        packets = flow(NAMED, 20000 + i, '203.0.113.80', wire.hello(f'n{i}.example.net'), b'answer')
        send_all(port, [packets[n] for n in (0, 2, 3, 4)])
    told = soon(lambda: d.engine('clients-only'))
    tap.ok(told and 'file or interface eth0 shows only what clients send' in told[0], 'a mirror of one direction is told',
           d.messages())
    time.sleep(2.5)
    tap.same(len(d.engine('clients-only')), 1, 'once, however many workers there are')
    tap.same(d.stop(), 0, 'it ends with 0')


def main():
    if available():
        skip_all(available())
    tap = Tap()
    with Lab('visible') as lab:
        check_meter(tap, lab)
        check_once(tap, lab)
    return tap.done()


sys.exit(main())
