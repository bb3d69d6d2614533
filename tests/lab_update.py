# SPDX-License-Identifier: BSD-2-Clause
"""bridle-update as tests run it."""
import os
import pathlib
import subprocess

from lab_bridled import BRIDLECTL, SOURCE

UPDATE = SOURCE / 'contrib' / 'bridle-update'


def names(n, start=0, word='listed'):
    return ''.join(f'{word}{i}.example.org\n' for i in range(start, start + n)).encode()


class Updater:
    """bridle-update with a configuration and folders of its own."""

    def __init__(self, folder, web, shell='sh', seconds=4):
        self.folder, self.web, self.shell, self.seconds = pathlib.Path(folder), web, shell, seconds
        self.lists, self.conf = self.folder / 'lists', self.folder / 'bridled.conf'
        self.lists.mkdir(parents=True)
        self.extra = f'[daemon]\ncontrol-socket = {self.folder}/control\n'

    def configure(self, **sources):
        """NAME={key: value}; keys with _ for -."""
        text = self.extra
        for name, keys in sources.items():
            text += f'[source {name}]\n' + ''.join(f'{k.replace("_", "-")} = {v}\n' for k, v in keys.items())
        self.conf.write_text(text)

    def start(self, *arguments, path=None, now=True):
        """Without waiting for it; it leads a process group."""
        env = {**os.environ, 'CURL_CA_BUNDLE': str(self.web.authority), 'http_proxy': '', 'https_proxy': ''}
        if path:
            env['PATH'] = path
        command = [*self.shell.split(), UPDATE, '-c', self.conf, '--lists', self.lists, '--bridlectl', BRIDLECTL, '--timeout',
                   str(self.seconds), '--github', self.web.https, *(['--now'] if now else []), '-v', *arguments]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                errors='replace', env=env, start_new_session=True)

    def run(self, *arguments, path=None, now=True):
        process = self.start(*arguments, path=path, now=now)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def leftovers(self):
        """What no run may leave behind."""
        return [str(p) for pattern in ('.bridle-update*', '*.new') for p in self.lists.rglob(pattern)]
