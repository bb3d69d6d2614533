#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The daemon on live networks, in network namespaces: which interfaces it chooses and follows, who is at home, its
memory and its packets over hundreds of reloads, what a service manager hears, what its processes may do, several
workers on one interface, a mirror that copies, outputs that fail, and an interface without Ethernet. Needs root."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import traceback
from functools import partial

import lab_wire as wire
from lab import Lab, available, run
from lab_bridled import BRIDLED
from lab_live import LISTED, Daemon, Space, ask, caught, flow, send_all, soon
from tap import Tap, skip_all

NET_RAW = 1 << 13
RELOADS, RELOAD_SECONDS = 200, 40


# --- 1: interface = auto ---

def check_auto_router(tap, lab):
    names = [f'router{i}.example.org' for i in range(3)]
    gate, lan, outside = Space(lab, 'gate', 1), Space(lab, 'lan'), Space(lab, 'outside')

    def bridge():
        gate.link('add', 'br-lan', 'type', 'bridge')
        gate.link('set', 'br-lan', 'up')
        gate.link('set', 'lan0', 'master', 'br-lan')
        gate.address('192.168.7.1/24', device='br-lan')
    inner, outer = gate.pair('lan0', lan, 'eth0'), gate.pair('wan0', outside, 'eth0')
    bridge()
    gate.address('198.51.100.2/24', device='wan0')
    run('ip', '-n', gate.netns, 'route', 'add', 'default', 'via', '198.51.100.1')
    d = Daemon(lab, gate, 'gate', names, capture={'interface': 'auto'}).start()
    reason = 'this machine forwards packets, and its LAN bridge is br-lan'
    now = json.loads(d.control_command('--json', 'status').stdout)
    tap.same(([i['name'] for i in now['interfaces'] if i['up']], now['interfaces_reason']), (['br-lan'], reason),
             'a router: its LAN bridge is chosen, status --json says why')
    text = d.control_command('status').stdout
    tap.ok(f'interfaces  br-lan - {reason}\n' in text, 'status for people, too', text)
    tap.ok(f'interface = auto: {reason}' in d.messages(), 'and the log', d.messages())
    found = caught(d, inner, names[0])
    tap.ok(found and found[0]['in_iface'] == 'br-lan', 'what comes in by its port is seen', found)
    outer.send(ask(names[1]))
    gate.link('del', 'br-lan')
    tap.ok(soon(lambda: 'br-lan' not in d.watched()), 'the bridge is gone', d.ask('status'))
    bridge()
    tap.ok(soon(lambda: d.watched() == ['br-lan']), 'it is back, and it alone is watched again', d.ask('status'))
    tap.ok(caught(d, inner, names[2]), 'and what comes is seen', d.ask('status'))
    tap.same((d.alerts(names[1]), d.engine('worker-died')), ([], []), 'what the uplink showed is none of ours')
    tap.same(d.stop(), 0, 'it ends with 0')


