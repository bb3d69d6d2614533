# SPDX-License-Identifier: BSD-2-Clause
"""Browsers and the server that they visit: HTTP/1.1 to HTTP/3 by caddy, with certificates of an authority of our own.

Browsers choose between TCP and QUIC for themselves, and race them. Where a name is to be seen in one of them only, it
has an address of its own, and the client's routes refuse the other transport to that address.
"""
import json
import os
import pathlib
import tempfile

from lab import run

EC_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30')

# What Firefox does unasked, all off: no question leaves for a name that nobody visited.
FIREFOX = {
    'app.normandy.enabled': False,
    'app.update.auto': False,
    'browser.aboutwelcome.enabled': False,
    'browser.newtabpage.enabled': False,
    'browser.region.network.url': '',
    'browser.safebrowsing.downloads.enabled': False,
    'browser.safebrowsing.malware.enabled': False,
    'browser.safebrowsing.phishing.enabled': False,
    'browser.search.update': False,
    'browser.shell.checkDefaultBrowser': False,
    'browser.startup.page': 0,
    'browser.topsites.contile.enabled': False,
    'datareporting.healthreport.uploadEnabled': False,
    'datareporting.policy.dataSubmissionEnabled': False,
    'dom.push.enabled': False,
    'extensions.getAddons.cache.enabled': False,
    'extensions.systemAddon.update.enabled': False,
    'extensions.update.enabled': False,
    'media.gmp-manager.url': '',
    'network.captive-portal-service.enabled': False,
    'network.connectivity-service.enabled': False,
    'network.http.http3.disable_when_third_party_roots_found': False,
    'network.trr.mode': 5,
    'services.settings.server': 'data:,',  # read with the variable below only
    'toolkit.telemetry.enabled': False,
    'toolkit.telemetry.server': '',
    'toolkit.telemetry.unified': False,
}
FIREFOX_ENVIRONMENT = {'MOZ_CRASHREPORTER_DISABLE': '1', 'MOZ_REMOTE_SETTINGS_DEVTOOLS': '1'}


class Certificate:
    """Signed by the lab's authority, which is made with the first."""

    def __init__(self, lab, *names):
        folder = pathlib.Path(lab.folder)
        self.authority = folder / 'authority.pem'
        self.file, self.key = folder / f'{names[0]}.pem', folder / f'{names[0]}.key'
        key = folder / 'authority.key'
        if not self.authority.exists():
            run('openssl', 'req', '-x509', *EC_KEY, '-keyout', key, '-out', self.authority, '-subj', '/CN=Lab Authority')
        run('openssl', 'req', '-x509', *EC_KEY, '-keyout', self.key, '-out', self.file, '-CA', self.authority, '-CAkey',
            key, '-subj', f'/CN={names[0]}', '-addext', 'basicConstraints=critical,CA:FALSE',
            '-addext', 'subjectAltName=' + ','.join(f'DNS:{n}' for n in names))

    def sha256(self):
        text = run('openssl', 'x509', '-in', self.file, '-noout', '-fingerprint', '-sha256').stdout
        return text.strip().split('=')[1].replace(':', '').lower()

    def spki(self):
        """The digest of its public key, as Chromium wants it."""
        return run('sh', '-c', f'openssl x509 -in {self.file} -pubkey -noout | openssl pkey -pubin -outform der |'
                   'openssl dgst -sha256 -binary | base64').stdout.strip()


def serve_caddy(lab, sites):
    """caddy on the router, HTTP/3 included where there is TLS 1.3. A site: (port, addresses, lines), and for TLS its
    certificate and newest version. The addresses are named: HTTP/3 answers from the address that was asked only then."""
    conf = ['{', 'admin off', 'auto_https off', '}']
    for port, addresses, lines, *tls in sites:
        conf += [f':{port} {{', 'bind ' + ' '.join(addresses), 'respond "<!doctype html><title>lab</title>hello"', *lines]
        for certificate, newest in tls:
            conf += [f'tls {certificate.file} {certificate.key} {{', f'protocols tls1.2 {newest}', '}']
        conf += ['}']
    path = pathlib.Path(lab.folder, 'Caddyfile')
    path.write_text('\n'.join(conf) + '\n')
    with open(f'{lab.folder}/caddy.log', 'w', encoding='utf-8') as log:
        lab.router.start('caddy', 'run', '--adapter', 'caddyfile', '--config', path, stderr=log,
                         env={**os.environ, 'HOME': lab.folder})
    lab.wait(lambda: 'serving initial configuration' in pathlib.Path(log.name).read_text(encoding='utf-8'), 'caddy', 60)


def refuse(host, protocol, address):
    """No packet of this protocol (tcp, udp) leaves the host for this address: connecting fails at once."""
    run('ip', '-n', host.netns, '-6' if ':' in address else '-4', 'rule', 'add', 'pref', '5', 'to', address,
        'ipproto', protocol, 'prohibit')


def chromium(host, name, certificate, quic=False):
    """Visits https://NAME/ over TCP or over QUIC."""
    trust = f'--ignore-certificate-errors-spki-list={certificate.spki()}'
    host.browse(f'https://{name}/', seconds=30, arguments=[trust, f'--origin-to-force-quic-on={name}:443']
                if quic else [trust, '--disable-quic'])


def firefox(host, name, certificate, quic=False):
    """Visits https://NAME/ over TCP or over QUIC, with a new profile; whether it painted the page."""
    with tempfile.TemporaryDirectory(dir=host.lab.folder) as profile:
        prefs = {**FIREFOX, 'network.http.http3.enable': quic}
        if quic:
            prefs['network.http.http3.alt-svc-mapping-for-testing'] = f'{name};h3=:443'
        pathlib.Path(profile, 'user.js').write_text(
            ''.join(f'user_pref({json.dumps(k)}, {json.dumps(v)});\n' for k, v in prefs.items()))
        run('certutil', '-N', '-d', f'sql:{profile}', '--empty-password')
        run('certutil', '-A', '-d', f'sql:{profile}', '-n', 'lab', '-t', 'C,,', '-i', certificate.authority)
        picture = pathlib.Path(profile, 'page.png')
        host.run('timeout', '-k', '2', '60', 'firefox-esr', '--headless', '--no-remote', '--profile', profile,
                 '--screenshot', picture, f'https://{name}/', timeout=80,
                 env={**os.environ, **FIREFOX_ENVIRONMENT, 'HOME': profile})
        return picture.exists()
