# SPDX-License-Identifier: BSD-2-Clause
"""The daemon under trouble, in network namespaces: workers that die, hang and lie, rules that change and break,
interfaces that go and come, and its end. Needs root."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import lab_bridled
from lab import Lab, available
from lab_bridled import BUILD, Bridled
from tap import Tap, skip_all

NAMES = ('listed.example.org', 'later.example.org', 'new.example.org')
RULES = '@campaign Test\n'
SENDER = r'''
import socket, struct, sys, time
count, rate, suffix = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(count):
    name = f'n{i}.{suffix}'
    q = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\0\0\1\0\1'
    s.sendto(struct.pack('>6H', i & 65535, 256, 1, 0, 0, 0) + q, ('192.168.1.1', 53))
    time.sleep(1 / rate)
'''


class Trial:
    """A lab with one client and a daemon of our settings."""

    def __init__(self, tap, lab, client):
        self.tap, self.lab, self.client = tap, lab, client

    def daemon(self, **capture):
        shutil.rmtree(pathlib.Path(self.lab.folder, 'bridled'), ignore_errors=True)
        b = Bridled(self.lab, self.lab.sensor, {'capture': {'interface': 'eth0', **capture}})
        shutil.rmtree(b.folder / 'rules')
        (b.folder / 'rules').mkdir()
        self.rules(b, NAMES[:2])
        with open(b.conf, 'a', encoding='utf-8') as f:
            f.write('[eve]\nobservations = yes\n')
        return b

    @staticmethod
    def rules(b, names):
        (b.folder / 'rules' / 'test.ioc').write_text(RULES + ''.join(f'{n}\n' for n in names))

    def ask(self, name):
        self.client.run('dig', '+tries=1', '+time=1', '+short', name, '@192.168.1.1')

    def traffic(self, count, rate, suffix='traffic.example.net'):
        return self.client.start('/usr/bin/python3', '-c', SENDER, count, rate, suffix)


def status(b):
    return json.loads(b.control_command('--json', 'status').stdout)


def engine(b, kind):
    return [e for e in b.events() if e['event_type'] == 'engine' and e['engine']['kind'] == kind]


def alerted(b, name):
    return [e for e in b.events() if e['event_type'] == 'alert' and e['ioc']['value'] == name]


def soon(what, seconds=30.0):
    """Seconds until what() is true, or None."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if what():
            return time.monotonic() - start
        time.sleep(0.02)
    return None


def worker_of(b):
    w = status(b)['workers'][0]
    return w['pid'] if w['state'] == 'running' else 0


def check_kill(t):
    b = t.daemon().start()
    traffic = t.traffic(6000, 1000)
    times = []
    for _ in range(3):
        old = worker_of(b)
        os.kill(old, signal.SIGKILL)
        times.append(soon(lambda old=old: worker_of(b) not in (0, old)))
        time.sleep(1)
    t.tap.ok(all(x is not None for x in times), 'a killed worker is back, three times', times)
    t.tap.same(status(b)['workers'][0]['restarts'], 3, 'status counts it')
    t.tap.same(len(engine(b, 'worker-died')), 3, 'each death is an event')
    t.tap.ok('signal 9' in engine(b, 'worker-died')[0]['engine']['text'], 'that names the signal')
    t.ask('x.later.example.org')
    t.tap.ok(soon(lambda: alerted(b, 'later.example.org')), 'an indicator is still caught afterwards')
    t.lab.stop(traffic)
    b.stop()


def check_reload(t):
    b = t.daemon().start()
    count = 6000
    traffic = t.traffic(count, 1500)
    reloads = 0
    while traffic.poll() is None:
        done = b.control_command('reload')
        reloads += done.returncode == 0
    seen = set()

    def all_seen():
        seen.update(e['name'] for e in b.events() if e.get('via') == 'dns-query')
        return sum(n.endswith('.traffic.example.net') for n in seen) == count
    t.tap.ok(soon(all_seen), f'{reloads} reloads under traffic: no packet is lost',
             f'{len(seen)} of {count} names; {status(b)["counters"]}')
    now = status(b)
    t.tap.ok(reloads >= 5 and now['rules']['generation'] == reloads + 1, 'each is a generation of its own', now)
    t.tap.same(now['workers'][0]['restarts'], 0, 'and no worker started again')
    t.rules(b, [*NAMES])
    b.process_signal(signal.SIGHUP)
    t.tap.ok(soon(lambda: status(b)['rules']['indicators'] == 3), 'SIGHUP loads the rules again')
    t.ask('new.example.org')
    t.tap.ok(soon(lambda: alerted(b, 'new.example.org')), 'and a new indicator is caught')
    check_broken_rules(t, b)
    b.stop()


