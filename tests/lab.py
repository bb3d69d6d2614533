# SPDX-License-Identifier: BSD-2-Clause
"""A small network of hosts in namespaces on one machine: clients, a router that also is every server, and a
sensor on a mirror port. Needs root. All of it is gone when the `with` block ends.

The switch between them is a bridge that forgets addresses at once, so it floods every frame to every port:
the sensor sees what a mirror port shows, and is no party to it.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import traceback

from tap import Tap, skip_all

ROUTER_V4, ROUTER_V6 = '192.168.1.1', 'fd00:b::1'
CHROMIUM = ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--ignore-certificate-errors',
            '--disable-default-apps']


def available():
    """Why a lab cannot be set up here, or ''."""
    if os.geteuid() != 0:
        return 'needs root'
    probe = f'bridle-probe-{os.getpid()}'
    if not shutil.which('ip', path='/usr/sbin:/usr/bin:/sbin:/bin'):
        return 'needs ip'
    if subprocess.run(['ip', 'netns', 'add', probe], capture_output=True, check=False).returncode:
        return 'cannot make network namespaces'
    bridge = subprocess.run(['ip', '-n', probe, 'link', 'add', 'br0', 'type', 'bridge'], capture_output=True,
                            text=True, check=False)
    subprocess.run(['ip', 'netns', 'del', probe], check=True)
    return f'cannot make a bridge: {bridge.stderr.strip()}' if bridge.returncode else ''


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **options)


class Host:
    """A namespace with one interface, eth0, on the lab's switch."""

    def __init__(self, lab, name, number):
        self.lab, self.name = lab, name
        self.netns = f'{lab.prefix}{name}'
        port = f'p{number}'
        run('ip', 'netns', 'add', self.netns)
        run('ip', '-n', lab.switch, 'link', 'add', port, 'type', 'veth',
            'peer', 'name', 'eth0', 'address', f'02:00:5e:10:00:{number:02x}', 'netns', self.netns)
        run('ip', '-n', lab.switch, 'link', 'set', port, 'master', 'br0', 'up')
        for netns, device in ((lab.switch, port), (self.netns, 'eth0')):
            run('ip', 'netns', 'exec', netns, 'ethtool', '-K', device, 'rx', 'off', 'tx', 'off', 'tso', 'off',
                'gso', 'off', 'gro', 'off')
        self.sysctl('net.ipv6.conf.all.accept_dad', 0)
        self.sysctl('net.ipv6.conf.eth0.accept_dad', 0)
        self.sysctl('net.ipv6.conf.eth0.router_solicitations', 0)
        for device in ('lo', 'eth0'):
            run('ip', '-n', self.netns, 'link', 'set', device, 'up')

    def sysctl(self, key, value):
        path = '/proc/sys/' + key.replace('.', '/')
        subprocess.run(['ip', 'netns', 'exec', self.netns, 'sh', '-c', f'echo {value} >{path}'], check=False,
                       capture_output=True)

    def address(self, *addresses, device='eth0'):
        for a in addresses:
            run('ip', '-n', self.netns, 'addr', 'add', a, 'dev', device, *(['nodad'] if ':' in a else []))

    def command(self, *command):
        return ['ip', 'netns', 'exec', self.netns, *map(str, command)]

    def run(self, *command, timeout=60, **options):
        """Runs to the end; its output and status are the caller's to judge."""
        return subprocess.run(self.command(*command), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, check=False, **options)

    def start(self, *command, **options):
        """Starts in the background; ended with the lab at the latest."""
        options = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL,
                   **options}
        process = subprocess.Popen(self.command(*command), start_new_session=True, **options)
        self.lab.processes.append(process)
        return process

    def browse(self, *urls, seconds=8, arguments=('--disable-quic',)):
        """Headless Chromium with a new profile visits each URL; asks DNS for the hosts of these alone."""
        hosts = ','.join(f'EXCLUDE {u.split("/")[2].split(":")[0]}' for u in urls)
        for url in urls:
            with tempfile.TemporaryDirectory(dir=self.lab.folder) as profile:
                self.run('timeout', '-k', '2', str(seconds + 10), *CHROMIUM, f'--user-data-dir={profile}',
                         f'--host-resolver-rules=MAP * ~NOTFOUND,{hosts}', *arguments, '--dump-dom', url,
                         timeout=seconds + 20)


