#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every shell script can be parsed by its shell, and is executable; shellcheck finds nothing in those that are
installed."""
import os
import shutil
import subprocess
import sys

import tree
from tap import Tap

INSTALLED = ['contrib/bridle-update', 'contrib/bridle-update.sh']


def main():
    tap = Tap()
    for name, first in tree.scripts():
        words = first[2:].split()
        shell = os.path.basename(words[0])
        if shell in ('sh', 'bash', 'dash'):
            run = subprocess.run([shell, '-n', tree.SOURCE / name], capture_output=True, text=True, check=False)
            tap.ok(run.returncode == 0, f'{shell} -n {name}', run.stderr)
            tap.ok(os.access(tree.SOURCE / name, os.X_OK), f'{name} is executable')
    for name in INSTALLED:
        if shutil.which('shellcheck'):
            run = subprocess.run(['shellcheck', '-x', '-P', 'SCRIPTDIR', tree.SOURCE / name], capture_output=True, text=True, check=False)
            tap.ok(run.returncode == 0, f'shellcheck {name}', run.stdout + run.stderr)
        else:
            tap.skip(f'shellcheck {name}', 'no shellcheck')
    return tap.done()


sys.exit(main())