def check_broken_rules(t, b):
    rules = b.folder / 'rules' / 'test.ioc'
    rules.write_text('this is no rule!\n' * 3)
    done = b.control_command('reload')
    t.tap.ok(done.returncode == 1 and 'test.ioc:1:' in done.stderr and 'the old ones stay in force' in done.stderr,
             'of broken rules the old ones are kept, with file:line:column', done.stdout + done.stderr)
    shutil.move(b.folder / 'rules', b.folder / 'gone')
    done = b.control_command('reload')
    t.tap.ok(done.returncode == 1 and 'cannot be read' in done.stderr, 'and so is a missing folder',
             done.stdout + done.stderr)
    t.ask('y.listed.example.org')
    t.tap.ok(soon(lambda: alerted(b, 'listed.example.org')), 'the old ones stay in use')
    t.tap.same([len(engine(b, k)) for k in ('list-kept', 'rules-refused')], [1, 1], 'each is an event')


def check_interface(t):
    b = t.daemon().start()
    sensor = t.lab.sensor
    sensor.run('ip', 'link', 'set', 'eth0', 'down')
    t.tap.ok(soon(lambda: engine(b, 'interface-down')), 'an interface that goes down is an event')
    t.tap.same([(i['name'], i['up']) for i in status(b)['interfaces']], [('eth0', False)], 'status says that it is away')
    sensor.run('ip', 'link', 'set', 'eth0', 'up')
    t.tap.ok(soon(lambda: engine(b, 'interface-up')), 'and so is its return')
    t.ask('x.listed.example.org')
    t.tap.ok(soon(lambda: alerted(b, 'listed.example.org')), 'it is watched again')
    sensor.run('ip', 'link', 'set', 'eth0', 'name', 'eth9')
    sensor.run('ip', 'link', 'set', 'eth9', 'down')
    soon(lambda: len(engine(b, 'interface-down')) == 2)
    sensor.run('ip', 'link', 'set', 'eth9', 'name', 'eth0')
    sensor.run('ip', 'link', 'set', 'eth0', 'up')
    t.tap.ok(soon(lambda: len(engine(b, 'interface-up')) == 2), 'also when it was gone by its name')
    t.tap.same(engine(b, 'worker-died'), [], 'none of this is a crash')
    b.stop()
    sensor.run('ip', 'link', 'set', 'eth0', 'down')
    b = t.daemon().start()
    sensor.run('ip', 'link', 'set', 'eth0', 'up')
    t.tap.ok(soon(lambda: worker_of(b)), 'an interface that is down at start is waited for', b.messages())
    b.stop()


def check_end(t):
    b = t.daemon(workers=2).start()
    t.ask('x.listed.example.org')
    os.rename(b.eve, b.folder / 'old.json')
    b.process_signal(signal.SIGUSR1)
    t.tap.ok(soon(b.eve.exists), 'SIGUSR1 opens the file of events again')
    t.ask('x.later.example.org')
    workers = [w['pid'] for w in status(b)['workers']]
    start = time.monotonic()
    code = b.stop()
    t.tap.ok(code == 0 and time.monotonic() - start < 15, 'SIGTERM ends it with 0 and soon',
             f'{code}, {time.monotonic() - start} s')
    t.tap.ok(not any(os.path.exists(f'/proc/{w}') for w in workers), 'no worker is left')
    t.tap.ok(not b.control.exists(), 'the control socket is gone')
    t.tap.ok(alerted(b, 'later.example.org'), 'what came just before the end is told')
    done = b.control_command('status')
    t.tap.ok(done.returncode == 1 and 'does not run' in done.stderr, 'bridlectl says that it does not run',
             done.stderr)


def liar(t, lie):
    """A daemon whose worker is tests/e2e/liar.c."""
    programs = pathlib.Path(t.lab.folder, 'liar')
    programs.mkdir(exist_ok=True)
    os.chmod(programs, 0o755)
    for name, source in (('bridled', 'daemon/bridled'), ('bridle-loader', 'daemon/bridle-loader'),
                         ('bridle-worker', 'tests/e2e/liar')):
        shutil.copy(BUILD / source, programs / name)
    real, lab_bridled.BRIDLED = lab_bridled.BRIDLED, programs / 'bridled'
    os.environ['LIAR'] = lie
    try:
        return t.daemon().start()
    finally:
        lab_bridled.BRIDLED = real
        del os.environ['LIAR']


