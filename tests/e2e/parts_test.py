# SPDX-License-Identifier: BSD-2-Clause
"""Reading several captures by several workers: each file is a capture of its own, and what is told, and in which
order, does not depend on who was faster. The captures are small and made here."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lab_bridled import BRIDLED, BUILD, events
from tap import Tap, skip_all

try:
    from scapy.all import DNS, DNSQR, DNSRR, IP, TCP, UDP, Ether, wrpcap
except ImportError:
    skip_all('no scapy')

RULES = '@campaign Test\nlisted.example.org\nother.example.org\n'
SUMMER = 1626602400
LEARNED = '192.0.2.9'
LARGE = 5000


def asks(name, client='192.168.1.10', answer=None, at=0.0):
    ask = Ether() / IP(src=client, dst='192.168.1.1') / UDP(sport=4000, dport=53) / DNS(id=7, qd=DNSQR(qname=name))
    ask.time = SUMMER + at
    if answer is None:
        return [ask]
    tell = Ether() / IP(src='192.168.1.1', dst=client) / UDP(sport=53, dport=4000) / \
        DNS(id=7, qr=1, qd=DNSQR(qname=name), an=DNSRR(rrname=name, rdata=answer, ttl=60))
    tell.time = SUMMER + at + 0.01
    return [ask, tell]


def connects(client, server, at):
    packet = Ether() / IP(src=client, dst=server) / TCP(sport=4001, dport=443, flags='S')
    packet.time = SUMMER + at
    return [packet]


class Case:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.rules = self.folder / 'rules.ioc'
        self.rules.write_text(RULES)
        for i, name in enumerate(('one', 'two', 'three', 'four')):
            packets = asks(f'{name}.listed.example.org', client=f'192.168.1.{20 + i}', at=100 * i)
            for k in range(100 * (4 - i)):  # the first ones take longest
                packets += asks(f'n{k}.{name}.example.net', client=f'192.168.1.{20 + i}', at=100 * i + 1 + k / 100)
            wrpcap(str(self.folder / f'{name}.pcap'), packets)
        wrpcap(str(self.folder / 'asks.pcap'), asks('b.other.example.org', answer=LEARNED, at=900))
        wrpcap(str(self.folder / 'goes.pcap'), connects('192.168.1.10', LEARNED, at=901))
        wrpcap(str(self.folder / 'small.pcap'), asks('nothing.example.net'))
        # More than the rings of a worker hold, and more than it reads between two looks at what main says.
        wrpcap(str(self.folder / 'large.pcap'),
               [p for k in range(LARGE) for p in asks(f'{"x" * 60}.{k}.large.example.net', at=1000 + k / 100)])
        whole = (self.folder / 'two.pcap').read_bytes()
        (self.folder / 'cut.pcap').write_bytes(whole[:-20])
        (self.folder / 'junk.pcap').write_bytes(b'this is no capture file at all\n' * 9)

    def command(self, *arguments, bridled=BRIDLED):
        return [str(a) for a in (bridled, *arguments, '-R', self.rules)]

    def run(self, *arguments, bridled=BRIDLED, **options):
        return subprocess.run(self.command(*arguments, bridled=bridled), cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False, **options)


def alerts(text):
    return [(e['pcap_filename'], e['src_ip'], e['ioc']['value'], e['incident']['stage'])
            for e in events(text) if e['event_type'] == 'alert' and e['incident']['why'] != 'closed']


DAMAGED = ['one.pcap', 'missing.pcap', 'two.pcap', 'junk.pcap', 'three.pcap', 'cut.pcap', '.', 'four.pcap']


def check_same_bytes(tap, case):
    for extra in ([], ['--eve', '-', '--observe']):
        runs = [case.run('-r', *DAMAGED, '--workers', n, *extra) for n in (2, 2, 3, 8)]
        first = runs[0]
        tap.ok(first.stdout and all((r.stdout, r.stderr, r.returncode) == (first.stdout, first.stderr, 1) for r in runs),
               f'the same bytes however many workers there are {" ".join(extra)}',
               '\n'.join(f'{r.returncode} {len(r.stdout)} {r.stderr.decode()}' for r in runs))
    told = [l for l in first.stderr.decode().splitlines() if 'cannot be read' in l or 'ends within' in l or 'no capt' in l]
    places = [next((i for i, l in enumerate(told) if f'{name}: ' in l or f'{name} ' in l), None)
              for name in ('missing.pcap', 'junk.pcap', 'cut.pcap', '.')]
    tap.ok(None not in places and places == sorted(places), 'what is wrong with files is told in their order', told)


def check_same_alerts(tap, case):
    files = ['one.pcap', 'two.pcap', 'three.pcap', 'four.pcap']
    one, two = (alerts(case.run('-r', *files, '--eve', '-', '--workers', n).stdout.decode()) for n in (1, 2))
    tap.ok(len(one) == 4 and one == two, 'files that have nothing in common: what one worker tells', f'{one}\n{two}')
    done = case.run('-r', *files, '--workers', 2, '--fail-on-alert')
    tap.ok(done.returncode == 3 and b'Found 4 incidents' in done.stderr, 'status and summary too', done.stderr)


def check_apart(tap, case):
    def stages(*arguments):
        done = case.run('-r', 'asks.pcap', 'goes.pcap', '--eve', '-', *arguments)
        return [a[3] for a in alerts(done.stdout.decode())]
    tap.ok('attempted' in stages(), 'one worker: an address learned from one file counts in the next')
    tap.same(stages('--workers', 2), ['queried', 'resolved'], 'two workers: each file is a capture of its own')
    conf = case.folder / 'bridled.conf'
    conf.write_text('[capture]\nworkers = 2\n[syslog]\nenabled = no\n')
    tap.ok('attempted' in stages('-c', conf), 'the workers of a configuration are those of interfaces')


def check_many(tap, case):
    files = ['large.pcap'] + ['small.pcap'] * 150 + ['one.pcap']
    done = subprocess.run(['sh', '-c', 'ulimit -n 48; exec "$@"', 'sh',
                           *case.command('-r', *files, '--eve', '-', '--observe', '--workers', 3)], cwd=case.folder,
                          capture_output=True, text=True, timeout=120, check=False)
    names = [(e['pcap_filename'], e['name']) for e in events(done.stdout) if e['event_type'] == 'observation']
    tap.ok(done.returncode == 0 and len(names) == LARGE + 150 + 401 and names[0][0] == 'large.pcap'
           and names[-1][0] == 'one.pcap', 'more files than workers, descriptors and places to wait',
           f'{done.returncode} {len(names)} {done.stderr}')


def check_long(tap, case):
    """A worker looks for what its main says between packets, too: the next file comes while this one is read."""
    files = ['large.pcap', 'one.pcap', 'large.pcap', 'two.pcap', 'three.pcap']
    for n in (1, 2):
        done = case.run('-r', *files, '--eve', '-', '--observe', '--workers', n)
        seen = [e['pcap_filename'] for e in events(done.stdout.decode()) if e['event_type'] == 'observation']
        tap.same([seen.count(f) for f in ('large.pcap', 'one.pcap', 'two.pcap', 'three.pcap')],
                 [2 * LARGE, 401, 301, 201], f'long files and those behind them, by {n}')


def slow_reader(case, *files):
    """bridled whose first file is a pipe that we write."""
    return subprocess.Popen(case.command('-r', '-', *files, '--workers', 2, '--eve', '-', '--observe'), cwd=case.folder,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check_waiting(tap, case):
    """A later file fills its worker's ring long before its turn."""
    with slow_reader(case, 'large.pcap', 'four.pcap') as process:
        time.sleep(0.5)
        out, err = process.communicate((case.folder / 'one.pcap').read_bytes(), timeout=60)
    seen = [e['pcap_filename'] for e in events(out.decode()) if e['event_type'] == 'observation']
    tap.ok(process.returncode == 0 and seen == ['-'] * 401 + ['large.pcap'] * LARGE + ['four.pcap'] * 101,
           'records wait for their turn, and none is lost', f'{len(seen)} {err.decode()}')


