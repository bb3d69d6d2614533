#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Chromium and Firefox, over TCP and over QUIC, and other clients of TLS and HTTP, seen live: every name is alerted
through what showed it, with its fingerprint and the right ends; so is a certificate of a server that speaks TLS 1.2,
by its name and its digest; and a replay of the same packets tells the same. Needs root."""
import pathlib
import sys

from lab import test_in_lab
from lab_bridled import events, replay, seen
from lab_browsers import Certificate, chromium, firefox, refuse, serve_caddy
from lab_live import Daemon, soon

PHONE, PHONE6 = '192.168.1.42', 'fd00:b::42'
# Each visited by one client only, with one address.
NAMES = {
    'chromium-tcp.example.org': '192.0.2.10',
    'chromium-quic.example.org': '2001:db8::11',
    'firefox-tcp.example.org': '2001:db8::12',
    'firefox-quic.example.org': '192.0.2.13',
    'curl.example.net': '198.51.100.20',
    'gnutls.example.net': '2001:db8::21',
    'openssl.example.net': '198.51.100.22',
    'plain.example.net': '198.51.100.23',
    'elsewhere.example.net': '198.51.100.24',
    'front.example.com': '203.0.113.30',
    'digest.example.com': '203.0.113.31',
}
ROOTS = ('example.org', 'example.net', 'example.com')
HIDDEN = 'hidden.example.com'  # what the certificate of front.example.com says, and nobody asks for
QUIET = ('-s', '-k', '-m', '30', '-o', '/dev/null')
PATIENCE = 60
# name: via, port, how its JA4 begins; what browsers send in the place of an Encrypted ClientHello shows as such.
SHOWN = {
    'chromium-tcp.example.org': ('tls-sni', 443, 't13d', True),
    'chromium-quic.example.org': ('quic-sni', 443, 'q13d', True),
    'firefox-tcp.example.org': ('tls-sni', 443, 't13d', True),
    'firefox-quic.example.org': ('quic-sni', 443, 'q13d', True),
    'curl.example.net': ('tls-sni', 443, 't13d', None),
    'gnutls.example.net': ('tls-sni', 443, 't13d', None),
    'openssl.example.net': ('tls-sni', 443, 't12d', None),
    'plain.example.net': ('http-host', 80, None, None),
    'elsewhere.example.net': ('http-location', 80, None, None),
    'front.example.com': ('tls-sni', 8443, 't13d', None),
    HIDDEN: ('tls-cert-name', 8443, None, None),
}


def serve(lab):
    """A certificate for all, and those of the two servers that speak TLS 1.2 only."""
    lab.serve_names({n: [a] for n, a in NAMES.items()})
    public = Certificate(lab, 'public.example.org', *NAMES)
    hidden, digest = Certificate(lab, HIDDEN), Certificate(lab, 'unknown.example.com')
    serve_caddy(lab, [(443, list(NAMES.values()), [], (public, 'tls1.3')),
                      (80, [NAMES['plain.example.net']], ['redir /go https://elsewhere.example.net/there']),
                      (8443, [NAMES['front.example.com']], [], (hidden, 'tls1.2')),
                      (8444, [NAMES['digest.example.com']], [], (digest, 'tls1.2'))])
    return public, hidden, digest


def browse(tap, phone, public):
    for name in ('chromium-quic.example.org', 'firefox-quic.example.org'):
        refuse(phone, 'tcp', NAMES[name])
    for name in ('chromium-tcp.example.org', 'firefox-tcp.example.org'):
        refuse(phone, 'udp', NAMES[name])
    chromium(phone, 'chromium-tcp.example.org', public)
    chromium(phone, 'chromium-quic.example.org', public, quic=True)
    tap.ok(firefox(phone, 'firefox-tcp.example.org', public), 'Firefox showed the page that came over TCP')
    tap.ok(firefox(phone, 'firefox-quic.example.org', public, quic=True), 'Firefox showed the page that came over QUIC')


def fetch(phone):
    phone.run('curl', *QUIET, 'https://curl.example.net/')
    phone.run('gnutls-cli', '--insecure', 'gnutls.example.net')
    phone.run('openssl', 's_client', '-tls1_2', '-connect', f"{NAMES['openssl.example.net']}:443", '-servername',
              'openssl.example.net')
    phone.run('curl', *QUIET, 'http://plain.example.net/go')
    phone.run('curl', *QUIET, 'https://front.example.com:8443/')
    phone.run('curl', *QUIET, 'https://digest.example.com:8444/')


def observed(d, name, via):
    return [e for e in d.events() if e['event_type'] == 'observation' and (e.get('name'), e['via']) == (name, via)]


def alerted(d, name, via):
    return [e for e in d.alerts(name) if e['ioc']['via'] == via]


def check_names(tap, d):
    for name, (via, port, ja4, ech) in SHOWN.items():
        found = soon(lambda n=name, v=via: alerted(d, n, v) and observed(d, n, v), PATIENCE)
        if not tap.ok(found, f'{name} is alerted through {via}',
                      [(e['ioc']['via'], e['ioc']['observed']) for e in d.alerts(name)]):
            continue
        server = NAMES.get(name) if via not in ('http-location', 'tls-cert-name') else None
        server = server or NAMES['plain.example.net' if via == 'http-location' else 'front.example.com']
        ends = {(e['src_ip'], e['dest_ip'], e['dest_port']) for e in found}
        tap.same(ends, {(PHONE6 if ':' in server else PHONE, server, port)}, f'{name} has its ends')
        if ja4:
            tap.ok(all(e['ja4'].startswith(ja4) and len(e['ja3']) == 32 for e in found), f'{name} has its fingerprints',
                   found)
            tap.same({e.get('ech') for e in found}, {ech}, f'{name} tells of ECH what there is')
            tap.ok(soon(lambda n=name: d.incident(n)[0] == 'exchanged', PATIENCE), f'{name} exchanged bytes', d.incident(name))
        others = {v for v in ('tls-sni', 'quic-sni', 'http-host') if v != via and observed(d, name, v)}
        tap.same(others, set(), f'{name} was in nothing else')


def check_certificates(tap, d, hidden, digest):
    found = soon(lambda: observed(d, HIDDEN, 'tls-cert-name'), PATIENCE)
    tap.same({e['cert_sha256'] for e in found}, {hidden.sha256()}, 'the digest of its certificate is what OpenSSL says')
    found = soon(lambda: d.alerts(digest.sha256()), PATIENCE)
    tap.same({(e['ioc']['type'], e['ioc']['via'], e['dest_ip'], e['dest_port']) for e in found},
             {('certificate', 'tls-cert', NAMES['digest.example.com'], 8444)}, 'a listed digest is alerted')


def check_fingerprint(tap, d, phone, rules):
    """curl's, which is listed once it is known."""
    ja4 = observed(d, 'curl.example.net', 'tls-sni')[0]['ja4']
    d.rules(rules + [f'ja4:{ja4}'])
    d.ask('reload')

    def again():
        phone.run('curl', *QUIET, 'https://curl.example.net/again')
        return soon(lambda: d.alerts(ja4), 2)
    found = soon(again, PATIENCE)
    tap.same({(e['ioc']['type'], e['ioc']['via'], e['dest_ip']) for e in found or []},
             {('ja4', 'tls-ja4', NAMES['curl.example.net'])}, 'a listed fingerprint is alerted')


