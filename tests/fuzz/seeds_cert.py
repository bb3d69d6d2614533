#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpora of fuzz_x509 and fuzz_tls_server beside this file: one small message for each rule."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'golden'))
from certificates import (address, attribute, certificate, certificate_message, der, dns, extension,  # noqa: E402
                          handshake, server_hello)


def x509_seeds():
    names = dns('www.example.com') + dns('*.Example.com.')
    yield 'names', certificate(attribute('Www.example.com'), names)
    yield 'version1', certificate(attribute('host.example', 0x13))
    yield 'strings', certificate(b''.join(attribute(name, tag) for name, tag in [
        ('a.b', 0x14), ('1.2', 0x12), ('c.d', 0x16), (b'\0e\0f', 0x1e), (b'\0\0\0g', 0x1c)]))
    yield 'kinds', certificate(b'', der(0x81, b'a@b.example') + address('192.0.2.1') + der(0x88, b'\x2a\3') +
                               address('2001:db8::1') + der(0xa0, b'\6\3\x55\4\3\xa0\4\x0c\2hi') + dns('c'))
    yield 'two_extensions', certificate(b'', dns('one'), extension(17, der(0x30, dns('two')), b''))
    yield 'odd_names', certificate(attribute('A Person'), dns(b'a\0b') + dns(b'') + dns(b'\xff.c') + dns('.'))
    yield 'once', certificate(attribute('a.b') * 3, dns('A.b.') * 3 + dns('c') * 2)
    yield 'constructed', certificate(b'', der(0xa2, der(0x16, b'a.b')) + dns('c'))
    yield 'indefinite', b'\x30\x80' + certificate(attribute('a.b'))[2:] + b'\0\0'
    yield 'list_passes', certificate(b'', None, extension(17, b'\x30\x20' + dns('a.b')))
    yield 'cut', certificate(attribute('a.b'), names)[:-60]


def flight(*certificates, hello=server_hello(0x0303)):
    return hello + certificate_message(*certificates)


def server_seeds():
    leaf = certificate(attribute('www.example.com'), dns('*.example.com') + dns('www.example.com'))
    authority = certificate(attribute('An Authority'))
    yield 'flight', b'\3' + flight(leaf, authority, authority) + handshake(14, b'')
    yield 'no_digests', b'\x20' + flight(leaf, authority)
    yield 'midstream', b'\x43' + certificate_message(leaf, authority)
    yield 'client', b'\7' + certificate_message(leaf) + handshake(16, bytes(20))
    yield 'tls13', b'\0' + server_hello(0x0303, 0x0304) + certificate_message(leaf)
    yield 'draft', b'\0' + server_hello(0x0303, 0x7f1c)
    yield 'resumed', b'\0' + server_hello(0x0301) + handshake(20, bytes(12))
    yield 'supplemental', b'\1' + server_hello(0x0302) + handshake(23, bytes(9)) + certificate_message(leaf)
    yield 'empty', b'\1' + flight()
    yield 'empty_first', b'\3' + flight(b'', leaf)
    yield 'cut', b'\3' + flight(leaf, authority)[:-70]
    yield 'list_passes', b'\3' + flight(leaf).replace((len(leaf) + 3).to_bytes(3, 'big'), b'\0\xff\xff')


for folder, seeds in (('x509', x509_seeds()), ('tls_server', server_seeds())):
    (HERE / 'corpus' / folder).mkdir(parents=True, exist_ok=True)
    for title, content in seeds:
        (HERE / 'corpus' / folder / title).write_bytes(content)