def children(process):
    found = subprocess.run(['pgrep', '-P', str(process.pid), '-f', 'bridle-worker'], capture_output=True, text=True,
                           check=False)
    return sorted(map(int, found.stdout.split()))


def check_death(tap, case):
    """The worker of the first file is killed; the others' files are told all the same, behind it."""
    with slow_reader(case, 'two.pcap', 'three.pcap') as process:
        process.stdin.write((case.folder / 'one.pcap').read_bytes())
        process.stdin.flush()
        seen = b''
        os.set_blocking(process.stdout.fileno(), False)
        end = time.monotonic() + 20
        while b'n399.' not in seen and time.monotonic() < end:
            seen += process.stdout.read() or b''
            time.sleep(0.05)
        for pid in children(process)[:1]:
            os.kill(pid, signal.SIGKILL)
        os.set_blocking(process.stdout.fileno(), True)
        out, err = seen + process.stdout.read(), process.stderr.read().decode()
        process.wait(20)
    tap.same(process.returncode, 128 + signal.SIGKILL, 'a worker that dies of a signal: 128+N')
    tap.ok('worker died: signal 9 at packet 401 of -\n' in err, 'and where', err)
    tap.same([a[0] for a in alerts(out.decode())], ['-', 'two.pcap', 'three.pcap'], 'the other files are read')


def check_interrupted(tap, case):
    with slow_reader(case, 'two.pcap', 'large.pcap') as process:
        end, workers = time.monotonic() + 20, set()
        while len(workers) < 3 and time.monotonic() < end:  # the third one comes when two.pcap was read
            workers.update(children(process))
        process.send_signal(signal.SIGTERM)
        out, err = process.stdout.read(), process.stderr.read().decode()
        process.wait(20)
    tap.ok(process.returncode == 1 and 'interrupted' in err, 'interrupted: 1', err)
    tap.same([a[0] for a in alerts(out.decode())], ['two.pcap'], 'what was found by then is told')


def check_liar(tap, case):
    programs = case.folder / 'liar'
    programs.mkdir()
    for name, source in (('bridled', 'daemon/bridled'), ('bridle-loader', 'daemon/bridle-loader'),
                         ('bridle-worker', 'tests/e2e/liar')):
        shutil.copy(BUILD / source, programs / name)
    for lie in ('garbage', 'die'):
        done = case.run('-r', 'one.pcap', 'two.pcap', 'three.pcap', '--workers', 3, bridled=programs / 'bridled',
                        env={**os.environ, 'LIAR': lie})
        number = signal.SIGKILL if lie == 'garbage' else signal.SIGABRT
        died = done.stderr.decode().count(f'worker died: signal {int(number)} ')
        tap.ok(done.returncode == 128 + number and died == 3, f'workers that lie ({lie}) are told, each of them',
               f'{done.returncode} {done.stderr.decode()}')


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        for check in (check_same_bytes, check_same_alerts, check_apart, check_many, check_long, check_waiting, check_death,
                      check_interrupted, check_liar):
            check(tap, case)
    return tap.done()


sys.exit(main())
