#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon as a receiver of TZSP, as MikroTik's routers send it: what they see is seen, by IPv4 and IPv6; what is no
TZSP is counted and not read; what comes too fast is counted; a dead worker receives again; and what makes no sense
is refused. Needs root."""
import os
import pathlib
import signal
import socket
import sys
import traceback

import lab_wire as wire
from lab import Lab, available
from lab_bridled import BRIDLED
from lab_live import Daemon, Space, ask, flow, soon
from tap import Tap, skip_all

HERE, ROUTER, PORT = '192.168.88.2', '192.168.88.1', 37008
ETHERNET, END = b'\1\0\0\1', b'\1'


def udp_socket(netns, family=socket.AF_INET):
    with wire.inside(netns):
        return socket.socket(family, socket.SOCK_DGRAM)


def tzsp(frame, tags=b'\x0a\1\xc4'):
    """With the signal strength as a tag."""
    return ETHERNET + tags + END + frame


def until(send, d, name):
    """A worker that has just come may not have its rules yet: sends again."""
    def again():
        send()
        return soon(lambda: d.alerts(name), 0.5)
    return soon(again, 10)


def jailed(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
    return dict(line.split(':\t') for line in status.splitlines() if '\t' in line)['Seccomp'] == '2'


def check_receiver(tap, host, router, d):
    s = udp_socket(router.netns)

    def send(*datagrams):
        for data in datagrams:
            s.sendto(data, (HERE, PORT))
    out = wire.hello('tls.example.org')
    send(tzsp(ask('dns.example.org')), *(tzsp(wire.ethernet(p)) for p in flow('192.168.7.42', 40000, '192.0.2.1', out, b'y' * 3000)))
    tap.ok(soon(lambda: d.alerts('dns.example.org')), 'a question that the router saw', d.messages())
    wanted = 'exchanged', len(out), 3000
    soon(lambda: d.incident('tls.example.org') == wanted)
    tap.same(d.incident('tls.example.org'), wanted, 'a connection, to its end')
    e = d.alerts('dns.example.org')[0]
    tap.same((e['in_iface'], e['src_ip'], e['tunnel']),
             (f'tzsp:{PORT}', '192.168.7.42',
              {'kind': 'tzsp', 'src_ip': ROUTER, 'dest_ip': HERE, 'depth': 1, 'path': ['tzsp']}),
             'the event tells the client, and who sent it')
    worker = d.status()['workers'][0]['pid']
    tap.ok(jailed(worker), 'the worker is in its jail')
    before = d.status()['counters']
    query = wire.query('foreign.example.org')
    keep_alive, unknown = b'\1\4\0\0', b'\1\0\0\x99' + END + query
    send(query, b'', b'\1', b'\2' + tzsp(ask('foreign.example.org'))[1:], keep_alive, unknown, ETHERNET + b'\x0a\xff', tzsp(b''),
         tzsp(ask('last.example.org')))
    tap.ok(soon(lambda: d.alerts('last.example.org')), 'after much that is none', d.messages())
    now = soon(lambda: d.status()['counters']['capture.foreign'] == before['capture.foreign'] + 4 and d.status()['counters'])
    tap.ok(now, 'what is no TZSP is counted', d.status()['counters']['capture.foreign'])
    tap.same(d.alerts('foreign.example.org'), [], 'and not read')
    os.kill(worker, signal.SIGKILL)

    def replaced():
        first = d.status()['workers'][0]
        return first['state'] == 'running' and first['pid'] != worker
    tap.ok(soon(replaced), 'a worker that dies is replaced', d.ask('status'))
    tap.ok(until(lambda: send(tzsp(ask('again.example.org'))), d, 'again.example.org'), 'and receives', d.messages())
    worker = d.status()['workers'][0]['pid']
    os.kill(worker, signal.SIGSTOP)
    send(*[tzsp(ask('flood.example.org') + bytes(1400)) for _ in range(20000)])
    os.kill(worker, signal.SIGCONT)
    until(lambda: send(tzsp(ask('after.example.org'))), d, 'after.example.org')
    dropped = soon(lambda: d.status()['counters']['capture.kernel_drops'])
    tap.ok(0 < dropped <= 20001, 'what came while it could not read is counted', dropped)
    host.link('set', 'eth0', 'down')
    host.link('set', 'eth0', 'up')
    found = until(lambda: send(tzsp(ask('link.example.org'))), d, 'link.example.org')
    tap.ok(found and not d.engine('interface-down'), 'links that go and come are of no concern')


def check_six(tap, host, d):
    s = udp_socket(host.netns, socket.AF_INET6)
    found = until(lambda: s.sendto(tzsp(ask('six.example.org')), ('::1', PORT + 1)), d, 'six.example.org')
    tap.same(found and found[0]['tunnel']['src_ip'], '::1', 'over IPv6, to the address that was named')
    found = until(lambda: s.sendto(tzsp(ask('wild.example.org')), ('::1', PORT)), d, 'wild.example.org')
    tap.same(found and found[0]['tunnel']['dest_ip'], '::1', 'without an address: both families')


def check_refused(tap, host):
    for arguments, text in ((('-i', 'tzsp:0'), 'cannot be received: write tzsp:37008'),
                            (('-i', 'tzsp:host.example.org:37008'), 'cannot be received: write tzsp:37008'),
                            (('-i', 'tzsp:::1:37008'), 'cannot be received: write tzsp:37008'),
                            (('-i', f'tzsp:{PORT + 2}', '-f', 'udp'), 'the sender chooses what it sends'),
                            (('-i', 'tzsp:192.0.2.77:37008'), 'Cannot assign requested address'),
                            (('-i', f'tzsp:{PORT}'), 'Address already in use')):
        done = host.run(BRIDLED, *arguments)
        tap.ok(done.returncode == 1 and text in done.stderr, f"{' '.join(arguments)} is refused", f'{done.returncode} {done.stderr}')


def check(tap, lab):
    host, router = Space(lab, 'receiver'), Space(lab, 'mikrotik')
    host.pair('eth0', router, 'eth0')
    host.address(f'{HERE}/24')
    router.address(f'{ROUTER}/24')
    host.sysctl('net.ipv6.conf.lo.disable_ipv6', 0)
    names = [f'{n}.example.org' for n in ('dns', 'tls', 'foreign', 'last', 'again', 'flood', 'after', 'link', 'six', 'wild')]
    d = Daemon(lab, host, 'tzsp', names,
               capture={'interface': f'tzsp:{PORT} tzsp:[::1]:{PORT + 1}', 'workers': 2}).start()
    tap.same(d.watched(), [f'tzsp:{PORT}', f'tzsp:[::1]:{PORT + 1}'], 'two receivers')
    tap.same(len(d.status()['workers']), 2, 'one worker each, whatever is set')
    check_six(tap, host, d)
    check_receiver(tap, host, router, d)
    check_refused(tap, host)
    tap.same(d.stop(), 0, 'it ends with 0')


def main():
    if available():
        skip_all(available())
    tap = Tap()
    with Lab('tzsp') as lab:
        try:
            check(tap, lab)
        except Exception:  # pylint: disable=broad-except
            tap.ok(False, 'no exception', traceback.format_exc())
    return tap.done()


sys.exit(main())