def restarts_due(b, since):
    """Whether it was started again as daemon/serve/backoff.h says: five times at once, then, however slow the machine,
    no more often than the pauses of 1, 2, 4 ... s allow, with one to spare."""
    soon(lambda: status(b)['workers'][0]['restarts'] >= 5)
    time.sleep(2)
    restarts = status(b)['workers'][0]['restarts']
    return 5 <= restarts <= 6 + sum(2 ** n - 1 <= time.monotonic() - since for n in range(1, 5))


def check_liars(t):
    for lie in ('garbage', 'ioc', 'talk'):
        since = time.monotonic()
        b = liar(t, lie)
        t.tap.ok(soon(lambda b=b: engine(b, 'worker-misbehaved')), f'a worker that lies ({lie}) is reported',
                 b.messages())
        t.tap.ok(restarts_due(b, since) and status(b)['alerts'] == 0,
                 'main lives, and does not start it again without end', status(b))
        t.tap.same(b.stop(), 0, 'and ends as it should')
    since = time.monotonic()
    b = liar(t, 'die')
    t.tap.ok(restarts_due(b, since), 'one that always dies does not spin', status(b))
    b.stop()
    b = liar(t, 'hang')
    t.tap.ok(soon(lambda: any('hung' in e['engine']['text'] for e in engine(b, 'worker-died')), 20),
             'one that hangs is ended and reported', b.messages())
    t.tap.same(b.stop(), 0, 'one that does not end is killed at the end')


def check_privileges(t):
    """As an ordinary user, with CAP_NET_RAW and without."""
    b = t.daemon()
    drop = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups']
    done = t.lab.sensor.run(*drop, '--bounding-set=-all', '--inh-caps=-all', lab_bridled.BRIDLED, '-c', b.conf)
    t.tap.ok(done.returncode == 1 and 'CAP_NET_RAW' in done.stderr, 'without CAP_NET_RAW it says what is missing',
             done.stderr)
    process = t.lab.sensor.start(*drop, '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw',
                                 lab_bridled.BRIDLED, '-c', b.conf)
    t.tap.ok(soon(lambda: b.control.exists() and worker_of(b)), 'with it alone it watches')
    worker = worker_of(b)
    if worker:
        found = dict(l.split(':\t') for l in pathlib.Path(f'/proc/{worker}/status').read_text().splitlines()
                     if ':\t' in l)
        t.tap.ok(int(found['CapEff'], 16) == int(found['CapPrm'], 16) == int(found['CapBnd'], 16) & 0
                 and found['NoNewPrivs'] == '1' and int(found['Uid'].split()[0]) != 0,
                 'its worker has no privilege left', found)
        if status(b)['sandbox'] == 'on':
            t.tap.same(found['Seccomp'], '2', 'and is in its jail')
    t.tap.same(t.lab.stop(process), 0, 'and it ends with 0')


def check_many_clients(t):
    """More clients than are served, and clients that say nothing, keep nobody out for long."""
    b = t.daemon().start()
    results = []
    threads = [threading.Thread(target=lambda: results.append(b.control_command('status').returncode))
               for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    t.tap.ok(results.count(0) >= 16, 'many ask at once', results)
    flood = subprocess.run(['/usr/bin/python3', '-c', 'import socket, sys\n'
                            's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n'
                            'try:\n s.sendall(b"x" * 100000)\n print(s.recv(100))\nexcept OSError as e: print(e)',
                            b.control], capture_output=True, text=True, check=False)
    t.tap.same(b.control_command('status').returncode, 0, f'a request without end is refused: {flood.stdout.strip()}')
    b.stop()


def main():
    if available():
        skip_all(available())
    Bridled.process_signal = lambda self, number: os.kill(self.process.pid, number)
    tap = Tap()
    with Lab('sup') as lab:
        client = lab.client('phone', 42)
        lab.serve_names({n: [f'192.0.2.{i}'] for i, n in enumerate(NAMES, 1)})
        t = Trial(tap, lab, client)
        for check in (check_kill, check_reload, check_interface, check_end, check_liars, check_privileges,
                      check_many_clients):
            try:
                check(t)
            except Exception as e:  # pylint: disable=broad-except
                tap.ok(False, check.__name__, repr(e))
    return tap.done()


sys.exit(main())
