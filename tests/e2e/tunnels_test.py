#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real clients through real tunnels, watched on the network that carries these: the names inside are told with the
kind of tunnel, its ends and the way to it; live, in a replay of the same packets, and by a daemon that receives the
same frames as TZSP. Needs root."""
import contextlib
import ipaddress
import select
import socket
import sys
import threading

import lab_wire as wire
from lab import ROUTER_V4, test_in_lab
from lab_bridled import events, replay, seen
from lab_live import Daemon, Space, soon
from lab_tunnels import KINDS, MTU, Tunnel

NEAR = '192.168.1.2'
DNS4, DNS6 = '198.51.100.53', '2001:db8:53::53'
COLLECTOR, MIKROTIK, TZSP_PORT = '192.168.88.2', '192.168.88.1', 37008
NESTED = 'nested'
SERVERS = {name: f'2001:db8::{i}' if name in KINDS and KINDS[name].six else f'203.0.113.{i}'
           for i, name in enumerate([*KINDS, NESTED], 1)}
PATIENCE = 60


class Tzsp:
    """Sends every frame of the mirror port as TZSP, as a MikroTik router does (ETHERNET, no tags but the end)."""

    def __init__(self, lab, router):
        self.frames = wire.packet_socket(lab.sensor.netns, 'eth0')
        self.frames.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        with wire.inside(router.netns):
            self.out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.running = True
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()

    def forward(self):
        while self.running:
            if select.select([self.frames], [], [], 0.1)[0]:
                self.out.sendto(b'\1\0\0\1\1' + self.frames.recv(65536), (COLLECTOR, TZSP_PORT))

    def close(self):
        self.running = False
        self.thread.join()
        self.frames.close()
        self.out.close()


def talk(near, name):
    """Through the tunnel: a question, a page, a certificate. What the clients had to say if there was no answer."""
    server, root = SERVERS[name], f'{name}.example.org'
    host = f'[{server}]' if ':' in server else server
    asked = near.run('dig', '+short', '+time=10', '+tries=3', 'AAAA' if ':' in server else 'A',
                     f"@{DNS6 if ':' in server else DNS4}", f'dns.{root}')
    page = near.run('curl', '-s', '-k', '-m', '30', '--resolve', f'web.{root}:443:{host}', f'https://web.{root}/')
    tls = near.run('openssl', 's_client', '-tls1_2', '-connect', f'{host}:443', '-servername', f'tls.{root}')
    good = asked.stdout.strip() == server and 'hello' in page.stdout and tls.returncode == 0
    return '' if good else f'{asked.stdout}{page.stdout}{page.stderr}{tls.stderr} '


def wanted(name):
    root = f'{name}.example.org'
    return {('dns-query', f'dns.{root}'), ('dns-address', SERVERS[name]), ('tls-sni', f'web.{root}'),
            ('tls-sni', f'tls.{root}'), ('tls-cert-name', 'server.invalid')}


def observed(d, name):
    """What was seen between the client and the server of this tunnel."""
    return [e for e in d.events() if e['event_type'] == 'observation' and
            (e['dest_ip'] == SERVERS[name] or e.get('query', e.get('name', '')).endswith(f'.{name}.example.org'))]


def tunnels(found):
    """Without the ends, in the order of the packet: answers come from the far one."""
    return {(e['tunnel']['kind'], '/'.join(e['tunnel']['path']), e['tunnel']['depth'], e['tunnel'].get('id')) if 'tunnel' in e
            else None for e in found}


def ends(found):
    return {frozenset((e['tunnel']['src_ip'], e['tunnel']['dest_ip'])) for e in found if 'tunnel' in e}


def check_tunnel(tap, d, name, path, ident, outer, inside):
    soon(lambda: seen(observed(d, name)) >= wanted(name), PATIENCE)
    found = observed(d, name)
    tap.same(sorted(wanted(name) - seen(found)), [], f'{name}: every name inside is seen')
    told = {(path[-1], '/'.join(path), len(path), ident)}
    tap.same(tunnels(found), told, f'{name}: its kind, path and id')
    tap.same(ends(found), {frozenset(outer)}, f'{name}: its ends')
    tap.same({e['src_ip'] for e in found}, {inside}, f'{name}: the client is the one inside')
    alerts = soon(lambda: [e for e in d.alerts(f'{name}.example.org') if e['ioc']['via'] == 'tls-sni'], PATIENCE)
    tap.same(tunnels(alerts), told, f'{name}: alerts tell it, too')


def run_tunnel(tap, near, name, made):
    for address in SERVERS[name], DNS6 if ':' in SERVERS[name] else DNS4:
        gateway = [] if ':' in address else ['via', made.ends[1][2].split('/')[0]]
        near.run('ip', 'route', 'add', f'{ipaddress.ip_network(address)}', *gateway, 'dev', made.device)
    tap.same(talk(near, name), '', f'{name}: packets pass')


def check_kind(tap, d, near, far, name):
    kind = KINDS[name]
    net, length = ('fd00:77::', 64) if kind.six else ('10.77.0.', 24)
    with Tunnel(name, (near, NEAR, f'{net}2/{length}'), (far, ROUTER_V4, f'{net}1/{length}')) as made:
        if made.why:
            tap.skip(f'{name}: by the kernel', made.why)
        else:
            tap.ok(True, f'{name}: by the kernel')
        run_tunnel(tap, near, name, made)
        check_tunnel(tap, d, name, kind.path, kind.ident, (NEAR, ROUTER_V4), f'{net}2')


def check_nested(tap, d, near, far):
    """VXLAN within GRE."""
    with Tunnel('gre', (near, NEAR, '10.77.0.2/24'), (far, ROUTER_V4, '10.77.0.1/24')), \
         Tunnel('vxlan', (near, '10.77.0.2', '10.78.0.2/24'), (far, '10.77.0.1', '10.78.0.1/24'), 'inner1', MTU - 100) as made:
        run_tunnel(tap, near, NESTED, made)
        check_tunnel(tap, d, NESTED, ['gre', 'vxlan'], KINDS['vxlan'].ident, ('10.77.0.2', '10.77.0.1'), '10.78.0.2')


def check_tzsp(tap, d, collector):
    soon(lambda: seen(collector.events()) >= seen(d.events()), PATIENCE)
    tap.same(sorted(seen(collector.events()) ^ seen(d.events())), [], 'what came as TZSP has the same names')
    found = [e for e in collector.events() if e['event_type'] == 'observation']
    tap.same({(e['in_iface'], e['tunnel']['path'][0]) for e in found}, {(f'tzsp:{COLLECTOR}:{TZSP_PORT}', 'tzsp')},
             'all of it is told to come by TZSP')
    paths = {tuple(e['tunnel']['path'][1:]) for e in found}
    tap.same(paths, {tuple(k.path) for k in KINDS.values()} | {('gre', 'vxlan'), ()}, 'with the tunnels inside of it')
    outside = [e['tunnel'] for e in found if e.get('name') == 'outside.example.org']
    tap.same(outside[:1], [{'kind': 'tzsp', 'src_ip': MIKROTIK, 'dest_ip': COLLECTOR, 'depth': 1, 'path': ['tzsp']}],
             'and who sent it')


def prepare(lab):
    near = lab.client('near', 2)
    for address in DNS4, DNS6:
        lab.router.address(f"{address}/{128 if ':' in address else 32}", device='lo')
    lab.serve_names({f'{n}.example.org': [a] for n, a in SERVERS.items()}, [f'interface: {DNS4}', f'interface: {DNS6}'])
    lab.serve_https()
    collector, router = Space(lab, 'collector'), Space(lab, 'mikrotik')
    collector.pair('eth0', router, 'eth0').close()
    collector.address(f'{COLLECTOR}/24')
    router.address(f'{MIKROTIK}/24')
    return near, collector, router


def check(tap, lab):
    near, collector, router = prepare(lab)
    rules = [f'{n}.example.org' for n in SERVERS]
    d = Daemon(lab, lab.sensor, 'tunnels', rules, eve={'observations': 'yes'}).start()
    c = Daemon(lab, collector, 'tzsp', rules, eve={'observations': 'yes'},
               capture={'interface': f'tzsp:{COLLECTOR}:{TZSP_PORT}'}).start()
    dump = lab.record(f'{lab.folder}/live.pcap')
    with contextlib.closing(Tzsp(lab, router)):
        for name in KINDS:
            check_kind(tap, d, near, lab.router, name)
        check_nested(tap, d, near, lab.router)
        near.run('dig', '+short', f'@{ROUTER_V4}', 'outside.example.org')
        soon(lambda: ('dns-query', 'outside.example.org') in seen(d.events()), PATIENCE)
        lab.stop(dump)
        again = seen(events(replay(f'{lab.folder}/live.pcap', '--observe', '--eve', '-').stdout))
        soon(lambda: seen(d.events()) >= again, PATIENCE)
        tap.same(sorted(seen(d.events()) ^ again), [], 'a replay of the same packets tells the same names')
        check_tzsp(tap, d, c)
    tap.same((d.stop(), c.stop()), (0, 0), 'both end with 0')
    if tap.failed:
        tap.note((d.messages() + c.messages())[-4000:])


sys.exit(test_in_lab('tunnels', check, ('curl', 'dig', 'ethtool', 'openssl', 'tcpdump', 'unbound')))
