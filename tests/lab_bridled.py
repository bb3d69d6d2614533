# SPDX-License-Identifier: BSD-2-Clause
"""bridled as tests run it: from the build folder, replaying a capture or watching the lab's mirror port."""
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

SOURCE, BUILD = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
BRIDLED = BUILD / 'daemon' / 'bridled'
BRIDLECTL = next((p for p in (BUILD / 'daemon' / 'bridlectl', BUILD / 'daemon' / 'ctl' / 'bridlectl') if p.exists()),
                 BUILD / 'daemon' / 'bridlectl')
STAGES = ['queried', 'resolved', 'scanned', 'attempted', 'connected', 'exchanged']


def replay(capture, *arguments, timeout=60):
    return subprocess.run([BRIDLED, '-r', capture, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout, check=False)


def events(text):
    return [json.loads(line) for line in text.splitlines() if line]


def incidents(found):
    """{(client, indicator): the highest stage that was told}"""
    stages = {}
    for e in found:
        if e['event_type'] == 'alert':
            key = e['src_ip'], e['ioc']['value']
            stages[key] = max(stages.get(key, ''), e['incident']['stage'], key=lambda s: STAGES.index(s) if s else -1)
    return stages


def seen(found):
    """What was observed: {(via, name or address)}."""
    return {(e['via'], e.get('name', e.get('ip'))) for e in found if e['event_type'] == 'observation'}


class Bridled:
    """A live daemon in a lab's host, as an unprivileged user, with all its files in a folder of its own."""

    def __init__(self, lab, host, settings=None, folder='bridled'):
        self.host = host
        self.lab = lab
        self.folder = pathlib.Path(lab.folder, folder)
        self.folder.mkdir()
        os.chmod(lab.folder, 0o711)
        shutil.copytree(SOURCE / 'rules', self.folder / 'rules')
        nobody = pwd.getpwnam('nobody')
        os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.eve = self.folder / 'eve.json'
        self.conf = self.folder / 'bridled.conf'
        self.control = self.folder / 'control'
        (self.folder / 'state').mkdir()
        os.chown(self.folder / 'state', nobody.pw_uid, nobody.pw_gid)
        chosen = {'capture': {'interface': 'eth0'}, 'rules': {'path': self.folder / 'rules'},
                  'eve': {'path': self.eve}, 'syslog': {'enabled': 'no'},
                  'daemon': {'user': 'nobody', 'control-socket': self.control, 'state': self.folder / 'state',
                             'sensor': 'lab'}}
        for section, keys in (settings or {}).items():
            chosen.setdefault(section, {}).update(keys)
        self.conf.write_text(''.join(f'[{section}]\n' + ''.join(f'{k} = {v}\n' for k, v in keys.items()) + '\n'
                                     for section, keys in chosen.items()))
        self.process = None

    def start(self, seconds=20):
        """Returns when the daemon says that it is ready, as it tells a service manager."""
        path = str(self.folder / 'notify')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(path)
            os.chmod(path, 0o666)
            ready.settimeout(0.5)
            with open(self.folder / 'stderr', 'a', encoding='utf-8') as log:
                self.process = self.host.start(BRIDLED, '-c', self.conf, env={**os.environ, 'NOTIFY_SOCKET': path},
                                               stderr=log)
            end = time.monotonic() + seconds
            while True:
                try:
                    if 'READY=1' in ready.recv(4096).decode().split('\n'):
                        break
                except socket.timeout:
                    pass
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f'bridled is not ready: {self.messages()}')
        os.unlink(path)
        return self

    def stop(self):
        """SIGTERM; the exit status."""
        return self.lab.stop(self.process, signal.SIGTERM)

    def messages(self):
        return (self.folder / 'stderr').read_text(encoding='utf-8')

    def events(self):
        return events(self.eve.read_text(encoding='utf-8')) if self.eve.exists() else []

    def control_command(self, *arguments):
        return self.host.run(BRIDLECTL, '--socket', self.control, *arguments)
