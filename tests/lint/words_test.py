#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every source file says its licence; nothing is left for later; the change log has its open section."""
import re
import sys

import tree
from tap import Tap

LATER = re.compile(r'\b(TO' r'DO|FIX' r'ME|X' r'XX|HA' r'CK)\b')
SPDX = 'SPDX-License-Identifier: BSD-2-Clause'
TEXT = ('.c', '.h', '.py', '.sh', '.md', '.build', '.ini', '.1', '.5', '.8', '.conf', '.service', '.txt', '.ioc')
DATA = ('tests/golden/', 'tests/fuzz/corpus/')


def problems(name):
    text = tree.read(name)
    for i, line in enumerate(text.splitlines(), 1):
        if LATER.search(line):
            yield f'line {i}: {line.strip()}'
        if line != line.rstrip() and not name.endswith('.md'):
            yield f'line {i}: space at the end'
        if '\t' in line and name.endswith(('.c', '.h', '.py')):
            yield f'line {i}: a tab'
    if name.endswith(('.c', '.h', '.py')) and SPDX not in '\n'.join(text.splitlines()[:3]):
        yield f'no {SPDX} in the first lines'
    if text and not text.endswith('\n'):
        yield 'no newline at the end'


def main():
    tap = Tap()
    scripts = [n for n, _ in tree.scripts()]
    for name in sorted(set(tree.files(*TEXT) + scripts)):
        if name.startswith(DATA) and not name.endswith(('.py', '.md', '.build')):
            continue
        wrong = list(problems(name))
        tap.ok(not wrong, name, '\n'.join(wrong))
    for name in scripts:
        tap.ok(SPDX in '\n'.join(tree.read(name).splitlines()[:3]) or name.startswith('packaging/debian'),
               f'{name} says its licence', f'no {SPDX} in the first lines')
    tap.ok('\n## Unreleased\n' in tree.read('CHANGELOG.md'), 'CHANGELOG.md has its open section')
    return tap.done()


sys.exit(main())
