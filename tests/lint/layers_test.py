#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A folder of daemon/ includes only itself and the folders above it; the main files beside them include all."""
import re
import sys

import tree
from tap import Tap

LAYERS = ['base', 'os', 'intel', 'packet', 'flow', 'proto', 'worker', 'report', 'serve', 'ctl']
OURS = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
ANGLED = re.compile(r'^\s*#\s*include\s+<((?:%s)/[^>]+)>' % '|'.join(LAYERS), re.MULTILINE)


def problems(name):
    folder = name.split('/')[1]
    text = tree.read(name)
    for include in ANGLED.findall(text):
        yield f'<{include}> is ours: write "{include}"'
    for include in OURS.findall(text):
        layer = include.split('/')[0]
        if include == 'config.h':
            continue
        if '/' not in include or layer not in LAYERS:
            yield f'"{include}" does not name its layer'
        elif folder in LAYERS and LAYERS.index(layer) > LAYERS.index(folder):
            yield f'{folder}/ may not include {layer}/: "{include}"'


def main():
    tap = Tap()
    found = {n.split('/')[1] for n in tree.files('.c', '.h', under='daemon/') if n.count('/') > 1}
    tap.same(sorted(found - set(LAYERS)), [], 'every folder of daemon/ is a layer')
    for name in tree.files('.c', '.h', under='daemon/'):
        wrong = list(problems(name))
        tap.ok(not wrong, name, '\n'.join(wrong))
    return tap.done()


sys.exit(main())
