#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_quic beside this file: the first byte of each is what fuzz_quic.c makes of it."""
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'golden'))
import packets  # noqa: E402
import quic  # noqa: E402

DATAGRAM, CUT, FRAMES, FRAMES_CUT, GOOGLE, GOOGLE_HELLO = (bytes([i]) for i in range(6))
DCID = bytes.fromhex('8394c8f03e515708')


def chlo(name):
    tags, values = b'', b''
    for tag, value in ((b'PAD\0', b'-' * 8), (b'SNI\0', name), (b'VER\0', b'Q043')):
        values += value
        tags += tag + struct.pack('<I', len(values))
    return b'CHLO' + struct.pack('<HH', 3, 0) + tags + values


def seeds():
    hello = quic.handshake(packets.hello('www.example.com'))
    one = quic.crypto(0, hello)
    parts = quic.PING + quic.crypto(90, hello[90:]) + bytes(20) + quic.ACK + quic.crypto(0, hello[:90])
    for title, version in (('v1', quic.V1), ('v2', quic.V2), ('draft29', quic.DRAFT_29)):
        yield title, DATAGRAM + quic.initial(one, DCID, version, size=300)
    yield 'coalesced', DATAGRAM + quic.other(quic.ZERO_RTT, DCID) + quic.initial(parts, DCID, size=0) + \
        quic.other(quic.HANDSHAKE, DCID) + quic.initial(one, DCID, size=0) + b'\x43short'
    yield 'token', CUT + quic.initial(one, DCID, scid=b'scid', token=b'token' * 20, number=7, size=300)[:200]
    yield 'retry', DATAGRAM + quic.retry(DCID, b'new', b'token')
    yield 'negotiation', DATAGRAM + quic.negotiation(DCID, b'server', (1, quic.V2))
    yield 'reserved', DATAGRAM + quic.other(quic.INITIAL, DCID, 0x1a2a3a4a)
    yield 'frames', FRAMES + parts
    yield 'frames_cut', FRAMES_CUT + one + bytes(60)
    yield 'frames_bad', FRAMES + quic.crypto(0, hello[:10]) + b'\x1c\1\6\5close\x07\0'
    clear = b'\xa0\1' + struct.pack('>H', len(chlo(b'a.test'))) + chlo(b'a.test') + bytes(30)
    yield 'google', GOOGLE + b'\x09connid-8Q043\1' + bytes(12) + clear
    yield 'google_long', GOOGLE + b'\xc3Q046\x50connid-8\0\0\0\1' + bytes(12) + clear
    yield 'google_hello', GOOGLE_HELLO + chlo(b'WWW.example.com')
    yield 'tls_hello', GOOGLE_HELLO + hello


for title, content in seeds():
    folder = HERE / 'corpus' / 'quic'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / title).write_bytes(content)
