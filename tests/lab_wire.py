# SPDX-License-Identifier: BSD-2-Clause
"""Packets made by hand, and raw sockets in other network namespaces, for tests that need a packet to be exactly so."""
import contextlib
import ctypes
import fcntl
import ipaddress
import os
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
SYN, PUSH_ACK = 2, 24
TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454ca, 1, 2, 0x1000


@contextlib.contextmanager
def inside(netns):
    """This thread is in that namespace meanwhile; sockets opened there stay there."""
    with open('/proc/thread-self/ns/net', encoding='utf-8') as home, \
         open(f'/run/netns/{netns}', encoding='utf-8') as there:
        if LIBC.setns(there.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), 'setns')
        try:
            yield
        finally:
            LIBC.setns(home.fileno(), 0)


def packet_socket(netns, device):
    """Sends and receives whole frames."""
    with inside(netns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind((device, 0))
        return s


def tun(netns, name, tap=False):
    """A new interface, without Ethernet or with; what is written to the descriptor arrives there."""
    with inside(netns):
        fd = os.open('/dev/net/tun', os.O_RDWR)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), (IFF_TAP if tap else IFF_TUN) | IFF_NO_PI))
        return fd


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(protocol, src, dst, payload):
    ends = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), 1, 0x4000, 64, protocol, 0) + ends
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload


def sealed(protocol, src, dst, segment, at):
    """The segment with its checksum (RFC 768, RFC 9293) at that offset."""
    ends = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
    total = checksum(ends + struct.pack('>HH', protocol, len(segment)) + segment)
    return ipv4(protocol, src, dst, segment[:at] + struct.pack('>H', total) + segment[at + 2:])


def udp(src, sport, dst, dport, payload):
    return sealed(17, src, dst, struct.pack('>HHHH', sport, dport, 8 + len(payload), 0) + payload, 6)


def tcp(src, sport, dst, dport, payload, seq=1, ack=1, flags=PUSH_ACK):
    return sealed(6, src, dst, struct.pack('>HHIIBBHHH', sport, dport, seq, ack, 0x50, flags, 1024, 0, 0) + payload, 16)


def ethernet(packet):
    """To everybody: nobody's address matters."""
    return b'\xff' * 6 + b'\x02\x00\x5e\x10\xff\x01' + b'\x08\x00' + packet


def query(name, number=1):
    labels = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.'))
    return struct.pack('>6H', number, 256, 1, 0, 0, 0) + labels + b'\0\0\1\0\1'


def hello(name):
    """The smallest ClientHello (RFC 8446, 4.1.2) with a server_name (RFC 6066, 3), in its record."""
    host = name.encode()
    names = struct.pack('>HHHBH', 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    body = b'\3\3' + bytes(range(32)) + b'\0' + b'\0\2\x13\1' + b'\1\0' + struct.pack('>H', len(names)) + names
    message = b'\1' + struct.pack('>I', len(body))[1:] + body
    return b'\x16\3\1' + struct.pack('>H', len(message)) + message
