# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels and links around IP packets, byte by byte. Each function takes a packet and gives back the Ethernet frame
that it travels in; the ends of a tunnel turn with the direction."""
import struct

from packets import ethernet, ip, udp

NEAR, FAR = '192.0.2.1', '192.0.2.2'
NEAR6, FAR6 = '2001:db8:ffff::1', '2001:db8:ffff::2'
MACS = bytes.fromhex('020000000001020000000002')
STATION, ACCESS_POINT, ROUTER = bytes.fromhex('020000000011'), bytes.fromhex('020000000022'), bytes.fromhex('020000000033')


def outward(packet):
    """Whether a client sends it."""
    return packet[12:15] == b'\xc0\xa8\x01' if packet[0] >> 4 == 4 else packet[8:12] == b'\xfd\0\0\1'


def kind(packet):
    return 0x86dd if packet[0] >> 4 == 6 else 0x0800


def over(proto, header, inner=lambda packet: packet, near=NEAR, far=FAR):
    """In IP, behind a header that may depend on what follows."""
    def wrap(packet, ident=0):
        ends = (near, far) if outward(packet) else (far, near)
        head = header(packet) if callable(header) else header
        return ethernet(ip(*ends, proto, head + inner(packet), ident=ident))
    return wrap


def over_udp(port, header, inner=lambda packet: packet, source=None, either=False, mirror=False):
    """In UDP to this port; `source`: of the client's end, else a hash as the standards want it. `either`: the far
    end answers from its port. `mirror`: both directions come from one end."""
    def wrap(packet, ident=0):
        out = outward(packet) or mirror
        ends = (NEAR, FAR) if out else (FAR, NEAR)
        ports = [source or 49152 + sum(packet[12:20]) % 1000, port]
        if either and not out:
            ports.reverse()
        head = header(packet) if callable(header) else header
        return ethernet(ip(*ends, 17, udp((ends[0], ports[0]), (ends[1], ports[1]), head + inner(packet)), ident=ident))
    return wrap


def link(type_, header, inner=lambda packet: packet):
    """Behind an EtherType."""
    def wrap(packet, ident=0):
        head = header(packet) if callable(header) else header
        return MACS + struct.pack('>H', type_) + head + inner(packet)
    return wrap


def vlan_inside(packet):
    return ethernet(packet, [(0x8100, 77)])


def snap(packet):
    return b'\xaa\xaa\x03\0\0\0' + struct.pack('>H', kind(packet)) + packet


def ppp(packet):
    return struct.pack('>H', 0x57 if packet[0] >> 4 == 6 else 0x21) + packet


def wlan(packet, swapped=False):
    """A QoS data frame to or from an access point."""
    out = outward(packet)
    control = bytes([0x88, 1 if out else 2])
    ends = ACCESS_POINT + STATION + ROUTER if out else STATION + ACCESS_POINT + ROUTER
    return (control[::-1] if swapped else control) + b'\0\0' + ends + b'\x10\0' + b'\0\0' + snap(packet)


def radiotap(packet):
    """With TSFT and flags that say that a checksum ends the frame."""
    return struct.pack('<BBHIQB', 0, 0, 17, 3, 1234567, 0x10) + wlan(packet) + b'\xde\xad\xbe\xef'


def gtp(packet):
    """Sequence number, and the PDU session container (3GPP TS 38.415)."""
    options = b'\0\1\0\x85' + b'\1\0\5\0'
    session = 0x11111111 if outward(packet) else 0x22222222
    return struct.pack('>BBHI', 0x36, 255, len(options) + len(packet), session) + options


def pppoe(packet):
    return struct.pack('>BBHH', 0x11, 0, 7, 2 + len(packet)) + ppp(packet)[:2]


def nsh(packet):
    return struct.pack('>HBBI', 0x0fc2, 2, 3, 0x000001ff)


def l2tp(packet):
    """With all that may be there."""
    body = ppp(packet)
    return struct.pack('>HHHHHHH', 0x4a02, 16 + 2 + len(body), 9, 5 if outward(packet) else 6, 1, 1, 2) + b'\0\0\xff\x03'


def pptp(packet):
    body = ppp(packet)
    return struct.pack('>HHHHII', 0x3081, 0x880b, len(body), 7 if outward(packet) else 8, 1, 1)


GENEVE_OPTIONS = bytes.fromhex('0103 00 02 0000000000000001' '0102 80 01 00000007'.replace(' ', ''))
ERSPAN2 = bytes.fromhex('100088be00000001' '1005001700000009')
ERSPAN3 = bytes.fromhex('100022eb00000001' '200500170102030400000001' '0000000000000000')
LABELS = bytes.fromhex('0001003f' '0002013f')
CAPWAP, CAPWAP_WLAN = bytes.fromhex('0010020000000000'), bytes.fromhex('0020031000000000' '0602000000002200')
TZSP, TZSP_WLAN = bytes.fromhex('01000001' '0a01c4' '01'), bytes.fromhex('01000012' '01')
TEREDO = bytes.fromhex('00010000' '0102030405060708' '00' '0000' 'dead' 'c0000209')
AYIYA = bytes.fromhex('41521129' '60f50000') + bytes(16) + bytes(20)

# {name: (wrap, whether it is for IPv6 packets alone)}
TUNNELS = {
    'vxlan': over_udp(4789, bytes.fromhex('0800000000000700'), vlan_inside),
    'vxlan-aws': over_udp(4789, bytes.fromhex('0800000000123400'), ethernet, mirror=True),
    'vxlan-gpe': over_udp(4790, lambda p: bytes.fromhex('0c00000400000800') + nsh(p), ethernet),
    'geneve': over_udp(6081, lambda p: bytes([len(GENEVE_OPTIONS) // 4]) + bytes.fromhex('40655800000900') + GENEVE_OPTIONS, ethernet),
    'geneve-ip': over_udp(6081, lambda p: struct.pack('>HHI', 0, kind(p), 10 << 8)),
    'nvgre': over(47, bytes.fromhex('2000655800138807'), ethernet),
    'gre': over(47, lambda p: struct.pack('>HHII', 0x3000, kind(p), 1234 if outward(p) else 4321, 1)),
    'gre-checksum': over(47, lambda p: struct.pack('>HHHH', 0x8000, kind(p), 0, 0), near=NEAR6, far=FAR6),
    'gre-bridge': over(47, bytes.fromhex('00006558'), ethernet),
    'pptp': over(47, pptp, ppp),
    'erspan': over(47, bytes.fromhex('000088be'), ethernet),
    'erspan2': over(47, ERSPAN2, ethernet),
    'erspan3': over(47, ERSPAN3, ethernet),
    'gtp': over_udp(2152, gtp, source=2152),
    '4in6': over(4, b'', near=NEAR6, far=FAR6),
    'ipip': over(4, b''),
    '6in4': over(41, b''),
    'teredo': over_udp(3544, TEREDO, source=40001, either=True),
    'ayiya': over_udp(5072, AYIYA, source=40002, either=True),
    'l2tp': over_udp(1701, l2tp, ppp, source=1701),
    'capwap': over_udp(5247, CAPWAP_WLAN, wlan, source=40003, either=True),
    'capwap-swapped': over_udp(5247, CAPWAP_WLAN, lambda p: wlan(p, True), source=40004, either=True),
    'capwap-frame': over_udp(5247, CAPWAP, ethernet, source=40005, either=True),
    'tzsp': over_udp(37008, TZSP, ethernet, source=40006, mirror=True),
    'tzsp-wlan': over_udp(37008, TZSP_WLAN, wlan, source=40007, mirror=True),
    'mpls-ip': over(137, LABELS),
    'etherip': over(97, b'\x30\0', ethernet),
}
LINKS = {
    'mpls': link(0x8847, LABELS),
    'pseudowire': link(0x8847, LABELS, ethernet),
    'pseudowire-word': link(0x8847, LABELS + bytes(4), ethernet),
    'pppoe': link(0x8864, pppoe),
    'nsh': link(0x894f, nsh, ethernet),
    '802.1ah': link(0x88e7, bytes.fromhex('00001234'), ethernet),
    'qinq': lambda p, ident=0: ethernet(p, [(0x9300, 3), (0x9100, 2), (0x88a8, 1), (0x8100, 4)]),
}
SIX_ONLY = {'6in4', 'teredo', 'ayiya'}
FOUR_ONLY = {'4in6', 'ipip'}


def in_turn(*names):
    """The first in the second, and so on; all but the last carry a frame."""
    def wrap(packet, ident=0):
        frame = TUNNELS[names[0]](packet, ident)
        for name in names[1:]:
            frame = TUNNELS[name](frame[14:], ident)
        return frame
    return wrap
