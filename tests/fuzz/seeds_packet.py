#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes seeds of fuzz_decode beside this file: a packet in each tunnel, over each link."""
import pathlib
import re
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'golden'))
import tunnels  # noqa: E402
from packets import ethernet, ip, question, udp  # noqa: E402

LINKS = [int(n) for n in re.search(r'links\[\] = \{([^}]*)\}', (HERE / 'fuzz_decode.c').read_text()).group(1).split(',')]


def packet(six=False, src='192.168.1.9', dst='192.0.2.53'):
    if six:
        src, dst = 'fd00:1::9', '2001:db8::53'
    return ip(src, dst, 17, udp((src, 4000), (dst, 53), question(7, 'a.example')), ident=7)


def seed(*frames):
    """(link type, frame) as the target reads them."""
    return b''.join(struct.pack('!BBH', LINKS.index(linktype), 0, len(frame)) + frame for linktype, frame in frames)


def pieces():
    """A frame in two datagrams of CAPWAP."""
    frame = ethernet(packet())
    for flags, part, at in ((0x80, frame[:32], 0), (0xc0, frame[32:], 32)):
        head = bytes([0, 0x10, 2, flags]) + struct.pack('!HH', 5, at)
        yield 1, ethernet(ip('192.0.2.1', '192.0.2.2', 17, udp(('192.0.2.1', 5247), ('192.0.2.2', 5247), head + part)))


def others():
    four, six = packet(), packet(True)
    wlan = tunnels.wlan(four)
    yield 'ppp', seed((9, b'\xff\3' + tunnels.ppp(four)), (50, b'\x0f\0\x86\xdd' + six), (51, tunnels.pppoe(four) + four),
                      (204, b'\1' + tunnels.ppp(six)), (104, b'\x0f\0\x08\0' + four), (9, b'\0\x3d\xc0\0\0\1' + tunnels.ppp(four)))
    yield 'wlan', seed((105, wlan), (127, tunnels.radiotap(four)), (163, bytes.fromhex('8021100200000008') + wlan),
                       (119, bytes.fromhex('4400000008000000') + wlan), (192, bytes.fromhex('0000080069000000') + wlan))
    yield 'wan', seed((107, b'\x18\x41\3\xcc' + four), (107, bytes.fromhex('1841030080000080c20007') + ethernet(six)),
                      (100, tunnels.snap(four)), (123, b'\2\0\0\5' + tunnels.snap(six)), (10, b'\x50' + bytes(12) + tunnels.snap(four)),
                      (6, bytes(14) + tunnels.snap(four)), (129, bytes.fromhex('01020000d4000001') + four),
                      (143, bytes.fromhex('0103003c112233') + b'\0\0' + ethernet(four)))
    yield 'meta', seed((239, bytes.fromhex('02000000' '0500010041000000' '60000900') + four),
                       (117, b'\x3d\2' + bytes(62) + four), (258, struct.pack('<III', 108, 1, 1) + bytes(96) + ethernet(six)),
                       (178, b'MGC\x80\0\2\1\2' + ethernet(four)), (274, b'\x55' * 7 + b'\xd5' + ethernet(four)),
                       (113, bytes.fromhex('0000030a') + bytes(10) + b'\x65\x58' + ethernet(four)),
                       (276, bytes(8) + b'\2\7' + bytes(10) + six))
    yield 'capwap_pieces', seed(*pieces())
    yield 'deep', seed((1, tunnels.in_turn('vxlan', 'gre', 'gtp', 'teredo')(six)), (1, tunnels.in_turn('l2tp', 'erspan3', 'tzsp-wlan')(four)))


def main():
    folder = HERE / 'corpus' / 'decode'
    for name, wrap in [*tunnels.TUNNELS.items(), *tunnels.LINKS.items()]:
        (folder / f'in_{name}').write_bytes(seed(*((1, wrap(packet(six))) for six in (False, True))))
    for name, data in others():
        (folder / f'over_{name}').write_bytes(data)


if __name__ == '__main__':
    main()
