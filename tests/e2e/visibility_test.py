#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What cannot be seen is said: the visibility meter over captures made here, in the closing line, in `stats` events
and as warnings that are given once, and only where they are due."""
import json
import pathlib
import subprocess
import sys
import tempfile

from lab_bridled import BRIDLED, SOURCE, events

sys.path[:0] = [str(SOURCE / 'tests' / 'golden'), str(SOURCE / 'tests' / 'lint')]
import captures  # noqa: E402  pylint: disable=wrong-import-position
import eve_schema  # noqa: E402  pylint: disable=wrong-import-position
from packets import Connection, Line, hello, server_hello  # noqa: E402  pylint: disable=wrong-import-position
from tap import Tap  # noqa: E402  pylint: disable=wrong-import-position

RULES = '@campaign Test\nlisted.example\n@resolver Test\ndns.example\n192.0.2.53\n'
CONF = '[eve]\nstats-interval = 1min\n'
RESOLVER = ('192.168.1.1', 53)
WARNINGS = ('clients-only', 'servers-only', 'one-client', 'dark', 'dns-encrypted')
KEYS = ('flows', 'sni', 'quic', 'http', 'other', 'dns_address', 'outer', 'nameless', 'dns', 'encrypted_dns')


class Traffic(Line):
    """Clients' connections, each from a port of its own."""

    def __init__(self):
        super().__init__()
        self.port = 20000

    def visit(self, client, first, server='198.51.100.80', port=443, directions='both', **more):
        """A connection whose client says `first`: a server name, None for a hello without one, or bytes."""
        self.port += 1
        tcp = Connection(self, (client, self.port), (server, port))
        data = first if isinstance(first, bytes) else hello(first, seed=str(self.port), **more)
        if directions != 'servers':
            tcp.syn()
        if directions != 'clients':
            tcp.syn_ack()
        if directions != 'servers':
            tcp.put(0, 0, data)
        if directions != 'clients':
            tcp.put(1, 0, server_hello())

    def resolve(self, client, name, *addresses):
        self.ask((client, 5000), RESOLVER, name, answers=[(name, 'A', a) for a in addresses])


def mixed():
    """Two clients. The first: 3 names, 1 without a name whose address DNS gave, 1 without; one DoT, one DoH; two
    minutes of DNS. The second: one outer name of an encrypted hello, and one connection with two
    requests of HTTP."""
    t = Traffic()
    t.resolve('192.168.1.10', 'www.example.net', '198.51.100.81')
    t.resolve('192.168.1.10', 'again.example.net', '198.51.100.82')
    t.visit('192.168.1.10', 'www.example.net')
    t.visit('192.168.1.10', None, '198.51.100.81')
    t.visit('192.168.1.10', b'\x00\x01\x02 what nobody knows', '198.51.100.90', 7777)
    t.visit('192.168.1.10', 'dot.example.org', '198.51.100.53', 853)
    t.visit('192.168.1.10', 'my.dns.example', '198.51.100.54')
    t.visit('192.168.1.11', 'outer.example.org', ech=True)
    tcp = Connection(t, ('192.168.1.11', 30000), ('198.51.100.83', 80)).open()
    for host in 'a', 'b':
        tcp.say(0, f'GET / HTTP/1.1\r\nHost: {host}.example.net\r\n\r\n'.encode())
        tcp.say(1, b'HTTP/1.1 204 No Content\r\n\r\n')
    tcp.close()
    t.wait(61)
    t.resolve('192.168.1.10', 'www.example.net', '198.51.100.81')
    return t


def many(directions='both', clients=10, first=lambda i: f'n{i}.example.net', count=300, client='192.168.1.{}', **more):
    t = Traffic()
    for i in range(count):
        t.visit(client.format(10 + i % clients), first(i), directions=directions, **more)
    return t


def private_dns(share):
    """30 minutes in which one client asks in clear; in `share` of them another one uses DNS over TLS."""
    t = Traffic()
    for minute in range(30):
        t.resolve('192.168.1.10', f'n{minute}.example.net', '198.51.100.81')
        if minute < share:
            t.visit('192.168.1.11', 'dot.example.org', '198.51.100.53', 853)
        t.wait(60)
    return t


# capture -> the warning that is due, and words in it
JUDGED = {
    'ordinary': (many(), None, ''),
    'clients-only': (many('clients'), 'clients-only', 'clients-only.pcap shows only what clients send'),
    'few': (many('clients', count=40), None, ''),
    'servers-only': (many('servers'), 'servers-only', 'mirror both directions'),
    'translated': (many(clients=1, client='198.51.100.{}'), 'one-client', '100 per cent of the connections'),
    'own': (many(clients=1), None, ''),
    'dark': (many(first=lambda i: f'n{i}.example.net' if i % 5 < 3 else None), 'dark', '40 per cent'),
    'clear': (many(first=lambda i: f'n{i}.example.net' if i % 5 else None), None, ''),
    'no-web': (many(first=lambda i: b'\x00\x01\x02', port=7777), None, ''),
    'private-dns': (private_dns(30), None, ''),
    'mostly-private-dns': (many(first=lambda i: 'x.dns.example', count=30, clients=30), 'dns-encrypted', 'use-application-dns.net'),
}


