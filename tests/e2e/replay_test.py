# SPDX-License-Identifier: BSD-2-Clause
"""Reading captures: exit statuses, order, standard input, broken files, and that two runs give the same bytes.
The captures are small and made here."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from lab_bridled import BRIDLED, BUILD, events
from tap import Tap, skip_all

try:
    from scapy.all import DNS, DNSQR, DNSRR, GRE, IP, TCP, UDP, VXLAN, Ether, IPv6, wrpcap
except ImportError:
    skip_all('no scapy')

RULES = '@campaign Test\nlisted.example.org\nother.example.org\n'
SUMMER = 1626602400


def asks(name, client='192.168.1.10', answer=None, at=0.0):
    """A question, and its answer if there is an address."""
    ask = Ether() / IP(src=client, dst='192.168.1.1') / UDP(sport=4000, dport=53) / DNS(id=7, qd=DNSQR(qname=name))
    ask.time = SUMMER + at
    if answer is None:
        return [ask]
    tell = Ether() / IP(src='192.168.1.1', dst=client) / UDP(sport=53, dport=4000) / \
        DNS(id=7, qr=1, qd=DNSQR(qname=name), an=DNSRR(rrname=name, rdata=answer, ttl=60))
    tell.time = SUMMER + at + 0.01
    return [ask, tell]


class Case:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.rules = self.folder / 'rules.ioc'
        self.rules.write_text(RULES)
        self.write('a.pcap', asks('a.listed.example.org', at=0))
        self.write('b.pcap', asks('b.other.example.org', client='192.168.1.11', answer='192.0.2.9', at=5))
        clean = [p for i in range(40) for p in asks(f'n{i}.example.net', client=f'192.168.1.{i}', at=i)]
        self.write('twice.pcap', [p for p in clean for _ in range(2)])
        self.write('clean.pcap', asks('nothing.example.net'))
        whole = (self.folder / 'b.pcap').read_bytes()
        (self.folder / 'cut.pcap').write_bytes(whole[:-20])
        (self.folder / 'empty.pcap').write_bytes(whole[:24])
        (self.folder / 'junk.pcap').write_bytes(b'this is no capture file at all\n' * 9)

    def write(self, name, packets):
        wrpcap(str(self.folder / name), packets)

    def run(self, *arguments, stdin=subprocess.DEVNULL, env=None, rules=True, text=True):
        chosen = ['-R', self.rules] if rules else []
        return subprocess.run([BRIDLED, *map(str, arguments), *map(str, chosen)], cwd=self.folder, stdin=stdin,
                              capture_output=True, text=text, timeout=60, check=False,
                              env={**os.environ, **(env or {})})


STATUSES = [  # arguments, exit status, words on stderr
    ('-r a.pcap', 0, 'Found 1 incident'),
    ('-r clean.pcap', 0, ''),
    ('-r empty.pcap', 0, ''),
    ('-r a.pcap --fail-on-alert', 3, ''),
    ('-r clean.pcap --fail-on-alert', 0, ''),
    ('-r missing.pcap', 1, 'missing.pcap: cannot be read'),
    ('-r missing.pcap a.pcap', 1, 'Found 1 incident'),
    ('-r missing.pcap a.pcap --fail-on-alert', 1, ''),
    ('-r a.pcap junk.pcap', 1, 'file junk.pcap'),
    ('-r junk.pcap a.pcap', 1, 'Found 1 incident'),
    ('-r .', 1, 'folder'),
    ('-r twice.pcap', 0, 'twice.pcap has packets twice: 50 per cent'),
    ('-r cut.pcap', 0, 'cut.pcap ends within packet 2'),
    ('-r a.pcap cut.pcap b.pcap', 0, 'file cut.pcap ends within packet 2'),
    ('-r cut.pcap --fail-on-alert', 3, ''),
    ('-r a.pcap -R missing.ioc', 1, 'missing.ioc: cannot be read'),
    ('-r a.pcap -f udp --fail-on-alert', 3, ''),
    ('-r a.pcap -f tcp --fail-on-alert', 0, 'Nothing found'),
    ('-r a.pcap -f nonsense', 1, 'filter'),
    ('-t -f tcp', 0, ''),
    ('-t -f nonsense', 1, 'filter'),
    ('-r a.pcap --observe', 2, '--eve'),
    ('-r a.pcap --nonsense', 2, '--nonsense'),
    ('-r a.pcap -i lo', 2, '-i'),
    ('-r a.pcap --workers 0', 2, 'workers'),
    ('a.pcap', 2, '-r'),
    ('-r a.pcap -c missing.conf', 1, 'missing.conf'),
    ('--help', 0, ''),
    ('--help-config', 0, ''),
    ('--version', 0, ''),
]


def check_statuses(tap, case):
    filters = '#define HAVE_LIBPCAP 1' in (BUILD / 'config.h').read_text()
    for arguments, status, words in STATUSES:
        if ' -f ' in arguments and not filters:
            status, words = 1, 'filter'
        done = case.run(*arguments.split())
        tap.ok(done.returncode == status and words in done.stderr, f'bridled {arguments}: {status}',
               f'exit {done.returncode}\n{done.stdout}{done.stderr}')


def check_no_rules(tap, case):
    nothing = case.folder / 'nothing.ioc'
    nothing.write_text('# nothing\n')
    done = case.run('-r', 'a.pcap', '-R', nothing, rules=False)
    tap.same(done.returncode, 1, 'no rule loaded: 1')
    done = case.run('-r', 'a.pcap', '-R', nothing, '--eve', '-', '--observe', rules=False)
    tap.ok(done.returncode == 0 and 'a.listed.example.org' in done.stdout, 'no rule loaded, but --observe: 0',
           done.stdout + done.stderr)


def alerts(text):
    return [(e['pcap_filename'], e['src_ip'], e['ioc']['value'], e['incident']['stage'])
            for e in events(text) if e['event_type'] == 'alert' and e['incident']['why'] != 'closed']


def check_order(tap, case):
    first = ('a.pcap', '192.168.1.10', 'listed.example.org', 'queried')
    second = [('b.pcap', '192.168.1.11', 'other.example.org', s) for s in ('queried', 'resolved')]
    tap.same(alerts(case.run('-r', 'a.pcap', 'b.pcap', '--eve', '-').stdout), [first, *second],
             'files are read in the order given')
    tap.same(alerts(case.run('-r', 'b.pcap', '--eve', '-', 'a.pcap').stdout), [*second, first],
             'with options between them too')
    many = ['clean.pcap'] * 300 + ['a.pcap']
    done = subprocess.run(['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh', BRIDLED, '-R', case.rules, '--eve', '-', '-r',
                           *many], cwd=case.folder, capture_output=True, text=True, timeout=60, check=False)
    tap.same(alerts(done.stdout), [first], 'more files than descriptors')


def check_stdin(tap, case):
    with open(case.folder / 'a.pcap', 'rb') as f:
        done = case.run('-r', '-', '--eve', '-', stdin=f)
    tap.same([a[1:] for a in alerts(done.stdout)], [('192.168.1.10', 'listed.example.org', 'queried')],
             'standard input from a file')
    with subprocess.Popen([BRIDLED, '-r', '-', '-R', case.rules, '--eve', '-'], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for byte in (case.folder / 'a.pcap').read_bytes():
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
        out, err = process.communicate(timeout=30)
    tap.ok(len(alerts(out.decode())) == 1 and process.returncode == 0, 'from a pipe, byte by byte', err.decode())


def check_same_bytes(tap, case):
    arguments = ['-r', 'a.pcap', 'b.pcap', 'cut.pcap', 'junk.pcap']
    for extra in ([], ['--eve', '-', '--observe']):
        plain = case.run(*arguments, *extra, env={'TZ': 'UTC', 'LC_ALL': 'C'}, text=False)
        other = case.run(*arguments, *extra, env={'TZ': 'Asia/Kathmandu', 'LC_ALL': 'tr_TR.UTF-8', 'LANG': 'de_DE'},
                         text=False)
        tap.ok(plain.stdout and plain.stdout == other.stdout and plain.stderr == other.stderr,
               f'the same bytes in another time zone and language {" ".join(extra)}',
               plain.stdout + other.stdout + plain.stderr + other.stderr)


LISTED, ELSEWHERE = '203.0.113.9', '203.0.113.99'
INSIDE = IP(src='10.1.1.1', dst='10.1.1.2') / TCP(sport=4001, dport=443, flags='S')
TUNNELS = {  # what is sent to LISTED
    'none': UDP(sport=5000, dport=4789) / b'hello',
    'VXLAN': UDP(sport=5000, dport=4789) / VXLAN(flags='Instance', vni=1) / Ether() / INSIDE,
    'GRE': GRE() / INSIDE,
    'IP in IP': INSIDE,
    '6in4': IPv6(src='fd00::1', dst='fd00::2') / UDP(sport=1, dport=2),
    'nothing whole': GRE() / IP(src='10.1.1.1', dst='10.1.1.2', flags='MF') / b'12345678',
    'two tunnels': IP(src='192.168.1.40', dst=ELSEWHERE) / GRE() / INSIDE,
}


def check_tunnel_ends(tap, case):
    """Who sends packets to a listed address is told whatever the packets carry, and where that leads."""
    rules = case.folder / 'ends.ioc'
    rules.write_text(f'@campaign Test\n{LISTED}\n')

    def told(packets):
        case.write('tunnel.pcap', [Ether() / p for p in packets])
        done = case.run('-r', 'tunnel.pcap', '-R', rules, '--eve', '-', rules=False)
        return [(e['src_ip'], e['dest_ip'], e['incident']['stage'], e.get('tunnel', {}).get('kind'))
                for e in events(done.stdout) if e['event_type'] == 'alert' and e['incident']['why'] != 'closed']

    for name, carried in TUNNELS.items():
        out = IP(src='192.168.1.40', dst=LISTED, ttl=64) / carried
        tap.same(told([out] * 3), [('192.168.1.40', LISTED, 'attempted', None)], f'to a listed address: {name}')
    back = IP(src=LISTED, dst='192.168.1.40') / GRE() / IP(src='10.1.1.2', dst='10.1.1.1') / b'x'
    stages = [t[2] for t in told([IP(src='192.168.1.40', dst=LISTED) / GRE() / INSIDE, back])]
    tap.same(stages, ['attempted', 'exchanged'], 'and that it answered')
    within = IP(src='192.0.2.1', dst='192.0.2.2') / GRE() / IP(src='192.168.1.40', dst=LISTED) / INSIDE
    tap.same(told([within]), [('192.168.1.40', LISTED, 'attempted', 'gre')], 'a tunnel within a tunnel')
    tap.same(told([IP(src='192.168.1.40', dst=ELSEWHERE) / GRE() / INSIDE,
                   IP(src='192.168.1.40', dst=ELSEWHERE) / UDP(sport=5000, dport=1) / b'x']), [], 'and nothing else')


def check_sends_nothing(tap, case):
    """Without -c nothing but its own output: no configuration file, no socket to anybody."""
    trace = case.folder / 'trace'
    done = subprocess.run(['strace', '-f', '-qq', '-o', trace, '-e', 'trace=connect,socket,openat', BRIDLED, '-r',
                           'a.pcap', '-R', case.rules], cwd=case.folder, capture_output=True, text=True, timeout=60,
                          check=False, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
    if done.returncode != 0:
        tap.skip('a replay speaks to nobody', done.stderr.strip()[-200:])
        return
    calls = trace.read_text()
    strange = [l for l in calls.splitlines() if 'connect(' in l or 'socket(' in l or 'bridled.conf' in l]
    tap.ok(not strange, 'a replay speaks to nobody and reads no configuration', '\n'.join(strange))


def check_worker_death(tap, case):
    """The worker is killed in the middle: what it had found is told, and 128+N."""
    with subprocess.Popen([BRIDLED, '-r', '-', '-R', case.rules], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=False) as process:
        process.stdin.write((case.folder / 'a.pcap').read_bytes())
        process.stdin.flush()
        end = time.monotonic() + 20
        seen = b''
        os.set_blocking(process.stdout.fileno(), False)
        while b'listed.example.org' not in seen and time.monotonic() < end:
            seen += process.stdout.read() or b''
            time.sleep(0.05)
        children = subprocess.run(['pgrep', '-P', str(process.pid), '-f', 'bridle-worker'], capture_output=True,
                                  text=True, check=False).stdout.split()
        for pid in children:
            os.kill(int(pid), signal.SIGKILL)
        os.set_blocking(process.stdout.fileno(), True)
        process.stdin.close()
        out, err = process.stdout.read(), process.stderr.read().decode()
        process.wait(20)
    tap.same(process.returncode, 128 + signal.SIGKILL, 'a worker that dies of a signal: 128+N')
    tap.ok('worker died: signal 9 at packet 1 of -\n' in err, 'and where', err)
    tap.ok(b'listed.example.org' in seen + out and 'Found 1 incident' in err, 'what was sighted is told', err)


def check_output_gone(tap, case):
    done = subprocess.run(['sh', '-c', '"$@" >/dev/full', 'sh', BRIDLED, '-r', 'a.pcap', '-R', case.rules],
                          cwd=case.folder, capture_output=True, text=True, timeout=60, check=False)
    tap.same(done.returncode, 1, 'alerts that cannot be written: 1')
    done = subprocess.run(['sh', '-c', '"$@" | true', 'sh', BRIDLED, '-r', *['a.pcap'] * 50, '-R', case.rules],
                          cwd=case.folder, capture_output=True, text=True, timeout=60, check=False)
    tap.ok('signal' not in done.stderr, 'a closed pipe is no crash', done.stderr)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        for check in (check_statuses, check_no_rules, check_order, check_stdin, check_same_bytes,
                      check_tunnel_ends, check_sends_nothing, check_worker_death, check_output_gone):
            check(tap, case)
    return tap.done()


sys.exit(main())
