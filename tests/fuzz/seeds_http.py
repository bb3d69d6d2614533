#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_http beside this file: one small message for each rule."""
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


for folder, seeds in (('http', http_seeds()),):
    (HERE / folder).mkdir(parents=True, exist_ok=True)
    for title, content in seeds:
        (HERE / folder / title).write_bytes(content)