class Case:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / 'rules.ioc').write_text(RULES)
        (self.folder / 'conf').write_text(CONF)

    def write(self, name, line):
        (self.folder / name).write_bytes(captures.pcap(line.frames))

    def run(self, *arguments):
        return subprocess.run([BRIDLED, '-R', 'rules.ioc', *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)

    def stats(self, *arguments):
        """All events, and the one that sums up."""
        done = self.run('-c', 'conf', '--eve', '-', *arguments)
        found = events(done.stdout)
        return done, [e for e in found if e['event_type'] == 'stats']


def check_totals(tap, case):
    case.write('mixed.pcap', mixed())
    done = case.run('-r', 'mixed.pcap')
    line = [text for text in done.stderr.splitlines() if text.startswith('visibility: ')]
    tap.same(line, ['visibility: 71 % of 7 new flows named (SNI 43 %, HTTP 14 %, DNS address 14 %); 14 % nameless, '
                    '14 % ECH outer only; DNS: 33 % encrypted'], 'the closing line')
    done, found = case.stats('-r', 'mixed.pcap')
    tap.ok(len(found) == 1, 'one stats event at the end', done.stderr)
    if not found:
        return
    problems = list(eve_schema.line_problems(done.stdout.splitlines()[-1].encode())) if eve_schema.jsonschema else []
    tap.same(problems, [], 'which fits the schema')
    clients = found[0]['visibility']['clients']
    first = dict(zip(KEYS, (5, 3, 0, 0, 0, 1, 0, 1, 2, 1)), ip='192.168.1.10')
    second = dict(zip(KEYS, (2, 0, 0, 1, 0, 0, 1, 0, 0, 0)), ip='192.168.1.11')
    tap.same(clients, [first, second], 'clients, each by what named its flows')
    tap.same(set(found[0]['visibility']['others'].values()), {0}, 'nothing of others')
    visible = found[0]['stats']['visible']
    tap.same({k: visible[k] for k in KEYS[1:]}, {k: first[k] + second[k] for k in KEYS[1:]}, 'the totals are their sums')
    tap.same((visible['dot'], visible['doq'], visible['doh']), (1, 0, 1), 'DoT by its port, DoH by a name in the rules')
    tap.same(found[0]['timestamp'][:19], '2021-07-18T10:01:01', 'with the time of the capture')
    again = case.stats('-r', 'mixed.pcap')[0]
    tap.ok(done.stdout == again.stdout, 'the same bytes again')
    tap.same(case.run('-r', 'mixed.pcap', '--eve', '-', '--observe').stdout.count('"stats"'), 0, 'none unless wanted')


def check_crowd(tap, case):
    """More clients than are remembered."""
    case.write('crowd.pcap', many(clients=1000, count=1000, client='fd00::{}'))
    done, found = case.stats('-r', 'crowd.pcap')
    rows = found[0]['visibility']['clients'] if found else []
    others = found[0]['visibility']['others'] if found else {}
    tap.ok(rows and len(rows) <= 256 and sum(r['sni'] for r in rows) + others['sni'] == 1000,
           'a crowd: at most 256 clients, the others as one', [len(rows), others, done.stderr])


def check_files(tap, case):
    case.write('more.pcap', many(count=3, clients=1, client='192.168.1.2{}'))
    found = case.stats('-r', 'mixed.pcap', 'more.pcap')[1]
    tap.same([[(c['ip'], c['flows']) for c in e['visibility']['clients']] for e in found],
             [[('192.168.1.10', 5), ('192.168.1.210', 3), ('192.168.1.11', 2)]], 'files are one capture')
    case.write('nothing.pcap', Traffic())
    tap.ok('visibility' not in case.run('-r', 'nothing.pcap').stderr, 'where nothing was, nothing is said')


def check_warnings(tap, case):
    for name, (line, kind, words) in JUDGED.items():
        case.write(f'{name}.pcap', line)
        done = case.run('--eve', '-', '-r', f'{name}.pcap')
        told = [e['engine'] for e in events(done.stdout) if e['event_type'] == 'engine' and e['engine']['kind'] in WARNINGS]
        tap.ok([t['kind'] for t in told] == ([kind] if kind else []), f'{name}: {kind or "nothing to warn of"}', told)
        if kind:
            tap.ok(told and words in told[0]['text'] and told[0]['text'] in done.stderr,
                   f'{name}: says what it means, on stderr too', [told, done.stderr])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        for check in (check_totals, check_crowd, check_files, check_warnings):
            check(tap, case)
    return tap.done()


sys.exit(main())
