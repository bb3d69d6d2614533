#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpora of fuzz_dns, fuzz_tls, fuzz_dtls and fuzz_sslv2 beside this file: one small message for each rule."""
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent / 'corpus'
ROOT = b'\0'


def name(text, tail=ROOT):
    return b''.join(bytes([len(label)]) + label.encode() for label in text.split('.')) + tail


def pointer(target):
    return struct.pack('!H', 0xc000 | target)


def dns(flags, questions=(), answers=(), authority=(), additional=()):
    sections = [questions, answers, authority, additional]
    return struct.pack('!6H', 0x4242, flags, *map(len, sections)) + b''.join(b''.join(s) for s in sections)


def question(owner, kind, qclass=1):
    return owner + struct.pack('!HH', kind, qclass)


def record(owner, kind, rdata, rclass=1, ttl=300):
    return owner + struct.pack('!HHIH', kind, rclass, ttl, len(rdata)) + rdata


def param(key, value):
    return struct.pack('!HH', key, len(value)) + value


def dns_seeds():
    www = question(name('WWW.Example.com'), 1)
    opt = record(ROOT, 41, b'', 1232, 0)
    soa = name('ns', pointer(16)) + name('root', pointer(16)) + bytes(20)
    yield 'query', dns(0x0100, [www], additional=[opt])
    yield 'chain', dns(0x8180, [www], [record(pointer(12), 5, name('cdn', pointer(16))),
                                       record(pointer(12), 1, bytes([192, 0, 2, 1])),
                                       record(pointer(12), 28, bytes(16))])
    yield 'nxdomain', dns(0x8183, [www], authority=[record(pointer(16), 6, soa)])
    yield 'targets', dns(0x8400, [], [record(name('a.b'), 2, name('ns.b')), record(name('a.b'), 15, b'\0\1' + name('mx.b')),
                                      record(name('a.b'), 33, b'\0\0\0\0\0\x35' + name('srv.b')),
                                      record(name('a.b'), 39, name('d.b')), record(name('a.b'), 12, ROOT)])
    yield 'https', dns(0x8180, [question(name('h.test'), 65)],
                       [record(pointer(12), 65, b'\0\1' + ROOT + param(1, b'\2h2') + param(4, bytes(8)) + param(6, bytes(16))),
                        record(pointer(12), 64, b'\0\0' + name('pool.test'))])
    yield 'mdns', dns(0, [question(name('_a._tcp.local'), 12, 0x8001), question(name('b', pointer(12)), 255)],
                      [record(pointer(12), 12, name('office printer', pointer(12)))])
    yield 'update', dns(5 << 11, [question(name('z'), 6)], [record(pointer(12), 1, b'', 255, 0)],
                        [record(pointer(12), 1, bytes(4), 1)])
    yield 'odd', dns(0, [question(b'\4.\\\0\xff' + ROOT, 300)])
    yield 'loop', dns(0, [question(pointer(12), 1)])
    yield 'forward', dns(0, [question(pointer(18), 1), question(name('x'), 1)])
    yield 'short_address', dns(0x8180, [www], [record(pointer(12), 1, b'\1\2'), record(pointer(12), 1, bytes(4))])
    yield 'promises', dns(0x8180, [www], [record(pointer(12), 1, bytes(4))])[:-9]


def vector(width, body):
    return len(body).to_bytes(width, 'big') + body


def extension(kind, body):
    return struct.pack('!H', kind) + vector(2, body)


def sni(*names):
    return extension(0, vector(2, b''.join(b'\0' + vector(2, n) for n in names)))


def hello(*extensions):
    body = b'\3\3' + bytes(range(32)) + vector(1, b'sess') + vector(2, b'\x13\1\x13\2') + vector(1, b'\0')
    return b'\1' + vector(3, body + (vector(2, b''.join(extensions)) if extensions else b''))


def records(message, size=16384):
    return b''.join(b'\x16\3\1' + vector(2, message[i:i + size]) for i in range(0, len(message), size))


