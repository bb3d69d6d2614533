#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds the Debian package, installs it into a copy of this system, runs what its unit file says on a router
with the configuration unedited, and removes it again.

The copy is an overlay in a mount namespace, so the system itself stays as it is. No service manager runs in
there: setpriv gives the daemon the user and the one capability that the unit would.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from lab import Lab, available
from lab_bridled import SOURCE
from tap import Tap, skip_all

LISTED, ADDRESS, PHONE = 'urlpush.net', '138.68.77.115', '192.168.1.42'


def sh(*command, **options):
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **options)


class Copy:
    """The running system under an overlay: what is changed in it is gone with the mount."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder, 'copy')
        self.root = self.folder / 'root'

    def __enter__(self):
        self.folder.mkdir()
        sh('mount', '-t', 'tmpfs', 'tmpfs', self.folder)
        for name in ('root', 'upper', 'work'):
            (self.folder / name).mkdir()
        self.mounted = sh('mount', '-t', 'overlay', 'overlay', '-o',
                          f'lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work', self.root)
        if self.mounted.returncode == 0:
            for name in ('run', 'tmp', 'dev'):
                sh('mount', '-t', 'tmpfs', 'tmpfs', self.root / name)
            for name in ('null', 'zero', 'random', 'urandom'):
                (self.root / 'dev' / name).touch()
                sh('mount', '--bind', f'/dev/{name}', self.root / 'dev' / name)
            sh('mount', '-t', 'proc', 'proc', self.root / 'proc')
        return self

    def __exit__(self, *_):
        sh('umount', '-R', '-l', self.folder)

    def run(self, *command, **options):
        return sh('chroot', self.root, *command, **options)

    def command(self, *command):
        """For a network namespace, whose own /sys it needs."""
        return ['sh', '-c', f'mount --bind /sys {self.root}/sys && exec chroot {self.root} "$@"', 'sh', *command]


def build(tap, folder):
    env = {**os.environ, 'DEB_BUILD_OPTIONS': 'nocheck parallel=2'}
    made = sh(SOURCE / 'packaging' / 'build-deb', folder, env=env)
    tap.ok(made.returncode == 0, 'the package builds and lintian finds no error', made.stdout[-3000:] + made.stderr)
    return next(pathlib.Path(folder).glob('bridle_*.deb'), None)


def check_files(tap, copy):
    listed = copy.run('dpkg', '-L', 'bridle').stdout.split('\n')
    for path in ('/usr/sbin/bridled', '/usr/bin/bridlectl', '/usr/libexec/bridle/bridle-worker',
                 '/usr/libexec/bridle/bridle-loader', '/etc/bridle/bridled.conf',
                 '/lib/systemd/system/bridled.service', '/usr/share/man/man8/bridled.8.gz', '/usr/sbin/bridle-update',
                 '/usr/share/bridle/bridle-update.awk', '/usr/share/bridle/bridle-update.sh',
                 '/usr/share/man/man8/bridle-update.8.gz',
                 '/lib/systemd/system/bridle-update.service', '/lib/systemd/system/bridle-update.timer',
                 '/usr/share/man/man1/bridlectl.1.gz', '/usr/share/man/man5/bridled.conf.5.gz',
                 '/usr/share/man/man5/bridle.ioc.5.gz', '/usr/share/bridle/rules'):
        tap.ok(path in listed, f'installs {path}')
    for user in ('bridle', 'bridle-update'):
        tap.same(copy.run('id', '-un', user).stdout.strip(), user, f'there is a user {user}')
    updated = copy.run('setpriv', '--reuid=bridle-update', '--regid=bridle-update', '--clear-groups', 'bridle-update', '-n')
    tap.ok(updated.returncode == 0 and not updated.stderr, 'the updater has nothing to do with the installed configuration',
           updated.stderr)
    check = copy.run('bridled', '-t')
    tap.ok(check.returncode == 0, 'bridled -t accepts the installed configuration and rules',
           check.stdout[-2000:] + check.stderr[-2000:])
    shutil.copy(SOURCE / 'tests' / 'demo' / 'pegasus.pcap', copy.root / 'tmp')
    replay = copy.run('bridled', '-r', '/tmp/pegasus.pcap')
    tap.ok('bahrainsms.co' in replay.stdout, 'replay finds the installed rules', replay.stdout + replay.stderr)


def unit(copy):
    """The unit's settings, repeated ones joined."""
    found = {}
    for line in (copy.root / 'lib/systemd/system/bridled.service').read_text(encoding='utf-8').splitlines():
        if '=' in line and not line.startswith('#'):
            key, value = line.split('=', 1)
            found[key] = f'{found[key]} {value}' if key in found else value
    return found


def check_unit(tap, copy):
    found = unit(copy)
    tap.same((found['User'], found['AmbientCapabilities'], found['CapabilityBoundingSet']),
             ('bridle', 'CAP_NET_RAW', 'CAP_NET_RAW'), 'the unit runs as bridle with CAP_NET_RAW only')
    if not shutil.which('systemd-analyze'):
        tap.skip('systemd accepts the unit', 'no systemd-analyze')
        return
    # In the copy, where the programs of the unit exist.
    for name in ('bridled.service', 'bridle-update.service', 'bridle-update.timer'):
        verify = copy.run('systemd-analyze', 'verify', '--man=no', f'/lib/systemd/system/{name}')
        lines = [l for l in verify.stderr.splitlines() if 'bridle' in l]
        tap.ok(not lines, f'systemd accepts {name}', '\n'.join(lines))