class Lab:
    """with Lab('demo') as lab: phone = lab.client('phone', 42) ..."""

    def __init__(self, tag):
        self.prefix = f'{tag}{os.getpid()}-'
        self.switch = f'{self.prefix}switch'
        self.hosts, self.processes = [], []
        self.resolver = []
        self.etc = []

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='bridle-lab-')
        try:
            run('ip', 'netns', 'add', self.switch)
            run('ip', '-n', self.switch, 'link', 'add', 'br0', 'type', 'bridge', 'ageing_time', '0',
                'mcast_snooping', '0')
            run('ip', '-n', self.switch, 'link', 'set', 'br0', 'up')
            self.router = self.host('router')
            self.router.address(f'{ROUTER_V4}/24', f'{ROUTER_V6}/64')
            self.sensor = self.host('sensor', silent=True)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.stop(process)
        for netns in [h.netns for h in self.hosts] + [self.switch]:
            subprocess.run(['ip', 'netns', 'del', netns], capture_output=True, check=False)
        for folder in self.etc:
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, process, signum=signal.SIGTERM):
        if process.poll() is None:
            os.killpg(process.pid, signum)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process in self.processes:
            self.processes.remove(process)
        return process.returncode

    def host(self, name, silent=False):
        host = Host(self, name, len(self.hosts) + 1)
        self.hosts.append(host)
        if silent:
            host.sysctl('net.ipv6.conf.eth0.disable_ipv6', 1)
        return host

    def client(self, name, number):
        """A host with 192.168.1.NUMBER and fd00:b::NUMBER that asks the router for names."""
        host = self.host(name)
        host.address(f'192.168.1.{number}/24', f'fd00:b::{number}/64')
        run('ip', '-n', host.netns, 'route', 'add', 'default', 'via', ROUTER_V4)
        run('ip', '-n', host.netns, '-6', 'route', 'add', 'default', 'via', ROUTER_V6)
        etc = pathlib.Path('/etc/netns', host.netns)
        etc.mkdir(parents=True)
        (etc / 'resolv.conf').write_text(f'nameserver {ROUTER_V4}\n')
        self.etc.append(etc)
        return host

    def serve_names(self, names, more=()):
        """The router's resolver knows {name: [addresses]} and everything below each name, and nothing else; the
        router has these addresses. `more` are lines for the `server:` section of unbound.conf."""
        conf = ['server:', 'do-daemonize: no', 'username: ""', 'chroot: ""', 'pidfile: ""', 'use-syslog: no',
                f'logfile: "{self.folder}/unbound.log"', f'interface: {ROUTER_V4}', f'interface: {ROUTER_V6}',
                'access-control: 0.0.0.0/0 allow', 'access-control: ::/0 allow', 'module-config: "iterator"',
                'local-zone: "." static', *more]
        for name, addresses in names.items():
            conf.append(f'local-zone: "{name}." redirect')
            for a in addresses:
                conf.append(f'local-data: "{name}. 300 IN {"AAAA" if ":" in a else "A"} {a}"')
                self.router.address(f'{a}/{128 if ":" in a else 32}', device='lo')
        path = pathlib.Path(self.folder, 'unbound.conf')
        path.write_text('\n'.join(conf) + '\nremote-control:\ncontrol-enable: no\n')
        self.router.start('unbound', '-d', '-c', path)
        self.wait(lambda: ':0035' in self.router.run('cat', '/proc/net/udp').stdout, 'the name server')

    def certificate(self):
        """A self-signed certificate and its key, as file names."""
        key, cert = f'{self.folder}/key.pem', f'{self.folder}/cert.pem'
        if not os.path.exists(cert):
            run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', key, '-out', cert, '-days', '30', '-subj', '/CN=server.invalid')
        return cert, key

    def serve_https(self, port=443):
        """The router speaks HTTPS on all its addresses."""
        cert, key = self.certificate()
        page = pathlib.Path(__file__).with_name('lab_server.py')
        self.router.start('/usr/bin/python3', page, port, cert, key)
        self.wait(lambda: f':{port:04X} ' in self.router.run('cat', '/proc/net/tcp6').stdout, f'port {port}')

    def record(self, path):
        """tcpdump on the mirror port; stop it with lab.stop()."""
        log = open(f'{self.folder}/tcpdump.log', 'w', encoding='utf-8')  # pylint: disable=consider-using-with
        process = self.sensor.start('tcpdump', '-i', 'eth0', '-n', '-U', '--immediate-mode', '-s', '0', '-w', path,
                                    '-Z', 'root', 'ip or ip6 proto 6 or ip6 proto 17', stderr=log)
        self.wait(lambda: 'listening on' in pathlib.Path(log.name).read_text(encoding='utf-8'), 'tcpdump')
        return process

    @staticmethod
    def wait(what, name, seconds=10):
        """Until what() is true; raises when it is not in time."""
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                raise TimeoutError(f'{name} did not come up in {seconds} s')
            time.sleep(0.05)


def test_in_lab(name, check, tools):
    """Runs check(tap, lab) where a lab can be set up and the programs are installed; the exit status."""
    why = available()
    if why:
        skip_all(why)
    missing = [t for t in tools if not shutil.which(t, path='/usr/sbin:/usr/bin:/sbin:/bin')]
    if missing:
        skip_all('not installed: ' + ', '.join(missing))
    tap = Tap()
    with Lab(name) as lab:
        try:
            check(tap, lab)
        except Exception:  # pylint: disable=broad-except
            tap.ok(False, 'no exception', traceback.format_exc())
    return tap.done()
