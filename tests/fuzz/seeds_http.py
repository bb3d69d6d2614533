#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpora of fuzz_http and fuzz_h2c beside this file: one small message for each rule."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent / 'corpus'


def request(*fields, line='GET / HTTP/1.1', end='\r\n', body=''):
    return end.join([line, *fields, '', body]).encode('latin-1')


def response(*fields, status='302 Found', body=''):
    return request(*fields, line=f'HTTP/1.1 {status}', body=body)


def http_seeds():
    yield 'host', request('User-Agent: x', 'Host: WWW.Example.com:8080', 'Accept: */*')
    yield 'bare_lf', request('host :a.test', end='\n')
    yield 'two_hosts', request('Host: a.test', 'HOST: [2001:db8::1]:80', 'Host: A.test.')
    yield 'absolute', request('Host: b.test', line='GET http://u:p@a.test:80/x HTTP/1.0')
    yield 'connect', request('Host: a.test:443', line='CONNECT a.test:443 HTTP/1.1')
    yield 'fold', request('X: 1', ' Host: no', 'Host:', '\ta.test', ' b.test')
    yield 'no_version', request('Host: a.test', line='GET /x')
    yield 'empty_lines', b'\r\n\n' + request('Host: a.test', line='patch * HTTP/1.1')
    yield 'pipelined', request('Host: a.test') + request('Host: b.test')
    yield 'length', request('Host: a.test', 'Content-Length: 5', line='POST /p HTTP/1.1', body='12345' + 'GET')
    yield 'chunked', request('Transfer-Encoding: gzip, chunked', line='PUT ? HTTP/1.1',
                             body='3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n' + 'GET')
    yield 'smuggled', request('Content-Length: 5', 'Transfer-Encoding: chunked', 'Content-Length: 6', body='0\r\n\r\n')
    yield 'location', response('Location: https://A.test/x', 'Content-Length: 0')
    yield 'refresh', response('Refresh: 0; URL = "http://a.test/"', 'Location: //b.test', status='200')
    yield 'alternative', response('Alt-Svc: h3=":443"; ma=1, h2="a.test:443"', status='304 x')
    yield 'odd', request('Host: \x00\xff\\"', 'nothing', ':', ' :x')
    yield 'rtsp', request('Host: a.test', line='OPTIONS rtsp://a.test RTSP/1.0')


def frame(kind, flags, payload):
    return len(payload).to_bytes(3, 'big') + bytes([kind, flags, 0, 0, 0, 1]) + payload


WWW = bytes.fromhex('418cf1e3c2e5f23a6ba0ab90f4ff')  # RFC 7541 C.4.1: `:authority: www.example.com`


def h2c_seeds():
    yield 'block', b'\x82\x86\x84' + WWW + b'\x66\x06b.test\x40\x01x\x01y\xbe\x10\x01z\x00'
    yield 'table', b'\x20\x3f\xe1\x1f' + WWW + b'\xbe\x7f\x00\x01c\xbf\x40\x83\x9c\xe8\x4f\x01h\xbe'
    yield 'mistakes', b'\x01\x84\xff\xff\xff\xff\x80\xff\xff\xff\xff\x1f'
    yield 'headers', frame(2, 0, bytes(5)) + frame(1, 4, WWW)
    yield 'padded', frame(8, 0, bytes(4)) + frame(1, 0x2c, b'\3' + bytes(5) + WWW + bytes(3))
    yield 'continued', frame(1, 0, WWW[:5]) + frame(9, 0, b'') + frame(9, 4, WWW[5:])
    yield 'interrupted', frame(1, 0, WWW) + frame(0, 1, b'x')


for folder, seeds in (('http', http_seeds()), ('h2c', h2c_seeds())):
    (HERE / folder).mkdir(parents=True, exist_ok=True)
    for title, content in seeds:
        (HERE / folder / title).write_bytes(content)