def as_router(lab):
    """What `interface = auto` looks for: forwarding, and a LAN bridge that is not the way out."""
    router = lab.router
    router.sysctl('net.ipv4.ip_forward', 1)
    for command in ('ip link add br-lan type bridge', 'ip addr flush dev eth0', 'ip link set eth0 master br-lan',
                    'ip link set br-lan up', 'ip addr add 192.168.1.1/24 dev br-lan'):
        router.run(*command.split())


class Service:
    """What systemd would start, with its sockets in our hands."""

    def __init__(self, copy, lab):
        self.copy, self.lab = copy, lab
        run = copy.root / 'run' / 'bridle'
        state = copy.root / 'var/lib/bridle'
        for folder, mode in ((run, 0o755), (state, 0o700), (copy.root / 'var/log/bridle', 0o750)):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)
            copy.run('chown', 'bridle:bridle', '/' + str(folder.relative_to(copy.root)))
        self.syslog = self.listen('dev/log')
        self.notify = self.listen('run/notify')
        self.told, self.log = '', ''

    def listen(self, path):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(str(self.copy.root / path))
        os.chmod(self.copy.root / path, 0o666)
        s.settimeout(0.2)
        return s

    def start(self):
        ambient = ['--ambient-caps', '-all,+net_raw', '--inh-caps', '-all,+net_raw', '--bounding-set',
                   '-all,+net_raw', '--no-new-privs']
        command = unit(self.copy)['ExecStart'].split()
        self.errors = open(self.copy.root / 'tmp/stderr', 'w', encoding='utf-8')  # pylint: disable=consider-using-with
        self.process = self.lab.router.start(
            *self.copy.command('setpriv', '--reuid', 'bridle', '--regid', 'bridle', '--init-groups', *ambient,
                               *command),
            env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'NOTIFY_SOCKET': '/run/notify', 'WATCHDOG_USEC': '2000000'},
            stderr=self.errors)

    def poll(self, done, seconds):
        """Reads both sockets until done() or the time is over; whether it was done."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end or self.process.poll() is not None:
                return False
            for s, name in ((self.notify, 'told'), (self.syslog, 'log')):
                try:
                    setattr(self, name, getattr(self, name) + s.recv(65536).decode('utf-8', 'replace') + '\n')
                except socket.timeout:
                    pass
        return True

    def messages(self):
        return (self.copy.root / 'tmp/stderr').read_text(encoding='utf-8')


def check_running(tap, copy, lab, phone):
    service = Service(copy, lab)
    service.start()
    if not tap.ok(service.poll(lambda: 'READY=1' in service.told, 20),
                  'the installed daemon says that it is ready', service.messages()):
        lab.stop(service.process)
        return
    tap.ok(service.poll(lambda: service.told.count('WATCHDOG=1') >= 2, 6), 'and feeds the watchdog', service.told)
    phone.run('dig', LISTED)
    tap.ok(service.poll(lambda: LISTED in service.log and PHONE in service.log, 10),
           'interface = auto finds the LAN: an alert reaches /dev/log', service.messages() + service.log)
    tap.ok(re.search(r'^<\d+>\w{3} [ \d]\d \d\d:\d\d:\d\d bridled(\[\d+\])?: ', service.log, re.MULTILINE),
           'in the form that the local socket expects', service.log)
    status = sh('ip', 'netns', 'exec', lab.router.netns, 'chroot', copy.root, 'bridlectl', 'status')
    tap.ok(status.returncode == 0 and 'br-lan' in status.stdout, 'bridlectl status names the interface',
           status.stdout + status.stderr)
    owners = sh('ps', '-o', 'uid=,comm=', '-g', str(service.process.pid)).stdout.split()
    tap.same(set(owners[0::2]), {copy.run('id', '-u', 'bridle').stdout.strip()}, 'all its processes belong to bridle')
    tap.ok({'bridled', 'bridle-worker'} <= set(owners[1::2]), 'and they are bridled and its worker', owners)
    os.killpg(service.process.pid, signal.SIGHUP)
    tap.ok(service.poll(lambda: service.told.count('READY=1') >= 2, 10), 'a reload is told to the service manager',
           service.told + service.messages())
    tap.same(lab.stop(service.process), 0, 'SIGTERM ends it with 0')


def main():
    why = available()
    if why:
        skip_all(why)
    for tool in ('dpkg-buildpackage', 'lintian', 'setpriv', 'unbound', 'dig'):
        if not shutil.which(tool, path='/usr/sbin:/usr/bin:/sbin:/bin'):
            skip_all(f'no {tool}')
    if 'BRIDLE_UNSHARED' not in os.environ:
        os.environ['BRIDLE_UNSHARED'] = '1'
        os.execvp('unshare', ['unshare', '--mount', '--propagation', 'private', sys.executable, *sys.argv])
    tap = Tap()
    with Lab('package') as lab, Copy(lab.folder) as copy:
        if copy.mounted.returncode:
            skip_all(f'no overlay here: {copy.mounted.stderr.strip()}')
        package = build(tap, lab.folder)
        if package:
            shutil.copy(package, copy.root / 'tmp/bridle.deb')
            installed = copy.run('dpkg', '-i', '/tmp/bridle.deb')
            tap.ok(installed.returncode == 0, 'dpkg installs it', installed.stdout + installed.stderr)
            check_files(tap, copy)
            check_unit(tap, copy)
            lab.serve_names({LISTED: [ADDRESS]})
            phone = lab.client('phone', 42)
            as_router(lab)
            check_running(tap, copy, lab, phone)
            purged = copy.run('dpkg', '--purge', 'bridle')
            left = [p for p in ('etc/bridle', 'usr/share/bridle', 'usr/libexec/bridle', 'var/lib/bridle')
                    if (copy.root / p).exists()]
            tap.same((purged.returncode, left), (0, []), 'a purge leaves nothing behind')
    return tap.done()


sys.exit(main())
