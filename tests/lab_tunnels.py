# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels between two hosts of a lab: by the kernel where it knows the kind; else their ends are made here, of an
interface without hardware (TUN, TAP) and a socket that puts a header before each packet and takes it off again."""
import os
import select
import socket
import struct
import threading

import lab_wire as wire
from lab import run

KEY, VNI, SESSION = 77, 4242, 30
TAP = True
MTU = 1400


def ethertype(packet):
    return 0x86dd if packet[0] >> 4 == 6 else 0x0800


def gre(packet):
    """RFC 2890 with a key."""
    return struct.pack('>HHI', 0x2000, ethertype(packet), KEY)


def mpls(packet):
    """RFC 3032: label 16, the bottom of the stack, 64 hops."""
    return struct.pack('>I', 16 << 12 | 0x100 | 64)


def plain(header):
    return lambda packet: header


class Kind:
    """How `ip link add` makes it, how it is made by hand, and what events shall say of it."""

    def __init__(self, path, kernel, transport, header, tap=False, six=False, ident=None):
        self.path, self.kernel, self.tap, self.six, self.ident = path, kernel, tap, six, ident
        self.transport = transport  # ('ip', protocol) or ('udp', port)
        self.header = header        # of a packet that is to be sent; of any, as long


GRE_KEY = f'local {{here}} remote {{there}} key {KEY}'
ENDS = 'local {here} remote {there}'
KINDS = {
    'gre': Kind(['gre'], f'type gre {GRE_KEY}', ('ip', 47), gre),
    'gretap': Kind(['gre'], f'type gretap {GRE_KEY}', ('ip', 47), plain(struct.pack('>HHI', 0x2000, 0x6558, KEY)), TAP),
    'fou': Kind(['gre'], f'type gre {GRE_KEY} encap fou encap-sport 4754 encap-dport 4754', ('udp', 4754), gre),
    'erspan1': Kind(['erspan'], f'type erspan seq key {SESSION} {ENDS} erspan_ver 1 erspan 5', ('ip', 47),
                    plain(struct.pack('>HHIHHI', 0x1000, 0x88be, 1, 0x1000, SESSION, 5)), TAP),
    'erspan2': Kind(['erspan'], f'type erspan seq key {SESSION} {ENDS} erspan_ver 2 erspan_dir ingress erspan_hwid 7',
                    ('ip', 47), plain(struct.pack('>HHIHHIHH', 0x1000, 0x22eb, 1, 0x2000, SESSION, 1, 0, 7 << 4)), TAP),
    'vxlan': Kind(['vxlan'], f'type vxlan id {VNI} {ENDS} dstport 4789', ('udp', 4789),
                  plain(struct.pack('>II', 0x08000000, VNI << 8)), TAP, ident=VNI),
    'geneve': Kind(['geneve'], f'type geneve id {VNI} remote {{there}}', ('udp', 6081),
                   plain(struct.pack('>HHI', 0, 0x6558, VNI << 8)), TAP, ident=VNI),
    'ipip': Kind(['ipip'], f'type ipip {ENDS}', ('ip', 4), plain(b'')),
    'sit': Kind(['6in4'], f'type sit {ENDS}', ('ip', 41), plain(b''), six=True),
    'mpls': Kind(['mpls'], '', ('ip', 137), mpls),
}


class Forwarder:
    """One end that is made here: a thread that carries packets between the interface and the other end."""

    def __init__(self, host, device, kind, here, there):
        way, number = kind.transport
        self.kind = kind
        self.there = (there, number if way == 'udp' else 0)
        self.strip = 20 if way == 'ip' else 0  # raw sockets give the IP header, too
        with wire.inside(host.netns):
            self.socket = socket.socket(socket.AF_INET, *((socket.SOCK_DGRAM, 0) if way == 'udp' else
                                                          (socket.SOCK_RAW, number)))
            self.socket.bind((here, self.there[1]))
        self.tun = wire.tun(host.netns, device, kind.tap)
        self.stop, self.stopping = os.pipe()
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()

    def forward(self):
        while True:
            ready, _, _ = select.select([self.socket, self.tun, self.stop], [], [])
            if self.stop in ready:
                return
            try:
                if self.tun in ready:
                    packet = os.read(self.tun, 65536)
                    self.socket.sendto(self.kind.header(packet) + packet, self.there)
                if self.socket in ready:
                    data, sender = self.socket.recvfrom(65536)
                    packet = data[self.strip + len(self.kind.header(b'\x45')):]
                    if sender[0] == self.there[0] and packet:
                        os.write(self.tun, packet)
            except OSError:
                pass  # an interface that is not up yet: networks lose packets

    def close(self):
        os.write(self.stopping, b'x')
        self.thread.join()
        for fd in (self.tun, self.stop, self.stopping):
            os.close(fd)
        self.socket.close()


class Tunnel:
    """with Tunnel(kind, (host, its address, its address inside), (host, ...)) as t: t.why is why the kernel did not
    make it, or ''. Within another tunnel it needs a device of another name, and is smaller."""

    def __init__(self, name, near, far, device='inner0', mtu=MTU):
        self.kind, self.ends, self.device, self.mtu = KINDS[name], (near, far), device, mtu
        self.forwarders, self.made = [], []
        self.why = ''

    def by_kernel(self):
        if not self.kind.kernel:
            return 'Linux has no interfaces of this kind, only routes'
        for (host, here, _), (_, there, _) in zip(self.ends, reversed(self.ends)):
            arguments = self.kind.kernel.format(here=here, there=there).split()
            if 'fou' in arguments:
                host.run('ip', 'fou', 'add', 'port', '4754', 'ipproto', '47')
            made = host.run('ip', 'link', 'add', self.device, *arguments)
            if made.returncode:
                return made.stderr.strip()
            self.made.append(host)
        return ''

    def __enter__(self):
        self.why = self.by_kernel()
        if self.why:
            self.remove()
            for (host, here, _), (_, there, _) in zip(self.ends, reversed(self.ends)):
                self.forwarders.append(Forwarder(host, self.device, self.kind, here, there))
        for host, _, inside in self.ends:
            host.sysctl(f'net.ipv6.conf.{self.device}.accept_dad', 0)
            host.sysctl(f'net.ipv6.conf.{self.device}.router_solicitations', 0)
            run('ip', '-n', host.netns, 'link', 'set', self.device, 'mtu', self.mtu, 'up')
            host.address(inside, device=self.device)
        return self

    def remove(self):
        for host in self.made:
            host.run('ip', 'link', 'del', self.device)
        self.made = []

    def __exit__(self, *_):
        for f in self.forwarders:
            f.close()
        self.remove()
        for host, _, _ in self.ends:
            host.run('ip', 'fou', 'del', 'port', '4754')