def check_auto_plain(tap, lab):
    names = [f'plain{i}.example.org' for i in range(6)]
    host, far = Space(lab, 'plain'), Space(lab, 'far')
    ports = {n: host.pair(n, far, f'far-{n}') for n in ('eth0', 'eth1', 'eth2')}
    host.link('set', 'eth2', 'down')
    host.link('add', 'br0', 'type', 'bridge')
    host.link('set', 'br0', 'up')
    d = Daemon(lab, host, 'plain', names, capture={'interface': 'auto'}).start()
    tap.same((d.watched(), d.status()['interfaces_reason']),
             (['eth0', 'eth1'],
              'this machine does not forward packets, and physical interfaces that are up are eth0 eth1'),
             'no router: each physical interface that is up, no bridge')
    main = d.status()['pid']

    def follows(wanted, device, name, what):
        good = soon(lambda: d.watched() == wanted)
        found = good and caught(d, ports[device], name)
        tap.ok(found and found[0]['in_iface'] == device, what, d.ask('status') + d.messages()[-1500:])
    ports['usb0'] = host.pair('usb0', far, 'far-usb0')
    follows(['eth0', 'eth1', 'usb0'], 'usb0', names[0], 'one that appears later is picked up')
    host.link('del', 'usb0')
    tap.ok(soon(lambda: [i['name'] for i in d.status()['interfaces']] == ['eth0', 'eth1']),
           'one that goes away is dropped', d.ask('status'))
    ports['usb0'] = host.pair('usb0', far, 'far-usb0')
    follows(['eth0', 'eth1', 'usb0'], 'usb0', names[1], 'one that comes back is used again')
    host.link('set', 'eth1', 'down')
    follows(['eth0', 'usb0'], 'eth0', names[2], 'one that is down is left, the others are not')
    host.link('set', 'eth1', 'up')
    follows(['eth0', 'eth1', 'usb0'], 'eth1', names[3], 'and used again when it is up')
    for n in ('eth0', 'eth1', 'usb0'):
        host.link('set', n, 'down')
    tap.ok(soon(lambda: d.watched() == []), 'all may be down', d.ask('status'))
    host.link('set', 'eth0', 'up')
    follows(['eth0'], 'eth0', names[4], 'the first that returns is watched')
    tap.same((d.status()['pid'], d.engine('worker-died')), (main, []), 'all without a restart or a death')
    for n in ('eth1', 'usb0'):
        host.link('set', n, 'up')
    soon(lambda: len(d.watched()) == 3)
    worker = [w['pid'] for w in d.status()['workers'] if w['interface'] == 'usb0'][0]
    os.kill(worker, signal.SIGSTOP)
    host.link('set', 'usb0', 'down')
    soon(lambda: 'usb0' not in d.watched())
    host.link('set', 'usb0', 'up')

    def end():
        """Much later, for main gives a worker time."""
        good = soon(lambda: d.watched() == ['eth0', 'eth1', 'usb0'], 16)
        tap.ok(good and caught(d, ports['usb0'], names[5]), 'a worker that hangs when it is told to end is replaced',
               d.ask('status') + d.messages()[-1500:])
        tap.same(d.stop(), 0, 'it ends with 0')
    return end


def check_many(tap, lab):
    """More interfaces than there is room for, all gone, and then a new one."""
    host, far = Space(lab, 'many'), Space(lab, 'farther')
    d = Daemon(lab, host, 'many', ['room.example.org'], capture={'interface': 'auto', 'ring-size': '512KiB'}).start()
    run('ip', '-n', host.netns, '-batch', '-', input=''.join(
        f'link add m{i} type veth peer name n{i}\nlink set n{i} up\nlink set m{i} up\n' for i in range(34)))
    tap.ok(soon(lambda: len(d.watched()) == 64, 20), 'of 68 interfaces 64 are watched', d.ask('status'))
    tap.ok('there are too many interfaces' in d.messages(), 'and it is said that the others are not',
           d.messages()[-1500:])
    run('ip', '-n', host.netns, '-batch', '-', input=''.join(f'link del m{i}\n' for i in range(34)))
    tap.ok(soon(lambda: d.watched() == [], 20), 'then they are gone', d.ask('status'))
    port = host.pair('last', far, 'eth0')
    found = soon(lambda: d.watched() == ['last']) and caught(d, port, 'room.example.org')
    tap.ok(found and found[0]['in_iface'] == 'last', 'a new one has the room of an old one', d.ask('status'))
    d.stop()


# --- 2: home = auto ---

