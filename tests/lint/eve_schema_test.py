#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The checker of events refuses what it must: a schema that takes everything would make all tests pass."""
import copy
import json
import sys

import eve_schema
from tap import Tap, skip_all

WHERE = {'flow_id': 1, 'src_ip': '10.0.0.5', 'src_port': 1, 'dest_ip': '2001:db8::1', 'dest_port': 443, 'proto': 'TCP'}
TIME = '2021-07-18T10:00:00.123456+0000'
SEEN = dict.fromkeys(('flows', 'sni', 'quic', 'http', 'other', 'dns_address', 'outer', 'nameless', 'dns', 'encrypted_dns'), 0)
GOOD = {
    'alert': {
        'timestamp': TIME, 'event_type': 'alert', **WHERE,
        'alert': {'action': 'allowed', 'gid': 2107, 'signature_id': 1, 'rev': 1, 'signature': 's', 'category': 'c',
                  'severity': 1},
        'ioc': {'type': 'domain', 'value': 'x.example', 'tier': 'c2', 'match': 'below', 'via': 'tls-sni',
                'observed': 'a.x.example', 'campaigns': ['p'], 'source': '', 'sources': [], 'reference': '', 'feed': 'f', 'line': 0,
                'hosting': ''},
        'incident': {'id': '0123456789abcdef', 'why': 'new', 'stage': 'queried', 'first_seen': TIME, 'last_seen': TIME,
                     'count': 1, 'bytes_out': 0, 'bytes_in': 0}},
    'observation': {'timestamp': TIME, 'event_type': 'observation', **WHERE, 'via': 'dns-query', 'name': 'x'},
    'engine': {'timestamp': TIME, 'event_type': 'engine', 'engine': {'kind': 'worker-died', 'text': 't'}},
    'stats': {'timestamp': TIME, 'event_type': 'stats', 'stats': {'capture': {'packets': 1}},
              'visibility': {'clients': [{'ip': '10.0.0.1', **SEEN}], 'others': SEEN}},
}
GOOD['blocked'] = {**GOOD['alert'], 'dns': {'blocked': 'nxdomain', 'blocked_by': '10.0.0.1'}}
GOOD['aged'] = {**GOOD['alert'], 'alert': {**GOOD['alert']['alert'], 'severity': 3},
                'ioc': {**GOOD['alert']['ioc'], 'valid_from': '2018-08-01', 'aged': True, 'age_days': 9, 'trust': 'low'}}
# what, event, path of the key, value that it must not have (None: it is taken away)
BAD = [
    ('unknown type', 'engine', ['event_type'], 'dns'),
    ('local time', 'engine', ['timestamp'], '2021-07-18T10:00:00.123456+0200'),
    ('no time', 'engine', ['timestamp'], None),
    ('engine without text', 'engine', ['engine', 'text'], None),
    ('port as text', 'alert', ['src_port'], '1'),
    ('one port', 'alert', ['src_port'], None),
    ('name as address', 'alert', ['dest_ip'], 'x.example'),
    ('severity 4', 'alert', ['alert', 'severity'], 4),
    ('signature id 0', 'alert', ['alert', 'signature_id'], 0),
    ('campaigns as text', 'alert', ['ioc', 'campaigns'], 'p'),
    ('an exception', 'alert', ['ioc', 'type'], 'exception'),
    ('source as list', 'alert', ['ioc', 'source'], ['p']),
    ('sources as text', 'alert', ['ioc', 'sources'], 'p'),
    ('no sources', 'alert', ['ioc', 'sources'], None),
    ('a date with time', 'alert', ['ioc', 'valid_from'], TIME),
    ('aged, but not since when', 'alert', ['ioc', 'aged'], True),
    ('not aged', 'alert', ['ioc', 'aged'], False),
    ('full trust', 'alert', ['ioc', 'trust'], 'full'),
    ('blocked by nobody', 'alert', ['dns'], {'blocked': 'sinkhole'}),
    ('blocked somehow', 'alert', ['dns'], {'blocked': 'yes', 'blocked_by': '10.0.0.1'}),
    ('blocked, and reached', 'blocked', ['incident', 'stage'], 'connected'),
    ('blocked, and no alert', 'observation', ['dns'], {'blocked': 'nxdomain', 'blocked_by': '10.0.0.1'}),
    ('aged, and severe', 'aged', ['alert', 'severity'], 2),
    ('no match', 'alert', ['ioc', 'match'], 'none'),
    ('incident without id', 'alert', ['incident', 'id'], None),
    ('count 0', 'alert', ['incident', 'count'], 0),
    ('unknown stage', 'alert', ['incident', 'stage'], 'infected'),
    ('alert without ioc', 'alert', ['ioc'], None),
    ('observation without value', 'observation', ['name'], None),
    ('observation with two values', 'observation', ['ip'], '10.0.0.1'),
    ('observation as alert', 'observation', ['alert'], GOOD['alert']['alert']),
    ('ech as text', 'observation', ['ech'], 'true'),
    ('vlan as number', 'observation', ['vlan'], 5),
    ('tunnel without depth', 'observation', ['tunnel'], {'kind': 'ipip', 'src_ip': '::1', 'dest_ip': '::1'}),
    ('flat stats', 'stats', ['stats', 'packets'], 1),
    ('stats without visibility', 'stats', ['visibility'], None),
    ('a client without address', 'stats', ['visibility', 'clients'], [SEEN]),
    ('a client without counts', 'stats', ['visibility', 'clients'], [{'ip': '10.0.0.1'}]),
    ('a count below 0', 'stats', ['visibility', 'others', 'sni'], -1),
]
RAW = [
    ('no JSON', b'{"timestamp":\n'),
    ('no newline', b'{}'),
    ('not UTF-8', b'"\xff"\n'),
    ('a control character', b'"\x1b"\n'),
    ('a C1 control', '"\u0085"\n'.encode()),
    ('a key twice', b'{"a":1,"a":2}\n'),
    ('no number', b'{"a":NaN}\n'),
    ('an empty line', b'\n'),
]


def main():
    if eve_schema.jsonschema is None:
        skip_all('no python3-jsonschema')
    tap = Tap()
    for name, event in GOOD.items():
        event = {**event, 'some_new_key': {'a': [1]}}
        found = list(eve_schema.problems(json.dumps(event).encode() + b'\n'))
        tap.ok(not found, f'accepts: {name}', str(found))
    for what, name, path, value in BAD:
        event = at = copy.deepcopy(GOOD[name])
        for key in path[:-1]:
            at = at[key]
        if value is None:
            del at[path[-1]]
        else:
            at[path[-1]] = value
        tap.ok(list(eve_schema.problems(json.dumps(event).encode() + b'\n')), f'refuses: {what}')
    for what, data in RAW:
        tap.ok(list(eve_schema.problems(data)), f'refuses: {what}')
    return tap.done()


sys.exit(main())
