#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The examples in the documents run.

In Markdown an example is a fenced block whose info string is `sh`, or `ini` for a configuration; in a man page a `.Dl $ command` line. Each
is run by sh in a new folder with `bridled`, `bridlectl` and `bridle-update` on the PATH, the demo capture as capture.pcap and the
shipped rules as rules/. An example that cannot run there says why: in Markdown ```sh not-run="why", in a man page
a comment `.\\" not-run: why` on the line before. The literal blocks of a page that describes a file are one such
file, and the program that reads it finds nothing wrong with it.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tree
from tap import Tap

FENCE = re.compile(r'^```sh(?: not-run="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
CONFIGURATION = re.compile(r'^```ini\n(.*?)^```', re.MULTILINE | re.DOTALL)
DISPLAY = re.compile(r'^(?:\.\\" not-run: (.*)\n)?\.Dl (?:\$ )?(.*)$', re.MULTILINE)
LITERAL = re.compile(r'^\.Bd -literal.*\n((?:(?!\.Ed).*\n)*)\.Ed', re.MULTILINE)
FILES = {'daemon/bridled.conf.5': 'bridled -t -c example',
         'daemon/intel/bridle.ioc.5': 'bridlectl check example >told; ! grep "^example:" told'}
PATH = re.compile(r'`((?:daemon|base|os|intel|packet|flow|proto|worker|report|serve|ctl|tests|rules|contrib|packaging)'
                  r'/[\w./-]*)`')
# Exit statuses that an example may have: done, or a match with --fail-on-alert.
FINE = (0, 3)


def plain(roff):
    return roff.replace('\\-', '-').replace('\\e\\(dq', '\\"').replace('\\(dq', '"').replace('\\e', '\\').replace('\\&', '')


def examples(name):
    """(command, why it is not run or '', and perhaps a file to run it on)"""
    text = tree.read(name)
    if name.endswith('.md'):
        return [(body, why) for why, body in FENCE.findall(text)] + [
            ('bridled -t -c example', '', body) for body in CONFIGURATION.findall(text)]
    found = [(plain(line), why) for why, line in DISPLAY.findall(text)]
    if name in FILES:
        found.append((FILES[name], '', plain('\n'.join(LITERAL.findall(text)))))
    return found


def prepare(scratch):
    tools = os.path.join(scratch, '.bin')
    os.mkdir(tools)
    for tool in ('bridled', 'bridlectl'):
        found = [p for p in (tree.BUILD / 'daemon').rglob(tool) if p.is_file()]
        if not found:
            return None
        os.symlink(found[0], os.path.join(tools, tool))
    os.symlink(tree.SOURCE / 'contrib' / 'bridle-update', os.path.join(tools, 'bridle-update'))
    capture = tree.SOURCE / 'tests' / 'demo' / 'pegasus.pcap'
    if not capture.exists():
        return None
    shutil.copy(capture, os.path.join(scratch, 'capture.pcap'))
    os.symlink(tree.SOURCE / 'rules', os.path.join(scratch, 'rules'))
    return {**os.environ, 'PATH': tools + ':/usr/sbin:/usr/bin:/sbin:/bin'}


def run(tap, name, command, number, *file):
    with tempfile.TemporaryDirectory() as scratch:
        env = prepare(scratch)
        title = f'{name} example {number}: {command.strip().splitlines()[0]}'
        if env is None:
            tap.skip(title, 'the programs or the demo capture are not built yet')
            return
        for text in file:
            with open(os.path.join(scratch, 'example'), 'w', encoding='utf-8') as f:
                f.write(text)
        done = subprocess.run(['sh', '-e', '-c', command], cwd=scratch, env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        tap.ok(done.returncode in FINE, title, f'exit {done.returncode}\n{done.stdout}{done.stderr}')


def lost(name):
    """Paths between backquotes that are not there, from the root, from daemon/ or from the document."""
    bases = (tree.SOURCE, tree.SOURCE / 'daemon', (tree.SOURCE / name).parent)
    for path in PATH.findall(tree.read(name)):
        if not any(c.isupper() for c in path) and not any((base / path).exists() for base in bases):
            yield path


def main():
    tap = Tap()
    for name in tree.files('.md'):
        missing = sorted(set(lost(name)))
        tap.ok(not missing, f'the paths in {name} exist', '\n'.join(missing))
    count = 0
    for name in tree.files('.md', '.1', '.5', '.8'):
        if name.startswith('tests/golden'):
            continue
        for number, (command, why, *file) in enumerate(examples(name), 1):
            count += 1
            if not why:
                run(tap, name, command, number, *file)
    tap.ok(True, f'{count} examples')
    return tap.done()


sys.exit(main())
