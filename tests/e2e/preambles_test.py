#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real clients that say something before TLS, seen live: STARTTLS and its kin, the PROXY protocol, proxies; and those
that hide their questions: DNS over TLS and HTTPS, which the visibility meter counts. Needs root."""
import pathlib
import sys

import lab_greeters
from lab import ROUTER_V4, test_in_lab
from lab_bridled import events, replay, seen
from lab_browsers import Certificate
from lab_greeters import GREETERS, PROXY
from lab_live import Daemon, soon

LAPTOP, TABLET, SERVER, HIDDEN = '192.168.1.23', '192.168.1.64', '192.0.2.25', 'mail-server.example.com'
CURL = ('curl', '-s', '-k', '-m', '30', '-o', '/dev/null')
PROXIES = {  # name asked for: how
    'connect.example.net': ['--proxy', f'http://{SERVER}:{PROXY}'],
    'socks5.example.net': ['--socks5-hostname', f'{SERVER}:{PROXY}'],
    'socks4a.example.net': ['--socks4a', f'{SERVER}:{PROXY}'],
}
DOH = 'doh.example.net'
PATIENCE = 60


def starttls(laptop, protocol, port):
    """TLS 1.2 for SMTP, where the certificate is to be seen too."""
    name = f'{protocol}.example.org'
    if protocol == 'haproxy':
        return laptop.run(*CURL, '--haproxy-protocol', '--connect-to', f'{name}:{port}:{SERVER}:{port}',
                          f'https://{name}:{port}/')
    more = ['-tls1_2'] if protocol == 'smtp' else []
    return laptop.run('openssl', 's_client', '-starttls', protocol, '-connect', f'{SERVER}:{port}', '-servername', name,
                      '-brief', *more)


def observed(d, via, name):
    return [e for e in d.events() if e['event_type'] == 'observation' and (e['via'], e.get('name')) == (via, name)]


def check_seen(tap, d, via, name, port):
    """The name, from the right client to the right server."""
    found = soon(lambda: observed(d, via, name), PATIENCE)
    tap.ok(found, f'{name} is seen through {via}', sorted(seen(d.events())))
    tap.same({(e['src_ip'], e['dest_ip'], e['dest_port'], e['stream']) for e in found},
             {(LAPTOP, SERVER, port, 'start')} if found else set(), f'{name} through {via} has its ends')


def check_starttls(tap, d, laptop):
    done = {p: starttls(laptop, p, port) for p, (port, _, _) in GREETERS.items()}
    tap.same({p: run.stderr for p, run in done.items() if run.returncode}, {}, 'all clients came to TLS')
    for protocol, (port, _, _) in GREETERS.items():
        check_seen(tap, d, 'tls-sni', f'{protocol}.example.org', port)
    check_seen(tap, d, 'tls-cert-name', HIDDEN, GREETERS['smtp'][0])


def check_proxies(tap, d, laptop):
    for name, how in PROXIES.items():
        tap.same(laptop.run(*CURL, *how, f'https://{name}/').returncode, 0, f'curl had its answer from {name}')
    for name in PROXIES:
        check_seen(tap, d, 'proxy-target', name, PROXY)
        check_seen(tap, d, 'tls-sni', name, PROXY)


def meter(d, client):
    for c in d.status()['visibility']['clients']:
        if c['ip'] == client:
            return c['dns'] > 0, c['encrypted_dns'] > 0
    return None


def check_dns(tap, d, laptop, tablet):
    """The one hides its questions, the other does not."""
    tls = laptop.run('kdig', f'@{ROUTER_V4}', '+tls', '+tls-sni=dot.example.net', 'www.example.org')
    https = laptop.run('kdig', f'@{ROUTER_V4}', '+https', f'+tls-sni={DOH}', 'www.example.org')
    tablet.run('kdig', f'@{ROUTER_V4}', '+tcp', 'tablet.example.org')
    tap.ok(soon(lambda: observed(d, 'dns-query', 'tablet.example.org'), PATIENCE), 'DNS over TCP is read')
    for name, port, done in (('dot.example.net', 853, tls), (DOH, 443, https)):
        found = soon(lambda n=name: observed(d, 'tls-sni', n), PATIENCE)
        tap.ok(found and found[0]['dest_port'] == port, f'{name} is seen', done.stdout + done.stderr)
    soon(lambda: meter(d, LAPTOP) == (False, True) and meter(d, TABLET), PATIENCE)
    tap.same((meter(d, LAPTOP), meter(d, TABLET)), ((False, True), (True, False)), 'the meter tells whose DNS is hidden')
    visible = d.status()['counters']
    tap.same((visible['visible.dot'], visible['visible.doh']), (1, 1), 'and how')


def serve(lab):
    hidden = Certificate(lab, HIDDEN)
    lab.serve_names({'example.org': [SERVER]},
                    [f'interface: {ROUTER_V4}@853', f'interface: {ROUTER_V4}@443', f'tls-service-key: "{hidden.key}"',
                     f'tls-service-pem: "{hidden.file}"'])
    with open(f'{lab.folder}/greeters.log', 'w', encoding='utf-8') as log:
        lab.router.start('/usr/bin/python3', lab_greeters.__file__, SERVER, hidden.file, hidden.key, stdout=log, stderr=log)
    lab.wait(lambda: 'ready' in pathlib.Path(log.name).read_text(encoding='utf-8'), 'the servers', 60)


def check(tap, lab):
    laptop, tablet = lab.client('laptop', 23), lab.client('tablet', 64)
    serve(lab)
    d = Daemon(lab, lab.sensor, 'preambles', ['@resolver Test', DOH], eve={'observations': 'yes'}).start()
    dump = lab.record(f'{lab.folder}/live.pcap')
    check_starttls(tap, d, laptop)
    check_proxies(tap, d, laptop)
    check_dns(tap, d, laptop, tablet)
    lab.stop(dump)
    again = seen(events(replay(f'{lab.folder}/live.pcap', '--observe', '--eve', '-').stdout))
    soon(lambda: seen(d.events()) >= again, PATIENCE)
    tap.same(sorted(seen(d.events()) ^ again), [], 'a replay of the same packets tells the same names')
    tap.same(d.stop(), 0, 'it ends with 0')
    if tap.failed:
        tap.note(d.messages()[-4000:])
        tap.note(pathlib.Path(lab.folder, 'greeters.log').read_text(encoding='utf-8')[-2000:])


sys.exit(test_in_lab('preambles', check, ('curl', 'ethtool', 'kdig', 'openssl', 'tcpdump', 'unbound')))
