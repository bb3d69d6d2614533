# SPDX-License-Identifier: BSD-2-Clause
"""Certificates (RFC 5280) and the handshake messages up to TLS 1.2 that carry them (RFC 5246 §7.4), byte by byte;
their keys and signatures are none."""
import hashlib
import ipaddress
import struct

ALGORITHM = bytes.fromhex('06082a8648ce3d040302')


def der(tag, *content):
    body = b''.join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, 'big') + body


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


def attribute(value, tag=0x0c, kind=3):
    """Of a Name, in a set of its own; `kind`: the last octet of 2.5.4, 3 is the common name."""
    return der(0x31, der(0x30, der(6, bytes([0x55, 4, kind])), der(tag, octets(value))))


def dns(name):
    """A dNSName of subjectAltName."""
    return der(0x82, octets(name))


def address(text):
    return der(0x87, ipaddress.ip_address(text).packed)


def extension(kind, value, critical=der(1, b'\xff')):
    """`kind`: the last octet of 2.5.29."""
    return der(0x30, der(6, bytes([0x55, 0x1d, kind])), critical, der(4, value))


def certificate(subject=b'', alt_names=None, *extensions, key=b'\0key'):
    """Without names and extensions it is one of version 1."""
    more = b''.join(extensions)
    if alt_names is not None:
        more = extension(15, der(3, b'\5\xa0')) + extension(17, der(0x30, alt_names)) + more
    tbs = der(0xa0, der(2, b'\2')) if more else b''
    tbs += der(2, b'\1') + der(0x30, ALGORITHM) + der(0x30, attribute('Test', kind=10))
    tbs += der(0x30, der(0x17, b'210718000000Z'), der(0x17, b'310718000000Z'))
    tbs += der(0x30, subject) + der(0x30, der(0x30, ALGORITHM), der(3, key))
    tbs += der(0xa3, der(0x30, more)) if more else b''
    return der(0x30, der(0x30, tbs), der(0x30, ALGORITHM), der(3, b'\0signature'))


def handshake(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, 'big') + body


def server_hello(version=0x0303, supported=None, seed=''):
    """`supported`: of supported_versions."""
    extensions = b'\xff\1\0\1\0'
    if supported:
        extensions += struct.pack('>HHH', 43, 2, supported)
    return handshake(2, struct.pack('>H', version) + hashlib.sha256(f'server {seed}'.encode()).digest() +
                     b'\0\xc0\x2f\0' + struct.pack('>H', len(extensions)) + extensions)


def certificate_message(*certificates):
    whole = b''.join(len(c).to_bytes(3, 'big') + c for c in certificates)
    return handshake(11, len(whole).to_bytes(3, 'big') + whole)