def check_home(tap, lab):
    host, far = Space(lab, 'home'), Space(lab, 'away')
    port = host.pair('eth0', far, 'eth0')
    host.address('198.51.100.1/24')
    d = Daemon(lab, host, 'home', [], capture={'interface': 'auto'}).start()
    for ours in ('198.51.100.7', '192.0.2.7'):
        port.send(wire.ethernet(wire.udp(LISTED, 50000, ours, 500, b'x' * 10)))
    port.send(wire.ethernet(wire.udp('198.51.100.9', 500, LISTED, 50000, b'x' * 10)))

    def stages():
        return {e['src_ip']: e['incident']['stage'] for e in d.alerts(LISTED)}
    wanted = {'198.51.100.7': 'scanned', '192.0.2.7': 'attempted', '198.51.100.9': 'attempted'}
    soon(lambda: len(stages()) == 3)
    tap.same(stages(), wanted, 'midstream: a service within the prefix of an interface was called, others call')
    tap.same({e['dest_ip'] for e in d.alerts(LISTED)}, {LISTED}, 'the client is ours, whoever sent')
    tap.same({e.get('opened') for e in d.alerts(LISTED)}, {'guessed'}, 'and it is said to be a guess')
    host.address('203.0.113.1/24')

    def called_later():
        port.send(wire.ethernet(wire.udp(LISTED, 50000, f'203.0.113.{next(others)}', 500, b'x' * 10)))
        return 'scanned' in [s for ip, s in stages().items() if ip.startswith('203.0.113.')]
    others = iter(range(8, 200))
    tap.ok(soon(called_later), 'an address that comes later is home, too', stages())
    d.stop()


# --- 3: reloads ---

class Transfer:
    """Several megabytes a second from the router to the client, until it is stopped."""

    def __init__(self, client, router):
        with wire.inside(router.netns):
            self.listener = socket.create_server(('192.168.1.1', 8080))
        with wire.inside(client.netns):
            self.reader = socket.create_connection(('192.168.1.1', 8080))
        self.writer, self.bytes, self.going = self.listener.accept()[0], 0, True
        self.threads = [threading.Thread(target=t, daemon=True) for t in (self.write, self.read)]
        for t in self.threads:
            t.start()

    def write(self):
        while self.going:
            self.writer.sendall(b'\xa5' * 32768)
            time.sleep(0.008)
        self.writer.close()

    def read(self):
        while got := self.reader.recv(1 << 18):
            self.bytes += len(got)

    def stop(self):
        self.going = False
        for t in self.threads:
            t.join(10)
        self.listener.close()
        self.reader.close()
        return self.bytes


def footprint(d):
    """Of main and workers: kilobytes (proportional share), mappings, descriptors. Taken when no old image is held."""
    soon(lambda: {w['generation'] for w in d.status()['workers']} == {d.status()['rules']['generation']})
    now = d.status()
    pids = [now['pid']] + [w['pid'] for w in now['workers']]
    kib = 0
    for pid in pids:
        lines = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text(encoding='utf-8').splitlines()
        kib += sum(int(l.split()[1]) for l in lines if l.startswith('Pss:'))
    maps = [len(pathlib.Path(f'/proc/{pid}/maps').read_text(encoding='utf-8').splitlines()) for pid in pids]
    return kib, maps, [len(os.listdir(f'/proc/{pid}/fd')) for pid in pids]


def received(host):
    out = json.loads(run('ip', '-j', '-s', '-n', host.netns, 'link', 'show', 'eth0').stdout)[0]['stats64']
    return out['rx']['packets'] + out['tx']['packets'], out['rx']['dropped']