def check_replay(tap, d, capture):
    """Live is at its end when it has told what the replay tells."""
    again = seen(events(replay(capture, '--observe', '--eve', '-').stdout))
    soon(lambda: seen(d.events()) >= again, PATIENCE)
    tap.same(sorted(seen(d.events()) ^ again), [], 'a replay of the same packets tells the same names')
    strays = {name for via, name in again if via == 'dns-query' and not name.endswith(ROOTS)}
    tap.note('asked for by browsers on their own: ' + (', '.join(sorted(strays)) or 'nothing'))


def check(tap, lab):
    phone = lab.client('phone', 42)
    public, hidden, digest = serve(lab)
    rules = [*NAMES, HIDDEN, f'cert:{digest.sha256()}']
    d = Daemon(lab, lab.sensor, 'browsers', rules, eve={'observations': 'yes'}).start()
    dump = lab.record(f'{lab.folder}/live.pcap')
    browse(tap, phone, public)
    fetch(phone)
    check_names(tap, d)
    check_certificates(tap, d, hidden, digest)
    lab.stop(dump)
    check_replay(tap, d, f'{lab.folder}/live.pcap')
    check_fingerprint(tap, d, phone, rules)
    tap.same(d.stop(), 0, 'it ends with 0')
    if tap.failed:
        tap.note(d.messages()[-4000:])
        tap.note(pathlib.Path(lab.folder, 'caddy.log').read_text(encoding='utf-8')[-2000:])


sys.exit(test_in_lab('browsers', check,
                     ('caddy', 'certutil', 'chromium', 'curl', 'ethtool', 'firefox-esr',
                      'gnutls-cli', 'openssl', 'tcpdump', 'unbound')))