def tls_seeds():
    alpn = extension(16, vector(2, vector(1, b'h2') + vector(1, b'http/1.1')))
    full = hello(extension(0x0a0a, b''), sni(b'WWW.Example.com'), alpn, extension(0xfe0d, bytes(4)))
    yield 'hello', records(full)
    yield 'records', records(full, 40)
    yield 'single_bytes', records(hello(sni(b'a')), 1)
    yield 'no_name', records(hello(alpn))
    yield 'no_extensions', records(hello())
    yield 'two_names', records(hello(sni(b'a.test.', b'\xff\0,'), sni(b'b')))
    yield 'bad_list', records(hello(extension(16, b'\0\x09\2h2'), sni(b'a.test')))
    yield 'alert', records(full, 60)[:65] + b'\x15\3\1\0\2\1\0'
    yield 'cut', records(full)[:90]
    yield 'server', b'\x16\3\3\0\4\2\0\0\0'
    yield 'fingerprint', records(hello(sni(b'a.test'), alpn, *FINGERPRINTED))
    yield 'odd_fingerprint', records(hello(extension(16, vector(2, vector(1, b'\xffX'))), extension(10, b'\0\1\0'),
                                           extension(43, b'\2\x7f\x1c'), extension(43, b'\2\3\4')))


# supported_groups, ec_point_formats, signature_algorithms and supported_versions, with GREASE (RFC 8701)
FINGERPRINTED = [extension(10, vector(2, bytes.fromhex('1a1a001d0017'))), extension(11, b'\1\0'),
                 extension(13, vector(2, bytes.fromhex('04032a2a0804'))), extension(43, b'\6\x0a\x0a\3\4\3\3')]


def dtls_hello(cookie):
    body = b'\xfe\xfd' + bytes(range(32)) + vector(1, b'') + vector(1, cookie) + vector(2, b'\xc0\x2b') + vector(1, b'\0')
    return body + vector(2, sni(b'A.test') + b''.join(FINGERPRINTED))


def fragments(body, size):
    for at in range(0, len(body), size):
        part = body[at:at + size]
        yield b'\1' + len(body).to_bytes(3, 'big') + b'\0\0' + at.to_bytes(3, 'big') + vector(3, part)


def dtls_record(content, epoch=0):
    return b'\x16\xfe\xff' + struct.pack('!H', epoch) + bytes(6) + vector(2, content)


def dtls_seeds():
    """Each datagram behind its length, as fuzz_dtls reads them."""
    whole = dtls_hello(b'cookie')
    parts = list(fragments(whole, 60))
    yield 'hello', vector(2, dtls_record(next(fragments(whole, 999))))
    yield 'no_cookie', vector(2, dtls_record(next(fragments(dtls_hello(b''), 999))))
    yield 'one_record', vector(2, dtls_record(b''.join(parts)))
    yield 'records', vector(2, b''.join(map(dtls_record, parts)))
    yield 'datagrams', b''.join(vector(2, dtls_record(p)) for p in reversed(parts))
    yield 'lost', b''.join(vector(2, dtls_record(p)) for p in parts[:2])
    yield 'encrypted', vector(2, dtls_record(parts[0]) + dtls_record(parts[1], 1))


def sslv2_seeds():
    yield 'hello', vector(2, b'\1\3\1' + b'\0\6\0\0\0\x10' + bytes(6 + 16)).replace(b'\0', b'\x80', 1)
    yield 'version_two', vector(2, b'\1\0\2' + b'\0\3\0\x10\0\x20' + bytes(3 + 16 + 32)).replace(b'\0', b'\x80', 1)


for folder, seeds in (('dns', dns_seeds()), ('tls', tls_seeds()), ('dtls', dtls_seeds()), ('sslv2', sslv2_seeds())):
    (HERE / folder).mkdir(parents=True, exist_ok=True)
    for title, content in seeds:
        (HERE / folder / title).write_bytes(content)
