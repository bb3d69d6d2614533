# SPDX-License-Identifier: BSD-2-Clause
"""Namespaces with interfaces of their own, a daemon with indicators of our own, and traffic made for both."""
import json
import shutil
import socket
import time

import lab_wire as wire
from lab import Host, run
from lab_bridled import Bridled

LISTED = '203.0.113.66'
RULES = '@campaign Test\n' + LISTED + '\n'


class Space(Host):
    """A namespace of its own, quiet, and without a port on the lab's switch."""

    def __init__(self, lab, name, forward=0):  # pylint: disable=super-init-not-called
        self.lab, self.name, self.netns = lab, name, f'{lab.prefix}{name}'
        run('ip', 'netns', 'add', self.netns)
        lab.hosts.append(self)
        for which in ('all', 'default'):
            self.sysctl(f'net.ipv6.conf.{which}.disable_ipv6', 1)
        self.sysctl('net.ipv4.ip_forward', forward)
        self.link('set', 'lo', 'up')

    def link(self, *arguments):
        run('ip', '-n', self.netns, 'link', *arguments)

    def pair(self, device, other, peer):
        """An interface here and its other end there; a socket on the other end."""
        self.link('add', device, 'type', 'veth', 'peer', 'name', peer, 'netns', other.netns)
        self.link('set', device, 'up')
        other.link('set', peer, 'up')
        return wire.packet_socket(other.netns, peer)


class Daemon(Bridled):
    """With indicators of our own: `rules` are lines."""

    def __init__(self, lab, host, folder, rules, **settings):
        super().__init__(lab, host, {'alerts': {'repeat-interval': '1s'}, **settings}, folder)
        shutil.rmtree(self.folder / 'rules')
        (self.folder / 'rules').mkdir()
        self.rules(rules)

    def rules(self, lines):
        (self.folder / 'rules' / 'test.ioc').write_text(RULES + ''.join(f'{l}\n' for l in lines))

    def ask(self, words):
        """The control socket without bridlectl, for it is asked hundreds of times."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(str(self.control))
            s.sendall(words.encode() + b'\n')
            answer = b''.join(iter(lambda: s.recv(65536), b'')).decode()
        verdict, _, text = answer.partition('\n')
        if verdict != 'ok':
            raise RuntimeError(answer)
        return text

    def status(self):
        return json.loads(self.ask('status json'))

    def watched(self):
        """Names of the interfaces that are really read."""
        return sorted({w['interface'] for w in self.status()['workers'] if w['state'] == 'running'})

    def alerts(self, value):
        return [e for e in self.events() if e['event_type'] == 'alert' and e['ioc']['value'] == value]

    def incident(self, value):
        """Stage and bytes of the newest alert for this indicator."""
        found = self.alerts(value)
        i = found[-1]['incident'] if found else {}
        return i.get('stage'), i.get('bytes_out'), i.get('bytes_in')

    def engine(self, kind):
        return [e['engine']['text'] for e in self.events()
                if e['event_type'] == 'engine' and e['engine']['kind'] == kind]


def soon(what, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.03)
    return what()


def ask(name, src='192.168.7.42'):
    return wire.ethernet(wire.udp(src, 5353, '192.168.7.1', 53, wire.query(name)))


def caught(d, port, name):
    port.send(ask(name))
    return soon(lambda: d.alerts(name))


def flow(src, sport, dst, out, back, dport=443):
    """All packets of a TCP connection: opening, `out`, `back`, its end."""
    def there(payload, seq, ack, flags):
        return wire.tcp(src, sport, dst, dport, payload, seq, ack, flags)

    def here(payload, seq, ack, flags):
        return wire.tcp(dst, dport, src, sport, payload, seq, ack, flags)
    packets = [there(b'', 100, 0, 2), here(b'', 900, 101, 18), there(b'', 101, 901, 16)]
    cut = len(out) // 2
    packets += [there(out[:cut], 101, 901, 24), there(out[cut:], 101 + cut, 901, 24)]
    packets += [here(back[i:i + 1400], 901 + i, 101 + len(out), 24) for i in range(0, len(back), 1400)]
    packets += [there(b'', 101 + len(out), 901 + len(back), 17), here(b'', 901 + len(back), 102 + len(out), 17)]
    return packets


def send_all(port, packets):
    for p in packets:
        port.send(wire.ethernet(p))