def check_reloads(tap, lab, client):
    d = Daemon(lab, lab.sensor, 'reload', [], capture={'interface': 'eth0', 'workers': 2, 'ring-size': '32MiB'}).start()
    port = wire.packet_socket(client.netns, 'eth0')
    (first, first_dropped), quiet = received(lab.sensor), 0
    while quiet < 5:
        read = d.status()['counters']['capture.packets']
        time.sleep(0.1)
        quiet = quiet + 1 if received(lab.sensor) == (first, first_dropped) else 0
        first, first_dropped = received(lab.sensor)
    first -= read
    workers = [w['pid'] for w in d.status()['workers']]
    transfer, start, done, names, feet, missed = Transfer(client, lab.router), time.monotonic(), 0, [], [], []
    while done < RELOADS and time.monotonic() - start < RELOAD_SECONDS:
        if done % 2:
            names.append(f'n{done}.example.org')
            d.rules(names)
        d.ask('reload')
        if done % 2:
            port.send(ask(names[-1], '192.168.1.42'))
        done += 1
        time.sleep(0.02)
        if done in (50, RELOADS):
            feet.append(footprint(d))
    took = time.monotonic() - start
    moved = transfer.stop()
    rate = moved / took / 1e6
    soon(lambda: len({e['ioc']['value'] for e in d.events() if e['event_type'] == 'alert'}) == len(names))
    missed = [n for n in names if not d.alerts(n)]
    tap.ok(done >= RELOADS // 2 and rate > 1, f'{done} reloads in {took:.0f} s, {rate:.1f} MB/s meanwhile')
    tap.same(missed, [], f'each of {len(names)} new indicators is caught by the next packet')
    tap.ok(soon(lambda: d.status()['counters']['capture.packets'] == received(lab.sensor)[0] - first),
           f'all of {received(lab.sensor)[0] - first} packets were read',
           f"{d.status()['counters']['capture.packets']} of {received(lab.sensor)[0] - first}")
    now = d.status()
    tap.same((now['counters']['capture.kernel_drops'], received(lab.sensor)[1] - first_dropped), (0, 0), 'none is lost')
    tap.same(([w['pid'] for w in now['workers']], [w['restarts'] for w in now['workers']], now['rules']['generation']),
             (workers, [0, 0], done + 1), 'no worker started again')
    tap.same(sum(w['packets'] for w in now['workers']), now['interfaces'][0]['packets'],
             'status tells what each worker read, and what all of an interface did')
    if len(feet) == 2:
        # 75 incidents, and the pages of rings that their records are the first to touch; a leaked image has more.
        tap.ok(feet[1][0] - feet[0][0] < 500, 'memory is flat from the 50th reload to the 200th', feet)
        tap.same(feet[1][1:], feet[0][1:], 'and so are mappings and descriptors')
    else:
        tap.skip('memory is flat from the 50th reload to the 200th', 'this machine is too slow for 200')
    tap.same(d.stop(), 0, 'it ends with 0')


# --- 4 and 5: the service manager; privileges ---

class Manager:
    """A service manager's socket; what was heard, with its time."""

    def __init__(self, folder):
        self.path, self.heard = str(folder / 'manager'), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            text = self.socket.recv(4096).decode()
            self.heard.append((time.monotonic(), text))

    def words(self):
        return [t.split('\n')[0] for _, t in self.heard if t != 'WATCHDOG=1']


def descriptors(pid):
    """What a process has open. It may close some while we look."""
    found = {}
    for n in os.listdir(f'/proc/{pid}/fd'):
        with contextlib.suppress(FileNotFoundError):
            found[int(n)] = os.readlink(f'/proc/{pid}/fd/{n}')
    return found


class Service:
    """An ordinary user's daemon under a service manager, two workers, one of them stopped soon after the start: the
    checks of other things give main the time to notice."""

    def __init__(self, tap, lab):
        self.host, self.tap, self.lab = Space(lab, 'service'), tap, lab
        self.port = self.host.pair('eth0', Space(lab, 'served'), 'eth0')
        self.d = Daemon(lab, self.host, 'service', ['hung.example.org'], capture={'interface': 'eth0', 'workers': 2})
        self.manager = Manager(self.d.folder)
        with open(self.d.folder / 'stderr', 'a', encoding='utf-8') as log:
            self.d.process = self.host.start(
                'setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--inh-caps=-all,+net_raw',
                '--ambient-caps=-all,+net_raw', BRIDLED, '-c', self.d.conf, stderr=log,
                env={**os.environ, 'NOTIFY_SOCKET': self.manager.path, 'WATCHDOG_USEC': '1000000'})

    def begin(self):
        tap, d = self.tap, self.d
        soon(lambda: self.manager.heard, 20)
        now = d.status()
        tap.same((self.manager.words(), [w['state'] for w in now['workers']]), (['READY=1'], ['running'] * 2),
                 'READY=1 once both workers are ready')
        d.ask('reload')
        soon(lambda: len(self.manager.words()) == 3)
        tap.same(self.manager.words(), ['READY=1', 'RELOADING=1', 'READY=1'], 'RELOADING=1 … READY=1')
        tap.ok('\nMONOTONIC_USEC=' in [t for _, t in self.manager.heard if 'RELOADING' in t][0], 'with its time')
        self.privileges(now)
        self.stopped = now['workers'][0]['pid']
        os.kill(self.stopped, signal.SIGSTOP)

    def privileges(self, now):
        strict = now['sandbox'] == 'on'
        for name, pid, allowed in [('main', now['pid'], NET_RAW)] + [('a worker', w['pid'], 0) for w in now['workers']]:
            lines = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8').splitlines()
            found = dict(l.split(':\t') for l in lines if ':\t' in l)
            caps = {k: int(found[k], 16) for k in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')}
            self.tap.ok(not any(v & ~allowed for v in caps.values()), f'{name} has no more capabilities than it may',
                        caps)
            self.tap.same((found['NoNewPrivs'], found['Seccomp'] if strict else '2', found['TracerPid']),
                          ('1', '2', '0'), f'{name} can get no more, and is in its jail')
            soon(lambda pid=pid: not any('memfd' in v for v in descriptors(pid).values()), 2)
            fds = descriptors(pid)
            if allowed:
                continue
            kinds = sorted(v.split(':')[0] for k, v in fds.items() if k > 2)
            self.tap.same(kinds, ['anon_inode', 'socket', 'socket'],
                          'a worker holds its control socket, its capture and the bell, no more')
            self.tap.same([fds.get(n) for n in range(3)], ['/dev/null'] * 3, 'and no output')

    def end(self):
        tap, d = self.tap, self.d
        hung = soon(lambda: [t for t in d.engine('worker-died') if 'it hung' in t], 16)
        tap.ok(hung, 'a worker that stands still is noticed and ended', d.messages())
        tap.ok(soon(lambda: [w['state'] for w in d.status()['workers']] == ['running'] * 2)
               and [w['restarts'] for w in d.status()['workers']] == [1, 0], 'and started again', d.ask('status'))
        tap.ok(not os.path.exists(f'/proc/{self.stopped}'), 'nothing is left of the old one')
        tap.ok(caught(d, self.port, 'hung.example.org'), 'what comes is caught', d.ask('status'))
        beats = [t for t, text in self.manager.heard if text == 'WATCHDOG=1']
        gaps = sorted(b - a for a, b in zip(beats, beats[1:]))
        # The longest may be the machine's, which others use; three in four are ours.
        tap.ok(len(gaps) >= 10 and gaps[len(gaps) * 3 // 4] < 0.9 and gaps[-1] < 3, 'WATCHDOG=1 in time, all the while', gaps)
        tap.same(d.stop(), 0, 'it ends with 0')
        tap.same(self.manager.words()[-1], 'STOPPING=1', 'and said so')
        tap.same(d.engine('worker-misbehaved'), [], 'nothing else happened')


# --- 6: two workers; 7: copies; 9: no Ethernet ---

def check_workers(tap, lab):
    names = [f'fan{i}.example.org' for i in range(16)]
    host, far = Space(lab, 'fan'), Space(lab, 'fans')
    port = host.pair('eth0', far, 'eth0')
    d = Daemon(lab, host, 'fan', names, capture={'interface': 'eth0', 'workers': 2}).start()
    wanted = {}
    for i, name in enumerate(names[:8]):
        out, back = wire.hello('www.' + name), b'\x17' * (1000 * i + 1)
        send_all(port, flow('192.168.7.42', 40000 + i, f'192.0.2.{i + 1}', out, back))
        wanted[name] = 'exchanged', len(out), len(back)
    soon(lambda: all(d.incident(n)[0] == 'exchanged' for n in wanted))
    time.sleep(1.1)
    for name in wanted:
        port.send(ask(name))
    soon(lambda: {n: d.incident(n) for n in wanted} == wanted)
    tap.same({n: d.incident(n) for n in wanted}, wanted, 'both directions of each flow are on one worker: bytes agree')
    counts = [w['packets'] for w in d.status()['workers']]
    tap.ok(min(counts) >= 8, 'and both workers had some', counts)
    old = d.status()['workers'][0]['pid']
    os.kill(old, signal.SIGKILL)
    tap.ok(soon(lambda: [w['state'] for w in d.status()['workers']] == ['running'] * 2
                and d.status()['workers'][0]['pid'] != old), 'one of them is killed', d.ask('status'))
    host.link('set', 'eth0', 'down')
    soon(lambda: d.watched() == [])
    host.link('set', 'eth0', 'up')
    tap.ok(soon(lambda: [w['state'] for w in d.status()['workers']] == ['running'] * 2),
           'and then both lose the interface', d.ask('status'))
    for i, name in enumerate(names[8:]):
        question = wire.query(name, i + 1)
        answer = question[:2] + b'\x81\x80\0\1\0\1\0\0\0\0' + question[12:] + \
            b'\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4' + bytes([198, 51, 100, i + 1])
        port.send(wire.ethernet(wire.udp('192.168.7.42', 20000 + i, '192.168.7.1', 53, question)))
        port.send(wire.ethernet(wire.udp('192.168.7.1', 53, '192.168.7.42', 20000 + i, answer)))
    soon(lambda: all(d.incident(n)[0] == 'resolved' for n in names[8:]))
    time.sleep(0.3)
    for i, name in enumerate(names[8:]):
        send_all(port, flow('192.168.7.42', 41000 + i, f'198.51.100.{i + 1}', b'nameless', b'answer', 4000))
    got = soon(lambda: all(d.incident(n) == ('exchanged', 8, 6) for n in names[8:]), 9)
    tap.ok(got, 'nameless connections to addresses that either worker learned', {n: d.incident(n) for n in names[8:]})
    d.stop()


def twice(port, frame):
    """At once, as a mirror does, however busy this machine is."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    port.send(frame)
    port.send(frame)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def check_copies(tap, lab):
    host, far = Space(lab, 'copies'), Space(lab, 'copied')
    port = host.pair('eth0', far, 'eth0')
    d = Daemon(lab, host, 'copies', ['copied.example.org'], capture={'interface': 'eth0'}).start()
    out, back = wire.hello('copied.example.org'), b'\x17' * 100000
    for k in range(12):
        for p in flow('192.168.7.42', 40000 + k, '192.0.2.1', out, back):
            twice(port, wire.ethernet(p))
        time.sleep(0.02)
    time.sleep(1.1)
    twice(port, ask('copied.example.org'))
    now = soon(lambda: d.status()['sightings'] == 13 and d.status()) or d.status()
    soon(lambda: d.alerts('copied.example.org')[-1]['incident']['count'] == 13)
    tap.same((d.incident('copied.example.org'), now['sightings']), (('exchanged', 12 * len(out), 12 * len(back)), 13),
             'a mirror that delivers all twice: bytes and sightings count once')
    c = now['counters']
    tap.same(c['capture.duplicates'] * 2, c['capture.compared'], 'the copies are counted as such')
    tap.ok(490 <= now['copies_permille'] <= 500, 'status says it', now['copies_permille'])
    tap.same(len(d.engine('mirror-copies')), 1, 'one warning')
    d.stop()


def check_tun(tap, lab):
    host = Space(lab, 'tun')
    fd = wire.tun(host.netns, 'ppp0')
    host.link('set', 'ppp0', 'up')
    names = ['tunnel.example.org', 'again.example.org']
    d = Daemon(lab, host, 'tun', names, capture={'interface': 'ppp0'}).start()
    out = wire.hello('tunnel.example.org')
    for p in flow('192.168.7.42', 40000, '192.0.2.1', out, b'y' * 3000):
        os.write(fd, p)
    wanted = 'exchanged', len(out), 3000
    time.sleep(1.1)
    os.write(fd, wire.udp('192.168.7.42', 5353, '192.168.7.1', 53, wire.query('tunnel.example.org')))
    soon(lambda: d.incident('tunnel.example.org') == wanted)
    tap.same(d.incident('tunnel.example.org'), wanted, 'an interface without Ethernet is watched')
    tap.same(d.engine('link-unknown'), [], 'and its link known')
    os.close(fd)
    tap.ok(soon(lambda: d.engine('interface-down')), 'a connection that drops', d.messages())
    fd = wire.tun(host.netns, 'ppp0')
    host.link('set', 'ppp0', 'up')
    tap.ok(soon(lambda: d.watched() == ['ppp0']), 'is watched again', d.ask('status'))
    os.write(fd, wire.udp('192.168.7.42', 5353, '192.168.7.1', 53, wire.query('again.example.org')))
    tap.ok(soon(lambda: d.alerts('again.example.org')), 'and what comes is seen', d.messages())
    os.close(fd)
    tap.same(d.stop(), 0, 'it ends with 0, interface or not')


# --- 8: outputs ---

def check_outputs(tap, lab):
    names = [f'out{i}.example.org' for i in range(40)]
    host, far = Space(lab, 'out'), Space(lab, 'outs')
    port = host.pair('eth0', far, 'eth0')
    d = Daemon(lab, host, 'out', names, capture={'interface': 'eth0'}).start()
    for i, name in enumerate(names):
        port.send(ask(name))
        if i % 10 == 5:
            os.rename(d.eve, d.folder / f'eve.{i}')
            os.kill(d.process.pid, signal.SIGHUP if i % 20 == 5 else signal.SIGUSR1)
            tap.ok(soon(d.eve.exists), f'rotation {i // 10 + 1}: a new file', d.messages())
        time.sleep(0.02)

    def values():
        lines = ''.join(p.read_text(encoding='utf-8') for p in d.folder.glob('eve.*')).splitlines()
        return sorted(e['ioc']['value'] for e in map(json.loads, lines) if e['event_type'] == 'alert')
    soon(lambda: len(values()) == len(names))
    tap.same(values(), sorted(names), 'every event is in one of the files, once and whole')
    tap.same(d.stop(), 0, 'it ends with 0')
    full = Daemon(lab, host, 'full', names, capture={'interface': 'eth0'}, eve={'path': '/dev/full'}).start()
    for name in names:
        port.send(ask(name))
    tap.ok(soon(lambda: full.status()['output_errors'] >= 40), 'a full disk: what is lost is counted',
           full.ask('status'))
    tap.same(full.messages().count('/dev/full: cannot write: No space left on device'), 1, 'and told once')
    tap.same((full.status()['incidents'], full.stop()), (40, 0), 'all goes on')
    check_closed(tap, lab, host, port, full)


def check_closed(tap, lab, host, port, d):
    """By hand, with standard output closed, or everything."""
    for closed in ('>&-', '<&- >&- 2>&-'):
        (d.folder / 'state' / 'incidents').unlink(missing_ok=True)
        conf = d.folder / 'closed.conf'
        conf.write_text(d.conf.read_text().replace('/dev/full', '-'))
        d.control.unlink(missing_ok=True)
        d.process = host.start('sh', '-c', f'exec "$@" {closed}', 'sh', BRIDLED, '-c', conf)
        good = soon(lambda: d.control.exists() and d.watched() == ['eth0'])
        port.send(ask('out1.example.org'))
        good = good and soon(lambda: d.status()['sightings'] == 1)
        targets = [os.readlink(f'/proc/{d.process.pid}/fd/{n}') for n in range(3)] if good else []
        tap.ok(good and '/dev/null' in targets[1], f'with {closed} it watches, and writes into nothing else', targets)
        tap.same(lab.stop(d.process), 0, 'and ends with 0')


def main():
    if available():
        skip_all(available())
    tap = Tap()
    with Lab('live') as lab:
        client = lab.client('phone', 42)
        later = []

        def check_service():
            service = Service(tap, lab)
            service.begin()
            return service.end
        checks = [check_service] + [partial(c, tap, lab) for c in (
            check_auto_plain, check_auto_router, check_many, check_home, check_workers, check_copies, check_tun,
            check_outputs)]
        checks.append(partial(check_reloads, tap, lab, client))
        only = sys.argv[3:]
        checks = [c for c in checks if not only or getattr(c, 'func', c).__name__ in only]
        for check in [*checks, *[lambda i=i: later[i]() for i in range(2) if not only]]:
            try:
                later += filter(None, [check()])
            except Exception:  # pylint: disable=broad-except
                tap.ok(False, 'no exception', traceback.format_exc())
    return tap.done()


sys.exit(main())
